"""What a page shows beside its charts, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Count = int | tuple[int | None, int | None] | None
"""Cycles or iterations: one number, (least, most), or None where unknown."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure that stands large at the top of the page."""

    label: str
    value: Any
    """Shown as it is where it is text; numbers are grouped or rounded; None reads 'unknown'."""
    note: str = ""
    """A few words below it, such as its unit or what it is compared with."""


@dataclass(frozen=True, slots=True)
class LoopRow:
    """A loop of the best design's report."""

    name: str
    depth: int = 0
    """Nesting depth, 0 = outermost."""
    line: int | None = None
    """Line of the loop in the annotated source, from 1; None unknown."""
    trip_count: Count = None
    initiation_interval: Count = None
    iteration_latency: Count = None
    latency: Count = None
    pipelined: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader came for: one kernel as written against its best design."""

    kernel: str
    target: str
    """Part and clock that the figures are for."""
    headline: str
    """How much better, in a sentence."""
    figures: Sequence[tuple[str, Any, Any, str]]
    """(what, as written, best, change) a row; None where there is none."""
    why: Sequence[str] = ()
    """Why it is faster, as sentences."""
    loops: Sequence[tuple[str, Any, Any, Any]] = ()
    """(loop, as written, best, what bounds it now) a row."""
    diff: str = ""
    """What changed in the source, as a unified diff."""
    sure: Sequence[str] = ()
    """How sure that is, as sentences."""
    changed: str = ""
    """The sites whose values changed, by the names that people have for them; empty where none did."""


@dataclass(frozen=True, slots=True)
class BestDesign:
    """The best design that a run found, beside its source."""

    kernel: str
    key: str
    source: str
    origin: str
    """How its figures came about: measured, resynthesised, replayed, estimated or predicted."""
    cycles: float | None
    utilisations: Mapping[str, float | None]
    """Resource name to used / available, a fraction."""
    code: str
    """The kernel's C with the pragmas of this design; empty where it is not at hand."""
    loops: Sequence[LoopRow] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A design without a label."""

    source: str
    kernel: str
    key: str
    status: str
    """The kind of failure, such as ``timeout``."""
    reason: str = ""
    """The line of the log that says so."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of the page."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    """Numbers stand right, with their digits grouped or rounded; None reads as a dash."""
    note: str = ""
    told_once: bool = False
    """Whether a column that says the same in each of several rows is told below the table instead."""
    folded: bool = False
    """Whether the table opens on demand."""
