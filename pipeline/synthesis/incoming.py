"""What comes into the store from elsewhere, beside what is there: of two results of one design the newer counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.address import Address
from pipeline.synthesis.entry import LATEST, Entry
from pipeline.synthesis.store import ReportStore

_AT_ONCE = 1000
"""Results less than so many nanoseconds apart are equally old: no file system tells them apart."""


@dataclass
class Changes:
    """What an import changes, told while its entries pass by."""

    new: int = 0
    same: int = 0
    replaced: list[str] = field(default_factory=list)
    """A line on each design whose result is another now."""
    kept: list[str] = field(default_factory=list)
    """A line on each design for which the store has a result that counts before the one that came."""
    renamed: list[str] = field(default_factory=list)
    """A line on each earlier result that is left out, as its report belongs to another design now."""
    gone: int = 0
    """Designs that an earlier import of the same folder brought, and that it does not hold any more; they stay."""

    @property
    def counts(self) -> list[str]:
        """One line for each kind of change, with how many designs it concerns."""
        told = (
            (len(self.replaced), "designs have another result than before"),
            (len(self.kept), "designs keep the result that counts before the one that came"),
        )
        return [f"{count:,} {what}" for count, what in told if count]

    @property
    def lines(self) -> list[str]:
        """All lines, and one on what is gone."""
        gone = [f"{self.gone:,} designs that this folder held before are not in it any more; they stay"]
        return [*self.replaced, *self.kept, *self.renamed, *(gone if self.gone else [])]


def arriving(store: ReportStore, address: Address, entries: Iterable[Entry], changes: Changes) -> Iterator[Entry]:
    """The entries as they are to be stored, while ``changes`` learns what each does to what the store holds.

    Of two results that are equally old the one that came later counts: it is stored as a nanosecond newer.
    """
    for entry in entries:
        there = store.get(address, entry.key)
        if there is None:
            changes.new += 1
        elif _same(there, entry):
            changes.same += 1
        else:
            failed, was_failed = (one.status is not DesignStatus.OK for one in (entry, there))
            if there.made - _AT_ONCE < entry.made <= there.made:
                entry.made = min(there.made + 1, LATEST)
            if (failed, -entry.made) < (was_failed, -there.made):
                changes.replaced.append(f"{_short(entry.key)}: {_said(entry)} replaces {_said(there)}")
            else:
                changes.kept.append(f"{_short(entry.key)}: {_said(there)} stays before {_said(entry)}")
        yield entry


def beside(
    earlier: Iterable[Entry],
    entries: Iterable[Entry],
    changes: Changes,
    *,
    keys: Collection[str],
    hashes: Collection[str],
) -> Iterator[Entry]:
    """Entries with those that an earlier import of the same folder brought, both sorted by key.

    ``keys`` and ``hashes`` are those of all entries. An earlier entry whose report is among them under another key was
    named wrongly, and is left out. Of two entries of one key the one that counts is yielded.
    """
    before = (entry for entry in earlier if not _renamed(entry, changes, keys, hashes))
    old, new = next(before, None), None
    for new in entries:
        while old is not None and old.key < new.key:
            changes.gone += 1
            yield old
            old = next(before, None)
        if old is not None and old.key == new.key:
            yield min(old, new, key=lambda one: (one.status is not DesignStatus.OK, -one.made, one.content_hash[:32]))
            old = next(before, None)
        else:
            yield new
    while old is not None:
        changes.gone += 1
        yield old
        old = next(before, None)


def _renamed(entry: Entry, changes: Changes, keys: Collection[str], hashes: Collection[str]) -> bool:
    if entry.key in keys or entry.report_hash is None or entry.report_hash not in hashes:
        return False
    changes.renamed.append(f"{_short(entry.key)}: {_said(entry)} is left out, its report is another design's now")
    return True


def _same(one: Entry, other: Entry) -> bool:
    if one.report_hash is not None or other.report_hash is not None:
        return one.report_hash == other.report_hash and one.status is other.status
    return one.label == other.label


def _said(entry: Entry) -> str:
    cycles = entry.label.cycles
    what = (
        f"{cycles:,} cycles"
        if entry.label.status is DesignStatus.OK and cycles is not None
        else str(entry.label.status)
    )
    return f"{what} ({time_of(entry.made)})"


def time_of(made: int) -> str:
    """A time in nanoseconds since 1970 for people, in UTC."""
    return f"{datetime.fromtimestamp(made // 10**9, UTC):%Y-%m-%d %H:%M:%S}" if made else "of unknown age"


def _short(key: str) -> str:
    return key if len(key) <= 120 else f"{key[:100]}..."
