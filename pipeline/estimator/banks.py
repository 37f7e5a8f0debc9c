"""Memories of an array that is split as the user says, or not at all, and the accesses that meet in one of them.

Counted one by one for the copies of one iteration: element ``i`` of a dimension lies in memory ``i mod factor``
(cyclic), ``i / ceil(size / factor)`` (block), or in one of its own (complete); a reshaped dimension puts the elements
that would lie in different memories into one word (UG1399, "pragma HLS array_partition" and "array_reshape").
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Mapping

from pipeline.estimator.nest import ElementAccess, Linear, Memory
from pipeline.kernels.own_pragmas import ArraySplit

_MOST = 4_096
"""Copies of an access that are looked at one by one."""


def split_of(memory: Memory, place: int) -> ArraySplit | None:
    """What is asked of a dimension, counted from 0; of several the last."""
    return next((item for item in reversed(memory.splits) if item.dim in (0, place + 1)), None)


def factor_of(memory: Memory, place: int) -> int:
    """Parts of a dimension, 1 where it is whole."""
    split, size = split_of(memory, place), memory.dims[place]
    if split is None:
        return 1
    wanted = size if split.kind == "complete" else split.factor
    return max(1, min(wanted or 1, size or wanted or 1))


def busiest(memory: Memory, accesses: Iterable[ElementAccess], copies: Mapping[int, int]) -> int:
    """Accesses to the memory that is met most often in one iteration; equal ones meet it once.

    Elements are compared where subscripts move alike with the loops. ``copies`` has by loop the copies of its body that
    the iteration holds.
    """
    chosen = tuple(dict.fromkeys(accesses))
    used = sorted({loop for access in chosen for item in access.index for loop in item.uses})
    return _busiest(memory, chosen, tuple((loop, copies[loop]) for loop in used if copies.get(loop, 1) > 1))


@functools.lru_cache(maxsize=16_384)
def _busiest(memory: Memory, accesses: tuple[ElementAccess, ...], copied: tuple[tuple[int, int], ...]) -> int:
    # The designs of a search share most of what is counted here.
    copies = dict(copied)
    dims = [(split_of(memory, place), factor_of(memory, place), size) for place, size in enumerate(memory.dims)]
    met: dict[tuple[int, ...], set[object]] = {}
    anywhere: set[object] = set()
    for access in accesses:
        index = access.index[: len(dims)] if memory.wide else access.index
        loops = sorted({loop for item in index for loop in item.uses if copies.get(loop, 1) > 1})
        if math.prod(copies[loop] for loop in loops) > _MOST:
            return _share(memory, loops, copies)
        steps = [_steps(item, loops) for item in index]
        sure = all(item.affine or factor <= 1 for item, (_, factor, _) in zip(index, dims, strict=False))
        for chosen in itertools.product(*(range(copies[loop]) for loop in loops)):
            bank: list[int] = []
            word: list[object] = [access.write]
            for item, by, (split, factor, size) in zip(index, steps, dims, strict=False):
                if not item.affine:
                    bank.append(0)
                    word.append((item, *zip(loops, chosen, strict=True)))
                    continue
                element = item.constant
                for step, at in zip(by, chosen, strict=True):
                    element += step * at
                part, rest = _parts(element, factor, split, size)
                if split is not None and split.reshape:
                    part, element = 0, rest
                bank.append(part)
                word.append((element, item.loops, item.symbols))
            if sure:
                met.setdefault(tuple(bank), set()).add(tuple(word))
            else:
                anywhere.add(tuple(word))
    return max((len(found) for found in met.values()), default=0) + len(anywhere)


def _steps(item: Linear, loops: list[int]) -> tuple[int, ...]:
    """How far a subscript goes with an iteration of each loop."""
    by = dict(item.loops)
    return tuple(by.get(loop, 0) for loop in loops)


def _parts(element: int, factor: int, split: ArraySplit | None, size: int | None) -> tuple[int, int]:
    """Which part of a dimension an element lies in, and where in it."""
    if split is None or factor <= 1:
        return 0, element
    if split.kind == "block" and size:
        each = -(-size // factor)
        return element // each, element % each
    return element % factor, element // factor


def _share(memory: Memory, loops: Iterable[int], copies: Mapping[int, int]) -> int:
    """The even share, where there are too many copies to look at."""
    parts = math.prod(factor_of(memory, place) for place in range(len(memory.dims)))
    return math.ceil(math.prod(copies[loop] for loop in loops) / parts)
