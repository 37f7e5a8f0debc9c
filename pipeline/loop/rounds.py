"""A round of a loop: learn from the runs so far, propose designs, run them. Each step writes into a folder given."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import counted
from pipeline.exploration import Round, stop_reason
from pipeline.exploration.stopping import same_figures
from pipeline.files import intact, write_json
from pipeline.loop.baselines import designs_of, tool_alone
from pipeline.loop.bound import least_cycles
from pipeline.loop.first_runs import with_baselines
from pipeline.loop.forecast import calibration
from pipeline.loop.hours import WIDER, expected_seconds, seconds_left, seconds_taken, weighed, why_out_of_time, within
from pipeline.loop.labelled import labelled
from pipeline.loop.measured import MeasuredDesign, measured, write_measured
from pipeline.loop.record import (
    COSTS,
    PROPOSALS,
    RUNS,
    STATE,
    TIMES,
    RoundsRecord,
    interleaved,
    read_json,
    round_to_json,
)
from pipeline.loop.sameness import all_alike, untried_values
from pipeline.loop.search import search_of
from pipeline.loop.tables import best_values

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.exploration import Candidates, Objective
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.search import Told
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.plan import KernelPlan

_ENDLESS = sys.maxsize


def before_round(loop: ClosedLoop, number: int) -> RoundsRecord:
    """The rounds before one, all of them full."""
    return RoundsRecord(loop, (loop.batch,) * (number - 1))


def train_round(loop: ClosedLoop, number: int, folder: Path) -> list[str]:
    """Learns from the runs before a round: trains the forecast, checks it, and decides whether to go on.

    Writes ``state.json`` and, where a model is trained, a model file a kernel. Returns a line for each kernel whose
    search ends here.
    """
    before = before_round(loop, number)
    state: dict[str, dict[str, Any]] = {}
    for kernel, plan in loop.plans.items():
        reason = _reason(before, kernel)
        runs = [run for run in before.runs() if run.result.kernel == kernel]
        outcomes = [run.result.outcome() for run in runs]
        trained = None
        if reason is None and loop.uses_model():
            from pipeline.loop.model import tune_model

            trained = tune_model(loop, plan, outcomes, folder / f"{kernel}.safetensors")
        state[kernel] = {
            "stopped": reason,
            "runs": len(runs),
            "valid": sum(loop.goal.is_valid(outcome) for outcome in outcomes),
            "forecast": calibration([run for run in runs if run.round == number - 1], loop.goal),
            "training": trained,
        }
    write_json(folder / STATE, state)
    return [
        f"{kernel} after round {number - 1}: {found['stopped']}"
        for kernel, found in state.items()
        if found["stopped"] is not None and before.stopped(kernel) is None
    ]


def _reason(before: RoundsRecord, kernel: str) -> str | None:
    earlier = before.stopped(kernel)
    if earlier is not None or not before.takes:
        return earlier
    loop = before.loop
    if (out_of_time := why_out_of_time(before)) is not None:
        return out_of_time
    outcomes, plan = before.outcomes(kernel), loop.plans[kernel]
    last = read_json(loop.proposals_folder(len(before.takes)) / PROPOSALS)
    # The budget ends the chain of rounds, never a round: a larger one goes on from here.
    return stop_reason(
        outcomes, loop.goal, budget=_ENDLESS, rounds=before.answers(kernel),
        target=loop.target, lower_bound=least_cycles(loop, plan), alike=last.get("alike", {}).get(kernel),
        untried=untried_values(plan, [one.key for one in outcomes]) if same_figures(outcomes) else None,
    )  # fmt: skip


def propose_round(loop: ClosedLoop, number: int, folder: Path, told: Told | None = None) -> None:
    """Asks the strategy for each kernel whose search goes on; the kernels then take turns.

    It begins with the baselines that are due. ``told`` hears of estimates as they are made. Writes
    ``proposals.json``.
    """
    trained = loop.train_folder(number)
    state = read_json(trained / STATE, *loop.plans)
    answers: dict[str, Round] = {}
    before = before_round(loop, number)
    timed = {} if loop.hours is None else seconds_taken(before)
    seconds: dict[str, Any] = {}
    alike: dict[str, int | None] = {}
    for kernel, plan in loop.plans.items():
        if state[kernel]["stopped"] is None:
            search = search_of(loop, plan, trained / f"{kernel}.safetensors", told=told)
            # A kernel's name rather than its place: the same draws whatever else shares the budget.
            rng = np.random.default_rng([loop.seed, number, zlib.crc32(kernel.encode())])
            wanted = loop.batch * WIDER if timed.get(kernel) else loop.batch
            answer = search.propose(before.outcomes(kernel), wanted, rng)
            if plan.backend.estimates and all_alike(search.candidates, loop.kept.get(kernel, {})):
                alike[kernel] = search.candidates.size
            if timed.get(kernel):
                answer = _worth_it(answer, timed[kernel], search.candidates, loop.batch)
            answers[kernel] = with_baselines(loop, plan, number, answer, search.candidates)
            keys = [proposal.key for proposal in answers[kernel].proposals]
            seconds[kernel] = expected_seconds(timed.get(kernel, {}), search.candidates, keys)
    order = interleaved({kernel: len(answer.proposals) for kernel, answer in answers.items()}, loop.batch, number - 1)
    affordable = within(order, seconds, seconds_left(before))
    write_json(
        folder / PROPOSALS,
        {
            "order": affordable,
            "answers": {kernel: round_to_json(answer) for kernel, answer in answers.items()},
            **({"cut": True} if order and not affordable else {}),
            **({"alike": alike} if alike else {}),
        },
    )


def _worth_it(answer: Round, taken: Mapping[str, float], candidates: Candidates, batch: int) -> Round:
    """The proposals of a round that are worth the time that they are expected to take."""
    keys = [proposal.key for proposal in answer.proposals]
    answer = weighed(answer, expected_seconds(taken, candidates, keys))
    return replace(
        answer, proposals=answer.proposals[:batch], exhausted=answer.exhausted and len(answer.proposals) <= batch
    )


def proposed(loop: ClosedLoop, number: int, kernel: str, take: int) -> list[tuple[str, Point | None]]:
    """A kernel's designs among the first ``take`` proposals of a round, best first."""
    file = loop.proposals_folder(number) / PROPOSALS
    asked = read_json(file, "order", "answers")
    with intact(file, remove=file.parent):
        places = [place for name, place in asked["order"][:take] if name == kernel]
        keys = [asked["answers"][kernel]["proposals"][place]["key"] for place in places]
    return designs_of(loop.plans[kernel], keys)


def as_measured(plan: KernelPlan, outcome: Outcome, sampled_by: str) -> MeasuredDesign:
    """What the loop keeps of a backend's outcome."""
    return measured(labelled(plan, outcome, sampled_by))


def write_runs(
    folder: Path, keys: Sequence[str], outcomes: Mapping[str, Outcome], plan: KernelPlan, goal: Objective
) -> list[MeasuredDesign]:
    """Writes the results in the order of ``keys`` as ``runs.jsonl``, the costs of those that fit as ``costs.json``, for
    who knows no goal, and ``times.json``, which differs from run to run.

    Returns the rows in the order in which they were done.
    """
    rows = {key: as_measured(plan, outcome, "loop") for key, outcome in outcomes.items()}
    write_measured(folder / RUNS, (rows[key] for key in keys if key in rows))
    write_json(folder / COSTS, _costs(rows, goal))
    write_json(
        folder / TIMES,
        {key: {"seconds": outcome.seconds, "started": outcome.started} for key, outcome in outcomes.items()},
    )
    return list(rows.values())


def _costs(rows: Mapping[str, MeasuredDesign], goal: Objective) -> dict[str, list[float]]:
    """The costs of each design that fits, by key."""
    outcomes = {key: row.outcome() for key, row in rows.items() if not tool_alone(key)}
    return {key: list(goal.rank(outcome)) for key, outcome in outcomes.items() if goal.is_valid(outcome)}


def round_text(loop: ClosedLoop, number: int, kernel: str, rows: Sequence[MeasuredDesign]) -> str:
    """One line on what a round found for a kernel."""
    earlier = [run.result for run in before_round(loop, number).runs() if run.result.kernel == kernel]
    goal = loop.goal
    best = best_values([*earlier, *rows], goal)[-1]
    fitting = sum(goal.is_valid(row.outcome()) for row in rows if not tool_alone(row.key))
    found = "none fits yet" if best is None else f"best so far {best:,} {goal.unit}"
    runs = len(earlier) + len(rows)
    return f"{kernel} round {number}: {counted(len(rows), 'run')}, {fitting} fit; {found} after {counted(runs, 'run')}"
