"""All real reports that are at hand, against what was read from them independently."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.reports import latency_law_residual, parse_report, read_report, write_report
from tests.shared_data import shared


def index() -> list[dict[str, str]]:
    try:
        path = shared("csynth", "index.csv")
    except pytest.skip.Exception:
        return []
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def text(value: str) -> str | None:
    return value if value not in ("", "undef") else None


def number(value: str) -> int | None:
    return int(value) if text(value) else None


ROWS = index()


@pytest.mark.parametrize("row", ROWS or [{"file": ""}], ids=lambda row: row["file"])
def test_values_of_real_reports_are_read_as_the_tool_wrote_them(row: dict[str, str]) -> None:
    report = read_report(shared("csynth", "reports", row["file"]))
    assert report.tool_version == text(row["tool_version"])
    assert report.part == text(row["part"])
    assert report.family == text(row["family"])
    assert report.top == text(row["top"])
    assert report.flow_target == text(row["flow_target"])
    assert report.pipeline_type == text(row["pipeline_type"])
    assert report.latency.best == number(row["latency_min"])
    assert report.latency.worst == number(row["latency_max"])
    assert report.used.dsp == number(row["DSP"])
    assert report.used.lut == number(row["LUT"])
    assert report.used.ff == number(row["FF"])
    assert report.used.bram_18k == number(row["BRAM_18K"])
    assert report.used.uram == number(row["URAM"])
    assert len(report.modules) == number(row["n_modules"])
    assert report.aggregate == (row["kind"] == "aggregate")


def real_files() -> list[Path]:
    return sorted(shared("csynth", "reports").glob("*.xml"))


def test_loop_tables_of_real_reports_are_read_from_the_right_columns() -> None:
    residuals = [
        residual
        for file in real_files()
        for loop in read_report(file).loops
        if (residual := latency_law_residual(loop)) is not None
    ]
    assert len(residuals) > 150
    assert residuals.count(0) / len(residuals) >= 0.9


def test_unpipelined_loops_of_real_reports_multiply_trips_by_iteration_latency() -> None:
    exact = 0
    rows = 0
    for file in real_files():
        for loop in read_report(file).loops:
            trips, iteration, latency = loop.trip_count.exact, loop.iteration_latency.exact, loop.latency.exact
            if loop.pipelined is False and trips is not None and iteration is not None and latency is not None:
                rows += 1
                exact += trips * iteration == latency
    assert rows > 50
    assert exact / rows >= 0.9


def test_outlined_loops_of_real_reports_lie_inside_the_loops_that_run_them() -> None:
    joined = 0
    for file in real_files():
        report = read_report(file)
        for index, loop in enumerate(report.loops):
            if loop.parent is None:
                assert loop.depth == 0
                continue
            around = report.loops[loop.parent]
            assert loop.parent < index and loop.depth == around.depth + 1
            joined += around.module != loop.module
            inner, outer = loop.latency.maximum, around.iteration_latency.maximum
            if around.pipelined is False and inner is not None and outer is not None:
                assert inner <= outer, f"{file.name}: {loop.name} in {around.name}"
    assert joined >= 40


def test_real_reports_survive_being_written_and_read() -> None:
    for file in real_files():
        report = read_report(file)
        assert parse_report(write_report(report, generator="a test")) == report
