"""Milliseconds to lower a design point, against writing the kernel's syntax tree back unchanged.

The baseline is what no lowering of a syntax tree can go below: ``pycparser``'s own generator on the same tree. What
is the same for every point of a kernel is done once and stated apart. Run: ``python bench/bench_lowering.py``.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from pycparser.c_generator import CGenerator  # noqa: E402

from pipeline.design_space import load_space  # noqa: E402
from pipeline.kernels.suite import find_kernel, suite_names  # noqa: E402
from pipeline.synthesis.lowering import lower  # noqa: E402
from pipeline.synthesis.lowering.prepare import prepare  # noqa: E402

POINTS = 25


def milliseconds(work: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Prints the figures over the suite."""
    preparing: list[float] = []
    lowering: list[float] = []
    writing: list[float] = []
    for name in suite_names():
        kernel = find_kernel(name)
        points = load_space(kernel).sample(POINTS, np.random.default_rng(0))
        preparing.append(milliseconds(lambda kernel=kernel: prepare(kernel)))  # type: ignore[misc]
        lower(kernel, points[0])
        for point in points[1:]:
            lowering.append(milliseconds(lambda kernel=kernel, point=point: lower(kernel, point)))  # type: ignore[misc]
            writing.append(milliseconds(lambda kernel=kernel: CGenerator().visit(kernel.ast)))  # type: ignore[misc]
    median, base = statistics.median(lowering), statistics.median(writing)
    print(f"lowering a point: median {median:.2f} ms, slowest {max(lowering):.2f} ms, over {len(lowering)} points")
    print(f"writing the tree back unchanged: median {base:.2f} ms; lowering takes {median / base:.1f} times that")
    print(f"preparing a kernel, once: median {statistics.median(preparing):.1f} ms, slowest {max(preparing):.1f} ms")


if __name__ == "__main__":
    main()
