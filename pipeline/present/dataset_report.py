"""What the page of a dataset says, read from its tables and card."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import counted
from pipeline.present.charts import Distribution, Front
from pipeline.present.run_report import Failure, Grid, KeyFigure, RunReport
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import LEARNED, Resource, estimated

MAX_FRONTS = 6
"""Fronts on the page: those of the kernels with most labelled designs."""
RESOURCES = {resource.short: resource for resource in (*LEARNED, Resource.URAM)}
FILES = {
    "card.md": "data card: sources, licences, statistics, schemas",
    "card.json": "the same for programs",
    "designs.parquet": "every design point",
    "labels.parquet": "a row per source, kernel and design: status, cycles, resources",
    "loops.parquet": "a row per loop of a report",
    "kernels.parquet": "the kernels and their design spaces",
    "sites.parquet": "the pragma sites",
    "splits.parquet": "who trains, validates and tests",
    "runs.parquet": "times of runs, which differ from run to run",
    "graphs/": "program graphs, a folder a kernel",
}


def dataset_report(
    labels: Sequence[Mapping[str, Any]], card: Mapping[str, Any], files: Sequence[str], reproduce: Sequence[str]
) -> RunReport:
    """The report of a dataset.

    ``labels`` are rows of the table of that name, ``card`` is the data card, ``files`` are the names in the dataset's
    folder (those of folders end in ``/``) and ``reproduce`` the commands that make it again.
    """
    sources = sorted({row["source"] for row in labels})
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in labels:
        pairs[row["source"], row["kernel"]].append(row)
    failed = [row for row in labels if row["status"] != "ok"]
    kernels = {kernel for _, kernel in pairs}
    fronts, drawable = _fronts(pairs)
    drawn = (
        f" Fronts of {len(fronts)} of {drawable} are drawn, those with most labels." if drawable > len(fronts) else ""
    )
    # A card says it itself, in words of its own.
    told = any("estimates" in warning for warning in card["warnings"])
    return RunReport(
        title=f"Dataset of {counted(len(kernels), 'kernel')} from {' and '.join(sources) or 'no source'}",
        job="GenerateDataset",
        sources=sources,
        summary=f"{counted(len(labels), 'design')} of {counted(len(kernels), 'kernel')}, "
        f"{len(labels) - len(failed):,} with a label, {len(failed):,} failed.{drawn}",
        key_figures=_key_figures(labels, len(kernels), len(failed)),
        warnings=[*([] if told else _estimates(sources)), *card["warnings"]],
        fronts=fronts,
        distributions=[
            Distribution(
                source,
                {kernel: [row["cycles"] for row in rows] for (of, kernel), rows in pairs.items() if of == source},
            )
            for source in sources
            if any(row["cycles"] is not None for row in labels if row["source"] == source)
        ],
        grids=[_kernel_grid(source, pairs) for source in sources],
        failures=[
            Failure(row["source"], row["kernel"], row["key"], row["status"], row["reason"] or "") for row in failed
        ],
        provenance={**card["provenance"], "packages": card["packages"]},
        reproduce=reproduce,
        files={name: FILES[name] for name in FILES if name in files},
    )


def _estimates(sources: Sequence[str]) -> list[str]:
    return [f"{source}: {ESTIMATE_NOTICE}" for source in sources if estimated(source)]


def _key_figures(labels: Sequence[Mapping[str, Any]], kernels: int, failed: int) -> list[KeyFigure]:
    share = f"{100 * failed / len(labels):.0f} %" if labels else ""
    return [
        KeyFigure("kernels", kernels),
        KeyFigure("designs", len(labels)),
        KeyFigure("labelled", len(labels) - failed),
        KeyFigure("usable for regression", sum(row["usable_regression"] for row in labels)),
        KeyFigure("failed", failed, share),
    ]


def _fronts(pairs: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> tuple[list[Front], int]:
    """Fronts of the kernels with most labelled designs, one a source; and how many there could be."""
    usable = {pair: [row for row in rows if row["usable_regression"]] for pair, rows in pairs.items()}
    largest = sorted((pair for pair in usable if usable[pair]), key=lambda pair: (-len(usable[pair]), pair))
    return [_front(kernel, source, usable[source, kernel]) for source, kernel in largest[:MAX_FRONTS]], len(largest)


def _front(kernel: str, source: str, rows: Sequence[Mapping[str, Any]]) -> Front:
    columns = {name: [_utilisation(row, resource) for row in rows] for name, resource in RESOURCES.items()}
    return Front(
        kernel=kernel,
        source=source,
        origin=", ".join(sorted({row["origin"] for row in rows})),
        keys=[row["key"] for row in rows],
        cycles=[row["cycles"] for row in rows],
        utilisations={name: values for name, values in columns.items() if any(value is not None for value in values)},
    )


def _utilisation(row: Mapping[str, Any], resource: str) -> float | None:
    published = row[f"util_{resource}_published"]
    found = row[f"util_{resource}"] if published is None else published
    return None if found is None else float(found)


def _kernel_grid(source: str, pairs: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> Grid:
    rows: list[list[Any]] = []
    for (of, kernel), members in sorted(pairs.items()):
        if of != source:
            continue
        cycles = [row["cycles"] for row in members if row["cycles"] is not None]
        status = Counter(row["status"] for row in members)
        commonest = min((name for name in status if name != "ok"), key=lambda name: (-status[name], name), default=None)
        rows.append(
            [kernel, len(members), status["ok"], len(members) - status["ok"], commonest,
             min(cycles, default=None), max(cycles, default=None)]
        )  # fmt: skip
    header = ["kernel", "designs", "labelled", "failed", "most frequent failure", "fewest cycles", "most cycles"]
    return Grid(f"Kernels, {source}", header, rows, told_once=True)
