"""A loop whose designs do not differ ends, and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import load_space
from pipeline.estimator.features import FEATURES
from pipeline.exploration import pool_candidates, space_candidates
from pipeline.exploration.features import Kept
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.loop.sameness import all_alike, untried_values
from pipeline.synthesis import EstimatorBackend, ReportStore
from tests.exploration.toy import toy_features, toy_space

UNROLLED = """
void top(const int a[8], int b[8]) {
#pragma HLS pipeline
    for (int i = 0; i < 8; i++) {
        b[i] = a[i] + 1;
    }
}
"""


def figures(**changed: float) -> np.ndarray:
    row = dict.fromkeys(FEATURES, 1.0) | changed
    return np.array(list(row.values()), dtype=np.float32)


def test_a_loop_ends_after_the_round_in_which_the_estimates_of_all_designs_were_the_same(tmp_path: Path) -> None:
    (tmp_path / "unrolled.c").write_text(UNROLLED, encoding="utf-8")
    kernel = find_kernel(str(tmp_path / "unrolled.c"))
    store = ReportStore(tmp_path / "store", fsync=False)
    backend = EstimatorBackend(store)
    space = load_space(kernel)
    plan = KernelPlan(backend, backend.address_of(kernel), kernel, space)
    loop = ClosedLoop({kernel.name: plan}, store, tmp_path / "rounds", batch=2, warm_start="estimator")
    lines: list[str] = []
    found = run_loop(loop, tmp_path / "found", budget=6, top_k=0, tell=lines.append)
    why = f"no design differs from another: the estimates of all {space.size()} are the same"
    assert found["runs"] == 2 < space.size()
    assert f"unrolled after round 1: {why}" in lines and why in str(found["stopped"])


@pytest.mark.parametrize(
    ("changed", "alike"),
    [
        ({}, True), ({"log2_max_ii": 2.0}, True), ({"log2_cycles": 2.0}, False), ({"log2_dsp": 2.0}, False),
        ({"log2_lut": 2.0}, False), ({"log2_ff": 2.0}, False), ({"log2_bram": 2.0}, False), ({"known": 0.0}, False),
    ],
)  # fmt: skip
def test_designs_are_alike_where_cycles_and_resources_of_all_are_known_and_the_same(
    changed: dict[str, float], alike: bool
) -> None:
    space, facts = toy_space(), toy_features()
    kept: Kept = {row.tobytes(): figures() for batch in space.batches(100) for row in batch}
    whole = space_candidates(space, facts)
    kept[next(iter(kept))] = figures(**changed)
    assert all_alike(whole, kept) == alike
    last = next(reversed(kept))
    kept[last] = figures(**changed)
    assert all_alike(whole, kept) == alike


def test_of_a_sample_of_a_pool_and_of_designs_without_estimates_nothing_is_said() -> None:
    space, facts = toy_space(), toy_features()
    kept: Kept = {row.tobytes(): figures() for batch in space.batches(100) for row in batch}
    assert not all_alike(space_candidates(space, facts, whole_limit=10), kept)
    assert not all_alike(pool_candidates([("", point) for point in space.points()][:1], facts), kept)
    assert not all_alike(space_candidates(space, facts), dict(list(kept.items())[1:]))


def test_a_value_is_tried_once_a_run_has_it_at_its_own_site(tmp_path: Path) -> None:
    kernel = find_kernel("gesummv")
    backend = EstimatorBackend(ReportStore(tmp_path / "store", fsync=False))
    space = load_space(kernel)
    plan = KernelPlan(backend, backend.address_of(kernel), kernel, space)
    values = sum(len(site.values) for site in space.sites)
    assert untried_values(plan, []) == values
    assert untried_values(plan, ["__PARA__L0-2"]) == untried_values(plan, ["__PARA__L0-2"] * 2) == values - 1
    assert untried_values(plan, ["__PARA__L0-2.__PARA__L1-2", "__PARA__L0-1"]) == values - 3
