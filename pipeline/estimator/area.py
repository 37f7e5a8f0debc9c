"""DSP blocks, flip-flops, LUTs and block RAM of a scheduled design.

Operators are shared within a region ``ceil(n / II)`` ways (measured on public Vitis reports), large ones serve one
region after the other; block RAM follows the measured rule by partition, see the device's data file. Flip-flops, LUTs
and block RAM are sums of counted things (:func:`terms`), each times a constant of the flow.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping

from pipeline.estimator.device import Device
from pipeline.estimator.nest import Memory
from pipeline.estimator.schedule import Schedule
from pipeline.estimator.transfer import Transfer
from pipeline.reports.counts import Resources
from pipeline.terms import Resource


def blocks(words: int, bits: int, device: Device) -> int:
    """BRAM_18K of one partition of ``words`` elements of ``bits`` bits, two-port, bound automatically.

    Measured for 32-bit words; wider words take as many such memories side by side, narrower ones share a block.
    """
    rule = device.memory
    lanes = max(1, math.ceil(bits / rule["word_bits"]))
    narrow = bits if lanes == 1 else rule["word_bits"]
    if words * min(bits, rule["word_bits"]) <= rule["lutram_words"] * rule["word_bits"]:
        return 0
    if words > rule["rounded_words"]:
        return lanes * max(1, math.floor(words * narrow / rule["block_bits"] + 0.5))
    per_block = rule["block_words"] * max(1, rule["word_bits"] // _power(narrow))
    depth = max(_power(words), per_block)
    return lanes * (depth // per_block)


def _power(value: int) -> int:
    """The power of two at or above."""
    return 1 << max(0, value - 1).bit_length()


_MOST_KEPT = 16_384
_DOUBLE = 64
"""Bits of the values that constants were fitted to: labels are of kernels of doubles."""

TERMS: Mapping[str, tuple[str, ...]] = {
    Resource.LUT: ("design", "operators", "loops", "values", "cells", "banks", "ports"),
    Resource.FF: ("design", "operators", "loops", "values", "banks", "ports"),
    Resource.BRAM_18K: ("blocks", "ports"),
}
"""What is counted for a resource: the ``design`` itself, LUTs or flip-flops of its ``operators``, ``loops``, results of
operations (``values``), LUTs that hold small arrays (``cells``), partitions (``banks``), ``blocks`` of arrays, 512-bit
``ports`` to off-chip memory."""


def terms(plan: Schedule, moved: tuple[Transfer, ...], device: Device) -> dict[str, dict[str, float]]:
    """The counts behind each resource of :data:`TERMS`, and the DSP blocks of the operators under ``dsp``."""
    nest = plan.design.nest
    dsp = 0
    lut = ff = 0.0
    values = wired = 0.0
    native = plan.design.native
    looped: dict[str, int] = {}
    beside: dict[str, int] = {}
    costs = device.operators
    for region in plan.regions:
        units = beside if region.straight and not plan.design.merlin else looped
        interval, copies, repeats = region.interval, region.copies, region.repeats
        for name, count in region.operations.items():
            cost = costs.get(name) or device.cost(name)
            needed = math.ceil(count / interval) * copies
            weight, fitted = _value(name)
            values += count * copies * repeats * weight
            if native and not fitted:
                # The constants hold multiplexers as labels have them, whose local copies are split as the tool chooses.
                # As written only operations that share a unit have some.
                wired += needed * repeats * weight
            if cost.dsp or cost.stages > 1:
                # Large operators serve one region after the other; the tool makes each pipelined loop a module, whose
                # operators other loops use too, the code around them not (labels: gesummv, 2025.1).
                units[name] = max(units.get(name, 0), needed)
            else:
                lut += needed * cost.lut * repeats
                ff += needed * cost.ff * repeats
    for name, count in itertools.chain(looped.items(), beside.items()):
        cost = costs.get(name) or device.cost(name)
        dsp += count * cost.dsp
        lut += count * cost.lut
        ff += count * cost.ff
    held = cells = banks = 0
    for name, memory in nest.memories.items():
        partitions = plan.ports.partitions.get(name, 1)
        if native and memory.role == "argument":
            continue
        used, distributed = _array(memory, partitions, device)
        copies = plan.ports.copies.get(name, 1)
        held += used * copies
        cells += distributed * copies
        banks += partitions * copies
    width = sum([item.width for item in moved]) / device.memory["port_bytes"]
    loops = float(sum([row.repeats for row in plan.rows]))
    return {
        Resource.LUT: {
            "design": 1.0,
            "operators": lut,
            "loops": loops,
            "values": values - wired,
            "cells": float(cells),
            "banks": float(banks),
            "ports": width,
        },
        Resource.FF: {
            "design": 1.0,
            "operators": ff,
            "loops": loops,
            "values": values,
            "banks": float(banks),
            "ports": width,
        },
        Resource.BRAM_18K: {"blocks": float(held), "ports": width},
        Resource.DSP: {"operators": float(dsp)},
    }


@functools.cache
def _value(operator: str) -> tuple[float, bool]:
    """What an operator's result counts for as a multiple of a double, and whether labels have such.

    A third of it is control, the rest as many registers and multiplexers as it has bits: assumed. A condition counts
    for what it steers (labels: syrk).
    """
    digits = operator[len(operator.rstrip("0123456789")) :]
    bits = int(digits) if digits else _DOUBLE if operator[0] == "d" else _DOUBLE // 2
    if operator.startswith("icmp") or bits >= _DOUBLE:
        return 1.0, True
    return (_DOUBLE // 2 + bits) / (_DOUBLE * 3 / 2), not digits


def resources(plan: Schedule, moved: tuple[Transfer, ...], device: Device) -> Resources:
    """What a design uses; may exceed what the device has."""
    counted = terms(plan, moved, device)
    area = plan.design.rules.area
    lut, ff, bram = (
        round(sum([area[resource][name] * count for name, count in counted[resource].items()])) for resource in TERMS
    )
    return Resources(bram_18k=bram, dsp=round(counted[Resource.DSP]["operators"]), ff=ff, lut=lut, uram=0)


def _array(memory: Memory, partitions: int, device: Device) -> tuple[int, int]:
    """Blocks and LUTs of one array; of unknown size (it stays off chip) none."""
    words = memory.words
    if words is None or memory.direction == "unused":
        return 0, 0
    key = words, memory.bits, partitions
    found = device.arrays.get(key)
    if found is None:
        each = -(-words // max(1, partitions))
        held = blocks(each, memory.bits, device)
        # 64 bits of distributed memory a LUT (UG574).
        cells = 0 if held or each <= 1 else partitions * math.ceil(each / 64) * memory.bits
        if len(device.arrays) >= _MOST_KEPT:
            device.arrays.clear()
        found = device.arrays[key] = (held * partitions, cells)
    return found
