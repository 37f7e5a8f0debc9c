"""Sites whose values change no estimate: on loops of code that the source pipelines, where every loop is unrolled."""

from __future__ import annotations

from pipeline.estimator.nest import LoopNode
from pipeline.estimator.prepared import WalkedKernel


def idle_sites(prepared: WalkedKernel) -> tuple[str, ...]:
    """The names, sorted, of sites on loops that the user's own pragmas have unrolled whatever a point says.

    These stand in a function that is pipelined as a whole, or in a loop that is pipelined as written and has no site to
    say otherwise (UG1399, "pragma HLS pipeline": loops below are unrolled).
    """
    facts = prepared.facts.loops
    moved: set[str] = set()
    idle: set[str] = set()
    for number, node in prepared.nest.loops.items():
        flat = node.flat and facts[number].unrollable
        flat = flat or any(
            _always(prepared.nest.loops[outer]) and facts[outer].unrollable for outer in facts[number].outside
        )
        names = {name for name in (node.pipeline, node.parallel, node.tile) if name is not None}
        (idle if flat and node.loop.trip_count is not None else moved).update(names)
    return tuple(sorted(idle - moved))


def _always(node: LoopNode) -> bool:
    own = node.written.pipeline
    return own is not None and not own.off and node.pipeline is None
