"""The facts on a workspace as one page, self-contained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.present.run_report import Grid, KeyFigure, RunReport, write_run_report
from pipeline.workspace.text import basis_text, best_text, state_text, summary, used_text


def overview_page(facts: Mapping[str, Any], beside: Path) -> str:
    """The page as HTML, with links to the pages of loops and models as seen from the folder ``beside``."""
    loops = facts["loops"]
    unfinished = [one for one in (*loops, *facts["commands"]) if one["next"]]
    pages = {
        os.path.relpath(one["page"], beside): f"page of {one['name']}"
        for kind in ("loops", "datasets", "models", "studies")
        for one in facts[kind]
        if one.get("page")
    }
    # Links lead below the page alone: of one that lies elsewhere they would break when it is passed on.
    beyond = [[what, str((beside / place).resolve())] for place, what in pages.items() if place.startswith("..")]
    report = RunReport(
        title=f"Workspace {facts['workspace']}",
        job="Status",
        sources=sorted({one["source"] for one in loops if one["source"]}),
        summary=f"{summary(facts)}.",
        warnings=[*facts["notes"], *(f"Damaged: {line}" for line in facts["damaged"])],
        key_figures=[
            KeyFigure(label, len([one for one in facts[kind] if state is None or one["state"] == state]))
            for label, kind, state in (
                ("loops running", "loops", "running"), ("loops finished", "loops", "finished"),
                ("datasets", "datasets", None), ("models", "models", None),
            )
        ],
        grids=[grid for grid in (_loops(loops), _commands(facts["commands"]), _datasets(facts["datasets"]),
                                 _models(facts["models"]), _studies(facts["studies"]), _next(unfinished),
                                 Grid("Pages", ("page", "file"), beyond)) if grid.rows],
        files={place: what for place, what in pages.items() if not place.startswith("..")},
    )  # fmt: skip
    return write_run_report(report)


def _loops(loops: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [
        [kernel, state_text(one), used_text(one), best_text(one, kernel) if kernel else None,
         one["compared"].get(kernel),
         basis_text(one)]
        for one in loops
        for kernel in one["kernels"] or [None]
    ]  # fmt: skip
    return Grid(
        "Loops",
        ("kernel", "state", "used", "best so far", "against as written", "for"),
        rows,
    )


def _commands(commands: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [[one["task"], state_text(one), one["subject"], one["started"]] for one in commands]
    return Grid("Other commands that run or ended early", ("task", "state", "of", "since"), rows)


def _datasets(datasets: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [
        [", ".join(one["sources"]), len(one["kernels"]), one["designs"], one["ok"], one["missing"], one["name"]]
        for one in datasets
    ]
    return Grid("Datasets", ("sources", "kernels", "designs", "ok", "missing", "folder"), rows)


def _models(models: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [[one["title"], ", ".join(one["sources"]), one["name"]] for one in models]
    return Grid("Models", ("model", "labels from", "folder"), rows)


def _studies(studies: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [[one["name"], one["rows"], one["command"]] for one in studies]
    return Grid("Studies", ("folder", "rows", "made by"), rows)


def _next(unfinished: Sequence[Mapping[str, Any]]) -> Grid:
    rows = [[one.get("name") or one["task"], one["folder"], one["next"]] for one in unfinished]
    return Grid("How to go on", ("with", "in the folder", "type"), rows)
