from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.errors import PipelineError
from pipeline.exploration import (
    Objective,
    Proposal,
    Round,
    SearchOutcome,
    adrs,
    best_so_far,
    front_of,
    hypervolume,
    pareto_front,
)
from pipeline.exploration import stop_reason as stop_reason_of

COSTS = arrays(float, st.tuples(st.integers(1, 20), st.integers(1, 3)), elements=st.integers(0, 6).map(float))


@given(COSTS)
def test_a_front_holds_each_trade_off_that_nothing_beats_once(costs: np.ndarray) -> None:
    front = pareto_front(costs)
    kept = costs[front]
    for cost in costs:
        assert any((other <= cost).all() for other in kept)
    for place, cost in enumerate(kept):
        assert not any((other <= cost).all() for number, other in enumerate(kept) if number != place)


def test_figures_of_fronts_that_can_be_counted_by_hand() -> None:
    front = np.array([[1.0, 3.0], [2.0, 1.0]])
    assert hypervolume(front, (4.0, 4.0)) == 3.0 * 1.0 + 2.0 * 3.0 - 1.0 * 2.0 + 0.0
    assert adrs(front, front) == 0.0
    assert adrs(np.array([[2.0, 1.0]]), front) == pytest.approx((1.0 + 0.0) / 2)
    assert adrs(np.zeros((0, 2)), front) == np.inf


def outcome(key: str, cycles: float | None, used: float = 0.1) -> SearchOutcome:
    return SearchOutcome(key, "ok" if cycles else "timeout", cycles is not None, cycles, (used,) * 4)


def test_a_design_at_the_limit_does_not_fit_and_is_on_no_front() -> None:
    outcomes = [outcome("a", 100.0, 0.8), outcome("b", 200.0, 0.79), outcome("c", None), outcome("d", 300.0, 0.1)]
    assert [Objective().is_valid(one) for one in outcomes] == [False, True, False, True]
    assert front_of(outcomes, Objective()) == [1, 3]


def test_the_best_so_far_is_the_least_that_fits_and_of_equals_the_first_that_was_run() -> None:
    cycles = [None, 300.0, 200.0, 100.0, 200.0, 150.0, 150.0]
    runs = [outcome(str(n), one, 0.9 if one == 100.0 else 0.1) for n, one in enumerate(cycles)]
    assert best_so_far(runs, Objective()) == [None, 1, 2, 2, 2, 5, 5]


def stop(outcomes: list[SearchOutcome], **options: object) -> str | None:
    return stop_reason_of(outcomes, Objective(), **{"budget": 10, **options})  # type: ignore[arg-type]


def test_a_search_stops_for_the_reason_that_says_most() -> None:
    runs = [outcome("a", 200.0), outcome("b", None)]
    idle = Round((Proposal("x", (0,), "", 0.0),), expected_gain=0.0001)
    assert stop(runs) is None
    assert stop([]) is None
    assert "budget of 2" in str(stop(runs, budget=2))
    assert "target" in str(stop(runs, budget=2, target=200.0))
    assert "proven optimal" in str(stop(runs, target=200.0, lower_bound=200.0))
    assert stop(runs, lower_bound=199.0) is None
    assert "no gain" in str(stop(runs, rounds=[idle, idle]))
    assert stop(runs, rounds=[idle]) is None
    assert stop(runs, rounds=[idle, Round(idle.proposals, expected_gain=0.2)]) is None
    assert "all of them have been run" in str(stop(runs, rounds=[Round((), exhausted=True)]))
    assert "none is valid" in str(stop([outcome("b", None)], rounds=[Round((), exhausted=True)]))


def test_an_objective_that_nothing_can_meet_is_refused() -> None:
    for wrong in ({"goal": "area"}, {"limit": 0.0}, {"goal": "weighted", "weights": {"XYZ": 1.0}}):
        with pytest.raises(PipelineError):
            Objective(**wrong)
    assert Objective("weighted", weights={"DSP": 2.0}).costs(outcome("a", 1024.0, 0.5)) == (11.0,)
    with pytest.raises(PipelineError, match="clock"):
        Objective("ns").costs(outcome("a", 100.0))
