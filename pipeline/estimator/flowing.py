"""Parts of a dataflow region: each starts as soon as what it reads is there (UG1399, "pragma HLS dataflow")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from pipeline.estimator import cycles
from pipeline.estimator.cycles import Cycles
from pipeline.estimator.nest import Branch, Item, Segment

_FILL = 1
"""Cycles until the first element has passed a channel."""


def flowing(parts: Sequence[tuple[Item, Cycles]], streams: AbstractSet[str]) -> Cycles:
    """Cycles until the last part is done.

    A part waits for the end of the parts that write what it reads; over a stream it follows them element by element,
    and ends no sooner than they do.
    """
    begin: list[Cycles] = []
    end: list[Cycles] = []
    touched = [_touched(item) for item, _ in parts]
    ports: AbstractSet[str] = set().union(*(found[2] for found in touched))
    for place, (_, length) in enumerate(parts):
        reads = touched[place][0]
        start: Cycles = (0, 0, 0)
        follows: list[Cycles] = []
        for earlier in range(place):
            shared = touched[earlier][1] & reads
            if not shared:
                continue
            if all(name in ports or name.partition("@")[0] in streams for name in shared):
                start = cycles.largest([start, cycles.plus(begin[earlier], cycles.exactly(_FILL))])
                follows.append(cycles.plus(end[earlier], cycles.exactly(_FILL)))
            else:
                start = cycles.largest([start, end[earlier]])
        begin.append(start)
        end.append(cycles.largest([cycles.plus(start, length), *follows]))
    return cycles.largest(end) if end else (0, 0, 0)


def _touched(item: Item) -> tuple[set[str], set[str], set[str]]:
    """Arrays and streams that a part reads, those that it writes, and which of them are streams."""
    if isinstance(item, Segment):
        return (
            {access.array for access in item.accesses if not access.write}
            | {access.port for access in item.touches if not access.write},
            {access.array for access in item.accesses if access.write}
            | {access.port for access in item.touches if access.write},
            {access.port for access in item.touches},
        )
    inner: Iterable[Item] = [one for arm in item.arms for one in arm] if isinstance(item, Branch) else item.body
    reads: set[str] = set()
    writes: set[str] = set()
    ports: set[str] = set()
    for one in inner:
        found = _touched(one)
        reads |= found[0]
        writes |= found[1]
        ports |= found[2]
    return reads, writes, ports
