"""Trees over many kernels: what the estimate of a design still misses, learned on other kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.models.baselines.tables import KernelTable

Floats = npt.NDArray[np.float64]

_TREES = 100
_FOLDS = 8


def predict_from_sources(
    sources: Sequence[KernelTable], wanted: Sequence[KernelTable], seed: int
) -> tuple[list[Floats], list[Floats]]:
    """Predictions (N, T) for each source kernel from other source kernels, and for each wanted table from all of them.

    Extremely randomised trees on the columns that kernels share; they predict a target less its estimate. A kernel
    counts with the square root of its designs. Those of the sources come from folds that leave whole kernels and their
    families out, so that they are as good, and as bad, as for a new kernel. Raises PipelineError with fewer than two
    source kernels.
    """
    kernels = len({table.name for table in sources})
    if kernels < 2:
        raise PipelineError(f"{kernels} source kernels to learn from", fix="give designs of at least two kernels")
    # Kernels of one family teach each other nearly themselves; where there is but one family, each is on its own.
    one_family = len({table.family or table.name for table in sources}) < 2
    group = {table.name: table.name if one_family else table.family or table.name for table in sources}
    names = sorted(set(group.values()))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[place]: number % _FOLDS for number, place in enumerate(order)}
    own: list[Floats] = [np.empty(0)] * len(sources)
    for fold in sorted(set(fold_of.values())):
        trees = _fit([table for table in sources if fold_of[group[table.name]] != fold], seed)
        for number, table in enumerate(sources):
            if fold_of[group[table.name]] == fold:
                own[number] = _predict(trees, table)
    trees = _fit(sources, seed)
    return own, [_predict(trees, table) for table in wanted]


def _fit(tables: Sequence[KernelTable], seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    missing = np.concatenate([table.targets - table.estimated for table in tables])
    columns = np.concatenate([table.shared for table in tables])
    weights = np.concatenate([np.full(len(table), len(table) ** -0.5) for table in tables])
    known = ~np.isnan(missing).any(axis=1)
    if not known.any():
        raise PipelineError("no source design has all targets", fix="give other sources")
    trees = ExtraTreesRegressor(_TREES, min_samples_leaf=2, max_features=0.5, random_state=seed)
    return trees.fit(columns[known], missing[known], sample_weight=weights[known])


def _predict(trees: Any, table: KernelTable) -> Floats:
    return np.asarray(table.estimated + trees.predict(table.shared), dtype=np.float64)
