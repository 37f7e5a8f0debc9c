"""Best, average and worst cycles as one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

Cycles: TypeAlias = "tuple[int | None, float | None, int | None]"
"""Best, average and worst; None where no bound is known. The average is whole unless a loop's mean is not."""

Whole: TypeAlias = "tuple[int | None, int | None, int | None]"
"""The same in whole cycles."""

_N = TypeVar("_N", int, float)

UNKNOWN: Cycles = (None, None, None)


def whole(value: Cycles) -> Whole:
    """The average rounded."""
    best, average, worst = value
    return (best, None if average is None else round(average), worst)


def exactly(value: int | None) -> Cycles:
    """The same in all three."""
    return (value, value, value)


def plus(left: Cycles, right: Cycles) -> Cycles:
    """One after the other."""
    best, average, worst = left
    least, middle, most = right
    return (
        None if best is None or least is None else best + least,
        None if average is None or middle is None else average + middle,
        None if worst is None or most is None else worst + most,
    )


def times(left: Cycles, right: Cycles) -> Cycles:
    """Repeated."""
    best, average, worst = left
    least, middle, most = right
    return (
        None if best is None or least is None else best * least,
        None if average is None or middle is None else average * middle,
        None if worst is None or most is None else worst * most,
    )


def largest(parts: Sequence[Cycles]) -> Cycles:
    """Side by side."""
    return (
        _largest([part[0] for part in parts]),
        _largest([part[1] for part in parts]),
        _largest([part[2] for part in parts]),
    )


def _largest(column: Sequence[_N | None]) -> _N | None:
    known = [value for value in column if value is not None]
    if len(known) != len(column):
        return None
    return max(known) if known else 0


def either(arms: Sequence[Cycles]) -> Cycles:
    """Exactly one of them."""
    if not arms:
        return (0, 0, 0)
    best = [arm[0] for arm in arms if arm[0] is not None]
    average = [arm[1] for arm in arms if arm[1] is not None]
    worst = [arm[2] for arm in arms if arm[2] is not None]
    return (
        min(best) if len(best) == len(arms) else None,
        sum(average) // len(arms) if len(average) == len(arms) else None,
        max(worst) if len(worst) == len(arms) else None,
    )
