"""What becomes of each loop: unrolled, pipelined, run in stages or one iteration after the other.

Common to both flows (UG1399): a pipelined loop has all loops below unrolled, a loop whose loops are all unrolled is
pipelined without being asked, a factor that reaches the trip count leaves no loop.

Plain Vitis (measured on the published plain label set): ``off`` on a loop changes nothing; the innermost loop of a
nest whose trip count is below the threshold of ``config_compile -pipeline_loops`` (64) is unrolled into its parent,
which is pipelined instead (UG1399), unless it bears an unroll directive or writes under a condition.

Merlin (Merlin's documentation; effects measured on HLSyn's labels): a factor on the outermost of several loops copies
whole bodies. Further in, copied bodies lose the on-chip copies of their arrays unless an outer loop has been copied
before.
"""

from __future__ import annotations

from pipeline.estimator.choice import Choice, Mode, PipelineChoice
from pipeline.estimator.design import Design
from pipeline.estimator.nest import LoopNode, Segment


def decide(design: Design) -> None:
    """Fills in the modes and copies of all loops."""
    for number in design.outermost:
        node = design.nest.loops[number]
        _loop(design, node, None, False)
        if design.merlin:
            _off_chip(design, node, False)


def _loop(design: Design, node: LoopNode, parent: LoopNode | None, flat: bool) -> None:
    number = node.number
    known, choice = design.facts.loops[number], design.choices[number]
    trips = node.loop.trip_count
    factor = choice.factor if trips is None else max(1, min(choice.factor, trips))
    design.coarse[number] = 1
    flat = flat or node.apart or (choice.flat and known.unrollable)
    flatten = flat or (choice.pipeline is PipelineChoice.FLATTEN and known.unrollable)
    for inner in node.below:
        _loop(design, inner, node, flatten)
    if flat and trips is not None:
        design.modes[number] = Mode.UNROLLED
        design.unroll[number] = trips
        return
    if not known.inside or all([design.modes[inner] is Mode.UNROLLED for inner in known.inside]):
        design.unroll[number] = factor
        if trips is not None and trips % factor:
            design.uneven.add(number)
        whole = trips is not None and factor >= trips and choice.pipeline is not PipelineChoice.FLATTEN
        if whole or (not design.merlin and _small(design, node, parent, choice)):
            design.unroll[number] = trips or 1
            design.modes[number] = Mode.UNROLLED
        else:
            design.modes[number] = Mode.SEQUENTIAL if choice.off else Mode.PIPELINED
        return
    design.unroll[number] = 1
    if design.merlin and known.parallel and number in design.outermost:
        design.coarse[number] = factor
    stages = node.written.dataflow
    stages = stages or (design.merlin and choice.pipeline is PipelineChoice.COARSE and known.stages)
    stages = stages and sum(not isinstance(item, Segment) for item in node.body) > 1
    design.modes[number] = Mode.STAGES if stages else Mode.SEQUENTIAL


def _small(design: Design, node: LoopNode, parent: LoopNode | None, choice: Choice) -> bool:
    """Whether plain Vitis unrolls the loop by itself to pipeline the one around it."""
    trips = node.loop.trip_count
    if parent is None or trips is None or choice.factor > 1 or choice.pipeline is PipelineChoice.FLATTEN:
        return False
    if choice.off or not choice.whole or design.choices[parent.number].off:
        return False
    around = parent.loop.trip_count
    if len(parent.below) > 1 or around is None:
        return False
    if any(cycle.conditional for cycle in design.carried(node.number)):
        return False
    size = trips
    for inner in design.facts.loops[node.number].inside:
        size *= design.unroll[inner]
    if design.choices[parent.number].factor >= around and size * around > design.rules.small_loop:
        # The loop around vanishes; this one stays, once for each of its iterations.
        return False
    return size < design.rules.small_loop


def _off_chip(design: Design, node: LoopNode, copied: bool) -> None:
    """Marks the loops whose arrays Merlin leaves in off-chip memory."""
    number = node.number
    choice, trips = design.choices[number], node.loop.trip_count
    factor = choice.factor if trips is None else min(choice.factor, trips)
    if design.modes[number] is Mode.UNROLLED:
        return
    spread = factor > 1 and design.modes[number] is not Mode.PIPELINED and design.facts.loops[number].parallel
    if spread and number not in design.outermost and not copied and (trips is None or factor < trips):
        design.offchip.add(number)
    copied = copied or (factor > 1 and (trips is None or factor < trips))
    for item in node.below:
        _off_chip(design, item, copied)
