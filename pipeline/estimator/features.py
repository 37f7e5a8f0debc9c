"""Estimates of many designs as rows of numbers: optional inputs of a learned model.

The figures are comparable over kernels: cycles and counts as logarithms to base 2, resources also as fractions of the
device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.estimator.bound import naive_bound
from pipeline.estimator.choice import Mode
from pipeline.estimator.points import Point
from pipeline.estimator.prepared import WalkedKernel
from pipeline.reports.assumed import assumed_cycles
from pipeline.terms import Dialect

FEATURES: tuple[str, ...] = (
    "known",
    "log2_cycles",
    "log2_bound",
    "log2_copy_cycles",
    "log2_max_ii",
    "log2_mean_ii",
    "log2_max_iteration_latency",
    "log2_unroll",
    "log2_copies",
    "log2_partitions",
    "pipelined_loops",
    "sequential_loops",
    "staged_loops",
    "unrolled_loops",
    "log2_dsp",
    "log2_lut",
    "log2_ff",
    "log2_bram",
    "util_dsp",
    "util_lut",
    "util_ff",
    "util_bram",
    "fits",
)
"""The columns of :func:`features`. ``known`` is 0 in a row of zeros, of a design that cannot be estimated."""


def features(prepared: WalkedKernel, points: Sequence[Point], dialect: str = Dialect.MERLIN) -> NDArray[np.float32]:
    """A row per point, float32 [N, F], never NaN.

    A point that does not fit the kernel's sites is a row of zeros, and so is one whose cycles have no upper bound even
    under :data:`~pipeline.reports.assumed.ASSUMED_TRIPS` iterations of each loop without a bound.
    Equal points are computed once.
    """
    table = np.zeros((len(points), len(FEATURES)), dtype=np.float32)
    seen: dict[tuple[tuple[str, int | str], ...], int] = {}
    for row, point in enumerate(points):
        key = tuple(sorted(point.items()))
        first = seen.setdefault(key, row)
        if first != row:
            table[row] = table[first]
            continue
        values = _row(prepared, point, dialect)
        if values is not None:
            table[row] = values
    return table


def _row(prepared: WalkedKernel, point: Point, dialect: str) -> list[float] | None:
    try:
        choices = prepared.points.choices(point, prepared.meant(dialect))
        found = prepared.figures(point, dialect)
    except PipelineError:
        return None
    cycles = found.cycles[2]
    if cycles is None:
        # Designs of a kernel compare under one number of iterations of each loop without a bound.
        cycles = assumed_cycles(prepared.estimate(point, dialect))
    if cycles is None:
        return None
    plan = found.schedule
    bound = naive_bound(prepared.nest, choices)
    intervals = [row.interval for row in plan.rows if row.pipelined and row.interval]
    depths = [row.iteration[2] for row in plan.rows if row.pipelined and row.iteration[2]]
    design = plan.design
    modes = list(design.modes.values())
    used, available = found.used, prepared.device.available
    counts = [float(value or 0) for value in (used.dsp, used.lut, used.ff, used.bram_18k)]
    sizes = [float(value or 1) for value in (available.dsp, available.lut, available.ff, available.bram_18k)]
    utilisation = [count / size for count, size in zip(counts, sizes, strict=True)]
    return [
        1.0,
        _log(cycles),
        _log(bound or 0.0),
        _log(found.copied),
        math.log2(max(intervals, default=1)),
        math.log2(sum(intervals) / len(intervals)) if intervals else 0.0,
        _log(max(depths, default=0)),
        math.log2(max(design.unroll.values(), default=1)),
        math.log2(max(design.coarse.values(), default=1)),
        math.log2(sum(plan.ports.partitions.values()) or 1),
        float(modes.count(Mode.PIPELINED)),
        float(modes.count(Mode.SEQUENTIAL)),
        float(modes.count(Mode.STAGES)),
        float(modes.count(Mode.UNROLLED)),
        *(_log(count) for count in counts),
        *(min(share, 4.0) for share in utilisation),
        float(all(share < 0.8 for share in utilisation)),
    ]


def _log(value: float) -> float:
    return math.log2(1.0 + max(value, 0.0))
