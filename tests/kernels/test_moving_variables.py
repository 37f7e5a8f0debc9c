"""What moves evenly is followed: members, casts, pointers, counters beside a loop's own, arguments of helpers."""

from __future__ import annotations

import pytest

from pipeline.kernels.dependences import distance, separate
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel

STRUCTS = "struct pair { int x, y; }; struct deep { int n; struct pair at; }; union both { int n; short m; };\n"


def _kernel(statements: str, before: str = "") -> Kernel:
    text = f"{STRUCTS}{before}\nvoid f(int a[64], int b[64], int *q, int n) {{ int i, j, k; {statements} }}"
    return read_kernel(text, file="f.c", top="f")


@pytest.mark.parametrize(
    ("statements", "trips"),
    [
        ("struct pair p; for (p.x = 0; p.x < 8; p.x++) for (p.y = p.x; p.y < 8; p.y++) a[p.x] = 0;", [8, None]),
        ("struct deep d; d.at.y = 3; d.n = d.at.y * 2; for (i = 0; i < d.n; i++) a[i] = 0;", [6]),
        ("struct pair p; p.x = 4; look(&p); for (i = 0; i < p.x; i++) a[i] = 0;", [None]),
        ("struct pair p, o; p.x = 4; p = o; for (i = 0; i < p.x; i++) a[i] = 0;", [None]),
        ("union both u; u.n = 4; u.m = 2; for (i = 0; i < u.n; i++) a[i] = 0;", [None]),
        ("unsigned char c; for (c = 4; (int)c < 16; c += 4) a[c] = 0;", [3]),
        ("for (i = 9; (unsigned char)i > 5; i--) a[i] = 0;", [4]),
        ("for (i = 20; (unsigned)i > 5; i -= 3) a[i] = 0;", [5]),
        # 20, 17, .., 2, then -1, which is no small number there.
        ("for (i = 20; (unsigned)i > 1; i -= 3) a[i] = 0;", [None]),
        ("for (i = 20; (unsigned)i >= 2; i -= 3) a[i] = 0;", [None]),
        ("for (int *p = a; p < a + 64; p++) *p = 0;", [64]),
        ("int *p = a, *end = &a[64]; while (p != end) { *p = 1; p += 4; }", [16]),
        ("int *p = a; do { *p++ = 1; } while (p < a + 10);", [10]),
        ("int *p = a + 20; while (p > a) { if (n) p--; p--; }", [None]),
        ("for (int *p = a; p < q; p++) *p = 0;", [None]),
        ("for (k = 0, i = 0; i < 10; i++) k += 3; for (j = 0; j < k; j++) a[j] = 0;", [10, 30]),
        ("for (k = 0, i = 0; i < 10; i++) { if (b[i]) k += 3; } for (j = 0; j < k; j++) a[j] = 0;", [10, None]),
        ("for (k = i = 0; i < 10; i++) { if (b[i]) continue; k += 3; } for (j = 0; j < k; j++) a[j] = 0;", [10, None]),
        ("for (k = 0, i = 0; i < 10; i++, k++) for (j = k; j < k + 5; j++) a[j] = 0;", [10, 5]),
        ("k = 5; k++; ++k; k -= 3; for (j = 0; j < k; j++) a[j] = 0;", [4]),
    ],
)  # fmt: skip
def test_trips_of_what_moves_evenly_are_known(statements: str, trips: list[int | None]) -> None:
    assert [loop.trip_count for loop in _kernel(statements, "void look(struct pair *);").loops] == trips


@pytest.mark.parametrize(
    ("helpers", "call", "trips"),
    [
        ("HELP(8)", "", (8, 8, 8)),
        ("HELP(8)", "help(a, 12);", (None, 8, 12)),
        ("HELP(4 * 2)", "for (i = 2; i < 5; i++) help(a, i);", (None, 2, 8)),
        ("HELP(8)", "help(a, n);", (None, None, None)),
        ("HELP(8)", "help(a, b[0]);", (None, None, None)),
        ("HELP(8)", "n += 1; k = 6; help(a, k + 1);", (None, 7, 8)),
    ],
)  # fmt: skip
def test_a_helper_counts_with_what_all_its_calls_give_it(
    helpers: str, call: str, trips: tuple[int | None, int | None, int | None]
) -> None:
    help_text = "void help(int *x, int m) { for (int i = 0; i < m; i++) x[i] = 0; }\n"
    first = helpers.removeprefix("HELP(").removesuffix(")")
    kernel = _kernel(f"help(a, {first}); {call}", help_text)
    loop = next(loop for loop in kernel.loops if loop.function == "help")
    assert (loop.trip_count, loop.trip_min, loop.trip_max) == trips


def test_a_function_that_others_may_call_counts_with_nothing() -> None:
    text = "void f(int a[64], int m) { for (int i = 0; i < m; i++) a[i] = 0; if (m > 1) f(a, 4); }"
    assert read_kernel(text, file="f.c").loops[0].trip_count is None
    text = text.replace("f(", "g(").replace("[64]", "[]") + "void f(int a[9]) { g(a, 4); }"
    assert read_kernel(text, file="f.c", top="f").loops[0].trip_count is None


@pytest.mark.parametrize(
    ("statements", "near"),
    [
        ("int *p = a; for (i = 0; i < 64; i++) { *p = -*p; p++; }", None),
        ("int *p = a, *r = a + 3; for (i = 0; i < 60; i++) { *r++ = *p++; }", 3),
        ("int *p = a; for (i = 0; i < 60; i++) { p[2] = *p; p += 2; }", 1),
        ("int *p = a; for (i = 0; i < 60; i++) { p[3] = *p; p += 2; }", None),
        ("k = 0; for (i = 0; i < 20; i++) { a[k + 6] = a[k]; k += 3; }", 2),
        ("k = 63; for (i = 0; i < 20; i++) { a[k] = a[k + 6]; k -= 2; }", 3),
        ("for (i = 0, k = 5; i < 20; i++, k++) a[k] = a[i];", 5),
        ("int *p = a; for (i = 0; i < 60; i++) { *++p = a[i]; }", 1),
        # Before and after the step within one iteration.
        ("k = 0; for (i = 0; i < 20; i++) { a[k] = 1; k++; j = a[k - 1]; }", None),
        ("k = 0; for (i = 0; i < 20; i++) { a[k] = 1; k++; j = a[k - 2]; }", 1),
        ("int *p = b; if (n) p = a; for (i = 0; i < 60; i++) { *p = a[i]; p++; }", 1),
    ],
)  # fmt: skip
def test_elements_behind_moving_pointers_and_counters_are_told_apart(statements: str, near: int | None) -> None:
    analysis = _kernel(statements).analysis
    loop = analysis.records["f"][0]
    inside = [item for item in analysis.accesses["f"] if loop in item.loops and not item.scalar and not item.escape]
    (write,), (read,) = [item for item in inside if item.write], [item for item in inside if not item.write]
    assert distance(loop, write, read) == near
    assert near is not None or separate(loop, write, read) or distance(loop, read, write) is not None


def test_a_sum_with_a_condition_or_a_call_in_it_leaves_the_subscripts_known() -> None:
    body = "for (i = 0; i < 8; i++) { k += look(a[i], n) + (n ? b[i] : 0); }"
    analysis = _kernel(body, "int look(int, int);").analysis
    inside = [item for item in analysis.accesses["f"] if item.symbol is not None and item.symbol.name == "a"]
    assert [item.indices is not None for item in inside] == [True]


def test_a_variable_that_steps_inside_an_expression_has_no_place_after_it() -> None:
    analysis = _kernel("i = 0; while (i < 8) { i++, a[i] = b[i]; }").analysis
    inside = [item for item in analysis.accesses["f"] if item.loops and not item.scalar]
    assert {item.indices for item in inside} == {None}
