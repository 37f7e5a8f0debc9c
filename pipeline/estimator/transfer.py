"""Copies between off-chip memory and the buffers on the chip.

Merlin copies every array argument by bursts over a port of up to 512 bits: 64 bytes a cycle where the rows divide
(UG1399: m_axi up to 512 bits), less where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pipeline.estimator.choice import Mode
from pipeline.estimator.design import Design
from pipeline.estimator.device import FlowRules
from pipeline.estimator.facts import Group
from pipeline.estimator.nest import Memory


@dataclass(frozen=True, slots=True)
class Transfer:
    """One copy of an array argument: direction ``in`` or ``out``, cycles for the data alone, bursts."""

    array: str
    direction: str
    cycles: int
    width: int
    """Bytes a cycle."""


def transfers(memories: Mapping[str, Memory], port_bytes: int, wide: bool = True) -> tuple[Transfer, ...]:
    """The copies that a kernel's array arguments need; those of unknown size are accessed in place."""
    found: list[Transfer] = []
    for memory in _arguments(memories.values()):
        words = memory.words
        if words is None or not words:
            continue
        size = max(1, memory.bits // 8)
        row = (memory.dims[-1] or 1 if memory.dims else 1) * size
        width = size
        while wide and width * 2 <= port_bytes and row % (width * 2) == 0:
            width *= 2
        cycles = -(-words * size // width)
        for direction in ("in", "out"):
            if memory.direction in (direction, "inout"):
                found.append(Transfer(memory.name, direction, cycles, width))
    return tuple(found)


def copy_cycles(moved: Sequence[Transfer], rules: FlowRules, tiled: AbstractSet[str] = frozenset()) -> int:
    """Cycles of one copy of each argument in, and of each result out; what is copied by ``tiled`` is left out."""
    if not rules.copies_overlap:
        return sum(item.cycles + rules.copy_cycles for item in moved if item.array not in tiled)
    return sum(
        max((item.cycles + rules.copy_cycles for item in moved if item.direction == way), default=0)
        for way in ("in", "out")
    )


def tile_cycles(design: Design) -> tuple[int, set[str]]:
    """Cycles of the copies that come again for every tile of a tiled loop, and the arrays that they are of.

    TILE moves the copies of the arrays that the loop walks over into the loop. Each tile copies the part that it
    touches, whole rows at one element a cycle (read off HLSyn's labels: 4,096 + 290 cycles a tile of gemm-ncubed's
    middle loop, whatever the tile). Inside a loop whose bodies are copied it shows no such effect.
    """
    total = 0
    tiled: set[str] = set()
    for number, choice in design.choices.items():
        if choice.tile <= 1:
            continue
        trips = design.nest.loops[number].loop.trip_count
        step = choice.tile * choice.factor
        if trips is None or step >= trips or design.modes[number] is Mode.UNROLLED:
            continue
        outside = design.facts.loops[number].outside
        if any(_copied(design, outer) for outer in outside):
            continue
        tiles = -(-trips // step) * math.prod(design.nest.loops[outer].loop.trip_count or 1 for outer in outside)
        parts: dict[str, int] = {}
        for group in design.facts.loops[number].groups:
            memory = design.nest.memories.get(group.array)
            if memory is not None and memory.role == "argument" and number in group.uses:
                parts[group.array] = max(parts.get(group.array, 0), _part(design, group, memory, number, step))
        tiled.update(parts)
        total += tiles * sum(words + design.rules.tile_cycles for words in parts.values())
    return total, tiled


def _copied(design: Design, loop: int) -> bool:
    """Whether a loop is asked for some copies of its body, but not for as many as it has iterations."""
    trips = design.nest.loops[loop].loop.trip_count
    return 1 < design.choices[loop].factor < (trips if trips is not None else math.inf)


def _part(design: Design, group: Group, memory: Memory, tiled: int, step: int) -> int:
    """Elements of an array that one tile of ``step`` iterations touches, the last of several dimensions whole."""
    inside = design.facts.loops[tiled].inside
    words = 1
    for place, (item, size) in enumerate(zip(group.index, memory.dims, strict=False)):
        extent = 1
        for loop, coefficient in item.loops:
            if loop == tiled:
                extent += abs(coefficient) * (step - 1)
            elif loop in inside:
                extent += abs(coefficient) * ((design.nest.loops[loop].loop.trip_count or 1) - 1)
        whole = not item.affine or (place == len(memory.dims) - 1 and place > 0)
        if size is not None:
            extent = size if whole else min(extent, size)
        words *= extent
    return words


def _arguments(memories: Iterable[Memory]) -> list[Memory]:
    return [memory for memory in memories if memory.role == "argument"]
