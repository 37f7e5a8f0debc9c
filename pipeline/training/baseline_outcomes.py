"""What a model has to beat on its own data: the mean, a forest and the estimate alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.models.baselines import coded_values, value_summary
from pipeline.models.config import TARGETS
from pipeline.training.data import KernelDesigns
from pipeline.training.prediction_table import VALID, prediction_table

Floats = npt.NDArray[np.float64]

BASELINES = (
    "mean and forest learn from the same designs as the model: those of the same kernel where there are some, on its "
    "pragma values; for a kernel without any from all others, on figures that compare (sums of pragma values, the "
    "estimate where there is one). estimate is the analytical model alone."
)
_TREES = 50


def baseline_predictions(
    data: Sequence[KernelDesigns], sides: Sequence[npt.NDArray[np.str_]], task: str, *, learned_from: str, seed: int
) -> dict[str, pa.Table]:
    """Tables as :data:`~pipeline.training.prediction_table.PREDICTIONS` by method, of all sides but ``learned_from``.

    ``task`` is ``regression`` or ``validity``. A method that says nothing of some of the designs is left out; so are
    all where nothing was learned from or nothing is left.
    """
    counting = [one.usable if task == "regression" else one.valid >= 0 for one in data]
    learned = [one.take(count & (side == learned_from)) for one, count, side in zip(data, counting, sides, strict=True)]
    tables: dict[str, list[pa.Table]] = {"mean": [], "forest": [], "estimate": []}
    if not any(len(one) for one in learned):
        return {}
    across: tuple[Floats, Floats] | None = None
    for one, own, count, side in zip(data, learned, counting, sides, strict=True):
        rows = count & (side != learned_from)
        if not rows.any():
            continue
        rest = one.take(rows)
        if len(own):
            kinds = one.graph.site_kind.numpy()
            x, wanted = coded_values(own.values, kinds), coded_values(rest.values, kinds)
            y = _labels(own, task)
        else:
            if across is None:
                known = [each for each in learned if len(each)]
                across = (
                    np.concatenate([_comparable(each) for each in known]),
                    np.concatenate([_labels(each, task) for each in known]),
                )
            (x, y), wanted = across, _comparable(rest)
        found = {"mean": np.tile(y.mean(0), (len(rest), 1)), "forest": _forest(x, y, wanted, seed)}
        if task == "regression" and rest.estimates is not None and (rest.estimates[:, len(TARGETS)] > 0).all():
            found["estimate"] = rest.estimates[:, : len(TARGETS)].astype(np.float64)
        for name, predicted in found.items():
            names = TARGETS if task == "regression" else (VALID,)
            tables[name].append(prediction_table(rest, side[rows], names, predicted))
    whole = len(tables["mean"])
    return {name: pa.concat_tables(found) for name, found in tables.items() if found and len(found) == whole}


def _labels(designs: KernelDesigns, task: str) -> Floats:
    found = designs.targets if task == "regression" else designs.valid[:, None]
    return np.asarray(found, dtype=np.float64)


def _comparable(designs: KernelDesigns) -> Floats:
    """Columns that mean the same for every kernel."""
    summary = value_summary(designs.values, designs.graph.site_kind.numpy())
    return summary if designs.estimates is None else np.hstack([summary, designs.estimates.astype(np.float64)])


def _forest(x: Floats, y: Floats, wanted: Floats, seed: int) -> Floats:
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(_TREES, random_state=seed).fit(x, y if y.shape[1] > 1 else y[:, 0])
    return np.asarray(forest.predict(wanted), dtype=np.float64).reshape(len(wanted), -1)
