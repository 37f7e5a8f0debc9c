"""Designs per second of the estimator, against parsing an equal report with the package's own parser."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.estimator import prepare
from pipeline.kernels.model import SiteKind
from pipeline.kernels.read import load_kernel
from pipeline.reports.parse import parse_report
from pipeline.reports.write import write_report

SUITE = Path(__file__).resolve().parents[1] / "kernels"
DESIGNS = 300


def _per_second(work: Callable[[int], object], count: int = DESIGNS) -> float:
    start = time.perf_counter()
    for index in range(count):
        work(index)
    return count / (time.perf_counter() - start)


def main() -> None:
    """Print the figures for gemm-ncubed and for the kernel with the most sites."""
    kernels = [load_kernel(path) for path in sorted(SUITE.glob("*/*.c"))]
    largest = max(kernels, key=lambda kernel: (len(kernel.sites), len(kernel.loops)))
    chosen = [next(kernel for kernel in kernels if kernel.name == "gemm-ncubed"), largest]
    for kernel in chosen:
        start = time.perf_counter()
        prepared = prepare(kernel)
        prepare_ms = (time.perf_counter() - start) * 1e3
        rng = random.Random(0)
        points: list[dict[str, int | str]] = [
            {
                site.name: rng.choice(["off", "", "flatten"])
                if site.kind is SiteKind.PIPELINE
                else rng.choice([1, 2, 4, 8])
                for site in kernel.sites
            }
            for _ in range(DESIGNS)
        ]
        files = [write_report(prepared.estimate(point)) for point in points]
        estimates = _per_second(lambda index, p=prepared, q=points: p.estimate(q[index]))  # type: ignore[misc]
        parses = _per_second(lambda index, f=files: parse_report(f[index], file="report"))  # type: ignore[misc]
        print(
            f"{kernel.name}: prepared in {prepare_ms:.1f} ms; {estimates:,.0f} designs/s estimated, "
            f"{parses:,.0f} equal reports/s parsed, ratio {estimates / parses:.2f}"
        )


if __name__ == "__main__":
    main()
