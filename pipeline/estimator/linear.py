"""Arithmetic on subscripts: what is linear in the loops' iterations, and how far apart two subscripts are."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping

from pipeline.estimator.nest import Index, Linear
from pipeline.kernels.integer_sets import Form, Points, Undecided, combined, least

_APART = "iterations between"
_NO_LOOP = -99


def constant(value: int) -> Linear:
    """A known number."""
    return Linear(constant=value)


def symbol(name: str) -> Linear:
    """A scalar whose value is unknown and does not change."""
    return Linear(symbols=((name, 1),))


def iteration(loop: int) -> Linear:
    """The iteration number of a loop, from 0."""
    return Linear(loops=((loop, 1),), uses=frozenset({loop}))


EACH = Linear(symbols=(("each element", 1),))
"""The subscript of all elements of a word at once: it meets any other."""


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


def distance(write: Index, read: Index, loop: int, spans: Mapping[int, int | None], trips: int | None) -> int | None:
    """Smallest ``d >= 1`` such that the read ``d`` iterations of ``loop`` later may meet the write.

    ``spans`` gives the number of iterations of each loop inside ``loop``, which run freely, ``trips`` its own (None:
    unknown). Loops outside are in the same iteration for both. None: they never meet. What is not affine is taken to
    meet at once, as the tool does without proof of the contrary.
    """
    if any(span is not None and span < 1 for span in spans.values()):
        return None
    # Loops that no subscript follows decide nothing, and a question takes more than the square of its unknowns.
    used = {inner for item in (*write, *read) for inner, _ in item.loops if inner in spans}
    return _distance(write, read, loop, tuple((inner, spans[inner]) for inner in sorted(used)), trips)


def meets(one: Index, other: Index) -> bool:
    """Whether two subscripts may be of one element within an iteration."""
    return distance(one, other, _NO_LOOP, {}, None) is not None


@functools.lru_cache(maxsize=8_192)
def _distance(
    write: Index, read: Index, loop: int, inside: tuple[tuple[int, int | None], ...], trips: int | None
) -> int | None:
    spans = dict(inside)
    points = Points([], [(-1, {_APART: 1})] if trips is None else [(-1, {_APART: 1}), (trips - 1, {_APART: -1})])
    for inner, span in inside:
        for side in (0, 1):
            points.least.append((0, {(side, inner): 1}))
            if span is not None:
                points.least.append((span - 1, {(side, inner): -1}))
    for first, second in zip(write, read, strict=False):
        if first.affine and second.affine:
            here, there = _form(first, 0, spans), _form(second, 1, spans)
            moved = combined(there, (0, {_APART: dict(second.loops).get(loop, 0)}))
            points.zero.append(combined(moved, here, -1))
    try:
        return least(points, _APART)
    except Undecided:
        return 1


def _form(value: Linear, side: int, inner: Mapping[int, int | None]) -> Form:
    """A subscript in unknowns: iterations of inner loops by side, all others the same for both."""
    terms: dict[Hashable, int] = {(side, loop) if loop in inner else loop: by for loop, by in value.loops}
    return value.constant, {**terms, **dict(value.symbols)}
