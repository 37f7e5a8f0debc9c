"""The best design against the design as written, in figures and in words, from runs made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.design_space import load_space
from pipeline.exploration import Objective
from pipeline.exploration.asked import objective_of
from pipeline.kernels.suite import find_kernel
from pipeline.loop import KernelPlan
from pipeline.loop.against import (
    against_written,
    changed_text,
    factor_text,
    speed_text,
    time_ns,
    time_text,
    used_text,
    value_text,
    written_text,
)
from pipeline.loop.record import Run
from pipeline.synthesis import EstimatorBackend, ReportStore
from tests.loop.made import FULL, USED, failed, ran

NAME = "atax"
ALONE = "__PERFORMANCE__-4096"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> KernelPlan:
    kernel, backend = find_kernel(NAME), EstimatorBackend(ReportStore(tmp_path_factory.mktemp("store"), fsync=False))
    return KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))


def _runs(best: int, written: int | None = 1000, **result: Any) -> list[Run]:
    return [
        ran("x", kernel="other", expected_baseline="as_written"),
        ran("a", written, kernel=NAME, expected_baseline="as_written", **result),
        ran("b", best, kernel=NAME),
    ]


@pytest.mark.parametrize(
    ("best", "compared"),
    [
        (100, "10 times as fast as written (1,000 to 100 cycles)"),
        (4, "250 times as fast as written (1,000 to 4 cycles)"),
        (996, "about as fast as written (1,000 to 996 cycles)"),
        (994, "1.01 times as fast as written (1,000 to 994 cycles)"),
        (2000, "2 times as slow as written (1,000 to 2,000 cycles)"),
    ],
)
def test_a_speed_up_is_told_against_the_kernels_own_design_as_written(
    best: int, compared: str, plan: KernelPlan
) -> None:
    runs = _runs(best)
    facts = against_written(plan, runs, runs[2].result, Objective())
    assert facts["compared"] == compared
    assert facts["speedup"] == pytest.approx(1000 / best, rel=1e-5) == facts["speedup_time"]
    assert facts["as_written"]["run"] == 2 and facts["as_written"]["fits"] and facts["performance"] is None
    assert len(str(facts["speedup"])) <= 8


def test_what_was_asked_for_other_than_latency_is_told_first(plan: KernelPlan) -> None:
    runs = _runs(500)
    goal = objective_of("lut%")
    found = against_written(plan, runs, runs[2].result, goal)["compared"]
    assert found == "30% of the LUT against 30% of the LUT as written; 2 times as fast as written (1,000 to 500 cycles)"
    for latency in ("cycles", "ns"):
        assert against_written(plan, runs, runs[2].result, objective_of(latency))["compared"].startswith("2 times")


def test_without_a_run_as_written_or_a_best_design_no_speed_up_is_told(plan: KernelPlan) -> None:
    alone = [ran("b", 10, kernel=NAME)]
    assert against_written(plan, alone, alone[0].result, Objective())["compared"] == (
        f"the budget did not reach the design as written of {NAME}"
    )
    facts = against_written(plan, _runs(10), None, Objective())
    assert facts["compared"] == "no design has been found that fits: no speed-up is claimed" and facts["changed"] == []
    for written, best, which in ((0, 10, "design as written"), (10, 0, "best design")):
        runs = _runs(best, written)
        found = against_written(plan, runs, runs[2].result, Objective())
        assert found["compared"] == f"the {which} ends in the cycle that it begins in: no speed-up is claimed"
        assert found["speedup"] is found["speedup_time"] is None


def test_what_changed_is_told_by_site_and_at_most_six_of_them(plan: KernelPlan) -> None:
    assert plan.space is not None
    point = plan.space.default
    other = {**point, "__PARA__L0": 4, "__NEW__": 1}
    runs = _runs(10)
    runs = [*runs[:1], ran("a", kernel=NAME, expected_baseline="as_written", point=point), *runs[2:]]
    facts = against_written(plan, runs, ran("b", 10, kernel=NAME, point=other).result, Objective())
    assert facts["changed"] == [f"__PARA__L0 {point['__PARA__L0']} to 4"]
    best = ran("b", 10, kernel=NAME, point=other).result
    assert against_written(replace(plan, kernel=None), runs, best, Objective())["changed"] == facts["changed"]
    six = [f"s{n} 1 to 2" for n in range(6)]
    assert changed_text({"changed": six}) == ", ".join(six)
    assert changed_text({"changed": [*six, "s6 1 to 2"]}) == ", ".join(six) + " and 1 more"
    assert changed_text({"changed": [*six, "s6 1 to 2", "s7 1 to 2"]}) == ", ".join(six) + " and 2 more"


@pytest.mark.parametrize(
    ("alone", "told"),
    [
        ({"cycles": 500}, "500 cycles; the best design is 5 times as fast"),
        ({"cycles": 500, "utilisation": FULL}, "500 cycles, does not fit"),
        ({"cycles": 500, "assumed_trips": 16}, "500 cycles"),
        ({"cycles": None, "usable": False, "status": "timeout", "reason": "over 5 s"}, "timeout (over 5 s)"),
        ({"cycles": 500, "usable": False, "status": "timeout"}, "timeout"),
    ],
)
def test_the_tools_own_pragma_is_told_against_the_best_design_where_the_two_compare(
    alone: dict[str, Any], told: str, plan: KernelPlan
) -> None:
    tool = ran(ALONE, kernel=NAME, expected_baseline="performance", **alone)
    runs = [*_runs(100), ran(ALONE, kernel="other", expected_baseline="performance"), tool]
    found = against_written(plan, runs, runs[2].result, Objective())["performance"]
    begin = "the tool's own performance pragma for a start every 4,096 cycles, run 5: "
    assert found["told"] == begin + told and (found["run"], found["target"]) == (5, 4096)
    assert found["fits"] == (told.startswith("500") and "not fit" not in told)
    without = against_written(plan, runs, None, Objective())["performance"]["told"]
    assert without == begin + told.partition(";")[0]


def test_the_time_of_a_design_is_at_the_slower_of_its_clocks() -> None:
    design = ran("a", 1000, clock_ns=3.0).result
    assert (time_ns(design, 2.5), time_ns(design, 4.0), time_ns(design, None)) == (3000.0, 4000.0, 3000.0)
    assert time_ns(ran("a", clock_ns=None).result, None) is None and time_ns(failed("a").result, 4.0) is None
    assert time_ns(ran("a", 1, clock_ns=1.23456).result, None) == 1.235


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [(None, "time not known"), (999.0, "999 ns"), (1e3, "1 us"), (2.5e6, "2.5 ms"), (1e9, "1 s"), (0.0, "0 ns")],
)
def test_a_time_is_told_in_the_largest_unit_that_it_reaches(nanoseconds: float | None, said: str) -> None:
    assert time_text(nanoseconds) == said


def test_figures_are_told_as_people_read_them() -> None:
    assert [factor_text(factor) for factor in (99.94, 100, 1234.4)] == ["99.9 times", "100 times", "1,234 times"]
    assert (speed_text(0.995), speed_text(0.99)) == ("0.995 times as fast", "1.01 times as slow")
    values = [(12.0, "cycles"), (2.5, "us"), (12345.6, "ns"), (40.0, "% of the LUT"), (1234567.0, "cycles")]
    assert [value_text(*one) for one in values] == [
        "12 cycles",
        "2.5 us",
        "12,346 ns",
        "40% of the LUT",
        "1,234,567 cycles",
    ]
    shares = {f"util_{name}": share for name, share in USED.items()}
    assert used_text(shares) == "bram_18k 10.0%, dsp 20.0%, ff 10.0%, lut 30.0%"


def test_the_design_as_written_is_told_with_its_run_or_with_why_it_has_no_figures(plan: KernelPlan) -> None:
    def told(**result: Any) -> str:
        runs = _runs(10, **result)
        return written_text(against_written(plan, runs, None, Objective()))

    used = "(bram_18k 10.0%, dsp 20.0%, ff 10.0%, lut 30.0%)"
    assert told() == f"1,000 cycles in run 2 {used}"
    assert told(assumed_trips=16).endswith(f"{used}, under 16 iterations of each loop without a known bound")
    assert told(utilisation=dict.fromkeys(USED)) == "1,000 cycles in run 2 (use not recorded)"
    assert told(utilisation=FULL).endswith("lut 170.0%), does not fit")
    assert told(written=None, usable=False, status="timeout", reason="over 5 s") == "timeout in run 2 (over 5 s)"
    assert told(written=None, usable=False, status="timeout") == "timeout in run 2"
