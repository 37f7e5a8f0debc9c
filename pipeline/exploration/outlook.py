"""What designs are expected to cost, from their forecasts, and the order in which they are worth running.

Values are larger for better designs. They order designs among those predicted valid; a design that is not predicted
valid comes after all of these, whatever its value (:func:`ranking`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pipeline.exploration.figures import AREA, Figure
from pipeline.exploration.objective import Objective
from pipeline.exploration.types import RESOURCES, Floats, Forecast

LEAST_SPREAD = 1e-3
_WEIGHT_OF_SUM = 0.05


@dataclass(frozen=True)
class Expected:
    """What n designs are expected to cost: ``cost`` and ``spread`` [n, m], ``chance`` [n] that they run and fit,
    ``members`` [k, n] costs by each member of an ensemble (single costs only), or None."""

    cost: Floats
    spread: Floats
    chance: Floats
    members: Floats | None = None

    def __len__(self) -> int:
        return len(self.chance)

    def take(self, places: NDArray[np.intp]) -> Expected:
        """The designs at ``places``."""
        members = None if self.members is None else self.members[:, places]
        return Expected(self.cost[places], self.spread[places], self.chance[places], members)


def expected(forecast: Forecast, objective: Objective, *, log2_clock: float = 0.0) -> Expected:
    """The costs of an objective that a forecast implies.

    ``log2_clock`` is log2 of the clock period in ns that stands for designs not run yet, where times count.
    Resources are taken as fully correlated: a design fits as surely as its most critical resource does. Latency keeps
    to its own limits independently of them.
    """
    latency, spread = forecast.latency, np.maximum(forecast.latency_spread, LEAST_SPREAD)
    chance = _chance(forecast, spread, objective, log2_clock)
    if objective.goal == "pareto":
        axes = [_axis(forecast, spread, axis, log2_clock) for axis in objective.axes]
        return Expected(np.stack([a for a, _ in axes], axis=1), np.stack([b for _, b in axes], axis=1), chance)
    if objective.goal == "sum":
        return _sum(forecast, spread, objective, log2_clock, chance)
    extra = np.full(len(latency), log2_clock) if objective.goal == "ns" else np.zeros(len(latency))
    if objective.goal == "weighted":
        weights = np.array([objective.weights.get(name, 0.0) for name in RESOURCES])
        extra = forecast.utilisation @ weights
        spread = np.sqrt(spread**2 + (forecast.utilisation_spread**2) @ weights**2)
    members = None if forecast.members is None else forecast.members + extra
    return Expected((latency + extra)[:, None], spread[:, None], chance, members)


def _chance(forecast: Forecast, spread: Floats, objective: Objective, log2_clock: float) -> Floats:
    """[n] chances that designs run and keep to all limits."""
    most = np.full(len(RESOURCES), objective.limit)
    latest = math.inf
    for limit in objective.limits:
        figure = limit.figure
        if figure.is_latency:
            log2_most = math.log2(max(limit.most / objective.scale(figure), 1e-9))
            latest = min(latest, log2_most - (log2_clock if figure.is_time else 0.0))
        elif figure.name == AREA:
            most = np.minimum(most, limit.most / 100.0)
        else:
            # Blocks are whole numbers: a forecast of exactly the limit is half a block inside it.
            inside = limit.most if figure.share else limit.most + 0.5
            most[figure.place] = min(most[figure.place], inside / objective.scale(figure))
    room = (most - forecast.utilisation) / np.maximum(forecast.utilisation_spread, LEAST_SPREAD)
    chance = forecast.valid * ndtr(room).min(axis=1)
    return np.asarray(chance if math.isinf(latest) else chance * ndtr((latest - forecast.latency) / spread))


def _axis(forecast: Forecast, spread: Floats, axis: Figure, log2_clock: float) -> tuple[Floats, Floats]:
    """[n] expected costs of one axis of a front, and their spreads."""
    if axis.is_latency:
        return forecast.latency + (log2_clock if axis.is_time else 0.0), spread
    place: Any = forecast.utilisation.argmax(axis=1) if axis.name == AREA else axis.place
    rows = np.arange(len(spread))
    return forecast.utilisation[rows, place], np.maximum(forecast.utilisation_spread[rows, place], LEAST_SPREAD)


def _sum(forecast: Forecast, spread: Floats, objective: Objective, log2_clock: float, chance: Floats) -> Expected:
    """log2 of a sum of figures. Its spread is to first order, latency and resources erring independently."""
    n = len(forecast)
    rest, slack, rate = np.full(n, objective.offset), np.zeros(n), 0.0
    for term in objective.terms:
        figure, weight = term.figure, term.weight * objective.scale(term.figure)
        if figure.is_latency:
            rate += weight * 2.0 ** (log2_clock if figure.is_time else 0.0)
        else:
            used, used_spread = _axis(forecast, spread, figure, log2_clock)
            rest = rest + weight * np.maximum(used, 0.0)
            slack = slack + (weight * used_spread) ** 2
    latency = rate * 2.0**forecast.latency
    whole = np.maximum(latency + rest, 1e-12)
    wide = np.sqrt((latency * spread) ** 2 + slack / math.log(2.0) ** 2) / whole
    members = None
    if forecast.members is not None:
        members = np.log2(np.maximum(rate * 2.0**forecast.members + rest, 1e-12))
    return Expected(np.log2(whole)[:, None], np.maximum(wide, LEAST_SPREAD)[:, None], chance, members)


def scalarised(outlook: Expected, weights: Floats, lowest: Floats, highest: Floats) -> Expected:
    """One cost from several: the augmented Chebyshev sum of costs scaled to their ranges (ParEGO, TEC 10, 2006)."""
    width = np.maximum(highest - lowest, 1e-6)
    scaled = weights * (outlook.cost - lowest) / width
    cost = scaled.max(axis=1) + _WEIGHT_OF_SUM * scaled.sum(axis=1)
    worst = scaled.argmax(axis=1)
    spread = (weights * outlook.spread / width)[np.arange(len(cost)), worst]
    return Expected(cost[:, None], np.maximum(spread, LEAST_SPREAD)[:, None], outlook.chance)


def ranking(value: Floats, chance: Floats, least: float) -> NDArray[np.intp]:
    """Places of n designs, best first: first all with ``chance >= least`` by value, then the others by chance.

    Equal designs keep their order. A value that is not a number counts as the least.
    """
    predicted = chance >= least
    primary = np.where(predicted, np.where(np.isnan(value), -np.inf, value), chance)
    return np.lexsort((-primary, ~predicted))


@dataclass(frozen=True, slots=True)
class Aim:
    """What improvements are counted from (infinity where nothing valid is known), and up to how much."""

    cost: float
    gain: float = math.inf


Value = Callable[[Expected, Aim, np.random.Generator], Floats]
"""(outlook of one cost, aim, generator) to values [n]."""
