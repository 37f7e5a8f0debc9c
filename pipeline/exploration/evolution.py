"""Search in spaces that are too large to go through: evolution by pymoo on valid points, then local moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.crossover import Crossover
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

from pipeline.design_space import DesignSpace
from pipeline.exploration.types import Floats, Rows

POPULATION = 100
GENERATIONS = 30
_MUTATED = 0.5
_SWAPPED = 0.5

Assess = Callable[[Rows], tuple[Floats, Floats]]
"""Encoded valid points [n, S] to what is minimised [n, k] and by how much each misses being predicted valid [n]."""


def evolve(space: DesignSpace, assess: Assess, start: Rows, *, seed: int, generations: int = GENERATIONS) -> Rows:
    """The last population [p, S] of an evolution among the valid points of a space, from the points ``start``.

    Every point that is assessed is a valid point of the space. Points that are not predicted valid lose against those
    that are, whatever they promise (pymoo's constrained domination). A genetic algorithm for one value, NSGA-II
    (TEC 6, 2002) for several.
    """
    width = assess(start[:1])[0].shape[1]
    options: dict[str, Any] = {
        "pop_size": min(POPULATION, len(start)),
        "sampling": start[:POPULATION].astype(np.int64),
        "crossover": SiteCrossover(space),
        "mutation": NeighbourMutation(space),
        "eliminate_duplicates": True,
    }
    algorithm = GA(**options) if width == 1 else NSGA2(**options)
    result = minimize(_Search(space, assess, width), algorithm, ("n_gen", generations), seed=seed, verbose=False)
    return np.asarray(result.pop.get("X"), dtype=np.int16)


class _Search(Problem):  # type: ignore[misc]
    def __init__(self, space: DesignSpace, assess: Assess, objectives: int) -> None:
        highest = np.array([len(site.values) - 1 for site in space.sites])
        super().__init__(n_var=len(highest), n_obj=objectives, n_ieq_constr=1, xl=0, xu=highest, vtype=int)
        self._assess = assess

    def _evaluate(self, x: Rows, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        value, missed = self._assess(np.asarray(x, dtype=np.int16))
        out["F"], out["G"] = value, missed[:, None]


class SiteCrossover(Crossover):  # type: ignore[misc]
    """Two points swap the values of sites at random; a child that breaks a rule gives way to its parent."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(n_parents=2, n_offsprings=2)
        self._space = space

    def _do(self, problem: Problem, X: Rows, *args: Any, random_state: Any = None, **kwargs: Any) -> Rows:  # noqa: N803
        swapped = random_state.random(X.shape[1:]) < _SWAPPED
        children = np.where(swapped[None], X[::-1], X)
        for child, parent in zip(children, X, strict=True):
            broken = ~self._space.contains_rows(child)
            child[broken] = parent[broken]
        return children


class NeighbourMutation(Mutation):  # type: ignore[misc]
    """A point becomes one of the valid points that differ from it in one site."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(prob=1.0)
        self._space = space

    def _do(self, problem: Problem, X: Rows, *args: Any, random_state: Any = None, **kwargs: Any) -> Rows:  # noqa: N803
        mutated = X.copy()
        for place in np.flatnonzero(random_state.random(len(X)) < _MUTATED):
            near = self._space.neighbour_rows(X[place : place + 1])
            if len(near):
                mutated[place] = near[random_state.integers(len(near))]
        return mutated
