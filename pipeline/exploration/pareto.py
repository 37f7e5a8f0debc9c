"""Fronts of designs that no other design beats in every cost, and how good a front or a best design is.

Costs are minimised: arrays [n, m] of n designs and m costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.exploration.objective import Objective
from pipeline.exploration.types import Floats, SearchOutcome


def pareto_front(costs: Floats) -> NDArray[np.intp]:
    """Places [k] of the designs that no other dominates, by the first cost and then the next; of equals the first."""
    costs = _table(costs)
    order = np.lexsort(costs.T[::-1])
    kept: list[int] = []
    for place in order:
        # In this order a design is dominated, or equalled, only by one that comes before it.
        if not any(np.all(costs[other] <= costs[place]) for other in kept):
            kept.append(int(place))
    return np.array(kept, dtype=np.intp)


def hypervolume(costs: Floats, reference: Sequence[float]) -> float:
    """The volume between a reference point [m] and the front of ``costs``; designs beyond the reference add nothing.

    Exact (the algorithm of pymoo's indicator). 0.0 without designs.
    """
    from pymoo.indicators.hv import HV

    costs = _table(costs)
    inside = costs[(costs < np.asarray(reference)).all(axis=1)]
    return float(HV(ref_point=np.asarray(reference, dtype=float))(inside)) if len(inside) else 0.0


def adrs(found: Floats, reference: Floats) -> float:
    """Average distance from the reference set: 0.0 where every design of the reference front was met.

    The mean over the reference front of the least, over the designs found, of the largest relative excess over the
    costs: max_j (f_j - r_j) / r_j, at least 0 (Palermo, Silvano and Zaccaria, TCAD 28, 2009). Costs must be positive:
    cycles rather than their logarithm. Infinite where nothing was found.
    """
    found, reference = _table(found), _table(reference)
    if not len(reference):
        raise PipelineError("there is no reference front to measure a distance from")
    if not len(found):
        return float("inf")
    front = reference[pareto_front(reference)]
    excess = (found[None, :, :] - front[:, None, :]) / np.maximum(front[:, None, :], 1e-9)
    return float(np.maximum(excess.max(axis=2), 0.0).min(axis=1).mean())


def best_so_far(outcomes: Sequence[SearchOutcome], objective: Objective) -> list[int | None]:
    """Per run, the place among ``outcomes`` of the best valid design until then; None before there is one.

    By the costs in their order, then the cycles; of equals the earlier.
    """
    places: list[int | None] = []
    best: int | None = None
    least: tuple[float, ...] = (float("inf"),)
    for place, outcome in enumerate(outcomes):
        if objective.is_valid(outcome):
            rank = objective.rank(outcome)
            if rank < least:
                best, least = place, rank
        places.append(best)
    return places


def front_of(outcomes: Sequence[SearchOutcome], objective: Objective) -> list[int]:
    """Places of the valid outcomes on the front over the objective's axes, the least first cost first."""
    front = replace(objective, goal="pareto", terms=())
    places = [place for place, outcome in enumerate(outcomes) if front.is_valid(outcome)]
    if not places:
        return []
    costs = np.array([front.costs(outcomes[place]) for place in places])
    return [places[index] for index in pareto_front(costs)]


def _table(costs: NDArray[Any]) -> Floats:
    table = np.asarray(costs, dtype=np.float64)
    if table.ndim != 2 or np.isnan(table).any():
        raise PipelineError(f"costs of the shape {table.shape}", fix="give [designs, costs] without NaN")
    return table
