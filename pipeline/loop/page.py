"""The page of a finished loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import counted
from pipeline.loop.against import value_text
from pipeline.loop.baselines import AS_WRITTEN, BASELINES
from pipeline.loop.summary import found_in, objective_text, target_text
from pipeline.present.charts import BestSoFar, Front, Predictions, SearchCurve
from pipeline.present.columns import percent_text, resource_label
from pipeline.present.run_report import (
    Answer,
    BestDesign,
    Failure,
    Grid,
    KeyFigure,
    LoopRow,
    RunReport,
    write_run_report,
)
from pipeline.reports.parse import parse_report
from pipeline.reports.report import Range
from pipeline.terms import Resource

FILES = {
    "runs.csv": "every run: design, status, cycles, utilisations, best so far, what was expected",
    "summary.json": "what was found, why it stopped, how forecasts met results",
    "pareto.csv": "the front: the designs that none beats in all axes",
    "predicted.csv": "predicted against measured, with ranks",
    "validation.csv": "the validated designs",
    "times.csv": "how long runs took",
}


def write_loop_page(
    folder: Path,
    facts: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    front: Sequence[Mapping[str, Any]],
    predicted: Sequence[Mapping[str, Any]],
    provenance: Mapping[str, Any],
    command: str,
    answers: Sequence[Answer] = (),
    axes: Sequence[tuple[str, Sequence[float | None]]] = (),
    further: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Writes ``report.html`` beside the tables of a loop and the folder ``best``.

    ``answers`` is what it opens with, ``facts`` the summary, ``rows``, ``front`` and ``predicted`` are the rows of
    ``runs.csv``, ``pareto.csv`` and ``predicted.csv``, ``axes`` names what the front is over, with a value a row, where
    it is not cycles and largest utilisation. ``further`` are designs that the validation alone has measured.
    """
    kernels = list(facts["kernels"])
    report = RunReport(
        title=f"Search for the best design of {', '.join(kernels)}",
        job="RunActiveLearningLoop",
        sources=(facts["source"],),
        summary=("" if answers else f"Figures are {target_text(facts)}. ")
        + f"Minimised: {objective_text(facts)}. "
        + " ".join(f"{name}: {found['stopped']}." for name, found in facts["kernels"].items()),
        answers=answers,
        key_figures=_figures(facts),
        warnings=facts["notices"],
        best=[
            design
            for name in kernels
            if (design := _best(facts, name, folder / "best" if len(kernels) == 1 else folder / "best" / name))
        ],
        fronts=[_front(facts, [*rows, *further], front, axes, name) for name in kernels],
        searches=[_search(facts, rows, name) for name in kernels],
        predictions=[_predictions(facts, predicted)] if predicted else [],
        grids=[
            *_validated(facts),
            *_implemented(facts),
            *_benches(facts),
        ],
        failures=_failures(rows),
        provenance=provenance,
        reproduce=(command,),
        files={name: what for name, what in FILES.items() if (folder / name).exists()},
    )  # fmt: skip
    (folder / "report.html").write_text(write_run_report(report), encoding="utf-8")


def _validated(facts: Mapping[str, Any]) -> list[Grid]:
    """The validated designs; nothing where there is none."""
    names = ("kernel", "key", "origin", "predicted_cycles", "cycles", "predicted_rank", "rank", "fits")
    rows = [
        [("yes" if row["fits"] else "no") if name == "fits" else row[name] for name in names]
        for found in facts["validation"]["kernels"].values()
        for row in found["rows"]
    ]
    columns = ("kernel", "design", "origin", "predicted cycles", "cycles", "predicted rank", "rank", "fits")
    note = "Ranks are among the validated designs of a kernel."
    return [_of_kernels(facts, Grid("Validated designs", columns, rows, note, told_once=True))] if rows else []


def _of_kernels(facts: Mapping[str, Any], grid: Grid) -> Grid:
    """The table without its first column, the kernel, where a loop has but one."""
    if len(facts["kernels"]) > 1:
        return grid
    return replace(grid, header=grid.header[1:], rows=[row[1:] for row in grid.rows])


def _implemented(facts: Mapping[str, Any]) -> list[Grid]:
    """Predicted, synthesised and implemented side by side; nothing where no design was implemented."""
    rows = []
    for found in facts["validation"]["kernels"].values():
        for row in found["rows"]:
            if row["implemented_status"] is None:
                continue
            fits = {True: "yes", False: "no", None: row["implemented_status"]}
            named, more = (row["kernel"], row["key"]), ("", "")
            rows.append([*named, "predicted", row["predicted_cycles"], *_shares(row, "predicted_"), None, None])
            rows.append([*more, "synthesised", row["cycles"], *_shares(row, ""), None, fits[row["fits"]]])
            rows.append(
                [*more, "implemented", None, *_shares(row, "implemented_"), row["implemented_clock_ns"],
                 fits[row["implemented_fits"]]]
            )  # fmt: skip
    if not rows:
        return []
    columns = ("kernel", "design", "figures", "cycles", *map(resource_label, Resource), "clock, ns", "fits")
    note = "Implemented: placed and routed by Vivado, out of context; it fits where the clock is met too."
    return [_of_kernels(facts, Grid("Predicted, synthesised, implemented", columns, rows, note))]


def _shares(row: Mapping[str, Any], kind: str) -> list[str | None]:
    found = (row.get(f"{kind}util_{name}") for name in Resource)
    return [None if share is None else percent_text(share) for share in found]


def _benches(facts: Mapping[str, Any]) -> list[Grid]:
    """What test benches say; nothing where no kernel has one."""
    rows = [
        [name, bench["original"], bench["original_why"], bench["best"], bench["best_why"]]
        for name, found in facts["kernels"].items()
        if (bench := found["testbench"]) is not None
    ]
    if not rows:
        return []
    columns = ("kernel", "original", "why", "best design", "why")
    return [Grid("Test bench on this machine", columns, rows, "Compiled by the host's compiler; no tool was run.")]


def _figures(facts: Mapping[str, Any]) -> list[KeyFigure]:
    found = [KeyFigure("runs", facts["runs"], f"of a budget of {facts['budget']:,}")]
    for name, kernel in facts["kernels"].items():
        best = kernel["best"]
        found.append(_least(facts, name, best))
        found.append(KeyFigure(f"{name}: designs that fit", kernel["fitting"], f"of {counted(kernel['runs'], 'run')}"))
    return found


def _least(facts: Mapping[str, Any], kernel: str, best: Mapping[str, Any] | None) -> KeyFigure:
    if facts["unit"] == "cycles":
        return KeyFigure(f"{kernel}: fewest cycles", best["cycles"] if best else None, _found_in(best))
    value = None if best is None else value_text(best["value"], facts["unit"])
    least = facts["objective"]
    if least.startswith("pareto"):
        least = f"{facts['unit']} of the front"
    return KeyFigure(f"{kernel}: least {least}", value, _found_in(best))


def _found_in(best: Mapping[str, Any] | None) -> str:
    return "no design fits" if best is None else f"found {found_in(best)}, {best['origin']}"


def _best(facts: Mapping[str, Any], kernel: str, folder: Path) -> BestDesign | None:
    best = facts["kernels"][kernel]["best"]
    if best is None:
        return None
    code, report = folder / f"{kernel}.c", folder / "csynth.xml"
    return BestDesign(
        kernel=kernel,
        key=best["key"],
        source=best["source"],
        origin=best["origin"],
        cycles=best["cycles"],
        utilisations={name: best[f"util_{name}"] for name in Resource},
        code=code.read_text(encoding="utf-8") if code.exists() else "",
        loops=_loops(report) if report.exists() else (),
    )


def _loops(report: Path) -> list[LoopRow]:
    return [
        LoopRow(
            name=loop.name,
            depth=loop.depth,
            trip_count=_range(loop.trip_count),
            initiation_interval=_range(loop.initiation_interval),
            iteration_latency=_range(loop.iteration_latency),
            latency=_range(loop.latency),
            pipelined=loop.pipelined,
        )
        for loop in parse_report(report.read_bytes(), file=str(report)).loops
    ]


def _range(found: Range) -> int | tuple[int | None, int | None] | None:
    if found.minimum == found.maximum:
        return found.minimum
    return found.minimum, found.maximum


def _front(
    facts: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    front: Sequence[Mapping[str, Any]],
    axes: Sequence[tuple[str, Sequence[float | None]]],
    kernel: str,
) -> Front:
    mine = [row for row in rows if row["kernel"] == kernel]
    chosen = {row["key"] for row in front if row["kernel"] == kernel}
    return Front(
        kernel=kernel,
        source=facts["source"],
        origin=" and ".join(facts["origins"]),
        keys=[row["key"] for row in mine],
        cycles=[row["cycles"] for row in mine],
        utilisations={name: [row[f"util_{name}"] for row in mine] for name in Resource},
        predicted_cycles=[row["predicted_cycles"] for row in mine],
        limit=facts["utilisation_limit"],
        marked={BASELINES[row["origin"]]: place for place, row in enumerate(mine) if row["origin"] in BASELINES},
        axes=[(name, [values[row["run"] - 1] for row in mine]) for name, values in axes],
        chosen=[place for place, row in enumerate(mine) if row["key"] in chosen],
    )


def _search(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], kernel: str) -> BestSoFar:
    mine = [row for row in rows if row["kernel"] == kernel]
    # The curve is in the unit of the objective; the design as written alone, run 1, gives its own value there.
    written = next((row["best_so_far"] for row in mine[:1] if row["origin"] == AS_WRITTEN), None)
    return BestSoFar(
        kernel=kernel,
        source=facts["source"],
        curves=[SearchCurve("this search", [row["best_so_far"] for row in mine])],
        reference=written,
        reference_name=BASELINES[AS_WRITTEN],
        unit=facts["unit"],
    )


def _predictions(facts: Mapping[str, Any], predicted: Sequence[Mapping[str, Any]]) -> Predictions:
    return Predictions(
        target="cycles",
        source=facts["source"],
        true=[row["cycles"] for row in predicted],
        predicted=[row["predicted_cycles"] for row in predicted],
        kernels=[row["kernel"] for row in predicted],
        keys=[row["key"] for row in predicted],
        unit="cycles",
        log=True,
    )


def _failures(rows: Sequence[Mapping[str, Any]]) -> list[Failure]:
    return [
        Failure(row["source"], row["kernel"], row["key"], row["status"], row["reason"] or "")
        for row in rows
        if row["status"] != "ok"
    ]
