"""Expected hypervolume improvement over two costs, for the objective ``pareto``."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import Acquisition, Expected, log_improvement, ranking
from pipeline.exploration.acquisitions.ucb import ucb
from pipeline.exploration.selection import BatchRequest
from pipeline.exploration.types import Floats

BEYOND = 0.1
"""How far the reference point lies beyond the worst cost known, as a share of the range."""


def log_hypervolume(outlook: Expected, known: Floats, reference: Floats) -> Floats:
    """log E[what a design adds to the area that ``known`` [k, 2] dominates within ``reference`` [2]], of n designs.

    Exact for independent normal costs (Emmerich and Klinkenberg, 2008): the front cuts what is not dominated into
    strips, and the area that a design covers of the strip from a to b below c is E[(b - X)+ - (a - X)+] E[(c - Y)+].
    """
    inside = known[(known < reference).all(axis=1)]
    inside = inside[np.lexsort((inside[:, 1], inside[:, 0]))]
    front = inside[inside[:, 1] < np.minimum.accumulate(np.concatenate([[np.inf], inside[:, 1]]))[:-1]]
    ends = [*front[:, 0], reference[0]]
    tops = [reference[1], *front[:, 1]]
    first, second = (Expected(outlook.cost[:, [m]], outlook.spread[:, [m]], outlook.chance) for m in (0, 1))
    total = before = np.full(len(outlook), -np.inf)
    for end, top in zip(ends, tops, strict=True):
        upto = log_improvement(first, end)
        with np.errstate(divide="ignore"):
            width = upto + np.log1p(-np.exp(np.minimum(before - upto, 0.0)))
        total = np.logaddexp(total, width + log_improvement(second, top))
        before = upto
    return total


def most_hypervolume(outlook: Expected, known: Floats, count: int, least_chance: float) -> list[tuple[int, float]]:
    """Places of at most ``count`` designs and their values, those taken first that add most expected hypervolume.

    ``known`` [k, 2] are the costs of valid designs. One after the other by the log of the expected improvement plus
    that of the chance to run and fit; a design taken counts as run with the costs that are expected of it, as the exact
    joint improvement takes time exponential in the size of the batch. A design that is not predicted valid comes after
    all that are, by its chance.
    """
    all_costs = np.concatenate([known, outlook.cost])
    lowest, highest = all_costs.min(axis=0), all_costs.max(axis=0)
    width = np.maximum(highest - lowest, 1e-6)
    scaled = Expected((outlook.cost - lowest) / width, outlook.spread / width, outlook.chance)
    gained = (known - lowest) / width
    log_chance = np.log(np.maximum(outlook.chance, 1e-9))
    taken: list[tuple[int, float]] = []
    for _ in range(min(count, len(outlook))):
        value = log_hypervolume(scaled, gained, np.full(2, 1.0 + BEYOND)) + log_chance
        order = ranking(value, outlook.chance, least_chance)
        place = int(order[~np.isin(order, [place for place, _ in taken])][0])
        taken.append((place, float(value[place])))
        gained = np.concatenate([gained, scaled.cost[place : place + 1]])
    return taken


def batch(request: BatchRequest) -> list[tuple[int, float]]:
    """Those first that add most expected hypervolume."""
    return most_hypervolume(request.outlook, request.known, request.count, request.least_chance)


KIND = Acquisition("ehvi", ucb, least_chance=0.1, batch=batch, costs=2)
"""The candidates are gone through by the confidence bound of weighted sums; the batch is by the hypervolume."""
