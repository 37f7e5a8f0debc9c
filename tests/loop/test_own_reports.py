"""Earlier reports of a kernel correct its estimates, if they do so on designs that were left out."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from pipeline.design_space import design_key, load_space
from pipeline.estimator import load_device
from pipeline.exploration import History, Prior
from pipeline.kernels import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan
from pipeline.loop.featurise import kernel_features
from pipeline.loop.histories import corrections_of, gather_histories, histories_of
from pipeline.loop.own_reports import LEAST, correction, correction_text
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Entry, EstimatorBackend, ReportStore


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return find_kernel("bicg")


def history(kernel: Kernel, count: int, noise: float | None = None, factor: float = 3.0) -> History:
    """Designs whose true cycles are the estimate times a factor, twice it where a loop is flattened; or noise alone."""
    space = load_space(kernel)
    points = space.decode(space.sample_rows(count, np.random.default_rng(3)))
    facts = kernel_features(kernel, "merlin", set(space.names), load_device())
    features = facts.of(points)
    assert features.estimated is not None
    drawn = random.Random(5)
    outcomes = []
    for point, estimate in zip(points, features.estimated, strict=True):
        off = factor * (2.0 if "flatten" in point.values() else 1.0)
        cycles = 2.0 ** (float(estimate) + (drawn.gauss(0, noise) if noise else 0.0)) * (1.0 if noise else off)
        found = _outcome(design_key(point), cycles)
        outcomes.append(found)
    return History("bicg", "tool", features, outcomes, True)


def _outcome(key: str, cycles: float) -> Any:
    from pipeline.exploration.types import SearchOutcome

    return SearchOutcome(key, "ok", True, cycles, (0.1, 0.1, 0.1, 0.1), 4.0)


def test_a_law_that_estimates_miss_is_learned_and_noise_is_not_taken_for_one(kernel: Kernel) -> None:
    law, noise = correction(history(kernel, 60)), correction(history(kernel, 60, noise=1.0))
    assert law is not None and noise is not None
    assert law.helps and law.after < law.before
    assert noise.after > 0.9 * noise.before, "what no other design tells cannot be forecast from them"
    assert "helps: " in correction_text([law]) and "does not help" in correction_text([replace(law, after=law.before)])
    assert correction(history(kernel, LEAST - 1)) is None


def test_own_reports_tell_by_how_much_estimates_miss_the_kernel_as_a_whole(kernel: Kernel) -> None:
    ours = history(kernel, 40)
    slower = replace(ours, outcomes=[replace(one, cycles=8 * (one.cycles or 0.0)) for one in ours.outcomes])
    others = [replace(ours, kernel=name, own=False) for name in ("atax", "mvt", "gesummv")]
    with_own = Prior.fit([*others, slower], trees=20).predict(ours.features).latency
    true = np.log2([one.cycles or 1.0 for one in slower.outcomes])
    assert abs(float(np.median(with_own - true))) < 0.5
    unasked = Prior.fit([*others, replace(slower, own=False)], trees=20).predict(ours.features).latency
    assert abs(float(np.median(unasked - true))) > 2


class _Tool(EstimatorBackend):
    """Says that a tool runs, so that what the store has counts as its reports."""

    runs_tool: ClassVar[bool] = True


@pytest.mark.parametrize(("tool", "taken"), [(True, True), (False, False)])
def test_a_search_starts_from_reports_of_its_own_kernel_where_a_tool_made_them(
    tool: bool, taken: bool, tmp_path: Path, kernel: Kernel
) -> None:
    store = ReportStore(tmp_path / "store", fsync=False)
    backend = (_Tool if tool else EstimatorBackend)(store)
    address, space = backend.address_of(kernel), load_space(kernel)
    known = history(kernel, 40)
    points = space.decode(space.sample_rows(40, np.random.default_rng(3)))
    entries = [
        Entry(design_key(point), point, Label(DesignStatus.OK, cycles=round(one.cycles or 0)))
        for point, one in zip(points, known.outcomes, strict=True)
    ]
    store.put_all(address, entries)
    plan = KernelPlan(backend, address, kernel, space)
    for warm_start in ("auto", "estimator"):
        loop = ClosedLoop({kernel.name: plan}, store, tmp_path / f"rounds-{warm_start}", warm_start=warm_start)
        loop.histories_folder.mkdir(parents=True)
        gather_histories(loop, loop.other_addresses(), loop.histories_folder)
        own = [one for one in histories_of(loop) if one.own]
        assert bool(own) is bool(corrections_of(loop)) is (taken and warm_start == "auto")
