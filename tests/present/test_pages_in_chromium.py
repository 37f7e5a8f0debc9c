"""The pages in a real browser: nothing fails, nothing is asked of a network, and the charts are there.

Skipped where no Chromium is installed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.graphs.make import graph_of
from pipeline.present.graph_page import write_graph_page
from pipeline.present.run_report import write_run_report
from tests.present.browser import look
from tests.present.sample_report import CHARTS, sample_report

BLANKS = "__PIPE__L2-   .__PARA__L0-4"
SIZES = [(1400, False), (390, True)]
DRAWN = f"document.documentElement.dataset.figuresDrawn === '{CHARTS}'"
FOUND = """(() => {
  const plots = [...document.querySelectorAll(".plot")];
  const inside = (plot) => plot.querySelector(".main-svg").getBoundingClientRect();
  return {
    marks: plots.map((p) => p.querySelectorAll(".points path, .trace.boxes path, .hm image, .js-line, .point").length),
    cut: plots.filter((p) => inside(p).width > p.getBoundingClientRect().width + 1).map((p) => p.id),
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    hacked: "hacked" in window,
    background: getComputedStyle(document.body).backgroundColor,
    ink: plots[0].querySelector(".xtick text, text").style.fill,
    answer: ["h3", ".stack", ".diff .added", ".diff .removed"].map(
      (what) => document.querySelectorAll(".answer " + what).length),
    stacked: getComputedStyle(document.querySelector(".stack td")).display,
    sections: [...document.querySelectorAll("h2")].map((h) => h.textContent),
    linked: document.querySelectorAll(".best a").length,
    code: document.querySelectorAll(".source i.pragma").length,
    key: document.querySelector(".key").innerText,
  };
})()"""


@pytest.mark.parametrize(("width", "dark"), SIZES, ids=["desk", "phone"])
def test_a_reader_of_the_report_sees_every_chart_and_no_error(tmp_path: Path, width: int, dark: bool) -> None:
    page = tmp_path / "report.html"
    report = sample_report()
    best = [replace(one, key=BLANKS) for one in report.best]
    page.write_text(write_run_report(replace(report, best=best)), encoding="utf-8")
    seen = look(page, FOUND, tmp_path / "profile", width=width, dark=dark, wait=DRAWN)
    assert seen.problems == [] and seen.requests == []
    found = seen.answer
    assert len(found["marks"]) == CHARTS and all(found["marks"]), found["marks"]
    assert found["cut"] == [] and not found["sideways"], "a phone must not scroll sideways"
    assert not found["hacked"], "a text of the run became a program"
    shade = sum(int(part) for part in found["background"][4:-1].split(","))
    assert (shade < 200) is dark
    assert found["sections"] == [
        "Best design", "Pareto front", "Best so far", "Comparison", "Learning curves", "Predicted against labelled",
        "Gates and experts", "Spread of the labels", "Tables", "Failures", "Files", "Make it again", "Provenance",
    ]  # fmt: skip
    assert found["answer"] == [3, 2, 1, 1]
    assert (found["stacked"] == "block") is (width < 600), "on a phone a row is a block"
    assert (found["linked"], found["code"]) == (1, 1)
    assert found["key"].strip() == BLANKS, "a key that is copied from the page must be the key"


def test_a_reader_of_the_graph_page_sees_its_drawing_and_no_error(tmp_path: Path) -> None:
    graph = graph_of("gemm-ncubed")
    page = write_graph_page(tmp_path / "page.html", graph.nodes, graph.edges, title=graph.kernel)
    expression = "document.querySelectorAll('svg .block').length"
    seen = look(page, expression, tmp_path / "profile", width=390)
    assert seen.problems == [] and seen.requests == []
    assert seen.answer > 3
