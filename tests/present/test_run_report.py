"""The page of a run: whole, safe, and true to its values."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from pipeline.errors import PipelineError
from pipeline.present.charts import (
    SHARE,
    BestSoFar,
    Comparison,
    Distribution,
    ExpertUse,
    Front,
    GateWeights,
    LearningCurves,
    Predictions,
    SearchCurve,
)
from pipeline.present.columns import front_of, number_text, numbers
from pipeline.present.model_report import model_report
from pipeline.present.page_figures import MAX_POINTS, front_figure, prediction_figure, search_figure
from pipeline.present.plotly_parts import log_axis
from pipeline.present.run_report import Answer, Failure, Grid, RunReport, write_run_report
from tests.present.sample_report import CHARTS, EVIL, sample_report

VOID = {"meta", "br", "img"}


class _Reader(HTMLParser):
    """Elements, links and the text that a reader sees; what is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.visible: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.visible.append(data)

    def all(self, attribute: str) -> list[str]:
        return [str(found[attribute]) for _, found in self.elements if attribute in found]


def _figures(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def page() -> str:
    return write_run_report(sample_report())


def test_what_a_log_or_a_kernel_is_called_never_becomes_markup(page: str) -> None:
    own = page.replace(get_plotlyjs(), "")
    reader = _Reader(own)
    assert reader.open == [] and reader.wrong == []
    assert sum(tag == "script" for tag, _ in reader.elements) == 3
    assert {tag for tag, _ in reader.elements} & {"img", "iframe", "object", "embed", "base", "form"} == set()
    assert not [name for _, found in reader.elements for name in found if name.startswith("on")]
    assert "window.hacked" in " ".join(reader.visible)
    # In the figures, Plotly reads tags in texts itself.
    assert "<script>" not in json.dumps(_figures(page))


def test_the_page_needs_no_network_and_every_link_leads_somewhere(page: str) -> None:
    own = page.replace(get_plotlyjs(), "")
    reader = _Reader(own)
    ids = reader.all("id")
    assert len(ids) == len(set(ids))
    assert reader.all("src") == []
    assert {link for link in reader.all("href") if not link.startswith("#")} == {"./runs.csv"}
    assert {link[1:] for link in reader.all("href") if link.startswith("#")} <= set(ids)
    assert "@import" not in own and "url(" not in own
    assert "default-src 'none'" in own
    assert get_plotlyjs() in page and len(page) < len(get_plotlyjs()) + 100_000


def test_two_equal_runs_give_equal_bytes(page: str) -> None:
    assert page == write_run_report(sample_report())


def test_every_chart_is_there_and_is_one_that_plotly_knows(page: str) -> None:
    figures = _figures(page)
    assert len(figures) == CHARTS
    for figure in figures.values():
        known = json.loads(re.sub(r'"var\(--[a-z0-9-]+\)"', '"#123456"', json.dumps(figure)))
        go.Figure(data=known["data"], layout=known["layout"])


def test_each_chart_of_labels_names_their_source(page: str) -> None:
    titles = [title for title in _Reader(page.replace(get_plotlyjs(), "")).all("aria-label") if title]
    of_labels = [title for title in titles if "gate" not in title and title != "annotated source"]
    assert len(of_labels) == CHARTS - 4
    assert all("hlsyn-v20" in title for title in of_labels)
    assert any("replayed" in title for title in of_labels)


def test_what_a_run_does_not_have_leaves_no_heading_and_no_script() -> None:
    page = write_run_report(RunReport(title="A run", job="GenerateDataset", sources=("estimator",)))
    assert "<h2>" not in page and "<script" not in page and len(page) < 20_000


def test_figures_are_read_as_people_write_them(page: str) -> None:
    visible = " ".join(_Reader(page.replace(get_plotlyjs(), "")).visible)
    assert "1,234,567" in visible and "0.9123" in visible and "unknown" in visible
    assert "50.0 %" in visible and "1 to 2" in visible and "4 to \u2013" in visible
    assert "12345" in visible, "a seed is a name: its digits are not grouped"
    assert "ERROR: [XFORM 203-123]" in visible
    assert number_text(0.0001234567) == "0.0001235" and number_text(1.5e-7) == "1.500e-07"
    assert number_text(123456.7) == "123,457" and number_text(math.nan) == number_text(None) == "\u2013"


def test_a_column_of_a_table_has_as_many_decimals_in_each_row() -> None:
    rows: list[list[Any]] = [[0.5, 1.0, 3], [0.00123, 250.25, None], [None, math.nan, 12_000], [1.2e-7, 0, 1]]
    page = write_run_report(RunReport("t", "j", ("s",), grids=[Grid("g", ["a", "b", "c"], rows)]))
    cells = re.findall(r'<td [^>]*class="number(?: none)?">(.*?)</td>', page)
    assert [cells[i::3] for i in range(3)] == [
        ["0.5000", "0.0012", "\u2013", "1.200e-07"],
        ["1.00", "250.25", "\u2013", "0.00"],
        ["3", "\u2013", "12,000", "1"],
    ]


def test_a_table_is_one_on_a_phone_where_its_rows_fit_and_rows_become_blocks_where_not() -> None:
    def kind(*rows: list[Any]) -> str:
        page = write_run_report(
            RunReport("t", "j", ("s",), grids=[Grid("g", ["search", "within 2 %", "median"], rows)])
        )
        return "".join(re.findall(r'<table class="(\w+)">', page))

    assert kind(["a-long-name-that-breaks-where-it-must", 43.8, 1.908]) == "plain"
    assert kind(["a", "a sentence of some length that would have to", "stand beside"]) == "stack"
    assert kind() == "plain"


@pytest.mark.parametrize(
    "column",
    [
        [1, None, 2.5],
        np.array([1, math.nan, 2.5]),
        pa.array([1, None, 2.5]),
        pa.chunked_array([[1.0], [None, 2.5]]),
        pd.Series([1, math.nan, 2.5]),
        pd.Series([1, None, 2.5], dtype="Float64"),
    ],
    ids=["list", "numpy", "arrow", "chunked", "pandas", "nullable"],
)
def test_an_unknown_value_is_unknown_in_every_kind_of_column(column: Any) -> None:
    assert numbers(column) == [1.0, None, 2.5]


def test_an_unknown_measurement_is_not_drawn_as_zero() -> None:
    front = Front("k", "s", "measured", ["a", "b", "c", "d"], [10, None, 30, 5], {"lut": [0.5, 0.5, None, 0.6]})
    figure = front_figure(front)
    assert figure is not None and [x for trace in figure.data for x in trace["x"]] == [5.0, 10.0]


def test_an_error_over_decades_is_a_factor_and_no_axis_is_without_ticks() -> None:
    figure = prediction_figure(Predictions("cycles", "s", [10, 1e6], [20, 5e5], log=True))
    assert figure is not None
    assert "off by a factor of 2.00 on average" in figure.note.lower() and "RMSE" not in figure.note
    for values in ([12_300.0, 12_900.0], [1.0, 1.0], [7.0], [3.0, 2e6], [0.011, 0.02], [210_624.0, 262_144.0]):
        axis = log_axis("cycles", values)
        low, high = (10**end for end in axis["range"])
        ticks = axis.get("tickvals", [10.0**n for n in range(-3, 8)])
        assert sum(low <= tick <= high for tick in ticks) >= 2
        assert low > 0.9 or min(values) < 1, "what is counted is never 100m"
        assert axis["tickformat"] == ("~s" if min(values) >= 1 else "~g")


def test_a_large_run_gives_a_page_that_still_opens_and_says_what_it_left_out() -> None:
    count = 50_000
    true = np.arange(count, dtype=float)
    figure = prediction_figure(Predictions("perf", "s", true, true + 1, keys=[f"k{i}" for i in range(count)]))
    assert figure is not None and sum(len(trace["x"]) for trace in figure.data) == MAX_POINTS
    assert "1,500 of 50,000" in figure.note and "RMSE 1, over 50,000" in figure.note
    front = Front("k", "s", "measured", [str(i) for i in range(count)], true + 1, {"lut": 1 / (true + 1)}, limit=None)
    shown = front_figure(front)
    assert shown is not None and len(shown.data[0]["x"]) == count, "a front is drawn in full"
    failures = [Failure("s", "k", str(i), "timeout", f"line {i}") for i in range(count)]
    page = write_run_report(
        RunReport("t", "j", ("s",), failures=failures, grids=[Grid("g", ["i"], [[i] for i in true])])
    )
    assert len(page) < 500_000 and "more reasons are in the tables" in page and "48,000 more rows" in page


@given(st.lists(st.tuples(*[st.one_of(st.none(), st.integers(0, 6))] * 2), max_size=12))
def test_the_front_holds_what_nothing_beats_and_nothing_else(points: list[tuple[int | None, int | None]]) -> None:
    chosen = {points[i] for i in front_of([x for x, _ in points], [y for _, y in points])}
    known = [(x, y) for x, y in points if x is not None and y is not None]
    best = {(x, y) for x, y in known if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in known)}
    assert chosen == best


@pytest.mark.parametrize(
    "part",
    [
        {"predictions": [Predictions("perf", "s", [1, 2], [1])]},
        {"fronts": [Front("k", "s", "measured", ["a"], [1, 2], {})]},
        {"gates": [GateWeights("node", ["k"], ["a", "b"], [[1.0]])]},
        {"learning": [LearningCurves("t", "loss", [1, 2], {"training": [1]})]},
        {"comparisons": [Comparison("t", "mse", ["a", "b"], {"forest": [1.0]})]},
        {"grids": [Grid("g", ["a", "b"], [[1]])]},
        {"files": {"../../etc/passwd": ""}},
        {"files": {"javascript:alert(1)": ""}},
    ],
    ids=lambda part: next(iter(part)),
)
def test_columns_that_do_not_belong_together_are_named_instead_of_drawn(part: dict[str, Any]) -> None:
    empty = RunReport(title="t", job="j", sources=("s",))
    with pytest.raises(PipelineError):
        write_run_report(dataclasses.replace(empty, **part))


def test_the_sample_is_as_hostile_as_it_says() -> None:
    assert EVIL in sample_report().title


def test_a_column_in_which_nothing_stands_is_left_out_and_each_cell_names_its_column() -> None:
    grid = Grid("g", ["kernel", "why", "runs"], [["fir", "", 1], ["mvt", None, 2]])
    page = write_run_report(RunReport("t", "j", ("s",), grids=[grid]))
    assert re.findall(r'<td data-label="(.*?)"', page) == ["kernel", "runs"] * 2
    assert "why" not in page
    once = Grid("g", ["run", "fits"], [[1, "yes"], [2, "yes"]], told_once=True)
    page = write_run_report(RunReport("t", "j", ("s",), grids=[once]))
    assert re.findall(r'<td data-label="(.*?)"', page) == ["run", "run"] and "In each row: fits yes." in page


def test_a_chart_that_would_tell_nothing_is_not_drawn() -> None:
    alone = Front("fir", "s", "estimated", ["a"], [5], {"util_dsp": [0.1]}, marked={"as written": 0})
    search = BestSoFar("fir", "s", [SearchCurve("this search", [5])], reference=5)
    none = Predictions("cycles", "s", [None, 4], [3, None], log=True)
    once, flat = LearningCurves("t", "loss", [1], {"training": [1.0]}), Distribution("s", {"a": [5, 5], "b": [7]})
    assert front_figure(alone) is search_figure(search) is prediction_figure(none) is None
    report = RunReport(
        "t", "j", ("s",), fronts=[alone], searches=[search], predictions=[none], learning=[once], distributions=[flat]
    )
    page = write_run_report(report)
    assert "<h2>" not in page and "<script" not in page
    even = [
        GateWeights("node", ["k"], ["a", "b"], [[0.51, 0.49]]),
        GateWeights("block", ["k"], ["a", "b"], [[0.6, 0.4]]),
    ]
    page = write_run_report(
        dataclasses.replace(report, gates=even, expert_use=[ExpertUse("node", ["a", "b"], [0.51, 0.49])])
    )
    assert "The node gate weighs its 2 choices alike: 49.0 % to 51.0 % each." in page and "gate uses" not in page
    assert list(_figures(page)) == ["gates-1"]


def test_a_design_that_does_not_fit_is_on_no_front() -> None:
    figure = front_figure(Front("k", "s", "measured", ["a", "b", "c"], [1, 2, 3], {"lut": [0.8, 0.7, 0.1]}))
    assert figure is not None
    assert [trace["x"] for trace in figure.data] == [[1.0], [2.0, 3.0]]


def test_one_design_of_tens_of_devices_neither_flattens_a_chart_nor_decides_its_error() -> None:
    true, predicted = [0.1, 0.2, 52.0], [0.1, 0.2, 0.1]
    figure = prediction_figure(Predictions("DSP", "s", true, predicted, unit=SHARE))
    assert figure is not None and figure.layout["xaxis"]["range"][1] < 1
    assert figure.note == "RMSE 0, over 2 designs. 1 labelled above 125% left out."
    other = prediction_figure(Predictions("perf", "s", true, predicted))
    assert other is not None and "3 designs" in other.note


def test_a_front_stands_on_the_axes_that_were_asked_for() -> None:
    axes = [("ns", [30.0, 20.0, 10.0]), ("DSP", [1.0, 9.0, 4.0])]
    keys, shares = ["a", "b", "c"], {"util_lut": [0.1, 0.2, 0.3]}
    figure = front_figure(Front("fir", "s", "estimated", keys, [3, 2, 1], shares, axes=axes, chosen=[0, 2]))
    assert figure is not None
    assert [figure.layout[one]["title"]["text"] for one in ("xaxis", "yaxis")] == ["ns", "DSP"]
    front = next(part for part in figure.data if part["name"] == "Pareto front")
    assert (front["x"], front["y"]) == ([10, 30], [4, 1])


def test_a_model_is_judged_by_errors_that_users_feel_beside_what_it_has_to_beat() -> None:
    points = {"LUT": 1.0, "FF": 2.0, "DSP": 3.0, "BRAM": 0.5}
    errors = [
        {"method": method, "side": "rest", "designs": 9, "cycles": factor, "cycles_90": 9.0, **points}
        for method, factor in (("model before", 2.0), ("model", 3.0), ("forest", 1.5))
    ]
    card = {
        "title": "m", "sources": ["s"], "scores": [{"side": "rest", "target": "sum", "designs": 9, "mse": 35.0}],
        "data": [], "model": {"networks": [], "encoder": "e"}, "training": {"epochs": 1}, "provenance": {},
        "versions": {}, "errors": errors,
    }  # fmt: skip
    first = model_report(card).key_figures[0]
    assert (first.label, first.value, first.note) == ("cycles, half off by", "x3.00", "before x2.00, forest x1.50")


def test_what_changed_stands_in_words_where_there_is_no_diff() -> None:
    answer = Answer("k", "for p", "Twice as fast.", (), changed="TAP.unroll 1 to 4")
    page = write_run_report(RunReport(title="k", job="j", sources=("s",), summary="", answers=[answer]))
    assert "What changed" in page and "<p>TAP.unroll 1 to 4.</p>" in page
    answer = dataclasses.replace(answer, changed="")
    same = write_run_report(RunReport(title="k", job="j", sources=("s",), summary="", answers=[answer]))
    assert "What changed" not in same
