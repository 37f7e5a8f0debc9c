"""How long it takes to read a kernel: over the suite, by step, and as a file grows.

Run ``python bench/bench_kernels.py`` from the repository's root.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pycparser import c_parser

from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.kernels.suite import suite_folder, suite_names
from pipeline.project.preprocess import preprocess

_LINES = (1_000, 5_000, 20_000)
_CPP_LINES = 2_000


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """The shortest of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def generated(lines: int) -> str:
    """C text of about that many lines: functions with loop nests, macros, comments and placeholders."""
    out = ["#define N 64", "#define MUL(a, b) ((a) * (b))"]
    while len(out) < lines:
        number = len(out)
        out += [f"void f{number}(double A[N][N], double B[N])", "{", "    int i, j;"]
        for nest in range(3):
            out += [
                "    /* a nest */",
                f"#pragma ACCEL PIPELINE auto{{__PIPE__L{number}_{nest}}}",
                "    for (i = 0; i < N; i++) {",
                "        for (j = i; j < N; j++) {",
                "            A[i][j] += MUL(B[j], A[j][i]) + 1.0;",
                "            B[j] = A[i][j];",
                "        }",
                "    }",
            ]
        out.append("}")
    return "\n".join(out) + "\n"


def generated_cpp(lines: int) -> str:
    """C++ text of about that many lines with the vendor's types: templates, streams, dataflow, bit ranges."""
    out = [
        '#include "ap_int.h"', '#include "ap_fixed.h"', '#include "hls_stream.h"', "#include <cmath>",
        "typedef ap_fixed<18, 6> num;", "struct Px { ap_uint<8> r, g, b; bool last; };",
    ]  # fmt: skip
    stages = 0
    while len(out) < lines:
        out += [f"template <int N, class T> static void part_{stages}(const T x[N], T y[N], T gain) {{"]
        for width in (9, 17, 30):
            out += [
                "    for (int i = 0; i < N; i++) {",
                "#pragma HLS pipeline II=1",
                f"        ap_int<{width}> t = ap_int<20>(x[i]) * {width} + i;",
                "        t ^= (t >> 3) & 0x5a;",
                "        if (t[3] && i > 2) t.range(7, 2) = t(5, 0);",
                f"        y[i] = x[i] * gain + T(t) / T({width});",
                "    }",
            ]
        out += [
            "}", f"static void stage_{stages}(hls::stream<Px> &in, hls::stream<Px> &out) {{", "    num a[64], b[64];",
            "    for (int i = 0; i < 64; i++) {", "        Px p = in.read();",
            "        a[i] = p.r * num(0.25) + p.g * num(0.5) - p.b;", "    }",
            f"    part_{stages}<64, num>(a, b, num(1.5));", "    for (int i = 0; i < 64; i++) {", "        Px q;",
            "        q.r = b[i].to_int(); q.g = (q.r << 1) ^ i; q.b = q.g & 0x3f; q.last = i == 63;",
            "        out.write(q);", "    }", "}",
        ]  # fmt: skip
        stages += 1
    names = ["in", *(f"s{number}" for number in range(stages - 1)), "out"]
    out += ["void top(hls::stream<Px> &in, hls::stream<Px> &out) {", "#pragma HLS dataflow"]
    out += [f"    hls::stream<Px> {name};" for name in names[1:-1]]
    out += [f"    stage_{number}({names[number]}, {names[number + 1]});" for number in range(stages)]
    return "\n".join([*out, "}"]) + "\n"


def main() -> None:
    """Prints milliseconds per kernel, the share of parsing alone as the baseline, and growth with file size."""
    folder: Path = suite_folder()
    paths = [folder / name / f"{name}.c" for name in suite_names()]
    whole = [best_of(3, lambda path=path: load_kernel(path)) for path in paths]  # type: ignore[misc]
    bare = []
    for path in paths:
        text = preprocess(path.read_text(), file=str(path)).text
        bare.append(best_of(3, lambda text=text: c_parser.CParser().parse(text)))  # type: ignore[misc]
    print(f"suite: {len(paths)} kernels, {1e3 * sum(whole):.0f} ms in all")
    slowest = max(zip(whole, paths, strict=True))
    print(f"a kernel: median {1e3 * median(whole):.1f} ms, slowest {1e3 * slowest[0]:.1f} ms ({slowest[1].stem})")
    print(f"against pycparser alone on preprocessed text: {sum(whole) / sum(bare):.1f} times")
    first = 0.0
    for lines in _LINES:
        text = generated(lines)
        seconds = best_of(1, lambda text=text: read_kernel(text, file="generated.c", top="f2"))  # type: ignore[misc]
        first = first or seconds / lines
        print(f"{lines} lines: {seconds:.2f} s, {seconds / lines / first:.2f} times the time a line of the smallest")
    text = generated_cpp(_CPP_LINES)
    once = best_of(1, lambda: read_kernel(text, file="generated.cpp", top="top"))
    again = best_of(3, lambda: read_kernel(text, file="generated.cpp", top="top"))
    print(
        f"{len(text.splitlines())} lines of C++: {again:.2f} s, clang among them; "
        f"{once / again:.2f} times that where the headers are new"
    )


if __name__ == "__main__":
    main()
