"""A Gaussian process that knows from other kernels how designs resemble each other, given what was observed on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from pipeline.exploration.meta_processes import (
    MetaProcesses,
    latencies,
    result_inputs,
    result_targets,
    run_inputs,
)
from pipeline.exploration.observed import Observed
from pipeline.exploration.surrogates import SurrogateKind, SurrogateRequest
from pipeline.exploration.surrogates.forest import BEFOREHAND
from pipeline.exploration.types import Features, Floats, Forecast, ForecastBeforehand, SearchOutcome

_MOST = 400
"""The latest outcomes that are learned from: the time of a forecast grows with them."""

_CHUNK = 8192
_LEAST_CHANCE = 0.01
_NOISE = 0.3
"""Variance of a latent number beside the process's own (replay studies)."""


class MetaSurrogate:
    """Nothing is fitted to the kernel: the processes, learned on other kernels, are conditioned on its runs.

    Before any run the forecasts are the prior's, with the spread of a kernel that may be unlike those seen.
    """

    def __init__(self, processes: MetaProcesses, prior: ForecastBeforehand) -> None:
        self._processes, self._prior = processes, prior
        self._seen: tuple[Features, Forecast] | None = None
        self._observed = Observed.of([])

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        recent = np.arange(len(outcomes))[-_MOST:]
        self._observed = Observed.of([outcomes[place] for place in recent])
        seen = features.take(recent)
        self._seen = (seen, self._prior.predict(seen)) if self._observed.told.any() else None

    def predict(self, features: Features) -> Forecast:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        before = self._prior.predict(features)
        if self._seen is None:
            return replace(before, latency_spread=np.hypot(before.latency_spread, BEFOREHAND))
        parts = [
            self._chunk(features.take(places), before.take(places))
            for begin in range(0, len(features), _CHUNK)
            if len(places := np.arange(begin, min(begin + _CHUNK, len(features))))
        ]
        if not parts:
            return before
        return Forecast(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _chunk(self, features: Features, before: Forecast) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        assert self._seen is not None
        seen, expected = self._seen
        kept, told = self._observed.measured, self._observed.told
        targets = result_targets(seen, self._observed)[kept]
        known = np.column_stack([np.zeros(len(targets)), expected.utilisation[kept]])
        found = self._processes.results.extend(
            result_inputs(seen.take(kept), expected.take(kept)),
            np.where(np.isnan(targets), known, targets),
            result_inputs(features, before),
            noise=False,
        )
        latent = self._processes.runs.extend(
            run_inputs(seen.take(told), expected.take(told)),
            np.where(self._observed.ran[told] == 1, 1.0, -1.0)[:, None],
            run_inputs(features, before),
            noise=False,
        )
        chance = ndtr(latent.mean[:, 0] / np.sqrt(_NOISE + latent.spread[:, 0] ** 2))
        return (
            latencies(features, found.mean[:, 0]),
            found.spread[:, 0],
            found.mean[:, 1:],
            found.spread[:, 1:],
            np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE),
        )


def make(asked: SurrogateRequest) -> MetaSurrogate:
    """On what both the prior and the processes teach."""
    assert asked.processes is not None and asked.prior is not None
    return MetaSurrogate(asked.processes, asked.prior)


KIND = SurrogateKind("metagp", make, needs_prior=True, needs_processes=True)
