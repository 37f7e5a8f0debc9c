"""One labelled design, and what its row counts for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.reports.report import LoopReport, Range, Report
from pipeline.reports.surroundings import exhausted
from pipeline.terms import Resource

_R = TypeVar("_R")

LABEL_COLUMNS = (
    "reason", "cycles", "latency_best", "latency_average", "latency_worst", "interval_min", "interval_max",
    "clock_target_ns", "clock_estimated_ns", "published_valid",
)  # fmt: skip
"""Members of a label that stand in the table ``labels`` as they are."""

PUBLISHED = "published"
"""Origin of labels that come from a published set and not from a report."""

MINIMUM_PUBLISHED_CYCLES = 100
"""Published labels below this are no usable run (the protocol of HLSyn, NeurIPS 2023)."""

SAYS_NOTHING = frozenset(
    {
        DesignStatus.NOT_CACHED,
        DesignStatus.PART_NOT_INSTALLED,
        DesignStatus.LICENCE,
        DesignStatus.KILLED,
        DesignStatus.DISK_FULL,
        DesignStatus.TOOL_MISSING,
        DesignStatus.REPORT_MISSING,
        DesignStatus.REPORT_UNPARSABLE,
        DesignStatus.NO_VERDICT,
    }
)
"""Outcomes that tell about the machine or the record, not about the design; but see :func:`says_nothing`."""


@dataclass(frozen=True, slots=True)
class LabelledDesign:
    """One design with what one source says of it."""

    source: str
    dialect: str
    kernel: str
    kernel_hash: str | None
    key: str
    point: Mapping[str, int | str] | None
    label: Label
    report: Report | None
    report_hash: str | None
    origin: str
    """``replayed``, ``estimated``, ``synthesised``, ``resynthesised`` or ``published``."""
    seconds: float | None = None
    started: str | None = None
    """ISO 8601."""
    tool_version: str | None = None
    sampled_by: str | None = None
    """Sampling strategy that chose the point; None is ``published`` for published labels, else unknown."""


def design_of_row(row: Mapping[str, Any], point: Mapping[str, int | str] | None) -> LabelledDesign:
    """The labelled design that a row of the table ``labels`` was made of, without report and times."""

    def resources(kind: type[_R], end: str, start: str = "") -> _R:
        return kind(**{name: row[f"{start}{name}{end}"] for name in Resource})

    published = resources(Utilisation, "_published", "util_")
    label = Label(
        status=DesignStatus(row["status"]),
        **{name: row[name] for name in LABEL_COLUMNS},
        used=resources(Resources, ""),
        available=resources(Resources, "_available"),
        published_utilisation=None if published == Utilisation() else published,
    )
    own = ("source", "dialect", "kernel", "kernel_hash", "key", "report_hash", "origin", "tool_version")
    return LabelledDesign(**{name: row[name] for name in own}, point=point, label=label, report=None)


def loops_of_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[LoopReport, ...]:
    """The loops of one design's report, of its rows of the table ``loops``."""

    def span(row: Mapping[str, Any], name: str) -> Range:
        return Range(row[f"{name}_min"], row[f"{name}_max"])

    return tuple(
        LoopReport(
            name=row["name"],
            module=row["module"],
            parent=row["parent"],
            depth=row["depth"],
            trip_count=span(row, "trip_count"),
            initiation_interval=span(row, "initiation_interval"),
            pipeline_depth=span(row, "pipeline_depth"),
            iteration_latency=span(row, "iteration_latency"),
            latency=span(row, "latency"),
            pipelined=row["pipelined"],
            slack_ns=row["slack_ns"],
        )
        for row in sorted(rows, key=lambda row: int(row["loop"]))
    )


def says_nothing(status: DesignStatus, reason: str | None) -> bool:
    """Whether an outcome tells nothing of the design; a limit that it used up is the design's own failure."""
    return status in SAYS_NOTHING and exhausted(status, reason) is None


def is_published(row: LabelledDesign) -> bool:
    """Whether the label is a published set's statement, also where it was replayed from the store."""
    return (
        row.origin == PUBLISHED or row.label.published_valid is not None or row.label.published_utilisation is not None
    )


def usable_for_regression(row: LabelledDesign) -> bool:
    """Whether the row has a cycle count to learn from: any of an own report, at least 100 of a published set."""
    cycles = row.label.cycles
    least = MINIMUM_PUBLISHED_CYCLES if is_published(row) else 1
    return row.label.status is DesignStatus.OK and cycles is not None and cycles >= least


def validity_target(row: LabelledDesign) -> bool | None:
    """Whether the run gave a usable result: at least 100 cycles of a published set, else a report.

    None where the outcome says nothing about the design.
    """
    if says_nothing(row.label.status, row.label.reason):
        return None
    return usable_for_regression(row) if is_published(row) else row.label.status is DesignStatus.OK
