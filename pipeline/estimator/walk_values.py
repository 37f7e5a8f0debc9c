"""What the walk over a syntax tree knows of an expression, of a name and of the straight-line code it is in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.estimator.cost_types import CostType
from pipeline.estimator.nest import Chain, ElementAccess, Index, Linear, PortAccess, Segment

Source: TypeAlias = tuple[str, int, str]
"""Where a value comes from: ("scalar", loop, name) or ("read", number of the read, "")."""
Sources: TypeAlias = "dict[Source, tuple[int, int, frozenset[int]]]"
"""By source the delay since, the part of it in memory, and the loops that the value came through."""
CHOSEN = -1
"""Stands among the loops that a value came through where a condition chose it."""


@dataclass(slots=True)
class TimedValue:
    """An expression's type, what is known of it, when it is ready (cycles in its segment) and its sources."""

    ctype: CostType
    line: Linear
    ready: int
    sources: Sources


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
        self.loaded: dict[tuple[str, Index], TimedValue] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.operators or self.accesses or self.depth or self.unknown or self.touches)

    def close(self) -> Segment:
        """What is in it, as a value."""
        return Segment(
            dict(sorted(self.operators.items(), key=lambda item: (item[0][0], sorted(item[0][1])))),
            None if self.unknown else self.depth,
            tuple(dict.fromkeys(self.accesses)),
            tuple(dict.fromkeys(self.chains)),
            self.conditional,
            tuple(self.touches),
        )


def join(*groups: Sources) -> Sources:
    """All sources; of one that is in several groups the longest delay."""
    joined: Sources = {}
    for group in groups:
        for name, item in group.items():
            if name not in joined or joined[name][0] < item[0]:
                joined[name] = item
    return joined
