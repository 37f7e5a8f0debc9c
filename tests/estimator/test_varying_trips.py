"""Loops whose bounds follow the loops around them, against the program run iteration by iteration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.estimator import WalkedKernel, prepare
from tests.estimator.published import published_kernel

_NEST = """
void k(int a[64][64]) {
    for (int i = 0; i < %d; i++) {
        for (int j = %s; j %s %s; j += %d) { a[i][j] = a[i][j] + 1; }
    }
}
"""


def _prepared(text: str) -> WalkedKernel:
    return prepare(published_kernel(text))


def _mean(prepared: WalkedKernel, number: int) -> float | None:
    return prepared.nest.loops[number].mean


@given(
    st.integers(1, 40),
    st.sampled_from([("0", "i"), ("i", "40"), ("i", "i + 5"), ("2 * i", "3 * i + 1"), ("i", "2 * i + 7"), ("3", "i")]),
    st.sampled_from(["<", "<="]),
    st.integers(1, 3),
)
def test_the_mean_is_that_of_a_run(outer: int, bounds: tuple[str, str], operator: str, step: int) -> None:
    prepared = _prepared(_NEST % (outer, bounds[0], operator, bounds[1], step))
    trips = []
    for i in range(outer):
        first, last = (eval(bound, {"i": i}) for bound in bounds)
        trips.append(len(range(first, last + (operator == "<="), step)))
    known = prepared.nest.loops[1].loop.trip_count
    assert _mean(prepared, 1) == (None if known is not None else pytest.approx(sum(trips) / outer))


def test_a_triangle_takes_half_of_its_square_on_average_and_all_of_it_at_worst() -> None:
    text = _NEST % (64, "0", "<=", "i", 1)
    best, average, worst = _prepared(text).figures({}, "vitis-plain").cycles
    assert best is not None and average is not None and worst is not None
    copies = 2 * 64 * 64 + 4
    around, loop = 64 * 2, sum(3 + i for i in range(64))
    assert best < average < worst
    assert abs(average - copies - around - loop) <= 64
    assert worst - copies == 64 * (3 + 63 - 1 + 2)


def test_loops_in_a_triangle_are_weighted_by_how_often_they_run() -> None:
    text = """
    void k(int a[32]) {
        for (int i = 0; i < 32; i++)
            for (int j = 0; j < i; j++)
                for (int l = j; l < i; l++) { a[l] = a[l] + 1; }
    }
    """
    trips = [i - j for i in range(32) for j in range(i)]
    assert _mean(_prepared(text), 2) == pytest.approx(sum(trips) / len(trips))


@pytest.mark.parametrize(
    "bounds",
    ["int j = 0; j < n; j++", "int j = 0; j < a[i][0]; j++", "int j = 0; j < i * n; j++", "int j = 0; j < i && n; j++"],
)
def test_no_mean_is_made_up_where_the_bounds_follow_more_than_the_loops_around(bounds: str) -> None:
    text = f"void k(int n, int a[64][64]) {{ for (int i = 0; i < 64; i++) for ({bounds}) {{ a[i][j] = 1; }} }}"
    assert _mean(_prepared(text), 1) is None


def test_a_loop_that_may_be_left_early_has_no_mean() -> None:
    text = (
        "void k(int a[64]) { for (int i = 0; i < 64; i++) for (int j = 0; j < i; j++) { if (a[j]) break; a[j] = 1; } }"
    )
    assert _mean(_prepared(text), 1) is None


_ALL_OFF: dict[str, int | str] = {"__PIPE__L0": "off", "__PARA__L0": 1, "__TILE__L0": 1, "__PARA__L1": 1}


@pytest.mark.parametrize(("dialect", "point"), [("merlin", _ALL_OFF), ("vitis-plain", {})])
def test_a_nest_with_a_bound_that_varies_inside_does_not_run_as_one_loop(
    dialect: str, point: dict[str, int | str]
) -> None:
    for bound, loops in (("i", 2), ("64", 1)):
        prepared = _prepared(_NEST % (64, "0", "<", bound, 1))
        assert len(prepared.estimate(point, dialect).loops) == loops


def _doubled(first: int, limit: int) -> list[int]:
    return [first << by for by in range(20) if first << by < limit]


@pytest.mark.parametrize(
    ("loops", "trips"),
    [
        ("int n = 1; n < 512; n <<= 1|int j = 0; j < n; j++", [len(range(n)) for n in _doubled(1, 512)]),
        ("int n = 256; n > 0; n /= 2|int j = n; j < 512; j++", [512 - n for n in reversed(_doubled(1, 512))]),
        ("int n = 2; n <= 512; n *= 2|int j = 0; j + n < 512; j += 2 * n",
         [len(range(0, 512 - n, 2 * n)) for n in _doubled(2, 513)]),
        ("int n = 2; n <= 512; n *= 2|int i = 0; i < 512; i += n|int j = 0; j < n / 2; j++",
         [n // 2 for n in _doubled(2, 513) for _ in range(0, 512, n)]),
        ("int i = 0; i < 20; i++|int j = 0; j < i * i; j++", [i * i for i in range(20)]),
        ("int i = 0; i < 20; i++|int j = i; j; j >>= 1", [i.bit_length() for i in range(20)]),
        ("int i = 0; i < 9; i++|int m = i % 3, j = 0; j < m; j++", [i % 3 for i in range(9)]),
    ],
)  # fmt: skip
def test_bounds_that_are_numbers_once_the_loops_around_stand_are_executed(loops: str, trips: list[int]) -> None:
    nest = "".join(f"for ({header}) " for header in loops.split("|"))
    inner = list(_prepared(f"void k(int a[1024]) {{ {nest} {{ a[j] = a[j] + 1; }} }}").nest.loops.values())[-1]
    assert inner.mean == pytest.approx(sum(trips) / len(trips))
    assert (inner.loop.trip_min, inner.loop.trip_max) == (min(trips), max(trips))


def test_what_the_body_changes_of_a_header_leaves_the_mean_unknown() -> None:
    text = "void k(int a[64]) { for (int i = 1; i < 20; i++) for (int j = 0, m = i * i; j < m; j++) { %s a[j] = 1; } }"
    assert _mean(_prepared(text % ""), 1) is not None
    assert _mean(_prepared(text % "m = m - a[j];"), 1) is None
