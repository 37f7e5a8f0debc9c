"""A subscript counts for what it is, however a source comes to it: the estimator has it from the analysis."""

from __future__ import annotations

import pytest

from pipeline.estimator import prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_HEADER = """
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (int i = 0; i < 32; i++)"""


def _kernel(body: str, before: str = "", first: str = "") -> str:
    return f"{before} void k(int a[64], int b[32]) {{ {first} {_HEADER} {{ {body} }} }}"


def _designs(text: str) -> list[Report]:
    prepared = prepare(read_kernel(text, file="k.c", top="k"))
    return [prepared.estimate({"__PIPE__L0": "", "__PARA__L0": factor}) for factor in (1, 4, 32)]


_PLAIN = _kernel("b[i] = a[2 * i] + a[2 * i + 1];")
_PUT = "static void put(int *b, int *a, int n, int i) { int at = n * i; b[i] = a[at] + a[at + 1]; }"


@pytest.mark.parametrize(
    "text",
    [
        _kernel("int at = i << 1; b[i] = a[at] + a[1 + at];"),
        _kernel("unsigned char at = 2 * i; b[i] = a[at] + a[at + 1];"),
        _kernel("b[i] = a[at] + a[at + 1]; at += 2;", first="int at = 0;"),
        _kernel("b[i] = p[0] + p[1]; p += 2;", first="int *p = a;"),
        _kernel("b[i] = a[at(2, i)] + a[at(2, i) + 1];", "static int at(int n, int i) { return n * i; }"),
        _kernel("put(b, a, 2, i);", _PUT),
    ],
    ids=["local", "narrow", "moved beside", "pointer", "formula", "helper"],
)
def test_designs_cost_the_same_however_a_subscript_is_written(text: str) -> None:
    assert _designs(text) == _designs(_PLAIN)


def test_each_call_of_a_helper_has_the_numbers_that_it_is_given() -> None:
    twice = _kernel("put(b, a, 2, i); put(b, a, 1, i);", _PUT)
    apart = _kernel("b[i] = a[2 * i] + a[2 * i + 1]; b[i] = a[i] + a[i + 1];")
    assert _designs(twice) == _designs(apart)


def test_a_subscript_that_wraps_may_meet_every_iteration() -> None:
    # 16 * i of 8 bits comes round after 16 iterations; 16 * i does not.
    wraps, runs = (
        _designs(_kernel(f"a[{at}] += b[i];"))[0].loops[0].initiation_interval.exact
        for at in ("(unsigned char)(16 * i)", "16 * i")
    )
    assert wraps is not None and runs == 1 < wraps


def test_a_subscript_after_a_comma_is_not_taken_from_before_the_statement() -> None:
    # What is read of a[i] is written by the iteration before, as a[at] with at = i + 1.
    (loop, *_) = _designs(_kernel("int at = i; at++, a[at] = a[at] + a[i];"))[0].loops
    assert loop.initiation_interval.exact is not None
    assert loop.initiation_interval.exact > 1
