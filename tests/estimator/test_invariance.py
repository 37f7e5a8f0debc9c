"""Programs that compute the same in other words cost the same."""

from __future__ import annotations

from functools import cache

import pytest

from pipeline.estimator import prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_S = "struct S { float x; int n; }; struct T { struct S u; };\n"
_SUM = "void k(float a[64], float *o) { %s; for (int i = 0; i < 64; i++) %s; *o = %s; }"
_HELPED = "static %s\n" + _SUM


@cache
def _report(text: str) -> Report:
    return prepare(read_kernel(_S + text, file="k.c", top="k")).estimate({}, "vitis-plain")


def _same(one: str, other: str) -> None:
    first, second = _report(one), _report(other)
    assert (first.latency, first.used) == (second.latency, second.used)
    assert [loop.initiation_interval for loop in first.loops] == [loop.initiation_interval for loop in second.loops]


@pytest.mark.parametrize(
    "text",
    [
        _SUM % ("float s; s = 0", "s = s * 2 + a[i]", "s"),
        _SUM % ("float s = 0.0f", "s = s * 2 + a[i]", "s"),
        _SUM % ("float s = 0, t", "{ t = s; s = t * 2 + a[i]; }", "s"),
        _SUM % ("float s = 0; float *p = &s", "*p = *p * 2 + a[i]", "s"),
        _SUM % ("struct S s = {0}", "s.x = s.x * 2 + a[i]", "s.x"),
        _SUM % ("struct T s = {0}", "s.u.x = s.u.x * 2 + a[i]", "s.u.x"),
        _SUM % ("struct S s = {0}", "{ struct S t = s; s.x = t.x * 2 + a[i]; }", "s.x"),
        _SUM % ("struct S s = {0}", "{ struct S t; t.x = s.x * 2 + a[i]; s = t; }", "s.x"),
        "static struct S g;" + _SUM % ("g.x = 0", "g.x = g.x * 2 + a[i]", "g.x"),
        "static struct S g;" + _HELPED % ("void f(float v) { g.x = g.x * 2 + v; }", "g.x = 0", "f(a[i])", "g.x"),
        _HELPED % ("void f(float *q, float v) { *q = *q * 2 + v; }", "float s = 0", "f(&s, a[i])", "s"),
        _HELPED % ("void f(float *q, float v) { *q = *q * 2 + v; }", "float s = 0; float *p = &s", "f(p, a[i])", "s"),
        _HELPED % ("void f(struct S *q, float v) { q->x = q->x * 2 + v; }",
                   "struct S s = {0}; struct S *p = &s", "f(p, a[i])", "s.x"),
        "static void g(struct S *q, float v) { struct S *r = q; r->x = r->x * 2 + v; }"
        + _HELPED % ("void f(struct S *q, float v) { g(q, v); }", "struct S s = {0}; struct S *p = &s", "f(p, a[i])",
                     "s.x"),
        _HELPED % ("float f(struct S q, float v) { return q.x * 2 + v; }", "struct S s = {0}", "s.x = f(s, a[i])",
                   "s.x"),
        _HELPED % ("struct S f(struct S q, float v) { struct S r; r.x = q.x * 2 + v; return r; }",
                   "struct S s = {0}", "s = f(s, a[i])", "s.x"),
    ],
)  # fmt: skip
def test_what_a_loop_carries_costs_the_same_wherever_it_is_kept(text: str) -> None:
    _same(_SUM % ("float s = 0", "s = s * 2 + a[i]", "s"), text)


def test_what_a_loop_only_reads_through_a_pointer_is_not_carried() -> None:
    told = "static float f(const struct S *q, float v) { return v * q->x; }"
    text = "void k(float a[64], float b[64], struct S *s) { for (int i = 0; i < 64; i++) b[i] = %s; }"
    _same(text % "a[i] * s->x", told + text % "f(s, a[i])")


@pytest.mark.parametrize(
    "text",
    [
        "static int f(int x) { return x * 3 + 1; } void k(int a[64], int b[64]) { %s b[i] = f(a[i]); }",
        "static void f(int x, int *y) { *y = x * 3 + 1; } void k(int a[64], int b[64]) { %s f(a[i], &b[i]); }",
        "void k(int a[64], int b[64]) { const int c = 3; %s { int t = a[i]; b[i] = 1 + c * t; } }",
        "struct P { int v[64]; }; void k(struct P *a, struct P *b) { %s b->v[i] = a->v[i] * 3 + 1; }",
        "void k(int *a, int *b) { int *p = a, *q = b; %s *q++ = *p++ * 3 + 1; }",
        "void k(int *a, int *b) { %s *(b + i) = *(i + a) * 3 + 1; }",
    ],
)
def test_what_is_computed_with_an_element_costs_the_same_under_any_name(text: str) -> None:
    head = "for (int i = 0; i < 64; i++)"
    _same(f"void k(int a[64], int b[64]) {{ {head} b[i] = a[i] * 3 + 1; }}", text % head)


@pytest.mark.parametrize(
    "body",
    [
        "struct P p = {a[i] * a[i], a[i] + 7}; b[i] = p.x ^ p.y;",
        "struct P p = {.y = a[i] + 7, .x = a[i] * a[i]}; b[i] = p.x ^ p.y;",
        "struct P p; p = (struct P){a[i] * a[i], a[i] + 7}; b[i] = p.x ^ p.y;",
        "struct Q q = {{a[i] * a[i], a[i] + 7}, -1}; b[i] = q.p.x ^ q.p.y;",
    ],
)
def test_what_a_list_of_initial_values_computes_costs_what_it_costs_elsewhere(body: str) -> None:
    text = "struct P { int x, y; }; struct Q { struct P p; int z; };"
    text += "void k(int a[64], int b[64]) { for (int i = 0; i < 64; i++) { %s } }"
    _same(text % "int x = a[i] * a[i], y = a[i] + 7; b[i] = x ^ y;", text % body)


@pytest.mark.parametrize(("kind", "values"), [("int", "1, -2, 3, 4"), ("float", "1.5f, -2.5f, (float)3, 4")])
def test_constants_of_a_table_are_there_from_the_start_and_computed_elements_are_stored(kind: str, values: str) -> None:
    text = f"void k({kind} a[64], {kind} b[64]) {{{{ {kind} t[8] = {{{{{{0}}}}}}; int n = 0;"
    text += "for (int i = 0; i < 64; i++) {{ b[i] = t[i & 7] * a[i]; }} }}"
    table, none = _report(text.format(values)), _report(text.format("").replace(" = {}", ""))
    assert (table.latency, table.used.dsp, table.used.lut) == (none.latency, none.used.dsp, none.used.lut)
    assert (_report(text.format("a[0] * a[1], a[2]")).latency.worst or 0) > (none.latency.worst or 0)


_LOOP = "void k(int a[64], int b[64]) {{\n for (int i = 0; i < 64; i++) {{\n{0}\n{1}\n  b[i] = a[i] + 1;\n }}\n}}\n"
_PIPELINED = {"off": "off", "": "", "II=3": "II=3", " ii = 5 ": "II=5", "4": "II=4"}
_UNROLLED: dict[int | str, str] = {1: "factor=1", 4: "factor=4", "8": "factor=8", "": ""}


@pytest.mark.parametrize("written", [False, True])
def test_values_of_placeholders_in_the_tool_s_terms_mean_what_the_same_words_mean_where_they_are_written(
    written: bool,
) -> None:
    """``written``: the other directive of the loop stands in the source, and no placeholder."""
    for asked, text in _PIPELINED.items():
        for factor, words in _UNROLLED.items():
            said = _report(_LOOP.format(f"#pragma HLS pipeline {text}", f"#pragma HLS unroll {words}"))
            unroll = f"#pragma HLS unroll {words}" if written else "#pragma HLS unroll factor=auto{__PARA__L0}"
            placed = _LOOP.format("#pragma HLS pipeline auto{__PIPE__L0}", unroll)
            point: dict[str, int | str] = {"__PIPE__L0": asked}
            if not written:
                point["__PARA__L0"] = factor
            kernel = read_kernel(_S + placed, file="k.c", top="k")
            assert prepare(kernel).estimate(point, "hls").loops == said.loops, (asked, factor)
            if written:
                turned = _LOOP.format(f"#pragma HLS pipeline {text}", "#pragma HLS unroll factor=auto{__PARA__L0}")
                kernel = read_kernel(_S + turned, file="k.c", top="k")
                assert prepare(kernel).estimate({"__PARA__L0": factor}, "hls").loops == said.loops, (asked, factor)
