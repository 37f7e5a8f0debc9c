"""Part and clock as they are asked for, and which labels are for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.design_space import Point
from pipeline.errors import PipelineError, clock_text
from pipeline.estimator import device_for
from pipeline.kernels.suite import find_kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import (
    Address,
    BackendRequest,
    Entry,
    EstimatorBackend,
    ReportStore,
    Target,
    estimator_flow,
    imported_flow,
    made_for,
    make_backend,
    parse_clock,
    uncertainty_fraction,
)
from pipeline.synthesis.backends import made_for_target
from pipeline.synthesis.target import clock_option

ZYNQ = Target("xc7z020-clg484-1", 10.0)
DEFAULT = estimator_flow("0.1")
POINT: Point = {"__PARA__L0": 1, "__PARA__L0_0": 1, "__PARA__L0_1": 1, "__PIPE__L0": "off", "__TILE__L0": 1}


@pytest.mark.parametrize(
    ("text", "ns"),
    [("4", 4.0), ("4ns", 4.0), ("4 ns", 4.0), ("3.33", 3.33), ("3330ps", 3.33), ("0.01us", 10.0), ("250MHz", 4.0),
     ("250 mhz", 4.0), ("300MHz", 3.333333), ("0.25GHz", 4.0), (".5", 0.5), ("1000ns", 1000.0)],
)  # fmt: skip
def test_a_clock_is_a_period_or_a_frequency(text: str, ns: float) -> None:
    assert parse_clock(text, "--clock") == ns


@pytest.mark.parametrize(
    "text",
    ["", "0", "-4", "nan", "inf", "4s", "MHz", "0MHz", "1001ns", "300", "1e3", "4,0", "4ns 250MHz", "٤", "9" * 40],
)
def test_what_is_no_clock_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(PipelineError, match="--clock"):
        parse_clock(text, "--clock")


@given(st.floats(0.001, 1000.0))
def test_a_period_is_read_back_as_it_is_written(ns: float) -> None:
    period = parse_clock(f"{ns:.6f}", "--vitis-clock-ns")
    assert parse_clock(f"{period:.6f}ns", "--clock") == period
    assert parse_clock(clock_option(period), "--clock") == period


@pytest.mark.parametrize(
    ("asked", "text", "option"),
    [
        ("300MHz", "3.333 ns (300 MHz)", "300MHz"),
        ("4", "4 ns", "4ns"),
        ("250MHz", "4 ns", "4ns"),
        ("3.33", "3.33 ns", "3.33ns"),
        ("266.67MHz", "3.75 ns (266.67 MHz)", "266.67MHz"),
        ("12.3456", "12.346 ns (81.001 MHz)", "12.3456ns"),
        ("7MHz", "142.857 ns (7 MHz)", "7MHz"),
    ],
)
def test_a_clock_is_told_as_it_was_asked_for(asked: str, text: str, option: str) -> None:
    period = parse_clock(asked, "--clock")
    assert (clock_text(period), clock_option(period)) == (text, option)


@pytest.mark.parametrize(
    ("text", "kept"), [("27%", 0.27), ("1.08", 0.27), ("1.08ns", 0.27), ("540ps", 0.135), (None, 0.27)]
)
def test_uncertainty_is_a_share_of_the_period_or_a_time(text: str | None, kept: float) -> None:
    assert uncertainty_fraction(text, 4.0) == pytest.approx(kept)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(), None),
        (Target("XCU200-FSGD2104-2-E", 4.0, "27%", "vitis"), None),
        (Target(uncertainty="1.08"), None),
        (Target("xc7z020-clg484-1"), "part"),
        (Target(clock_ns=4.001), "clock"),
        (Target(uncertainty="12.5%"), "uncertainty"),
        (Target(flow_target="vivado"), "flow target"),
    ],
)
def test_labels_are_for_what_was_asked_or_say_what_they_are_for(target: Target, words: str | None) -> None:
    told = target.difference(DEFAULT)
    assert told is None if words is None else words in (told or "")


def test_labels_that_record_no_part_count_as_the_defaults_and_for_nothing_else() -> None:
    bare = imported_flow("mine", "merlin")
    assert Target().complete.difference(bare) is None
    assert "record no part" in (ZYNQ.difference(bare) or "") and "record no clock" in (
        Target(clock_ns=10.0).difference(bare) or ""
    )
    assert "not recorded" in made_for(bare)


def test_estimates_of_one_part_or_clock_never_stand_for_those_of_another(tmp_path: Path) -> None:
    kernel, store = find_kernel("atax"), ReportStore(tmp_path, fsync=False)
    found = {}
    for part, clock in (("xcu200-fsgd2104-2-e", 4.0), ("xc7z020-clg484-1", 10.0), ("xc7z020-clg484-1", 5.0)):
        backend = EstimatorBackend(store, device=device_for(part, clock))
        (outcome,) = backend.synthesize(kernel, [POINT])
        assert outcome.report is not None and (outcome.report.part, outcome.report.clock_target_ns) == (part, clock)
        assert (backend.flow.part, backend.flow.clock_ns) == (part, clock)
        found[part, clock] = outcome.label
    assert len({label.cycles for label in found.values()}) == 3
    # Unasked the defaults are replayed; asked, what was asked.
    for target, wanted in ((Target(), ("xcu200-fsgd2104-2-e", 4.0)), (ZYNQ, ("xc7z020-clg484-1", 10.0))):
        replayed = make_backend("replay", BackendRequest(store, kernel, target=target))
        (outcome,) = replayed.synthesize(kernel, [POINT])
        assert outcome.label == found[wanted]
    with pytest.raises(PipelineError, match="--backend estimator"):
        make_backend("replay", BackendRequest(store, kernel, target=Target(clock_ns=7.0)))


def test_what_stands_for_no_default_is_not_chosen_by_chance() -> None:
    kernel = find_kernel("atax")
    others = [
        Address(kernel.name, kernel.ast_hash, replace(imported_flow("mine", "merlin"), part=part, clock_ns=10.0))
        for part in ("xc7z020-clg484-1", "xc7z010-clg400-1")
    ]
    assert made_for_target(others, Target()) == others
    assert made_for_target(others, ZYNQ) == others[:1]


def test_reports_for_several_parts_are_named_and_not_mixed(tmp_path: Path) -> None:
    kernel, store = find_kernel("atax"), ReportStore(tmp_path, fsync=False)
    for part in ("xc7z020-clg484-1", "xc7z010-clg400-1"):
        flow = replace(imported_flow("mine", "merlin"), part=part, clock_ns=10.0)
        store.put(Address(kernel.name, kernel.ast_hash, flow), Entry("a-1", None, Label(DesignStatus.OK)))
    with pytest.raises(PipelineError, match="--part and --clock") as refused:
        make_backend("replay", BackendRequest(store, kernel, source="mine"))
    assert "xc7z010-clg400-1 at 10 ns" in str(refused.value)
    request = BackendRequest(store, kernel, source="mine", target=ZYNQ)
    assert make_backend("replay", request).flow.part == "xc7z020-clg484-1"
