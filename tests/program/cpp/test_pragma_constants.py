"""Numbers in the pragmas of C++ are what the compiler makes of their names, in each instance of a template."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.own_pragmas import ArraySplit, LoopTripcount, Pipeline, Unroll
from pipeline.kernels.pragma_notices import pragma_notices
from pipeline.kernels.read import load_kernel

_TEXT = """
enum { M = 3 };
const unsigned int DIM = 4 * 4;
struct cfg { static const int W = 8; enum { H = 4 }; };
namespace par { constexpr int P = 2; enum class E { X = 9 }; }
template <int K, class T> struct Fir {
    T taps[K];
    T run(T *a, int n) {
        T s = 0;
        for (int i = 0; i < n; i++) {
#pragma HLS unroll factor=K/2
            s += a[i] * taps[i];
        }
        return s;
    }
};
template <int N, typename T, class C> void scale(T *a, int n) {
    T t[N * 4];
#pragma HLS array_partition variable=t cyclic factor=N
    for (int i = 0; i < n; i++) {
#pragma HLS loop_tripcount min=N max=N*C::W
#pragma HLS pipeline II=par::P
        t[i] = a[i] * 2;
    }
    for (int i = 0; i < n; i++) {
#pragma HLS loop_tripcount min=DIM*DIM+M max=cfg::H
        a[i] = t[i];
    }
}
extern "C" void k(int *a, short *b, int dim) {
    scale<4, int, cfg>(a, dim);
    scale<16, short, cfg>(b, dim);
    Fir<8, int> fir;
    a[0] = fir.run(a, dim);
}
"""


def test_names_in_pragmas_are_the_constants_that_each_instance_has(tmp_path: Path) -> None:
    file = tmp_path / "k.cpp"
    file.write_text(_TEXT)
    found = [(one.function, one.value) for one in load_kernel(file, top="k").pragmas]
    per_instance = {
        name: [value for function, value in found if function == name] for name, _ in found if name is not None
    }
    for n, kind in ((4, "int"), (16, "short")):
        assert per_instance[f"scale<{n},{kind},cfg>"] == [
            ArraySplit("t", "cyclic", n), LoopTripcount(n, n * 8), Pipeline(2), LoopTripcount(16 * 16 + 3, 4)
        ]  # fmt: skip
    assert per_instance["Fir<8,int>::run"] == [Unroll(4)]


def test_the_first_dimension_of_a_parameter_may_be_a_named_constant(tmp_path: Path) -> None:
    file = tmp_path / "k.cpp"
    file.write_text(
        "struct cfg { static const int W = 8; enum { E = 4 }; };\nnamespace p { constexpr int U = 6; }\n"
        "constexpr int G = 5;\n"
        'extern "C" void k(int a[G], int b[cfg::W], int c[cfg::E], int d[p::U * 2], int e[cfg::W][G]) {\n'
        "for (int i = 0; i < 3; i++) a[i] = b[i] + c[i] + d[i] + e[i][0]; }\n"
    )
    dims = {array.name: array.dims for array in load_kernel(file, top="k").arrays}
    assert dims == {"a": (5,), "b": (8,), "c": (4,), "d": (12,), "e": (8, 5)}


_ASKED = """#include "parts.h"
namespace cfg { template <int N> struct L { static constexpr int v = N * 4; }; }
template <int N> struct Q { static const int v = N + 1; };
template <class T, int M> struct C {
    T buf[M];
    void go(int p[square(M)]) {
#pragma HLS array_partition variable=this->buf cyclic factor=sizeof(int) * 2
        p[0] = buf[0];
    }
};
extern "C" void k(int a[Q<3>::v], int b[sizeof(int) * 2], int c[square(4)]) {
    C<int, 5> held;
    int &kept = held.buf[1], t[16];
    part<2>(a);
    part<8>(a);
    held.go(c);
#pragma HLS array_partition variable=t cyclic factor=cfg::L<2>::v
#pragma HLS bind_storage variable=held.buf type=ram_1p
    auto put = [&](int i) {
#pragma HLS dependence variable=kept false
        t[i] = b[i] + kept;
    };
    for (int i = 0; i < 4; i++) {
#pragma HLS loop_tripcount max=square(5)
#pragma HLS pipeline II=WORDS
        put(i);
    }
    a[0] = t[1];
}
"""
_PARTS = """#define NOTHING
constexpr int square(int x) { return x * x; }
template <int N> void part(int *a) {
    for (int i = 0; i < 64; i++) {
#pragma HLS unroll factor=square(N)/2
        a[i & 3] = i;
    }
}
"""


def _asked(folder: Path, ii: str, variable: str = "t cyclic") -> Path:
    (folder / "parts.h").write_text(_PARTS)
    (folder / "k.cpp").write_text(_ASKED.replace("WORDS", ii).replace("t cyclic", variable))
    return folder / "k.cpp"


def test_what_the_tree_does_not_tell_is_what_the_compiler_makes_of_it_in_each_instance(tmp_path: Path) -> None:
    kernel = load_kernel(_asked(tmp_path, "square(2)"), top="k")
    found = {(one.function, one.directive): one.value for one in kernel.pragmas}
    assert found["part<2>", "unroll"] == Unroll(2) and found["part<8>", "unroll"] == Unroll(32)
    assert found["C<int,5>::go", "array_partition"] == ArraySplit("this->buf", "cyclic", 8)
    assert found["k", "array_partition"] == ArraySplit("t", "cyclic", 8)
    assert found["k", "loop_tripcount"] == LoopTripcount(None, 25) and found["k", "pipeline"] == Pipeline(4)
    dims = {(array.function, array.name): array.dims for array in kernel.arrays}
    assert [dims["k", name] for name in "abc"] == [(4,), (8,), (16,)] and dims["C<int,5>::go", "p"] == (25,)
    said = [line for line in pragma_notices(kernel) if "differs by instance" in line]
    assert len(said) == 1 and "part<2>: factor=2; part<8>: factor=32" in said[0] and "parts.h:5" in said[0]


@pytest.mark.parametrize(
    ("ii", "variable", "reason"),
    [
        ("2", "tt cyclic", "variable=tt names 'tt', which nothing declares; did you mean t?"),
        ("cfg::nosuch", "t cyclic", "ii=cfg::nosuch names 'nosuch', which nothing declares"),
    ],
)
def test_a_pragma_of_cpp_that_names_what_nothing_declares_is_refused_as_in_c(
    tmp_path: Path, ii: str, variable: str, reason: str
) -> None:
    with pytest.raises(PipelineError) as refused:
        load_kernel(_asked(tmp_path, ii, variable), top="k")
    assert reason in str(refused.value)
    assert refused.value.line == (25 if "cfg" in ii else 17)


_LENGTHS = """constexpr int N = 3;
template <int N, class T> static void first(T x[N * 2], T y[SIZED(N)]) { x[0] = y[0]; }
template <int A, int B> void turned(int x[A], int y[SIZED(A)]);
template <int B, int A> void turned(int x[A], int y[SIZED(A)]) { x[0] = y[0]; }
template <int N, int M> struct S { void go(int x[N - M], int y[SIZED(N - M)]) { x[0] = y[0]; } };
template <int M> struct S<9, M> { void go(int x[M], int y[SIZED(M)]) { x[0] = y[0]; } };
extern "C" void k(int *a, int *b) {
    first<4, int>(a, b); first<5>(a, b); turned<6, 7>(a, b);
    S<9, 4> s; s.go(a, b); S<8, 2> t; t.go(a, b);
}
"""


def test_lengths_of_parameters_by_a_templates_numbers_are_those_that_the_compiler_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "k.cpp"

    def dims(sized: str) -> dict[tuple[str | None, str], tuple[int | None, ...]]:
        file.write_text(f"#define SIZED(n) ({sized})\n{_LENGTHS}")
        return {(array.function, array.name): array.dims for array in load_kernel(file, top="k").arrays}

    found = dims("sizeof(char[n])")
    assert {name: found[name, "y"] for name, _ in found if name != "k"} == {
        "first<4,int>": (4,), "first<5,int>": (5,), "turned<6,7>": (7,), "S<9,4>::go": (4,), "S<8,2>::go": (6,),
    }  # fmt: skip
    assert [found[name, "x"] for name in ("turned<6,7>", "S<9,4>::go", "S<8,2>::go")] == [(7,), (4,), (6,)]
    # None of these that one declaration of a template says needs another start of the compiler.
    file.write_text("template <int N> static void f(int x[2 * N]) { x[0] = 1; } void k(int *a) { f<4>(a); f<2>(a); }")
    monkeypatch.setattr("pipeline.program.cpp.read.values_in_cpp", pytest.fail)
    assert {a.function: a.dims for a in load_kernel(file, top="k").arrays if a.name == "x"} == {
        "f<4>": (8,), "f<2>": (4,),
    }  # fmt: skip
