"""Thompson sampling (Biometrika 25, 1933)."""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import Acquisition
from pipeline.exploration.outlook import LEAST_SPREAD, Aim, Expected
from pipeline.exploration.types import Floats


def thompson(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
    """The costs as one member of the ensemble, drawn at random, sees them; a normal draw a design without members."""
    if outlook.members is not None:
        members = outlook.members
        centre = members.mean(axis=0)
        scale = outlook.spread[:, 0] / np.maximum(members.std(axis=0), LEAST_SPREAD)
        one = members[int(rng.integers(len(members)))]
        return np.asarray(-(outlook.cost[:, 0] + (one - centre) * scale))
    return np.asarray(-(outlook.cost[:, 0] + outlook.spread[:, 0] * rng.standard_normal(len(outlook))))


KIND = Acquisition("thompson", thompson, draws=True)
