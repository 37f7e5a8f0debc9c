"""The tables of a finished loop, from runs made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.exploration import Objective
from pipeline.exploration.asked import objective_of
from pipeline.loop.forecast import calibration
from pipeline.loop.tables import (
    best_values,
    front_rows,
    further_rows,
    predicted_rows,
    ranks,
    run_rows,
    value_of,
    write_csv,
)
from tests.loop.made import FULL, USED, failed, ran

GOAL = Objective()
ALONE = "__PERFORMANCE__-1"


def test_the_best_so_far_is_of_the_kernel_and_of_designs_of_the_search_that_fit() -> None:
    runs = [
        failed("a"), ran("b", 900), ran("c", 50, kernel="other"), ran("d", 10, utilisation=FULL), ran(ALONE, 5),
        ran("e", 950), ran("f", 800), failed("g", kernel="other"),
    ]  # fmt: skip
    assert best_values([run.result for run in runs], GOAL) == [None, 900, 50, 900, 900, 900, 800, 50]
    rows = run_rows(runs, GOAL)
    assert [row["run"] for row in rows] == list(range(1, 9))
    assert [row["best_so_far"] for row in rows] == [None, 900, 50, 900, 900, 900, 800, 50]
    assert [row["fits"] for row in rows] == [False, True, True, False, True, True, True, False]
    assert rows[1]["util_lut"] == 0.3 and rows[1]["util_uram"] is None


def test_a_row_says_which_baseline_a_run_is_and_how_its_result_came_about() -> None:
    rows = run_rows([ran("a", expected_baseline="as_written"), ran("b", origin="replayed")], GOAL)
    assert [(row["origin"], row["obtained"]) for row in rows] == [("as_written", "synthesised"), ("replayed",) * 2]


@pytest.mark.parametrize(
    ("goal", "cycles", "value"),
    [
        (GOAL, 1000, "1000"),
        (objective_of("us"), 1000, "3"),
        (objective_of("us"), 1001, "3.003"),
        (objective_of("ms"), 1234, "0.003702"),
        (Objective("weighted"), 1024, "10.0"),
    ],
)
def test_a_whole_value_is_told_without_decimals_but_for_a_weighted_one(
    goal: Objective, cycles: int, value: str
) -> None:
    assert str(value_of(ran("a", cycles).result, goal)) == value


def test_the_front_is_a_kernels_own_and_has_what_the_validation_found_without_a_number() -> None:
    runs = [
        ran("fast", 100, utilisation={**USED, "lut": 0.5}), ran("small", 200), ran("beaten", 200, utilisation=FULL),
        ran("other", 999, kernel="other"), ran(ALONE, 1),
    ]  # fmt: skip
    found = front_rows(runs, GOAL, [ran("later", 150, utilisation={**USED, "lut": 0.4}).result])
    assert [(row["kernel"], row["run"], row["key"], row["cycles"], row["largest_utilisation"]) for row in found] == [
        ("k", 1, "fast", 100, 0.5), ("k", None, "later", 150, 0.4), ("k", 2, "small", 200, 0.3),
        ("other", 4, "other", 999, 0.3),
    ]  # fmt: skip
    assert [row["largest_utilisation"] for row in front_rows([ran("a", utilisation=dict.fromkeys(USED))], GOAL)] == [
        None
    ]


def test_numbers_of_further_designs_go_on_after_those_of_the_runs() -> None:
    assert [row["run"] for row in further_rows([ran("a").result, ran("b").result], 7)] == [8, 9]


def test_what_was_expected_is_ranked_within_its_kernel_beside_what_came() -> None:
    runs = [
        ran("a", 100, expected_cycles=200.0, expected_valid=0.9, number=2),
        ran("none"),
        ran("b", 300, expected_cycles=100.0, number=3, utilisation=FULL),
        failed("bad", expected_cycles=50.0),
        ran("zero", 0, expected_cycles=50.0),
        ran("c", 5, kernel="other", expected_cycles=5.0),
    ]
    rows = predicted_rows(runs, GOAL)
    columns = ("kernel", "run", "round", "ratio", "predicted_rank", "rank", "predicted_valid", "fits")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("k", 1, 2, 2.0, 2, 1, 0.9, True),
        ("k", 3, 3, 0.333333, 1, 2, None, False),
        ("other", 6, 1, 1.0, 1, 1, None, True),
    ]


def test_equal_values_share_the_least_rank() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3, 1, 3, 2]


def test_what_is_unknown_is_empty_in_a_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", ("a", "b"), [{"a": 1, "b": None}, {"a": 0.5, "b": "x,y"}])
    assert (tmp_path / "t.csv").read_bytes() == b'a,b\n1,\n0.5,"x,y"\n'


def test_forecasts_are_judged_by_the_runs_that_they_chose() -> None:
    runs = [
        ran("a", 256, expected_cycles=64.0, expected_cycles_factor=2.0, expected_valid=0.5),  # 2 doublings off, 1 said
        ran("b", 256, expected_cycles=128.0, expected_cycles_factor=2.0, expected_valid=1.0),  # 1 off, 1 said
        ran("c", 256, expected_cycles=256.0, expected_cycles_factor=1.5, utilisation=FULL, expected_valid=1.0),
        failed("d", expected_cycles=8.0, expected_cycles_factor=2.0, expected_valid=0.5),
        failed("e", status="licence", usable=None, expected_valid=0.0),
        ran("f"),
    ]
    found = calibration(runs, GOAL)
    assert found is not None and found["designs"] == 3
    assert found["rmse_log2"] == pytest.approx((5 / 3) ** 0.5)
    assert found["within_spread"] == pytest.approx(2 / 3)
    assert found["valid_brier"] == pytest.approx((0.25 + 0 + 1 + 0.25) / 4)
    assert calibration([ran("a"), failed("b")], GOAL) is None
    assert calibration([failed("b", expected_valid=1.0)], GOAL) == {
        "designs": 0, "rmse_log2": None, "within_spread": None, "valid_brier": 1.0,
    }  # fmt: skip
    half = calibration([ran("a", 8, expected_cycles=8.0, expected_cycles_factor=2.0)], GOAL)
    assert half == {"designs": 1, "rmse_log2": 0.0, "within_spread": 1.0, "valid_brier": None}
