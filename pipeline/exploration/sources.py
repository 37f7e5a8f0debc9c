"""Labels of several sources: what another flow or tool version teaches counts as far as it helps.

The same design has another latency under another version, so that labels of another source may teach the wrong thing.
How much they count is decided where the answer is known: on kernels of the source itself that are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.exploration.meta_processes import tell_what_is_usual
from pipeline.exploration.prior import History, Prior
from pipeline.exploration.surrogates.observed import Observed
from pipeline.exploration.types import Features
from pipeline.kernels.families import family, folds

SHARES = (0.0, 0.1, 1.0)
"""What a design of another source counts, against one of the source itself."""

_FOLDS, _TREES = 3, 20


def prior_for(source: str, histories: Sequence[History], *, seed: int = 0) -> Prior:
    """A prior for kernels of ``source``: labels of other sources count with the share of :data:`SHARES` that forecasts
    best on kernels of the source whose families are left out; all alike where the source has too few kernels to tell.

    Raises PipelineError where no history holds a measured design.
    """
    return Prior.fit(histories, seed=seed, shares=shares_for(source, histories, seed=seed))


def alike(source: str, histories: Sequence[History]) -> list[History]:
    """The histories of the source itself where they suffice to tell what is usual, else all."""
    own = [history for history in histories if history.source == source]
    return own if tell_what_is_usual(own) else list(histories)


def shares_for(source: str, histories: Sequence[History], *, seed: int = 0) -> dict[str, float]:
    """What a design of each other source counts; empty where there is none, or too little to tell."""
    own = [history for history in histories if history.source == source]
    others = {history.source for history in histories} - {source}
    if not others or not tell_what_is_usual(own):
        return {}
    scores = [_error(own, histories, dict.fromkeys(others, share), seed) for share in SHARES]
    return dict.fromkeys(others, SHARES[int(np.argmin(scores))])


def _error(own: Sequence[History], histories: Sequence[History], shares: dict[str, float], seed: int) -> float:
    """The root mean square error of log2 latency within kernels that are left out, mean over kernels.

    Within: a kernel's own offset is found with its first runs, so that only how designs compare counts.
    """
    place = folds({history.kernel for history in own}, _FOLDS)
    errors = []
    for fold in sorted(set(place.values())):
        out = {family(name) for name, of in place.items() if of == fold}
        learned = [history for history in histories if family(history.kernel) not in out]
        if not any(history.source == own[0].source for history in learned):
            continue
        prior = Prior.fit(learned, trees=_TREES, seed=seed, shares=shares)
        for history in own:
            found = Observed.of(history.outcomes)
            if place[history.kernel] == fold and found.measured.sum() > 1:
                missed = found.targets[found.measured, 0] - prior.predict(_some(history, found)).latency
                errors.append(float(np.std(missed)))
    return float(np.mean(errors)) if errors else 0.0


def _some(history: History, found: Observed) -> Features:
    return history.features.take(np.flatnonzero(found.measured))
