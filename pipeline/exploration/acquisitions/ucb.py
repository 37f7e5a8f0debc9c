"""The upper confidence bound (GP-UCB, ICML 2010)."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import Acquisition
from pipeline.exploration.outlook import Aim, Expected
from pipeline.exploration.types import Floats


def ucb(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
    """One standard deviation better than expected."""
    return np.asarray(outlook.spread[:, 0] - outlook.cost[:, 0])


KIND = Acquisition("ucb", ucb)
