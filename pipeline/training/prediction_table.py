"""Predictions of designs as a table, whoever made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.training.data import KernelDesigns

PREDICTIONS = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("kernel", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("side", pa.string(), nullable=False),  # train, validation, test; shot and rest of a fine-tuning
        pa.field("target", pa.string(), nullable=False),  # perf, LUT, FF, DSP, BRAM; valid of a classifier
        pa.field("true", pa.float64(), nullable=False),  # of valid 1 or 0
        pa.field("predicted", pa.float64(), nullable=False),  # of valid the probability
        pa.field("spread", pa.float64()),  # standard deviation; null for valid
    ]
)

VALID = "valid"


def prediction_table(
    designs: KernelDesigns,
    side: npt.NDArray[np.str_],
    names: Sequence[str],
    found: npt.NDArray[Any],
    spreads: npt.NDArray[Any] | None = None,
) -> pa.Table:
    """Predictions (N, T) of the targets ``names`` (:data:`VALID` alone of a classifier) as :data:`PREDICTIONS`."""
    count = len(designs)
    labels = designs.valid[:, None] if tuple(names) == (VALID,) else designs.targets
    unknown = np.full(found.shape, np.nan) if spreads is None else spreads
    true, predicted, spread = (column.T.astype(np.float64).reshape(-1) for column in (labels, found, unknown))
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(designs.source), count * len(names)),
            pa.repeat(pa.scalar(designs.kernel), count * len(names)),
            pa.array(np.tile(designs.keys, len(names)).tolist(), pa.string()),
            pa.array(np.tile(side, len(names)).tolist(), pa.string()),
            pa.array(np.repeat(np.array(names), count).tolist(), pa.string()),
            pa.array(true),
            pa.array(predicted),
            pa.array(spread, mask=np.isnan(spread)),
        ],
        schema=PREDICTIONS,
    )
