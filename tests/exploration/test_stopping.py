"""When a search ends: every rule at its edge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.exploration import Objective, Round, SearchOutcome, stop_reason
from pipeline.exploration.stopping import LEAST_GAIN, LEAST_SAME, PATIENCE, same_figures
from pipeline.exploration.types import Proposal

GOING_ON = Proposal("next", (0,), "", 0.0)


def ran(cycles: float, *, used: float = 0.1, clock_ns: float = 4.0) -> SearchOutcome:
    return SearchOutcome(f"{cycles}", "ok", True, cycles, (used, 0.1, 0.1, 0.1), clock_ns)


def answer(gain: float | None) -> Round:
    return Round((GOING_ON,), expected_gain=gain)


def reason(cycles: list[float], goal: str = "cycles", **options: object) -> str:
    runs = [ran(one) for one in cycles]
    return str(stop_reason(runs, Objective(goal), **{"budget": 100, **options}))  # type: ignore[arg-type]


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_search_goes_on_until_exactly_the_budget_is_spent_failed_runs_among_it(spent: int, budget: int) -> None:
    runs = [SearchOutcome(str(n), "timeout", False) for n in range(spent)]
    assert (stop_reason(runs, Objective(), budget=budget) is None) == (spent < budget)


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6))
def test_the_bound_and_the_target_are_met_by_what_is_as_good_and_by_nothing_worse(found: float, wanted: float) -> None:
    assert ("proven optimal" in reason([found], lower_bound=wanted)) == (found <= wanted * (1 + 1e-9))
    assert ("target" in reason([found], target=wanted)) == (found <= wanted * (1 + 1e-9))


@given(st.lists(st.one_of(st.none(), st.floats(0.0, 2 * LEAST_GAIN)), max_size=6))
def test_patience_ends_with_the_last_rounds_all_known_and_all_without_a_gain(gains: list[float | None]) -> None:
    last = gains[-PATIENCE:]
    idle = len(last) == PATIENCE and all(gain is not None and gain < LEAST_GAIN for gain in last)
    assert ("no gain" in reason([100.0], rounds=[answer(gain) for gain in gains])) == idle


def test_patience_and_the_least_gain_are_those_asked_for_and_the_largest_gain_is_said() -> None:
    rounds = [answer(gain) for gain in (0.9, 0.2, 0.1)]
    assert reason([100.0], rounds=rounds, least_gain=0.5) != "None"
    assert reason([100.0], rounds=rounds, least_gain=0.5, patience=3) == "None"
    assert "at most 14.87 %" in reason([100.0], rounds=rounds, least_gain=0.5)


def test_what_does_not_fit_meets_no_target_and_no_bound() -> None:
    runs = [ran(10.0, used=0.9), ran(100.0)]
    assert stop_reason(runs, Objective(), budget=9, target=50.0, lower_bound=50.0) is None


@pytest.mark.parametrize(
    ("goal", "value", "unit"), [("cycles", "100", "cycles"), ("ns", "400", "ns"), ("weighted", "6.644", "weighted")]
)
def test_a_target_counts_in_the_unit_of_the_goal(goal: str, value: str, unit: str) -> None:
    said = reason([100.0], goal, target=float(value) + 0.01)
    assert value in said and unit in said
    assert reason([100.0], goal, target=float(value) - 0.01) == "None"


def test_a_bound_in_cycles_says_nothing_of_a_weighted_cost_or_a_front() -> None:
    assert "proven optimal: 400 ns meets the lower bound of 400 ns" in reason([100.0], "ns", lower_bound=400.0)
    assert reason([100.0], "weighted", lower_bound=1e9) == reason([100.0], "pareto", lower_bound=1e9) == "None"


def test_of_a_kernel_without_sites_nothing_is_proven() -> None:
    alone, only = (
        SearchOutcome("", "ok", True, 100.0, (0.1,) * 4),
        "there are no pragma sites: the design as written is all",
    )
    assert stop_reason([alone], Objective(), budget=1, lower_bound=100.0) == f"{only} there is"
    failed = SearchOutcome("", "timeout", False)
    assert stop_reason([failed], Objective(), budget=9) == f"{only} there is, and it is not valid"


def test_candidates_that_are_used_up_end_it_before_the_budget_and_no_proposal_alone_ends_it_too() -> None:
    all_run = "proven optimal among the candidates: all of them have been run (1 run)"
    assert reason([100.0], budget=1, rounds=[Round((), exhausted=True)]) == all_run
    assert "budget of 1" in reason([100.0], budget=1, rounds=[Round((GOING_ON,), exhausted=True)])
    assert "no further design after 1 run" in reason([100.0], rounds=[Round(())])
    assert reason([100.0], rounds=[Round((GOING_ON,), exhausted=True)]) == "None"
    assert reason([100.0], rounds=[Round((), exhausted=True), answer(1.0)]) == "None", "the last round counts"


def alike(count: int, **changed: object) -> list[SearchOutcome]:
    """Runs of the same figures, the last one but for what is changed."""
    runs = [SearchOutcome(str(n), "ok", True, 100.0, (0.1, 0.2, 0.3, None), 4.0) for n in range(count)]
    return [*runs[:-1], replace(runs[-1], **changed)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [{"cycles": 101.0}, {"cycles": None}, {"utilisation": (0.1, 0.2, 0.3, 0.0)}, {"clock_ns": 4.1}, {"usable": False}],
)
def test_a_search_that_could_gain_goes_on_one_figure_that_differs_once_is_enough(changed: dict[str, object]) -> None:
    runs = alike(LEAST_SAME + 1, **changed)
    assert not same_figures(runs) and stop_reason(runs, Objective(), budget=99, alike=7, untried=0) is None


def test_without_figures_nothing_is_the_same() -> None:
    assert not same_figures([]) and not same_figures(alike(1, cycles=None, usable=False)) and same_figures(alike(1))


def test_runs_that_are_alike_end_it_with_a_proof_or_once_enough_of_them_have_every_value() -> None:
    def said(count: int, **options: object) -> str:
        return str(stop_reason(alike(count), Objective(), **{"budget": 99, **options}))  # type: ignore[arg-type]

    assert said(1, alike=1_234) == "no design differs from another: the estimates of all 1,234 are the same"
    assert "20 runs, all values among them, are alike" in said(LEAST_SAME, untried=0)
    for going_on in ({}, {"untried": 1}, {"untried": None}):
        assert said(LEAST_SAME, **going_on) == "None"
    assert said(LEAST_SAME - 1, untried=0) == "None"
    crowded = [replace(one, utilisation=(0.9,) * 4) for one in alike(3)]
    assert str(stop_reason(crowded, Objective(), budget=99, alike=7)).endswith("are the same, and none fits")
    assert "budget" in said(LEAST_SAME, budget=LEAST_SAME, untried=0, alike=7), "what ends it anyway is said"
