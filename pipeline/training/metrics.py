"""Metrics of predictions: errors per target and summed, rank correlation within a kernel, calibration, validity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import kendalltau
from sklearn.metrics import f1_score, roc_auc_score

from pipeline.errors import PipelineError
from pipeline.models.config import TARGETS

SUM = "sum"
"""Name of the row that sums over the targets."""

Array = npt.NDArray[np.floating]

_CALIBRATION_BINS = 10


@dataclass(frozen=True)
class TargetScore:
    """The figures of one target, or of their sum; NaN where a figure has no meaning.

    ``designs``  designs with a known true value
    ``mse``, ``rmse``, ``mae``  in the target's unit; in the row ``sum`` each is the sum over the targets
    ``tau``      Kendall's tau-b, taken within each kernel and averaged over the kernels; in the row ``sum`` the mean
                 over the targets
    ``within_1``, ``within_2``  share of designs whose error is at most 1 and 2 spreads; 0.683 and 0.954 where a normal
                 spread is right; in the row ``sum`` the mean over the targets
    ``ence``     expected normalised calibration error (Levi et al., 2019): over bins of equal size by spread, the mean
                 of ``|root mean spread² - rmse| / root mean spread²``; 0 is best
    """

    target: str
    designs: int
    mse: float
    rmse: float
    mae: float
    tau: float
    within_1: float = float("nan")
    within_2: float = float("nan")
    ence: float = float("nan")


def regression_metrics(
    true: Array,
    predicted: Array,
    kernels: Sequence[str] | npt.NDArray[np.str_],
    *,
    spread: Array | None = None,
    targets: Sequence[str] = TARGETS,
) -> list[TargetScore]:
    """One :class:`TargetScore` per target and one named ``sum``.

    ``true``, ``predicted`` and ``spread`` (standard deviations, optional) are (N, T) in the order of ``targets``;
    ``kernels`` names each design's kernel. A NaN in ``true`` leaves that value out; targets without any known value are
    left out of the sum. Raises PipelineError for other shapes, for no design at all and for predictions that are not
    finite.
    """
    true, predicted = np.asarray(true, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    names = np.asarray(kernels)
    if true.ndim != 2 or predicted.shape != true.shape or len(names) != len(true) or true.shape[1] != len(targets):
        raise PipelineError(
            f"true values {true.shape}, predictions {predicted.shape}, {len(names)} kernel names and "
            f"{len(targets)} targets do not go together",
            fix="give (designs, targets) twice and one kernel name per design",
        )
    if not len(true):
        raise PipelineError("there is no design to measure on", fix="leave designs for the test")
    if not np.isfinite(predicted).all():
        raise PipelineError("predictions are not finite", fix="train with a smaller learning rate")
    rows = []
    for column, target in enumerate(targets):
        known = ~np.isnan(true[:, column])
        sigma = None if spread is None else np.asarray(spread, dtype=np.float64)[known, column]
        rows.append(_score(target, true[known, column], predicted[known, column], names[known], sigma))
    return [*rows, _summed(rows)]


def _score(
    target: str, true: Array, predicted: Array, kernels: npt.NDArray[np.str_], sigma: Array | None
) -> TargetScore:
    if not len(true):
        nan = float("nan")
        return TargetScore(target, 0, nan, nan, nan, nan)
    error = predicted - true
    mse = float(np.mean(error**2))
    calibration = (float("nan"),) * 3 if sigma is None else _calibration(np.abs(error), sigma)
    return TargetScore(
        target,
        len(true),
        mse,
        mse**0.5,
        float(np.mean(np.abs(error))),
        tau_within(true, predicted, kernels),
        *calibration,
    )


def _summed(rows: Sequence[TargetScore]) -> TargetScore:
    known = [row for row in rows if row.designs]
    if not known:
        raise PipelineError("no design has a known target", fix="check that the labels are usable for regression")
    return TargetScore(
        SUM,
        max(row.designs for row in known),
        *(sum(getattr(row, name) for row in known) for name in ("mse", "rmse", "mae")),
        *(_mean([getattr(row, name) for row in known]) for name in ("tau", "within_1", "within_2", "ence")),
    )


def tau_within(true: Array, predicted: Array, kernels: Sequence[str] | npt.NDArray[np.str_]) -> float:
    """Kendall's tau-b within each kernel, averaged over the kernels where it is defined; NaN where it is nowhere.

    It is not defined where a kernel's true values, or its predictions, are all equal.
    """
    names = np.asarray(kernels)
    found = []
    for kernel in np.unique(names):
        mine = names == kernel
        if np.ptp(true[mine]) > 0 and np.ptp(predicted[mine]) > 0:
            found.append(float(kendalltau(true[mine], predicted[mine]).statistic))
    return _mean(found)


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def _calibration(error: Array, sigma: Array) -> tuple[float, float, float]:
    order = np.argsort(sigma, kind="stable")
    gaps = []
    for part in np.array_split(order, min(_CALIBRATION_BINS, len(order))):
        nominal = float(np.sqrt(np.mean(sigma[part] ** 2)))
        if nominal > 0:
            gaps.append(abs(nominal - float(np.sqrt(np.mean(error[part] ** 2)))) / nominal)
    return float(np.mean(error <= sigma)), float(np.mean(error <= 2 * sigma)), _mean(gaps)


@dataclass(frozen=True)
class ValidityScore:
    """The figures of a validity classifier; ``auc`` is NaN where all designs are of one class."""

    designs: int
    positives: int
    auc: float
    f1: float


def validity_metrics(valid: npt.ArrayLike, probability: npt.ArrayLike) -> ValidityScore:
    """Area under the ROC curve, and F1 of the valid class at a probability of one half.

    ``valid`` (N,) is 1 valid, 0 invalid, -1 unknown (left out); ``probability`` (N,) that a design is valid. Raises
    PipelineError where nothing is known.
    """
    truth, score = np.asarray(valid), np.asarray(probability, dtype=np.float64)
    if truth.shape != score.shape or truth.ndim != 1:
        raise PipelineError(f"validity {truth.shape} and probabilities {score.shape} do not go together")
    known = truth >= 0
    if not known.any():
        raise PipelineError("no design has a known validity", fix="leave designs for the test")
    truth, score = truth[known], score[known]
    positives = int(truth.sum())
    auc = float(roc_auc_score(truth, score)) if 0 < positives < len(truth) else float("nan")
    return ValidityScore(len(truth), positives, auc, float(f1_score(truth, score >= 0.5, zero_division=0.0)))
