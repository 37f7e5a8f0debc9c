"""A Gaussian process over what was observed on one kernel, on top of a prior where there is one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from pipeline.exploration.columns import columns_of, latent_of
from pipeline.exploration.observed import Observed
from pipeline.exploration.surrogates import SurrogateKind
from pipeline.exploration.surrogates.forest import blank
from pipeline.exploration.types import Features, Floats, Forecast, ForecastBeforehand, SearchOutcome

_MOST = 400
"""The latest outcomes that are learned from: the time of a fit grows with their cube."""


class GaussianSurrogate:
    """Matern 5/2 over standardised inputs, its length, height and noise by marginal likelihood.

    Latency and utilisations are learned as differences to what was forecast before any run; validity as a latent
    number of +1 or -1 above the prior's, whose chance is its normal tail (a probit by regression).
    """

    def __init__(self, *, seed: int = 0, prior: ForecastBeforehand | None = None) -> None:
        self._seed, self._prior = seed, prior
        self._mean: Floats = np.zeros(0)
        self._scale: Floats = np.ones(0)
        self._targets: list[GaussianProcessRegressor] = []
        self._latent: GaussianProcessRegressor | None = None

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        self._targets, self._latent = [], None
        recent = np.arange(len(outcomes))[-_MOST:]
        features, outcomes = features.take(recent), [outcomes[place] for place in recent]
        observed = Observed.of(outcomes)
        before = self._before(features)
        raw = self._raw(features, before)
        if not observed.told.any():
            return
        self._mean, self._scale = raw.mean(axis=0), np.maximum(raw.std(axis=0), 0.5)
        inputs = self._inputs(raw)
        kept, told = observed.measured, observed.told
        if kept.sum() >= 2:
            expected = np.column_stack([before.latency, before.utilisation])[kept]
            difference = observed.filled(expected) - expected
            self._targets = [self._process(inputs[kept], column) for column in difference.T]
        wanted = np.where(observed.ran[told] == 1, 1.0, -1.0) - latent_of(before.valid[told])
        self._latent = self._process(inputs[told], wanted)

    def predict(self, features: Features) -> Forecast:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        before = self._before(features)
        if self._latent is None:
            return before
        inputs = self._inputs(self._raw(features, before))
        latent, doubt = self._latent.predict(inputs, return_std=True)
        valid = ndtr((latent_of(before.valid) + latent) / np.sqrt(0.3 + doubt**2))
        if not self._targets:
            return Forecast(before.latency, before.latency_spread, before.utilisation, before.utilisation_spread, valid)
        found = [process.predict(inputs, return_std=True) for process in self._targets]
        middle = np.column_stack([mean for mean, _ in found])
        spread = np.column_stack([std for _, std in found])
        return Forecast(
            before.latency + middle[:, 0], spread[:, 0], before.utilisation + middle[:, 1:], spread[:, 1:], valid
        )

    def _process(self, inputs: Floats, target: Floats) -> GaussianProcessRegressor:
        kernel = (
            ConstantKernel(1.0, (1e-2, 1e2)) * Matern(3.0, (0.3, 30.0), nu=2.5)
            + ConstantKernel(1.0, (1e-3, 1e2))
            + WhiteKernel(0.05, (1e-4, 1.0))
        )
        process = GaussianProcessRegressor(kernel, random_state=self._seed, n_restarts_optimizer=0)
        with warnings.catch_warnings():
            # A length or noise at the end of its range is an answer here, not a failure.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return process.fit(inputs, target)

    def _raw(self, features: Features, before: Forecast) -> Floats:
        return columns_of(features, None if self._prior is None else before)

    def _inputs(self, raw: Floats) -> Floats:
        # By the number of columns, so that lengths mean the same for few sites and many.
        return np.asarray((raw - self._mean) / self._scale / np.sqrt(raw.shape[1] / 10.0))

    def _before(self, features: Features) -> Forecast:
        return blank(features) if self._prior is None else self._prior.predict(features)


KIND = SurrogateKind("gp", lambda asked: GaussianSurrogate(seed=asked.seed))
