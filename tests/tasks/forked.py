"""Commands run in forks of one process that has imported what they need: a hundred in the time of ten.

``python -m tests.tasks.forked SOCKET`` is one for all processes of a run of the tests, until its standard input ends
(tests/conftest.py); it imports when the first of them calls. Each caller gets a fork of its own, which reads a JSON
object a line (``arguments``, ``cwd``, ``env``, ``memory`` in bytes of address space beyond that at the start or
null, ``seconds``, ``killed_after`` and ``program``, each or null) and answers with one (``code``, ``out``, ``err``).
Each command goes the way that the ``luigi`` program goes, from its arguments to its exit code. The tasks, luigi and its
parsers are there before; what they do while ``--module pipeline`` is imported, and what the processes of one command
share, is done and made again for each.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import resource
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pipeline
import tests

HEAVY = (
    "pandas", "pyarrow.parquet", "torch", "torch._dynamo", "torch_geometric.nn", "sklearn.ensemble",
    "scipy.optimize", "matplotlib.figure", "plotly.graph_objects", "jinja2.sandbox", "pycparser", "llvmlite.binding",
    "lxml.etree", "curses", "jsonschema", "requests", "tornado.ioloop",
)  # fmt: skip
"""What the rooms and luigi import, torch's optimisers when the first is made."""
TASKS = "pipeline.tasks"


class Forks:
    """A process whose forks become commands, one after the other; ``address`` and ``env`` are of the one it is from."""

    def __init__(self, address: Path, env: dict[str, str]) -> None:
        self._env = env
        with socket.socket(socket.AF_UNIX) as calling:
            calling.connect(str(address))
            self._lines = calling.makefile("rw", encoding="utf-8")

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
        program: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """What ``luigi ARGUMENTS`` prints and ends with; its first process is killed where it takes longer.

        With a ``program``, what ``python -c PROGRAM ARGUMENTS`` does where the rooms are loaded.
        """
        asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "memory": memory, "seconds": seconds,
                 "killed_after": killed_after, "program": program}  # fmt: skip
        self._say(asked)
        answer = self._lines.readline()
        assert answer, "the process that forks is gone"
        done = json.loads(answer)
        return subprocess.CompletedProcess(["luigi", *arguments], done["code"], done["out"], done["err"])

    def _say(self, what: dict[str, Any]) -> None:
        self._lines.write(json.dumps(what) + "\n")
        self._lines.flush()


def started(root: Path, address: Path, env: dict[str, str]) -> Callable[[], None]:
    """Starts the process that listens at ``address``; what is returned ends it."""
    # Called from the first moment on: who calls before it listens waits.
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tasks.forked", str(listener.fileno())], cwd=root, env=env,
        stdin=subprocess.PIPE, pass_fds=(listener.fileno(),),
    )  # fmt: skip
    listener.close()

    def end() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()

    return end


def listen(listener: socket.socket) -> None:
    """Forks for each who calls, until standard input ends."""
    imported = False
    forks = []
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        caller = listener.accept()[0]
        if not imported:
            imported = True
            for name in (*HEAVY, *rooms(), "luigi.cmdline", TASKS):
                importlib.import_module(name)
            _make_parsers()
            _read_suite()
            # What is there is not looked at in each fork, which would copy it.
            gc.collect()
            gc.freeze()
        if (child := os.fork()) == 0:
            listener.close()
            serve(caller)
            return
        caller.close()
        forks.append(child)
    for child in forks:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def serve(caller: socket.socket) -> None:
    """Answers one caller until it is gone."""
    with caller, caller.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            lines.write(json.dumps(_answer(json.loads(line))) + "\n")
            lines.flush()


def _make_parsers() -> None:
    """Those that the commands would make, each a twentieth of a second; a process keeps what it made."""
    from luigi.cmdline_parser import CmdlineParser
    from luigi.task_register import Register

    from pipeline.tasks import command_line

    command_line.install()
    build: Any = CmdlineParser._build_parser
    register: Any = Register
    build()
    for task in register.task_names():
        if task[0].isupper():
            build(root_task=task, help_all=False)


def _read_suite() -> None:
    """The kernels of the suite, half a hundred commands' work of a second each; kept as a command keeps them."""
    from luigi.task_register import Register

    from pipeline.kernels.suite import suite_names
    from pipeline.tasks.plan import kernel_of

    # It says how long it takes where that is long.
    with contextlib.redirect_stderr(io.StringIO()):
        for name in suite_names():
            kernel_of(name)
    register: Any = Register
    register.clear_instance_cache()


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
        if asked["program"] is not None:
            sys.argv = ["-c", *asked["arguments"]]
            exec(asked["program"], {"__name__": "__main__"})
            raise SystemExit
        from pipeline.before_luigi import complete_what_is_clear

        # As the line that Python runs at the start of a program does.
        named = any(word.split("=")[0] == "--module" for word in asked["arguments"])
        sys.argv = ["luigi", *([] if named else ["--module", "pipeline"]), *asked["arguments"]]
        complete_what_is_clear()
        _start_anew()
        from luigi.cmdline import luigi_run

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


def _start_anew() -> None:
    """What happens to the tasks as ``--module pipeline`` is imported: in this folder, environment and process."""
    import luigi.configuration

    from pipeline import tasks
    from pipeline.tasks import causes, ending, messages, plan, provisional, watch

    shared: tuple[Any, ...] = (causes.causes, ending._ending, messages.progress, watch._rows)
    for one in shared:
        one.__init__()
    provisional.COMMAND = f"{os.getpid()}-{secrets.token_hex(8)}"
    if Path.cwd() != Path(tests.__path__[0]).parent:
        # Where there may be another suite, or the same by another path.
        plan.kernel_of.cache_clear()
    # Read again, from here.
    luigi.configuration.LuigiConfigParser._instance = None
    importlib.reload(tasks)


if __name__ == "__main__":
    listen(socket.socket(fileno=int(sys.argv[1])))
