"""Expected hypervolume improvement over two costs or more."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import log_improvement
from pipeline.exploration.outlook import Expected, ranking
from pipeline.exploration.types import Floats

_BEYOND = 0.1
"""How far the reference point lies beyond the worst cost known, as a share of the range."""


def log_hypervolume(outlook: Expected, known: Floats, reference: Floats) -> Floats:
    """log E[what a design adds to the volume that ``known`` [k, m] dominates within ``reference`` [m]], of n designs.

    Exact for independent normal costs (Emmerich and Klinkenberg, 2008), in logarithms as
    :func:`~pipeline.exploration.acquisition.log_improvement`. The last costs of those known cut the space into slabs,
    and a design X covers of the slab from a to b what it adds to the slab's front by its other costs, times
    E[(b - X)+] - E[(a - X)+].
    """
    last = len(reference) - 1
    alone = Expected(outlook.cost[:, last:], outlook.spread[:, last:], outlook.chance)
    if last == 0:
        return log_improvement(alone, min([*known[:, 0], reference[0]]))
    known = known[(known < reference).all(axis=1)]
    known = known[[not ((known <= one).all(axis=1) & (known < one).any(axis=1)).any() for one in known]]
    total = before = np.full(len(outlook), -np.inf)
    rest = Expected(outlook.cost[:, :last], outlook.spread[:, :last], outlook.chance)
    slab = known[:0]
    for end in [*np.unique(known[:, last]), reference[last]]:
        upto = log_improvement(alone, end)
        with np.errstate(divide="ignore"):
            height = upto + np.log1p(-np.exp(np.minimum(before - upto, 0.0)))
        total = np.logaddexp(total, height + log_hypervolume(rest, slab[:, :last], reference[:last]))
        before, slab = upto, known[known[:, last] <= end]
    return total


def most_hypervolume(outlook: Expected, known: Floats, count: int, least_chance: float) -> list[tuple[int, float]]:
    """Places of at most ``count`` designs and their values, those taken first that add most expected hypervolume.

    ``known`` [k, m] are the costs of valid designs. One after the other by the log of the expected improvement plus
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
        value = log_hypervolume(scaled, gained, np.full(len(width), 1.0 + _BEYOND)) + log_chance
        order = ranking(value, outlook.chance, least_chance)
        place = int(order[~np.isin(order, [place for place, _ in taken])][0])
        taken.append((place, float(value[place])))
        gained = np.concatenate([gained, scaled.cost[place : place + 1]])
    return taken
