"""Locks that the forked processes of a command share, and that a killed one may have held."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

PATIENCE_S = 1.0
"""What is done under such a lock takes microseconds: who waits longer waits for a process that was killed in it."""


@contextlib.contextmanager
def briefly(lock: Any) -> Iterator[None]:
    """Holds a lock of :mod:`multiprocessing`; goes on without it where its holder has evidently been killed."""
    held = lock.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        if held:
            lock.release()
