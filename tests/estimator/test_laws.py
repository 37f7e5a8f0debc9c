"""The estimator's laws, on kernels small enough to be worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.estimator import estimate, load_device, prepare
from pipeline.estimator.area import blocks
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Range

_LOAD, _DADD, _DMUL, _STORE = 2, 5, 6, 1


def _kernel(text: str) -> Kernel:
    return read_kernel(text, file="k.c", top="k")


SCALE = """
void k(double a[256], double b[256]) {
    int i;
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 256; i++) { b[i] = a[i] * 3.0; }
}
"""

SUM = """
void k(double a[256], double out[1]) {
    int i;
    double s = 0.0;
#pragma ACCEL PARALLEL reduction=s FACTOR=auto{__PARA__L0}
    for (i = 0; i < 256; i++) { s += a[i]; }
    out[0] = s;
}
"""

NEST = """
void k(double a[32][64], double b[32][64]) {
    int i, j;
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (i = 0; i < 32; i++) {
        b[i][0] = 0.0;
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L1}
        for (j = 0; j < 64; j++) { b[i][j] = a[i][j] * 2.0; }
    }
}
"""


def test_pipelined_loop_takes_its_depth_and_one_interval_per_further_iteration() -> None:
    (loop,) = estimate(_kernel(SCALE), {"__PIPE__L0": "", "__PARA__L0": 1}).loops
    depth = _LOAD + _DMUL + _STORE
    assert loop.pipelined is True
    assert loop.initiation_interval == Range(1, 1)
    assert loop.iteration_latency == loop.pipeline_depth == Range(depth, depth)
    assert loop.latency.exact == depth + 1 * (256 - 1) - 1


def test_factor_that_does_not_divide_rounds_the_trip_count_up() -> None:
    (loop,) = estimate(_kernel(SCALE), {"__PIPE__L0": "", "__PARA__L0": 3}).loops
    assert loop.trip_count.exact == math.ceil(256 / 3)


def test_accumulation_bounds_the_interval_by_the_adder_and_a_reduction_adds_a_tree() -> None:
    prepared = prepare(_kernel(SUM))
    (single,) = prepared.estimate({"__PARA__L0": 1}).loops
    assert single.initiation_interval.exact == _DADD
    assert single.latency.exact == _LOAD + _DADD + _DADD * 255 - 1
    (eight,) = prepared.estimate({"__PARA__L0": 8}).loops
    # Merlin keeps the partial sums of a reduction clause apart.
    assert eight.initiation_interval.exact == 1
    assert eight.iteration_latency.exact == _LOAD + _DADD + 3 * _DADD


def test_sequential_loop_takes_its_body_times_its_trip_count() -> None:
    outer, inner = estimate(_kernel(NEST), {"__PIPE__L0": "off", "__PARA__L0": 1, "__PARA__L1": 4}).loops
    assert outer.pipelined is False
    assert inner.parent == 0
    assert inner.trip_count.exact == 16
    # One store before the loop, the loop itself, two cycles to enter and leave it.
    assert inner.latency.exact is not None
    assert outer.iteration_latency.exact == _STORE + inner.latency.exact + 2
    assert outer.latency.exact == 32 * outer.iteration_latency.exact


def test_flatten_leaves_one_pipeline_and_unrolls_what_is_inside() -> None:
    report = estimate(_kernel(NEST), {"__PIPE__L0": "flatten", "__PARA__L0": 1, "__PARA__L1": 1})
    (loop,) = report.loops
    assert loop.pipelined is True
    assert loop.trip_count.exact == 32
    assert report.used.dsp == 64 * load_device().operators["dmul"].dsp


def test_dependence_between_neighbours_is_not_pipelined_away() -> None:
    text = "void k(double a[100]) { for (int i = 0; i < 96; i++) { a[i + %d] = a[i] + 1.0; } }"
    near = estimate(_kernel(text % 1), _defaults(_kernel(text % 1))).loops[0].initiation_interval.exact
    far = estimate(_kernel(text % 4), _defaults(_kernel(text % 4))).loops[0].initiation_interval.exact
    assert near == _LOAD + _DADD + _STORE
    assert far == math.ceil(near / 4)


def _defaults(kernel: Kernel) -> dict[str, int | str]:
    return {site.name: "off" if site.kind == "PIPELINE" else 1 for site in kernel.sites}


@given(st.integers(1, 256), st.integers(1, 256))
def test_more_parallel_never_slows_a_loop_without_dependence(first: int, second: int) -> None:
    few, many = sorted((first, second))
    prepared = prepare(_kernel(SCALE))
    slow, fast = (prepared.estimate({"__PIPE__L0": "", "__PARA__L0": factor}).latency.worst for factor in (few, many))
    assert slow is not None and fast is not None
    assert fast <= slow


@given(st.integers(1, 64), st.integers(1, 64))
def test_more_parallel_never_takes_fewer_multipliers(first: int, second: int) -> None:
    few, many = sorted((first, second))
    prepared = prepare(_kernel(SCALE))
    small, large = (prepared.estimate({"__PIPE__L0": "", "__PARA__L0": factor}).used.dsp for factor in (few, many))
    assert small is not None and large is not None
    assert small <= large


def test_unknown_trip_count_leaves_the_cycles_unknown_and_not_zero() -> None:
    kernel = _kernel("void k(int n, double a[256]) { for (int i = 0; i < n; i++) { a[i] = 1.0; } }")
    report = estimate(kernel, _defaults(kernel))
    assert report.latency.worst is None
    assert report.loops[0].latency.maximum is None


def test_helper_costs_where_it_is_called() -> None:
    text = """
    double twice(double x) { return x * 2.0; }
    void k(double a[256], double b[256]) { for (int i = 0; i < 256; i++) { b[i] = twice(a[i]); } }
    """
    kernel = _kernel(text)
    report = estimate(kernel, _defaults(kernel))
    assert report.loops[0].iteration_latency.exact == _LOAD + _DMUL + _STORE


@pytest.mark.parametrize(
    ("words", "expected"), [(128, 0), (129, 1), (512, 1), (513, 2), (1500, 4), (8192, 16), (8193, 16), (16384, 32)]
)
def test_block_ram_of_32_bit_arrays_follows_the_measured_rule(words: int, expected: int) -> None:
    assert blocks(words, 32, load_device()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "void k(double a[8]) { for (int i = 0; i < 8; i++) { a[i] = mystery(a[i]); } }",
        "void k(int a[8], int b[8], int n) { int *p = a; if (n) p = b; for (int i = 0; i < 8; i++) p[i] = i; }",
        "void k(int *a[8], int *p) { for (int i = 0; i < 8; i++) { p = (int *)(long)i; *p = 1; } }",
        "int f(int n) { return n > 0 ? f(n - 1) : 0; } void k(int a[8]) { for (int i = 0; i < 8; i++) a[i] = f(i); }",
    ],
)
def test_what_has_no_known_cost_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PipelineError) as caught:
        prepare(_kernel(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"__PIPE__L0": "", "__PARA__L0": 1, "__TILE__L9": 1},
        {"__PIPE__L0": "fast", "__PARA__L0": 1},
        {"__PIPE__L0": 1, "__PARA__L0": 1},
        {"__PIPE__L0": "", "__PARA__L0": "4"},
        {"__PIPE__L0": "", "__PARA__L0": 0},
        {"__PIPE__L0": "", "__PARA__L0": True},
    ],
)
def test_point_that_does_not_fit_the_sites_is_refused(point: dict[str, int | str]) -> None:
    prepared = prepare(_kernel(SCALE))
    with pytest.raises(PipelineError):
        prepared.estimate(point)


def test_unknown_device_names_the_known_ones() -> None:
    with pytest.raises(PipelineError, match="xcu200"):
        load_device("xc7z020")


@pytest.mark.parametrize("factor", [1, 2, 8])
def test_copies_of_a_conditional_sum_become_a_tree_too_where_a_clause_says_so(factor: int) -> None:
    text = SUM.replace("double", "float").replace("s += a[i];", "if (a[i] > 0) s += a[i];")
    (loop,) = estimate(_kernel(text), {"__PARA__L0": factor}).loops
    # The longest adder, and a selection that does not fit into its last cycle.
    assert loop.initiation_interval.exact == load_device().operators["fadd"].stages + 1
