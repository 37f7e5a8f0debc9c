from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.reports import Latency, PragmaMessage, Range, Resources, Violation, parse_report, read_report
from tests.reports.samples import ONE_MODULE, aggregate, instance, loop, module


def test_report_of_one_module_gives_typed_values_and_none_for_the_unknown() -> None:
    report = parse_report(ONE_MODULE)
    assert (report.tool_version, report.part, report.top) == ("2018.2", "xc7z020clg484-1", "blur")
    assert (report.family, report.unit, report.flow_target, report.pipeline_type) == ("zynq", "ns", None, "none")
    assert (report.clock_target_ns, report.clock_uncertainty_ns, report.clock_estimated_ns) == (10.0, 1.25, 8.51)
    assert report.slack_ns is not None and math.isclose(report.slack_ns, 0.24)
    assert report.latency == Latency(11, None, 5186481781)
    assert report.interval == Range(12, 5186481782)
    assert report.used == Resources(bram_18k=65536, dsp=3, ff=738, lut=752, uram=None)
    assert report.available == Resources(bram_18k=280, dsp=220, ff=106400, lut=53200, uram=None)
    assert not report.aggregate and report.modules == ()


def test_aggregate_gives_modules_violations_and_ignored_pragmas() -> None:
    tail = """<PragmaReport>
<Pragma type="pipeline" location="k.c:9" status="invalid" parentFunction="k" variable="" isDirective="1"
 options="II=1"><Msg msg_id="HLS 214-1" msg_severity="WARNING" msg_body="ignored: no such loop"/></Pragma>
<Pragma type="unroll" location="k.c:4" status="valid" parentFunction="k" variable="" isDirective="0" options=""/>
</PragmaReport>"""
    stated = """<SummaryOfViolations><IssueType>Timing Violation</IssueType><ViolationType>-</ViolationType>
<SourceLocation>k.c:1</SourceLocation><SummaryOfLoopViolations>
<a><Name>a</Name><IssueType>-</IssueType><ViolationType>-</ViolationType><SourceLocation>k.c:2</SourceLocation>
<b><Name>b 1</Name><IssueType>II Violation</IssueType><ViolationType>Memory Dependency</ViolationType>
<IterationDistance>1</IterationDistance><SourceLocation>-</SourceLocation></b></a>
</SummaryOfLoopViolations></SummaryOfViolations>"""
    inner = module("k_Pipeline_a", interval="3 ~ 8", kind="loop auto-rewind stp(delay=0 clock cycles(s))").replace(
        "</SummaryOfLoopLatency>", "</SummaryOfLoopLatency>" + stated
    )
    report = parse_report(aggregate("k", instance("i", "k_Pipeline_a"), inner + module("k"), tail=tail))
    assert report.aggregate
    first, last = report.modules
    assert (first.name, last.name) == ("k_Pipeline_a", "k")
    assert first.interval == Range(3, 8)
    assert first.pipeline_type == "loop auto-rewind stp(delay=0 clock cycles(s))"
    assert first.used == Resources(bram_18k=0, dsp=2, ff=5, lut=6, uram=0)
    assert report.violations == (
        Violation("k_Pipeline_a", None, "Timing Violation", "", "k.c:1"),
        Violation("k_Pipeline_a", "b 1", "II Violation", "Memory Dependency", None),
    )
    assert report.pragmas == (
        PragmaMessage("pipeline", "k.c:9", "invalid", "k", None, True, "II=1", ("ignored: no such loop",)),
        PragmaMessage("unroll", "k.c:4", "valid", "k", None, False, "", ()),
    )


def test_interval_of_a_pipelined_function_is_found_where_only_the_pipeline_states_it() -> None:
    data = ONE_MODULE.replace(b"<Interval-min>12</Interval-min><Interval-max>5186481782</Interval-max>", b"")
    data = data.replace(b"<unit>clock", b"<PipelineInitiationInterval>2 ~ 4</PipelineInitiationInterval><unit>clock")
    assert parse_report(data).interval == Range(2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", Range(7, 7)),
        (" 7\n", Range(7, 7)),
        ("2 ~ 5", Range(2, 5)),
        ("2~5", Range(2, 5)),
        ("2 ~ ?", Range(2, None)),
        ("? ~ 5", Range(None, 5)),
        ("undef", Range(None, None)),
        ("-", Range(None, None)),
        ("?", Range(None, None)),
        ("", Range(None, None)),
        ("<range><min>2</min><max>5</max></range>", Range(2, 5)),
        ("<range><min>2</min><max>undef</max></range>", Range(2, None)),
        ("<range><max>5</max></range>", Range(None, 5)),
    ],
)
def test_every_spelling_of_a_range_keeps_the_end_that_is_known(text: str, expected: Range) -> None:
    table = f"<a><TripCount>{text}</TripCount><Latency>4</Latency></a>"
    report = parse_report(aggregate("k", "", module("k", table)))
    assert report.loops[0].trip_count == expected


def test_reports_saved_again_with_indents_windows_lines_or_a_byte_order_mark_read_the_same() -> None:
    expected = parse_report(ONE_MODULE)
    indented = ONE_MODULE.replace(b"><", b">\n    <").replace(b">", b">\n\t").replace(b"</", b"\n </").rstrip()
    for data in (
        indented,
        ONE_MODULE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + ONE_MODULE,
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + ONE_MODULE,
        ONE_MODULE.replace(b"<AreaEstimates>", b"<!-- a comment --><AreaEstimates>"),
        ONE_MODULE.replace(b"<AreaEstimates>", b"<NewInSomeVersion a='1'>x</NewInSomeVersion><AreaEstimates>"),
    ):
        assert parse_report(data) == expected


@pytest.mark.parametrize(
    "garbage", ["-1", "1.5", "nan", "1e3", "0x10", "1_000", "12 cycles", "9" * 5000, "9223372036854775808", "\u0663"]
)
def test_count_that_is_no_count_is_refused_with_its_place(garbage: str) -> None:
    data = ONE_MODULE.replace(b"<Best-caseLatency>11<", f"<Best-caseLatency>{garbage}<".encode())
    with pytest.raises(PipelineError) as caught:
        parse_report(data, file="solution/csynth.xml")
    assert caught.value.file == "solution/csynth.xml"
    assert caught.value.line == 12
    assert "PerformanceEstimates/SummaryOfOverallLatency/Best-caseLatency" in str(caught.value)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@pytest.mark.parametrize("garbage", ["-0.1", "nan", "inf", "1e999", "ten", "1,5", "<a/>"])
def test_clock_that_is_no_period_is_refused_with_its_place(garbage: str) -> None:
    data = ONE_MODULE.replace(b"<TargetClockPeriod>10.00<", f"<TargetClockPeriod>{garbage}<".encode())
    with pytest.raises(PipelineError, match="UserAssignments/TargetClockPeriod"):
        parse_report(data)


@pytest.mark.parametrize(
    "garbage", ["2 ~", "~ 2", "~0", "1 ~ 2 ~ 3", "a ~ b", "<x>1</x>", "<range><min>x</min></range>"]
)
def test_range_that_is_no_range_is_refused_with_its_place(garbage: str) -> None:
    table = f"<a><TripCount>{garbage}</TripCount><Latency>4</Latency></a>"
    with pytest.raises(PipelineError, match="SummaryOfLoopLatency/a/TripCount"):
        parse_report(aggregate("k", "", module("k", table)))


def test_clock_in_another_unit_is_refused_instead_of_taken_for_nanoseconds() -> None:
    with pytest.raises(PipelineError, match="UserAssignments/unit is 'ps'"):
        parse_report(ONE_MODULE.replace(b"<unit>ns</unit><Product", b"<unit>ps</unit><Product"))


def test_paths_that_are_no_readable_file_give_one_line(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="does not exist"):
        read_report(tmp_path / "absent.xml")
    with pytest.raises(PipelineError, match="is not a file"):
        read_report(tmp_path)
    with pytest.raises(PipelineError, match="does not exist"):
        read_report(Path("bad\0name"))
    path = tmp_path / "csynth.xml"
    path.write_bytes(ONE_MODULE)
    assert read_report(path) == parse_report(ONE_MODULE)


def test_loops_named_again_or_like_a_metric_are_all_kept_in_order() -> None:
    report = parse_report(ONE_MODULE)
    assert [(item.name, item.parent, item.depth) for item in report.loops] == [
        ("rows", None, 0),
        ("tap", 0, 1),
        ("tap", 0, 1),
        ("Latency", 0, 1),
        ("Loop2", None, 0),
    ]
    rows, tap, second, named, unknown = report.loops
    assert rows.module == "blur" and rows.pipelined is False
    assert rows.latency == Range(8, 400) and rows.iteration_latency == Range(2, 100)
    assert tap.pipelined is True and tap.pipeline_depth == tap.iteration_latency == Range(4, 4)
    assert second.initiation_interval == Range(2, 2)
    assert named.latency == Range(10, 10)
    assert unknown.trip_count == unknown.latency == Range(None, None)


def test_loop_without_an_initiation_interval_keeps_its_iteration_latency_apart_from_a_depth() -> None:
    report = parse_report(aggregate("k", "", module("k", loop("a", name="Loop 1") + loop("b", pipelined=True))))
    slow, fast = report.loops
    assert slow.name == "Loop 1" and slow.slack_ns == 2.92
    assert slow.iteration_latency == Range(6, 6) and slow.pipeline_depth == Range(None, None)
    assert slow.latency == Range(20, 5210)
    assert fast.iteration_latency == fast.pipeline_depth == Range(3, 3)
