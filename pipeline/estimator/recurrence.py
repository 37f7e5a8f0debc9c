"""What one iteration hands to the next: the bound on the initiation interval, and the length of unrolled chains.

``II >= ceil(delay / distance)`` over all carried dependences (UG1399). A sum that every iteration adds to may be
reordered: copies of it become a tree (Merlin's reduction clause; plain Vitis under unsafe math optimisations). One
that changes under a condition, or that passes more than one operator or one whose order counts, stays a chain.
"""

from __future__ import annotations

import itertools
import math

from pipeline.estimator.design import Design
from pipeline.estimator.device import CYCLE
from pipeline.estimator.facts import Cycle
from pipeline.estimator.nest import LoopNode
from pipeline.estimator.walk_values import whole_cycles


def recurrence_interval(design: Design, node: LoopNode) -> int:
    """The dependence bound on the loop's initiation interval, 1 where it carries nothing."""
    interval = 1
    for cycle in design.carried(node.number):
        interval = max(interval, _bound(design, node, cycle))
    return interval


def flattened_interval(design: Design, nodes: list[LoopNode]) -> int:
    """The bound where loops run as one and an outer one comes back to the elements that the innermost changes.

    The tool then keeps the copies of a partly unrolled innermost loop in order (labels: gemm-p and syrk gain nothing
    by unrolling a part, all of it removes the loop). Where the factor leaves a rest, every copy behind the exit check
    adds to the sum on its own, and a multiplexer stands behind each addition (labels: II 23, 47 and 239 for 2, 6 and 38
    such copies of gesummv's sum, whatever the factor).
    """
    *outer, node = nodes
    if not outer:
        return 1
    interval = _around(design, nodes) if design.native else 1
    if node.number in design.uneven:
        factor = design.unroll[node.number]
        behind = factor - (node.loop.trip_count or factor) % factor
        for cycle in design.carried(node.number):
            if cycle.distance == 1 and _reorders(design, node, cycle):
                each = cycle.operators + CYCLE * cycle.floating
                interval = max(interval, whole_cycles(each * (behind + 1) + cycle.operators))
    for update in design.facts.loops[node.number].updates:
        moved = {loop for item in update.read for loop in item.uses}
        if any(loop.number not in moved for loop in outer):
            interval = max(interval, design.unroll[node.number])
    return interval


def _around(design: Design, nodes: list[LoopNode]) -> int:
    """The least interval in which what the outer loops hand on is back: their iterations are as many starts as those
    below take. That the tool sees how many is assumed.
    """
    interval, starts = 1, 1
    for outer, inner in reversed(list(itertools.pairwise(nodes))):
        starts *= -(-(inner.loop.trip_count or 1) // design.unroll[inner.number])
        for cycle in design.carried(outer.number):
            interval = max(interval, math.ceil(_handed(design, cycle, cycle.operators) / (starts * cycle.distance)))
    return interval


def _bound(design: Design, node: LoopNode, cycle: Cycle) -> int:
    number = node.number
    factor = design.unroll[number]
    reorders = _reorders(design, node, cycle)
    apart = factor > 1 if cycle.array is None else design.rules.element_sums_apart > 0
    if design.merlin and reorders and apart and cycle.distance == 1 and not cycle.conditional:
        # Merlin keeps partial sums apart.
        return 1
    passed = cycle.operators
    for inner in cycle.via:
        if not _reorders(design, design.nest.loops[inner], cycle):
            passed *= design.unroll[inner]
    if reorders:
        # The exit check stands between the copies before it and those after it; each become a tree.
        return _handed(design, cycle, passed * (2 if number in design.uneven and not design.merlin else 1))
    # The value is back after as many copies, over ``distance`` iterations. It is handed on ``times`` times, else it
    # goes from copy to copy within one iteration.
    times = factor if cycle.scattered else min(factor, cycle.distance)
    each, longer = divmod(factor, times)
    total = (times - longer) * _handed(design, cycle, passed * each)
    if longer:
        total += longer * _handed(design, cycle, passed * (each + 1))
    return math.ceil(total / cycle.distance)


def _handed(design: Design, cycle: Cycle, passed: int) -> int:
    """Cycles from an iteration to one that needs its value, which ``passed`` ticks of operators."""
    if not (cycle.fixed or cycle.array in design.registers):
        # The data of a load leave room in their cycle for logic, and for the store of what it gives.
        return whole_cycles(cycle.memory) + passed // CYCLE
    if cycle.floating:
        # The cycle beside the cores is free for logic.
        return max(whole_cycles(passed), passed // CYCLE + design.rules.carried_cycles)
    return whole_cycles(passed)


def _reorders(design: Design, node: LoopNode, cycle: Cycle) -> bool:
    """Whether copies of the recurrence in this loop become a tree: Merlin needs the clause, the tool an addition
    that happens in every iteration.
    """
    # Logic beside an addition, as a selection is, fills no cycle.
    if cycle.operators >= design.device.longest_add + CYCLE or cycle.distance > 1 or cycle.scattered:
        return False
    if design.merlin:
        named = node.reduction
        return bool(named) and (cycle.array is None or cycle.array == named)
    if design.native and cycle.floating:
        # Without unsafe math optimisations the tool keeps floating-point sums in their order (UG1399).
        return False
    return not (cycle.conditional or cycle.ordered)


def chain(design: Design, node: LoopNode, depth: int) -> int:
    """What the copies of an unrolled loop add to the critical path of ``depth`` cycles: a tree, or a chain."""
    copies = design.unroll[node.number]
    if copies <= 1:
        return 0
    if design.serial(node.number):
        return depth * (copies - 1)
    added = 0
    for cycle in design.carried(node.number):
        if _reorders(design, node, cycle):
            after = math.ceil(math.log2(copies))
        else:
            after = math.ceil(copies / cycle.distance) - 1
        each = cycle.operators + (cycle.memory if cycle.scattered else 0)
        added = max(added, whole_cycles(each * after))
    return added
