"""Licences as files: as many runs of the tool at once as there are licences, whoever starts them.

A pool is a folder with one file a licence. Who runs the tool holds an exclusive lock (flock(2)) on one of them, and
hands the locked descriptor on to the tool's process, so that the licence is taken for as long as any process of the
run lives and is given back by the kernel, however they end. Nothing has to be cleaned up after a crash.

The folder may be on a file system that several machines share, if its locks hold between them: NFS does (Linux turns
flock into byte-range locks on the server), NFS mounted with ``nolock`` or ``local_lock`` and Lustre without ``flock``
do not. :meth:`LicencePool.watch` finds that out before a run starts.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError

FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.1
"""How long who waits for a licence sleeps between two looks, at first and at most."""
_WATCH = "watch-"

_ours: set[int] = set()
_lock = threading.Lock()
_seen_locked: set[str] = set()


def _close_in_child() -> None:
    # A forked child must not keep its parent's licences. Closing a copy leaves the lock with the parent.
    global _lock
    _lock = threading.Lock()
    for descriptor in _ours:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _ours.clear()


os.register_at_fork(after_in_child=_close_in_child)


@dataclass(frozen=True)
class LicencePool:
    """``count`` licences in ``folder``. Pools with equal folders share their licences.

    Where they differ in ``count``, each stays within its own as far as it knows of the others: the largest bounds
    them all. ``watch`` is the file that the client holds, see :meth:`watched`.
    """

    folder: Path
    count: int
    watch: str | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise PipelineError(f"{self.count} licences allow no run", fix="set 1 or more, or none for no limit")

    @contextlib.contextmanager
    def slot(self, wanted: Callable[[], None] = lambda: None) -> Iterator[int]:
        """Waits for a licence and holds it; gives the locked file descriptor (close-on-exec).

        ``wanted`` is called between looks; what it raises ends the waiting. Raises PipelineError where the folder
        cannot be used or does not lock against the client.
        """
        self._check_watch()
        descriptor = self._wait(wanted)
        try:
            yield descriptor
        finally:
            # Not unlocked: a process of the run that is still there keeps the licence until it has ended.
            _close(descriptor)

    @contextlib.contextmanager
    def watched(self) -> Iterator[LicencePool]:
        """The same pool for handing to workers, that lets them tell whether its locks reach them.

        The client holds a lock on a file of its own meanwhile. A worker that does not find that file has another
        folder under this name; a worker that can lock it has locks of its own. Both would over-use the licences.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_old_watches()
            name = _WATCH + secrets.token_hex(8)
            descriptor = _open(self.folder / name)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            if not self._try(descriptor):
                raise PipelineError("is locked by another", file=str(self.folder / name), fix="start again")
            yield LicencePool(self.folder.resolve(), self.count, name)
        finally:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()
            _close(descriptor)

    def _remove_old_watches(self) -> None:
        for old in self.folder.glob(_WATCH + "*"):
            try:
                descriptor = _open(old, create=False)
            except OSError:
                continue
            try:
                if self._try(descriptor):
                    with contextlib.suppress(OSError):
                        old.unlink()
            finally:
                _close(descriptor)

    def _check_watch(self) -> None:
        if self.watch is None or self.watch in _seen_locked:
            return
        host = socket.gethostname()
        try:
            descriptor = _open(self.folder / self.watch, create=False)
        except FileNotFoundError:
            raise PipelineError(
                f"is not the folder that {host} has under this name (or the client is gone)",
                file=str(self.folder),
                fix="put the folder of licences on a file system that all workers share",
            ) from None
        except OSError as error:
            raise self._unusable(error) from error
        try:
            alone = self._try(descriptor)
        finally:
            _close(descriptor)
        if alone:
            raise PipelineError(
                f"locks of other machines do not reach {host} (or the client is gone)",
                file=str(self.folder),
                fix="mount it with locks (NFS without nolock and local_lock, Lustre with flock) or choose another",
            )
        _seen_locked.add(self.watch)

    def _wait(self, wanted: Callable[[], None]) -> int:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        pause = FIRST_PAUSE_S
        while True:
            wanted()
            first = random.randrange(self.count)
            for number in range(first, first + self.count):
                descriptor = self._take(number % self.count)
                if descriptor is not None:
                    return descriptor
            # Random, so that those who wait do not look all at once.
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(LONGEST_PAUSE_S, 1.5 * pause)

    def _take(self, number: int) -> int | None:
        path = self.folder / f"slot-{number:04d}"
        try:
            descriptor = _open(path)
        except OSError as error:
            if error.errno == errno.ESTALE:
                return None
            raise self._unusable(error) from error
        taken = False
        try:
            # A file that was removed and made again since it was opened locks nobody out.
            taken = self._try(descriptor) and _same_file(descriptor, path)
        finally:
            if not taken:
                _close(descriptor)
        return descriptor if taken else None

    def _try(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == errno.EACCES:
                return False
            raise self._unusable(error) from error
        return True

    def _unusable(self, error: OSError) -> PipelineError:
        return PipelineError(
            f"cannot hold licences: {error.strerror}",
            file=str(self.folder),
            fix="choose a folder that can be written and locked",
        )


def _open(path: Path, *, create: bool = True) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o666)
    with _lock:
        _ours.add(descriptor)
    return descriptor


def _close(descriptor: int) -> None:
    with _lock:
        _ours.discard(descriptor)
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
