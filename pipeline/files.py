"""Files read and written with care: what is read is a plain file of bounded size, what is written appears whole.

Reading cannot hang or fill the memory: a path that leads to a FIFO, a device, a socket or a folder is refused before
a byte is read. Writing goes aside and takes its name by one rename, also on a shared file system and under kill -9,
with the permissions that the user's umask leaves.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import os
import secrets
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from pipeline.errors import PipelineError, nearest_file

MAX_TEXT_BYTES = 64 * 2**20
"""Most bytes of a text file that a person writes, where the caller names no bound."""
_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a FIFO (named pipe), not a plain file"),
    (stat.S_ISSOCK, "is a socket, not a plain file"),
    (stat.S_ISCHR, "is a device, not a plain file"),
    (stat.S_ISBLK, "is a device, not a plain file"),
)


def open_plain(path: Path, *, fix: str = "check the path") -> IO[bytes]:
    """The plain file at ``path``, open for reading.

    Raises PipelineError, naming the file, where there is none, it cannot be read, or it is a folder, FIFO, device or
    socket; opening one of these never waits.
    """
    try:
        # Without O_NONBLOCK opening a FIFO waits for a writer; on a plain file it has no effect.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        meant = nearest_file(path, (path.suffix.lower(),)) if path.suffix else None
        fix = f"did you mean {meant}? Else {fix}" if meant is not None else fix
        raise PipelineError("there is no such file", file=str(path), fix=fix) from None
    except (OSError, ValueError) as error:
        # A socket cannot be opened at all; the kind says more than the error.
        what = _odd_kind(path) or f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise PipelineError(what, file=str(path), fix=fix) from None
    try:
        mode = os.fstat(descriptor).st_mode
        odd = next((what for holds, what in _KINDS if holds(mode)), None)
        if odd is not None:
            raise PipelineError(odd, file=str(path), fix=fix)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


LEADS_OUT = "is a link that leads out of the folder"


def leads_out(folder: Path, path: Path) -> bool:
    """Whether a path in a folder leads out of it, or nowhere, by links."""
    try:
        return not path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return True


def _odd_kind(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    return next((what for holds, what in _KINDS if holds(mode)), None)


def read_plain(path: Path, *, most: int = MAX_TEXT_BYTES, fix: str = "check the path") -> bytes:
    """The bytes of a plain file of at most ``most`` bytes. Raises PipelineError as :func:`open_plain`, and for more."""
    with open_plain(path, fix=fix) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise PipelineError(f"cannot be read: {error.strerror or error}", file=str(path), fix=fix) from None
    if len(data) > most:
        raise PipelineError(f"has more than the {most:,} bytes that are read", file=str(path), fix=fix)
    return data


def read_text(path: Path, *, most: int = MAX_TEXT_BYTES, fix: str = "check the path") -> str:
    """The text of a plain UTF-8 file, with or without a byte order mark. Raises PipelineError as :func:`read_plain`,
    and where it is no UTF-8, with the line."""
    data = read_plain(path, most=most, fix=fix)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PipelineError("is not UTF-8 text", file=str(path), line=line, fix="save it as UTF-8") from None


def read_own(path: Path, *members: str, remove: Path | None = None) -> dict[str, Any]:
    """The JSON object of a file that a task wrote, with the ``members`` that are asked of it.

    Raises PipelineError where it is absent, truncated, no JSON or lacks a member: it then says to remove ``remove``
    (the file itself where none is named), upon which the next run makes it again.
    """
    try:
        value = json.loads(read_plain(path, most=512 * 2**20).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        what = f"no JSON, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "no JSON"
        raise damaged(path, what, remove=remove) from None
    if not isinstance(value, dict):
        raise damaged(path, "no JSON object", remove=remove)
    lacking = [name for name in members if name not in value]
    if lacking:
        raise damaged(path, f"lacks {', '.join(lacking)}", remove=remove)
    return value


@contextlib.contextmanager
def intact(path: Path, *, remove: Path | None = None) -> Iterator[None]:
    """Within the block values of a file that a task wrote become ours: what does not fit is told as :func:`damaged`."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}"[:100], remove=remove) from None


def damaged(path: Path, what: str, *, remove: Path | None = None) -> PipelineError:
    """The error for a file of our own that does not hold what was written; says what to remove."""
    fix = f"remove {remove or path} and run the command again: it is made anew"
    return PipelineError(f"is damaged ({what})", file=str(path), fix=fix)


def fingerprint(**parts: Any) -> str:
    """Twelve hex digits that change when any part does; the parts must be JSON values."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def write_json(path: Path, value: Any) -> None:
    """Writes a value as indented JSON with sorted keys: the same value, the same bytes."""
    path.write_text(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


ASIDE_PREFIX = ".aside-"
ASIDE_MAX_AGE_SECONDS = 24 * 3600.0


class Aside:
    """A file being written beside its destination; :meth:`publish` gives it its name."""

    def __init__(self, path: Path, file: IO[bytes], fsync: bool) -> None:
        self.path = path
        self.file = file
        self._fsync = fsync
        self.published = False

    def publish(self, destination: Path) -> None:
        """Rename onto ``destination`` (same folder or same file system), replacing what is there."""
        self.file.flush()
        if self._fsync:
            os.fsync(self.file.fileno())
        self.file.close()
        self.path.replace(destination)
        self.published = True
        if self._fsync:
            sync_folder(destination.parent)


@contextlib.contextmanager
def made_whole(destination: Path) -> Iterator[Path]:
    """A path to write to, for libraries that take a name; the file becomes ``destination`` when the block ends well.

    The folder is made where it is absent. The file has the permissions that the umask leaves.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    aside = destination.parent / _aside_name()
    try:
        yield aside
        aside.replace(destination)
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def made_whole_folder(destination: Path) -> Iterator[Path]:
    """A folder aside to write into; it becomes ``destination`` by one rename when the block ends without an error.

    Where somebody else has finished ``destination`` meanwhile, theirs stays. Raises PipelineError where nothing can be
    written there.
    """
    host = "".join(c if c.isalnum() else "_" for c in socket.gethostname())
    writable_folder(destination.parent)
    try:
        _remove_leftovers(destination.parent, host)
        aside = destination.parent / f".aside-{host}-{os.getpid()}-{secrets.token_hex(4)}"
        aside.mkdir()
    except OSError as error:
        raise _unwritable(destination.parent, error) from error
    try:
        yield aside
        try:
            aside.rename(destination)
        except OSError as error:
            # Somebody else finished the same output first; same inputs, same bytes.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or not destination.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def writable_folder(folder: Path) -> None:
    """Makes a folder and those above it; PipelineError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> PipelineError:
    return PipelineError(
        f"cannot write here: {error.strerror}",
        file=str(folder),
        fix="name a folder you can write to with --workspace",
    )


def _remove_leftovers(folder: Path, host: str) -> None:
    """Removes what killed runs of this host left aside."""
    for leftover in folder.glob(f".aside-{host}-*"):
        process = leftover.name.rsplit("-", 2)[1]
        if process.isdigit() and not is_alive(int(process)):
            shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def write_aside(folder: Path, *, fsync: bool = True) -> Iterator[Aside]:
    """A new file in ``folder`` under a name that no other writer on any machine has; removed unless published."""
    path = folder / _aside_name()
    with path.open("xb") as file:
        aside = Aside(path, file, fsync)
        try:
            yield aside
        finally:
            if not aside.published:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()


def write_whole(destination: Path, data: bytes, *, fsync: bool = True) -> None:
    """Write ``data`` to ``destination``: readers see the old file or the new one, never a part."""
    with write_aside(destination.parent, fsync=fsync) as aside:
        aside.file.write(data)
        aside.publish(destination)


def _aside_name() -> str:
    return f"{ASIDE_PREFIX}{_here()}-{os.getpid()}-{secrets.token_hex(8)}"


def sync_folder(folder: Path) -> None:
    """Make renames in the folder last through a power cut; a file system that cannot is left as it is."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_old_asides(folder: Path, newer: Path) -> None:
    """Remove what killed writers left in ``folder``: those of dead processes here, elsewhere those a day older than
    the file ``newer``.

    Ages are differences of the file system's own times, so that machines need not agree on the clock.
    """
    try:
        now = newer.stat().st_mtime
        leftovers = [item for item in os.scandir(folder) if item.name.startswith(ASIDE_PREFIX)]
    except OSError:
        return
    for item in leftovers:
        # Another writer may clean at the same time, or finish: both are fine.
        with contextlib.suppress(OSError):
            if _left_by_the_dead(item.name) or now - item.stat().st_mtime > ASIDE_MAX_AGE_SECONDS:
                Path(item.path).unlink()


@functools.cache
def _here() -> str:
    """The host, and what tells its boot and the namespace of process numbers: containers may share a host's name."""
    host = "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:40]
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        whole = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        # Where the system does not tell, no other process has this name: its asides are removed by age alone.
        whole = secrets.token_hex(8)
    return f"{host}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def _left_by_the_dead(name: str) -> bool:
    """Whether a process that ran here wrote the aside and is gone."""
    where, _, process = name.removeprefix(ASIDE_PREFIX).rpartition("-")[0].rpartition("-")
    return where == _here() and process.isdigit() and not is_alive(int(process))


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs; one that was killed and is not reaped yet does not."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return state[:1] not in (["Z"], ["X"])
