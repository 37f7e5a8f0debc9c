"""A csynth.xml as values. Unknown is None, never 0.

Cycles are Python ints (they exceed 2**32), periods are nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.reports.counts import Resources

MAX_BYTES = 32 * 1024 * 1024
"""Largest report that is read: 11 times the largest of some 4,200 public ones (2.9 MB)."""


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range of cycles or counts; either end may be unknown."""

    minimum: int | None
    maximum: int | None

    @property
    def exact(self) -> int | None:
        """The value where both ends agree, else None."""
        return self.minimum if self.minimum == self.maximum else None


UNKNOWN = Range(None, None)


@dataclass(frozen=True, slots=True)
class Latency:
    """Latency of a function in clock cycles."""

    best: int | None = None
    average: int | None = None
    worst: int | None = None


@dataclass(frozen=True, slots=True)
class LoopReport:
    """One row of a loop table."""

    name: str
    module: str
    """RTL module whose table holds the loop (outlined ``_Pipeline_`` modules included)."""
    parent: int | None
    """Index into ``Report.loops`` of the enclosing loop, across outlined modules; names may repeat."""
    depth: int
    trip_count: Range
    initiation_interval: Range
    pipeline_depth: Range
    iteration_latency: Range
    """For pipelined loops the pipeline depth, which is their iteration latency."""
    latency: Range
    pipelined: bool | None
    slack_ns: float | None = None


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """One RTL module of an aggregate report."""

    name: str
    pipeline_type: str | None
    latency: Latency
    interval: Range
    clock_target_ns: float | None
    clock_uncertainty_ns: float | None
    clock_estimated_ns: float | None
    used: Resources


@dataclass(frozen=True, slots=True)
class Violation:
    """A timing or initiation-interval violation the report states."""

    module: str
    loop: str | None
    issue: str
    kind: str
    location: str | None


@dataclass(frozen=True, slots=True)
class PragmaMessage:
    """A pragma or directive as the tool saw it."""

    kind: str
    location: str | None
    status: str
    """``valid``, ``warning`` or ``invalid`` (ignored)."""
    function: str | None
    variable: str | None
    is_directive: bool
    options: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A parsed csynth.xml."""

    tool_version: str | None
    part: str | None
    family: str | None
    top: str | None
    unit: str | None
    """``ns``, whatever unit the file has: periods are read into it; None where it states none that is known."""
    flow_target: str | None
    pipeline_type: str | None
    clock_target_ns: float | None
    clock_uncertainty_ns: float | None
    clock_estimated_ns: float | None
    latency: Latency
    interval: Range
    used: Resources
    available: Resources
    loops: tuple[LoopReport, ...]
    modules: tuple[ModuleReport, ...]
    violations: tuple[Violation, ...]
    pragmas: tuple[PragmaMessage, ...]
    aggregate: bool
    """True for the aggregate of Vitis HLS, False for the report of one module."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What is odd about the file: figures that are none, each with its place. They are unknown, the rest is read."""

    @property
    def slack_ns(self) -> float | None:
        """Target period less uncertainty less estimated period; computed, as SummaryOfViolations is unreliable."""
        if self.clock_target_ns is None or self.clock_estimated_ns is None:
            return None
        return self.clock_target_ns - (self.clock_uncertainty_ns or 0.0) - self.clock_estimated_ns
