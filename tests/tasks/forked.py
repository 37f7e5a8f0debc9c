"""Commands run in forks of one process that has imported what they need: a hundred in the time of ten.

``python -m tests.tasks.forked`` reads a JSON object a line (``arguments``, ``cwd``, ``env``, ``memory`` in bytes of
address space beyond what is there at the start, ``seconds``) and answers with one (``code``, ``out``, ``err``). Each
command goes the way that the ``luigi`` program goes, from its arguments to its exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

HEAVY = ("pandas", "pyarrow.parquet", "torch", "sklearn.ensemble", "pipeline.training", "pipeline.exploration")
"""Imported before the forks, as far as they are installed."""


def serve() -> None:
    """Answers until standard input ends."""
    # A pipe of its own: what a command prints must not become an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.argv = ["luigi", "--module", "pipeline"]
    import luigi.cmdline  # noqa: F401

    import pipeline.tasks  # noqa: F401

    for name in HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            _become(asked)
        status = os.waitpid(child, 0)[1]
        texts = {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            texts[name] = file.read().decode("utf-8", "replace")
    return {"code": os.waitstatus_to_exitcode(status), **texts}


def _become(asked: dict[str, Any]) -> None:
    """The rest of this process is the command."""
    from luigi.cmdline import luigi_run

    code: Any = 1
    try:
        # The kernel ends what hangs.
        signal.alarm(asked["seconds"])
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + asked["memory"],) * 2)
        os.chdir(Path(asked["cwd"]))
        os.environ.update(asked["env"])
        from pipeline.__main__ import unambiguous
        from pipeline.tasks.causes import causes

        # A command of its own: what another has told is not told yet.
        causes.__init__()  # type: ignore[misc]

        # As the line that Python runs at the start of a program does.
        sys.argv = ["luigi", "--module", "pipeline", *unambiguous(asked["arguments"])]
        luigi_run(sys.argv[1:])  # type: ignore[no-untyped-call]
    except SystemExit as ended:
        code = 0 if ended.code is None else ended.code
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except SystemExit as ended:
            code = ended.code
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve()
