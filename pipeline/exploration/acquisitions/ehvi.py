"""Expected hypervolume improvement over two costs, for the objective ``pareto``."""

from __future__ import annotations

from pipeline.exploration.acquisition import Acquisition
from pipeline.exploration.acquisitions.ucb import ucb
from pipeline.exploration.expected_hypervolume import most_hypervolume
from pipeline.exploration.selection import BatchRequest


def batch(request: BatchRequest) -> list[tuple[int, float]]:
    """Those first that add most expected hypervolume."""
    return most_hypervolume(request.outlook, request.known, request.count, request.least_chance)


KIND = Acquisition("ehvi", ucb, least_chance=0.1, batch=batch, costs=2)
"""The candidates are gone through by the confidence bound of weighted sums; the batch is by the hypervolume."""
