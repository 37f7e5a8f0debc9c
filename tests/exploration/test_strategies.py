from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.exploration import (
    ACQUISITIONS,
    SURROGATES,
    History,
    Objective,
    Prior,
    Proposal,
    Round,
    SearchOutcome,
    SpaceCandidates,
    best_so_far,
    make_strategy,
    pool_candidates,
    space_candidates,
)
from pipeline.exploration.acquisition import Acquisition
from pipeline.exploration.outlook import Aim, Expected
from pipeline.exploration.portfolio import PortfolioStrategy
from pipeline.exploration.shortlist import Ranked
from pipeline.exploration.strategy import Scan
from pipeline.exploration.surrogates import SurrogateKind, SurrogateRequest
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.exploration.types import Candidates, Forecast, Surrogate
from tests.exploration.toy import BEST_CYCLES, run_toy, toy_features, toy_space


def toy() -> SpaceCandidates:
    return space_candidates(toy_space(), toy_features())


def searched(
    name: str, goal: str, *, rounds: int = 4, seed: int = 0, prior: Prior | None = None
) -> list[SearchOutcome]:
    objective, candidates = Objective(goal), toy()
    strategy = make_strategy(name, objective=objective, prior=prior, seed=seed)
    rng, outcomes = np.random.default_rng(seed), list[SearchOutcome]()
    for _ in range(rounds):
        answer = strategy.propose(candidates, outcomes, 8, rng)
        assert len(answer.proposals) == 8 and not answer.exhausted
        outcomes += [run_toy(proposal.key) for proposal in answer.proposals]
    return outcomes


@functools.cache
def toy_prior() -> Prior:
    candidates = toy()
    keys = candidates.keys(toy_space().sample_rows(200, np.random.default_rng(5)))
    return Prior.fit([History("other", "toy", candidates.features(keys), [run_toy(key) for key in keys])], trees=20)


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("random", "cycles"), ("coreset", "cycles"), ("forest-exploit", "cycles"), ("forest-ucb", "ns"),
        ("forest-thompson", "cycles"), ("forest-ei", "weighted"), ("gp-ei", "cycles"), ("forest-ehvi", "pareto"),
        ("forest-ucb", "pareto"), ("transfer-ei", "cycles"), ("transfergp-thompson", "cycles"),
        ("gp-ei+forest-thompson", "cycles"), ("transfergp-ei+transfer-thompson", "ns"),
    ],
)  # fmt: skip
def test_a_search_that_repeats_runs_or_finds_nothing_valid_wastes_the_budget(name: str, goal: str) -> None:
    outcomes = searched(name, goal, prior=toy_prior() if name.startswith("transfer") else None)
    assert len({outcome.key for outcome in outcomes}) == len(outcomes) == 32
    valid = [outcome.cycles or 0.0 for outcome in outcomes if Objective().is_valid(outcome)]
    if goal in ("cycles", "ns"):
        assert min(valid) <= 1.05 * BEST_CYCLES
    else:
        assert len(valid) >= 3, "fast designs alone are not what was asked for"


@pytest.mark.parametrize("name", ["forest-ei", "transfer-ei", "auto", "auto with a prior"])
def test_the_default_search_that_misses_the_known_optimum_of_a_small_space_serves_nobody(name: str) -> None:
    prior = toy_prior() if name in ("transfer-ei", "auto with a prior") else None
    outcomes = searched(name.split(" ")[0], "cycles", rounds=6, prior=prior)
    place = best_so_far(outcomes, Objective())[-1]
    assert place is not None and (outcomes[place].cycles or 0.0) <= 1.01 * BEST_CYCLES


def test_two_runs_with_one_seed_that_differ_cannot_be_reproduced_or_resumed() -> None:
    first = [outcome.key for outcome in searched("forest-ei", "cycles", rounds=3, seed=3)]
    assert first == [outcome.key for outcome in searched("forest-ei", "cycles", rounds=3, seed=3)]
    assert first != [outcome.key for outcome in searched("forest-ei", "cycles", rounds=3, seed=4)]


@pytest.mark.parametrize("name", ["random", "coreset", "forest-ei", "forest-thompson", "gp-ei+forest-ei"])
def test_a_pool_that_is_used_up_ends_with_every_design_once(name: str) -> None:
    points = toy_space().decode(toy_space().sample_rows(11, np.random.default_rng(0)))
    candidates = pool_candidates([(f"design-{place}", point) for place, point in enumerate(points)], toy_features())
    strategy, outcomes, rng = make_strategy(name), list[SearchOutcome](), np.random.default_rng(0)
    for expected in (4, 4, 3):
        answer: Round = strategy.propose(candidates, outcomes, 4, rng)
        assert len(answer.proposals) == expected
        assert answer.exhausted == (expected == 3)
        outcomes += [SearchOutcome(p.key, "ok", True, 1000.0 + len(outcomes)) for p in answer.proposals]
    assert len({outcome.key for outcome in outcomes}) == 11
    last = strategy.propose(candidates, outcomes, 4, rng)
    assert last.exhausted and not last.proposals


def test_a_search_that_does_not_learn_from_failed_runs_runs_into_them_again() -> None:
    candidates, space = toy(), toy_space()
    surrogate = ForestSurrogate(seed=0)
    surrogate.see(candidates.sample(200, np.random.default_rng(0)).features)
    failed = ["__PARA__L0-64.__PARA__L1-32.__PIPE__L0-off.__TILE__L0-1", "__PARA__L0-64.__PARA__L1-64.__PIPE__L0-NA.__TILE__L0-2"]  # fmt: skip  # noqa: E501
    worked = ["__PARA__L0-1.__PARA__L1-2.__PIPE__L0-off.__TILE__L0-1", "__PARA__L0-2.__PARA__L1-1.__PIPE__L0-NA.__TILE__L0-2"]  # fmt: skip  # noqa: E501
    near = space.neighbours({"__PARA__L0": 64, "__PARA__L1": 32, "__PIPE__L0": "off", "__TILE__L0": 1})
    around = toy_features().of([point for point in near if point["__PARA__L0"] == 64 and point["__PARA__L1"] != 1])
    before = surrogate.predict(around).valid
    surrogate.fit(candidates.features(failed + worked), [run_toy(key) for key in failed + worked])
    assert (surrogate.predict(around).valid < before).all()
    easy = surrogate.predict(candidates.features(worked)).valid
    assert easy.min() > surrogate.predict(around).valid.mean()


def test_runs_that_say_nothing_of_the_design_must_not_count_as_failures() -> None:
    candidates = toy()
    keys = candidates.keys(toy_space().sample_rows(6, np.random.default_rng(1)))
    silent, plain = ForestSurrogate(seed=0), ForestSurrogate(seed=0)
    silent.fit(candidates.features(keys), [SearchOutcome(key, "licence", None) for key in keys])
    plain.fit(candidates.features([]), [])
    some = candidates.features(keys)
    assert np.array_equal(silent.predict(some).valid, plain.predict(some).valid)


@pytest.mark.parametrize(
    "name", ["forest", "forest-best", "transfer-ei", "metagp-ei", "model-ei", "forest-ehvi", "forest-ei+best"]
)
def test_a_strategy_that_cannot_be_made_is_refused_before_a_run_is_spent(name: str) -> None:
    with pytest.raises(PipelineError):
        make_strategy(name)


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (lambda whole: replace(whole, valid=whole.valid * np.nan), "what is no finite number as valid"),
        (lambda whole: whole.take(np.r_[0, 0 : len(whole)]), "latency of the shape"),
        (lambda whole: replace(whole, utilisation=whole.utilisation[:, :3]), "utilisation of the shape"),
        (lambda whole: replace(whole, latency_spread=-whole.latency_spread), "a latency_spread below 0"),
        (lambda whole: replace(whole, valid=whole.valid + 1.0), "a chance to be valid that is not between 0 and 1"),
        (lambda whole: None, "with a NoneType, where a Forecast is wanted"),
        (lambda whole: replace(whole, latency=whole.latency.tolist()), "with a latency that is no array of numbers"),
        (lambda whole: replace(whole, valid=whole.valid.astype(str)), "with a valid that is no array of numbers"),
    ],
)
def test_a_surrogate_whose_forecast_is_none_of_these_designs_is_named(
    spoilt: Callable[[Forecast], Forecast], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: SurrogateRequest) -> Surrogate:
        made = ForestSurrogate(trees=5, seed=asked.seed)
        whole = made.predict
        monkeypatch.setattr(made, "predict", lambda features: spoilt(whole(features)))
        return made

    monkeypatch.setattr(SURROGATES, "_added", {})
    SURROGATES.register(SurrogateKind("acme", broken))
    with pytest.raises(PipelineError, match=f"the surrogate acme forecasts {told}.*; mend its predict"):
        make_strategy("acme-ei").propose(toy(), [], 4, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (lambda n: np.full(n, np.nan), "values that are no numbers"),
        (lambda n: np.zeros((n, 2)), r"values of the shape \(\d+, 2\)"),
        (lambda n: None, r"values of the shape \(\)"),
        (lambda n: [0.0] * n, "values that are no numbers"),
        (lambda n: np.array(["a"] * n), "values that are no numbers"),
    ],
)
def test_an_acquisition_whose_values_are_none_of_these_designs_is_named(
    values: Callable[[int], Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ACQUISITIONS, "_added", {})
    ACQUISITIONS.register(Acquisition("acme", lambda outlook, aim, rng: values(len(outlook))))
    outcomes = [run_toy(key) for key in toy().keys(toy_space().sample_rows(4, np.random.default_rng(1)))]
    with pytest.raises(PipelineError, match=f"the acquisition acme gives {told}.*; mend its value, .* --acquisition"):
        make_strategy("forest-acme").propose(toy(), outcomes, 4, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        (lambda asked: None, "no list of places"),
        (lambda asked: [0, 1], "no list of places"),
        (lambda asked: [(0.5, 1.0)], "no list of places"),
        (lambda asked: [(0, 1.0)] * 2, "at most 4 different designs"),
        (lambda asked: [(place, 1.0) for place in range(5)], "at most 4 different designs"),
        (lambda asked: [(len(asked.shortlist), 1.0)], "at most 4 different designs"),
        (lambda asked: [(-1, 1.0)], "at most 4 different designs"),
        (lambda asked: [(np.int64(place), 1.0) for place in range(3, -1, -1)], ""),
    ],
)
def test_a_batch_that_runs_a_design_twice_or_more_than_was_asked_for_would_waste_the_budget(
    batch: Callable[[Any], Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ACQUISITIONS, "_added", {})
    ACQUISITIONS.register(Acquisition("acme", ACQUISITIONS["ucb"].value, batch=batch))
    outcomes = [run_toy(key) for key in toy().keys(toy_space().sample_rows(4, np.random.default_rng(1)))]
    strategy = make_strategy("forest-acme")
    if told:
        with pytest.raises(PipelineError, match=f"the acquisition acme gives a batch that is .*{told}.*mend its batch"):
            strategy.propose(toy(), outcomes, 4, np.random.default_rng(0))
    else:
        assert len(strategy.propose(toy(), outcomes, 4, np.random.default_rng(0)).proposals) == 4


def test_a_batch_of_several_searches_would_be_the_choice_of_one_alone() -> None:
    candidates, rng = toy(), np.random.default_rng(0)
    first = make_strategy("forest-ei").propose(candidates, [], 6, np.random.default_rng(1))
    outcomes = [run_toy(proposal.key) for proposal in first.proposals]
    single = [
        [proposal.key for proposal in make_strategy(name).propose(candidates, outcomes, 6, rng).proposals]
        for name in ("gp-exploit", "forest-exploit")
    ]
    both = make_strategy("gp-exploit+forest-exploit").propose(candidates, outcomes, 6, rng)
    keys = [proposal.key for proposal in both.proposals]
    assert len(set(keys)) == 6 and keys[0] == single[0][0]
    assert all(len(set(keys) & set(own)) >= 3 for own in single)


def aimed(outcomes: list[SearchOutcome], monkeypatch: pytest.MonkeyPatch) -> tuple[Aim, float]:
    """What a round on the toy space counts improvements from, and the share of the designs expected to be better."""
    seen: list[tuple[Aim, Expected]] = []

    def value(outlook: Expected, aim: Aim, rng: np.random.Generator) -> np.ndarray:
        seen.append((aim, outlook))
        return -outlook.cost[:, 0]

    monkeypatch.setattr(ACQUISITIONS, "_added", {})
    ACQUISITIONS.register(Acquisition("acme", value))
    make_strategy("transfer-acme", prior=toy_prior()).propose(toy(), outcomes, 4, np.random.default_rng(0))
    aim, outlook = seen[0]
    return aim, float((outlook.cost[:, 0] < aim.cost).mean())


def test_an_improvement_counts_from_the_best_that_fits_and_before_there_is_one_from_what_is_to_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = toy().keys(toy_space().sample_rows(8, np.random.default_rng(1)))
    runs = [SearchOutcome(key, "ok", True, 2.0 ** (12 + n), (0.1,) * 4) for n, key in enumerate(keys)]
    runs[0] = replace(runs[0], utilisation=(0.9,) * 4)
    known, _ = aimed(runs, monkeypatch)
    assert known == Aim(13.0), "the fastest of all does not fit"
    first, better = aimed([], monkeypatch)
    assert first.gain == 3.0 and 0.4 < better < 0.6, "a promise of more than a factor of 8 counts no more"
    failed, better = aimed([SearchOutcome(key, "timeout", False) for key in keys], monkeypatch)
    assert failed.gain < 1.0 and 0.6 < better < 0.8, "something that runs at all comes first"


def scan_of(*, latency: float, valid: float, factor: float | None) -> tuple[Scan, Forecast]:
    """A scan whose every design is forecast alike, where 2 ** 10 cycles have been had."""
    forecast = Forecast(
        np.array([latency]), np.array([0.01]), np.zeros((1, 4)), np.full((1, 4), 0.01), np.array([valid])
    )
    runs = [SearchOutcome("a", "ok", True, 1024.0, (0.1,) * 4), SearchOutcome("b", "ok", True, 4096.0, (0.1,) * 4)]
    return Scan(lambda features: forecast, factor, Objective(), runs, 0.1), forecast


def test_what_a_round_expects_to_gain_is_over_the_best_known_as_sure_as_the_design_is_to_run() -> None:
    for latency, valid, gain in ((9.0, 1.0, 1.0), (9.0, 0.25, 0.25), (11.0, 1.0, 0.0)):
        scan, forecast = scan_of(latency=latency, valid=valid, factor=None)
        features = toy().sample(1, np.random.default_rng(0)).features
        best = Ranked(np.zeros((1, 4), dtype=int), features, forecast, np.array([valid]), np.zeros(1))
        assert scan.gain(best) == pytest.approx(gain, abs=1e-6)


def test_a_scan_believes_spreads_as_far_as_they_have_fitted() -> None:
    features = toy().sample(1, np.random.default_rng(0)).features
    for factor, spread in ((None, 0.01), (3.0, 0.03)):
        forecast, outlook = scan_of(latency=9.0, valid=1.0, factor=factor)[0].outlook(features)
        assert forecast.latency_spread == pytest.approx(spread) and outlook.spread[0] == pytest.approx(spread)


@pytest.mark.parametrize("name", ["random", "coreset", "forest-ei"])
def test_a_pool_of_just_the_designs_that_are_wanted_is_used_up_at_once(name: str) -> None:
    points = toy_space().decode(toy_space().sample_rows(4, np.random.default_rng(0)))
    candidates = pool_candidates([(f"design-{place}", point) for place, point in enumerate(points)], toy_features())
    for count, exhausted in ((4, True), (3, False)):
        answer = make_strategy(name).propose(candidates, [], count, np.random.default_rng(0))
        assert len(answer.proposals) == count and answer.exhausted == exhausted


class Fixed:
    """Proposes the designs that it is given, whatever has been run."""

    def __init__(self, name: str, keys: list[str]) -> None:
        self.name, self.keys = name, keys

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        return Round(
            tuple(Proposal(key, (), self.name, 0.0) for key in self.keys[:count]), expected_gain=len(self.keys)
        )


def test_the_first_of_several_searches_chooses_alone_before_any_run_and_then_they_take_turns() -> None:
    rng = np.random.default_rng(0)
    both = PortfolioStrategy("both", [Fixed("one", ["a", "b"]), Fixed("two", ["a", "x", "y"])])
    first = both.propose(toy(), [], 3, rng)
    assert [(one.key, one.why) for one in first.proposals] == [("a", "one"), ("b", "one")] and first.expected_gain == 2
    later = both.propose(toy(), [run_toy(toy().keys(toy_space().sample_rows(1, rng))[0])], 3, rng)
    assert [(one.key, one.why) for one in later.proposals] == [("a", "one"), ("x", "two"), ("b", "one")]
    assert later.expected_gain == 3, "the largest that one expects"
