"""An acquisition of somebody else's, in one file: the confidence bound with more doubt.

A package names it in its metadata, and `--acquisition lcb` is there (CONTRIBUTING.md):

    [project.entry-points."hls_moe_pipeline.acquisitions"]
    lcb = "acquisition_of_another_package:KIND"
"""

from __future__ import annotations

import numpy as np

from pipeline.exploration.acquisition import Acquisition, Aim, Expected
from pipeline.exploration.types import Floats


def lcb(outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
    """Two standard deviations better than expected."""
    return np.asarray(2.0 * outlook.spread[:, 0] - outlook.cost[:, 0])


KIND = Acquisition("lcb", lcb)
