"""Locks on files that the kernel gives back when the last process that holds them has ended, however it ends.

The lock is flock(2) on an open file. Its descriptor can be handed on to other processes, which then hold it too; after
a crash there is nothing to clean up. Several machines may share the folder if locks hold between them: NFS has them
(Linux turns flock into byte-range locks on the server), NFS mounted with ``nolock`` or ``local_lock`` and Lustre
without ``flock`` have not. :func:`watched` and :func:`check_watch` find that out.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError

_WATCH = "watch-"

_ours: set[int] = set()
_lock = threading.Lock()
_seen_locked: set[str] = set()


def _close_in_child() -> None:
    # A forked child must not keep its parent's locks. Closing a copy leaves the lock with the parent.
    global _lock
    _lock = threading.Lock()
    for descriptor in _ours:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _ours.clear()


os.register_at_fork(after_in_child=_close_in_child)


def take(path: Path, *, create: bool = True) -> int | None:
    """The descriptor (close-on-exec) of the file, locked; None where another holds it. Raises OSError.

    To be given to :func:`release`.
    """
    while True:
        try:
            descriptor = _open(path, create=create)
        except OSError as error:
            if error.errno == errno.ESTALE:
                return None
            raise
        taken = False
        try:
            if not _try(descriptor):
                return None
            # A file that was removed and made again since it was opened locks nobody out.
            taken = _same_file(descriptor, path)
        finally:
            if not taken:
                release(descriptor)
        if taken:
            return descriptor


def release(descriptor: int) -> None:
    """Lets go of a lock; processes that the descriptor was handed to go on holding it."""
    with _lock:
        _ours.discard(descriptor)
        os.close(descriptor)


@contextlib.contextmanager
def usable(folder: Path, what: str, *, fix: str) -> Iterator[None]:
    """Within it an error of the system is a PipelineError of the folder, in which ``what`` is held by locks."""
    try:
        yield
    except OSError as error:
        raise PipelineError(f"cannot hold {what}: {error.strerror}", file=str(folder), fix=fix) from error


def remove_unheld(path: Path) -> None:
    """Removes the file unless somebody holds it. Who opens it meanwhile sees that it is gone and makes it again."""
    with contextlib.suppress(OSError):
        descriptor = take(path, create=False)
        if descriptor is not None:
            try:
                path.unlink()
            finally:
                release(descriptor)


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[str]:
    """Holds a lock on a new file in ``folder``, which is made; gives the file's name for :func:`check_watch`.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(_WATCH + "*"):
        remove_unheld(old)
    name = _WATCH + secrets.token_hex(8)
    descriptor = take(folder / name)
    if descriptor is None:
        raise PipelineError("is locked by another", file=str(folder / name), fix="start again")
    try:
        yield name
    finally:
        with contextlib.suppress(OSError):
            (folder / name).unlink()
        release(descriptor)


def check_watch(folder: Path, name: str, what: str) -> None:
    """Checks that the folder here is the one in which the client holds ``name``, and that its lock reaches us.

    ``what`` the folder holds is said in errors. Raises PipelineError where the file is not there or can be locked,
    and OSError.
    """
    if str(folder / name) in _seen_locked:
        return
    host = socket.gethostname()
    try:
        descriptor = take(folder / name, create=False)
    except FileNotFoundError:
        raise PipelineError(
            f"is not the folder that {host} has under this name (or the client is gone)",
            file=str(folder),
            fix=f"put the folder of {what} on a file system that all workers share",
        ) from None
    if descriptor is not None:
        release(descriptor)
        raise PipelineError(
            f"locks of other machines do not reach {host} (or the client is gone)",
            file=str(folder),
            fix="mount it with locks (NFS without nolock and local_lock, Lustre with flock) or choose another",
        )
    _seen_locked.add(str(folder / name))


def _open(path: Path, *, create: bool) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o666)
    with _lock:
        _ours.add(descriptor)
    return descriptor


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if isinstance(error, BlockingIOError) or error.errno == errno.EACCES:
            return False
        raise
    return True


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
