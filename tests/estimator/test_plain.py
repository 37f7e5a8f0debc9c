"""What plain Vitis HLS makes of a nest, as read off its published labels."""

from __future__ import annotations

import pytest

from pipeline.estimator import prepare
from pipeline.terms import Dialect
from tests.estimator.published import published_kernel

_DADD = 5
_DMUL_DSP = 8

DOT = """
void k(double a[128][128], double x[128], double y[128]) {
    for (int i = 0; i < 128; i++) {
        y[i] = 0.0;
        for (int j = 0; j < 128; j++) { y[i] += a[i][j] * x[j]; }
    }
}
"""

SMALL = """
void k(int a[512], int b[512]) {
    for (int i = 0; i < 500; i++) {
        int s = 0;
        for (int j = 0; j < 9; j++) { s += a[i + j]; }
        b[i] = s;
    }
}
"""


def _rows(text: str, point: dict[str, int | str]) -> list[tuple[int | None, int | None]]:
    report = prepare(published_kernel(text)).estimate(point, Dialect.VITIS_PLAIN)
    return [(loop.trip_count.exact, loop.initiation_interval.exact) for loop in report.loops]


def _dsp(text: str) -> int | None:
    return prepare(published_kernel(text)).estimate({}, Dialect.VITIS_PLAIN).used.dsp


def test_nest_runs_as_one_loop_although_statements_stand_around_the_inner_one() -> None:
    assert _rows(DOT, {}) == [(128 * 128, _DADD + 1)]


def test_part_of_a_sum_unrolled_becomes_a_tree_where_the_factor_divides_and_a_chain_where_not() -> None:
    assert _rows(DOT, {"__PARA__L1": 4}) == [(128 * 32, _DADD + 1)]
    ((_, interval),) = _rows(DOT, {"__PARA__L1": 3})
    assert interval is not None and interval > _DADD + 1


@pytest.mark.parametrize(("factor", "behind"), [(4, 2), (8, 6), (16, 6), (32, 6), (64, 38)])
def test_each_copy_behind_the_exit_check_of_a_flattened_nest_adds_on_its_own(factor: int, behind: int) -> None:
    text = DOT.replace("128", "90")
    assert _rows(text, {"__PARA__L1": factor})[0][1] == (_DADD + 1) * (behind + 1) + _DADD


@pytest.mark.parametrize("factor", [3, 5, 48, 100])
def test_a_rest_of_an_unrolled_sum_costs_a_second_addition_where_the_nest_does_not_run_as_one(factor: int) -> None:
    text = DOT.replace("y[i] = 0.0;", "for (int j = 0; j < 70; j++) { a[i][j] = 0.0; }")
    rows = _rows(text, {"__PARA__L2": factor})
    assert rows[-1][1] == 2 * _DADD + 1


def test_code_beside_loops_has_multipliers_of_its_own_and_loops_share_theirs() -> None:
    text = """
    void k(double a[128][128], double x[128], double y[128]) {
        for (int i = 0; i < 128; i++) {
            for (int j = 0; j < 128; j++) { a[i][j] = a[i][j] * 2.0; }
            %s
        }
    }
    """
    again = "for (int j = 0; j < 128; j++) { a[j][i] = a[j][i] * 3.0; }"
    (beside, shared), alone = (_dsp(text % f"{code} {again}") for code in ("y[i] = y[i] * x[i];", "")), _dsp(text % "")
    assert (alone, shared, beside) == (_DMUL_DSP, _DMUL_DSP, 2 * _DMUL_DSP)


def test_short_innermost_loop_is_unrolled_into_the_loop_around_it_unless_it_bears_a_directive() -> None:
    assert _rows(SMALL, {}) == [(500, 1)]
    assert _rows(SMALL, {"__PARA__L1": 3})[0][0] == 500 * 3


def test_copies_of_arguments_run_side_by_side() -> None:
    text = "void k(int a[1000], int b[1000], int c[1000]) { for (int i = 0; i < 1000; i++) { c[i] = a[i] + b[i]; } }"
    worst = prepare(published_kernel(text)).estimate({}, Dialect.VITIS_PLAIN).latency.worst
    assert worst is not None and 3000 <= worst < 3100
