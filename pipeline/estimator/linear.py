"""Arithmetic on subscripts: what is linear in the loops' iterations, and how far apart two subscripts are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pipeline.estimator.nest import Index, Linear


def constant(value: int) -> Linear:
    """A known number."""
    return Linear(constant=value)


def symbol(name: str) -> Linear:
    """A scalar whose value is unknown and does not change."""
    return Linear(symbols=((name, 1),))


def iteration(loop: int) -> Linear:
    """The iteration number of a loop, from 0."""
    return Linear(loops=((loop, 1),), uses=frozenset({loop}))


def opaque(uses: Iterable[int]) -> Linear:
    """An unknown value that changes with the given loops."""
    return Linear(affine=False, uses=frozenset(uses))


def add(left: Linear, right: Linear, sign: int = 1) -> Linear:
    """``left + sign * right``."""
    if not (left.affine and right.affine):
        return opaque(left.uses | right.uses)
    loops = dict(left.loops)
    for key, value in right.loops:
        loops[key] = loops.get(key, 0) + sign * value
    symbols = dict(left.symbols)
    for name, value in right.symbols:
        symbols[name] = symbols.get(name, 0) + sign * value
    kept = tuple(sorted((key, value) for key, value in loops.items() if value))
    return Linear(
        kept,
        tuple(sorted((name, value) for name, value in symbols.items() if value)),
        left.constant + sign * right.constant,
        True,
        frozenset(key for key, _ in kept),
    )


def scale(value: Linear, factor: int) -> Linear:
    """``factor * value``."""
    if not value.affine:
        return value
    if factor == 0:
        return Linear()
    return Linear(
        tuple((key, item * factor) for key, item in value.loops),
        tuple((key, item * factor) for key, item in value.symbols),
        value.constant * factor,
        True,
        value.uses,
    )


def multiply(left: Linear, right: Linear) -> Linear:
    """``left * right``; unknown unless one of them is a number."""
    if is_number(left):
        return scale(right, left.constant)
    if is_number(right):
        return scale(left, right.constant)
    return opaque(left.uses | right.uses)


def is_number(value: Linear) -> bool:
    """Whether it is a known number."""
    return value.affine and not value.loops and not value.symbols


def distance(write: Index, read: Index, loop: int, spans: Mapping[int, int | None]) -> int | None:
    """Smallest ``d >= 1`` such that the read ``d`` iterations of ``loop`` later may meet the write.

    ``spans`` gives, for each loop inside ``loop``, the number of iterations over which the two may
    differ freely (None: unknown). Loops outside are the same for both. None: they never meet.
    What is not affine is taken to meet at once, as the tool does without proof of the contrary.
    """
    low, high = 1.0, math.inf
    if len(write) != len(read):
        return 1
    for first, second in zip(write, read, strict=True):
        if not (first.affine and second.affine) or first.symbols != second.symbols:
            continue
        ours, theirs = dict(first.loops), dict(second.loops)
        slack = 0.0
        for inner, span in spans.items():
            a, b = ours.get(inner, 0), theirs.get(inner, 0)
            if a or b:
                slack += max(abs(a), abs(b)) * (max(span - 1, 0) if span is not None else math.inf)
        step = theirs.get(loop, 0)
        if ours.get(loop, 0) != step:
            continue
        gap = first.constant - second.constant
        # The read's subscript grows by step * d; they meet where step * d lies in gap -+ slack.
        if step == 0:
            if abs(gap) > slack:
                return None
            continue
        ends = sorted(((gap - slack) / step, (gap + slack) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    least = math.ceil(low)
    return least if least <= high else None
