"""Separation, distances, directions and coverage against programs executed access by access."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.kernels import dependences as room
from pipeline.kernels import integer_sets
from pipeline.kernels.accesses import Access
from pipeline.kernels.analysis import Analysis
from pipeline.kernels.dependences import Kind, Span, common, dependences, distance, separate
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel
from tests.kernels.affine_programs import ARRAYS, Event, Program, programs

ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _read(program: Program) -> tuple[Kernel, list[Access]]:
    kernel = read_kernel(program.text(), file="f.c")
    named = [
        access for access in kernel.analysis.accesses["f"] if access.roots and access.roots[0].name in ("s", *ARRAYS)
    ]
    found = named[1:]  # The first is the declaration of s.
    assert [(access.roots[0].name, access.write) for access in found] == [
        (touch.name, touch.write) for touch in program.touches
    ]
    return kernel, found


def _events(program: Program) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in program.run():
        found[event.touch.number].append(event)
    return found


def _apart(first: list[Event], second: list[Event], around: list[str], level: int) -> set[tuple[int, ...]]:
    """Iterations from an access to a later one of the same element, by the common loops from ``level`` inwards."""
    found: set[tuple[int, ...]] = set()
    places: dict[tuple[object, ...], list[Event]] = defaultdict(list)
    for event in second:
        places[event.element, event.counters[:level]].append(event)
    for event in first:
        for later in places[event.element, event.counters[:level]]:
            here, there = dict(event.counters), dict(later.counters)
            found.add(tuple(there[name] - here[name] for name in around[level:]))
    return {item for item in found if item[0] > 0}


@ANY
@given(programs(conditional=False))
def test_distances_are_those_of_the_executed_program(program: Program) -> None:
    _, found = _read(program)
    events = _events(program)
    for (i, first), (j, second) in product(enumerate(found), repeat=2):
        around = common(first.loops, second.loops)
        names = [loop.symbol.name if loop.symbol else "" for loop in around]
        same = first.symbol is second.symbol
        for level, loop in enumerate(around):
            seen = _apart(events[i], events[j], names, level) if same else set()
            expected = min((item[0] for item in seen), default=None)
            assert distance(loop, first, second) == expected, (program.text(), first, second)
            back = _apart(events[j], events[i], names, level) if same else set()
            assert separate(loop, first, second) == (not seen and not back)


@ANY
@given(programs())
def test_a_dependence_of_the_executed_program_is_never_missed(program: Program) -> None:
    _, found = _read(program)
    events = _events(program)
    for (i, first), (j, second) in product(enumerate(found), repeat=2):
        if first.symbol is not second.symbol or not (first.write or second.write):
            assert dependences(first, second) == []
            continue
        around = common(first.loops, second.loops)
        names = [loop.symbol.name if loop.symbol else "" for loop in around]
        by_loop = {item.loop: item for item in dependences(first, second)}
        for level, loop in enumerate(around):
            seen = _apart(events[i], events[j], names, level)
            if not seen:
                continue
            spans = by_loop[loop].spans
            assert spans[:level] == (Span(0, 0),) * level
            for place, span in enumerate(spans[level:]):
                values = [item[place] for item in seen]
                assert span.low is None or span.low <= min(values)
                assert span.high is None or max(values) <= span.high
        here = {(event.element, event.counters[: len(around)]) for event in events[i]}
        if i < j and any((event.element, event.counters[: len(around)]) in here for event in events[j]):
            assert by_loop[None].directions == ("=",) * len(around)


def _exposed(program: Program, name: str) -> bool:
    """Whether the program reads an element that it has not written before."""
    written: set[tuple[int, ...]] = set()
    for event in program.run():
        if event.touch.name == name:
            if not event.touch.write and event.element not in written:
                return True
            if event.touch.write:
                written.add(event.element)
    return False


@ANY
@given(programs())
def test_an_array_whose_first_content_is_read_is_never_out(program: Program) -> None:
    kernel, _ = _read(program)
    for argument in kernel.functions[0].arguments:
        if _exposed(program, argument.name):
            assert argument.direction in ("in", "inout"), program.text()


@ANY
@given(programs(conditional=False))
def test_stores_that_cover_all_reads_together_make_an_array_out(program: Program) -> None:
    kernel, _ = _read(program)
    read = {touch.name for touch in program.touches if not touch.write}
    written = {touch.name for touch in program.touches if touch.write}
    for argument in kernel.functions[0].arguments:
        if argument.name in read & written and not _exposed(program, argument.name):
            assert argument.direction == "out", program.text()


# By hand: symbolic sizes, members, pointers, limits ------------------------------------------------------------------


def _analysis(text: str, top: str = "f") -> tuple[Analysis, list[Access]]:
    kernel = read_kernel(text, file="f.c", top=top)
    return kernel.analysis, [item for item in kernel.analysis.accesses[top] if not item.escape and not item.scalar]


def _only(text: str) -> tuple[LoopRecord, list[Access]]:
    analysis, found = _analysis(text)
    return analysis.records["f"][0], found


@pytest.mark.parametrize(
    ("body", "direction"),
    [
        ("FOR(n) a[i][j] = 0; FOR(n) s += a[i][j];", "out"),
        ("FOR(n) a[i][j] = 0; FOR(n) s += a[j][i];", "inout"),
        ("for (i=0;i<n;i++) for (j=0;j<i;j++) a[i][j] = 0; FOR(n) s += a[i][j];", "inout"),
        ("for (i=0;i<8;i++) { if (i < 4) a[i][0] = 1; else a[i][0] = 2; } for (i=0;i<8;i++) s += a[i][0];", "out"),
        ("for (i=0;i<8;i++) { if (i < 4) a[i][0] = 1; else a[i][1] = 2; } for (i=0;i<8;i++) s += a[i][0];", "inout"),
        ("for (i=0;i<8;i+=2) { a[i][0] = 1; a[i+1][0] = 1; } for (i=0;i<8;i++) s += a[i][0];", "out"),
        ("for (i=7;i>=0;i--) a[i][0] = 1; for (i=0;i<8;i++) s += a[i][0];", "out"),
        ("for (i=7;i>0;i--) a[i][0] = 1; for (i=0;i<8;i++) s += a[i][0];", "inout"),
        ("for (i=0;i<8 && b[i];i++) a[i][0] = 1; for (i=0;i<8;i++) s += a[i][0];", "inout"),
        ("for (i=b[0];i<8;i++) a[i][0] = 1; for (i=0;i<8;i++) s += a[i][0];", "inout"),
        # The variable has been stepped by the test: it is n in the last iteration.
        ("i = 9; while (i-- > n) a[i][0] = 1; for (j = 8; j >= n; j--) s += a[j][0];", "out"),
        ("i = 9; while (i-- > n) a[i][0] = 1; for (j = 8; j >= n - 1; j--) s += a[j][0];", "inout"),
        # An element of an earlier iteration is there only if that iteration took the branch.
        ("a[0][0] = 0; for (i=1;i<8;i++) { if (b[i]) { s += a[i-1][0]; a[i][0] = 1; } }", "inout"),
        ("a[0][0] = 0; for (i=1;i<8;i++) { s += a[i-1][0]; a[i][0] = 1; }", "out"),
    ],
)  # fmt: skip
def test_what_is_covered_is_decided_for_any_size(body: str, direction: str) -> None:
    body = body.replace("FOR(n)", "for (i = 0; i < n; i++) for (j = 0; j <= i; j++)")
    text = f"int f(int a[64][64], int b[64], int n) {{ int i, j, s = 0; {body} return s; }}"
    assert read_kernel(text, file="f.c").functions[0].arguments[0].direction == direction


@pytest.mark.parametrize(("member", "direction"), [("x", "out"), ("y", "inout")])
def test_a_member_is_covered_by_stores_to_that_member(member: str, direction: str) -> None:
    body = f"for (i = 0; i < 8; i++) a[i].x = i; for (i = 0; i < 8; i++) s += a[i].{member};"
    text = f"struct p {{ int x, y; }}; int f(struct p a[8]) {{ int i, s = 0; {body} return s; }}"
    assert read_kernel(text, file="f.c").functions[0].arguments[0].direction == direction


@pytest.mark.parametrize(
    ("body", "near"),
    [
        ("for (int i = 0; i < 64; i++) a[i + 15] = a[i];", 15),
        ("for (int i = 0; i < 64; i += 3) a[i + 15] = a[i];", 5),
        ("for (int i = 0; i < 64; i += 2) a[i + 15] = a[i];", None),
        ("for (int i = 63; i >= 0; i--) a[i] = a[i + 2];", 2),
        ("for (int i = 0; i < 10; i++) a[i + 15] = a[i];", None),
        ("for (int i = 0; i < n; i++) a[i + n] = a[i];", None),
        ("for (int i = 0; i < n; i++) a[2 * i] = a[2 * i + 1];", None),
        ("for (int i = 0; i < n; i++) a[b[i]] = a[i];", 1),
        ("for (int i = 0; i < n; i++) if (i < 9) a[i] = a[i + 9];", None),
        ("for (int i = 0; i < 64; i++) if (i < 9 && n) a[i + 9] = a[i];", None),
        ("for (int i = 0; i < 64; i++) if (i < 9 || n) a[i + 9] = a[i];", 9),
        ("for (int i = 0; i < 64; i++) if (i < 9 && n) b[i] = 0; else a[i + 9] = a[i];", 9),
        ("for (int i = 0; i < 64; i++) if (i >= 9 || n) b[i] = 0; else a[i + 9] = a[i];", None),
        ("for (int i = 0; i < 64; i++) if (!(i >= 9)) a[i + 9] = a[i];", None),
        ("for (int i = 0; i < 64; i++) a[i + 9] = i < 9 ? a[i] : 0;", None),
        ("for (int i = 0; i < 64; i++) a[i + 9] = i < 55 && i > 9 ? 1 : a[i];", 9),
        ("for (int i = 0; i < 64; i++) a[i] = i < 9 ? 0 : a[i - 9];", 9),
        ("for (int i = 0; i < 64; i++) *(a + i + 4) = *(a + i);", 4),
        ("for (int i = 0; i < 8; i++) for (int j = 0; j < 8; j++) a[8 * i + j] = a[8 * i + j];", None),
        ("for (int i = 0; i < 8; i++) for (int j = 0; j < 9; j++) a[8 * i + j] = a[8 * i + j];", 1),
    ],
)  # fmt: skip
def test_the_first_loop_carries_a_value_over_so_many_iterations(body: str, near: int | None) -> None:
    loop, found = _only(f"void f(int a[200], int b[64], int n) {{ {body} }}")
    mine = [access for access in found if access.symbol is not None and access.symbol.name == "a"]
    (write,), (read,) = [item for item in mine if item.write], [item for item in mine if not item.write]
    assert distance(loop, write, read) == near


def test_members_of_one_element_are_separate_where_the_elements_are() -> None:
    loop, found = _only(
        "struct p { int x, y[4]; }; void f(struct p a[64]) { for (int i = 0; i < 60; i++) a[i].x = a[i + 2].y[i & 3]; }"
    )
    read, write = found
    assert (distance(loop, write, read), distance(loop, read, write)) == (None, 2)


def test_members_of_a_union_share_their_memory() -> None:
    union = "union u { int x[4]; short y[8]; };"
    text = union + "void f(union u a[64]) { for (int i = 0; i < 9; i++) a[0].x[0] = a[0].y[1]; }"
    loop, (read, write) = _only(text)
    assert (distance(loop, write, read), distance(loop, read, write)) == (1, 1)


def test_a_pointer_that_is_read_from_memory_may_point_anywhere() -> None:
    loop, found = _only("void f(int *a[64], int b[64]) { for (int i = 0; i < 60; i++) b[i] = a[i][2]; }")
    assert any(access.symbol is None for access in found)
    assert any(not separate(loop, first, second) for first in found for second in found)


def test_a_variable_that_goes_from_one_iteration_to_the_next_is_a_dependence() -> None:
    analysis, _ = _analysis("void f(int a[64]) { int s = 0; for (int i = 0; i < 9; i++) { a[i] = s; s = a[i] + 1; } }")
    (loop,) = analysis.records["f"]
    kinds = {
        (item.kind, item.spans[0].low, item.spans[0].high) for item in analysis.carried(loop) if item.source.scalar
    }
    assert kinds == {(Kind.FLOW, 1, 8), (Kind.ANTI, 1, 8), (Kind.OUTPUT, 1, 8)}


def test_what_takes_too_long_is_taken_to_depend(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, (read, write) = _only("void f(int a[200]) { for (int i = 0; i < 10; i++) a[i + 15] = a[i]; }")

    def give_up(*_: object) -> None:
        raise integer_sets.Undecided

    for question in ("least", "extent", "empty"):
        monkeypatch.setattr(room, question, give_up)
    assert distance(loop, write, read) == 1
    assert not separate(loop, write, read)
    assert [item.spans for item in dependences(write, read)] == [(Span(1, None),)]
    assert [item.loop for item in dependences(read, write)] == [loop, None]


def test_a_question_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    points = integer_sets.Points([(-1, {"x": 6, "y": 10, "z": 15})], [(0, {name: 1}) for name in "xyz"])
    monkeypatch.setattr(integer_sets, "MOST_OPERATIONS", 10)
    monkeypatch.setattr(integer_sets, "_isl", integer_sets.Isl())
    with pytest.raises(integer_sets.Undecided):
        integer_sets.least(points, "x")
    with pytest.raises(integer_sets.Undecided):
        integer_sets.empty(points)
    with pytest.raises(integer_sets.Undecided):
        integer_sets.covered(points, [points], ["x"])
