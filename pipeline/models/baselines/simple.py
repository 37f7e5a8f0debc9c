"""Simple regressors on the pragma values of one kernel: what any model of many kernels has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError

Floats = npt.NDArray[np.float64]

TREES = 200


@dataclass(frozen=True)
class BaselineEstimate:
    """Predictions for N designs: ``mean`` and ``spread`` (standard deviation), both (N, T)."""

    mean: Floats
    spread: Floats


def fit_predict(
    name: str, columns: npt.ArrayLike, targets: npt.ArrayLike, wanted: npt.ArrayLike, seed: int
) -> BaselineEstimate:
    """Fits the regressor ``name`` of :data:`SIMPLE` on n designs of one kernel, one model per target, and predicts.

    ``columns`` (n, C) and ``wanted`` (N, C) are coded pragma values, ``targets`` (n, T). NaN in ``targets`` is left out
    of its target's fit. Raises PipelineError for an unknown name and where a target has no known value.
    """
    if name not in SIMPLE:
        raise PipelineError(f"there is no baseline {name[:60]!r}", fix=f"choose one of {', '.join(SIMPLE)}")
    x, y, z = (np.asarray(value, dtype=np.float64) for value in (columns, targets, wanted))
    means, spreads = [], []
    for target in y.T:
        known = ~np.isnan(target)
        if not known.any():
            raise PipelineError("a target has no known value among the shots", fix="give more or other shots")
        if np.ptp(target[known]) == 0:
            mean, spread = np.full(len(z), target[known][0]), np.zeros(len(z))
        else:
            mean, spread = SIMPLE[name](x[known], target[known], z, seed)
        means.append(mean)
        spreads.append(spread)
    return BaselineEstimate(np.column_stack(means), np.column_stack(spreads))


_Found = tuple[Floats, Floats]


def _mean(x: Floats, y: Floats, z: Floats, seed: int) -> _Found:
    return np.full(len(z), y.mean()), np.full(len(z), y.std())


def _trees(kind: str) -> Callable[[Floats, Floats, Floats, int], _Found]:
    def fit(x: Floats, y: Floats, z: Floats, seed: int) -> _Found:
        from sklearn import ensemble

        forest: Any = getattr(ensemble, kind)(n_estimators=TREES, random_state=seed).fit(x, y)
        each = np.stack([tree.predict(z.astype(np.float32)) for tree in forest.estimators_])
        return each.mean(0), each.std(0)

    return fit


def _boosting(x: Floats, y: Floats, z: Floats, seed: int) -> _Found:
    from sklearn.ensemble import GradientBoostingRegressor

    boosted = GradientBoostingRegressor(random_state=seed).fit(x, y)
    # Boosting has no spread of its own: the one that holds everywhere, from residuals left out by cross-validation.
    return np.asarray(boosted.predict(z)), np.full(len(z), _left_out_error(x, y, seed))


def _left_out_error(x: Floats, y: Floats, seed: int) -> float:
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    if len(y) < 2:
        return 0.0
    folds = KFold(min(5, len(y)), shuffle=True, random_state=seed)
    found = cross_val_predict(GradientBoostingRegressor(random_state=seed), x, y, cv=folds)
    return float(np.sqrt(np.mean((found - y) ** 2)))


def _gaussian_process(x: Floats, y: Floats, z: Floats, seed: int) -> _Found:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    centre, scale = x.mean(0), x.std(0)
    scale[scale == 0] = 1.0
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(3.0, (0.3, 100.0), nu=2.5) + WhiteKernel(0.05, (1e-4, 1.0))
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit((x - centre) / scale, y)
    mean, spread = process.predict((z - centre) / scale, return_std=True)
    return np.asarray(mean), np.asarray(spread)


SIMPLE: dict[str, Callable[[Floats, Floats, Floats, int], _Found]] = {
    "mean": _mean,
    "forest": _trees("RandomForestRegressor"),
    "extra-trees": _trees("ExtraTreesRegressor"),
    "boosting": _boosting,
    "gp": _gaussian_process,
}
"""The training mean, two forests of :data:`TREES` trees, boosted trees, and a Gaussian process (Matérn 5/2)."""

CLASSIFIERS = {"forest": "RandomForestClassifier", "extra-trees": "ExtraTreesClassifier"}
"""Simple classifiers of validity, beside the share of valid designs (``mean``)."""


def classify(name: str, columns: npt.ArrayLike, valid: npt.ArrayLike, wanted: npt.ArrayLike, seed: int) -> Floats:
    """(N,) probability of a usable result, from n designs of one kernel; ``valid`` (n,) is 1 or 0.

    ``name`` is ``mean`` or one of :data:`CLASSIFIERS`. Raises PipelineError for an unknown name or no design.
    """
    x, y, z = np.asarray(columns, np.float64), np.asarray(valid), np.asarray(wanted, np.float64)
    if not len(y):
        raise PipelineError("no shots to learn validity from", fix="give at least one")
    if name == "mean" or len(np.unique(y)) == 1:
        return np.full(len(z), float(y.mean()))
    if name not in CLASSIFIERS:
        raise PipelineError(f"there is no classifier {name[:60]!r}", fix=f"choose one of {', '.join(CLASSIFIERS)}")
    from sklearn import ensemble

    forest: Any = getattr(ensemble, CLASSIFIERS[name])(n_estimators=TREES, random_state=seed).fit(x, y)
    return np.asarray(forest.predict_proba(z)[:, 1])
