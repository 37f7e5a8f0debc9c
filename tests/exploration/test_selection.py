"""What designs are expected to cost, and which of them go into a batch together."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pipeline.exploration import Objective
from pipeline.exploration.acquisitions.ucb import ucb
from pipeline.exploration.asked import objective_of
from pipeline.exploration.outlook import Aim, Expected, expected, scalarised
from pipeline.exploration.selection import ALIKE, NEARBY, BatchRequest, Channel, correlations, in_turn, jointly
from pipeline.exploration.shortlist import Ranked, Shortlist
from pipeline.exploration.strategy import Scan
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.exploration.types import Features, Floats, Forecast, SearchOutcome

FAR = np.array([[0.0], [1e3], [2e3], [3e3]])
"""Columns of designs that tell nothing of each other."""


def forecast(latency: Floats, used: Floats, *, valid: float = 0.9, spread: float = 0.05) -> Forecast:
    n = len(latency)
    return Forecast(latency, np.full(n, 0.5), used, np.full(used.shape, spread), np.full(n, valid))


def sure(cost: list[float], chance: float = 1.0) -> Expected:
    n = len(cost)
    return Expected(np.array(cost)[:, None], np.full((n, 1), 1e-9), np.full(n, chance))


@pytest.mark.parametrize(
    ("limits", "latency", "used", "more_than_even"),
    [
        # 80 of 640 blocks are within the limit of 80, 81 are not.
        ("dsp=80", 10.0, 80 / 640, True), ("dsp=80", 10.0, 81 / 640, False),
        ("dsp=12.5%", 10.0, 0.124, True), ("dsp=12.5%", 10.0, 0.126, False),
        # 2 ** 10 cycles of 4 ns are 4,096 ns.
        ("latency=4096ns", 9.9, 0.1, True), ("latency=4096ns", 10.1, 0.1, False), ("cycles=1024", 9.9, 0.1, True),
        ("cycles=1024", 10.1, 0.1, False), ("area=40%", 10.0, 0.39, True), ("area=40%", 10.0, 0.41, False),
    ],
)  # fmt: skip
def test_the_chance_to_keep_to_a_limit_turns_where_the_limit_is(
    limits: str, latency: float, used: float, more_than_even: bool
) -> None:
    objective = objective_of("cycles", limits).on({"LUT": 160, "FF": 320, "DSP": 640, "BRAM": 1000}, 4.0)
    told = Forecast(
        np.array([latency]), np.array([1e-3]), np.array([[0.05, 0.05, used, 0.05]]), np.full((1, 4), 1e-9), np.ones(1)
    )
    chance = expected(told, objective, log2_clock=2.0).chance[0]
    assert chance > 0.7 if more_than_even else chance < 0.3


def test_the_chance_is_that_it_runs_and_its_most_critical_resource_fits() -> None:
    used = np.array([[0.1, 0.75, 0.1, 0.1], [0.1, 0.1, 0.1, 0.85]])
    found = expected(forecast(np.array([10.0, 11.0]), used), Objective("cycles", limit=0.8))
    assert found.chance == pytest.approx(0.9 * norm.cdf(np.array([0.05, -0.05]) / 0.05))
    assert found.cost[:, 0].tolist() == [10.0, 11.0] and (found.spread == 0.5).all()


def test_time_is_cycles_and_the_clock_and_a_front_has_latency_and_the_fullest_resource() -> None:
    told = forecast(np.array([10.0, 11.0]), np.array([[0.1, 0.7, 0.2, 0.3], [0.4, 0.1, 0.6, 0.5]]))
    assert expected(told, Objective("ns"), log2_clock=2.0).cost[:, 0].tolist() == [12.0, 13.0]
    assert expected(told, Objective("cycles"), log2_clock=2.0).cost[:, 0].tolist() == [10.0, 11.0]
    front = expected(told, Objective("pareto"))
    assert front.cost.tolist() == [[10.0, 0.7], [11.0, 0.6]]
    assert front.spread.tolist() == [[0.5, 0.05], [0.5, 0.05]]


def test_the_members_of_an_ensemble_mean_the_same_for_a_sum_as_their_mean_does() -> None:
    told = replace(forecast(np.array([10.0]), np.full((1, 4), 0.1)), members=np.array([[10.0], [12.0]]))
    objective = objective_of("cycles + 2*dsp").on({"LUT": 100, "FF": 100, "DSP": 640, "BRAM": 100}, 4.0)
    found = expected(told, objective)
    sums = [2.0**10 + 2 * 64, 2.0**12 + 2 * 64]
    assert found.members is not None and found.members[:, 0] == pytest.approx(np.log2(sums))
    assert found.cost[0, 0] == pytest.approx(found.members[0, 0])
    times = expected(told, objective_of("us").on({}, 4.0), log2_clock=2.0)
    assert times.members is not None and times.members[:, 0] - times.cost[0, 0] == pytest.approx([0.0, 2.0])


def test_several_costs_become_the_worst_of_them_in_shares_of_their_range_and_a_little_of_their_sum() -> None:
    outlook = Expected(np.array([[4.0, 30.0], [8.0, 20.0]]), np.array([[0.4, 2.0], [0.8, 1.0]]), np.ones(2))
    found = scalarised(outlook, np.array([0.5, 2.0]), np.array([2.0, 10.0]), np.array([10.0, 50.0]))
    # Shares 0.25 and 0.5, then 0.75 and 0.25, each by its weight.
    shares = np.array([[0.125, 1.0], [0.375, 0.5]])
    assert found.cost[:, 0] == pytest.approx(shares.max(axis=1) + 0.05 * shares.sum(axis=1))
    assert found.spread[:, 0] == pytest.approx([2.0 * 2.0 / 40, 2.0 * 1.0 / 40])


def test_a_batch_adds_what_the_best_of_it_gains_up_to_the_cap() -> None:
    for cap, gain in ((100.0, 6.0), (3.0, 3.0)):
        (first, added), *rest = jointly(sure([8.0, 4.0, 6.0]), FAR[:3], 10.0, cap, 3, 0.5, 0)
        assert first == 1 and added == pytest.approx(gain, rel=1e-3)
        assert all(more == pytest.approx(0.0, abs=1e-3) for _, more in rest)
    (_, halved), *_ = jointly(sure([4.0, 4.0, 4.0], 0.5), FAR[:3], 10.0, 100.0, 1, 0.1, 0)
    assert halved == pytest.approx(3.0, rel=0.1), "by the chance"


def test_a_batch_takes_the_other_guess_and_not_the_same_one_twice() -> None:
    outlook = Expected(np.full((3, 1), 9.0), np.ones((3, 1)), np.full(3, 0.9))
    columns = np.array([[0.0], [0.0], [1e3]])
    taken = [place for place, _ in jointly(outlook, columns, 9.0, 100.0, 2, 0.5, 0)]
    assert 2 in taken


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_each_design_adds_no_more_than_the_one_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 8
    outlook = Expected(rng.uniform(5, 12, (n, 1)), rng.uniform(0.1, 2, (n, 1)), np.full(n, 0.9))
    added = [gain for _, gain in jointly(outlook, rng.uniform(0, 9, (n, 3)), 9.0, 4.0, n, 0.5, 0)]
    # Of equal gains the safer comes first: a tie may move one by so much.
    assert all(more <= before + 1e-3 for before, more in itertools.pairwise(added))
    assert 0 <= sum(added) <= 4.0


def request(columns: Floats, cost: list[float], count: int, channels: list[Channel]) -> BatchRequest:
    n, costs = len(cost), np.array(cost)
    told = Forecast(costs, np.full(n, 1.0), np.zeros((n, 4)), np.zeros((n, 4)), np.full(n, 0.9))
    shortlist = Ranked(columns.astype(np.intp), Features(columns, columns, None, columns), told, told.valid, -costs)
    return BatchRequest(
        shortlist, Expected(costs[:, None], np.ones((n, 1)), told.valid), channels, costs[:0], count, 0.5
    )


def test_near_a_design_that_is_taken_little_is_left_to_learn() -> None:
    channel = Channel(ucb, Aim(10.0), 0)
    beside, apart = np.array([[0.0], [1e-3], [1e3]]), np.array([[0.0], [1e3], [2e3]])
    cost = [9.0, 9.01, 9.2]
    assert [place for place, _ in in_turn(request(beside, cost, 3, [channel]))] == [0, 2, 1]
    assert [place for place, _ in in_turn(request(apart, cost, 3, [channel]))] == [0, 1, 2]


def test_spread_shrinks_to_a_tenth_at_each_design_taken_and_stays_far_from_it() -> None:
    seen: list[list[float]] = []

    def watched(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
        seen.append(outlook.spread[:, 0].tolist())
        return -outlook.cost[:, 0]

    columns = np.array([[0.0, 0.0], [0.5 * NEARBY, 0.5 * NEARBY], [1e3, 0.0]])
    in_turn(request(columns, [6.0, 7.0, 8.0], 3, [Channel(watched, Aim(10.0), 0)]))
    beside = np.sqrt(1 - 0.99 * np.exp(-1.0) ** 2)
    told = [[1.0, 1.0, 1.0], [0.1, beside, 1.0], [0.1 * beside, 0.1 * beside, 1.0]]
    assert np.array(seen) == pytest.approx(np.array(told))


def test_errors_are_alike_by_what_designs_are_what_they_cost_and_the_odds_that_they_run() -> None:
    same = {"columns": np.zeros((2, 2)), "cost": np.full(2, 9.0), "chance": np.full(2, 0.5)}
    apart = {"columns": np.array([[0.0, 0.0], [0.25 * ALIKE, -0.75 * ALIKE]])}
    for other, distance in (
        (apart, 1.0),
        ({"cost": np.array([9.0, 7.0])}, 0.6),
        ({"chance": np.array([0.5, 0.8])}, 0.15 * np.log(4.0)),
        ({"chance": np.array([0.2, 0.8])}, 0.3 * np.log(4.0)),
        ({"chance": np.array([0.0, 1.0])}, 0.3 * np.log(999.0)),
        ({**apart, "cost": np.array([7.0, 9.0])}, 1.6),
    ):
        found = correlations(**{**same, **other})
        assert found == pytest.approx(np.exp(-distance * (1 - np.eye(2))))


def test_channels_take_turns() -> None:
    def last(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
        return np.asarray(outlook.cost[:, 0])

    channels = [Channel(ucb, Aim(10.0), 0), Channel(last, Aim(10.0), 0)]
    taken = in_turn(request(FAR, [6.0, 7.0, 8.0, 9.0], 4, channels))
    assert [place for place, _ in taken] == [0, 3, 1, 2]


def test_designs_with_one_forecast_come_again_only_when_no_others_are_left() -> None:
    taken = in_turn(request(FAR, [6.0, 6.0, 8.0, 9.0], 4, [Channel(ucb, Aim(10.0), 0)]))
    assert [place for place, _ in taken] == [0, 2, 3, 1]


def test_a_design_is_never_twice_in_a_batch_though_all_are_expected_alike() -> None:
    def least_cost(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
        return -outlook.cost[:, 0]

    taken = in_turn(request(FAR, [6.0] * 4, 4, [Channel(least_cost, Aim(10.0), 0)]))
    assert [place for place, _ in taken] == [0, 1, 2, 3]


def test_designs_that_are_joined_keep_what_the_members_of_an_ensemble_say_where_both_have_any() -> None:
    plain = request(FAR[:2], [6.0, 7.0], 1, []).shortlist
    voiced = replace(plain, forecast=replace(plain.forecast, members=np.array([[1.0, 2.0], [3.0, 4.0]])))
    both = voiced.joined(voiced).forecast.members
    assert both is not None and both.tolist() == [[1.0, 2.0, 1.0, 2.0], [3.0, 4.0, 3.0, 4.0]]
    assert plain.joined(voiced).forecast.members is voiced.joined(plain).forecast.members is None


def test_the_gain_is_what_one_more_run_adds_to_the_best_known_weighed_by_its_chance() -> None:
    ran = [SearchOutcome(str(cycles), "ok", True, cycles, (0.1,) * 4) for cycles in (2.0**9, 2.0**8, 2.0**10)]
    ranked = request(FAR[:3], [7.0, 6.0, 8.5], 1, []).shortlist
    ranked.forecast.latency_spread[:] = 1e-3
    for objective, outcomes, gain in (
        (Objective(), ran, 0.9 * 2.0),
        (Objective(), ran[:1], 0.9 * 3.0),
        (Objective(), [SearchOutcome("a", "timeout", False)], None),
        (Objective("pareto"), ran, None),
    ):
        found = Scan(ForestSurrogate().predict, None, objective, outcomes, 0.5).gain(ranked)
        assert found == (None if gain is None else pytest.approx(gain, rel=1e-3))


def test_a_shortlist_keeps_a_design_once_however_often_it_is_entered() -> None:
    rows, latency = np.arange(5)[:, None], np.arange(10.0, 15.0)
    told = forecast(latency, np.full((5, 4), 0.1))
    features = Features(np.ones((5, 1)), np.zeros((5, 0)))
    kept = Shortlist(8, 0.1)
    for _ in range(2):
        kept.add(rows, features, told, expected(told, Objective()), -latency)
    assert kept.best is not None and kept.best.rows[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_of_designs_with_one_forecast_the_first_four_come_before_any_other_is_left_out() -> None:
    """By what a search may run, then by whether it is among the first four of its forecast, then by value."""
    latency = np.array([8.0] * 7 + [9.0] * 6 + [7.0])
    chance = np.array([0.9] * 13 + [0.05])
    told = forecast(latency, np.full((14, 4), 0.1))
    outlook = Expected(latency[:, None], np.full((14, 1), 0.5), chance)
    features, rows = Features(np.ones((14, 1)), np.zeros((14, 0))), np.arange(14)[:, None]
    best = [*range(4), *range(7, 11), *range(4, 7), 11, 12, 13]
    for size in (3, 6, 8, 10, 12, 14, 20):
        whole, parts = Shortlist(size, 0.1), Shortlist(size, 0.1)
        whole.add(rows, features, told, outlook, -latency)
        for some in (np.arange(0, 14, 2), np.arange(1, 14, 2)):
            parts.add(rows[some], features.take(some), told.take(some), outlook.take(some), -latency[some])
        assert whole.best is not None and parts.best is not None
        assert whole.best.rows[:, 0].tolist() == best[:size]
        assert sorted(parts.best.forecast.latency) == sorted(latency[best[:size]]), "in whatever order they are met"
