"""Expected hypervolume improvement over two costs or three, by BoTorch."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import Expected
from pipeline.exploration.types import Floats

_SAMPLES = 64
_BEYOND = 0.1
"""How far the reference point lies beyond the worst cost known, as a share of the range."""


def most_hypervolume(outlook: Expected, known: Floats, count: int, least_chance: float) -> list[tuple[int, float]]:
    """Places of at most ``count`` designs and their values, those taken first that add most expected hypervolume.

    ``known`` [k, m] are the costs of valid designs. One after the other by qLogEHVI (BoTorch, NeurIPS 2020 and 2023)
    plus the log of the chance to run and fit; a design taken counts as run with the costs that are expected of it, as
    the exact joint improvement takes time exponential in the size of the batch. A design that is not predicted valid
    comes after all that are, by its chance.
    """
    import torch
    from botorch.acquisition.multi_objective.logei import qLogExpectedHypervolumeImprovement
    from botorch.sampling.normal import SobolQMCNormalSampler
    from botorch.utils.multi_objective.box_decompositions.non_dominated import (
        FastNondominatedPartitioning,
        NondominatedPartitioning,
    )

    from pipeline.exploration.forecast_model import ForecastModel

    all_costs = np.concatenate([known, outlook.cost])
    lowest, highest = all_costs.min(axis=0), all_costs.max(axis=0)
    width = np.maximum(highest - lowest, 1e-6)
    model = ForecastModel(-(outlook.cost - lowest) / width, outlook.spread / width)
    reference = torch.full((all_costs.shape[1],), -1.0 - _BEYOND, dtype=torch.float64)
    gained = reference[None, :]
    if len(known):
        gained = torch.from_numpy(-(known - lowest) / width)
    log_chance = np.log(np.maximum(outlook.chance, 1e-9))
    # Of more than two costs the exact one has boxes without end.
    boxes = NondominatedPartitioning if len(reference) == 2 else FastNondominatedPartitioning
    taken: list[tuple[int, float]] = []
    places = torch.arange(len(outlook), dtype=torch.float64)
    for _ in range(min(count, len(outlook))):
        acquisition = qLogExpectedHypervolumeImprovement(
            model,
            ref_point=reference.tolist(),
            partitioning=boxes(reference, gained),
            sampler=SobolQMCNormalSampler(torch.Size([_SAMPLES]), seed=0),
        )
        with torch.no_grad():
            value = np.concatenate([acquisition(part[:, None, None]).numpy() for part in torch.split(places, 256)])
        value = np.where(np.isnan(value), -np.inf, value) + log_chance
        predicted = outlook.chance >= least_chance
        order = np.lexsort((-np.where(predicted, value, outlook.chance), ~predicted))
        left = order[~np.isin(order, [place for place, _ in taken])]
        place = int(left[0])
        taken.append((place, float(value[place])))
        gained = torch.cat([gained, -torch.from_numpy((outlook.cost[place : place + 1] - lowest) / width)])
    return taken
