"""Designs in flight: who is to run one claims it first, so that no two runs of a design are ever under way.

A claim is a lock (:mod:`pipeline.synthesis.locks`) on a file beside the entries of its key in the report store, held by
the tool's processes too: it ends when the last of them has, and a dead owner blocks nobody. The file is removed with
the claim. As it is made anew for each claim, an NFS client that makes it lists the folder anew, and so sees what others
have stored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.synthesis.address import Address
from pipeline.synthesis.executors.context import HeldElsewhere, holding
from pipeline.synthesis.layout import address_folder, names, shard_folder
from pipeline.synthesis.locks import check_watch, release, remove_unheld, take, usable, watched
from pipeline.synthesis.pack import key_hash

_PREFIX = ".claim-"


@dataclass(frozen=True)
class Claims:
    """The claims of all who share the report store in folder ``root``; ``watch`` as :meth:`watched` sets it."""

    root: Path
    watch: str | None = None

    @contextlib.contextmanager
    def claim(self, address: Address, key: str) -> Iterator[None]:
        """Within, the design is this thread's: nobody else runs it, and processes it starts hold the claim too.

        Raises HeldElsewhere at once where another has it, and PipelineError where the store's folder cannot be
        written or does not lock against the client. Ask the store after this and not before.
        """
        hashed = key_hash(key)
        path = shard_folder(address_folder(self.root, address), hashed) / f"{_PREFIX}{hashed}"
        with self._usable():
            if self.watch is not None:
                check_watch(self._watches, self.watch, "reports")
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = take(path)
        if descriptor is None:
            raise HeldElsewhere(key)
        try:
            with holding(descriptor):
                yield
        finally:
            # Not unlocked: what may be left of the run keeps the claim, and then the file stays.
            release(descriptor)
            remove_unheld(path)

    def sweep(self, address: Address) -> None:
        """Removes the files that killed owners have left at an address."""
        entries = address_folder(self.root, address) / "entries"
        for shard in names(entries):
            for name in names(entries / shard):
                if name.startswith(_PREFIX):
                    remove_unheld(entries / shard / name)

    @contextlib.contextmanager
    def watched(self) -> Iterator[Claims]:
        """The same claims for handing to workers of other machines, which then check that locks reach them."""
        with contextlib.ExitStack() as stack:
            with self._usable():
                name = stack.enter_context(watched(self._watches))
            yield replace(self, root=self.root.resolve(), watch=name)

    @property
    def _watches(self) -> Path:
        return self.root / ".watches"

    def _usable(self) -> contextlib.AbstractContextManager[None]:
        return usable(
            self.root, "designs in flight", fix="keep the workspace in a folder that can be written and locked"
        )
