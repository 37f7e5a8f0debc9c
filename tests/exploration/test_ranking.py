from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from pipeline.exploration.acquisition import log_improvement
from pipeline.exploration.expected_hypervolume import log_hypervolume, most_hypervolume
from pipeline.exploration.outlook import Expected, ranking
from pipeline.exploration.selection import jointly
from pipeline.exploration.shortlist import Shortlist
from pipeline.exploration.types import Features, Forecast

LEAST = 0.5


@st.composite
def outlooks(draw: st.DrawFn) -> Expected:
    n = draw(st.integers(1, 12))
    cost = draw(arrays(float, (n, 1), elements=st.floats(0, 40)))
    spread = draw(arrays(float, (n, 1), elements=st.floats(0.01, 5)))
    chance = draw(arrays(float, n, elements=st.floats(0, 1)))
    return Expected(cost, spread, chance)


@given(outlooks(), st.floats(-100, 100))
def test_a_design_predicted_invalid_that_outranks_a_valid_one_costs_a_run(outlook: Expected, bonus: float) -> None:
    # What is not valid promises most: a product with a mask of zeros would put it first where values are negative.
    value = -outlook.cost[:, 0] + np.where(outlook.chance < LEAST, bonus, 0.0)
    order = ranking(value, outlook.chance, LEAST)
    predicted = outlook.chance[order] >= LEAST
    assert sorted(order.tolist()) == list(range(len(outlook)))
    assert not (np.diff(predicted.astype(int)) > 0).any()
    assert (np.diff(value[order][predicted]) <= 0).all()
    assert (np.diff(outlook.chance[order][~predicted]) <= 0).all()


@settings(max_examples=30)
@given(outlooks(), st.integers(1, 15), st.floats(0, 40))
def test_a_batch_takes_every_valid_design_before_an_invalid_one(outlook: Expected, count: int, best: float) -> None:
    columns = np.arange(len(outlook), dtype=float)[:, None]
    taken = [place for place, _ in jointly(outlook, columns, best, 3.0, count, LEAST, 0)]
    assert len(set(taken)) == len(taken) == min(count, len(outlook))
    predicted = outlook.chance[taken] >= LEAST
    assert not (np.diff(predicted.astype(int)) > 0).any()


def test_a_batch_for_the_front_takes_every_valid_design_before_an_invalid_one() -> None:
    rng = np.random.default_rng(0)
    cost = rng.uniform([10, 0], [20, 0.7], (8, 2))
    outlook = Expected(cost, np.full((8, 2), 0.1), np.array([0.9, 0.2, 0.8, 0.1, 0.6, 0.3, 0.7, 0.4]))
    taken = [place for place, _ in most_hypervolume(outlook, np.array([[15.0, 0.5]]), 6, LEAST)]
    assert set(taken[:4]) == {0, 2, 4, 6} and taken[4:] == [7, 5]


@settings(max_examples=12)
@given(st.integers(2, 3), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_the_expected_hypervolume_is_the_mean_of_what_a_design_adds(costs: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    step = {2: 0.02, 3: 0.08}[costs]
    known, reference = rng.uniform(0, 1.2, (size, costs)), np.array([1.1, 1.0, 0.9])[:costs]
    outlook = Expected(rng.uniform(0, 1.2, (3, costs)), rng.uniform(0.05, 0.4, (3, costs)), np.ones(3))
    # By definition: the chance of each cell that nothing known dominates to be dominated, added up.
    axes = [np.arange(limit - 3.2, limit, step) + step / 2 for limit in reference]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    free = np.ones(cells.shape[:-1], dtype=bool)
    for one in known:
        free &= ~(one <= cells).all(axis=-1)
    wanted = []
    for cost, spread in zip(outlook.cost, outlook.spread, strict=True):
        wanted.append(float((norm.cdf((cells - cost) / spread).prod(axis=-1) * free).sum()) * step**costs)
    assert np.exp(log_hypervolume(outlook, known, reference)) == pytest.approx(wanted, rel=0.05, abs=0.01)


def test_designs_without_hope_for_the_front_are_still_told_apart() -> None:
    cost = np.array([[40.0, 40.0], [30.0, 30.0], [50.0, 30.0]])
    value = log_hypervolume(Expected(cost, np.full((3, 2), 0.1), np.ones(3)), np.array([[0.5, 0.5]]), np.ones(2))
    assert np.isfinite(value).all() and value[1] > value[0] and value[1] > value[2]


def test_a_batch_for_the_front_takes_what_the_first_leaves_open_and_counts_the_chance() -> None:
    cost = np.array([[0.1, 0.9], [0.11, 0.89], [0.9, 0.1]])
    outlook = Expected(cost, np.full((3, 2), 0.01), np.ones(3))
    assert {place for place, _ in most_hypervolume(outlook, np.array([[1.0, 1.0]]), 2, LEAST)} in ({0, 2}, {1, 2})
    unsure = Expected(np.array([[0.1, 0.1], [0.1, 0.1]]), np.full((2, 2), 0.01), np.array([0.6, 0.9]))
    assert most_hypervolume(unsure, np.array([[1.0, 1.0]]), 1, LEAST)[0][0] == 1


@pytest.mark.parametrize("gap", [2.0, 0.0, -3.0, -7.9, -8.1, -20.0])
def test_the_expected_improvement_is_right_also_where_it_is_tiny(gap: float) -> None:
    found = log_improvement(Expected(np.array([[10.0]]), np.array([[0.5]]), np.ones(1)), 10.0 + 0.5 * gap)[0]
    if gap > -10:
        wanted = np.log(0.5 * (norm.pdf(gap) + gap * norm.cdf(gap)))
    else:
        wanted = np.log(0.5) + norm.logpdf(gap) - 2 * np.log(-gap)
    assert found == pytest.approx(wanted, abs=0.02)


def test_a_stream_of_a_million_designs_must_fit_into_memory_and_lose_none_of_the_best() -> None:
    rng = np.random.default_rng(0)
    shortlist = Shortlist(50, LEAST)
    values = []
    for start in range(0, 1_000_000, 50_000):
        latency, chance = rng.uniform(10, 30, 50_000), rng.uniform(0, 1, 50_000)
        places = np.arange(start, start + 50_000)[:, None]
        zeros = np.zeros((50_000, 1))
        forecast = Forecast(latency, np.ones(50_000), np.zeros((50_000, 4)), np.zeros((50_000, 4)), chance)
        outlook = Expected(latency[:, None], np.ones((50_000, 1)), chance)
        shortlist.add(places, Features(zeros, zeros), forecast, outlook, -latency)
        assert shortlist.best is not None and len(shortlist.best) <= 50
        values.append(np.where(chance >= LEAST, latency, np.inf))
    assert shortlist.best is not None
    assert shortlist.best.rows[:, 0].tolist() == np.argsort(np.concatenate(values))[:50].tolist()
