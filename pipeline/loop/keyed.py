"""A design that its key names, out of the runs of a loop or the labels of a dataset, to be compared."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.design_space.keys import parse_key
from pipeline.errors import PipelineError
from pipeline.files import damaged, intact, read_own, read_text
from pipeline.loop.comparison import Compared, loops_text, report_loops
from pipeline.reports.report import Range
from pipeline.synthesis.address import Address
from pipeline.synthesis.flow import Flow
from pipeline.terms import Resource

AS_WRITTEN = "as-written"
"""Stands for the key of the design as written."""
_RUNS, _SUMMARY, _LABELS, _CARD = "runs.csv", "summary.json", "labels.parquet", "card.json"

Reports = Callable[[Address, str], bytes | None]
"""Gives the report of a design by its address and key; None where there is none."""


def read_keyed(folder: Path, key: str, reports: Reports, *, kernel: str = "", source: str = "") -> Compared:
    """The design of that key in the folder of a finished loop or of a dataset.

    ``kernel`` and ``source`` are needed where the folder has the key of several. Raises PipelineError where there is no
    such design, or more than one, or what is there is damaged.
    """
    if (folder / _RUNS).is_file():
        return _of_loop(folder, key, reports, kernel)
    if (folder / _LABELS).is_file():
        return _of_dataset(folder, key, kernel, source)
    raise PipelineError(
        "holds neither a loop's runs nor a dataset's labels", file=str(folder),
        fix="name such a folder, as workspace/loops/latest or workspace/datasets/latest, or leave the key out",
    )  # fmt: skip


def _of_loop(folder: Path, key: str, reports: Reports, kernel: str) -> Compared:
    told = read_own(folder / _SUMMARY, "kernels", remove=folder)
    with intact(folder / _SUMMARY, remove=folder):
        written = {(one["as_written"] or {}).get("key") for one in told["kernels"].values()}
    rows = [
        row
        for row in csv.DictReader(io.StringIO(read_text(folder / _RUNS)))
        if (row.get("key") == key or (key == AS_WRITTEN and row.get("key") in written))
        if not kernel or row.get("kernel") == kernel
    ]
    row = _only(rows, folder / _RUNS, key)
    with intact(folder / _RUNS, remove=folder):
        facts = told["kernels"][row["kernel"]]
        flow = Flow.from_json(facts["flow"])
        address = Address(row["kernel"], facts["kernel_hash"], flow)
        figures = {
            name: _number(row.get(name, "")) for name in ("cycles", "clock_ns", *(f"util_{r}" for r in Resource))
        }
    report = reports(address, row["key"])
    return _compared(
        f"{folder} {key}", row["kernel"], row["source"], flow.part, flow.clock_ns, row["key"], figures,
        report_loops(report) if report is not None else {}, facts.get("names") or {},
    )  # fmt: skip


def _of_dataset(folder: Path, key: str, kernel: str, source: str) -> Compared:
    import pyarrow.compute as pc

    from pipeline.dataset.schemas import read_table

    card = read_own(folder / _CARD, "provenance", remove=folder)

    def chosen(name: str) -> list[dict[str, Any]]:
        table = read_table(folder / f"{name}.parquet", name)
        rows = table.filter(pc.field("key") == key).to_pylist()
        return [row for row in rows if kernel in ("", row["kernel"]) and source in ("", row["source"])]

    row = _only(chosen("labels"), folder / _LABELS, key)
    mine = [one for one in chosen("loops") if one["source"] == row["source"] and one["kernel"] == row["kernel"]]
    with intact(folder / _CARD, remove=folder):
        flow = card["provenance"].get("flows", {}).get(row["source"], {})
        clock = row["clock_target_ns"] if row["clock_target_ns"] is not None else flow.get("clock_ns")
        facts = {
            (f"{one['module']}/{one['name']}", one["loop"]): {
                what: Range(one[f"{column}_min"], one[f"{column}_max"])
                for what, column in (("trips", "trip_count"), ("II", "initiation_interval"), ("latency", "latency"))
            }
            for one in mine
        }
    figures = {f"util_{name}": row[f"util_{name}"] for name in Resource}
    return _compared(
        f"{folder} {key}", row["kernel"], row["source"], flow.get("part"), clock, key,
        {"cycles": row["cycles"], "clock_ns": row["clock_estimated_ns"], **figures},
        loops_text((name, one) for (name, _), one in facts.items()), {},
    )  # fmt: skip


def _only(rows: list[dict[str, Any]], file: Path, key: str) -> dict[str, Any]:
    if not rows:
        raise PipelineError(f"has no design {key[:200]!r}", file=str(file), fix="its column key lists them")
    others = sorted({f"{row['kernel']} from {row['source']}" for row in rows})
    if len(others) > 1:
        raise PipelineError(
            f"has that design of {', '.join(others)[:200]}", file=str(file), fix="choose with --kernel and --source"
        )
    return rows[0]


def _number(text: str) -> float | None:
    return float(text) if text else None


def _compared(
    place: str, kernel: str, source: str, part: str | None, clock: float | None, key: str,
    row: Mapping[str, float | None], loops: dict[str, dict[str, str]], names: Mapping[str, str],
) -> Compared:  # fmt: skip
    clocks = [one for one in (row["clock_ns"], clock) if one is not None]
    cycles = row["cycles"]
    figures = {str(name): row[f"util_{name}"] for name in Resource}
    try:
        point = dict(parse_key(key))
    except PipelineError as error:
        raise damaged(Path(place), error.problem) from None
    return Compared(
        place=place,
        kernel=kernel,
        basis={"source": source, "part": part, "clock": clock},
        assumed_trips=None,
        point=point,
        figures={"cycles": cycles, "ns": cycles * max(clocks) if cycles is not None and clocks else None, **figures},
        loops=loops,
        names=names,
    )
