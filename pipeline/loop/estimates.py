"""The estimator's figures as what models take beforehand."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import PipelineError
from pipeline.estimator import prepare
from pipeline.estimator.features import FEATURES, features
from pipeline.terms import LEARNED

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.estimator import Device
    from pipeline.kernels import Kernel
    from pipeline.training.data import Estimates, Point

_TARGETS = 5


def estimate_count() -> int:
    """Numbers per design: an estimate of each target, whether it is known, and the estimator's further features."""
    return _TARGETS + len(FEATURES)


def estimates_of(kernels: Mapping[str, Kernel], device: Device) -> Estimates:
    """The estimates of design points of these kernels, by name, as :data:`pipeline.training.data.Estimates` says.

    Zeros, and not known, for a kernel that is not among them or that the estimator cannot walk.
    """

    def found(kernel: str, dialect: str, points: Sequence[Point]) -> npt.NDArray[np.float32]:
        if kernel in kernels:
            with contextlib.suppress(PipelineError):
                return from_figures(features(prepare(kernels[kernel], device), points, dialect))
        return np.zeros((len(points), estimate_count()), np.float32)

    return found


def from_figures(table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Estimates from the estimator's figures [N, :data:`pipeline.estimator.features.FEATURES`]."""
    from pipeline.training.data import REFERENCE_CYCLES

    columns = {name: place for place, name in enumerate(FEATURES)}
    utilisations = [columns[f"util_{name}"] for name in (one.short.lower() for one in LEARNED)]
    further = [place for name, place in columns.items() if name != "known"]
    out = np.zeros((len(table), estimate_count()), np.float32)
    known = table[:, columns["known"]] > 0
    out[known, 0] = 0.5 * (math.log2(REFERENCE_CYCLES) - table[known, columns["log2_cycles"]])
    out[:, 1:_TARGETS] = table[:, utilisations]
    out[:, _TARGETS] = known
    out[:, _TARGETS + 1 :] = table[:, further]
    return out
