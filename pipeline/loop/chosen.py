"""Which designs are validated."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import PipelineError
from pipeline.loop.baselines import tool_alone
from pipeline.loop.model_file import model_file
from pipeline.loop.pool import points_of
from pipeline.loop.search import model_of_round, search_of

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.exploration import SearchOutcome
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.record import RoundsRecord
    from pipeline.synthesis.plan import KernelPlan


@dataclass(frozen=True, slots=True)
class Chosen:
    """A design to validate, with what was expected of it; ``run`` and ``earlier_cycles`` where the loop had run it."""

    key: str
    point: Point | None
    predicted_cycles: float | None
    predicted_valid: float | None
    run: int | None = None
    earlier_cycles: int | None = None
    predicted_utilisation: tuple[float, ...] | None = None


def chosen_of_loop(loop: ClosedLoop, plan: KernelPlan, record: RoundsRecord, count: int) -> tuple[str, list[Chosen]]:
    """How the designs of a loop are chosen, in words, and the ``count`` best of a kernel, best first.

    Under replay those that the model of the finished loop expects most of among the cached designs that the loop had
    not picked, as a report that was replayed once proves nothing when it is replayed again. Else those that were
    measured best and fit, with what was expected of each before its run.
    """
    runs = [(number, run) for number, run in enumerate(record.runs(), 1) if run.result.kernel == plan.name]
    runs = [(number, run) for number, run in runs if not tool_alone(run.result.key)]
    if plan.replays:
        model = model_of_round(loop, plan, len(record.takes))
        how = "the best by the model of the finished loop among the cached designs that it had not picked"
        return how, _best_expected(loop, plan, model, [run.result.outcome() for _, run in runs], count)
    fitting = [(number, run) for number, run in runs if loop.goal.is_valid(run.result.outcome())]
    fitting.sort(key=lambda item: loop.goal.rank(item[1].result.outcome()))
    chosen = [
        Chosen(
            run.result.key, run.result.point, run.proposal.cycles, run.proposal.valid, number, run.result.cycles,
            run.proposal.utilisation,
        )
        for number, run in fitting[:count]
    ]  # fmt: skip
    return "the best that the loop had measured, against what was expected before their runs", chosen


def chosen_of_model(loop: ClosedLoop, plan: KernelPlan, count: int) -> tuple[str, list[Chosen]]:
    """The ``count`` designs that the model expects most of, without any run; raises PipelineError without a model."""
    if not loop.model:
        raise PipelineError(
            "there is no model to choose designs by",
            fix="name one with --model (TrainHierarchicalMoE makes one), or the --budget of the loop to validate",
        )
    where = "the cached designs" if plan.replays else "the design space"
    return f"the best by the model {loop.model} over {where}", _best_expected(
        loop, plan, model_file(loop.model), [], count
    )


def _best_expected(
    loop: ClosedLoop, plan: KernelPlan, model: Path, outcomes: list[SearchOutcome], count: int
) -> list[Chosen]:
    """By pure exploitation: the least expected cost among what is predicted to fit."""
    if count == 0:
        return []
    search = search_of(loop, plan, model, acquisition="exploit")
    rng = np.random.default_rng([loop.seed, zlib.crc32(plan.name.encode())])
    proposals = search.propose(outcomes, count, rng).proposals
    points = points_of(plan, [proposal.key for proposal in proposals])
    return [
        Chosen(proposal.key, point, proposal.cycles, proposal.valid, predicted_utilisation=proposal.utilisation)
        for proposal, (_, point) in zip(proposals, points, strict=True)
    ]
