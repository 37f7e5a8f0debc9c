"""Which iterations of loops meet at one element: separation, distances, directions. A proof or the cautious answer.

Two arrays that are declared apart are apart, two pointer arguments too, as HLS takes them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.kernels.accesses import Access
from pipeline.kernels.integer_sets import Form, Points, Undecided, combined, empty, extent, least
from pipeline.kernels.iterations import Iterations, same
from pipeline.kernels.loop_record import LoopRecord

_MOST_PAIRS = 20_000
"""Pairs of accesses that are compared for one loop; beyond that iterations count as not separate."""
_APART: Hashable = "iterations between"


class Kind(StrEnum):
    """What a dependence orders: a write before a read, a read before a write, two writes."""

    FLOW = "flow"
    ANTI = "anti"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Span:
    """Iterations of one loop from source to sink; None where there is no bound or none is known."""

    low: int | None
    high: int | None

    @property
    def direction(self) -> str:
        """``<`` where the sink is in a later iteration, ``=``, ``>``, or ``*``."""
        if self.low is not None and self.low > 0:
            return "<"
        if self.high is not None and self.high < 0:
            return ">"
        return "=" if self.low == self.high == 0 else "*"


@dataclass(frozen=True, slots=True)
class Dependence:
    """``sink`` may touch what ``source`` touched before, carried by ``loop`` (None: within one iteration of all)."""

    source: Access
    sink: Access
    kind: Kind
    loop: LoopRecord | None
    spans: tuple[Span, ...]
    """One a common loop, outermost first."""

    @property
    def directions(self) -> tuple[str, ...]:
        """The direction vector."""
        return tuple(span.direction for span in self.spans)


def enclosing(loop: LoopRecord) -> Sequence[LoopRecord]:
    """The loop and all around it, outermost first."""
    found = [loop]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found[::-1]


def common(left: Sequence[LoopRecord], right: Sequence[LoopRecord]) -> list[LoopRecord]:
    """The loops around both of two places."""
    shared: list[LoopRecord] = []
    for mine, theirs in zip(left, right, strict=False):
        if mine is not theirs:
            break
        shared.append(mine)
    return shared


def meeting(loop: LoopRecord | None, first: Access, second: Access) -> tuple[Points, Iterations, Iterations]:
    """The pairs of iterations in which two accesses touch one element, ``second`` in a later iteration of ``loop``.

    Loops around ``loop`` are in the same iteration for both, those inside run freely; None: those around both are in
    the same iteration.
    """
    points = Points()
    one, other = Iterations(points, 0), Iterations(points, 1)
    around = common(first.loops, second.loops)
    kept = around[: around.index(loop)] if loop is not None else around
    for record in first.loops:
        one.enter(record)
    other.share(one, kept)
    for record in second.loops[len(kept) :]:
        other.enter(record)
    for access, side in ((first, one), (second, other)):
        for guard in access.guards:
            side.keep(guard)
    if loop is not None:
        points.least.append((-1, {_APART: 1}))
        between: Form = (0, {_APART: 1})
        _between(points, between, loop, one, other)
    if first.symbol is second.symbol is not None and first.indices is not None and second.indices is not None:
        # Once members differ, only what stands before the first counts.
        paths = slice(None) if first.path == second.path else slice(min(first.outer, second.outer))
        same(points, one, other, zip(first.indices[paths], second.indices[paths], strict=False))
    return points, one, other


def _between(points: Points, apart: Form, loop: LoopRecord, one: Iterations, other: Iterations) -> None:
    """Adds that ``other`` is ``apart`` iterations of ``loop`` later than ``one``."""
    points.zero.append(combined(combined((0, {other.counters[loop]: 1}), (0, {one.counters[loop]: 1}), -1), apart, -1))
    if loop in one.variables and loop.step:
        # Where the first value is not known it is yet the same for both.
        moved = combined(combined(other.variables[loop], one.variables[loop], -1), apart, -loop.step)
        if moved[1]:
            points.zero.append(moved)


def may_alias(first: Access, second: Access) -> bool:
    """Whether two accesses may be of one object."""
    return first.symbol is None or second.symbol is None or first.symbol is second.symbol


def distance(loop: LoopRecord, first: Access, second: Access) -> int | None:
    """The least number of iterations, 1 or more, after which ``second`` may touch what ``first`` touched.

    None: it never does. 1 where nothing is known.
    """
    if not may_alias(first, second):
        return None
    try:
        return least(meeting(loop, first, second)[0], _APART)
    except Undecided:
        return 1


def separate(loop: LoopRecord, first: Access, second: Access) -> bool:
    """Whether two accesses never meet in two different iterations of a loop around both.

    Loops around it have the same iteration for both; loops inside run freely.
    """
    if distance(loop, first, second) is not None:
        return False
    return first is second or distance(loop, second, first) is None


def carries_none(loop: LoopRecord, accesses: Iterable[Access]) -> bool:
    """Whether no two different iterations of the loop touch one element of memory with a write among the two.

    ``accesses`` are those of the loop's function; what lies outside the loop does not count, nor do plain variables.
    """
    mine = [access for access in accesses if loop in access.loops and not access.scalar]
    compared = 0
    for write in mine:
        for other in mine if write.write else ():
            if not may_alias(write, other):
                continue
            compared += 1
            if compared > _MOST_PAIRS or not separate(loop, write, other):
                return False
    return True


def dependences(first: Access, second: Access) -> list[Dependence]:
    """All that a pair of accesses carries from the first to the second, by the loop that carries it."""
    if not (first.write or second.write) or not may_alias(first, second):
        return []
    kind = Kind.OUTPUT if first.write and second.write else Kind.FLOW if first.write else Kind.ANTI
    around = common(first.loops, second.loops)
    found: list[Dependence] = []
    for level, loop in enumerate(around):
        spans = _spans(loop, around[level:], first, second)
        if spans is not None:
            found.append(Dependence(first, second, kind, loop, (Span(0, 0),) * level + spans))
    if first.order < second.order and not _apart(first, second):
        found.append(Dependence(first, second, kind, None, (Span(0, 0),) * len(around)))
    return found


def _apart(first: Access, second: Access) -> bool:
    """Whether two accesses never meet within one iteration of the loops around both."""
    try:
        return empty(meeting(None, first, second)[0])
    except Undecided:
        return False


def _spans(loop: LoopRecord, inner: Sequence[LoopRecord], first: Access, second: Access) -> tuple[Span, ...] | None:
    points, one, other = meeting(loop, first, second)
    spans: list[Span] = []
    try:
        ends = extent(points, _APART)
        if ends is None:
            return None
        spans.append(Span(*ends))
        for record in inner[1:]:
            name: Hashable = (_APART, record)
            points.zero.append(
                combined(
                    combined((0, {other.counters[record]: 1}), (0, {one.counters[record]: 1}), -1), (0, {name: -1})
                )
            )
            spans.append(Span(*(extent(points, name) or (None, None))))
    except Undecided:
        spans = [Span(1, None)]
        spans += [Span(None, None)] * (len(inner) - len(spans))
    return tuple(spans)
