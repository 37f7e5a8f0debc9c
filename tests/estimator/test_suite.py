"""The estimator on the whole kernel suite: it answers every point, and what it answers is a report."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.estimator import VERSION, Prepared, prepare
from pipeline.kernels.model import Kernel, SiteKind
from pipeline.kernels.read import load_kernel
from pipeline.reports.parse import parse_report
from pipeline.reports.write import write_report
from tests.estimator.agreement import kendall_tau, naive_bound
from tests.shared_data import shared

SUITE = Path(__file__).resolve().parents[2] / "kernels"
NAMES = sorted(path.name for path in SUITE.iterdir() if (path / f"{path.name}.c").is_file())


@cache
def _prepared(name: str) -> Prepared:
    return prepare(load_kernel(SUITE / name / f"{name}.c"))


@st.composite
def _designs(draw: st.DrawFn) -> tuple[Prepared, dict[str, int | str]]:
    prepared = _prepared(draw(st.sampled_from(NAMES)))
    point: dict[str, int | str] = {}
    for site in prepared.kernel.sites:
        if site.kind is SiteKind.PIPELINE:
            point[site.name] = draw(st.sampled_from(["off", "", "flatten"]))
        else:
            point[site.name] = draw(st.sampled_from([1, 2, 3, 4, 8, 25, 64, 500]))
    return prepared, point


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_designs())
def test_any_point_of_any_kernel_gives_a_report_that_a_file_can_hold(
    design: tuple[Prepared, dict[str, int | str]],
) -> None:
    prepared, point = design
    report = prepared.estimate(point)
    assert parse_report(write_report(report, generator=report.tool_version), file="estimate") == report
    assert report.tool_version == f"estimator {VERSION}"
    assert report.top == prepared.kernel.top
    for used in (report.used.dsp, report.used.ff, report.used.lut, report.used.bram_18k):
        assert used is not None and used >= 0
    if report.latency.worst is not None:
        assert report.latency.worst > 0
        assert (report.latency.best or 0) <= (report.latency.average or 0) <= report.latency.worst


def test_same_design_gives_the_same_bytes_from_a_fresh_walk() -> None:
    kernel = load_kernel(SUITE / "2mm" / "2mm.c")
    again = load_kernel(SUITE / "2mm" / "2mm.c")
    point = _default(kernel)
    assert write_report(prepare(kernel).estimate(point)) == write_report(prepare(again).estimate(point))


def _default(kernel: Kernel) -> dict[str, int | str]:
    return {site.name: "off" if site.kind is SiteKind.PIPELINE else 1 for site in kernel.sites}


@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_of_the_suite_can_be_estimated(name: str) -> None:
    prepared = _prepared(name)
    report = prepared.estimate(_default(prepared.kernel))
    assert report.loops
    assert all(loop.trip_count.maximum != 0 for loop in report.loops)


def test_estimates_rank_real_designs_better_than_trip_counts_over_factors() -> None:
    ours: list[float] = []
    naive: list[float] = []
    with tarfile.open(shared("hlsyn", "HLSyn_designs.tar.gz")) as archive:
        for name in NAMES:
            try:
                member = archive.extractfile(f"data/designs/v20/{name}.json")
            except KeyError:
                continue
            assert member is not None
            rows = [row for _, row in sorted(json.load(member).items()) if row["perf"] >= 100]
            rows = rows[:: max(1, -(-len(rows) // 150))]
            prepared = _prepared(name)
            cycles = [prepared.estimate(row["point"]).latency.worst for row in rows]
            known = [(value, row) for value, row in zip(cycles, rows, strict=True) if value is not None]
            if len(known) < 8:
                continue
            real = [row["perf"] for _, row in known]
            ours.append(kendall_tau([value for value, _ in known], real))
            naive.append(kendall_tau([naive_bound(prepared.kernel, row["point"]) for _, row in known], real))
    assert len(ours) >= 20
    assert median(ours) > median(naive) + 0.05
