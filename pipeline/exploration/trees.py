"""Ensembles of trees, member by member."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeRegressor

from pipeline.exploration.types import Floats

_CHUNK = 65_536


class Trees:
    """Extremely randomised trees (Machine Learning 63, 2006) for several targets, with the answers of each tree."""

    def __init__(self, trees: int, *, seed: int, least_leaf: int = 1, columns: float = 0.7) -> None:
        draws = np.random.default_rng(seed).integers(2**31, size=trees)
        # Grown one by one: scikit-learn's forest spends as long on making a small tree's copy as on growing it.
        self._trees = [
            ExtraTreeRegressor(min_samples_leaf=least_leaf, max_features=columns, random_state=int(draw))
            for draw in draws
        ]

    def fit(self, inputs: Floats, targets: Floats, weights: Floats | None = None) -> Trees:
        """Learns ``targets`` [n, t] from ``inputs`` [n, c]."""
        rows = np.ascontiguousarray(inputs, dtype=np.float32)
        wanted = np.ascontiguousarray(targets, dtype=np.float64)
        for tree in self._trees:
            tree.fit(rows, wanted, sample_weight=weights, check_input=False)
        return self

    def members(self, inputs: Floats) -> NDArray[np.float64]:
        """[k, n, t] answers of each of the k trees."""
        rows = np.ascontiguousarray(inputs, dtype=np.float32)
        return np.stack([_raw(tree, rows) for tree in self._trees])

    def moments(self, inputs: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over the trees, [n, t] each; never all trees' answers in memory at once."""
        rows = np.ascontiguousarray(inputs, dtype=np.float32)
        parts = []
        for begin in range(0, len(rows), _CHUNK):
            total: Any = 0.0
            squares: Any = 0.0
            for tree in self._trees:
                answer = _raw(tree, rows[begin : begin + _CHUNK])
                total, squares = total + answer, squares + answer**2
            mean = total / len(self._trees)
            parts.append((mean, np.sqrt(np.maximum(squares / len(self._trees) - mean**2, 0.0))))
        if not parts:
            empty = np.zeros((0, 1))
            return empty, empty
        return np.concatenate([mean for mean, _ in parts]), np.concatenate([spread for _, spread in parts])


def _raw(tree: Any, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """A tree's answers [n, t] without scikit-learn's checks, which take longer than the tree."""
    answer = tree.tree_.predict(rows)
    return np.asarray(answer.reshape(len(rows), -1), dtype=np.float64)
