"""Expected improvement (Schonlau, 1998), of a batch as a whole (q-EI: Ginsbourger, Le Riche and Carraro, 2010)."""

from __future__ import annotations

import math

import numpy as np

from pipeline.exploration.acquisition import Acquisition, log_improvement
from pipeline.exploration.outlook import Aim, Expected
from pipeline.exploration.selection import BatchRequest, in_turn, jointly
from pipeline.exploration.types import Floats


def ei(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
    """log of the expected improvement over ``aim.cost`` times the chance to run and fit.

    In logarithms, so that designs far from any gain are still told apart (LogEI, NeurIPS 2023). Without a best cost:
    the chance, then the expected cost. An improvement by more than ``aim.gain`` counts as that.
    """
    log_chance = np.log(np.maximum(outlook.chance, 1e-9))
    gain = log_improvement(outlook, aim.cost) if np.isfinite(aim.cost) else log_chance - outlook.cost[:, 0]
    return np.asarray(np.minimum(gain, math.log(aim.gain)) + log_chance)


def batch(request: BatchRequest) -> list[tuple[int, float]]:
    """Jointly; in turn where channels weigh several costs."""
    if request.outlook.cost.shape[1] > 1:
        return in_turn(request)
    columns = np.asarray(request.shortlist.features.columns, dtype=np.float64)
    aim = request.channels[0].aim
    return jointly(
        request.outlook, columns, aim.cost, aim.gain, request.count, request.least_chance, request.channels[0].seed
    )


KIND = Acquisition("ei", ei, least_chance=0.1, batch=batch)
