"""Counting, sampling and streaming design spaces against their plain counterparts, in one run.

Run from the repository's root: ``python -m bench.bench_design_space`` or ``python bench/bench_design_space.py``.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.design_space import DesignSpace, Point, design_key, read_space, sample

KERNELS = Path(__file__).resolve().parents[1] / "kernels"
STREAMED = 1_000_000
SAMPLED = 10_000


def fresh(name: str) -> DesignSpace:
    """The space read anew, so that nothing is remembered from an earlier measurement."""
    return read_space((KERNELS / name / "space.toml").read_text(encoding="utf-8"))


def seconds(action: Callable[[], object], repeats: int = 3) -> float:
    """The least time of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def is_valid(space: DesignSpace, point: Point) -> bool:
    """The definition, on one point."""
    return all(site.rule.holds(point) for site in space.sites)


def count_plainly(space: DesignSpace) -> int:
    """Valid points by trying every combination."""
    combinations = itertools.product(*(site.values for site in space.sites))
    return sum(is_valid(space, dict(zip(space.names, values, strict=True))) for values in combinations)


def sample_plainly(space: DesignSpace, count: int) -> list[Point]:
    """Distinct valid points by drawing every site on its own and rejecting."""
    rng = np.random.default_rng(0)
    sizes = [len(site.values) for site in space.sites]
    found: dict[str, Point] = {}
    while len(found) < count:
        indices = rng.integers(0, sizes).tolist()
        point = {site.name: site.values[index] for site, index in zip(space.sites, indices, strict=True)}
        if is_valid(space, point):
            found[design_key(point)] = point
    return list(found.values())


def stream(space: DesignSpace, count: int) -> int:
    """Walks the first ``count`` points in batches."""
    seen = 0
    for batch in space.batches(1 << 15):
        seen += len(batch)
        if seen >= count:
            break
    return seen


def main() -> None:
    """Prints the figures."""
    counting = seconds(lambda: fresh("3mm").size())
    print(f"count 3mm ({fresh('3mm').size():,} points), reading its rules included: {counting * 1e3:.1f} ms")

    small = fresh("gemm-ncubed")
    assert count_plainly(small) == small.size()
    plain = seconds(lambda: count_plainly(fresh("gemm-ncubed")), 1)
    own = seconds(lambda: fresh("gemm-ncubed").size())
    print(
        f"count gemm-ncubed: {own * 1e3:.1f} ms; trying every combination {plain:.2f} s: "
        f"{plain / own:,.0f} times faster"
    )

    sampling = seconds(lambda: fresh("3mm").sample(SAMPLED, np.random.default_rng(0)))
    few = 20
    plain = seconds(lambda: sample_plainly(fresh("3mm"), few), 1) / few * SAMPLED
    print(
        f"{SAMPLED:,} distinct uniform points of 3mm: {sampling:.3f} s; rejection (from {few} points) {plain:,.0f} s: "
        f"{plain / sampling:,.0f} times faster"
    )
    for strategy, count in (("space-filling", 200), ("neighbourhood", 2_000), ("one-factor", 2_000)):
        took = seconds(lambda strategy=strategy, count=count: sample(fresh("3mm"), strategy, count, 0), 1)  # type: ignore[misc]
        print(f"{count:,} points of 3mm by {strategy}: {took:.2f} s")

    streaming = seconds(lambda: stream(fresh("3mm"), STREAMED))
    space = fresh("3mm")
    head = 2_000

    def walk_plainly() -> None:
        found = 0
        for values in itertools.product(*(site.values for site in space.sites)):
            found += is_valid(space, dict(zip(space.names, values, strict=True)))
            if found >= head:
                return

    plain = seconds(walk_plainly, 1) / head * STREAMED
    print(
        f"stream {STREAMED:,} points of 3mm in order: {streaming:.2f} s ({STREAMED / streaming:,.0f} a second); trying "
        f"combinations in order (from {head:,} points) {plain:,.0f} s: {plain / streaming:,.0f} times faster"
    )
    start = space.size() // 2
    jump = seconds(lambda: next(iter(fresh("3mm").batches(1_000, start))))
    print(f"first 1,000 points from the middle of 3mm: {jump * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
