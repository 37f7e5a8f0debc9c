"""Designs of a kernel with a loop that nothing bounds: unknown cycles stay unknown, and the designs still compare."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset import LabelledDesign
from pipeline.estimator import prepare
from pipeline.estimator.features import FEATURES, features
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.loop.measured import measured
from pipeline.reports.assumed import ASSUMED_TRIPS, assumed_cycles
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.reports.report import Range, Report

_TEXT = """
void find(int data[64], int out[1]) {
    int n = 0;
    while (data[n] != 0) { n++; }
    out[0] = n;
    for (int i = 0; i < 64; i++) data[i] = 0;
}
"""
_KERNEL = propose_sites(read_kernel(_TEXT, file="find.c", top="find"))
_PREPARED = prepare(_KERNEL)


def _report(factor: int = 1) -> Report:
    return _PREPARED.estimate({"__PIPE__L0": "", "__PARA__L0": factor}, _KERNEL.dialect)


@given(st.integers(1, 1000))
def test_assumed_iterations_fill_in_the_unbounded_loop_alone(trips: int) -> None:
    report = _report()
    unbounded, bounded = report.loops
    assert unbounded.latency.maximum is None
    depth, interval = unbounded.iteration_latency.exact, unbounded.initiation_interval.exact
    assert depth is not None and interval is not None and bounded.latency.exact is not None
    assert assumed_cycles(report, trips) == depth + interval * (trips - 1) - 1 + bounded.latency.exact


@given(st.integers(1, 50), st.integers(1, 50))
def test_nested_loop_without_a_bound_multiplies_what_is_inside(inside: int, trips: int) -> None:
    base = _report().loops[1]
    unknown = Range(None, None)
    outer = replace(
        base,
        pipelined=False,
        trip_count=unknown,
        initiation_interval=unknown,
        iteration_latency=unknown,
        latency=unknown,
    )
    inner = replace(base, parent=0, depth=1, latency=Range(inside, inside))
    report = replace(_report(), loops=(outer, inner, replace(inner)))
    assert assumed_cycles(report, trips) == trips * 2 * inside
    nothing = replace(report, loops=(outer,))
    assert assumed_cycles(nothing, trips) is None


def test_bounded_report_is_not_assumed() -> None:
    report = _report()
    assert assumed_cycles(replace(report, latency=replace(report.latency, worst=9))) is None


def _row(label: Label, report: Report | None) -> LabelledDesign:
    return LabelledDesign(
        source="estimator", dialect="vitis-plain", kernel="find", kernel_hash=None, key="k", point={}, label=label,
        report=report, report_hash=None, origin="estimated", seconds=None, started=None, tool_version=None,
        sampled_by="",
    )  # fmt: skip


def test_search_compares_such_designs_and_their_labels_stay_without_cycles() -> None:
    report = _report()
    label = label_from_report(report)
    assert label.cycles is None and label.used.dsp is not None
    found = measured(_row(label, report))
    assert (found.usable, found.cycles, found.assumed_trips) == (True, assumed_cycles(report), ASSUMED_TRIPS)
    assert measured(_row(label, None)).assumed_trips is None
    failed = measured(_row(Label(DesignStatus.COMPILE_ERROR), report))
    assert (failed.usable, failed.cycles) == (False, None)


@pytest.mark.parametrize("factor", [1, 4, 64])
def test_features_of_such_designs_are_known_and_follow_the_assumption(factor: int) -> None:
    (row,) = features(_PREPARED, [{"__PIPE__L0": "", "__PARA__L0": factor}], _KERNEL.dialect)
    cycles = assumed_cycles(_report(factor))
    assert row[FEATURES.index("known")] == 1.0
    assert cycles is not None and round(2 ** float(row[FEATURES.index("log2_cycles")])) - 1 == cycles
