"""What is asked for is what is found: objectives, limits and targets against a space that is gone through whole."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from pipeline.design_space import design_key
from pipeline.errors import PipelineError
from pipeline.exploration import Objective, SearchOutcome, front_of, make_strategy, space_candidates
from pipeline.exploration.asked import limits_of, objective_of, target_of
from pipeline.exploration.pareto import best_so_far
from tests.exploration.test_strategies import toy_prior
from tests.exploration.toy import run_toy, toy_features, toy_space

DEVICE = {"LUT": 160, "FF": 320, "DSP": 640, "BRAM": 1000}
"""So that a copy of the toy's loop takes one LUT and one DSP."""

ALL = [run_toy(design_key(point)) for point in toy_space().points()]
PRIOR = cache(toy_prior)


def asked(text: str, limits: str = "") -> Objective:
    return objective_of(text, limits).on(DEVICE, 4.0)


def best(outcomes: list[SearchOutcome], objective: Objective) -> float:
    place = best_so_far(outcomes, objective)[-1]
    assert place is not None and objective.is_valid(outcomes[place])
    return objective.value(outcomes[place])


def found(name: str, objective: Objective, rounds: int = 4, batch: int = 8) -> list[SearchOutcome]:
    candidates = space_candidates(toy_space(), toy_features())
    strategy = make_strategy(name, objective=objective, prior=PRIOR() if name == "auto" else None)
    rng, outcomes = np.random.default_rng(0), list[SearchOutcome]()
    for _ in range(rounds):
        outcomes += [run_toy(one.key) for one in strategy.propose(candidates, outcomes, batch, rng).proposals]
    return outcomes


@pytest.mark.parametrize("name", ["auto", "forest-ei"])
@pytest.mark.parametrize(
    ("text", "limits", "value"),
    [
        ("cycles", "dsp=20", 1e6 / 16 + 10.0),
        ("cycles", "lut=25%", 1e6 / 32 + 10.0),
        ("dsp", "latency=0.2ms", 32.0),
        ("lut%", "cycles=130000", 5.0),
        ("cycles + 1000*dsp", "", 1e6 / 32 + 10.0 + 32_000),
        ("us + 1*lut", "dsp=64", 4e3 / 64 + 0.04 + 64),
    ],
)
def test_the_best_found_is_the_best_of_all_under_the_objective_and_its_limits(
    name: str, text: str, limits: str, value: float
) -> None:
    objective = asked(text, limits)
    assert len(ALL) == toy_space().size() and best(ALL, objective) == pytest.approx(value)
    # Tiles of the same design differ by less than a thousandth, which a search learns last.
    assert best(found(name, objective), objective) == pytest.approx(value, rel=1e-3)


def test_a_front_over_chosen_axes_is_that_of_all_designs() -> None:
    objective = asked("pareto(ns,dsp)", "dsp=16")
    whole = [(ALL[place].cycles, ALL[place].utilisation[2]) for place in front_of(ALL, objective)]
    assert [used * 640 for _, used in whole if used] == [16, 8, 4, 2, 1]
    runs = found("forest-ucb", objective)
    fastest = runs[front_of(runs, objective)[0]]
    assert fastest.cycles == pytest.approx(whole[0][0], rel=2e-3) and fastest.utilisation[2] == whole[0][1]
    three = asked("pareto(cycles,lut,bram)")
    assert len(three.costs(ALL[0])) == 3 and front_of(found("forest-ehvi", three, rounds=2, batch=3), three)


def test_a_limit_is_met_by_its_own_value_and_broken_by_what_is_not_known() -> None:
    def run(dsp: float | None, cycles: float = 1000.0) -> SearchOutcome:
        return SearchOutcome("a", "ok", True, cycles, (0.1, 0.1, dsp, 0.1), 5.0)

    # 49 blocks as a share of 640 and back are not exactly 49.
    counted = asked("cycles", "dsp=49")
    assert counted.is_valid(run(49 / 640)) and not counted.is_valid(run(50 / 640)) and not counted.is_valid(run(None))
    timed = asked("cycles", "latency=5us")
    assert timed.is_valid(run(0.1)) and timed.broken(run(0.1, 1001.0)) == ["5.005 us against at most 5"]
    # The clock that was asked for counts where the estimated one is faster.
    assert asked("ns").value(SearchOutcome("a", "ok", True, 10.0, clock_ns=3.0)) == 40.0
    assert not asked("dsp").is_valid(run(None)) and asked("cycles").is_valid(run(None))


def test_what_misses_its_limits_by_least_is_nearest_and_no_figure_is_a_power_of_ten() -> None:
    objective = asked("cycles", "latency=2ms,dsp=64")

    def run(cycles: float | None, lut: float, dsp: float) -> SearchOutcome:
        return SearchOutcome("a", "ok", True, cycles, (lut, 0.1, dsp, 0.1), 4.0)

    slow, full, wide = run(1e6, 0.1, 0.1), run(1e5, 1.2, 0.05), run(1e5, 0.1, 0.15)
    assert [round(objective.overshoot(one), 6) for one in (slow, full, wide)] == [2.0, 1.5, 1.5]
    assert objective.overshoot(run(1e5, 0.1, 0.1)) == 1.0 and objective.is_valid(run(1e5, 0.1, 0.1))
    assert math.isinf(objective.overshoot(run(None, 0.1, 0.1)))
    assert objective.broken(full) == ["lut 120% against below 80%"]
    assert asked("cycles", "cycles=1234567").broken(run(23456789.0, 0.1, 0.1)) == [
        "23,456,789 cycles against at most 1,234,567"
    ]
    assert asked("cycles", "cycles=1234567").limits_text == "cycles=1234567"


def test_of_designs_that_cost_the_same_the_fastest_is_the_best() -> None:
    runs = [SearchOutcome(str(c), "ok", True, c, (0.1, 0.1, 0.1, 0.1)) for c in (300.0, 100.0, 200.0, 100.0)]
    assert best_so_far(runs, asked("dsp")) == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("cycles", "2_000", 2000.0), ("cycles", "2000 cycles", 2000.0), ("ns", "0.5ms", 5e5), ("ms", "500us", 0.5),
        ("dsp", "20dsp", 20.0), ("lut%", "30%", 30.0), ("pareto", "9", 9.0), ("cycles+dsp", "7", 7.0), ("ns", "", None),
    ],
)  # fmt: skip
def test_a_target_is_in_the_unit_of_the_objective(text: str, target: str, value: float | None) -> None:
    assert target_of(target, asked(text)) == value


@pytest.mark.parametrize(
    ("text", "target", "hint"),
    [
        ("cycles", "1ms", "cycles"), ("ns", "5dsp", "ns"), ("dsp", "30%", "DSP"), ("cycles+dsp", "5dsp", "alone"),
        ("cycles", "few", "number"), ("ns", "5 sm", "unit"), ("weighted", "3ms", "weighted"),
    ],
)  # fmt: skip
def test_a_target_in_another_unit_is_refused_with_the_right_one(text: str, target: str, hint: str) -> None:
    with pytest.raises(PipelineError, match=hint):
        target_of(target, objective_of(text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("cylces", "did you mean cycles"), ("paretto", "pareto"), ("cycles+", "write cycles"), ("cycles-dsp", "figure"),
        ("uram", "URAM"), ("cycles+cycles", "twice"), ("0*dsp", "weight"), ("pareto(dsp)", "two or three"),
        ("pareto(dsp,dsp)", "two or three"),
        ("pareto(cycles,lut,ff,dsp)", "two or three"), ("cycles%", "figure"), ("", "write"), ("1e999*dsp", "weight"),
    ],
)  # fmt: skip
def test_an_objective_that_cannot_be_meant_is_refused_with_what_can(text: str, hint: str) -> None:
    with pytest.raises(PipelineError, match=hint):
        objective_of(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("dps=3", "did you mean dsp"), ("dsp", "write dsp"), ("dsp=", "number"), ("latency=5", "5ns"),
        ("dsp=1,dsp=2%", "twice"), ("latency=1ms,ns=5", "twice"), ("lut=4ms", "blocks"), ("cycles=4%", "cycles"),
        ("latency=5%", "time"), ("dsp=.5", "50%"), ("dsp=1,", "write"), ("dsp=-1", "number"), ("lut=4 luts", "unit"),
        ("area=50", "write area=50%"), ("area=50dsp", "write area=50%"), ("lut%=40", "write lut=40%"),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_meant_is_refused_with_what_can(text: str, hint: str) -> None:
    with pytest.raises(PipelineError, match=hint):
        limits_of(text)


def test_a_limit_that_another_option_makes_void_is_refused_and_not_passed_over() -> None:
    for text in ("lut=90%", "area=81%", "dsp=10,ff=140%"):
        with pytest.raises(
            PipelineError, match=r"no utilisation may reach 0\.8; leave it out, or give --utilisation-limit"
        ):
            objective_of("cycles", text)
    assert objective_of("cycles", "lut=90%", utilisation_limit=0.95).limits == limits_of("lut=90%")
    assert objective_of("cycles", "lut=29%", utilisation_limit=0.29).limits_text == "lut=29%"
    assert objective_of("cycles", "lut=80%,dsp=90").limits_text == "lut=80%,dsp=90"


def test_what_is_written_back_is_read_as_the_same() -> None:
    for text in ("cycles", "ns", "dsp", "lut%", "cycles + 10*dsp", "pareto", "pareto(ms,area,bram%)"):
        objective = objective_of(text, "dsp=100,lut=40%,latency=1ms,cycles=5000,area=50%")
        assert objective_of(objective.text, objective.limits_text) == objective
    with pytest.raises(PipelineError, match="percent"):
        objective_of("dsp").on({"LUT": 5}, None)


def test_a_design_of_which_no_use_is_known_costs_nothing_on_the_axis_of_the_fullest_resource() -> None:
    outcome = SearchOutcome("a", "ok", True, 1024.0, (None,) * 4)
    assert Objective("pareto").costs(outcome) == (10.0, 0.0)
