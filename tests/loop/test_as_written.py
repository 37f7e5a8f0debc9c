"""The design as written is the first run of every loop, and what all others are compared with."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.design_space import design_key, load_space
from pipeline.exploration import Objective, Proposal, Round
from pipeline.exploration.asked import objective_of
from pipeline.kernels import Kernel
from pipeline.kernels.read import load_kernel
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.loop.against import against_written
from pipeline.loop.measured import MeasuredDesign
from pipeline.loop.record import Run, round_from_json, round_to_json
from pipeline.synthesis import EstimatorBackend, ReplayBackend, ReportStore

FAST: dict[str, Any] = {"surrogate": "forest", "warm_start": "none"}


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return find_kernel("atax")


def estimated(folder: Path, kernel: Kernel, **choices: Any) -> ClosedLoop:
    store = ReportStore(folder / "store", fsync=False)
    backend = EstimatorBackend(store)
    plan = KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))
    return ClosedLoop({kernel.name: plan}, store, folder / "rounds", **choices)


def runs(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs.csv").open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize(
    "choices",
    [
        {"batch": 3, **FAST},
        {"batch": 1, "seed": 5, **FAST},
        {"batch": 3, "acquisition": "random", "warm_start": "none"},
        {"batch": 2, "acquisition": "coreset", "seed": 9, "warm_start": "estimator"},
        {"batch": 3, "goal": Objective("pareto"), "warm_start": "estimator"},
        {"batch": 3, "surrogate": "gp", "acquisition": "thompson", "warm_start": "estimator"},
    ],
)
def test_whatever_searches_run_1_is_the_design_as_written_and_it_is_never_run_twice(
    choices: dict[str, Any], tmp_path: Path, kernel: Kernel
) -> None:
    loop = estimated(tmp_path, kernel, **choices)
    facts = run_loop(loop, tmp_path / "found", budget=4, top_k=0)
    first = json.loads((loop.proposals_folder(1) / "proposals.json").read_text(encoding="utf-8"))
    assert len(first["answers"][kernel.name]["proposals"]) == loop.batch, "it is one of the batch"
    found = runs(tmp_path / "found")
    written = design_key(load_space(kernel).default)
    assert len(found) == len({row["key"] for row in found}) == 4, "it counts in the budget"
    assert found[0]["key"] == written
    assert [row["origin"] for row in found] == ["as_written", "estimated", "estimated", "estimated"]
    assert {row["obtained"] for row in found} == {facts["best"]["origin"]} == {"estimated"}
    told, best = facts["as_written"], facts["best"]
    assert (told["run"], told["key"], str(told["cycles"])) == (1, written, found[0]["cycles"])
    assert facts["speedup"] == pytest.approx(told["cycles"] / best["cycles"], rel=1e-5)
    assert facts["speedup_time"] == pytest.approx(told["time_ns"] / best["time_ns"], rel=1e-5)
    readme = (tmp_path / "found" / "best" / "README.txt").read_text(encoding="utf-8")
    assert f"As written: {told['cycles']:,} cycles in run 1" in readme and facts["compared"] in readme
    assert "as written" in (tmp_path / "found" / "report.html").read_text(encoding="utf-8")
    assert len(facts["changed"]) == sum(best["point"][site] != value for site, value in told["point"].items()) > 0
    assert f"Changed: {', '.join(facts['changed'][:6])}" in readme


def test_the_other_designs_of_a_seed_are_those_that_it_would_pick_without(tmp_path: Path, kernel: Kernel) -> None:
    choices = {"acquisition": "random", "warm_start": "none"}
    picked = {}
    for seed in (0, 1):
        loop = estimated(tmp_path / str(seed), kernel, batch=4, seed=seed, **choices)
        run_loop(loop, tmp_path / f"found-{seed}", budget=4, top_k=0)
        picked[seed] = [row["key"] for row in runs(tmp_path / f"found-{seed}")]
    assert picked[0][0] == picked[1][0] and not set(picked[0][1:]) & set(picked[1][1:])


def test_a_budget_of_one_runs_the_design_as_written_alone(tmp_path: Path, kernel: Kernel) -> None:
    facts = run_loop(estimated(tmp_path, kernel, **FAST), tmp_path / "found", budget=1, top_k=1)
    assert [row["origin"] for row in runs(tmp_path / "found")] == ["as_written"]
    assert facts["best"]["key"] == facts["as_written"]["key"] and facts["speedup"] == 1.0
    assert facts["compared"] == "no run found a better design than the one as written"


def test_kernels_that_share_a_budget_each_begin_as_written_as_far_as_it_reaches(tmp_path: Path) -> None:
    store = ReportStore(tmp_path / "store", fsync=False)
    backend = EstimatorBackend(store)
    plans = {}
    for name in ("atax", "bicg"):
        kernel = find_kernel(name)
        plans[name] = KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))
    found = {
        budget: run_loop(ClosedLoop(plans, store, tmp_path / "rounds", batch=4, **FAST), tmp_path / f"{budget}",
                         budget=budget, top_k=0)
        for budget in (1, 4)
    }  # fmt: skip
    assert [row["origin"] for row in runs(tmp_path / "4")] == ["as_written"] * 2 + ["estimated"] * 2
    tight = ClosedLoop(plans, store, tmp_path / "rounds", batch=4, goal=objective_of("cycles", "lut=1"), **FAST)
    nearest = run_loop(tight, tmp_path / "tight", budget=2, top_k=0)["kernels"]
    ran = {row["kernel"]: (int(row["run"]), row["key"]) for row in runs(tmp_path / "tight")}
    assert {name: (one["nearest"]["run"], one["nearest"]["key"]) for name, one in nearest.items()} == ran
    late = found[1]["kernels"]["bicg"]
    assert late["as_written"] is None and late["compared"] == "the budget did not reach the design as written of bicg"


def test_under_replay_a_design_as_written_that_is_not_cached_is_said_and_not_made_up(
    tmp_path: Path, kernel: Kernel
) -> None:
    space = load_space(kernel)
    points = space.decode(next(space.batches(16)))
    written = space.default
    others = [point for point in points if point != written][:6]
    for name, cached in (("without", others), ("with", [*others, written])):
        store = ReportStore(tmp_path / name / "store", fsync=False)
        maker = EstimatorBackend(store)
        list(maker.synthesize(kernel, cached))
        address = maker.address_of(kernel)
        plan = KernelPlan(ReplayBackend(store, address), address, kernel, space)
        loop = ClosedLoop({kernel.name: plan}, store, tmp_path / name / "rounds", batch=3, **FAST)
        facts = run_loop(loop, tmp_path / name / "found", budget=3, top_k=0)
        chosen = [row["origin"] for row in runs(tmp_path / name / "found")]
        if name == "with":
            assert chosen == ["as_written", "replayed", "replayed"]
        else:
            assert chosen == ["replayed"] * 3 and facts["as_written"] is None and facts["speedup"] is None
            (said,) = [notice for notice in facts["notices"] if "as written" in notice]
            assert "not cached" in said and "--backend estimator" in said


def _run(kernel: str, key: str, baseline: str | None, **result: Any) -> Run:
    used = {"bram_18k": 0.1, "dsp": 0.2, "ff": 0.1, "lut": 0.3, "uram": None}
    design = MeasuredDesign(kernel, key, {}, "vitis-2024.1", "synthesised", "ok", None, True, 1000, 3.0, used)
    return Run(1, Proposal(key, (0,), "", 0.0, baseline=baseline), replace(design, **result))


FULL = {"bram_18k": 0.1, "dsp": 0.2, "ff": 0.1, "lut": 1.7, "uram": None}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"status": "timeout", "usable": False, "cycles": None, "reason": "over 3600 s"}, "timeout (over 3600 s)"),
        ({"status": "compile_error", "usable": False, "cycles": None}, "ended as compile_error"),
        ({"utilisation": FULL}, "does not fit (lut 170% against below 80%)"),
        ({"assumed_trips": 16}, "without a known bound"),
    ],
)
def test_no_speed_up_is_claimed_against_a_design_that_is_no_design(
    written: dict[str, Any], said: str, tmp_path: Path, kernel: Kernel
) -> None:
    plan = estimated(tmp_path, kernel).plans[kernel.name]
    taken = [_run(kernel.name, "a", "as_written", **written), _run(kernel.name, "b", None, cycles=100)]
    facts = against_written(plan, taken, taken[1].result, Objective())
    assert facts["speedup"] is facts["speedup_time"] is None
    assert said in facts["compared"] and facts["compared"].endswith("no speed-up is claimed")


def test_a_clock_that_is_missed_counts_in_the_speed_up_of_time(tmp_path: Path, kernel: Kernel) -> None:
    plan = estimated(tmp_path, kernel).plans[kernel.name]
    asked = plan.address.flow.clock_ns
    assert asked is not None
    taken = [_run(kernel.name, "a", "as_written"), _run(kernel.name, "b", None, cycles=100, clock_ns=2 * asked)]
    facts = against_written(plan, taken, taken[1].result, Objective())
    assert (facts["speedup"], facts["speedup_time"]) == (10.0, 5.0)
    assert "10 times" in facts["compared"] and "in time 5 times" in facts["compared"]


def test_a_design_that_ends_in_the_cycle_it_begins_in_is_one_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "add.c").write_text("void add(int a[4]) { /* the exercise */ }\n")
    loop = estimated(tmp_path, load_kernel(tmp_path / "add.c"), batch=1, **FAST)
    facts = run_loop(loop, tmp_path / "found", budget=1, top_k=1)
    assert (runs(tmp_path / "found")[0]["cycles"], facts["as_written"]["fits"]) == ("0", True)
    assert facts["best"]["cycles"] == 0 and facts["speedup"] is None
    assert facts["compared"].startswith("the design as written ends in the cycle that it begins in")


def test_rounds_of_earlier_commands_say_which_baseline_a_run_is() -> None:
    answer = Round((Proposal("a", (0,), "", 0.0, baseline="as_written"), Proposal("b", (1,), "", 0.0)))
    value = json.loads(json.dumps(round_to_json(answer)))
    assert round_from_json(value) == answer
    for given in value["proposals"]:
        given["origin"] = given.pop("baseline")
    assert round_from_json(value) == answer
