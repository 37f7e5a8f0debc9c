"""From a report to a label: what is learned about one design."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.reports.counts import Resources
from pipeline.terms import Resource

if TYPE_CHECKING:
    from pipeline.reports.report import Report

_MOST_SAID = 3
"""Most warnings on a report that a label's reason quotes."""


class DesignStatus(StrEnum):
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
    COSIMULATION_FAILED = "cosimulation_failed"
    """Simulating the RTL failed; C synthesis had accepted the design."""
    EXPORT_FAILED = "export_failed"
    """Packaging, or synthesis or implementation in Vivado, failed; C synthesis had accepted the design."""
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

    status: DesignStatus
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
    slices: int | None = None
    """SLICEs of a 7-series device or CLBs of a later one, as placed; None before placement."""
    published_utilisation: Utilisation | None = None
    published_valid: bool | None = None

    @property
    def clock_ns(self) -> float | None:
        """The estimated clock period in ns, else the target; None where neither is known."""
        return self.clock_target_ns if self.clock_estimated_ns is None else self.clock_estimated_ns

    @property
    def fractions(self) -> Utilisation:
        """Per resource the fraction that a published set states, else used / available."""
        own = utilisation(self.used, self.available)
        stated = self.published_utilisation
        if stated is None:
            return own
        pairs = {name: (getattr(stated, name), getattr(own, name)) for name in Resource}
        return Utilisation(**{name: counted if said is None else said for name, (said, counted) in pairs.items()})


def utilisation(used: Resources, available: Resources) -> Utilisation:
    """Used / available per resource as fractions; None where either is unknown or none is available.

    A fraction may exceed 1: the tools report designs that do not fit the device.
    """

    def fraction(name: str) -> float | None:
        count: int | None = getattr(used, name)
        total: int | None = getattr(available, name)
        return None if count is None or not total else count / total

    return Utilisation(**{name: fraction(name) for name in Resource})


def label_from_report(report: Report, *, expect_top: str | None = None, expect_part: str | None = None) -> Label:
    """The label of the design that a report describes; ``cycles`` is its worst-case latency.

    A report with an unknown worst case has the status ``ok`` and no cycles, and the reason says so, as it names what
    is odd about the report. A
    report that states another top function or part than expected, or none, is one that an earlier run
    left behind: the status is ``report_missing``, as the design's own report is, and nothing is taken
    from it. Parts are compared without regard to case and separators, which tool versions spell
    differently (``xc7z020clg484-1``, ``xc7z020-clg484-1``).
    """
    if expect_top is not None and report.top != expect_top:
        return _stale("top function", report.top, expect_top)
    if expect_part is not None and (report.part is None or bare_part(report.part) != bare_part(expect_part)):
        return _stale("part", report.part, expect_part)
    latency = report.latency
    return Label(
        status=DesignStatus.OK,
        reason=_incomplete(report),
        cycles=latency.worst,
        latency_best=latency.best,
        latency_average=latency.average,
        latency_worst=latency.worst,
        interval_min=report.interval.minimum,
        interval_max=report.interval.maximum,
        clock_target_ns=report.clock_target_ns,
        clock_estimated_ns=report.clock_estimated_ns,
        used=report.used,
        available=report.available,
    )


def _incomplete(report: Report) -> str | None:
    """What a report with figures does not say, and what it says that is no figure; None where it is whole."""
    said = ["the report does not know the worst-case latency"] if report.latency.worst is None else []
    said += report.warnings[:_MOST_SAID]
    if len(report.warnings) > _MOST_SAID:
        said.append(f"{len(report.warnings) - _MOST_SAID} more such warnings")
    return "; ".join(said) or None


def _stale(what: str, found: str | None, expected: str) -> Label:
    stated = f"is for the {what} {found!r}" if found is not None else f"states no {what}"
    return Label(
        status=DesignStatus.REPORT_MISSING,
        reason=f"the report found {stated} where {expected!r} is expected: a stale file of another run",
    )


def bare_part(part: str) -> str:
    """The name of a part without case and separators, which tool versions spell differently."""
    return "".join(letter for letter in part.lower() if letter.isalnum())
