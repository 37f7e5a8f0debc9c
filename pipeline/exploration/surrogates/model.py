"""Forecasts by a model that was trained elsewhere, such as a fine-tuned hierarchical mixture of experts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.exploration.types import Features, Floats, Forecast, SearchOutcome

ModelForecast = Callable[[Floats], Forecast]
"""Site values [n, S] in the order of :class:`~pipeline.exploration.features.KernelFeatures` to forecasts: log2 cycles
and utilisations with the spread of experts or of an ensemble, and the chance that the run gives a result."""


class ModelSurrogate:
    """Asks a model; it learns nothing here, since who made it trains it anew between rounds."""

    def __init__(self, forecast: ModelForecast) -> None:
        self._forecast = forecast

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """Nothing to do."""

    def predict(self, features: Features) -> Forecast:
        """As :class:`~pipeline.exploration.types.Surrogate` says."""
        return self._forecast(features.values)
