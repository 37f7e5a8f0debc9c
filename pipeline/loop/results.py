"""The folder that a finished loop leaves: tables, summary, best designs, page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.exploration.objective import FRONT
from pipeline.files import write_json
from pipeline.loop.against import changed_text, written_text
from pipeline.loop.answer import answer_of
from pipeline.loop.baselines import AS_WRITTEN
from pipeline.loop.best import write_best
from pipeline.loop.measured import read_measured
from pipeline.loop.page import write_loop_page
from pipeline.loop.proof import prove_best
from pipeline.loop.record import TIMES, RoundsRecord, read_json
from pipeline.loop.summary import best_of, loop_facts, objective_text
from pipeline.loop.tables import (
    FRONT_COLUMNS,
    PREDICTED_COLUMNS,
    RUN_COLUMNS,
    front_rows,
    further_rows,
    predicted_rows,
    run_rows,
    write_csv,
)
from pipeline.loop.validation import TABLE, VALIDATED, VALIDATION

if TYPE_CHECKING:
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis.plan import KernelPlan

PROVENANCE = "provenance.json"
SUMMARY = "summary.json"
_TIME_COLUMNS = ("run", "kernel", "key", "seconds", "started")


def write_results(
    folder: Path, record: RoundsRecord, budget: int, validated: Path, provenance: Mapping[str, Any], command: str,
    testbench_seconds: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """Writes the tables, the summary, the best designs and the page of a loop; returns the summary.

    ``validated`` is the folder of its validation, ``provenance`` what decided it, ``command`` what makes it again,
    ``testbench_seconds`` the limit of a run of a kernel's test bench on this machine, 0 to run none.
    """
    loop, runs, goal = record.loop, record.runs(), record.loop.goal
    known = {(run.result.kernel, run.result.key) for run in runs}
    further = [design for design in read_measured(validated / VALIDATED) if (design.kernel, design.key) not in known]
    found = {kernel: best_of(loop, runs, kernel, further) for kernel in loop.plans}
    benches = {
        kernel: prove_best(plan, best[1] if (best := found[kernel]) else None, testbench_seconds)
        for kernel, plan in loop.plans.items()
    }
    facts = loop_facts(record, budget, read_json(validated / VALIDATION), benches, further)
    rows, front, predicted = run_rows(runs, goal), front_rows(runs, goal, further), predicted_rows(runs, goal)
    write_csv(folder / "runs.csv", RUN_COLUMNS, rows)
    write_csv(folder / "pareto.csv", FRONT_COLUMNS, front)
    write_csv(folder / "predicted.csv", PREDICTED_COLUMNS, predicted)
    (folder / TABLE).write_bytes((validated / TABLE).read_bytes())
    write_json(folder / PROVENANCE, provenance)
    _write_times(folder / "times.csv", record, rows)
    answers = []
    for kernel, plan in loop.plans.items():
        best = found[kernel]
        place = folder / "best" if len(loop.plans) == 1 else folder / "best" / kernel
        if best is not None:
            assumed = loop.devices.assumptions(plan.address.flow)
            told = facts["kernels"][kernel]
            compared = [f"Searched for: {objective_text(facts)}.", f"As written: {written_text(told)}"]
            if told["as_written"] is not None:
                compared.append(f"This design: {told['compared']}.")
            if told["changed"]:
                compared.append(f"Changed: {changed_text(told)}.")
            if told["performance"] is not None:
                compared.append(f"Beside it: {told['performance']['told']}.")
            xml = _report_of(record, plan, best[1])
            told["unwritten"] = write_best(place, plan, best[1], xml, [command], assumed, benches[kernel], compared)
        written = next(
            (run.result for run in runs if run.result.kernel == kernel and run.proposal.baseline == AS_WRITTEN), None
        )  # fmt: skip
        answers.append(answer_of(loop, plan, facts, best[1] if best else None, written, place))
    write_json(folder / SUMMARY, facts)
    outcomes = [result.outcome() for result in (*(run.result for run in runs), *further)]
    # Blocks are drawn in percent: how many the device has is not always known.
    chosen = [replace(axis, share=not axis.is_latency) for axis in goal.axes] if goal.goal == "pareto" else []
    chosen = [] if tuple(chosen) == FRONT else chosen
    axes = [(axis.unit, [goal.figure(axis, outcome) for outcome in outcomes]) for axis in chosen]
    write_loop_page(
        folder, facts, rows, front, predicted, provenance, command, answers, axes, further_rows(further, len(rows))
    )
    return facts


def _write_times(file: Path, record: RoundsRecord, rows: list[dict[str, Any]]) -> None:
    times: dict[str, dict[str, Any]] = {}
    for number, take in enumerate(record.takes, 1):
        for kernel in record.loop.plans:
            told = read_json(record.loop.runs_folder(number, kernel, take) / TIMES)
            times |= {f"{kernel} {key}": value for key, value in told.items()}
    write_csv(
        file,
        _TIME_COLUMNS,
        (
            {name: row[name] for name in _TIME_COLUMNS[:3]} | times.get(f"{row['kernel']} {row['key']}", {})
            for row in rows
        ),
    )


def _report_of(record: RoundsRecord, plan: KernelPlan, design: MeasuredDesign) -> bytes | None:
    """The csynth.xml of a design that was run; None where its label came without one."""
    entry = record.loop.store.get(plan.address, design.key)
    return None if entry is None else entry.xml
