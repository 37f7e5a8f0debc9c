"""The page at the end of a main job: one HTML file with all it needs, readable on a phone, light and dark.

>>> page = write_run_report(RunReport(title="Search for gemm-p", job="RunActiveLearningLoop", sources=("hlsyn-v20",)))
>>> page.startswith("<!doctype html>")
True
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plotly.offline import get_plotlyjs

from pipeline.present import page_parts
from pipeline.present.charts import (
    BestSoFar,
    Comparison,
    Distribution,
    ExpertUse,
    Front,
    GateWeights,
    LearningCurves,
    Predictions,
)
from pipeline.present.columns import numbers
from pipeline.present.page_figures import (
    PageFigure,
    alike,
    comparison_figure,
    distribution_figure,
    front_figure,
    gate_figure,
    learning_figure,
    prediction_figure,
    search_figure,
    use_figure,
)
from pipeline.present.page_items import Answer, BestDesign, Failure, Grid, KeyFigure, LoopRow
from pipeline.present.templates import asset, part, rendered

__all__ = ["Answer", "BestDesign", "Failure", "Grid", "KeyFigure", "LoopRow", "RunReport", "write_run_report"]

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""What the browser lets the page do: nothing from anywhere else."""
_SMALL = {"predictions", "experts"}
"""Charts of which more stand side by side."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a page says. Every part but the first three is optional; a part that is empty leaves no heading.

    No part may hold a clock time or a machine's path if equal runs are to give equal bytes.
    """

    title: str
    job: str
    """The task's name."""
    sources: Sequence[str]
    """Every source whose labels the run used; named at the top of the page."""
    summary: str = ""
    """What ran and what came of it, in a sentence or two."""
    answers: Sequence[Answer] = ()
    """What the page opens with, one a kernel."""
    key_figures: Sequence[KeyFigure] = ()
    warnings: Sequence[str] = ()
    """What a reader must know before trusting a figure, such as that labels are estimates."""
    best: Sequence[BestDesign] = ()
    fronts: Sequence[Front] = ()
    searches: Sequence[BestSoFar] = ()
    comparisons: Sequence[Comparison] = ()
    learning: Sequence[LearningCurves] = ()
    predictions: Sequence[Predictions] = ()
    gates: Sequence[GateWeights] = ()
    expert_use: Sequence[ExpertUse] = ()
    distributions: Sequence[Distribution] = ()
    grids: Sequence[Grid] = ()
    failures: Sequence[Failure] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: versions, hashes, seeds, parameters."""
    reproduce: Sequence[str] = ()
    """Commands that make this run again, in order."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside the page to what they hold; the names become links, relative to the page."""


def write_run_report(report: RunReport) -> str:
    """The page as text: self-contained HTML, the same bytes for the same values.

    Every text is escaped, whatever it holds. Raises :class:`pipeline.errors.PipelineError` where columns that belong
    together differ in length.
    """
    figures: dict[str, PageFigure] = {}
    sections = [section for section in _sections(report, figures) if section.content]
    return rendered(
        "run_report.html",
        report=report,
        policy=_POLICY,
        answers=[page_parts.answer(found) for found in report.answers],
        sections=sections,
        style=asset("run_report.css"),
        figures=_values(figures),
        plotly=get_plotlyjs() if figures else "",
        script=asset("run_report.js"),
    )


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    title: str
    content: str


def _sections(report: RunReport, figures: dict[str, PageFigure]) -> Iterator[_Section]:
    """The sections in order; those without content are empty. The figures they show are added to ``figures``."""

    def charts(name: str, shown: Iterable[PageFigure | None]) -> str:
        return _charts(name, list(shown), figures)

    highest = max(
        (w for gate in report.gates for row in gate.weights for w in numbers(row) if w is not None), default=1.0
    )
    yield _Section(
        "best",
        "Best design",
        "".join(page_parts.best_design(best, f"b{number}") for number, best in enumerate(report.best)),
    )
    yield _Section("front", "Pareto front", charts("front", map(front_figure, report.fronts)))
    yield _Section("search", "Best so far", charts("search", map(search_figure, report.searches)))
    yield _Section("comparison", "Comparison", charts("comparison", map(comparison_figure, report.comparisons)))
    yield _Section("learning", "Learning curves", charts("learning", map(learning_figure, report.learning)))
    yield _Section(
        "predictions", "Predicted against labelled", charts("predictions", map(prediction_figure, report.predictions))
    )
    weighed = {gate.gate: alike(f"The {gate.gate} gate weighs", gate.weights) for gate in report.gates}
    used = {use.gate: alike(f"The {use.gate} gate uses", [use.share]) for use in report.expert_use}
    told = [said for gate in {**weighed, **used} if (said := weighed.get(gate) or used.get(gate))]
    # What a gate gives to its only kernel is the use of its experts.
    again = {gate.gate for gate in report.gates if len(gate.kernels) == 1 and gate.gate in used}
    gates = charts("gates", (None if g.gate in again else gate_figure(g, highest) for g in report.gates))
    gates += charts("experts", map(use_figure, report.expert_use))
    yield _Section("gates", "Gates and experts", "".join(part("note", said) for said in told) + gates)
    yield _Section("spread", "Spread of the labels", charts("spread", map(distribution_figure, report.distributions)))
    yield _Section("tables", "Tables", "".join(map(page_parts.grid, report.grids)))
    yield _Section("failures", "Failures", page_parts.failures(report.failures) if report.failures else "")
    yield _Section("files", "Files", page_parts.files(report.files) if report.files else "")
    yield _Section("reproduce", "Make it again", page_parts.commands(report.reproduce) if report.reproduce else "")
    yield _Section("provenance", "Provenance", page_parts.provenance(report.provenance) if report.provenance else "")


def _charts(name: str, shown: Sequence[PageFigure | None], figures: dict[str, PageFigure]) -> str:
    placed = {f"{name}-{number}": figure for number, figure in enumerate(shown) if figure is not None}
    figures |= placed
    return part("charts", placed.items(), name in _SMALL) if placed else ""


def _values(figures: Mapping[str, PageFigure]) -> str:
    """What draws the figures reads this."""
    values = {
        place: {"data": figure.data, "layout": figure.layout, "file": re.sub(r"[^A-Za-z0-9.]+", "-", figure.title)[:80]}
        for place, figure in figures.items()
    }
    # No text may end the script element or begin a comment in it.
    return json.dumps(values, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c") if figures else ""
