"""The answer of a loop's page: which loop went from what to what, what bounds it, where the rest of the cycles is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.design_space import load_space
from pipeline.estimator import load_device, prepare
from pipeline.estimator.limits import PORTS, RECURRENCE, DesignLimits, limits
from pipeline.kernels.suite import find_kernel
from pipeline.loop import run_loop
from pipeline.loop.against import speed_text
from pipeline.loop.explain import explain, sure_of
from pipeline.loop.measured import MeasuredDesign
from pipeline.reports.report import UNKNOWN, LoopReport, Range, Report, Violation
from tests.loop.test_as_written import FAST, estimated


def _loop(name: str, trips: int, latency: int, ii: int | None = None, parent: int | None = None) -> LoopReport:
    each = Range(latency // trips, latency // trips)
    return LoopReport(
        name, "top", parent, 0 if parent is None else 1, Range(trips, trips), UNKNOWN if ii is None else Range(ii, ii),
        UNKNOWN, each, Range(latency, latency), ii is not None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def blank() -> Report:
    kernel = find_kernel("atax")
    report = prepare(kernel).estimate(load_space(kernel).default)
    return replace(report, tool_version="2024.1", loops=(), violations=())


def _report(blank: Report, total: int, *loops: LoopReport, said: tuple[Violation, ...] = ()) -> Report:
    return replace(blank, latency=replace(blank.latency, worst=total), loops=loops, violations=said)


def test_the_loop_that_gave_most_is_named_and_what_the_report_says_bounds_it(blank: Report) -> None:
    written = _report(blank, 6000, _loop("L1", 100, 5000), _loop("L2", 10, 900))
    violation = Violation("top", "L1", "II Violation", "Memory Dependency", "a.c:7")
    best = _report(blank, 1200, _loop("L1", 100, 300, ii=3), _loop("L2", 10, 890), said=(violation,))
    told = explain(written, best, (None, DesignLimits(1200, 0, {"L1": PORTS})))
    assert told.sentences[0] == "Most was gained in loop L1: 5,000 to 300 cycles."
    first, second = told.loops
    assert first.written == "100 iterations, 50 cycles each: 5,000 cycles"
    assert first.best == "100 iterations, II 3: 300 cycles"
    assert first.bound == "a recurrence through a memory at a.c:7 (by the report)", "the report beats the estimate"
    assert second.bound is not None and second.bound.startswith("not pipelined")
    longest = "The longest loop is now L2 (10 iterations, 89 cycles each: 890 cycles). It is not pipelined: "
    assert told.sentences[1].startswith(longest)
    assert "the tool's reports" in told.sentences[-1]


def test_a_slower_design_says_what_it_has_less_of_and_no_loop_that_gained(blank: Report) -> None:
    written = replace(_report(blank, 1000, _loop("L1", 10, 900)), used=replace(blank.used, dsp=12))
    best = replace(_report(blank, 10_000, _loop("L2", 10, 9900)), used=replace(blank.used, dsp=3))
    told = explain(written, best, (None, None)).sentences
    assert told[0] == "It takes 10 times as long as written (1,000 to 10,000 cycles); gained was fewer DSP: 12 to 3."
    assert not any("Most was gained" in text for text in told)
    assert (speed_text(0.1), speed_text(4)) == ("10 times as slow", "4 times as fast")


def test_cycles_that_no_loop_accounts_for_are_said_and_where_they_are(blank: Report) -> None:
    best = _report(blank, 1000, _loop("L1", 100, 400, ii=1), _loop("L2", 4, 300, parent=0))
    estimate = DesignLimits(1000, 550, {})
    (rest,) = [text for text in explain(None, best, (None, estimate)).sentences if "in none of its loops" in text]
    assert (
        "Of the 1,000 cycles of the best design 600" in rest
        and "550 of them in copies" in rest
        and "50 in code" in rest
    )
    unlike = explain(None, best, (None, replace(estimate, cycles=999)))
    assert not any("550" in text for text in unlike.sentences), "an estimate of another total tells nothing of this one"
    first = explain(best, replace(best, loops=best.loops[:1]), (None, replace(estimate, copied=600))).sentences[0]
    assert "600 are in none of its loops: all of them in copies" in first, "what takes most of the cycles is told first"
    assert "as written" not in " ".join(explain(best, best, (None, None)).sentences), "one design is told of once"
    whole = _report(blank, 401, _loop("L1", 100, 400, ii=1))
    assert not any("in none of its loops" in text for text in explain(None, whole, (None, None)).sentences)
    side_by_side = _report(blank, 401, _loop("L1", 100, 400, ii=1), _loop("L2", 100, 400, ii=1))
    assert any("at the same time" in text for text in explain(None, side_by_side, (None, None)).sentences)


def test_a_loop_that_is_gone_is_said_to_be(blank: Report) -> None:
    written, best = _report(blank, 500, _loop("L1", 10, 490)), _report(blank, 20)
    told = explain(written, best, (None, None))
    assert "no loop of its own any more" in told.sentences[0] and "no loop of its own" in told.loops[0].best


@pytest.mark.parametrize(
    ("body", "bound"),
    [("s += in[i];", RECURRENCE), ("b[i] = in[i] + in[i + 1] + in[i + 2] + in[i + 3] + in[i + 4];", PORTS)],
)
def test_the_estimator_tells_a_recurrence_from_the_ports_of_a_memory(body: str, bound: str, tmp_path: Path) -> None:
    file = tmp_path / "k.c"
    file.write_text(
        "void k(double in[1024], double b[1024], double *r) {\n  double s = 0;\n"
        f"  L: for (int i = 0; i < 1000; i++) {{\n#pragma HLS pipeline\n    {body}\n  }}\n  *r = s;\n}}\n"
    )
    kernel = find_kernel(str(file))
    point = load_space(kernel).default
    assert limits(prepare(kernel, load_device()), point, kernel.dialect).loops.get("L") == bound


def test_the_page_opens_with_the_answer(tmp_path: Path) -> None:
    run_loop(estimated(tmp_path, find_kernel("atax"), batch=4, **FAST), tmp_path / "found", budget=4, top_k=1)
    page = (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    places = [
        page.index(text)
        for text in ('class="headline"', "<h3>Why</h3>", "<h3>What changed</h3>", "<h3>How sure</h3>", 'id="front"')
    ]
    assert places == sorted(places)
    answer = page[places[0] : places[-1]]
    assert "times as fast as written" in answer and "of 6,840" in answer and "+    #pragma ACCEL" in answer
    assert "no tool was run for it" in answer


@pytest.mark.parametrize(
    ("source", "origin", "told"),
    [("estimator", "replayed", True), ("estimator", "estimated", False), ("vitis-2024.1", "replayed", False)],
)
def test_a_replayed_estimate_is_said_to_be_one_where_its_origin_does_not(source: str, origin: str, told: bool) -> None:
    best = MeasuredDesign("k", "a", {}, source, origin, "ok", None, True, 100, 3.0, {})
    said = sure_of(best, origin, [], None)
    assert said[0] == f"Its figures are {origin}." and ("estimate of the analytical model" in said[1]) is told
