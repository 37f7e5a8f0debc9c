"""How many designs the estimator can say something of in the time that a search may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pipeline.exploration.candidates import SAMPLE, WHOLE_LIMIT

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace
    from pipeline.exploration.features import Kept, KernelFeatures

SECONDS = 120.0
"""Of the processor, for the estimates of all candidates of one kernel."""
LEAST = 64
"""Candidates that there are however slow estimates are."""
_PROBES = 16
_PROBE_SECONDS = 10.0


def most_candidates(
    space: DesignSpace,
    features: KernelFeatures,
    *,
    seed: int,
    kept: Kept,
    clock: Callable[[], float] = time.process_time,
) -> int | None:
    """How many designs of a space are candidates, a power of two; None where estimates of all take :data:`SECONDS` at
    most, as they do for all but kernels of thousands of statements.

    The pace is that of a few designs drawn with ``seed``; their figures go to ``kept``. ``clock`` counts seconds of the
    processor, so that other programs do not change the answer.
    """
    if features.estimate is None:
        return None
    size = space.size() if space.countable else None
    wanted = size if size is not None and size <= WHOLE_LIMIT else SAMPLE
    rows = np.unique(space.sample_rows(_PROBES, np.random.default_rng(seed)), axis=0)
    begin, asked = clock(), 0
    for row in rows:
        features.of_rows(space, row[None], kept)
        asked += 1
        if clock() - begin > _PROBE_SECONDS:
            break
    if not asked:
        return None
    pace = (clock() - begin) / asked
    if wanted <= LEAST or pace * wanted <= SECONDS:
        return None
    return max(LEAST, 1 << (int(SECONDS / pace).bit_length() - 1)) if pace < SECONDS else LEAST
