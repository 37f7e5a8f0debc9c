"""Errors as users feel them: how many times too many or too few cycles, and points of a device's resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.models.config import TARGETS

EXPLAINED = (
    "Errors on designs that fit the device: cycles are off by this factor at most, up or down, in half of the designs "
    "and in nine of ten; resources by so many points (hundredths of the device) in the mean."
)

_PERF, *_RESOURCES = TARGETS


def user_errors(predictions: pa.Table) -> list[dict[str, Any]]:
    """A row per side of a table of predictions (:data:`pipeline.training.prediction_table.PREDICTIONS`, regression).

    Of the ``designs`` whose every utilisation is at most 1: ``cycles`` the median factor between predicted and true
    cycles (from 1), ``cycles_90`` that of the nine tenths, and per resource the mean error in points. Sides without
    such a design have no row.
    """
    columns = {
        name: np.asarray(predictions.column(name).to_pylist()) for name in ("side", "target", "true", "predicted")
    }
    found = []
    for side in sorted(set(columns["side"].tolist())):
        # The rows of each target come in the same order of designs.
        true, error = {}, {}
        for name in TARGETS:
            rows = (columns["side"] == side) & (columns["target"] == name)
            true[name] = columns["true"][rows]
            error[name] = np.abs(columns["predicted"][rows] - true[name])
        fits = np.all([true[name] <= 1 for name in _RESOURCES], axis=0)
        if fits.any():
            factors = 4.0 ** np.quantile(error[_PERF][fits], (0.5, 0.9))
            points = {name: 100 * float(error[name][fits].mean()) for name in _RESOURCES}
            row = {
                "side": side,
                "designs": int(fits.sum()),
                "cycles": float(factors[0]),
                "cycles_90": float(factors[1]),
            }
            found.append(row | points)
    return found


def row_text(row: Mapping[str, Any]) -> dict[str, str]:
    """A row as text, with units."""
    return {
        "method": row["method"],
        "side": row["side"],
        "designs": str(row["designs"]),
        "cycles, half": f"x{row['cycles']:.2f}",
        "cycles, 9 of 10": f"x{row['cycles_90']:.2f}",
        **{name: f"{row[name]:.1f} points" for name in _RESOURCES},
    }
