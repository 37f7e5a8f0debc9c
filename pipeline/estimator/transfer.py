"""Copies between off-chip memory and the buffers on the chip.

Merlin copies every array argument by bursts over a port of up to 512 bits: 64 bytes a cycle where the rows divide
(UG1399: m_axi up to 512 bits), less where they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
        row = (memory.dims[-1] or 1) * size
        width = size
        while wide and width * 2 <= port_bytes and row % (width * 2) == 0:
            width *= 2
        cycles = -(-words * size // width)
        for direction in ("in", "out"):
            if memory.direction in (direction, "inout"):
                found.append(Transfer(memory.name, direction, cycles, width))
    return tuple(found)


def _arguments(memories: Iterable[Memory]) -> list[Memory]:
    return [memory for memory in memories if memory.role == "argument"]
