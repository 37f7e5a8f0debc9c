"""From a report to a label: what is learned about one design."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.reports.report import Resources


class Status(StrEnum):
    """What became of one design. Everything but ``ok`` and ``not_cached`` is a failure and a result."""

    OK = "ok"
    NOT_CACHED = "not_cached"
    COMPILE_ERROR = "compile_error"
    TOP_NOT_FOUND = "top_not_found"
    PART_NOT_INSTALLED = "part_not_installed"
    SOURCE_SYNTHESIS_FAILED = "source_synthesis_failed"
    PRAGMA_CONFLICT = "pragma_conflict"
    UNROLL_REFUSED = "unroll_refused"
    DESIGN_TOO_LARGE = "design_too_large"
    TIMEOUT = "timeout"
    LICENCE = "licence"
    KILLED = "killed"
    DISK_FULL = "disk_full"
    TOOL_MISSING = "tool_missing"
    REPORT_MISSING = "report_missing"
    REPORT_UNPARSABLE = "report_unparsable"
    NO_VERDICT = "no_verdict"
    FAILED_UNSPECIFIED = "failed_unspecified"
    """A published set says that there is no result and not why."""


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Used / available as fractions, as a published set states them; None where it does not."""

    bram_18k: float | None = None
    dsp: float | None = None
    ff: float | None = None
    lut: float | None = None
    uram: float | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one design from one source."""

    status: Status
    reason: str | None = None
    """Why there is no result: the sentence of the log or of the check."""
    cycles: int | None = None
    """The learned value: worst-case latency of a report, ``perf`` of a published set."""
    latency_best: int | None = None
    latency_average: int | None = None
    latency_worst: int | None = None
    interval_min: int | None = None
    interval_max: int | None = None
    clock_target_ns: float | None = None
    clock_estimated_ns: float | None = None
    used: Resources = field(default_factory=Resources)
    available: Resources = field(default_factory=Resources)
    published_utilisation: Utilisation | None = None
    published_valid: bool | None = None
