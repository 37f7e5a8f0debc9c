"""Bounds on cycles: the naive one that every model must beat, and one that no design can beat."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pipeline.estimator.choice import Choice
from pipeline.estimator.device import Device
from pipeline.estimator.nest import Body, Call, LoopNode, Nest, Segment


def naive_bound(nest: Nest, choices: Mapping[int, Choice]) -> float | None:
    """Over all innermost loops, the product of trip counts over the product of factors, in iterations.

    A loop whose trip count varies counts with its longest; None where that is not known either.
    """
    parent = {inner.number: number for number, node in nest.loops.items() for inner in node.below}
    total = 0.0
    for number, node in nest.loops.items():
        if node.below:
            continue
        work, current = 1.0, number
        while True:
            loop = nest.loops[current].loop
            trips = loop.trip_count if loop.trip_count is not None else loop.trip_max
            if trips is None:
                return None
            work *= trips / max(1, choices[current].factor)
            if current not in parent:
                break
            current = parent[current]
        total += work
    return total


def lower_bound(nest: Nest, device: Device, utilisation: float = 1.0) -> int:
    """Cycles that no design of this kernel on this device takes less than, whatever its pragmas.

    The largest of two counts:

    - data: every element of an argument that is certainly accessed crosses a port of the widest kind (512 bits,
      UG1399) once, all arguments at the same time. An argument counts where straight-line code outside any condition
      reaches all of it: a one-to-one subscript over loops that cover its dimensions. Constants of the port are
      ``[memory]`` of the data file;
    - work: a DSP block starts one part of an operation a cycle, so that ``sum(operations * DSP per operation)`` needs
      that many block-cycles, spread over ``utilisation`` of the device's blocks.

    An argument that the user splits has ports of its own and counts nothing.

    Assumptions: operations that carry DSP blocks in the data file are built from them (the tool may build some from
    LUTs where it is told to), and none is found redundant; each operation that the C text executes unconditionally
    is executed, unless it does not change with a loop, when it counts once for the whole loop; operations under a
    condition and loops of unknown length count nothing, nor does a kernel with ``break``, ``continue``, ``goto`` or
    an early ``return``. What starts the kernel and fills its pipelines is left out. Raises nothing; 1 at least.
    """
    if nest.leaves:
        return 1
    blocks = max(1.0, (device.available.dsp or math.inf) * utilisation)
    work = sum(
        count * device.cost(name).dsp * math.prod(span for loop, span in around if loop in uses)
        for segment, around in _unconditional(nest.body, ())
        for (name, uses), count in segment.operators.items()
    )
    data = 0
    for segment, around in _unconditional(nest.body, ()):
        spans = dict(around)
        for access in segment.accesses:
            memory = nest.memories.get(access.array)
            if memory is None or memory.role != "argument" or memory.splits or memory.chosen:
                continue
            loops = [item.loops for item in access.index]
            single = all(item.affine and len(item.loops) == 1 for item in access.index)
            distinct = len({pairs[0][0] for pairs in loops if pairs}) == len(access.index)
            if single and distinct and len(access.index) == len(memory.dims):
                reached = math.prod(spans.get(pairs[0][0], 0) for pairs in loops)
                data = max(data, -(-reached * memory.bits // (8 * device.memory["port_bytes"])))
    return max(1, data, math.ceil(work / blocks) if not math.isinf(blocks) else 0)


def _unconditional(
    body: Body, around: tuple[tuple[int, int], ...]
) -> list[tuple[Segment, tuple[tuple[int, int], ...]]]:
    """The straight-line parts that certainly run, each with the loops around it and their least trip counts."""
    found: list[tuple[Segment, tuple[tuple[int, int], ...]]] = []
    for item in body:
        if isinstance(item, Segment):
            if not item.conditional:
                found.append((item, around))
        elif isinstance(item, LoopNode):
            trips = item.loop.trip_count if item.loop.trip_count is not None else item.loop.trip_min
            if trips:
                found.extend(_unconditional(item.body, (*around, (item.number, trips))))
        elif isinstance(item, Call):
            found.extend(_unconditional(item.body, around))
    return found
