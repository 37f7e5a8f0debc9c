"""A whole loop in one call: train, search, run designs, round after round; then validation and results."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.exploration.meta_processes import tell_what_is_usual
from pipeline.files import made_whole_folder
from pipeline.loop.baselines import by_backend
from pipeline.loop.chosen import chosen_of_loop
from pipeline.loop.histories import gather_histories, histories_of, learn_from
from pipeline.loop.record import RoundsRecord, read_json, rounds_of
from pipeline.loop.results import PROVENANCE, SUMMARY, write_results
from pipeline.loop.rounds import as_measured, propose_round, proposed, round_text, train_round, write_runs
from pipeline.loop.validation import validation_rows, write_validation
from pipeline.synthesis.backends.handed_on import outcomes_of
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.testbench import SECONDS

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.plan import KernelPlan


def run_loop(
    loop: ClosedLoop,
    folder: Path,
    *,
    budget: int = 40,
    top_k: int = 3,
    testbench_seconds: float = SECONDS,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Finds the fastest designs that fit within ``budget`` runs and validates the ``top_k`` best of each kernel.

    Writes tables, summary, best designs and page into ``folder``; returns the summary.

    Rounds that are there are not run again, nor is a folder that is there written anew, so a call after a kill goes on
    where that was. Designs run one after the other in this process. ``tell`` is told of each round. A kernel's test
    bench runs on this machine for ``testbench_seconds`` at most, 0 to run none.

    Raises PipelineError for choices that do not go together, where the folder holds anything but the results of this
    very search, and where the surroundings keep a run from a result.
    """
    if budget < 1:
        raise PipelineError(f"a budget of {budget} allows no run", fix="give a positive number")
    provenance = {"budget": budget, "loop": loop.identity, "top_k": top_k}
    if folder.is_dir() and any(folder.iterdir()):
        _check_same(folder, provenance)
        return read_json(folder / SUMMARY)
    _once(loop.histories_folder, lambda place: gather_histories(loop, loop.other_addresses(), place))
    _once(loop.processes_folder, lambda place: _learn(loop, place))
    takes = rounds_of(budget, loop.batch)
    for number, take in enumerate(takes, 1):
        _once(loop.train_folder(number), lambda place, number=number: _told(train_round(loop, number, place), tell))  # type: ignore[misc]
        _once(loop.proposals_folder(number), lambda place, number=number: propose_round(loop, number, place))  # type: ignore[misc]
        for kernel, plan in loop.plans.items():
            if not (runs := loop.runs_folder(number, kernel, take)).is_dir():
                designs = proposed(loop, number, kernel, take)
                with made_whole_folder(runs) as place:
                    rows = write_runs(place, [key for key, _ in designs], _results(plan, designs), plan, loop.goal)
                if rows:
                    tell(round_text(loop, number, kernel, rows))
    record = RoundsRecord(loop, tuple(takes))
    validated = loop.rounds_folder / f"validation-{budget}-{top_k}"
    _once(validated, lambda place: _validate(record, top_k, place))
    with made_whole_folder(folder) as place:
        command = f"run_loop(..., budget={budget})"
        return write_results(place, record, budget, validated, provenance, command, testbench_seconds)


def _check_same(folder: Path, provenance: dict[str, Any]) -> None:
    fix = "name another folder for the results: the rounds that are there are used again"
    if not (folder / PROVENANCE).is_file():
        raise PipelineError("a folder that is there and holds no results of a loop", file=str(folder), fix=fix)
    there = read_json(folder / PROVENANCE)
    if there != json.loads(json.dumps(provenance)):
        what = (
            f"a search with a budget of {there.get('budget')} and {there.get('top_k')} validated, or of another kernel"
        )
        raise PipelineError(f"holds the results of another search ({what})", file=str(folder), fix=fix)


def _once(folder: Path, write: Callable[[Path], Any]) -> None:
    if not folder.is_dir():
        with made_whole_folder(folder) as place:
            write(place)


def _told(lines: Sequence[str], tell: Callable[[str], None]) -> None:
    for line in lines:
        tell(line)


def _learn(loop: ClosedLoop, folder: Path) -> None:
    histories = histories_of(loop) if loop.uses_processes() else []
    if tell_what_is_usual(histories):
        learn_from(loop, histories, folder, None)


def _results(plan: KernelPlan, designs: Sequence[tuple[str, Point | None]]) -> dict[str, Outcome]:
    found = {}
    parts = by_backend(plan, designs)
    for outcome in chain.from_iterable(outcomes_of(one.backend, one.kernel, some) for one, some in parts):
        if outcome.faults:
            fault = outcome.faults[0]
            raise PipelineError(
                f"{outcome.key} of {plan.name} has no result: {fault.status} ({fault.reason})",
                fix="mend the cause and run the same again: what is finished is kept",
            )
        found[outcome.key] = outcome
    return found


def _validate(record: RoundsRecord, top_k: int, folder: Path) -> None:
    loop = record.loop
    rows, results, hows = [], [], {}
    for kernel, plan in loop.plans.items():
        how, chosen = chosen_of_loop(loop, plan, record, top_k)
        hows[kernel] = how
        afresh = ReportStore(loop.rounds_folder / "validation-store", fsync=False)
        acting = replace(plan, backend=plan.backend.afresh(afresh))
        designs = [(pick.key, pick.point) for pick in chosen]
        found = {key: as_measured(acting, outcome, "validation") for key, outcome in _results(acting, designs).items()}
        mine = [found[pick.key] for pick in chosen]
        results += mine
        rows += validation_rows(kernel, chosen, mine, {}, loop.goal)
    write_validation(folder, loop, rows, hows, results, use_cache=False)
