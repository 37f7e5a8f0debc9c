"""What a backend gave as a labelled design, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.dataset import LabelledDesign

if TYPE_CHECKING:
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.plan import KernelPlan


def labelled(plan: KernelPlan, outcome: Outcome, sampled_by: str) -> LabelledDesign:
    """The outcome as the dataset's tables take it."""
    return LabelledDesign(
        source=plan.source,
        dialect=plan.address.flow.dialect,
        kernel=plan.name,
        kernel_hash=plan.address.kernel_hash or None,
        key=outcome.key,
        point=outcome.point,
        label=outcome.label,
        report=outcome.report,
        report_hash=outcome.report_hash,
        origin=outcome.origin,
        seconds=outcome.seconds,
        started=outcome.started,
        tool_version=outcome.report.tool_version if outcome.report else plan.address.flow.tool_version,
        sampled_by=sampled_by,
    )


def is_told(outcome: Outcome) -> bool:
    """Whether an outcome is told of by itself: designs that were not started are told of together."""
    return all(fault.started for fault in outcome.faults)


def told(outcome: Outcome) -> str:
    """One clause on an outcome: status, cycles, seconds, reason, design."""
    label = outcome.label
    if outcome.faults:
        fault = outcome.faults[0]
        return f"no result yet, {fault.step} met {fault.status} ({fault.reason}): {outcome.key}"
    cycles = f" {label.cycles:,} cycles" if label.cycles is not None else ""
    seconds = f", {outcome.seconds:.0f} s" if outcome.seconds is not None else ""
    reason = f" ({label.reason})" if label.reason else ""
    return f"{label.status}{cycles}{seconds}{reason}: {outcome.key}"
