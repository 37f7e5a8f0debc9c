"""What becomes of a nest under a design: stages, shared results, partitions, order through memory, trees."""

from __future__ import annotations

import math

import pytest

from pipeline.estimator import load_device, prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import LoopReport, Report
from pipeline.terms import Dialect

_COSTS = load_device().operators
_LOAD, _STORE, _DADD, _DMUL = (_COSTS[name].stages for name in ("load64", "store64", "dadd", "dmul"))
_MODULE = load_device().control["module_cycles"]


def _report(text: str, point: dict[str, int | str], dialect: str = "merlin") -> Report:
    return prepare(read_kernel(text, file="k.c", top="k")).estimate(point, dialect)


def _loops(text: str, point: dict[str, int | str], dialect: str = "merlin") -> tuple[LoopReport, ...]:
    return _report(text, point, dialect).loops


def test_stages_take_the_longest_one_for_every_iteration_and_once_more_for_each_further_stage() -> None:
    text = """
    void k(double a[16][64], double b[16][32], double c[16][64], double d[16][32]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 64; j++) { c[i][j] = a[i][j] * 2.0; }
            for (int j = 0; j < 32; j++) { d[i][j] = b[i][j] * 3.0; }
        }
    }
    """
    outer, long, short = _loops(text, {"__PIPE__L0": ""})
    assert long.latency.exact is not None and short.latency.exact is not None
    assert short.latency.exact < long.latency.exact
    assert outer.latency.exact == (long.latency.exact + _MODULE) * (16 + 2 - 1)


@pytest.mark.parametrize(("product", "copies"), [("x[i] * 3.0", 1), ("y[j] * 3.0", 8)])
def test_copies_of_a_loop_share_what_does_not_change_with_it(product: str, copies: int) -> None:
    text = f"""
    void k(double x[64], double y[64], double out[64][64]) {{
        for (int i = 0; i < 64; i++) {{
#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L1}}
            for (int j = 0; j < 64; j++) {{ out[i][j] = {product}; }}
        }}
    }}
    """
    assert _report(text, {"__PARA__L1": 8}).used.dsp == copies * _COSTS["dmul"].dsp


def test_copies_of_a_body_with_loops_run_past_the_end_in_the_tools_own_flow() -> None:
    text = """
    void k(int a[10][80], int b[10][80]) {
        for (int i = 0; i < 10; i++) {
            for (int j = 0; j < 80; j++) { a[i][j] = a[i][j] + 1; }
            for (int j = 0; j < 80; j++) { b[i][j] = b[i][j] + 1; }
        }
    }
    """
    trips = [_loops(text, {"__PARA__L0": factor}, Dialect.VITIS_PLAIN)[0].trip_count.exact for factor in (1, 4, 5, 7)]
    assert trips == [10, 12, 10, 14]


def test_an_iteration_lasts_as_long_as_the_longer_arm_of_what_it_unrolls() -> None:
    text = """
    void k(int a[64], double b[64][2], double c[64][2]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
        for (int i = 0; i < 64; i++) {
            if (a[i] > 3) { for (int j = 0; j < 2; j++) { c[i][j] = b[i][j] * b[i][j] + 1.0; } }
            else { for (int j = 0; j < 2; j++) { c[i][j] = 0.0; } }
        }
    }
    """
    (loop,) = _loops(text, {"__PIPE__L0": "flatten"})
    assert loop.iteration_latency.exact is not None
    assert loop.iteration_latency.exact >= _LOAD + _DMUL + _DADD + _STORE


def test_iterations_follow_each_other_where_one_reads_what_the_end_of_the_one_before_has_stored() -> None:
    text = """
    void k(double t[4], double a[64][4], double out[64][4]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
        for (int i = 0; i < 64; i++) {
            for (int j = 0; j < 4; j++) { out[i][j] = %s[j]; }
            for (int j = 0; j < 4; j++) { t[j] = a[i][j] * 2.0; }
        }
    }
    """
    (apart,) = _loops(text % "a[i]", {"__PIPE__L0": "flatten"})
    (behind,) = _loops(text % "t", {"__PIPE__L0": "flatten"})
    assert apart.initiation_interval.exact == 1
    assert behind.initiation_interval.exact == behind.iteration_latency.exact


_TWICE = """
void k(double a[64], double b[64]) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (int i = 0; i < 64; i++) { b[i] = a[i] * 2.0; }
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
    for (int i = 0; i < 64; i++) { b[i] = a[i] + 2.0; }
}
"""


@pytest.mark.parametrize("factors", [(16, 1), (1, 16), (16, 16)])
def test_an_array_is_split_for_its_widest_access_wherever_that_stands(factors: tuple[int, int]) -> None:
    loops = _loops(_TWICE, {"__PARA__L0": factors[0], "__PARA__L1": factors[1]})
    assert [loop.initiation_interval.exact for loop in loops] == [1, 1]


@pytest.mark.parametrize(("factor", "interval"), [(1, 2), (4, 1)])
def test_an_array_that_some_loop_has_split_into_its_elements_bounds_no_interval(factor: int, interval: int) -> None:
    text = """
    void k(int t[4], int a[64]) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
        for (int j = 0; j < 4; j++) { t[j] = j; }
        for (int i = 0; i < 64; i++) { a[i] = t[0] + t[1] + t[2] + t[3]; }
    }
    """
    assert _loops(text, {"__PARA__L0": factor})[-1].initiation_interval.exact == interval


@pytest.mark.parametrize("factor", [1, 2, 4, 8, 16])
def test_neighbours_that_unrolled_iterations_share_are_read_once(factor: int) -> None:
    """Elements counted by running an iteration; each memory has its even share, two a cycle."""
    text = """
    void k(int a[66], int b[64]) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
        for (int i = 0; i < 64; i++) { b[i] = a[i] + a[i + 1] + a[i + 2]; }
    }
    """
    touched = {copy + offset for copy in range(factor) for offset in range(3)}
    (loop,) = _loops(text, {"__PARA__L0": factor})
    assert loop.initiation_interval.exact == math.ceil(len(touched) / factor / 2)


def test_elements_are_searched_for_only_along_the_dimension_that_the_loop_moves_on() -> None:
    text = """
    void k(int c[8][64], int a[64]) {
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
        for (int i = 0; i < 8; i++) { c[i][0] = 0; }
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 64; j++) { c[i][j] += a[j]; }
        }
        for (int j = 0; j < 64; j++) {
            for (int i = 0; i < 8; i++) { c[i][j] += a[j]; }
        }
    }
    """
    *_, along, across = _loops(text, {"__PARA__L0": 8})
    assert along.initiation_interval.exact == 1
    assert across.initiation_interval.exact is not None and across.initiation_interval.exact > 1


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 6, 12, 16, 17])
def test_copies_of_a_sum_become_a_tree_of_as_many_levels_as_it_takes_to_halve_them(factor: int) -> None:
    text = """
    void k(double a[1020], double out[1]) {
        double s = 0.0;
#pragma ACCEL PARALLEL reduction=s FACTOR=auto{__PARA__L0}
        for (int i = 0; i < 1020; i++) { s += a[i]; }
        out[0] = s;
    }
    """
    levels, left = 0, factor
    while left > 1:
        levels, left = levels + 1, (left + 1) // 2
    (loop,) = _loops(text, {"__PARA__L0": factor})
    assert loop.iteration_latency.exact == _LOAD + _DADD * (1 + levels)
