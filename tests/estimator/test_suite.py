"""The estimator on the whole kernel suite: it answers every point, and what it answers is a report."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.estimator import VERSION, WalkedKernel, prepare
from pipeline.estimator.bound import lower_bound, naive_bound
from pipeline.estimator.features import FEATURES, features
from pipeline.estimator.scores import kendall_tau
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import load_kernel
from pipeline.reports.parse import parse_report
from pipeline.reports.write import write_report
from pipeline.terms import Dialect, SiteKind
from tests.shared_data import shared

SUITE = Path(__file__).resolve().parents[2] / "kernels"
NAMES = sorted(path.name for path in SUITE.iterdir() if (path / f"{path.name}.c").is_file())


@cache
def _prepared(name: str) -> WalkedKernel:
    return prepare(load_kernel(SUITE / name / f"{name}.c"))


@st.composite
def _designs(draw: st.DrawFn) -> tuple[WalkedKernel, dict[str, int | str]]:
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
    design: tuple[WalkedKernel, dict[str, int | str]],
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


@pytest.mark.parametrize("dialect", [Dialect.MERLIN, Dialect.VITIS_PLAIN])
def test_a_design_gives_what_a_fresh_walk_gives_whatever_was_estimated_before(dialect: Dialect) -> None:
    used = prepare(load_kernel(SUITE / "2mm" / "2mm.c"))
    fresh = load_kernel(SUITE / "2mm" / "2mm.c")
    for factor in (1, 2, 3, 64):
        point = {site: factor if "PARA" in site else value for site, value in _default(fresh).items()}
        if dialect == Dialect.VITIS_PLAIN:
            point = {f"__PARA__L{place}": factor for place in range(len(fresh.loops))}
        assert write_report(used.estimate(point, dialect)) == write_report(prepare(fresh).estimate(point, dialect))


def _default(kernel: Kernel) -> dict[str, int | str]:
    return {site.name: "off" if site.kind is SiteKind.PIPELINE else 1 for site in kernel.sites}


@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_of_the_suite_can_be_estimated(name: str) -> None:
    prepared = _prepared(name)
    report = prepared.estimate(_default(prepared.kernel))
    assert report.loops
    assert all(loop.trip_count.maximum != 0 for loop in report.loops)


def _real(member: str, least: int) -> dict[str, list[dict[str, Any]]]:
    archive, folder = {
        "v20": (shared("hlsyn", "HLSyn_designs.tar.gz"), "data/designs/v20"),
        "plain": (shared("vitis_plain", "designs.tar.gz"), "designs"),
    }[member]
    found: dict[str, list[dict[str, Any]]] = {}
    with tarfile.open(archive) as opened:
        for name in NAMES:
            try:
                file = opened.extractfile(f"{folder}/{name}.json")
            except KeyError:
                continue
            assert file is not None
            designs = json.load(file)
            rows = [row for _, row in sorted(designs.items()) if 100 <= row["perf"] < float("inf")]
            if len(rows) >= least:
                found[name] = rows[:: max(1, len(rows) // 40)]
    return found


@pytest.mark.parametrize(
    ("member", "dialect", "wanted"), [("v20", Dialect.MERLIN, 0.45), ("plain", Dialect.VITIS_PLAIN, 0.65)]
)
def test_estimates_rank_real_designs_far_better_than_trip_counts_over_factors(
    member: str, dialect: str, wanted: float
) -> None:
    ours, naive, below = [], [], []
    for name, rows in _real(member, 8).items():
        prepared = _prepared(name)
        kept = [row for row in rows if prepared.figures(row["point"], dialect).cycles[2] is not None]
        if len(kept) < 8:
            continue
        real = [row["perf"] for row in kept]
        estimates = [prepared.figures(row["point"], dialect).cycles[2] or 0 for row in kept]
        choices = [prepared.points.choices(row["point"], dialect) for row in kept]
        ours.append(kendall_tau(estimates, real))
        naive.append(kendall_tau([naive_bound(prepared.nest, choice) or 0.0 for choice in choices], real))
        below.append(lower_bound(prepared.nest, prepared.device) <= min(real))
    assert len(ours) >= 20
    assert median(ours) > wanted
    assert median(ours) > median(naive) + 0.25
    assert all(below), "a real design beat the bound that no design can beat"


def test_features_are_finite_and_a_point_that_does_not_fit_is_marked_unknown() -> None:
    prepared = _prepared("gemm-ncubed")
    good = _default(prepared.kernel)
    table = features(prepared, [good, {"__PARA__L0": 1}, good])
    assert table.shape == (3, len(FEATURES))
    assert np.isfinite(table).all()
    assert table[:, FEATURES.index("known")].tolist() == [1.0, 0.0, 1.0]
    assert not table[1].any()
    assert (table[0] == table[2]).all()
