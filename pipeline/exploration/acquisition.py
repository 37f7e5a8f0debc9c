"""How much a design is worth running, from its forecast; and the order in which designs are worth it.

Values are larger for better designs. They order designs among those predicted valid; a design that is not predicted
valid comes after all of these, whatever its value (:func:`ranking`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

from pipeline.exploration.types import RESOURCES, Floats, Forecast, Objective

_LEAST_SPREAD = 1e-3
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

    ``log2_clock`` is log2 of the clock period in ns that stands for designs not run yet, under the goal ``ns``.
    Resources are taken as fully correlated: a design fits as surely as its most critical resource does.
    """
    room = (objective.limit - forecast.utilisation) / np.maximum(forecast.utilisation_spread, _LEAST_SPREAD)
    chance = forecast.valid * ndtr(room).min(axis=1)
    latency, spread = forecast.latency, np.maximum(forecast.latency_spread, _LEAST_SPREAD)
    if objective.goal == "pareto":
        largest = forecast.utilisation.argmax(axis=1)
        rows = np.arange(len(latency))
        used = forecast.utilisation[rows, largest]
        used_spread = np.maximum(forecast.utilisation_spread[rows, largest], _LEAST_SPREAD)
        return Expected(np.stack([latency, used], axis=1), np.stack([spread, used_spread], axis=1), chance)
    extra = np.full(len(latency), log2_clock) if objective.goal == "ns" else np.zeros(len(latency))
    if objective.goal == "weighted":
        weights = np.array([objective.weights.get(name, 0.0) for name in RESOURCES])
        extra = forecast.utilisation @ weights
        spread = np.sqrt(spread**2 + (forecast.utilisation_spread**2) @ weights**2)
    members = None if forecast.members is None else forecast.members + extra
    return Expected((latency + extra)[:, None], spread[:, None], chance, members)


def scalarised(outlook: Expected, weights: Floats, lowest: Floats, highest: Floats) -> Expected:
    """One cost from several: the augmented Chebyshev sum of costs scaled to their ranges (ParEGO, TEC 10, 2006)."""
    width = np.maximum(highest - lowest, 1e-6)
    scaled = weights * (outlook.cost - lowest) / width
    cost = scaled.max(axis=1) + _WEIGHT_OF_SUM * scaled.sum(axis=1)
    worst = scaled.argmax(axis=1)
    spread = (weights * outlook.spread / width)[np.arange(len(cost)), worst]
    return Expected(cost[:, None], np.maximum(spread, _LEAST_SPREAD)[:, None], outlook.chance)


def ranking(value: Floats, chance: Floats, least: float) -> NDArray[np.intp]:
    """Places of n designs, best first: first all with ``chance >= least`` by value, then the others by chance.

    Equal designs keep their order. A value that is not a number counts as the least.
    """
    predicted = chance >= least
    primary = np.where(predicted, np.where(np.isnan(value), -np.inf, value), chance)
    return np.lexsort((-primary, ~predicted))


Value = Callable[[Expected, float, np.random.Generator], Floats]
"""(outlook of one cost, best cost known or infinity, generator) to values [n]."""


def exploit(outlook: Expected, best: float, rng: np.random.Generator) -> Floats:
    """The expected cost alone."""
    return np.asarray(-outlook.cost[:, 0])


def ucb(outlook: Expected, best: float, rng: np.random.Generator) -> Floats:
    """One standard deviation better than expected."""
    return np.asarray(outlook.spread[:, 0] - outlook.cost[:, 0])


def thompson(outlook: Expected, best: float, rng: np.random.Generator) -> Floats:
    """The costs as one member of the ensemble, drawn at random, sees them; a normal draw a design without members."""
    if outlook.members is not None:
        members = outlook.members
        centre = members.mean(axis=0)
        scale = outlook.spread[:, 0] / np.maximum(members.std(axis=0), _LEAST_SPREAD)
        one = members[int(rng.integers(len(members)))]
        return np.asarray(-(outlook.cost[:, 0] + (one - centre) * scale))
    return np.asarray(-(outlook.cost[:, 0] + outlook.spread[:, 0] * rng.standard_normal(len(outlook))))


def ei(outlook: Expected, best: float, rng: np.random.Generator) -> Floats:
    """log of the expected improvement over ``best`` times the chance to run and fit (Schonlau, 1998).

    In logarithms, so that designs far from any gain are still told apart (LogEI, NeurIPS 2023). Without a best cost:
    the chance, then the expected cost.
    """
    if not np.isfinite(best):
        return np.asarray(2.0 * np.log(np.maximum(outlook.chance, 1e-9)) - outlook.cost[:, 0])
    return np.asarray(log_improvement(outlook, best) + np.log(np.maximum(outlook.chance, 1e-9)))


def capped_ei(most: float) -> Value:
    """As :func:`ei`, where an improvement by more than ``most`` counts as that."""

    def value(outlook: Expected, best: float, rng: np.random.Generator) -> Floats:
        log_chance = np.log(np.maximum(outlook.chance, 1e-9))
        return np.asarray(np.minimum(ei(outlook, best, rng), math.log(most) + log_chance))

    return value


def log_improvement(outlook: Expected, best: float) -> Floats:
    """log E[max(0, best - cost)] of normal costs, stable far below zero."""
    spread = outlook.spread[:, 0]
    z = (best - outlook.cost[:, 0]) / spread
    near = np.maximum(z, -8.0)
    density = np.exp(-0.5 * near**2) / np.sqrt(2 * np.pi)
    direct = np.log(np.maximum(density + near * ndtr(near), 1e-300))
    # For z far below 0, phi(z) + z Phi(z) = phi(z) (1 - |z| sqrt(pi/2) erfcx(|z|/sqrt 2)), about phi(z) / z^2.
    far = np.minimum(z, -8.0)
    mills = 1.0 + far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))
    tail = -0.5 * far**2 - 0.5 * np.log(2 * np.pi) + np.log(np.maximum(mills, 0.5 / far**2))
    return np.asarray(np.log(spread) + np.where(z > -8.0, direct, tail))


ACQUISITIONS: dict[str, Value] = {"exploit": exploit, "ucb": ucb, "thompson": thompson, "ei": ei}
"""Acquisitions over one cost, by name; ``ehvi`` works on two (:mod:`pipeline.exploration.ehvi`)."""
