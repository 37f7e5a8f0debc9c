"""Which commands write into a workspace: one file a command, locked by its process for as long as it lives.

The kernel gives the lock back however the process ends, so a file without a lock tells of a command that has ended, and
no time has to be waited. Its first line is what the command is, a JSON object; a second one is how it ended. A command
that was killed has no second line, and one that ended well no file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.files import read_plain
from pipeline.synthesis.locks import release, remove_unheld, take

FOLDER = "commands"
RUNNING, KILLED, STOPPED = "running", "killed", "stopped"
CLEANING = "CleanWorkspace"
"""The command that no other may run beside."""
_TRIES = 20
_MOST_ENDED = 64
"""Files of commands that ended without success and were never run again: so many of the newest are kept."""
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class RecordedCommand:
    """A command that runs, or ended before its work was done.

    ``state`` is running, killed (ended without a word) or stopped (with ``exit_code``). ``facts`` is what it told of
    itself when it began: ``task``, ``command`` (the line to type), ``subject`` (what it works on), and more by task.
    """

    file: Path
    state: str
    facts: Mapping[str, Any]
    exit_code: int | None = None

    @property
    def task(self) -> str:
        """The task's name."""
        return self.file.name.partition("-")[0]


@dataclass(frozen=True)
class Begun:
    """The file of a command of this process, and the descriptor that holds its lock."""

    file: Path
    descriptor: int

    def ended(self, exit_code: int) -> None:
        """Tells how the command ended: after success nothing is left of it, nor of equal ones that did not end well."""
        with contextlib.suppress(OSError):
            if exit_code == 0:
                self.file.unlink(missing_ok=True)
                _forget(self.file.parent, self.file.name.rpartition("-")[0])
            else:
                os.write(self.descriptor, _line({"exit_code": exit_code}))
        release(self.descriptor)


def begin(workspace: Path, task: str, subject: str, facts: Mapping[str, Any]) -> Begun:
    """Makes the file of a command that begins and locks it; ``subject`` tells equal commands. Raises OSError."""
    folder = workspace / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    equal = f"{task}-{hashlib.sha256(subject.encode()).hexdigest()[:12]}"
    _forget(folder, equal)
    _forget_oldest(folder)
    for _ in range(_TRIES):
        file = folder / f"{equal}-{secrets.token_hex(6)}"
        # Somebody who looks at the file just now holds it for an instant.
        if (descriptor := take(file)) is not None:
            os.write(descriptor, _line({"task": task, "subject": subject, **facts}))
            return Begun(file, descriptor)
        file.unlink(missing_ok=True)
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(folder))


def commands(workspace: Path) -> list[RecordedCommand]:
    """The commands of a workspace, by task and subject; reads alone, and holds up no command.

    What is half-written or damaged tells its state all the same.
    """
    return list(_commands(workspace / FOLDER))


def check_alone(workspace: Path, but: Path | None = None) -> None:
    """Raises PipelineError where a command writes into the workspace; ``but`` is a file that does not count."""
    for command in commands(workspace):
        if command.state == RUNNING and command.file != but:
            raise PipelineError(
                f"{command.task} is running in this workspace", file=str(workspace), fix="try again when it has ended"
            )


def check_not_cleaned(workspace: Path) -> None:
    """Raises PipelineError where the workspace is being cleaned up."""
    if any(command.state == RUNNING and command.task == CLEANING for command in commands(workspace)):
        raise PipelineError("is being cleaned up", file=str(workspace), fix="try again when that has ended")


def wait_for_cleaning(workspace: Path) -> None:
    """Returns once no clean-up runs that began while this command did."""
    for command in commands(workspace):
        if command.state == RUNNING and command.task == CLEANING:
            with contextlib.suppress(OSError), command.file.open("rb") as opened:
                fcntl.flock(opened, fcntl.LOCK_SH)


def _commands(folder: Path) -> Iterator[RecordedCommand]:
    for file in sorted(_files(folder)):
        held = _is_held(file)
        if held is None:
            continue
        told, ended = _read(file)
        code = ended.get("exit_code")
        exit_code = code if isinstance(code, int) else None
        state = RUNNING if held else KILLED if exit_code is None else STOPPED
        yield RecordedCommand(file, state, told, exit_code)


def _files(folder: Path) -> list[Path]:
    try:
        return [Path(item.path) for item in os.scandir(folder) if item.is_file(follow_symlinks=False)]
    except OSError:
        return []


def _is_held(file: Path) -> bool | None:
    """Whether a process holds the file's lock; None where the file has gone."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False if os.fstat(descriptor).st_nlink else None
    except OSError as error:
        # Where there are no locks nobody holds one.
        return isinstance(error, BlockingIOError) or error.errno == errno.EACCES
    finally:
        os.close(descriptor)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        lines = read_plain(file, most=_MOST_BYTES).decode("utf-8", "replace").splitlines()
    except PipelineError:
        lines = []
    found = [_object(line) for line in [*lines, "", ""][:2]]
    return found[0], found[1]


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape")


def _forget(folder: Path, equal: str) -> None:
    for file in folder.glob(f"{equal}-*"):
        remove_unheld(file)


def _forget_oldest(folder: Path) -> None:
    """Removes files of commands that ended long ago, where there are many."""
    dated: list[tuple[float, Path]] = []
    for file in _files(folder):
        with contextlib.suppress(OSError):
            dated.append((file.stat().st_mtime, file))
    for _, file in sorted(dated)[:-_MOST_ENDED]:
        remove_unheld(file)
