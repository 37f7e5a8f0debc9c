"""Site values as columns for models on tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.models.inputs import PIPELINE, PIPELINE_VALUES, SITE_KINDS

Floats = npt.NDArray[np.float64]

_COARSE, _FINE = PIPELINE_VALUES[""], PIPELINE_VALUES["flatten"]


def coded_values(values: npt.ArrayLike, kinds: npt.ArrayLike) -> Floats:
    """(N, S), one column a site: log2 (1 + factor) of TILE and PARALLEL sites, the number of a PIPELINE value as it is.

    ``values`` (N, S) are site numbers (:func:`pipeline.models.inputs.site_number`), ``kinds`` (S,) their kinds.
    """
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.asarray(kinds) == PIPELINE, numbers, np.log2(1 + np.maximum(numbers, 0)))


def value_blocks(values: npt.ArrayLike, kinds: npt.ArrayLike) -> tuple[Floats, ...]:
    """The same values as four blocks of columns whose units agree over kernels, each (N, sites of its kind).

    log2 of the TILE factors, of the PARALLEL factors, whether a PIPELINE site is coarse-grained, whether fine-grained.
    """
    numbers, kind = np.asarray(values, dtype=np.float64), np.asarray(kinds)
    factors = [np.log2(np.maximum(numbers[:, kind == code], 1)) for code in range(len(SITE_KINDS)) if code != PIPELINE]
    pipeline = numbers[:, kind == PIPELINE]
    return (*factors, (pipeline == _COARSE).astype(np.float64), (pipeline == _FINE).astype(np.float64))


def value_summary(values: npt.ArrayLike, kinds: npt.ArrayLike) -> Floats:
    """(N, 8), comparable over kernels: of each of the four blocks of :func:`value_blocks` the sum and the largest."""
    blocks = value_blocks(values, kinds)
    columns = [column for block in blocks for column in (block.sum(1), block.max(1, initial=0.0))]
    return np.column_stack(columns)
