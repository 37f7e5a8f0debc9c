"""A kernel's own reports correct its estimates: whether they do is judged on designs that were left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.exploration import History, Prior
from pipeline.exploration.observed import Observed
from pipeline.exploration.prior import estimated
from pipeline.exploration.types import RESOURCES

LEAST = 10
"""Measured designs of a kernel that it takes: fewer tell its offset at most, which the first runs tell as well."""
_FOLDS, _TREES = 5, 30


@dataclass(frozen=True)
class Correction:
    """Of one kernel: designs with cycles, and the median factor by which cycles are missed, before and after.

    ``after`` is of each design forecast from the reports of the other parts, never from its own.
    """

    kernel: str
    designs: int
    before: float
    after: float

    @property
    def helps(self) -> bool:
        """Whether the corrected estimates are closer."""
        return self.after < self.before


def correction(history: History, seed: int = 0) -> Correction | None:
    """What the reports of a kernel make of its estimates; None for too few, and without estimates."""
    if history.features.estimated is None:
        return None
    known = np.flatnonzero(Observed.of(history.outcomes).measured)
    if len(known) < LEAST:
        return None
    # Cycles alone are judged; use that a label set leaves out must not matter.
    outcomes = [replace(history.outcomes[int(place)], utilisation=(0.0,) * len(RESOURCES)) for place in known]
    features = history.features.take(known)
    true, guessed = Observed.of(outcomes).targets[:, 0], estimated(features)
    part = np.random.default_rng(seed).permutation(len(known)) % _FOLDS
    corrected = np.empty(len(known))
    for fold in range(_FOLDS):
        kept, left = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        seen = History(
            history.kernel, history.source, features.take(kept), [outcomes[int(place)] for place in kept], True
        )
        corrected[left] = Prior.fit([seen], trees=_TREES, seed=seed).predict(features.take(left)).latency
    return Correction(history.kernel, len(known), _factor(guessed - true), _factor(corrected - true))


def correction_text(found: Iterable[Correction]) -> str:
    """One line on whether the kernels' own reports help."""
    all_found = list(found)
    if not all_found:
        return f"own reports correct no estimates: no kernel has {LEAST} measured designs that are estimated"
    before, after = (
        float(np.exp2(np.median(np.log2([getattr(one, name) for one in all_found])))) for name in ("before", "after")
    )
    helped = sum(one.helps for one in all_found)
    designs = sum(one.designs for one in all_found)
    verdict = "helps" if after < before else "does not help"
    return (
        f"correcting a kernel's estimates by its own reports {verdict}: cycles off by a factor of {before:.2f} before, "
        f"{after:.2f} after, on {designs:,} designs left out in turn (median; better on {helped} of "
        f"{len(all_found)} kernels)"
    )


def _factor(errors: np.ndarray) -> float:
    return float(f"{np.exp2(np.median(np.abs(errors))):.6g}")
