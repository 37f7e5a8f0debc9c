"""How well estimates agree with measured designs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.terms import Resource

RESOURCES = (Resource.DSP, Resource.BRAM_18K, Resource.LUT, Resource.FF)
WITHIN = 1.5
"""The factor that an estimate of a resource should stay within."""


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's tau-b of two rankings of equal length; 0 where one of them is constant."""
    signs = []
    upper = np.triu_indices(len(first), 1)
    for values in (first, second):
        array: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
        signs.append(np.sign(array[upper[0]] - array[upper[1]]))
    untied = math.sqrt(float(np.count_nonzero(signs[0])) * float(np.count_nonzero(signs[1])))
    return float(np.dot(signs[0], signs[1])) / untied if untied else 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a kernel's designs: how many, latency, resources; None where nothing can be compared."""

    designs: int
    tau: float
    naive_tau: float | None
    """Of the naive bound, on the same designs."""
    log_error: float
    """Median of ``|log2(estimated / measured cycles)|``."""
    bias: float
    """Median of ``log2(estimated / measured cycles)``."""
    within: dict[str, float | None]
    """By resource, the share of designs whose estimate is within the factor 1.5."""


def agreement(
    estimated: Sequence[float],
    measured: Sequence[float],
    naive: Sequence[float | None],
    resources: dict[str, list[tuple[float, float]]],
) -> Agreement:
    """The agreement of one kernel: cycles in the same order, ``resources`` as pairs of estimated and measured > 0."""
    errors = np.log2(np.maximum(np.asarray(estimated, dtype=np.float64), 1.0)) - np.log2(np.asarray(measured))
    bounds = [value for value in naive if value is not None]
    within: dict[str, float | None] = {}
    for name in RESOURCES:
        pairs = resources.get(name, [])
        good = sum(1 / WITHIN <= max(ours, 0.5) / theirs <= WITHIN for ours, theirs in pairs)
        within[name] = good / len(pairs) if pairs else None
    return Agreement(
        len(measured),
        kendall_tau(estimated, measured),
        kendall_tau(bounds, measured) if len(bounds) == len(measured) else None,
        float(np.median(np.abs(errors))),
        float(np.median(errors)),
        within,
    )
