"""DSP blocks, flip-flops, LUTs and block RAM of a scheduled design.

Operators are shared within a region ``ceil(n / II)`` ways (measured on public Vitis reports); block RAM follows the
measured rule by partition, see the device's data file.
"""

from __future__ import annotations

import math

from pipeline.estimator.device import Device
from pipeline.estimator.nest import Memory, Nest
from pipeline.estimator.schedule import Schedule
from pipeline.estimator.transfer import Transfer
from pipeline.reports.report import Resources


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


def resources(nest: Nest, plan: Schedule, moved: tuple[Transfer, ...], device: Device) -> Resources:
    """What a design uses; may exceed what the device has."""
    control = device.control
    dsp = 0
    lut = float(control["top_lut"])
    ff = float(control["top_ff"])
    units: dict[str, int] = {}
    for region in plan.regions:
        for name, count in region.operations.items():
            cost = device.operators[name]
            needed = math.ceil(count / region.interval) * region.copies
            if cost.dsp or cost.stages > 1:
                # Large operators serve one region after the other.
                units[name] = max(units.get(name, 0), needed)
            else:
                lut += needed * cost.lut
                ff += needed * cost.ff
    for name, count in units.items():
        cost = device.operators[name]
        dsp += count * cost.dsp
        lut += count * cost.lut
        ff += count * cost.ff
    for row in plan.rows:
        lut += control["loop_lut"]
        ff += control["loop_ff"]
        if row.pipelined and row.iteration[2] is not None:
            ff += control["stage_ff"] * row.iteration[2]
    bram = 0
    for name, memory in nest.memories.items():
        used, cells = _array(memory, plan.partitions.get(name, 1), device)
        copies = plan.copies.get(name, 1)
        bram += used * copies
        lut += cells * copies
    rule = device.memory
    for item in moved:
        bram += math.ceil(rule["port_bram"] * item.width / rule["port_bytes"])
        lut += rule["port_lut"]
        ff += rule["port_ff"]
    return Resources(bram_18k=bram, dsp=dsp, ff=round(ff), lut=round(lut), uram=0)


def _array(memory: Memory, partitions: int, device: Device) -> tuple[int, int]:
    """Blocks and LUTs of one array; of unknown size (it stays off chip) none."""
    words = memory.words
    if words is None or memory.direction == "unused":
        return 0, 0
    each = -(-words // max(1, partitions))
    found = blocks(each, memory.bits, device)
    # 64 bits of distributed memory a LUT (UG574).
    cells = 0 if found or each <= 1 else partitions * math.ceil(each / 64) * memory.bits
    return found * partitions, cells
