"""Best, average and worst cycles as one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Cycles: TypeAlias = "tuple[int | None, int | None, int | None]"
"""Best, average and worst; None where no bound is known."""

UNKNOWN: Cycles = (None, None, None)


def exactly(value: int | None) -> Cycles:
    """The same in all three."""
    return (value, value, value)


def plus(left: Cycles, right: Cycles) -> Cycles:
    """One after the other."""
    a, b, c = (None if one is None or two is None else one + two for one, two in zip(left, right, strict=True))
    return (a, b, c)


def times(left: Cycles, right: Cycles) -> Cycles:
    """Repeated."""
    a, b, c = (None if one is None or two is None else one * two for one, two in zip(left, right, strict=True))
    return (a, b, c)


def largest(parts: Sequence[Cycles]) -> Cycles:
    """Side by side."""
    a, b, c = (
        None if any(part[place] is None for part in parts) else max((part[place] or 0 for part in parts), default=0)
        for place in range(3)
    )
    return (a, b, c)


def either(arms: Sequence[Cycles]) -> Cycles:
    """Exactly one of them."""
    if not arms:
        return (0, 0, 0)
    columns = list(zip(*arms, strict=True))
    best = [value for value in columns[0] if value is not None]
    average = [value for value in columns[1] if value is not None]
    worst = [value for value in columns[2] if value is not None]
    return (
        min(best) if len(best) == len(arms) else None,
        sum(average) // len(arms) if len(average) == len(arms) else None,
        max(worst) if len(worst) == len(arms) else None,
    )
