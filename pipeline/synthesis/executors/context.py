"""What a job may ask while it runs: whether it is still wanted, and what its tool has to hold on to.

Known per thread, so that a job needs no extra argument; outside :func:`pipeline.synthesis.executors.run_all` nothing
is ever cancelled and nothing is held.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

_LOOK_S = 0.25


class RunCancelled(Exception):
    """Raised by :func:`check_cancelled` in a job that is no longer wanted. Let it pass."""


class HeldElsewhere(Exception):
    """The job is in flight with somebody else; ask again later. Raised before a licence is taken."""


def _never() -> bool:
    return False


class _Current(threading.local):
    cancelled: Callable[[], bool] = staticmethod(_never)
    descriptors: tuple[int, ...] = ()


_current = _Current()


def check_cancelled() -> None:
    """Raise RunCancelled if the job of this thread is no longer wanted.

    Cheap enough for several calls a second. A job that waits for a process calls it meanwhile, and ends the process
    when it raises; a job that never calls it runs to its end before an interrupt takes effect.
    """
    if _current.cancelled():
        raise RunCancelled("the run was cancelled")


def pause(seconds: float) -> None:
    """Sleeps; raises RunCancelled within a quarter of a second when the job of this thread is no longer wanted."""
    until = time.monotonic() + seconds
    while True:
        check_cancelled()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _LOOK_S))


def held_descriptors() -> tuple[int, ...]:
    """File descriptors that stand for the design and the licence of this thread's job; empty where it holds neither.

    Hand them to the tool's process (``pass_fds`` of :mod:`subprocess`, or over a socket). Both are free again
    when the last process that holds them has ended: also when the worker is killed and its tool outlives it. A fork
    that runs Python (``os.fork``, ``preexec_fn``) closes them in the child.
    """
    return _current.descriptors


@contextlib.contextmanager
def cancelled_by(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Within, :func:`check_cancelled` of this thread asks ``cancelled``."""
    before = _current.cancelled
    _current.cancelled = cancelled
    try:
        yield
    finally:
        _current.cancelled = before


@contextlib.contextmanager
def holding(descriptor: int) -> Iterator[None]:
    """Within, :func:`held_descriptors` of this thread has one more."""
    before = _current.descriptors
    _current.descriptors = (*before, descriptor)
    try:
        yield
    finally:
        _current.descriptors = before
