"""What an acquisition is: how much a design is worth running, and how a batch is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, ndtr

from pipeline.exploration.outlook import Aim, Expected, Value
from pipeline.exploration.selection import BatchRequest
from pipeline.exploration.types import Floats

__all__ = ["Acquisition", "Aim", "Expected", "log_improvement"]


@dataclass(frozen=True)
class Acquisition:
    """An acquisition by name.

    ``value``         how much designs are worth, of one cost
    ``least_chance``  chance to run and fit from which a design counts as predicted valid. Acquisitions that weigh the
                      chance themselves can afford to look further (replay studies)
    ``draws``         whether values are drawn at random, so that each proposal has an order of its own
    ``batch``         how a batch is taken from the shortlist, with the value of each design, in the order taken; None:
                      the orders take turns (:func:`~pipeline.exploration.selection.in_turn`)
    ``costs``         how many costs it needs at least; 2: it is for the objective ``pareto``
    """

    name: str
    value: Value
    least_chance: float = 0.4
    draws: bool = False
    batch: Callable[[BatchRequest], list[tuple[int, float]]] | None = None
    costs: int = 1


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
