"""Whether designs differ at all: by the estimates of all of them, and by which values of sites have been run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from pipeline.design_space import parse_key
from pipeline.estimator.features import FEATURES
from pipeline.exploration import SpaceCandidates
from pipeline.loop.pool import pool_of
from pipeline.terms import LEARNED

if TYPE_CHECKING:
    from pipeline.exploration import Candidates
    from pipeline.exploration.features import Kept
    from pipeline.synthesis.plan import KernelPlan

_KNOWN = FEATURES.index("known")
_FIGURES = [FEATURES.index(name) for name in ("log2_cycles", *(f"log2_{one.short.lower()}" for one in LEARNED))]


def all_alike(candidates: Candidates, kept: Kept) -> bool:
    """Whether every design of the space has an estimate among ``kept``, and all have the same cycles and resources.

    Never of a space of which a sample alone was looked at. Of single precision, so to about a millionth.
    """
    if not (isinstance(candidates, SpaceCandidates) and candidates.complete) or len(kept) != candidates.size:
        return False
    figures = np.array(list(kept.values()))
    return bool(len(figures) and figures[:, _KNOWN].all() and (figures[:, _FIGURES] == figures[0, _FIGURES]).all())


def untried_values(plan: KernelPlan, keys: Iterable[str]) -> int:
    """How many values of sites that a design may have none of these has."""
    if plan.replays:
        there = {(site, value) for _, point in pool_of(plan) for site, value in point.items()}
    else:
        assert plan.space is not None
        there = {(site.name, value) for site in plan.space.sites for value in site.values}
    return len(there - {pair for key in keys for pair in parse_key(key).items()})
