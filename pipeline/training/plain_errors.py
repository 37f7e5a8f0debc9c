"""Errors on one kernel in the units that people think in: a factor of cycles, points of the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.models.baselines.simple import fit_predict
from pipeline.models.config import TARGETS
from pipeline.training.data import KernelDesigns

FITS = 0.8
"""A design fits where every utilisation is below."""

MEAN, FOREST = "mean of the designs learned from", "random forest on them"
"""What a model has to beat, learned from the same designs."""


def plain_errors(
    designs: KernelDesigns,
    learned: npt.NDArray[np.bool_],
    predictions: Mapping[str, npt.NDArray[np.floating]],
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """A row a method: the two baselines where anything was learned from, then those of ``predictions`` in their order.

    ``learned`` (N,) are the designs that were learned from, and ``predictions`` (N, 5) are in the order of TARGETS.
    Errors are of the other usable designs that fit: ``cycles_factor`` is the geometric mean of how many times too many
    or too few cycles are predicted, the others are mean absolute errors in points (hundredths) of the device. No row
    where no design is left.
    """
    true = designs.targets.astype(np.float64)
    rest = designs.usable & ~learned & (true[:, 1:] < FITS).all(axis=1)
    if not rest.any():
        return []
    found = dict(predictions)
    taught = designs.usable & learned
    if taught.any():
        columns = np.log2(np.maximum(designs.values.astype(np.float64), 1.0))
        for title, name in ((FOREST, "forest"), (MEAN, "mean")):
            told = fit_predict(name, columns[taught], true[taught], columns, seed).mean
            found = {title: told, **found}
    return [
        {
            "method": method,
            "designs": int(rest.sum()),
            # perf is half of log2(cycles) but for a constant.
            "cycles_factor": float(2.0 ** (2.0 * np.abs(values[rest, 0] - true[rest, 0]).mean())),
            **{
                f"{target}_points": float(100.0 * np.abs(values[rest, place] - true[rest, place]).mean())
                for place, target in enumerate(TARGETS)
                if place
            },
        }
        for method, values in found.items()
    ]


def plain_lines(rows: list[dict[str, Any]]) -> list[list[str]]:
    """The rows as texts under :func:`plain_header`."""
    return [
        [
            row["method"],
            f"{row['cycles_factor']:.2f} times",
            *(f"{row[f'{target}_points']:.1f}" for target in TARGETS[1:]),
            f"{row['designs']:,}",
        ]
        for row in rows
    ]


def plain_header() -> list[str]:
    """What the columns of :func:`plain_lines` are."""
    return ["error of", "cycles off by", *(f"{target}, points" for target in TARGETS[1:]), "designs"]
