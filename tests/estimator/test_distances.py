"""How far apart two subscripts are, against all iterations tried one by one."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.estimator import linear, prepare
from pipeline.estimator.nest import Index, Linear
from pipeline.kernels import integer_sets
from pipeline.kernels.integer_sets import Points
from pipeline.kernels.read import read_kernel

LOOP, INNER, OUTER = 1, 2, 0


@st.composite
def _subscripts(draw: st.DrawFn) -> Linear:
    value = linear.constant(draw(st.integers(-4, 4)))
    for loop in draw(st.sets(st.sampled_from([LOOP, INNER, OUTER]))):
        value = linear.add(value, linear.scale(linear.iteration(loop), draw(st.sampled_from([1, 1, -1, 2, 4]))))
    return linear.add(value, linear.symbol("n")) if draw(st.booleans()) else value


def _at(index: Index, iterations: dict[int, int]) -> list[int]:
    return [item.constant + sum(by * iterations[loop] for loop, by in item.loops) for item in index]


@settings(max_examples=75, deadline=None)
@given(st.lists(st.tuples(_subscripts(), _subscripts()), min_size=1, max_size=2), st.integers(1, 5), st.integers(1, 4))
def test_the_distance_is_the_least_over_which_two_subscripts_meet(
    pairs: list[tuple[Linear, Linear]], trips: int, span: int
) -> None:
    # The loop around is in one iteration, any, and so is n: what matters of them is how they differ.
    write, read = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    found = linear.distance(write, read, LOOP, {INNER: span}, trips)
    least = None
    for here, there, one, two in product(range(trips), range(trips), range(span), range(span)):
        for outer, n in (
            product(range(-30, 31), range(-30, 31)) if there > here and (least is None or there - here < least) else ()
        ):
            first = _at(write, {LOOP: here, INNER: one, OUTER: outer})
            second = _at(read, {LOOP: there, INNER: two, OUTER: outer})
            first = [value + n * len(item.symbols) for value, item in zip(first, write, strict=True)]
            second = [value + n * len(item.symbols) for value, item in zip(second, read, strict=True)]
            if first == second:
                least = there - here
                break
    if found is None:
        assert least is None
    elif least is not None:
        assert found <= least
    alike = all(dict(a.loops).get(loop) == dict(b.loops).get(loop) for a, b in pairs for loop in (LOOP, OUTER))
    if alike and all(a.symbols == b.symbols for a, b in pairs):
        assert found == least, "where the loop moves both alike nothing is left to guess"


def _worst(text: str) -> int | None:
    return prepare(read_kernel(text, file="k.c", top="k")).estimate({}).latency.worst


def test_a_pointer_that_walks_costs_what_the_index_costs() -> None:
    head = "void k(int a[64], int b[64], int n) "
    index = _worst(head + "{ for (int i = 0; i < 64; i++) { a[i] = -b[i]; } }")
    assert index is not None
    for walk in (
        "int *p = a; for (int i = 0; i < 64; i++) { *p = -b[i]; p++; }",
        "int *p = a, *q = b; for (int i = 0; i < 64; i++) *p++ = -*q++;",
        "int i = 0; for (int *p = a; p < a + 64; p++, i++) *p = -b[p - a];",
    ):
        assert _worst(head + "{ " + walk + " }") == index, walk


def test_a_helper_that_is_handed_the_middle_of_an_array_works_there() -> None:
    text = """
    void shift(int *x) { for (int i = 0; i < 8; i++) x[i + 8] = x[i] + 1; }
    void k(int a[64]) { for (int j = 0; j < 4; j++) shift(&a[16 * j]); }"""
    nest = prepare(read_kernel(text, file="k.c", top="k")).nest
    found = {
        access.index for loop in nest.loops.values() for item in loop.body for access in getattr(item, "accesses", ())
    }
    assert {(dict(item.loops), item.constant) == ({0: 16, 1: 1}, 8) for (item,) in found} == {True, False}
    assert all(dict(item.loops) == {0: 16, 1: 1} for (item,) in found)


def test_a_number_that_a_function_is_handed_does_not_change() -> None:
    text = "void k(double a[64], double s) { for (int i = 0; i < 64; i++) { a[i] = a[i] * sqrt(s); } }"
    (loop,) = prepare(read_kernel("#include <math.h>\n" + text, file="k.c", top="k")).nest.loops.values()
    assert loop.carried == ()


def test_steps_of_any_size_and_sign_reach_the_subscripts() -> None:
    text = """
    void k(int a[64], int b[64]) {
        int m = 8, *p = a + 62;
        for (int i = 0; i < 30; i++) { *p = 1; p -= 2; }
        m--;
        b[m] = 2;
    }"""
    nest = prepare(read_kernel(text, file="k.c", top="k")).nest
    bodies = [nest.body, *(loop.body for loop in nest.loops.values())]
    found = {access.array: access.index for body in bodies for item in body for access in getattr(item, "accesses", ())}
    ((walked,), (constant,)) = found["a"], found["b"]
    assert (dict(walked.loops), walked.constant) == ({0: -2}, 62)
    assert (dict(constant.loops), constant.constant) == ({}, 7)


def test_loops_that_no_subscript_follows_are_no_unknowns_of_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def least(points: Points, unknown: Hashable) -> int | None:
        asked.append(len(points.unknowns()))
        return integer_sets.least(points, unknown)

    monkeypatch.setattr(linear, "least", least)
    index = (linear.add(linear.scale(linear.iteration(901), 2), linear.iteration(902)),)
    around = {loop: 3 for loop in range(902, 1000)}
    assert linear.distance(index, index, 901, around, 7) == linear.distance(index, index, 901, {902: 3}, 7) == 1
    assert asked == [3]
    assert linear.distance(index, index, 901, {**around, 950: 0}, 7) is None, "a loop that never runs writes nothing"
