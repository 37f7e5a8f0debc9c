"""Commands run in forks of one process that has imported what they need: a hundred in the time of ten.

``python -m tests.tasks.forked`` reads a JSON object a line (``arguments``, ``cwd``, ``env``, ``memory`` in bytes of
address space beyond what is there at the start or null, ``seconds``, ``killed_after`` seconds or null) and answers with
one (``code``, ``out``, ``err``).
Each command goes the way that the ``luigi`` program goes, from its arguments to its exit code, and loads luigi and the
tasks for itself: they keep what the processes of one command share. With ``ready`` they are there before, for commands
that come to nothing.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pipeline

HEAVY = (
    "pandas", "pyarrow.parquet", "torch", "torch._dynamo", "torch_geometric.nn", "sklearn.ensemble",
    "scipy.optimize", "matplotlib.figure", "plotly.graph_objects", "jinja2.sandbox", "pycparser", "llvmlite.binding",
    "lxml.etree", "curses", "jsonschema", "requests", "tornado.ioloop",
)  # fmt: skip
"""What the rooms and luigi import, torch's optimisers when the first is made."""
TASKS = "pipeline.tasks"


class Forks:
    """A process whose forks become commands, one after the other."""

    def __init__(self, root: Path, env: dict[str, str], *, ready: bool = False) -> None:
        self._env = env
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.forked", *(["ready"] if ready else [])], cwd=root, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(self.close)

    def serves(self, env: Mapping[str, str]) -> bool:
        """Whether all that Python reads while it starts is alike."""
        ours, theirs = (
            {name: value for name, value in one.items() if name.startswith(("PYTHON", "OMP_"))}
            for one in (self._env, env)
        )
        return ours == theirs

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        *,
        memory: int | None = None,
        seconds: int = 900,
        killed_after: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """What ``luigi ARGUMENTS`` prints and ends with; its first process is killed where it takes longer."""
        asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "memory": memory, "seconds": seconds,
                 "killed_after": killed_after}  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that forks is gone"
        done = json.loads(answer)
        return subprocess.CompletedProcess(["luigi", *arguments], done["code"], done["out"], done["err"])

    def close(self) -> None:
        """Ends it: it does when its input does."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def serve(*, ready: bool) -> None:
    """Answers until standard input ends."""
    # A pipe of its own: what a command prints must not become an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    if ready:
        sys.argv = ["luigi", "--module", "pipeline"]
        importlib.import_module("luigi.cmdline")
        importlib.import_module(TASKS)
    for name in (*HEAVY, *rooms()):
        importlib.import_module(name)
    # What is there is not looked at in each fork, which would copy it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def rooms() -> Iterator[str]:
    """All modules of the package that do not know luigi."""
    root = Path(pipeline.__path__[0])
    for file in sorted(root.rglob("*.py")):
        name = ".".join((pipeline.__name__, *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        if not name.startswith(TASKS) and not name.endswith("__main__"):
            yield name


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            _become(asked)
        if (limit := asked["killed_after"]) is not None and not select.select([os.pidfd_open(child)], [], [], limit)[0]:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        texts = {}
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            texts[name] = file.read().decode("utf-8", "replace")
    return {"code": os.waitstatus_to_exitcode(status), **texts}


def _become(asked: dict[str, Any]) -> None:
    """The rest of this process is the command."""
    code: Any = 1
    try:
        # The kernel ends what hangs.
        signal.alarm(asked["seconds"])
        if asked["memory"] is not None:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + asked["memory"],) * 2)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        from pipeline.__main__ import unambiguous

        # As the line that Python runs at the start of a program does.
        named = any(word.split("=")[0] == "--module" for word in asked["arguments"])
        sys.argv = ["luigi", *([] if named else ["--module", "pipeline"]), *unambiguous(asked["arguments"])]
        if (causes := sys.modules.get("pipeline.tasks.causes")) is not None:
            # What another command has told is not told yet.
            causes.causes.__init__()
        from luigi.cmdline import luigi_run

        # As ``--module pipeline`` does where the package is not loaded yet.
        importlib.import_module("pipeline.tasks")
        luigi_run(sys.argv[1:])  # type: ignore[no-untyped-call]
    except SystemExit as ended:
        code = 0 if ended.code is None else ended.code
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except SystemExit as ended:
            code = ended.code
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve(ready=sys.argv[1:] == ["ready"])
