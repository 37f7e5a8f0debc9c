"""A budget in time, from times made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.exploration import Proposal, Round
from pipeline.files import write_json
from pipeline.loop.hours import (
    expected_seconds,
    seconds_left,
    seconds_taken,
    time_of,
    untimed,
    weighed,
    why_out_of_time,
    within,
)
from pipeline.loop.record import RoundsRecord


def _record(folder: Path, times: list[dict[str, float | None]], hours: float | None, **proposals: Any) -> RoundsRecord:
    """A record of rounds of one kernel, of two designs each, whose files say how long each run took."""
    loop: Any = SimpleNamespace(
        plans={"k": None}, hours=hours, batch=2, proposals_folder=lambda number: folder / f"{number}",
        runs_folder=lambda number, kernel, take: folder / f"{number}-{kernel}-{take}",
    )  # fmt: skip
    for number, taken in enumerate(times, 1):
        for place in (loop.runs_folder(number, "k", 2), loop.proposals_folder(number)):
            place.mkdir(parents=True, exist_ok=True)
        told = {key: {"seconds": seconds, "started": None} for key, seconds in taken.items()}
        write_json(loop.runs_folder(number, "k", 2) / "times.json", told)
        write_json(loop.proposals_folder(number) / "proposals.json", {"order": [], "answers": {}, **proposals})
    return RoundsRecord(loop, (2,) * len(times))


def test_hours_are_spent_by_the_runs_whose_time_is_known(tmp_path: Path) -> None:
    record = _record(tmp_path, [{"a": 600.0, "b": None}, {"c": 900.0}], 1.0)
    assert seconds_taken(record) == {"k": {"a": 600.0, "c": 900.0}}
    assert seconds_left(record) == 2100.0 and seconds_left(_record(tmp_path, [{"a": 1.0}], None)) is None
    assert untimed(record) == [] and untimed(_record(tmp_path, [{"a": None}], None)) == []
    nothing = _record(tmp_path, [{"a": None}], 1.0)
    assert len(untimed(nothing)) == 1
    other = {"a": {"seconds": 1.0, "started": None}}
    nothing.loop.plans["other"] = None  # type: ignore[index]
    (tmp_path / "1-other-2").mkdir()
    write_json(tmp_path / "1-other-2" / "times.json", other)
    assert untimed(nothing) == [], "a kernel that is timed is limited"


def test_hours_end_a_search_when_they_are_used_up_or_too_short_for_any_run(tmp_path: Path) -> None:
    times: list[dict[str, float | None]] = [{"a": 3600.0}, {"b": 3600.0}]
    told = "2 runs took 2.0 h"
    assert why_out_of_time(_record(tmp_path, times, 2.0)) == f"the 2 hours are used up: {told}"
    assert why_out_of_time(_record(tmp_path, times, 1.5)) == f"the 1.5 hours are used up: {told}"
    assert why_out_of_time(_record(tmp_path, times, 2.5)) is None
    assert why_out_of_time(_record(tmp_path, [{"a": 3599.5}], 1.0)) is None, "half a second is left"
    assert why_out_of_time(_record(tmp_path, times, None)) is None
    assert why_out_of_time(_record(tmp_path, [], 2.0)) is None
    cut = _record(tmp_path, times, 2.5, cut=True)
    assert why_out_of_time(cut) == f"of the 2.5 hours 30 min are left, in which no run is expected to end: {told}"


def test_runs_are_taken_in_order_as_far_as_they_are_expected_to_end_in_time() -> None:
    order = [("k", 0), ("k", 1), ("new", 0), ("k", 2)]
    seconds = {"k": np.array([50.0, 60.0, 50.0]), "new": None}
    assert within(order, seconds, None) == order
    assert within(order, seconds, 100.0) == [("k", 0), ("new", 0), ("k", 2)], "exactly as long is in time"
    assert within(order, seconds, 99.0) == [("k", 0), ("new", 0)]
    assert within(order, seconds, 0.0) == [("new", 0)], "of what is not known nothing is said"


def test_a_run_of_three_times_the_usual_length_comes_after_three_that_are_worth_as_much() -> None:
    answer = Round(tuple(Proposal(key, (0,), "why", 0.0) for key in "abcd"))
    # Ranks 1, 2, 3, 4 times lengths: 350, 200, 300, 400.
    found = weighed(answer, np.array([350.0, 100.0, 100.0, 100.0]))
    assert "".join(one.key for one in found.proposals) == "bcad"
    assert found.proposals[0].why == "why; a run of about 100 s" and found.proposals[2].why.endswith("about 6 min")
    assert "".join(one.key for one in weighed(answer, np.full(4, 7.0)).proposals) == "abcd"
    assert weighed(answer, None) is answer and weighed(Round(()), np.array([])) == Round(())


class _Candidates:
    """Designs that are called by a number, which is their only feature."""

    def features(self, keys: list[str]) -> Any:
        return SimpleNamespace(columns=np.array([[float(key)] for key in keys]))


def test_times_are_forecast_by_design_once_eight_are_known_and_are_the_mean_before() -> None:
    candidates: Any = _Candidates()
    taken = {str(n): 10.0 if n < 4 else 1000.0 for n in range(8)}
    few = dict(list(taken.items())[:7])
    assert expected_seconds({}, candidates, ["1"]) is None
    before = expected_seconds(few, candidates, ["1", "7"])
    assert before is not None and before == pytest.approx(np.full(2, (4 * 10 + 3 * 1000) / 7))
    after = expected_seconds(taken, candidates, ["1", "7"])
    assert after is not None and after.shape == (2,)
    # The forest learns the logarithm, so what is short stays short.
    assert after[0] == pytest.approx(10, rel=0.5) and after[1] == pytest.approx(1000, rel=0.5)
    assert expected_seconds(taken, candidates, []).shape == (0,)  # type: ignore[union-attr]
    none = expected_seconds(dict.fromkeys(taken, 0.0), candidates, ["1"])
    assert none == pytest.approx([1e-3]), "a run that took no time has a logarithm too"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.5, "0.5 s"), (119, "119 s"), (120, "2 min"), (180, "3 min"), (7199, "120 min"), (7200, "2.0 h")],
)
def test_a_time_is_told_in_the_largest_unit_that_it_has_two_of(seconds: float, said: str) -> None:
    assert time_of(seconds) == said
