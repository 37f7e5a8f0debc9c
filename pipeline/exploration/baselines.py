"""Searches without a model, on pools of known designs: what the others must beat.

Each returns the places of the designs that it runs, in order, and reads the cost of a design only once it has run it.
They move by site values; a move that leads out of the pool, or to a design that was run, goes to the nearest other one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination

from pipeline.exploration.coreset import RANDOM
from pipeline.exploration.features import SiteFacts
from pipeline.exploration.types import Floats
from pipeline.terms import SiteKind

FAILED = 60.0
"""log2 cycles that a design without a valid result counts as."""

Search = Callable[["PoolView", int, int], list[int]]
"""(pool, budget, seed) to places in the order in which they are run."""


class PoolView:
    """A pool as these searches see it: ``logs`` [n, S] log2 site values, ``costs`` [n], ``sites``."""

    def __init__(self, values: Floats, costs: Floats, sites: Sequence[SiteFacts]) -> None:
        self.logs = np.log2(np.maximum(values, 1.0))
        self.costs = np.where(np.isfinite(costs), costs, FAILED)
        self.sites = sites

    def __len__(self) -> int:
        return len(self.costs)

    def nearest(self, point: Floats, run: Sequence[int], rng: np.random.Generator) -> int:
        """The design not run yet that is nearest to ``point`` [S], one at random of those equally near."""
        free = np.setdiff1d(np.arange(len(self)), run)
        distance = np.abs(self.logs[free] - point).sum(axis=1)
        return int(rng.choice(free[distance <= distance.min() + 1e-9]))


def random_search(pool: PoolView, budget: int, seed: int) -> list[int]:
    """Uniform without replacement."""
    return [int(place) for place in np.random.default_rng(seed).permutation(len(pool))[:budget]]


def annealing(pool: PoolView, budget: int, seed: int) -> list[int]:
    """Simulated annealing: one site at random takes the value of another design; 4 to 0.1 doublings of temperature."""
    rng = np.random.default_rng(seed)
    here = int(rng.integers(len(pool)))
    order = [here]
    while len(order) < min(budget, len(pool)):
        point = pool.logs[here].copy()
        site = int(rng.integers(len(point)))
        point[site] = pool.logs[int(rng.integers(len(pool))), site]
        there = pool.nearest(point, order, rng)
        order.append(there)
        temperature = 4.0 * 0.025 ** (len(order) / budget)
        worse = pool.costs[there] - pool.costs[here]
        if worse <= 0 or rng.random() < math.exp(-worse / temperature):
            here = there
    return order


def genetic(pool: PoolView, budget: int, seed: int) -> list[int]:
    """pymoo's genetic algorithm over site values, ten a generation."""
    rng = np.random.default_rng(seed)
    low, high = pool.logs.min(axis=0), pool.logs.max(axis=0)
    problem = Problem(n_var=pool.logs.shape[1], n_obj=1, xl=low, xu=np.maximum(high, low + 1e-6))
    algorithm = GA(pop_size=10)
    algorithm.setup(problem, termination=NoTermination(), seed=seed, verbose=False)
    order: list[int] = []
    while len(order) < min(budget, len(pool)):
        asked = algorithm.ask()
        costs = []
        for point in asked.get("X"):
            if len(order) == min(budget, len(pool)):
                costs.append(FAILED)
                continue
            order.append(pool.nearest(point, order, rng))
            costs.append(pool.costs[order[-1]])
        asked.set("F", np.array(costs)[:, None])
        algorithm.tell(infills=asked)
    return order


def coordinates(pool: PoolView, budget: int, seed: int) -> list[int]:
    """One site at a time around the best design so far, in AutoDSE's order (TODAES 27, 2022).

    From the design nearest to the one without directives: loops from the inside out, on each first PIPELINE, then
    PARALLEL, then TILE; all values of a site that the pool holds with the other sites unchanged; the best is kept.
    Reports that would tell the loop with the longest latency are not in the pools, so that the order stands for the
    bottleneck. After a pass without a gain it goes on from the nearest design not run.
    """
    rng = np.random.default_rng(seed)
    kinds: dict[str, int] = {SiteKind.PIPELINE: 0, SiteKind.PARALLEL: 1, SiteKind.TILE: 2}
    sites = sorted(
        range(len(pool.sites)),
        key=lambda site: (-len(pool.sites[site].above), kinds.get(pool.sites[site].kind, 3), pool.sites[site].name),
    )
    order = [pool.nearest(np.zeros(pool.logs.shape[1]), [], rng)]
    here = order[0]
    limit = min(budget, len(pool))
    while len(order) < limit:
        before = len(order)
        for site in sites:
            others = np.delete(np.arange(pool.logs.shape[1]), site)
            alike = np.flatnonzero((pool.logs[:, others] == pool.logs[here][others]).all(axis=1))
            for place in alike[np.argsort(pool.logs[alike, site], kind="stable")]:
                if int(place) not in order and len(order) < limit:
                    order.append(int(place))
                    if pool.costs[place] < pool.costs[here]:
                        here = int(place)
        if len(order) == before:
            order.append(pool.nearest(pool.logs[here], order, rng))
            if pool.costs[order[-1]] < pool.costs[here]:
                here = order[-1]
    return order


BASELINES: dict[str, Search] = {
    RANDOM: random_search,
    "annealing": annealing,
    "genetic": genetic,
    "coordinates": coordinates,
}
