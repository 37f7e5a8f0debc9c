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


if __name__ == "__main__":
    main()
