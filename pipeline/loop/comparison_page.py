"""Two designs side by side as a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.errors import clock_text
from pipeline.loop.comparison import change_text, figure_text, headline, told_text
from pipeline.present.columns import resource_label
from pipeline.present.run_report import Grid, RunReport, write_run_report
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import estimated


def comparison_page(facts: Mapping[str, Any]) -> str:
    """The facts of :func:`pipeline.loop.comparison.compare` as self-contained HTML."""
    rows = [
        [
            resource_label(name),
            *(figure_text(name, told[which]) for which in ("first", "second")),
            change_text(told["change"]),
        ]
        for name, told in facts["figures"].items()
        if told["first"] is not None or told["second"] is not None
    ]
    grids = [
        Grid("Which designs", ("design", "is"), [["first", facts["first"]], ["second", facts["second"]]]),
        Grid("Figures", ("figure", "first", "second", "change"), rows),
    ]
    for title in ("sites", "loops"):
        differ = [
            [t.get("name", name), told_text(t["first"]), told_text(t["second"])] for name, t in facts[title].items()
        ]
        if differ:
            grids.append(Grid(f"{title.capitalize()} that differ", (title[:-1], "first", "second"), differ))
    clock = f" at {clock_text(facts['clock'])}" if facts["clock"] else ""
    alike = "" if facts["obstacles"] else f" Both are for {facts['part'] or 'a part that is not recorded,'}{clock}."
    estimates = [f"{facts['source']}: {ESTIMATE_NOTICE}"] if estimated(facts["source"]) else []
    same = [title for title in ("sites", "loops") if not facts[title]]
    return write_run_report(
        RunReport(
            title=f"Two designs of {facts['kernel']}",
            job="Compare",
            sources=[facts["source"]],
            summary=headline(facts) + alike + "".join(f" No {title} are known to differ." for title in same),
            warnings=[
                *([f"worse: {', '.join(facts['worse'])}"] if facts.get("worse") else []),
                *(f"not of one kind: {obstacle}" for obstacle in facts["obstacles"]),
                *estimates,
            ],
            grids=grids,
        )
    )
