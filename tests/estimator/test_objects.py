"""Complex numbers, vectors, structs of arrays: they cost what their numbers cost, and move as words where they are."""

from __future__ import annotations

import random

import pytest

from pipeline.estimator import load_device, prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report


def _report(source: str) -> Report:
    return prepare(read_kernel(source, name="top", file="top.cpp")).estimate({})


def _loops(report: Report) -> list[tuple[int | None, int | None]]:
    return [(loop.initiation_interval.exact, loop.iteration_latency.exact) for loop in report.loops]


_BY_HAND = """#include "ap_fixed.h"
template <class T> struct H {
    T re, im;
    H() {}
    H(T r, T i = 0) : re(r), im(i) {}
    T real() const { return re; }
    T imag() const { return im; }
    void real(T v) { re = v; }
    H &operator+=(H b) { re = re + b.re; im = im + b.im; return *this; }
    H &operator*=(H b) {
        T r = re * b.re - im * b.im, i = re * b.im + im * b.re;
        re = r; im = i;
        return *this;
    }
};
template <class T> H<T> operator+(H<T> a, H<T> b) { return H<T>(a.re + b.re, a.im + b.im); }
template <class T> H<T> operator-(H<T> a, H<T> b) { return H<T>(a.re - b.re, a.im - b.im); }
template <class T> H<T> operator*(H<T> a, H<T> b) {
    return H<T>(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}
template <class T> H<T> operator/(H<T> a, H<T> b) {
    T s = b.re * b.re + b.im * b.im;
    return H<T>((a.re * b.re + a.im * b.im) / s, (a.im * b.re - a.re * b.im) / s);
}
"""
_STANDARD = '#include <complex>\n#include "ap_fixed.h"\n'
_VENDORS = '#include "hls_x_complex.h"\n#include "ap_fixed.h"\n'
_HEADS = {"H": _BY_HAND, "std::complex": _STANDARD, "hls::x_complex": _VENDORS}
_PROGRAM = """typedef NAME<TYPE> C;
struct S { C v; int n; };
static void taken(C &s, C t) { s = s * t; s += t; }
static C larger(C a, C b) { if (a.real() > b.real()) return a; return a * b; }
void top(C x[64], C w[64], C y[64]) {
    C a(0, 0), b(1, 0), m[64], k[4];
    S s;
    s.v = C(0, 0);
    for (int i = 0; i < 64; i++) { PRAGMA a = a * x[i] + x[i]; y[i] = a; }
    for (int i = 0; i < 64; i++) { PRAGMA s.v += x[i] * x[i]; s.n++; }
    for (int i = 0; i < 64; i++) { PRAGMA k[1] *= x[i]; k[2] += x[i]; }
    for (int i = 0; i < 64; i++) { PRAGMA m[i & 7] += x[i]; }
    for (int i = 1; i < 64; i++) { PRAGMA C p = y[i - 1]; y[i] = p * x[i]; }
    for (int i = 0; i < 64; i++) { PRAGMA taken(b, x[i]); y[i] = b; }
    for (int i = 0; i < 64; i++) { PRAGMA taken(k[3], x[i]); }
    for (int i = 0; i < 64; i++) { PRAGMA a = larger(a, x[i]); y[i] = a; }
    for (int i = 0; i < 64; i++) { PRAGMA if (x[i].real() > 0) a += x[i]; else a = x[i] * a; y[i] = a; }
    for (int i = 0; i < 64; i++) { PRAGMA C t = a * x[i]; a = x[i].imag() > 0 ? a : t; y[i] = a; }
    for (int i = 0; i < 64; i++) { PRAGMA C t = a + b; a = b; b = t; y[i] = a; }
    for (int i = 0; i < 64; i++) { PRAGMA a.real(a.real() + x[i].imag()); y[i] = a; }
    DIVIDED
    for (int j = 0; j < 32; j++) { PRAGMA C t = w[j] * x[j + 32], u = x[j]; x[j] = u + t; x[j + 32] = u - t; }
    for (int p = 0; p < 8; p++) {
        C z(0, 0), c = x[p];
        for (int n = 0; n < 100; n++) { PRAGMA if (z.real() < 4) z = z * z + c; }
        y[p] = z;
    }
    y[0] = a + s.v + k[1] + k[2] + k[3] + m[1];
}
"""
_THOMAS = "for (int i = 0; i < 64; i++) { PRAGMA C d = C(1, 0) / (w[i] - x[i] * a); a = x[i] * d; b = (x[i] - b) * d; }"


@pytest.mark.parametrize("pragma", ["pipeline", "pipeline off"])
@pytest.mark.parametrize("kind", ["float", "double", "ap_fixed<24,8>"])
def test_complex_numbers_of_the_library_cost_what_their_parts_cost_by_hand(kind: str, pragma: str) -> None:
    # A quotient by hand keeps all bits of its products, the library rounds them before.
    program = _PROGRAM.replace("DIVIDED", "" if "fixed" in kind else _THOMAS)
    program = program.replace("TYPE", kind).replace("PRAGMA", f"\n#pragma HLS {pragma}\n")
    by_hand, *others = (_report(head + program.replace("NAME", name)) for name, head in _HEADS.items())
    assert by_hand.loops
    for other in others:
        assert _loops(other) == _loops(by_hand)
        assert (other.latency, other.used.dsp) == (by_hand.latency, by_hand.used.dsp)


def _statements(rng: random.Random) -> str:
    names = ["a", "b", "c"]
    lines = []
    for _ in range(rng.randint(1, 4)):
        to, one, other = rng.choice(names), rng.choice([*names, "x[i]"]), rng.choice([*names, "w[i]"])
        lines.append(f"{to} {rng.choice(['=', '=', '+=', '*='])} {one} {rng.choice('+-*')} {other};")
    return " ".join(lines)


@pytest.mark.parametrize("seed", range(3))
def test_any_loop_over_complex_numbers_has_the_interval_that_its_parts_have(seed: int) -> None:
    rng = random.Random(seed)
    loops = "\n".join(f"for (int i = 0; i < 64; i++) {{ {_statements(rng)} y[i] = a; }}" for _ in range(12))
    top = f"typedef NAME<float> C;\nvoid top(C x[64], C w[64], C y[64]) {{ C a(0, 0), b(1, 0), c(0, 1);\n{loops}\n}}\n"
    by_hand, *others = (_report(head + top.replace("NAME", name)) for name, head in _HEADS.items())
    assert len(by_hand.loops) == 12
    for other in others:
        assert (_loops(other), other.latency) == (_loops(by_hand), by_hand.latency)


def test_what_a_lambda_returns_is_handed_on() -> None:
    source = f"{_STANDARD}typedef std::complex<float> C;\nvoid top(C x[64], C y[1]) {{ C a(1, 0);\n"
    loop = "for (int i = 0; i < 64; i++) a = GIVEN; y[0] = a; }"
    plain = _report(source + loop.replace("GIVEN", "a * x[i]"))
    called = _report(source + "auto f = [](C a, C b) { return a * b; };\n" + loop.replace("GIVEN", "f(a, x[i])"))
    assert _loops(called) == _loops(plain)


def test_a_static_of_complex_numbers_is_handed_on() -> None:
    source = f"{_STANDARD}typedef std::complex<float> C;\nvoid top(C x[64], C y[1]) {{ static C a;\n"
    loop = "for (int i = 0; i < 64; i++) a = a OP x[i]; y[0] = a; }"
    added, product = (_report(source + loop.replace("OP", sign)).loops[0].initiation_interval.exact for sign in "+*")
    assert added is not None and product is not None
    assert added == 8 and product > added


_WIDE = """#include "hls_vector.h"
#include "hls_stream.h"
typedef TYPE V;
static V scaled(V a, V b) { return a * b + a; }
static void added(V &a, const V &b) { a += b; }
void top(const V x[64], V y[64], hls::stream<V> &in, hls::stream<V> &out) {
    V acc = 0, own(1.0f), kept[64];
    for (int i = 0; i < 64; i++) y[i] = x[i];
    for (int i = 0; i < 64; i++) { V a = x[i]; V b = a; y[i] = b; }
    for (int i = 0; i < 64; i++) y[i] = x[i] * x[i];
    for (int i = 0; i < 64; i++) acc += x[i];
    for (int i = 0; i < 64; i++) kept[i] = x[i];
    for (int i = 0; i < 64; i++) y[i] = kept[63 - i];
    for (int i = 0; i < 64; i++) kept[i & 7] += x[i];
    for (int i = 0; i < 64; i++) { own = scaled(own, x[i]); y[i] = own; }
    for (int i = 0; i < 64; i++) { added(own, x[i]); y[i] = own; }
    for (int i = 0; i < 64; i++) { V a = in.read(); own = own - a; out.write(own); }
    y[0] = acc;
    y[1] = kept[3];
}
"""
_MAXI = """#include "hls_vector.h"
typedef TYPE V;
void top(const V *x, V *y) {
#pragma HLS interface m_axi port=x bundle=a
#pragma HLS interface m_axi port=y bundle=b
    for (int i = 0; i < 64; i++) y[i] = x[i] + x[i];
    for (int i = 0; i < 64; i++) y[i] = x[i] + x[i + 1];
}
"""


@pytest.mark.parametrize("program", [_WIDE, _MAXI])
def test_a_vector_takes_the_cycles_of_one_number(program: str) -> None:
    alone, wide, wider = (
        _report(program.replace("TYPE", kind)) for kind in ("float", "hls::vector<float, 4>", "hls::vector<float, 16>")
    )
    assert [row[0] for row in _loops(wide)] == [row[0] for row in _loops(alone)]
    assert _loops(wider) == _loops(wide)
    assert wide.latency == wider.latency
    for one in ("dsp", "lut", "ff"):
        counts = [getattr(report.used, one) for report in (alone, wide, wider)]
        assert counts == sorted(counts)


@pytest.mark.parametrize("kind", ["float", "hls::vector<float, 4>"])
def test_a_vector_counts_in_the_time_of_adding_one_and_gives_what_it_was_where_the_sign_follows_it(kind: str) -> None:
    start = f"""#include "hls_vector.h"
typedef {kind} V;
void top(const V x[64], V y[64]) {{ V own = x[0]; for (int i = 0; i < 64; i++) {{ """
    plain, after, before = (
        _report(f"{start}{body} }} y[0] = own; }}")
        for body in ("y[i] = own; own += V(1);", "y[i] = own++;", "y[i] = ++own;")
    )
    assert len({one.loops[0].initiation_interval.exact for one in (plain, after, before)}) == 1
    assert after.latency == plain.latency != before.latency


_ELEMENTS = """#include "hls_vector.h"
typedef hls::vector<float, 8> V;
struct F { float d[8]; int n; };
void top(const V x[64], V y[64], const F p[64], F q[64]) {
    V acc = 0;
    for (int i = 0; i < 64; i++) BODY
    y[0] = acc;
}
"""


@pytest.mark.parametrize(
    ("body", "interval"),
    [
        ("{ V a = x[i]; for (int j = 0; j < 8; j++) a[j] = a[j] * 2; y[i] = a; }", 1),  # begun in each iteration
        ("for (int j = 0; j < 8; j++) y[i][j] = x[i][j] * 2;", 1),  # of one word
        ("{ V a = x[i]; for (int j = 0; j < 8; j++) acc[j] += a[j]; }", 8),
        ("{ acc[3] = acc[3] + 1; acc = acc * x[i]; }", 12),  # an element of the whole
        ("{ acc = acc * x[i]; acc[3] = acc[3] + 1; }", 12),
        ("{ acc[0] = acc[7] * x[i][0]; acc[7] = acc[0]; }", 5),
        ("{ acc[0] = acc[0] * x[i][0]; acc[7] = acc[0]; }", 5),
        ("if (x[i][0] > 0) acc += x[i];", 8),
        ("q[i] = p[i];", 1),
        ("{ F a = p[i]; a.n++; q[i] = a; }", 1),
        ("{ F a = p[i]; a.d[1] += a.d[2]; q[i] = a; }", 1),
        ("for (int j = 0; j < 8; j++) q[i].d[j] = p[i].d[j] * 2;", 1),
        ("q[i].n = p[i].n + p[63 - i].d[2] + p[i + 1].n;", 2),  # three words at two ports, whatever the members
        ("{ V a = x[i]; a[3] = acc[3] * 2; acc = a; }", 5),
    ],
)
def test_elements_of_a_word_are_at_hand_together(body: str, interval: int) -> None:
    loops = _report(_ELEMENTS.replace("BODY", body)).loops
    assert [loop.initiation_interval.exact for loop in loops] == [interval]


def test_a_local_word_is_at_hand_where_one_at_a_port_is_loaded() -> None:
    own, loaded = (_loops(_report(_ELEMENTS.replace("BODY", f"y[i] = {one} * {one};")))[0] for one in ("acc", "x[i]"))
    assert own[1] is not None and loaded[1] == own[1] + load_device().operators["load32"].stages


@pytest.mark.parametrize(("factor", "interval"), [(1, 4), (2, 2), (4, 1)])
def test_an_array_of_objects_is_split_as_its_pragma_says(factor: int, interval: int) -> None:
    source = f"""#include <complex>
typedef std::complex<int> C;
void top(C x[64], C y[1]) {{
    C k[64], a(0, 0);
    #pragma HLS array_partition variable=k cyclic factor={factor}
    for (int i = 0; i < 64; i++) k[i] = x[i];
    for (int i = 0; i < 64; i++) {{
        #pragma HLS unroll factor=8
        a += k[i];
    }}
    y[0] = a;
}}
"""
    assert _report(source).loops[1].initiation_interval.exact == interval


def test_functions_of_complex_numbers_have_a_cost() -> None:
    source = """#include <complex>
typedef std::complex<float> C;
void top(C x[64], C y[64], float r[64]) {
    C a(1, 0);
    for (int i = 0; i < 64; i++) { a = CALL; y[i] = a; }
    r[0] = std::norm(a) + std::abs(a) + std::arg(a);
}
"""
    calls = ("std::conj(a) * x[i]", "2.0f * a", "a / 2.0f", "-a", "std::polar(a.real(), 1.0f)", "std::exp(a)")
    found = [_report(source.replace("CALL", call)).loops[0].initiation_interval.exact for call in calls]
    add, mul, div, exp = (load_device().operators[name].stages for name in ("fadd", "fmul", "fdiv", "fexp"))
    assert found == [mul + add + 1, mul + 1, div + 1, 1, mul + 1, exp + mul + 1]


_POINTED = """#include "hls_vector.h"
#include <cstring>
typedef TYPE T;
static void through(const T *from, T *to) { for (int i = 0; i < 64; i++) *to++ = *from++; }
static void last(const T *from, T *to, int i) { to[i] = from[i]; }
void top(const T *x, T *y) { BODY }
"""


@pytest.mark.parametrize("kind", ["float", "hls::vector<float, 4>", "struct { int a; float b; }"])
@pytest.mark.parametrize(
    "body",
    [
        "for (int i = 0; i < 64; i++) *y++ = *x++;",
        "for (int i = 0; i < 64; i++) { *y = *x; ++x; y += 1; }",
        "const T *p = x; T *q = y; for (int i = 0; i < 64; i++) *q++ = *p++;",
        "for (int i = 0; i < 64; i++) *(y + i) = *(x + i);",
        "for (int i = 0; i < 64; i++) last(x, y, i);",
        "through(x, y);",
        "memcpy(y, x, 64 * sizeof(T));",
        "for (int i = 0; i < 64; i++) *(y + i) = x[63 - i];",
    ],
)
def test_a_pointer_that_reaches_others_is_the_array_that_it_leads_to(kind: str, body: str) -> None:
    program = _POINTED.replace("TYPE", kind)
    indexed = _report(program.replace("BODY", "for (int i = 0; i < 64; i++) y[i] = x[i];"))
    found = _report(program.replace("BODY", body))
    assert (_loops(found), found.latency) == (_loops(indexed), indexed.latency)


@pytest.mark.parametrize(
    "body", ["T t[2]; memcpy(t, x, sizeof t); y[0] = t[0]; y[1] = t[1];", "*y++ = x[0]; *y = x[1];"]
)
def test_the_first_of_many_objects_is_loaded_as_the_others_are(body: str) -> None:
    latencies = {
        _report(_POINTED.replace("TYPE", kind).replace("BODY", body)).latency
        for kind in ("float", "hls::vector<float, 4>", "struct { int a; float b; }")
    }
    assert len(latencies) == 1


def test_a_pointer_to_one_object_is_its_members() -> None:
    one, another = (
        _report(_POINTED.replace("TYPE", "struct { int a; float b; }").replace("BODY", body)).latency
        for body in ("y->a = x->a; (*y).b = x[0].b; memcpy(y, x, sizeof(T));", "y[1] = x[1];")
    )
    assert one.worst == 0 and another.worst == load_device().operators["load32"].stages + 1


_CHANGED = """#include <complex>
typedef std::complex<float> C;
struct Q { float a, b; Q &operator+=(const Q &o) { a += o.a; b = b * o.b; return *this; } };
static C &same(C &r) { return r; }
static float &second(Q &q) { return q.b; }
static int *at(int *p, int i) { return p + i; }
void top(const C x[64], const Q q[64], int w[64], C y[3]) {
    C c(0, 0);
    Q s;
    int v[64];
    s.a = 0; s.b = 1;
    for (int i = 0; i < 63; i++) { BODY }
    y[0] = c; y[1] = C(s.a, s.b); y[2] = v[3];
}
"""


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("same(c) *= x[i];", "c *= x[i];"),
        ("(c += x[i]) *= x[63 - i];", "c += x[i]; c *= x[63 - i];"),
        ("((c += x[i]) *= x[63 - i]) -= x[i + 1];", "c += x[i]; c *= x[63 - i]; c -= x[i + 1];"),
        ("(s += q[i]) += q[63 - i];", "s += q[i]; s += q[63 - i];"),
        ("second(s) *= q[i].a;", "s.b *= q[i].a;"),
        ("*at(v, i + 1) = *at(v, i) * 5 + w[i];", "v[i + 1] = v[i] * 5 + w[i];"),
    ],
)
def test_what_a_call_gives_a_reference_to_is_what_is_changed(body: str, plain: str) -> None:
    found, expected = (_report(_CHANGED.replace("BODY", one)) for one in (body, plain))
    assert (_loops(found), found.latency, found.used) == (_loops(expected), expected.latency, expected.used)
