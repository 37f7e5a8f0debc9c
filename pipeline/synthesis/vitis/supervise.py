"""The process that runs tools and outlives whoever asked for them, long enough to leave nothing behind.

Run as a program of its own, ``python -I -S supervise.py FD OWNER`` (standard library only): a server that forks one
supervisor per run, so that a run costs a fork of a small process and no start of Python. The family tree is

    owner (the pipeline)   server   supervisor   tool   whatever the tool starts

Server and supervisors are child subreapers (prctl(2), Linux): a process that leaves its group and session comes
back to them when its parent ends. A supervisor ends everything below it when the tool ends, at a limit, when the
owner hangs up, and when the owner dies, however it dies. If a supervisor itself is killed, the tool gets SIGKILL
(PR_SET_PDEATHSIG) and the server ends the rest.

Protocol: the owner sends one end of a stream socket pair to the server per run, and over the other end a request:
4 bytes of length, then JSON (:class:`Request`). Back comes one line of JSON when the run is over. Hanging up early
cancels the run.
"""

# ruff: noqa: PTH106, PTH108, PTH114, PTH118, PTH123, PTH208
# Plain os calls throughout: this runs between fork and exec, and on paths under /proc four times a second.

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, TypedDict

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_S = 0.25
"""How often memory is looked at, and the owner on kernels without pidfd."""
KILL_WAIT_S = 30.0
"""How long a process may take to go after SIGKILL (one in uninterruptible sleep does not)."""
ORPHAN_GRACE_S = 1.0


class Request(TypedDict):
    """What the owner asks for."""

    argv: list[str]
    environment: dict[str, str]
    folder: str
    log: str
    log_bytes: int
    wall_s: float | None
    memory_bytes: int | None
    address_space_bytes: int | None
    grace_s: float
    remove: str | None
    """The folder that is removed where the owner died and can no longer do it."""


class Reply(TypedDict):
    """What became of the run."""

    ended: str
    """``exit``, ``wall``, ``memory``, ``cancelled``, ``not_started`` or ``failed``."""
    exit_code: int | None
    """The exit status, or minus the number of the signal."""
    seconds: float
    peak_memory_bytes: int
    log_bytes: int
    """How much the tool wrote; the file holds less where that was over the cap."""
    left_behind: int
    """How many processes were still there when the tool had ended."""
    problem: str | None
    disk_full: bool


_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found.extend(int(child) for child in file.read().split())
    except OSError:
        pass
    return found


def descendants(pid: int) -> list[int]:
    """All processes below ``pid``, parents before children."""
    found = children(pid)
    for child in found:
        found.extend(children(child))
    return found


def resident(pids: Iterable[int]) -> int:
    """Resident memory of the processes in bytes; pages that they share count for each."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
            pages += int(file.read().split()[1])
    return pages * resource.getpagesize()


class _Log:
    """The tool's output in a file of bounded size: its beginning, and at the end its last part."""

    def __init__(self, path: str, limit: int) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.room = limit - limit // 4
        self.keep = limit // 4
        self.tail = bytearray()
        self.seen = 0
        self.left_out = 0
        self.disk_full = False

    def write(self, data: bytes) -> None:
        self.seen += len(data)
        head = data[: self.room]
        self._put(head)
        self.room -= len(head)
        self.tail += data[len(head) :]
        if len(self.tail) > 2 * self.keep:
            self._trim()

    def _trim(self) -> None:
        self.left_out += max(0, len(self.tail) - self.keep)
        del self.tail[: max(0, len(self.tail) - self.keep)]

    def close(self) -> None:
        self._trim()
        if self.left_out:
            self._put(b"\n[... %d bytes left out ...]\n" % self.left_out)
        self._put(bytes(self.tail))
        os.close(self.fd)

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.fd, view) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.disk_full = True


class _Run:
    """One tool from start to end. Lives in a process of its own."""

    def __init__(self, conversation: socket.socket, owner: int, request: Request) -> None:
        self.conversation = conversation
        self.owner = owner
        self.request = request
        self.started = time.monotonic()
        self.peak = 0
        self.left_behind = 0
        self.status: int | None = None
        self.log = _Log(request["log"], request["log_bytes"])
        self.output, self.stdout = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.output, False)
        self.wake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.terminated = False
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)
        self.owner_fd: int | None = None
        self.problem: str | None = None
        self.pid = 0

    def _on_term(self, *_: object) -> None:
        self.terminated = True

    def run(self) -> Reply:
        with contextlib.suppress(OSError):
            self.owner_fd = os.pidfd_open(self.owner)
        ended = self._start()
        if ended is None:
            ended = self._watch()
            self._end(ended)
        self._drain()
        self.log.close()
        return Reply(
            ended=ended,
            exit_code=self.status,
            seconds=time.monotonic() - self.started,
            peak_memory_bytes=self.peak,
            log_bytes=self.log.seen,
            left_behind=self.left_behind,
            problem=self.problem,
            disk_full=self.log.disk_full,
        )

    def _start(self) -> str | None:
        told, tell = os.pipe2(os.O_CLOEXEC)
        us = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._become_tool(tell, us)
        os.close(tell)
        os.close(self.stdout)
        with os.fdopen(told, "rb") as file:
            problem = file.read()
        if not problem:
            return None
        self.problem = problem.decode(errors="replace")
        self._reap(wait=True)
        self.status = None
        return "not_started"

    def _become_tool(self, tell: int, supervisor: int) -> NoReturn:
        request = self.request
        try:
            os.setsid()
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(126)
            signal.set_wakeup_fd(-1)
            for number in (
                signal.SIGPIPE,
                signal.SIGXFSZ,
                signal.SIGTERM,
                signal.SIGINT,
                signal.SIGCHLD,
                signal.SIGHUP,
            ):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(self.stdout, 1)
            os.dup2(self.stdout, 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
            if (most := request["address_space_bytes"]) is not None:
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            os.chdir(request["folder"])
            os.execve(request["argv"][0], request["argv"], request["environment"])
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(tell, (getattr(error, "strerror", None) or str(error) or type(error).__name__).encode())
        os._exit(126)

    def _watch(self) -> str:
        """Until the tool ends, or has to: returns why."""
        wall = self.request["wall_s"]
        memory = self.request["memory_bytes"]
        deadline = None if wall is None else self.started + wall
        next_look = self.started
        while True:
            self._reap()
            if self.status is not None:
                return "exit"
            if self.terminated or self._hung_up():
                return "cancelled"
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                return "wall"
            if now >= next_look:
                next_look = now + POLL_S
                used = resident(descendants(os.getpid()))
                self.peak = max(self.peak, used)
                if memory is not None and used > memory:
                    return "memory"
            wait = next_look - now if deadline is None else min(next_look, deadline) - now
            self._wait(max(0.0, wait))

    def _hung_up(self) -> bool:
        try:
            data = self.conversation.recv(1, socket.MSG_DONTWAIT)
        except BlockingIOError:
            data = b"."
        except OSError:
            data = b""
        # Forked siblings of the owner may hold its end of the line open, so the line alone does not tell.
        return not data or self._owner_is_gone()

    def _owner_is_gone(self) -> bool:
        if self.owner_fd is not None:
            return bool(select.select([self.owner_fd], [], [], 0)[0])
        try:
            os.kill(self.owner, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass
        return False

    def _wait(self, seconds: float) -> None:
        sources = [self.conversation.fileno(), self.wake]
        if self.output >= 0:
            sources.append(self.output)
        if self.owner_fd is not None:
            sources.append(self.owner_fd)
        poll = select.poll()
        for source in sources:
            poll.register(source, select.POLLIN)
        # Rounded up, so that the last millisecond before a deadline is not spent spinning.
        poll.poll(int(seconds * 1000) + 1)
        self._drain()
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 4096)

    def _drain(self) -> None:
        """Takes what the tool has written, at most 16 MiB so that limits are looked at meanwhile."""
        for _ in range(256):
            if self.output < 0:
                return
            try:
                data = os.read(self.output, 65536)
            except BlockingIOError:
                return
            if not data:
                os.close(self.output)
                self.output = -1
                return
            self.log.write(data)

    def _reap(self, wait: bool = False) -> bool:
        """Collects ended children; False where there is no child left."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if wait else os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.pid:
                self.status = os.waitstatus_to_exitcode(status)

    def _end(self, ended: str) -> None:
        """Ends whatever is still below: TERM, then KILL until nothing is left."""
        if not self._reap():
            return
        left = descendants(os.getpid())
        if ended == "exit":
            self.left_behind = len(left)
        grace = self.request["grace_s"] if ended in ("wall", "memory") else ORPHAN_GRACE_S
        self._signal(left, signal.SIGTERM)
        self._until_gone(min(grace, self.request["grace_s"]))
        deadline = time.monotonic() + KILL_WAIT_S
        while self._reap() and time.monotonic() < deadline:
            # Again and again: a process may have forked since the list was made.
            self._signal(descendants(os.getpid()), signal.SIGKILL)
            self._until_gone(0.05)

    def _until_gone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._reap() and (left := deadline - time.monotonic()) > 0:
            poll = select.poll()
            poll.register(self.wake, select.POLLIN)
            if self.output >= 0:
                poll.register(self.output, select.POLLIN)
            poll.poll(int(left * 1000) + 1)
            self._drain()
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 4096)

    def _signal(self, pids: Iterable[int], number: int) -> None:
        if self.status is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, number)
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, number)


def _remove(folder: str) -> None:
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(place, name))
        for name in folders:
            path = os.path.join(place, name)
            with contextlib.suppress(OSError):
                os.unlink(path) if os.path.islink(path) else os.rmdir(path)
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def _received(conversation: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = conversation.recv(min(65536, size - len(data)))
        if not more:
            raise ConnectionError
        data += more
    return data


def _supervise(conversation: socket.socket, owner: int) -> None:
    """One run in this process, then out."""
    os.setsid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        size = int.from_bytes(_received(conversation, 4), "big")
        request: Request = json.loads(_received(conversation, size))
    except (OSError, ValueError):
        return
    reply: dict[str, Any]
    run: _Run | None = None
    try:
        run = _Run(conversation, owner, request)
        reply = {**run.run()}
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if run is not None and run.pid:
            run._end("failed")
        reply = {**Reply(ended="failed", exit_code=None, seconds=0.0, peak_memory_bytes=0, log_bytes=0, left_behind=0,
                         problem=f"{type(error).__name__}: {error}", disk_full=full)}  # fmt: skip
    try:
        conversation.sendall(json.dumps(reply).encode() + b"\n")
    except OSError:
        # Nobody listens: the owner is dead, and what it would remove is ours to remove. A cancelling owner listens.
        if request["remove"]:
            _remove(request["remove"])


def _serve(control: socket.socket, owner: int) -> None:
    """Forks a supervisor per request until the owner is gone and every run has ended."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake, written = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    supervisors: set[int] = set()
    open_for_more = True
    owner_fd: int | None = None
    with contextlib.suppress(OSError):
        owner_fd = os.pidfd_open(owner)
    while True:
        left = _collect(supervisors)
        if not open_for_more and not left:
            return
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        if open_for_more:
            poll.register(control, select.POLLIN)
            if owner_fd is not None:
                poll.register(owner_fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(None if supervisors >= set(left) else 50)}
        with contextlib.suppress(BlockingIOError):
            os.read(wake, 4096)
        if owner_fd in ready:
            open_for_more = False
        if open_for_more and control.fileno() in ready:
            try:
                data, fds, _, _ = socket.recv_fds(control, 64, 17)
            except OSError:
                data, fds = b"", []
            open_for_more = bool(data)
            if fds:
                supervisors.add(_forked(control, fds, owner))


def _forked(control: socket.socket, fds: list[int], owner: int) -> int:
    pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return pid
    status = 1
    try:
        control.close()
        signal.set_wakeup_fd(-1)
        os.set_inheritable(fds[0], False)
        for held in fds[1:]:
            # The tool's processes keep what it stands for, a licence, even where this one is killed.
            os.set_inheritable(held, True)
        _supervise(socket.socket(fileno=fds[0]), owner)
        status = 0
    finally:
        os._exit(status)


def _collect(supervisors: set[int]) -> list[int]:
    """Reaps, and kills what a killed supervisor has left to us; returns the children that remain."""
    for pid in _ended():
        supervisors.discard(pid)
    left = children(os.getpid())
    for pid in left:
        if pid not in supervisors:
            for one in (pid, *descendants(pid)):
                with contextlib.suppress(OSError):
                    os.kill(one, signal.SIGKILL)
    return left


def _ended() -> Iterator[int]:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid


if __name__ == "__main__":
    listening = socket.socket(fileno=int(sys.argv[1]))
    listening.set_inheritable(False)
    # Collections would copy pages that the forked supervisors share with the server.
    gc.disable()
    gc.freeze()
    _serve(listening, int(sys.argv[2]))
