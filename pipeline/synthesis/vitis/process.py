"""Runs a command under the supervising process of :mod:`pipeline.synthesis.vitis.supervise`."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipeline.errors import PipelineError

GONE_WAIT_S = 30.0
"""How long the processes of a run may take to be gone when its supervisor has said goodbye, or was killed."""
_PROGRAM = Path(__file__).with_name("supervise.py")


@dataclass(frozen=True)
class Limits:
    """What one command may use; None is without limit.

    ``wall_s`` seconds of wall-clock time; ``memory_bytes`` resident memory of all its processes together, looked at
    four times a second; ``address_space_bytes`` address space of each process (RLIMIT_AS, which Java does not bear
    at small values); ``log_bytes`` of output kept (its beginning and its end); ``grace_s`` seconds between TERM and
    KILL.
    """

    wall_s: float | None = 3600.0
    memory_bytes: int | None = None
    address_space_bytes: int | None = None
    log_bytes: int = 64 * 1024 * 1024
    grace_s: float = 5.0

    def __post_init__(self) -> None:
        for name in ("wall_s", "memory_bytes", "address_space_bytes", "log_bytes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise PipelineError(f"the limit {name} of a run cannot be {value}", fix="use a positive number or none")
        if not 0 <= self.grace_s < float("inf"):
            raise PipelineError(f"the limit grace_s of a run cannot be {self.grace_s}", fix="use 0 or more seconds")


@dataclass(frozen=True)
class Ended:
    """How a supervised command ended.

    ``how`` is ``exit`` (by itself, or killed by others), ``wall``, ``memory``, ``not_started`` (``problem`` says
    why), or ``lost`` (the supervising process was itself ended, and all below it with it).
    """

    how: str
    exit_code: int | None
    seconds: float
    peak_memory_bytes: int
    log_bytes: int
    left_behind: int
    problem: str | None
    disk_full: bool


class _Server:
    """The supervising process of this process, started when first needed."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM), str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        self.control = ours

    def conversation(self, hold: Sequence[int]) -> socket.socket:
        """A supervisor's end of a line, ready for its request. Raises OSError where the server is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"run"], [theirs.fileno(), *hold])
            except OSError:
                ours.close()
                raise
        return ours

    def close(self) -> None:
        """Lets go of the server; it ends when its runs have."""
        self.control.close()


_server: _Server | None = None
_lock = threading.Lock()


def _forget_in_child() -> None:
    # A forked child is another owner. Its copy of the line would keep the server from seeing that the owner is gone.
    global _server, _lock
    _lock = threading.Lock()
    if _server is not None:
        _server.control.close()
        _server.process.returncode = 0
        _server = None


os.register_at_fork(after_in_child=_forget_in_child)


def _conversation(hold: Sequence[int]) -> socket.socket:
    global _server
    with _lock:
        if _server is not None:
            try:
                return _server.conversation(hold)
            except OSError:
                _server.close()
                _server.process.poll()
        _server = _Server()
        return _server.conversation(hold)


def run_supervised(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    limits: Limits,
    remove: Path | None = None,
    hold: Sequence[int] = (),
    tick: Callable[[], None] | None = None,
    tick_s: float = 0.25,
) -> Ended:
    """Run a command to its end, and end all that it started.

    Args:
        argv: the absolute path of the executable, and its arguments.
        environment: all of the command's environment.
        folder: where it runs.
        log: the file that is made for what it prints.
        limits: what it may use.
        remove: a folder that the supervising process removes if this process dies meanwhile.
        hold: file descriptors (15 at most) that the supervisor and the command keep open for as long as any of them
            lives, such as a licence's lock.
        tick: called every ``tick_s`` seconds; what it raises ends the command and is raised.

    An exception here (an interrupt, say) ends the command. Raises PipelineError where supervision itself fails.
    """
    request = {
        "argv": list(argv),
        "environment": dict(environment),
        "folder": str(folder),
        "log": str(log),
        "log_bytes": limits.log_bytes,
        "wall_s": limits.wall_s,
        "memory_bytes": limits.memory_bytes,
        "address_space_bytes": limits.address_space_bytes,
        "grace_s": limits.grace_s,
        "remove": None if remove is None else str(remove),
    }
    data = json.dumps(request).encode()
    answer = b""
    gone, alive = os.pipe2(os.O_CLOEXEC)
    with os.fdopen(gone, "rb") as left, _begun(hold, alive) as line:
        line.settimeout(tick_s if tick else None)
        try:
            line.sendall(len(data).to_bytes(4, "big") + data)
            while not answer.endswith(b"\n"):
                try:
                    part = line.recv(65536)
                except TimeoutError:
                    if tick:
                        tick()
                    continue
                if not part:
                    break
                answer += part
        except OSError:
            answer = b""
        except BaseException:
            # Hang up for writing and wait for the supervisor to finish: nothing may be left when this returns.
            line.shutdown(socket.SHUT_WR)
            line.settimeout(limits.grace_s + 60)
            while line.recv(65536):
                pass
            _wait_for_end(left, None)
            raise
        # The last process of the run closes the pipe, the supervisor's own as a rule. Whoever tries again must not meet
        # what is still being ended, and what was held for the run is free when this returns.
        _wait_for_end(left, tick)
    if not answer.endswith(b"\n"):
        return Ended("lost", None, 0.0, 0, 0, 0, "the supervising process was killed", False)
    reply: dict[str, Any] = json.loads(answer)
    if reply["ended"] == "cancelled":
        reply |= {"ended": "lost", "problem": "the supervising process was told to end"}
    how = reply.pop("ended")
    if how == "failed" and not reply["disk_full"]:
        raise PipelineError(f"a run could not be supervised: {reply['problem']}", file=str(folder))
    return Ended(how=how, **reply)


def _begun(hold: Sequence[int], alive: int) -> socket.socket:
    try:
        return _conversation([*hold, alive])
    finally:
        os.close(alive)


def _wait_for_end(left: IO[bytes], tick: Callable[[], None] | None) -> None:
    """Until nothing of the run holds the other end of the pipe."""
    poll = select.poll()
    poll.register(left, select.POLLHUP)
    deadline = time.monotonic() + GONE_WAIT_S
    while time.monotonic() < deadline and not poll.poll(250):
        if tick:
            tick()
