"""What the walk over a syntax tree knows of an expression, of a name and of the straight-line code it is in."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pipeline.estimator.cost_types import CostType
from pipeline.estimator.device import CYCLE, Operator
from pipeline.estimator.nest import Chain, ElementAccess, Index, Linear, PortAccess, Segment
from pipeline.kernels import c_types, values
from pipeline.kernels.reaching import Reaching
from pipeline.kernels.values import Value

Source: TypeAlias = tuple[str, int, str]
"""Where a value comes from: ("scalar", loop, name) or ("read", number of the read, "")."""
Sources: TypeAlias = "dict[Source, tuple[int, int, frozenset[int]]]"
"""By source the ticks since, those of them in memory, and the loops that the value came through."""
CHOSEN, ORDERED = -1, -2
"""Stand among the loops that a value came through where a condition chose it, and where it passed an operation whose
order counts."""
FLOATING = -8
"""The same where it passed an operator of floating-point numbers."""
_FOLDS = {op: place for place, op in enumerate(("+", "&", "|", "^", "*"), -7)}
"""The same for operations of which many in a row may be done in any order."""


NOT_KNOWN = values.unknown(c_types.INT)


@dataclass(frozen=True, slots=True)
class TimedValue:
    """An expression's type, what the analysis knows of it and what of its time.

    ``uses`` are the loops that it changes with, ``ready`` is when it is there (ticks in its segment).
    """

    ctype: CostType
    value: Value = NOT_KNOWN
    uses: frozenset[int] = frozenset()
    ready: int = 0
    sources: Sources = field(default_factory=dict)
    narrow: int | None = None
    """Bits that an integer has at most, where its type has more."""
    number: int = 0
    """What operation gave it, of which values: the same for the same ones; 0 where none did."""

    @property
    def bits(self) -> int:
        """Bits that hold the value."""
        return self.ctype.bits if self.narrow is None else min(self.narrow, self.ctype.bits)


def told(value: TimedValue) -> Hashable:
    """What tells a value from others: the operation that gave it, else its number or where it is from; and its bits."""
    if value.number or value.value.terms is None:
        sources = tuple(sorted((name, delay) for name, (delay, _, _) in value.sources.items()))
        return value.number or sources, value.bits
    return value.value.const, frozenset(value.value.terms.items())


def is_told(value: TimedValue) -> bool:
    """Whether :func:`told` tells a value that no operation gave from all others: it is known, or just read."""
    if value.value.terms is not None:
        return True
    loaded = any(name[0] == "read" and delay == memory for name, (delay, memory, _) in value.sources.items())
    return loaded or (len(value.sources) == 1 and all(delay == 0 for delay, _, _ in value.sources.values()))


@dataclass(frozen=True, slots=True)
class Frame:
    """A function while it is walked: the top, or a helper in one call of it."""

    function: str
    reaching: Reaching
    arguments: Mapping[str, Linear]
    """What the caller gives for plain arguments, by name."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for: a scalar (``dims`` None) or part of an array."""

    key: str
    ctype: CostType
    array: bool
    prefix: Index = ()
    rank: int = 0
    """Subscripts that are left to give, 0 for unknown pointers."""
    pointing: bool = False
    """The last of ``prefix`` is where a pointer points, to which the next subscript is added."""
    ready: int = field(default=0, compare=False)
    sources: Sources = field(default_factory=dict, compare=False)
    """When the address is there, and where it comes from."""


def whole_cycles(ticks: int) -> int:
    """Cycles that hold so many ticks."""
    return -(-ticks // CYCLE)


def after(ready: int, cost: Operator) -> int:
    """When a result is there whose operands are at ``ready``: logic begins in their cycle where it ends there too."""
    if cost.stages or ready % CYCLE + cost.part > CYCLE:
        ready = CYCLE * whole_cycles(ready)
    return ready + cost.ticks


def chosen(value: TimedValue) -> TimedValue:
    """A value that a condition has chosen."""
    return _through(value, CHOSEN)


def passed(op: str, left: TimedValue, right: TimedValue) -> tuple[TimedValue, TimedValue]:
    """The operands of an operation, of which what follows tells whether a sum of copies may be a tree."""
    sign = "+" if op == "-" else op
    return _through(left, _FOLDS.get(sign, ORDERED)), _through(right, _FOLDS.get(op, ORDERED))


def in_order(value: TimedValue) -> TimedValue:
    """A value of which an operation is computed whose order counts."""
    return _through(value, ORDERED)


def _through(value: TimedValue, mark: int) -> TimedValue:
    if not value.sources:
        return value
    return replace(value, sources={key: (d, memory, via | {mark}) for key, (d, memory, via) in value.sources.items()})


def is_ordered(via: frozenset[int]) -> bool:
    """Whether the order counts of what a value passed: of one such operation, or of operations of two kinds."""
    return ORDERED in via or sum(FLOATING < mark < ORDERED for mark in via) > 1


def loops_through(via: frozenset[int]) -> frozenset[int]:
    """The loops alone."""
    return frozenset(loop for loop in via if loop >= 0)


class Open:
    """A segment under construction."""

    def __init__(self) -> None:
        self.operators: Counter[tuple[str, frozenset[int]]] = Counter()
        self.depth = 0
        self.unknown = False
        self.conditional = False
        self.accesses: list[ElementAccess] = []
        self.touches: list[PortAccess] = []
        self.chains: list[Chain] = []
        self.across: dict[tuple[str, str], list[Chain]] = {}
        """From one array onto another, by both."""
        self.loaded: dict[tuple[str, Index], TimedValue] = {}
        self.results: dict[Hashable, TimedValue] = {}
        """Of operations, by what they are of which values."""

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.operators or self.accesses or self.depth or self.unknown or self.touches)

    def close(self) -> Segment:
        """What is in it, as a value."""
        return Segment(
            dict(sorted(self.operators.items(), key=lambda item: (item[0][0], sorted(item[0][1])))),
            None if self.unknown else whole_cycles(self.depth),
            tuple(dict.fromkeys(self.accesses)),
            tuple(dict.fromkeys(self.chains)),
            self.conditional,
            tuple(self.touches),
            tuple(
                (there, back)
                for (one, other), found in self.across.items()
                if one < other
                for there, back in itertools.product(
                    dict.fromkeys(found), dict.fromkeys(self.across.get((other, one), ()))
                )
            ),
            tuple(dict.fromkeys(itertools.chain.from_iterable(self.across.values()))),
        )


def join(*groups: Sources) -> Sources:
    """All sources; of one that is in several groups the longest delay."""
    joined: Sources = {}
    for group in groups:
        for name, item in group.items():
            if name not in joined or joined[name][0] < item[0]:
                joined[name] = item
    return joined
