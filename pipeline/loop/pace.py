"""How many designs a round may ask estimates of: what one costs on the kernel, against what the round's runs cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.estimator import WalkedKernel
    from pipeline.exploration.features import KernelFeatures

SECONDS, SECONDS_BESIDE_TOOL = 12, 60
"""Of a processor, for a round's estimates: where its runs are estimates themselves, and where a tool takes minutes."""

MICROSECONDS = {"design": 17, "loop": 12, "operator": 3, "memory": 7, "touch": 33}
"""What an estimate takes about: per design, and for each loop, kind of operator in a straight-line part, array and
access to a stream or port of the kernel, so that two runs of one loop look at the same designs, which by a clock they
would not. Fitted by ``bench/bench_exploration.py estimates`` to the suite and to 17 projects with loops of public
repositories, of 0.1 to 4 ms a design (one core of a server, 2026): off by a factor of 1.3 in the root mean square, and
of 2.8 at most."""

LEAST = 128
"""Estimates that a round may ask for however slow they are."""


def sizes(prepared: WalkedKernel) -> dict[str, int]:
    """How many there are of what :data:`MICROSECONDS` names."""
    loops = prepared.facts.loops
    segments = [segment for number in prepared.outermost for segment, _ in loops[number].segments]
    return {
        "design": 1,
        "loop": len(loops),
        "operator": sum(len(segment.operators) for segment in segments),
        "memory": len(prepared.nest.memories),
        "touch": sum(len(segment.touches) for segment in segments),
    }


def microseconds(prepared: WalkedKernel) -> int:
    """What an estimate of one design takes by :data:`MICROSECONDS`."""
    return sum(MICROSECONDS[name] * count for name, count in sizes(prepared).items())


def most_estimates(features: KernelFeatures, *, runs_tool: bool) -> int | None:
    """Estimates that a round may ask for; None where there are none to be had."""
    if features.microseconds is None:
        return None
    seconds = SECONDS_BESIDE_TOOL if runs_tool else SECONDS
    return max(LEAST, seconds * 1_000_000 // features.microseconds)
