"""How many designs the estimator can say something of in the time that a search may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.exploration.candidates import SAMPLE, WHOLE_LIMIT

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace
    from pipeline.exploration.features import KernelFeatures

SECONDS = 120.0
"""Of a processor, for the estimates of all candidates of one kernel."""
SECONDS_A_PART = 20e-6
"""What a loop or straight-line part of a kernel adds to the estimate of a design, about: 0.26 ms for 10 parts, 1.1 ms
for 77 (one core of a server, 2026). A clock would let two runs of one loop look at different designs."""
LEAST = 64
"""Candidates that there are however slow estimates are."""


def most_candidates(space: DesignSpace, features: KernelFeatures) -> int | None:
    """How many designs of a space are candidates, a power of two; None where estimates of all take :data:`SECONDS` at
    most, as they do for all but kernels of hundreds of loops."""
    pace = features.parts * SECONDS_A_PART
    size = space.size() if space.countable else None
    wanted = size if size is not None and size <= WHOLE_LIMIT else SAMPLE
    if wanted <= LEAST or pace * wanted <= SECONDS:
        return None
    return max(LEAST, 1 << (int(SECONDS / pace).bit_length() - 1)) if pace < SECONDS else LEAST
