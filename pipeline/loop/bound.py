"""The fewest cycles that any design of a loop's kernel can take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.estimator import prepare
from pipeline.estimator.bound import lower_bound
from pipeline.synthesis.devices import stand_in

if TYPE_CHECKING:
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis.plan import KernelPlan


def least_cycles(loop: ClosedLoop, plan: KernelPlan) -> int | None:
    """Cycles that no valid design of the plan's kernel takes less than; None where that is not known.

    By :func:`pipeline.estimator.bound.lower_bound`. Operations count against the device's DSP blocks only where the
    flow is known to be for the part that the estimator knows; elsewhere only what crosses the ports counts.
    """
    return least_cycles_of(loop, plan) if loop.goal.goal == "cycles" else None


def least_cycles_of(loop: ClosedLoop, plan: KernelPlan) -> int | None:
    """As :func:`least_cycles`, whatever the loop minimises."""
    if plan.kernel is None:
        return None
    flow = plan.address.flow
    device = loop.devices.of(flow)
    if flow.part is None or stand_in(flow) is not None:
        device = replace(device, available=replace(device.available, dsp=None))
    try:
        return lower_bound(prepare(plan.kernel, device).nest, device, loop.goal.limit)
    except PipelineError:
        return None
