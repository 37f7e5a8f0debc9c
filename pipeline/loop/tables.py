"""The tables of a finished loop: its runs, its front, predicted against measured."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.exploration import front_of
from pipeline.loop.baselines import tool_alone
from pipeline.loop.measured import MeasuredDesign
from pipeline.terms import Resource

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.record import Run

UTILISATIONS = tuple(f"util_{name}" for name in Resource)
RUN_COLUMNS = (
    "run", "round", "key", "status", "cycles", *UTILISATIONS, "best_so_far", "kernel", "source", "origin", "fits",
    "clock_ns", "reason", "predicted_cycles", "predicted_factor", "predicted_valid", "why", "obtained",
)  # fmt: skip
FRONT_COLUMNS = ("kernel", "source", "origin", "run", "key", "cycles", "largest_utilisation", *UTILISATIONS)
PREDICTED_COLUMNS = (
    "kernel", "run", "round", "key", "predicted_cycles", "cycles", "ratio", "predicted_rank", "rank",
    "predicted_valid", "fits",
)  # fmt: skip


def run_rows(runs: Sequence[Run], goal: Objective) -> list[dict[str, Any]]:
    """A row a run, numbered from 1. ``best_so_far`` is that of the row's kernel, empty until a design fits.

    ``origin`` is ``as_written`` or ``performance`` for a baseline, else as ``obtained``: how the result came about.
    """
    best = best_values([run.result for run in runs], goal)
    return [
        {
            "run": number,
            "round": run.round,
            "key": run.result.key,
            "status": run.result.status,
            "cycles": run.result.cycles,
            **utilisations(run.result),
            "best_so_far": value,
            "kernel": run.result.kernel,
            "source": run.result.source,
            "origin": run.proposal.baseline or run.result.origin,
            "fits": goal.is_valid(run.result.outcome()),
            "clock_ns": run.result.clock_ns,
            "reason": run.result.reason,
            "predicted_cycles": _rounded(run.proposal.cycles),
            "predicted_factor": _rounded(run.proposal.cycles_factor),
            "predicted_valid": _rounded(run.proposal.valid),
            "why": run.proposal.why,
            "obtained": run.result.origin,
        }
        for number, (run, value) in enumerate(zip(runs, best, strict=True), 1)
    ]


def best_values(results: Sequence[MeasuredDesign], goal: Objective) -> list[int | float | None]:
    """Per run the objective of the best design of its kernel that fits, so far, in the unit of the objective.

    Under ``pareto`` it is the least of the first axis. None until a design fits. What the tool does alone
    is no design of the search and has no part in it.
    """
    best: dict[str, int | float] = {}
    found: list[int | float | None] = []
    for result in results:
        outcome = result.outcome()
        if goal.is_valid(outcome) and not tool_alone(result.key):
            value = value_of(result, goal)
            best[result.kernel] = min(value, best.get(result.kernel, value))
        found.append(best.get(result.kernel))
    return found


def value_of(result: MeasuredDesign, goal: Objective) -> int | float:
    """The objective of a design that fits, in the unit of the objective."""
    value = goal.value(result.outcome())
    return int(value) if value == int(value) and goal.goal != "weighted" else round(value, 6)


def further_rows(further: Sequence[MeasuredDesign], runs: int) -> list[dict[str, Any]]:
    """What a page draws of designs that no run but the validation has measured; numbers go on after those of runs."""
    return [
        {"run": number, "kernel": result.kernel, "key": result.key, "cycles": result.cycles, **utilisations(result),
         "predicted_cycles": None, "origin": result.origin}
        for number, result in enumerate(further, runs + 1)
    ]  # fmt: skip


def front_rows(runs: Sequence[Run], goal: Objective, further: Sequence[MeasuredDesign] = ()) -> list[dict[str, Any]]:
    """The measured designs of each kernel that fit and that none beats in all axes of the front.

    ``further`` are those that the validation alone has measured, whose run is None. The axes are cycles and
    largest utilisation where the objective names none.
    """
    rows = []
    numbered = [*enumerate((run.result for run in runs), 1), *((None, result) for result in further)]
    for kernel in dict.fromkeys(result.kernel for _, result in numbered):
        mine = [item for item in numbered if item[1].kernel == kernel and not tool_alone(item[1].key)]
        for place in front_of([result.outcome() for _, result in mine], goal):
            number, result = mine[place]
            known = [used for used in result.utilisation.values() if used is not None]
            rows.append(
                {
                    "kernel": kernel,
                    "source": result.source,
                    "origin": result.origin,
                    "run": number,
                    "key": result.key,
                    "cycles": result.cycles,
                    "largest_utilisation": max(known, default=None),
                    **utilisations(result),
                }
            )
    return rows


def predicted_rows(runs: Sequence[Run], goal: Objective) -> list[dict[str, Any]]:
    """What was expected of a run before it was made, and what came; ranks are within the kernel, from 1.

    Runs that were chosen without a forecast, and runs without cycles, have no place here.
    """
    rows = []
    for kernel in dict.fromkeys(run.result.kernel for run in runs):
        mine = [
            (number, run, run.proposal.cycles, run.result.cycles)
            for number, run in enumerate(runs, 1)
            if run.result.kernel == kernel and run.proposal.cycles is not None and run.result.cycles
        ]
        expected = ranks([float(predicted or 0) for _, _, predicted, _ in mine])
        true = ranks([float(cycles or 0) for _, _, _, cycles in mine])
        for (number, run, predicted, cycles), first, second in zip(mine, expected, true, strict=True):
            assert predicted is not None and cycles is not None
            rows.append(
                {
                    "kernel": kernel,
                    "run": number,
                    "round": run.round,
                    "key": run.result.key,
                    "predicted_cycles": _rounded(predicted),
                    "cycles": cycles,
                    "ratio": _rounded(predicted / cycles),
                    "predicted_rank": first,
                    "rank": second,
                    "predicted_valid": _rounded(run.proposal.valid),
                    "fits": goal.is_valid(run.result.outcome()),
                }
            )
    return rows


def utilisations(result: MeasuredDesign) -> dict[str, float | None]:
    """One column a resource."""
    return {f"util_{name}": result.utilisation[name] for name in Resource}


def ranks(values: Sequence[float]) -> list[int]:
    """The rank of each value, the least being 1; equal values share the least rank."""
    ordered = sorted(values)
    return [ordered.index(value) + 1 for value in values]


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """A header and a line a row; what is unknown is empty."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, fieldnames=list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
