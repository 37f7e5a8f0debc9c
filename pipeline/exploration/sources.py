"""Labels of several sources, and how far what other kernels teach is believed: as far as it helps.

The same design has another latency under another version, so that labels of another source may teach the wrong thing;
and where an estimate orders designs well already, a correction of it learned on other kernels may do harm. Both are
decided where the answer is known: on kernels of the source itself that are left out with their families.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from pipeline.exploration.observed import Observed
from pipeline.exploration.prior import History, Prior, estimated, tell_what_is_usual
from pipeline.kernels.families import family, folds

SHARES = (0.0, 0.1, 1.0)
"""What a design of another source counts, against one of the source itself."""
TRUSTS = (0.0, 0.25, 0.5, 1.0)
"""How much of a learned correction of the estimate is believed."""

_FOLDS, _TREES, _LEAST_TOLD = 3, 20, 20


@dataclass(frozen=True)
class Belief:
    """``shares``: what a design of each other source counts, 1 where it is not named; ``trust`` in the correction."""

    shares: dict[str, float] = field(default_factory=dict)
    trust: float = 1.0


def prior_for(source: str, histories: Sequence[History], *, seed: int = 0, **choices: Any) -> Prior:
    """A prior for kernels of ``source``, of the :func:`belief` that orders designs of kernels left out best.

    Raises PipelineError where no history holds a measured design.
    """
    found = belief(source, histories, seed=seed)
    return Prior.fit(histories, seed=seed, shares=found.shares, trust=found.trust, **choices)


def alike(source: str, histories: Sequence[History]) -> list[History]:
    """The histories of the source itself where they suffice to tell what is usual, else all."""
    own = [history for history in histories if history.source == source]
    return own if tell_what_is_usual(own) else list(histories)


def belief(source: str, histories: Sequence[History], *, seed: int = 0) -> Belief:
    """What forecasts best how designs of kernels of the source compare, their families left out.

    By Kendall's tau, mean over kernels: a kernel's own offset is found with its first runs. All is believed where the
    source has too few kernels to tell, or no estimates that could be left as they are.
    """
    own = [history for history in histories if history.source == source]
    others = {history.source for history in histories} - {source}
    # A correction by earlier designs of the kernel itself has been checked on designs of it already.
    if not tell_what_is_usual(own) or any(history.own for history in histories):
        return Belief()
    best, chosen = -np.inf, Belief()
    for share in SHARES if others else (1.0,):
        shares = dict.fromkeys(others, share)
        for trust, score in _scores(own, histories, shares, seed).items():
            if score > best:
                best, chosen = score, Belief(shares, trust)
    return chosen


def _scores(
    own: Sequence[History], histories: Sequence[History], shares: dict[str, float], seed: int
) -> dict[float, float]:
    """Kendall's tau, mean over kernels left out, by trust."""
    place = folds({history.kernel for history in own}, _FOLDS)
    taus: dict[float, list[float]] = {trust: [] for trust in sorted(TRUSTS, reverse=True)}
    for fold in sorted(set(place.values())):
        out = {family(name) for name, of in place.items() if of == fold}
        learned = [history for history in histories if family(history.kernel) not in out]
        if not any(Observed.of(one.outcomes).measured.any() for one in learned if shares.get(one.source, 1.0)):
            continue
        prior = Prior.fit(learned, trees=_TREES, seed=seed, shares=shares)
        for history in own:
            found = Observed.of(history.outcomes)
            if place[history.kernel] != fold or found.measured.sum() < _LEAST_TOLD:
                continue
            features = history.features.take(np.flatnonzero(found.measured))
            estimate, latency = estimated(features), found.targets[found.measured, 0]
            correction = prior.predict(features).latency - estimate
            for trust, told in taus.items():
                tau = float(kendalltau(estimate + trust * correction, latency).statistic)
                told.append(0.0 if np.isnan(tau) else tau)
    return {trust: float(np.mean(told)) if told else 0.0 for trust, told in taus.items()}
