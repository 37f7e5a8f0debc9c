"""Designs handed to the backend of a plan, and what comes back as labelled designs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.dataset import LabelledDesign
    from pipeline.design_space import Point
    from pipeline.synthesis import Outcome
    from pipeline.tasks.plan import Plan


def outcomes_of(
    plan: Plan, designs: Sequence[tuple[str, Point | None]], workspace: Path, on_stage: Callable[[str, str], None]
) -> Iterator[Outcome]:
    """An outcome per (key, point); those of the tool come in the order in which they are done.

    What a run finishes is in the report store before it is handed on, so a kill loses only what is in flight. An
    outcome with faults is no result; all others are, and a later call serves those of the tool from the store.
    ``on_stage`` is told (design key, stage) while the tool runs.
    """
    from pipeline.synthesis import ReplayBackend
    from pipeline.synthesis.vitis import VitisBackend
    from pipeline.tasks.vitis import run_designs

    if isinstance(plan.backend, ReplayBackend):
        return plan.backend.replay(designs)
    assert plan.kernel is not None
    points = [point for _, point in designs if point is not None]
    if isinstance(plan.backend, VitisBackend):
        return run_designs(plan.backend, plan.kernel, points, workspace, on_stage)
    return plan.backend.synthesize(plan.kernel, points)


def labelled(plan: Plan, outcome: Outcome, sampled_by: str) -> LabelledDesign:
    """The outcome as the dataset's tables take it."""
    from pipeline.dataset import LabelledDesign

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
