"""Files that appear whole or not at all, also on a shared file system and under kill -9."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

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
def write_aside(folder: Path, *, fsync: bool = True) -> Iterator[Aside]:
    """A new file in ``folder`` under a name that no other writer on any machine has; removed unless published."""
    path = folder / f"{ASIDE_PREFIX}{_here()}-{os.getpid()}-{secrets.token_hex(8)}"
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
