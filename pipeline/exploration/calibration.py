"""How well spreads fit what was then observed, and the factor that makes them fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.exploration.observed import Observed
from pipeline.exploration.types import Features, Forecast, SearchOutcome, Surrogate

HELD_OUT_ROUNDS = 2
_PRETENDED = 5.0
"""Runs with a factor of 1 that are pretended, so that a handful of real ones cannot move it far."""

_RANGE = (0.3, 5.0)


def spread_factor(
    make: Callable[[], Surrogate], features: Features, outcomes: Sequence[SearchOutcome], round_size: int
) -> float | None:
    """The factor on the spread of latency, from the last rounds, each forecast by what came before it.

    The root mean square of (observed - forecast) / spread, shrunk towards 1. None before a second round, or where no
    held-out run has a latency.
    """
    squares, count = 0.0, 0
    for back in range(1, HELD_OUT_ROUNDS + 1):
        begin = len(outcomes) - back * round_size
        if begin < round_size:
            break
        before, after = np.arange(begin), np.arange(begin, begin + round_size)
        surrogate = make()
        surrogate.fit(features.take(before), outcomes[:begin])
        forecast = surrogate.predict(features.take(after))
        observed = Observed.of(outcomes[begin : begin + round_size])
        error = (observed.targets[:, 0] - forecast.latency)[observed.measured]
        spread = np.maximum(forecast.latency_spread[observed.measured], 0.05)
        squares += float(((error / spread) ** 2).sum())
        count += len(error)
    if not count:
        return None
    return float(np.clip(math.sqrt((squares + _PRETENDED) / (count + _PRETENDED)), *_RANGE))


def scaled(forecast: Forecast, factor: float | None) -> Forecast:
    """A forecast with its spread of latency multiplied."""
    return forecast if factor is None else replace(forecast, latency_spread=forecast.latency_spread * factor)
