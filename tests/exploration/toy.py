"""A small design space whose best design, failures and costs are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.design_space import DesignSpace, Point, SiteSpace, parse_key, parse_rule
from pipeline.exploration import KernelFeatures, SearchOutcome, SiteFacts
from pipeline.terms import SiteKind

SITES = (
    SiteFacts("__PARA__L0", "PARALLEL", "top/loop_0", (), 64),
    SiteFacts("__PARA__L1", "PARALLEL", "top/loop_1", ("top/loop_0",), 64, innermost=True),
    SiteFacts("__PIPE__L0", "PIPELINE", "top/loop_0", (), 64),
    SiteFacts("__TILE__L0", "TILE", "top/loop_0", (), 64),
)


def toy_space() -> DesignSpace:
    """525 valid points; fine-grained pipelining forbids an inner factor."""
    factors = (1, 2, 4, 8, 16, 32, 64)
    rule = parse_rule("__PARA__L1==1 or __PIPE__L0!='flatten'")
    return DesignSpace(
        [
            SiteSpace("__PARA__L0", SiteKind.PARALLEL, factors, 1),
            SiteSpace("__PARA__L1", SiteKind.PARALLEL, factors, 1, rule),
            SiteSpace("__PIPE__L0", SiteKind.PIPELINE, ("off", "", "flatten"), "off"),
            SiteSpace("__TILE__L0", SiteKind.TILE, (1, 2, 4, 8, 64), 1),
        ],
        kernel="toy",
    )


def wide_space(sites: int) -> DesignSpace:
    """7 to the power of ``sites`` points, without rules."""
    names = [f"__PARA__L{number}" for number in range(sites)]
    return DesignSpace([SiteSpace(name, SiteKind.PARALLEL, (1, 2, 4, 8, 16, 32, 64), 1) for name in names])


def run_toy(key: str) -> SearchOutcome:
    """Faster with more parallelism, until it does not fit (128 copies) or fails (more than 512)."""
    point: Point = parse_key(key)
    outer, inner, tile = int(point["__PARA__L0"]), int(point["__PARA__L1"]), int(point["__TILE__L0"])
    copies = outer * (64 if point["__PIPE__L0"] == "flatten" else inner)
    if copies > 512:
        return SearchOutcome(key, "timeout", False)
    cycles = 1e6 / copies * (1.0 if point["__PIPE__L0"] == "" else 1.5) + 10.0 * tile
    used = copies / 160.0
    return SearchOutcome(key, "ok", True, cycles, (used, used / 2, used / 4, 0.01), 4.0)


BEST_CYCLES = 1e6 / 64 + 10.0
"""64 copies, coarse-grained, tile 1; 128 copies take 0.8 of the device, which is too much."""


def toy_features(estimates: bool = False) -> KernelFeatures:
    """Features of the toy space; with a crude estimate of log2 cycles in column 1."""

    def estimate(points: Sequence[Point]) -> np.ndarray:
        rows = [[1.0, 20.0 - np.log2(int(p["__PARA__L0"]) * int(p["__PARA__L1"]))] for p in points]
        return np.array(rows, dtype=np.float32)

    return KernelFeatures(SITES, estimate if estimates else None)
