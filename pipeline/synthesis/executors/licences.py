"""Licences as files: as many runs of the tool at once as there are licences, whoever starts them.

A pool is a folder with one file a licence. Who runs the tool holds the lock on one of them
(:mod:`pipeline.synthesis.locks`) and hands the locked descriptor on to the tool's process, so that the licence is taken
for as long as any process of the run lives and is given back by the kernel, however they end.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.synthesis.locks import check_watch, release, take, usable, watched

FIRST_PAUSE_S = 0.002
LONGEST_PAUSE_S = 0.1
"""How long who waits for a licence sleeps between two looks, at first and at most."""
TELL_AFTER_S = 2.0
"""After how long it says so."""


@dataclass(frozen=True)
class LicencePool:
    """``count`` licences in ``folder``. Pools with equal folders share their licences.

    Where they differ in ``count``, each stays within its own as far as it knows of the others: the largest bounds
    them all. ``watch`` is the file that the client holds, see :meth:`watched`. ``on_wait`` is told for how many seconds
    a run has waited, from the third one on; it must bear being called by several threads, and is not handed to others.
    """

    folder: Path
    count: int
    watch: str | None = None
    on_wait: Callable[[float], None] | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        # Other machines do not tell.
        return {**self.__dict__, "on_wait": None}

    def __post_init__(self) -> None:
        if self.count < 1:
            raise PipelineError(f"{self.count} licences allow no run", fix="set 1 or more, or none for no limit")

    @contextlib.contextmanager
    def slot(self, wanted: Callable[[], None] = lambda: None) -> Iterator[int]:
        """Waits for a licence and holds it; gives the locked file descriptor (close-on-exec).

        ``wanted`` is called between looks; what it raises ends the waiting. Raises PipelineError where the folder
        cannot be used or does not lock against the client.
        """
        with self._usable():
            if self.watch is not None:
                check_watch(self.folder, self.watch, "licences")
            self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = self._wait(wanted)
        try:
            yield descriptor
        finally:
            # Not unlocked: a process of the run that is still there keeps the licence until it has ended.
            release(descriptor)

    @contextlib.contextmanager
    def watched(self) -> Iterator[LicencePool]:
        """The same pool for handing to workers, that lets them tell whether its locks reach them.

        The client holds a lock on a file of its own meanwhile. A worker that does not find that file has another
        folder under this name; a worker that can lock it has locks of its own. Both would over-use the licences.
        """
        with contextlib.ExitStack() as stack:
            with self._usable():
                name = stack.enter_context(watched(self.folder))
            yield replace(self, folder=self.folder.resolve(), watch=name)

    def _wait(self, wanted: Callable[[], None]) -> int:
        pause, began = FIRST_PAUSE_S, time.monotonic()
        while True:
            wanted()
            first = random.randrange(self.count)
            for number in range(first, first + self.count):
                with self._usable():
                    descriptor = take(self.folder / f"slot-{number % self.count:04d}")
                if descriptor is not None:
                    return descriptor
            if self.on_wait is not None and (waited := time.monotonic() - began) >= TELL_AFTER_S:
                self.on_wait(waited)
            # Random, so that those who wait do not look all at once.
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(LONGEST_PAUSE_S, 1.5 * pause)

    def _usable(self) -> contextlib.AbstractContextManager[None]:
        return usable(self.folder, "licences", fix="choose a folder that can be written and locked")
