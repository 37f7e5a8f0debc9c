"""A forest over what was observed on one kernel, on top of a prior where there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.exploration.columns import chance, columns_of, logit
from pipeline.exploration.observed import Observed
from pipeline.exploration.prior import estimated
from pipeline.exploration.surrogates import SurrogateKind
from pipeline.exploration.trees import Trees
from pipeline.exploration.types import RESOURCES, Features, Floats, Forecast, ForecastBeforehand, SearchOutcome

UNKNOWN_LATENCY = 20.0
"""log2 cycles that stand in before anything is known."""

_WIDE = 3.0
_BLANK_CHANCE = 0.7

_PRIOR_RUNS = 10.0
"""The prior counts as so many runs on this kernel where chances are combined."""

_BACKGROUND_RUNS = 3.0
"""The candidates that were not run count as so many runs, together, that went as the prior says."""

BEFOREHAND = 1.0
"""log2 cycles; before any run a prior's spread is that among its trees, and this is added to it (replay studies)."""

_LEAST_SPREAD = 0.3
"""log2 cycles; trees that agree are not that sure. Measured in the replay studies."""


class ForestSurrogate:
    """Extra trees; their spread is the uncertainty.

    Results are forecast by two forests, one of latency and utilisations themselves and one of their difference to what
    was forecast before any run, by the prior or by an estimate: the first cannot go beyond what was observed. A prior's
    forecasts are also inputs. Chances come from trees over the runs and
    over a background of candidates, which carry the prior's chances at a small weight, so that a failure speaks for
    its neighbourhood alone.
    """

    def __init__(self, *, trees: int = 40, seed: int = 0, prior: ForecastBeforehand | None = None) -> None:
        self._trees, self._seed, self._prior = trees, seed, prior
        self._background: Features | None = None
        self._beyond: Trees | None = None
        self._direct: Trees | None = None
        self._chance: Trees | None = None
        self._told = 0

    def see(self, background: Features) -> None:
        """As :class:`~pipeline.exploration.types.NeedsBackground` says."""
        self._background = background

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        self._beyond = self._direct = self._chance = None
        observed = Observed.of(outcomes)
        before = self._before(features)
        inputs = self._inputs(features, before)
        kept = observed.measured
        if kept.sum() >= 2:
            default = np.column_stack([before.latency, before.utilisation])[kept]
            targets = observed.filled(default)
            self._direct = self._grown(inputs[kept], targets)
            self._beyond = self._grown(inputs[kept], targets - default)
        told = observed.told
        self._told = int(told.sum())
        if self._told:
            self._learn_chance(inputs[told], observed.ran[told].astype(np.float64))

    def predict(self, features: Features) -> Forecast:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        before = self._before(features)
        inputs = self._inputs(features, before)
        valid = before.valid
        if self._chance is not None:
            own = self._told / (self._told + _PRIOR_RUNS)
            found = np.clip(self._chance.moments(inputs)[0][:, 0], 0.02, 0.98)
            valid = chance((1.0 - own) * logit(before.valid) + own * logit(found))
        if self._direct is None or self._beyond is None:
            spread = np.hypot(before.latency_spread, BEFOREHAND)
            return Forecast(before.latency, spread, before.utilisation, before.utilisation_spread, valid)
        beyond = self._beyond.members(inputs) + np.column_stack([before.latency, before.utilisation])
        answers = np.concatenate([self._direct.members(inputs), beyond])
        middle, spread = answers.mean(axis=0), answers.std(axis=0)
        return Forecast(
            latency=middle[:, 0],
            latency_spread=np.sqrt(spread[:, 0] ** 2 + _LEAST_SPREAD**2),
            utilisation=middle[:, 1:],
            utilisation_spread=spread[:, 1:],
            valid=valid,
            members=answers[:, :, 0],
        )

    def _learn_chance(self, inputs: Floats, ran: Floats) -> None:
        weights = np.ones(len(ran))
        if self._background is not None:
            around = self._before(self._background)
            inputs = np.concatenate([inputs, self._inputs(self._background, around)])
            ran = np.concatenate([ran, around.valid])
            share = np.full(len(self._background), _BACKGROUND_RUNS / len(self._background))
            weights = np.concatenate([weights, share])
        self._chance = Trees(self._trees, seed=self._seed, columns=0.5).fit(inputs, ran[:, None], weights)

    def _grown(self, inputs: Floats, targets: Floats) -> Trees:
        return Trees(self._trees, seed=self._seed).fit(inputs, targets)

    def _inputs(self, features: Features, before: Forecast) -> Floats:
        return columns_of(features, None if self._prior is None else before)

    def _before(self, features: Features) -> Forecast:
        return blank(features) if self._prior is None else self._prior.predict(features)


def blank(features: Features) -> Forecast:
    """What is expected of designs when nothing is known but perhaps an estimate of their latency."""
    n = len(features)
    latency = np.full(n, UNKNOWN_LATENCY) if features.estimated is None else estimated(features)
    low, wide = np.full((n, len(RESOURCES)), 0.3), np.full((n, len(RESOURCES)), 0.3)
    return Forecast(latency, np.full(n, _WIDE), low, wide, np.full(n, _BLANK_CHANCE))


KIND = SurrogateKind("forest", lambda asked: ForestSurrogate(seed=asked.seed))
