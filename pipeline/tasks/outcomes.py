"""Designs handed to the backend of a plan."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.tasks.vitis import run_designs

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.plan import KernelPlan


def outcomes_of(
    plan: KernelPlan, designs: Sequence[tuple[str, Point | None]], workspace: Path, on_stage: Callable[[str, str], None]
) -> Iterator[Outcome]:
    """An outcome per (key, point); those of the tool come in the order in which they are done.

    What a run finishes is in the report store before it is handed on, so a kill loses only what is in flight. An
    outcome with faults is no result; all others are, and a later call serves those of the tool from the store.
    ``on_stage`` is told (design key, stage) while the tool runs.
    """
    return plan.backend.outcomes(
        plan.kernel, designs, farm=functools.partial(run_designs, workspace=workspace, on_stage=on_stage)
    )
