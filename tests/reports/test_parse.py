from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.reports import Latency, PragmaMessage, Range, Resources, Violation, parse_report, read_report
from pipeline.reports.elements import MAX_WARNINGS
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


UNDECIDED = ["-1", "undef", "?", "-", "", "N/A", "inf", "nan", "UNKNOWN", "4294967295", "18446744073709551615"]
NUMBERS = {"7": 7, " 7\n": 7, "07": 7, "+7": 7, "1,234,567": 1234567, "1e3": 1000, "5.0E+09": 5 * 10**9, "12.0": 12}
NUMBERS |= {"12 cycles": 12, "12 Clock Cycles": 12, "12 (~0%)": 12, "12 (5%)": 12, "2147483647": 2**31 - 1}
ODD = [
    "1.5",
    "0x10",
    "1_000",
    "twelve",
    "12,34",
    "9" * 5000,
    "9223372036854775808",
    "\u0663",
    "-2",
    "12 ns",
    "5%",
    "1e999",
]


def with_worst(text: str) -> bytes:
    return ONE_MODULE.replace(b">5186481781</Worst", f">{text}</Worst".encode())


@pytest.mark.parametrize("text", UNDECIDED)
def test_every_spelling_of_unknown_costs_that_figure_alone_and_is_no_oddity(text: str) -> None:
    report = parse_report(with_worst(text))
    assert report.latency == Latency(11, None, None) and report.warnings == ()
    assert replace(report, latency=Latency(11, None, 5186481781)) == parse_report(ONE_MODULE)


@pytest.mark.parametrize("text", NUMBERS)
def test_a_count_is_read_in_any_spelling_that_leaves_no_doubt(text: str) -> None:
    report = parse_report(ONE_MODULE.replace(b">752<", f">{text}<".encode()))
    assert report.used.lut == NUMBERS[text] and report.warnings == ()


@pytest.mark.parametrize("text", ODD)
def test_an_odd_count_costs_itself_alone_and_a_warning_names_its_place(text: str) -> None:
    report = parse_report(with_worst(text))
    assert replace(report, latency=Latency(11, None, 5186481781)) == parse_report(ONE_MODULE)
    (warning,) = report.warnings
    assert warning.startswith("PerformanceEstimates/SummaryOfOverallLatency/Worst-caseLatency (line 13) ")
    assert len(warning) < 300 and warning.isascii() and "\n" not in warning


@pytest.mark.parametrize("text", ["-0.1", "1e999", "ten", "1,5", "<a/>", "10 parsecs"])
def test_an_odd_period_costs_itself_alone(text: str) -> None:
    report = parse_report(
        ONE_MODULE.replace(b"<TargetClockPeriod>10.00<", f"<TargetClockPeriod>{text}<".encode()), file="x"
    )
    assert report.clock_target_ns is None and report.slack_ns is None
    assert "UserAssignments/TargetClockPeriod" in report.warnings[0]
    assert replace(report, clock_target_ns=10.0) == parse_report(ONE_MODULE)


@pytest.mark.parametrize("text", ["2 ~", "~ 2", "~0", "1 ~ 2 ~ 3", "a ~ b", "7 ~ 3", "<x>1</x>", "-5"])
def test_a_range_that_is_none_is_unknown_with_a_warning(text: str) -> None:
    table = f"<a><TripCount>{text}</TripCount><Latency>4</Latency></a>"
    report = parse_report(aggregate("k", "", module("k", table)))
    assert report.loops[0].trip_count == Range(None, None) and report.loops[0].latency == Range(4, 4)
    assert "SummaryOfLoopLatency/a/TripCount" in report.warnings[0]


def test_periods_in_other_units_of_time_become_nanoseconds_and_none_is_taken_for_them() -> None:
    plain = parse_report(ONE_MODULE)
    picoseconds = ONE_MODULE.replace(b"<unit>ns</unit><Product", b"<unit>ps</unit><Product")
    picoseconds = picoseconds.replace(b">10.00<", b">10000<").replace(b">1.25<", b">1250<")
    assert parse_report(picoseconds) == plain
    assert parse_report(ONE_MODULE.replace(b">10.00<", b">0.01 us<").replace(b">8.510<", b">8510 ps<")) == plain
    furlongs = parse_report(ONE_MODULE.replace(b"<unit>ns</unit><Product", b"<unit>furlongs</unit><Product"))
    assert furlongs.clock_target_ns is None and furlongs.clock_estimated_ns == 8.51 and furlongs.warnings
    in_time = parse_report(ONE_MODULE.replace(b"<unit>clock cycles</unit>", b"<unit>us</unit>"))
    assert in_time.latency == Latency() and "'us'" in in_time.warnings[0] and in_time.used == plain.used


def test_a_worst_case_below_the_best_is_no_latency() -> None:
    report = parse_report(with_worst("10"))
    assert report.latency == Latency() and "from 11 down to 10" in report.warnings[0]
    ranged = parse_report(with_worst("13 ~ 40").replace(b">11</Best", b">11 ~ 15</Best"))
    assert ranged.latency == Latency(11, None, 40) and ranged.warnings == ()


def test_elements_spelt_as_other_families_and_programs_spell_them_read_the_same() -> None:
    expected = parse_report(ONE_MODULE)
    lower = re.sub(rb"<(/?)(BRAM_18K|DSP48E|FF|LUT|Resources|Part|Worst-caseLatency)>", _lowered, ONE_MODULE)
    attributes = re.sub(
        rb"<Resources>.*?</Resources>", b'<Resources BRAM_18K="65536" DSP="3" FF="738" LUT="752"/>', ONE_MODULE
    )
    for data in (
        lower,
        attributes,
        ONE_MODULE.replace(b"DSP48E>", b"DSP58>").replace(b"BRAM_18K>", b"BRAM>"),
        ONE_MODULE.replace(b"<DSP48E>3<", b"<DSP>-</DSP><DSP48E>3<"),
        ONE_MODULE.replace(b"<FF>738</FF>", b'<FF value="738"/>'),
        ONE_MODULE.replace(b"<profile>", b"<profile xmlns='urn:tool'>"),
        ONE_MODULE.replace(b"profile>", b"h:profile>").replace(b"<h:profile>", b"<h:profile xmlns:h='urn:tool'>"),
        ONE_MODULE.decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-16"?>'.decode().encode("utf-16") + ONE_MODULE.decode().encode("utf-16-le"),
    ):
        report = parse_report(data)
        assert report == expected and report.warnings == ()


def _lowered(match: re.Match[bytes]) -> bytes:
    return match[0].lower()


def test_bytes_of_another_encoding_cost_the_text_that_holds_them() -> None:
    expected = parse_report(ONE_MODULE)
    part = parse_report(ONE_MODULE.replace(b"xc7z020clg484-1", b"xc7\xb5z020"))
    assert part.part == "xc7\ufffdz020" and replace(part, part=expected.part) == expected
    figure = parse_report(ONE_MODULE.replace(b">752<", b">7\xff2<"))
    assert figure.used.lut is None and figure.used.ff == 738 and "LUT" in figure.warnings[0]


def test_a_module_without_a_name_costs_itself_alone() -> None:
    report = parse_report(aggregate("k", "", module("k").replace("<Name>k</Name>", "") + module("f")))
    assert [item.name for item in report.modules] == ["f"] and "no name" in report.warnings[0]


def test_warnings_are_bounded_and_the_rest_is_counted() -> None:
    table = "".join(f"<l{n}><TripCount>odd {n}</TripCount><Latency>4</Latency></l{n}>" for n in range(50))
    report = parse_report(aggregate("k", "", module("k", table)))
    assert len(report.loops) == 50 and len(report.warnings) == MAX_WARNINGS + 1 and "30 more" in report.warnings[-1]


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
