from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.errors import PipelineError
from pipeline.reports import (
    UNKNOWN,
    LoopReport,
    PragmaMessage,
    Range,
    Report,
    Resources,
    Violation,
    parse_report,
    write_report,
)
from tests.reports.samples import ONE_MODULE, aggregate, instance, loop, module
from tests.reports.strategies import reports


@given(reports())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_nothing_a_report_holds_is_lost_or_changed_when_written(report: Report) -> None:
    data = write_report(report, generator="made by a test")
    assert parse_report(data) == report
    assert write_report(report, generator="made by a test") == data


def nest() -> Report:
    top = loop("outer", instances=("grp_a",))
    return parse_report(
        aggregate("k", instance("grp_a", "mod_a"), module("mod_a", loop("a", pipelined=True)) + module("k", top))
    )


def test_written_report_names_what_made_it_where_a_tool_would_stand() -> None:
    report = replace(nest(), tool_version="estimator 0.1")
    text = write_report(report, generator="analytical estimator").decode()
    assert "<Version>estimator 0.1</Version>" in text
    assert "<Generator>analytical estimator</Generator>" in text
    assert "20" not in text.split("</ReportVersion>")[0]


def test_unknown_numbers_are_written_as_the_tools_write_them() -> None:
    report = replace(parse_report(ONE_MODULE), interval=UNKNOWN, used=Resources(dsp=1), clock_target_ns=None)
    text = write_report(report).decode()
    assert "<Interval-min>undef</Interval-min>" in text
    assert "<Average-caseLatency>undef</Average-caseLatency>" in text
    assert "<Best-caseRealTimeLatency>undef</Best-caseRealTimeLatency>" in text
    assert "<LUT>" not in text.split("<AvailableResources>")[0]


def test_times_are_cycles_at_the_longer_period_in_the_unit_the_tools_choose() -> None:
    report = replace(
        parse_report(ONE_MODULE),
        clock_target_ns=4.0,
        clock_estimated_ns=5.792,
        latency=replace(nest().latency, best=0, average=10, worst=90268),
    )
    text = write_report(report).decode()
    assert "<Best-caseRealTimeLatency>0 ns<" in text
    assert "<Average-caseRealTimeLatency>57.920 ns<" in text
    assert "<Worst-caseRealTimeLatency>0.523 ms<" in text


def lone_loop(module_name: str) -> LoopReport:
    return LoopReport("x", module_name, None, 0, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, None)


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (replace(nest(), loops=nest().loops[::-1]), "stand before"),
        (replace(nest(), loops=(*nest().loops, lone_loop("elsewhere"))), "loops"),
        (replace(nest(), violations=(Violation("elsewhere", None, "Timing Violation", "", None),)), "violations"),
        (replace(nest(), part=" xcu200 "), "part"),
        (replace(nest(), part="-"), "part"),
        (replace(nest(), unit="ps"), "unit"),
        (replace(nest(), top="a\0b"), "XML"),
        (replace(nest(), top="a\ufffeb"), "XML"),
        (replace(nest(), top="\ud800"), "XML"),
        (replace(nest(), interval=Range(-1, 2)), "interval"),
        (replace(nest(), interval=Range(1, 2**63)), "Interval-max"),
        (replace(nest(), clock_target_ns=float("nan")), "clock_target_ns"),
        (replace(nest(), clock_target_ns=-1.0), "clock_target_ns"),
        (replace(nest(), aggregate=False), "modules"),
        (replace(nest(), pragmas=(PragmaMessage("", None, "", "?", None, False, "", ()),)), "pragmas"),
    ],
)
def test_report_that_a_file_cannot_hold_is_refused_instead_of_written_differently(report: Report, field: str) -> None:
    with pytest.raises(PipelineError, match=field):
        write_report(report)
