"""How fast program graphs are: the suite cold and from the cache, one kernel, and growth with the size of a file.

Run as ``python -m bench.bench_graphs`` or ``python bench/bench_graphs.py``; the baseline of each ratio is named in its
line. Times do not contain imports.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

COLD_SECONDS, CACHED_SECONDS, LARGE_SECONDS = 30.0, 3.0, 60.0
"""What the suite may take cold and cached, and a file of 20,000 lines."""
SIZES = (2_500, 5_000, 10_000, 20_000)


def generated(lines: int, one_function: bool) -> str:
    """C of about ``lines`` lines: loop nests in one function, or in many that the last one calls."""
    out = [] if not one_function else ["void top(double a[64][64], double b[64][64], double c[64]) {"]
    number = 0
    while len(out) < lines - 1 - (0 if one_function else number):
        nest = [
            "  for (int i = 0; i < 64; i++) {",
            "    double s = 0.0;",
            "    for (int j = 0; j < 64; j++) {",
            f"      a[i][j] = b[j][i] * {number}.5 + c[i];",
            "      if (a[i][j] > 0.5)",
            "        s += a[i][j];",
            "    }",
            f"    c[i] = s + {number}.25;",
            "  }",
        ]
        if not one_function:
            nest = [f"static void f{number}(double a[64][64], double b[64][64], double c[64]) {{", *nest, "}"]
        out += nest
        number += 1
    if not one_function:
        out.append("void top(double a[64][64], double b[64][64], double c[64]) {")
        out += [f"  f{i}(a, b, c);" for i in range(number)]
    return "\n".join([*out, "}"]) + "\n"


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _processor(work: Callable[[], object]) -> float:
    """Seconds of processor time of this process and the compilers that it ran: on a busy machine the fairer figure."""
    begin = os.times()
    work()
    end = os.times()
    return sum(end[:4]) - sum(begin[:4])


def _large(lines: int, shape: str) -> None:
    """One large file in a process of its own, so that the peak of its memory is its own."""
    from pipeline.graphs.build import build_graph
    from pipeline.graphs.ir import read_ir
    from pipeline.graphs.make import graph_of
    from pipeline.kernels.read import read_kernel
    from pipeline.project.compiler import find_compiler
    from pipeline.project.ir import compile_to_ir

    graph_of("atax")
    find_compiler()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = generated(lines, shape == "one")
    begin = time.perf_counter()
    kernel = read_kernel(source, file="large.c", top="top")
    read = time.perf_counter()
    text = compile_to_ir(source, file="large.c")
    compiled = time.perf_counter()
    module = read_ir(text)
    parsed = time.perf_counter()
    graph = build_graph(kernel, module)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        read - begin, compiled - read, parsed - compiled, end - parsed, (peak - base) / 1024, graph.nodes.num_rows,
        sum(row["reason"] is None for row in graph.of_kind("loop")),
    )  # fmt: skip


def main() -> None:
    """Prints the figures."""
    import llvmlite.binding  # noqa: F401

    from pipeline.graphs.graph import write_graph
    from pipeline.graphs.harp import harp_graph
    from pipeline.graphs.make import graph_of
    from pipeline.kernels.suite import suite_names
    from pipeline.present.graph_page import graph_page

    graph_of("atax")
    names = suite_names()
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "cache"
        cold = _timed(lambda: [graph_of(name, cache=cache) for name in names])
        cached = _timed(lambda: [graph_of(name, cache=cache) for name in names])
        busy = _processor(lambda: [graph_of(name, cache=cache) for name in names])
        single = min(_timed(lambda: graph_of("gemm-ncubed")) for _ in range(3))
        graphs = [graph_of(name, cache=cache) for name in names]
        wrote = _timed(lambda: [write_graph(Path(scratch) / graph.kernel, graph) for graph in graphs])
        harp = _timed(lambda: [harp_graph(graph) for graph in graphs])
        pages = _timed(lambda: [graph_page(graph.nodes, graph.edges, title=graph.kernel) for graph in graphs])
    print(f"suite of {len(names)} kernels, one process")
    print(f"  cold    {cold:7.2f} s   {cold / COLD_SECONDS:5.2f} of the {COLD_SECONDS:g} s allowed")
    print(
        f"  cached  {cached:7.2f} s   {cached / CACHED_SECONDS:5.2f} of the {CACHED_SECONDS:g} s allowed, "
        f"{cached / cold:.2f} of cold; {busy:.2f} s of processor time"
    )
    print(f"  gemm-ncubed alone, cold {1000 * single:.0f} ms")
    for what, seconds in (("written", wrote), ("as HARP's", harp), ("as pages", pages)):
        print(f"  {what:<12}{seconds:6.2f} s   {seconds / cached:5.2f} of building them from the cache")
    for shape in ("one", "many"):
        print(f"growth, {'one function' if shape == 'one' else 'many functions'} (per line against {SIZES[0]:,} lines)")
        first: tuple[float, float] | None = None
        for lines in SIZES:
            call = [sys.executable, __file__, "--large", str(lines), shape]
            done = subprocess.run(call, capture_output=True, text=True, check=True, cwd=ROOT)
            syntax, compiler, ir, build, memory, nodes, loops = map(float, done.stdout.split())
            total = syntax + compiler + ir + build
            first = first or (total / lines, memory / lines)
            print(
                f"  {lines:>6,} lines {total:6.1f} s (syntax tree {syntax:.1f}, compiler {compiler:.1f}, IR {ir:.1f}, "
                f"graph {build:.1f}) {memory:6.0f} MB  {nodes:>9,.0f} nodes {loops:>6,.0f} loops   "
                f"per line: time x {total / lines / first[0]:.2f}, memory x {memory / lines / first[1]:.2f}"
            )
        print(f"  the largest takes {total / LARGE_SECONDS:.2f} of the {LARGE_SECONDS:g} s allowed")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--large"]:
        _large(int(sys.argv[2]), sys.argv[3])
    else:
        main()
