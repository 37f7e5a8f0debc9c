from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.design_space import design_key
from pipeline.errors import PipelineError
from pipeline.exploration import History, Objective, Prior, SearchOutcome, space_candidates
from pipeline.exploration.baselines import BASELINES, PoolView
from pipeline.exploration.meta_processes import learn_processes
from pipeline.exploration.methods import METHODS, check_methods, searched
from pipeline.exploration.replay import Curve, KnownForecasts, Pool, curve, summary
from pipeline.kernels.families import folds
from pipeline.models.baselines import meta_process
from tests.exploration.toy import BEST_CYCLES, SITES, run_toy, toy_features, toy_space


def toy_pool() -> Pool:
    points = toy_space().decode(toy_space().sample_rows(150, np.random.default_rng(2)))
    outcomes = tuple(run_toy(design_key(point)) for point in points)
    return Pool("toy", "toy", toy_features(estimates=True).of(points), outcomes)


def test_methods_that_run_other_numbers_of_designs_cannot_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    # How well they forecast does not matter here (test_meta.py).
    monkeypatch.setattr(meta_process, "_STEPS", 10)
    pool, objective = toy_pool(), Objective()
    view = PoolView(pool.features.values, pool.cycles(objective), SITES)
    prior = Prior.fit([History("other", "toy", pool.features, pool.outcomes)], trees=10)
    known = KnownForecasts(pool.features, prior.predict(pool.features))
    relatives = [History(name, "toy", pool.features, pool.outcomes) for name in ("one", "two", "three", "four")]
    processes = learn_processes(relatives)
    for method in METHODS:
        found = searched(method, pool, view, known, processes, objective=objective, budget=11, batch=7, seed=1)
        assert len(set(found.order)) == len(found.order) == 11, method
        again = searched(method, pool, view, known, processes, objective=objective, budget=11, batch=7, seed=1)
        assert again.order == found.order, method
        errors = found.errors(pool, objective)
        assert len(errors["latency_z"]) <= 11


def test_a_baseline_goes_on_until_the_pool_is_used_up() -> None:
    pool = toy_pool()
    view = PoolView(pool.features.values, pool.cycles(Objective()), SITES)
    for name, baseline in BASELINES.items():
        assert sorted(baseline(view, 1000, 0)) == list(range(150)), name


def test_curves_count_failed_runs_and_know_nothing_before_a_valid_design() -> None:
    pool, objective = toy_pool(), Objective()
    cycles = pool.cycles(objective)
    invalid, best = np.flatnonzero(np.isinf(cycles))[:2].tolist(), int(cycles.argmin())
    went = curve(pool, [*invalid, best], 5, objective)
    assert went.ratio.tolist() == [np.inf, np.inf, 1.0, 1.0, 1.0]
    assert went.hypervolume[1] == 0.0 and 0 < went.hypervolume[2] <= 1.0
    assert Curve.from_json(went.to_json()).adrs.tolist() == went.adrs.tolist()
    everything = curve(pool, list(range(150)), 150, objective)
    assert everything.adrs[-1] == 0.0 and everything.hypervolume[-1] == pytest.approx(1.0)
    figures = summary([curve(pool, [best], 10, objective)], 10)
    assert figures["within_2_percent_10"] == 1.0 and "median_ratio_20" not in figures
    assert cycles.min() >= BEST_CYCLES


def test_a_variant_of_a_kernel_among_those_learned_from_would_give_its_answers_away() -> None:
    names = ["gemm-p", "gemm-p-large", "gemm-blocked", "atax", "atax-medium", "mvt", "syrk", "syr2k", "nw"]
    found = folds(names, 4)
    assert found["gemm-p"] == found["gemm-p-large"] == found["gemm-blocked"]
    assert found["atax"] == found["atax-medium"]
    assert len(set(found.values())) == 4
    assert folds(reversed(names), 4) == found


def test_a_method_that_does_not_exist_is_named() -> None:
    joined = ("random", "gp-ei+forest-ucb", "transfer-ei+gp-ei+forest-thompson")
    assert check_methods(joined) == joined and check_methods(()) == METHODS
    for wrong in ("nothing-ei", "forest-thompson", "gp-ei+nothing-ei", "gp-ei+forest-most", "gp-ei+forest-ehvi"):
        with pytest.raises(PipelineError, match=re.escape(wrong)):
            check_methods(("random", wrong))


def test_a_kernel_whose_estimates_are_off_as_a_whole_would_teach_that_its_kind_of_design_is_slow() -> None:
    candidates = space_candidates(toy_space(), toy_features(estimates=True))
    keys = candidates.keys(toy_space().sample_rows(200, np.random.default_rng(3)))
    ran = [outcome for outcome in map(run_toy, keys) if outcome.cycles is not None]
    ran.sort(key=lambda outcome: float(outcome.cycles or 0.0))

    def history(name: str, outcomes: list[SearchOutcome], factor: float) -> History:
        slower = [replace(one, cycles=(one.cycles or 0.0) * factor) for one in outcomes]
        return History(name, "toy", candidates.features([one.key for one in outcomes]), slower)

    # The fast designs were run on a kernel that is 4,096 times slower than estimated, the slow ones on another.
    half = len(ran) // 2
    prior = Prior.fit([history("fast", ran[:half], 4096.0), history("slow", ran[half:], 1.0)])
    forecast = prior.predict(candidates.features([one.key for one in ran])).latency
    assert forecast[:half].mean() < forecast[half:].mean() - 1.0
