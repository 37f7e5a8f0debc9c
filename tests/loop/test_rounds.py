"""What a round proposes, what its files say, and which designs are validated."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.design_space import load_space
from pipeline.errors import PipelineError
from pipeline.files import write_json
from pipeline.kernels.read import load_kernel
from pipeline.loop import ClosedLoop, KernelPlan
from pipeline.loop.chosen import chosen_of_loop, chosen_of_model
from pipeline.loop.hours import WIDER
from pipeline.loop.record import MOST_ROUNDS, RoundsRecord, rounds_of
from pipeline.loop.rounds import propose_round, round_text, write_runs
from pipeline.synthesis import EstimatorBackend, ReportStore
from tests.loop.made import FULL, failed, ran, recorded

ALONE = "__PERFORMANCE__-9"
C = """
void {name}(float x[64][64], float y[64]) {{
#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L0}}
    for (int i = 0; i < 64; i++)
#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L1}}
        for (int j = 0; j < 64; j++)
            y[i] += x[i][j];
}}
"""


def _loop(folder: Path, *names: str, **choices: Any) -> ClosedLoop:
    store = ReportStore(folder / "store", fsync=False)
    backend, plans = EstimatorBackend(store), {}
    folder.mkdir(exist_ok=True)
    for name in names or ("one",):
        (folder / f"{name}.c").write_text(C.format(name=name))
        kernel = load_kernel(folder / f"{name}.c")
        plans[name] = KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))
    choices = {"acquisition": "random", "warm_start": "none", "batch": 4, **choices}
    return ClosedLoop(plans, store, folder / "rounds", **choices)


def _proposed(loop: ClosedLoop, number: int, seconds: dict[str, float] | None = None) -> dict[str, Any]:
    """What a round proposes after rounds without runs, or of which each run took so long as ``seconds`` says."""
    for earlier in range(1, number):
        for name in loop.plans:
            place = loop.runs_folder(earlier, name, loop.batch)
            place.mkdir(parents=True, exist_ok=True)
            (place / "runs.jsonl").write_text("")
            told = seconds or {}
            write_json(place / "times.json", {key: {"seconds": of, "started": None} for key, of in told.items()})
        loop.proposals_folder(earlier).mkdir(parents=True, exist_ok=True)
        empty = {"order": [], "answers": {name: {"proposals": []} for name in loop.plans}}
        write_json(loop.proposals_folder(earlier) / "proposals.json", empty)
    for at in range(1, number + 1):
        loop.train_folder(at).mkdir(parents=True, exist_ok=True)
        write_json(loop.train_folder(at) / "state.json", {name: {"stopped": None} for name in loop.plans})
    folder = loop.proposals_folder(number)
    folder.mkdir(parents=True, exist_ok=True)
    propose_round(loop, number, folder)
    found: dict[str, Any] = json.loads((folder / "proposals.json").read_text(encoding="utf-8"))
    return found


def _keys(found: dict[str, Any], name: str) -> list[str]:
    return [proposal["key"] for proposal in found["answers"][name]["proposals"]]


def test_each_seed_round_and_kernel_draws_its_own_designs_whatever_else_shares_the_budget(tmp_path: Path) -> None:
    both = _proposed(_loop(tmp_path / "both", "one", "two"), 2)
    alone = _keys(_proposed(_loop(tmp_path / "alone"), 2), "one")
    assert _keys(both, "one") == alone != _keys(both, "two")
    assert alone == _keys(_proposed(_loop(tmp_path / "again"), 2), "one")
    assert alone != _keys(_proposed(_loop(tmp_path / "seed", seed=1), 2), "one")
    assert alone != _keys(_proposed(_loop(tmp_path / "later"), 3), "one")
    # A batch in all, and the kernel that begins is another one in each round.
    assert both["order"] == [["two", 0], ["one", 0], ["two", 1], ["one", 1]] and "cut" not in both


def test_under_hours_twice_a_batch_is_weighed_and_a_batch_is_run(tmp_path: Path) -> None:
    assert WIDER == 2
    free = _loop(tmp_path / "free", batch=8)
    wider = _keys(_proposed(free, 2), "one")
    timed = {"__PARA__L0-1.__PARA__L1-1": 60.0}
    found = _proposed(_loop(tmp_path / "timed", hours=100.0), 2, timed)
    assert _keys(found, "one") == wider[:4], "all are expected to take as long, so the best come first"
    assert "a run of about 60 s" in found["answers"]["one"]["proposals"][0]["why"]
    assert len(found["order"]) == 4 and "cut" not in found
    # An hour a run in a loop of less leaves no time for any.
    late = _proposed(_loop(tmp_path / "late", hours=1.5), 2, {"__PARA__L0-1.__PARA__L1-1": 3600.0})
    assert late["order"] == [] and late["cut"] is True


def test_what_hours_leave_out_of_a_batch_is_left_to_be_run(tmp_path: Path) -> None:
    size = load_space(load_kernel(_file(tmp_path))).size()
    timed = {"__PARA__L0-1.__PARA__L1-1": 1.0}
    for batch, exhausted in ((size - 1, False), (size, True)):
        found = _proposed(_loop(tmp_path / f"{batch}", hours=100.0, batch=batch), 2, timed)["answers"]["one"]
        assert (len(found["proposals"]), found["exhausted"]) == (batch, exhausted)


def _file(folder: Path) -> Path:
    (folder / "one.c").write_text(C.format(name="one"))
    return folder / "one.c"


def test_a_record_has_the_runs_in_the_order_in_which_kernels_took_turns(tmp_path: Path) -> None:
    rounds = [
        [ran("a", 9), ran("a", 5, kernel="other"), ran("b", 8)],
        [ran("b", 4, kernel="other", number=2), ran(ALONE, 1, number=2), failed("c", number=2)],
    ]
    loop = recorded(tmp_path, rounds, batch=3, stopped="enough")
    record = RoundsRecord(loop, (3, 3))
    assert record.runs() == [run for runs in rounds for run in runs]
    assert [outcome.key for outcome in record.outcomes("k")] == ["a", "b", "c"], "nothing is learned of the tool alone"
    assert [len(answer.proposals) for answer in record.answers("k")] == [2, 2]
    assert (record.stopped("k"), RoundsRecord(loop, (3,)).stopped("k")) == ("enough", None)
    # A smaller budget runs the first proposals of its last round.
    place = loop.runs_folder(2, "k", 1)
    place.mkdir()
    (place / "runs.jsonl").write_text("")
    loop.runs_folder(2, "other", 3).rename(loop.runs_folder(2, "other", 1))
    assert [run.result.key for run in RoundsRecord(loop, (3, 1)).runs()] == ["a", "a", "b", "b"]


def test_a_budget_is_at_most_ten_thousand_batches() -> None:
    assert rounds_of(7, 3) == [3, 3, 1] and rounds_of(6, 3) == [3, 3]
    assert len(rounds_of(3 * MOST_ROUNDS, 3)) == MOST_ROUNDS == 10_000
    with pytest.raises(PipelineError, match=r"budget of 30,001 runs.* give a budget of 30,000"):
        rounds_of(3 * MOST_ROUNDS + 1, 3)


def test_those_measured_best_are_validated_with_what_was_expected_of_them(tmp_path: Path) -> None:
    rounds = [[
        ran("slow", 90), ran("tight", 1, utilisation=FULL), ran("fast", 7, expected_cycles=8.0, expected_valid=0.9),
        ran("other", 2, kernel="other"), ran(ALONE, 3), failed("bad"), ran("mid", 20),
    ]]  # fmt: skip
    loop = recorded(tmp_path, rounds)
    plan: Any = SimpleNamespace(name="k", replays=False)
    _, found = chosen_of_loop(loop, plan, RoundsRecord(loop, (7,)), 2)
    assert [(one.key, one.run, one.earlier_cycles) for one in found] == [("fast", 3, 7), ("mid", 7, 20)]
    assert (found[0].predicted_cycles, found[0].predicted_valid) == (8.0, 0.9)
    assert [one.key for one in chosen_of_loop(loop, plan, RoundsRecord(loop, (7,)), 9)[1]] == ["fast", "mid", "slow"]
    with pytest.raises(PipelineError, match="no model to choose designs by"):
        chosen_of_model(SimpleNamespace(model=""), plan, 1)  # type: ignore[arg-type]


def test_a_round_tells_what_fits_and_the_best_of_all_runs_so_far(tmp_path: Path) -> None:
    loop = recorded(tmp_path, [[ran("a", 1000), ran("o", 3, kernel="other")]])
    rows = [run.result for run in (ran("b", 2000), ran("c", 5, utilisation=FULL), ran(ALONE, 1))]
    assert round_text(loop, 2, "k", rows) == ("k round 2: 3 runs, 1 fit; best so far 1,000 cycles after 4 runs")
    assert round_text(loop, 1, "k", rows[1:2]) == "k round 1: 1 run, 0 fit; none fits yet after 1 run"


def test_results_are_kept_in_the_order_asked_for_and_those_that_fit_have_costs(tmp_path: Path) -> None:
    loop = _loop(tmp_path)
    (plan,) = loop.plans.values()
    assert plan.space is not None and plan.kernel is not None
    points = plan.space.decode(next(plan.space.batches(3)))
    outcomes = {one.key: one for one in plan.backend.synthesize(plan.kernel, points)}
    keys = [*outcomes][::-1]
    done = write_runs(tmp_path, ["not run", *keys], outcomes, plan, loop.goal)
    assert [row.key for row in done] == [*outcomes]
    lines = (tmp_path / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["key"] for line in lines] == keys
    costs = json.loads((tmp_path / "costs.json").read_text(encoding="utf-8"))
    assert costs == {row.key: list(loop.goal.rank(row.outcome())) for row in done if loop.goal.is_valid(row.outcome())}
    assert costs and set(json.loads((tmp_path / "times.json").read_text(encoding="utf-8"))) == set(outcomes)
