"""Ensembles of trees, member by member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeRegressor
from sklearn.tree._tree import Tree

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

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The grown trees as flat arrays, nodes of all trees after each other: ``sizes`` [k], ``children`` [nodes, 2],
        ``feature`` [nodes], ``threshold`` [nodes] and ``value`` [nodes, t]."""
        grown = [tree.tree_ for tree in self._trees]
        return {
            "sizes": np.array([tree.node_count for tree in grown], dtype=np.int32),
            "children": np.concatenate([np.column_stack([t.children_left, t.children_right]) for t in grown]).astype(
                np.int32
            ),
            "feature": np.concatenate([tree.feature for tree in grown]).astype(np.int16),
            "threshold": np.concatenate([tree.threshold for tree in grown]).astype(np.float32),
            "value": np.concatenate([tree.value[:, :, 0] for tree in grown]).astype(np.float32),
        }

    @staticmethod
    def of_arrays(arrays: Mapping[str, NDArray[Any]], columns: int) -> Trees:
        """Trees of what :meth:`arrays` gave, for inputs of so many columns, rounded to single precision.

        Raises ValueError for arrays that are no trees: lengths that do not fit, nodes or columns that are not there.
        """
        sizes, children = np.asarray(arrays["sizes"]), np.asarray(arrays["children"])
        feature, threshold, value = (np.asarray(arrays[name]) for name in ("feature", "threshold", "value"))
        total = int(sizes.sum())
        if sizes.min(initial=1) < 1 or not total == len(children) == len(feature) == len(threshold) == len(value):
            raise ValueError("the arrays of trees differ in length")
        made = Trees(0, seed=0)
        ends = np.cumsum(sizes)
        for begin, end in zip(ends - sizes, ends, strict=True):
            part = slice(int(begin), int(end))
            made._trees.append(_Grown(children[part], feature[part], threshold[part], value[part], columns))
        return made

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


class _Grown:
    """A tree that was grown elsewhere, as :func:`_raw` asks it."""

    def __init__(
        self, children: NDArray[Any], feature: NDArray[Any], threshold: NDArray[Any], value: NDArray[Any], columns: int
    ) -> None:
        count, leaf = len(children), children[:, 0] < 0
        inner = children[~leaf]
        # Children stand after their parents, so that every walk ends.
        if (inner <= np.flatnonzero(~leaf)[:, None]).any() or (inner >= count).any():
            raise ValueError("a tree's node has no such child")
        if ((feature[~leaf] < 0) | (feature[~leaf] >= columns)).any():
            raise ValueError("a tree asks for a column that is not there")
        tree = Tree(columns, np.ones(value.shape[1], dtype=np.intp), value.shape[1])
        state = tree.__getstate__()
        nodes = np.zeros(count, dtype=_node_type())
        nodes["left_child"], nodes["right_child"] = children[:, 0], children[:, 1]
        nodes["feature"], nodes["threshold"] = feature, threshold
        state |= {"max_depth": count, "node_count": count, "nodes": nodes}
        state["values"] = np.ascontiguousarray(value[:, :, None], dtype=np.float64)
        tree.__setstate__(state)
        self.tree_ = tree


def _node_type() -> np.dtype[Any]:
    """The fields of a node in the scikit-learn that is installed."""
    small = ExtraTreeRegressor(random_state=0).fit(np.zeros((1, 1), np.float32), np.zeros(1))
    kind: np.dtype[Any] = small.tree_.__getstate__()["nodes"].dtype
    return kind


def _raw(tree: Any, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """A tree's answers [n, t] without scikit-learn's checks, which take longer than the tree."""
    answer = tree.tree_.predict(rows)
    return np.asarray(answer.reshape(len(rows), -1), dtype=np.float64)
