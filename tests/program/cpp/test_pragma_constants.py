"""Numbers in the pragmas of C++ are what the compiler makes of their names, in each instance of a template."""

from __future__ import annotations

from pathlib import Path

from pipeline.kernels.own_pragmas import ArraySplit, LoopTripcount, Pipeline, Unroll
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
