"""Labels in the JSON layout of HLSyn (NeurIPS 2023): ``designs/VERSION/KERNEL.json``, ``{key: {perf, point, ...}}``.

:func:`pipeline.dataset.published.read_label_set` reads it back: the labels are the same again, but for what the layout
has no place for (reasons, latencies other than the learned one, intervals, clocks, report hashes).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.dataset.labelled import says_nothing
from pipeline.reports.labels import DesignStatus
from pipeline.terms import Dialect, Resource

_PREFIX = "hlsyn-"

Row = Mapping[str, Any]
"""A row of the table labels, with the design's ``point`` (JSON text or null) added."""


def label_file(rows: Iterable[Row]) -> tuple[str, int]:
    """One kernel's label file, and how many rows were left out because their outcome says nothing of the design."""
    records: dict[str, dict[str, Any]] = {}
    left_out = 0
    for row in rows:
        if row["published_valid"] is None and says_nothing(DesignStatus(row["status"]), row["reason"]):
            left_out += 1
        else:
            records[row["key"]] = _record(row)
    return json.dumps(records, indent=2) + "\n", left_out


def version_folder(source: str) -> tuple[str, ...]:
    """Where a source's files go: ``designs/v18`` for ``hlsyn-v18``; ``designs`` for a source of another name."""
    return ("designs", source[len(_PREFIX) :]) if source.startswith(_PREFIX) else ("designs",)


def _record(row: Row) -> dict[str, Any]:
    record: dict[str, Any] = {}
    # A run without a cycle count and without a failure has no number; the layout's 0 would say that it failed.
    if row["cycles"] is not None or not _without_number(row):
        record["perf"] = float(row["cycles"] or 0)
    record["point"] = None if row["point"] is None else json.loads(row["point"])
    record["res_util"] = _resources(row)
    verdict = row["published_valid"]
    record["valid"] = row["status"] == DesignStatus.OK if verdict is None else verdict
    return record


def _without_number(row: Row) -> bool:
    """Whether a published set calls the design valid and gives no cycles for it."""
    return row["status"] == DesignStatus.NO_VERDICT and row["published_valid"] is not None


def _resources(row: Row) -> dict[str, float]:
    merlin = row["dialect"] == Dialect.MERLIN
    names = [name for name in Resource if not (merlin and name is Resource.URAM)]
    failed = row["status"] != DesignStatus.OK and not _without_number(row)
    found: dict[str, float] = {}
    for name in names:
        use, total = _utilisation(row, name, merlin), row[name]
        if use is not None or failed:
            found[f"util-{name.short}"] = use or 0
        # HLSyn writes 0 for a total that its tool gave as "~0"; the utilisation beside it is 0.0.
        if total is not None or use == 0 or failed:
            found[f"total-{name.short}"] = total or 0
    return found


def _utilisation(row: Row, name: str, merlin: bool) -> float | None:
    """The published value where there is one; else used / available, cut to hundredths in Merlin's dialect as HLSyn."""
    published, own = row[f"util_{name}_published"], row[f"util_{name}"]
    if published is not None:
        return float(published)
    if own is None:
        return None
    if not merlin:
        return min(1.0, float(own))
    return int(100 * row[name] // row[f"{name}_available"]) / 100
