"""Parts of a dataflow region: each starts as soon as what it reads is there (UG1399, "pragma HLS dataflow")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from pipeline.estimator import cycles
from pipeline.estimator.cycles import Cycles
from pipeline.estimator.nest import Branch, Item, Segment

Touched: TypeAlias = tuple[frozenset[str], frozenset[str], frozenset[str]]
_FILL = 1
"""Cycles until the first element has passed a channel."""


def flowing(parts: Sequence[tuple[Item, Cycles]], streams: AbstractSet[str], known: dict[int, Touched]) -> Cycles:
    """Cycles until the last part is done.

    A part waits for the end of the parts that write what it reads; over a stream it follows them element by element,
    and ends no sooner than they do. ``known`` keeps what parts touch from design to design.
    """
    begin: list[Cycles] = []
    end: list[Cycles] = []
    touched = [_touched(item, known) for item, _ in parts]
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


def _touched(item: Item, known: dict[int, Touched]) -> Touched:
    """Arrays and streams that a part reads, those that it writes, and which of them are streams."""
    found = known.get(id(item))
    if found is not None:
        return found
    reads: set[str] = set()
    writes: set[str] = set()
    ports: set[str] = set()
    if isinstance(item, Segment):
        for access in item.accesses:
            (writes if access.write else reads).add(access.array)
        for touch in item.touches:
            (writes if touch.write else reads).add(touch.port)
            ports.add(touch.port)
    else:
        inner: Iterable[Item] = [one for arm in item.arms for one in arm] if isinstance(item, Branch) else item.body
        for one in inner:
            below = _touched(one, known)
            reads |= below[0]
            writes |= below[1]
            ports |= below[2]
    found = known[id(item)] = frozenset(reads), frozenset(writes), frozenset(ports)
    return found
