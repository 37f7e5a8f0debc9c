"""Designs per second and core of the estimator, figures alone and as reports, against parsing equal reports.

Processor time of this process, so that other work on the machine counts little.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.estimator import WalkedKernel, prepare
from pipeline.estimator.features import features
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.reports.parse import parse_report
from pipeline.reports.write import write_report
from pipeline.terms import SiteKind

SUITE = Path(__file__).resolve().parents[1] / "kernels"
DESIGNS = 300


def _per_second(work: Callable[[int], object], count: int = DESIGNS) -> float:
    start = time.process_time()
    for index in range(count):
        work(index)
    return count / (time.process_time() - start)


def _points(kernel: Kernel, largest: int = 8) -> list[dict[str, int | str]]:
    rng = random.Random(0)
    factors = [1 << power for power in range(largest.bit_length())]
    return [
        {
            site.name: rng.choice(["off", "", "flatten"]) if site.kind is SiteKind.PIPELINE else rng.choice(factors)
            for site in kernel.sites
        }
        for _ in range(DESIGNS)
    ]


def _figures(prepared: WalkedKernel, points: list[dict[str, int | str]]) -> float:
    def work(index: int) -> object:
        return prepared.figures(points[index])

    return _per_second(work)


def _kernel(name: str) -> None:
    kernel = load_kernel(SUITE / name / f"{name}.c")
    start = time.process_time()
    prepared = prepare(kernel)
    prepare_ms = (time.process_time() - start) * 1e3
    points = _points(kernel)
    files = [write_report(prepared.estimate(point)) for point in points]

    def parse(index: int) -> object:
        return parse_report(files[index], file="report")

    def written(index: int) -> object:
        return write_report(prepared.estimate(points[index]))

    start = time.process_time()
    features(prepared, points)
    rows = DESIGNS / (time.process_time() - start)
    fresh = prepare(kernel)
    labels, again = _figures(fresh, points), _figures(fresh, points)
    parses, reports = _per_second(parse), _per_second(written, 60)
    print(
        f"{name} ({len(kernel.loops)} loops, {len(kernel.sites)} sites): prepared in {prepare_ms:.1f} ms; "
        f"labels {labels:,.0f}/s, {labels / parses:.2f} times the {parses:,.0f}/s at which equal reports are parsed "
        f"and {labels / again:.2f} times the {again:,.0f}/s of the same designs again; "
        f"features {rows:,.0f}/s; with the XML written and read back {reports:,.0f}/s"
    )


def _nests(count: int) -> Kernel:
    body = "\n".join(
        f"#pragma ACCEL PIPELINE auto{{__PIPE__L{n}}}\n#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L{n}}}\n"
        f"for (i = 0; i < 64; i++) {{ for (j = 0; j < 64; j++) {{ a[i][j] = a[i][j] * 2.0 + {n}.0; }} }}"
        for n in range(count)
    )
    return read_kernel(f"void k(double a[64][64]) {{ int i; int j;\n{body}\n}}", file="nests.c", top="k")


def main() -> None:
    """Print the figures for gemm-ncubed and the kernels with most loops and most sites, and how they grow."""
    kernels: Mapping[str, Kernel] = {path.parent.name: load_kernel(path) for path in sorted(SUITE.glob("*/*.c"))}
    most_loops = max(kernels, key=lambda name: len(kernels[name].loops))
    most_sites = max(kernels, key=lambda name: len(kernels[name].sites))
    for name in dict.fromkeys(("gemm-ncubed", "3mm", most_loops, most_sites)):
        _kernel(name)
    first = 0.0
    for count in (1, 4, 16, 64):
        kernel = _nests(count)
        rate = _figures(prepare(kernel), _points(kernel))
        first = first or rate
        print(f"{2 * count:4d} loops: {rate:8,.0f} labels/s, {first / rate:6.1f} times the time of 2 loops")
    kernel = load_kernel(SUITE / "gemm-ncubed" / "gemm-ncubed.c")
    base = 0.0
    for largest in (1, 8, 64):
        rate = _figures(prepare(kernel), _points(kernel, largest))
        base = base or rate
        print(
            f"gemm-ncubed, factors up to {largest:2d}: {rate:8,.0f} labels/s, {base / rate:.2f} times that of factor 1"
        )


if __name__ == "__main__":
    main()
