"""A few-shot learner on tables: what is known beforehand and from other kernels, corrected by a few runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.models.baselines.meta_process import MetaProcess, ProcessInputs, fit_meta_process
from pipeline.models.baselines.simple import BaselineEstimate
from pipeline.models.baselines.tables import KernelTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TREES = 100
_LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class ProcessPrior:
    """What is known of one kernel's N designs before its shots: the forecasts (N, T) of models that never saw it.

    ``sources`` from trees over other kernels, the first of the meta-process's priors; ``further`` from anything else,
    such as a pre-trained network, as more columns of the trees.
    """

    sources: Floats
    further: tuple[Floats, ...] = ()


def members(
    table: KernelTable, prior: ProcessPrior, process: MetaProcess, shots: Ints, seed: int
) -> dict[str, BaselineEstimate]:
    """The forecasts that :func:`few_shot` averages, for all N designs.

    ``process``   the meta-process
    ``direct``    extra trees, one forest a target, on values, shared columns and priors
    ``residual``  the same on what the prior from other kernels misses
    ``few-columns``, ``few-columns residual``  likewise on values, estimates of the targets and priors alone, with one
                  forest for all targets

    Raises PipelineError where a shot lacks a target or there is no shot.
    """
    all_columns = np.hstack([table.coded, table.shared, prior.sources, *prior.further])
    few_columns = np.hstack([table.coded, table.estimated, prior.sources, *prior.further])
    targets = table.targets[shots].astype(np.float64)
    if not len(shots) or np.isnan(targets).any():
        raise PipelineError(f"shots of {table.name} without all targets", fix="choose designs that have all of them")
    missing = targets - prior.sources[shots]
    return {
        "process": process.condition(_process_inputs(table, prior.sources), targets, shots),
        "direct": _each(all_columns, targets, shots, seed),
        "residual": _moved(_each(all_columns, missing, shots, seed), prior.sources),
        "few-columns": _together(few_columns, targets, shots, seed),
        "few-columns residual": _moved(_together(few_columns, missing, shots, seed), prior.sources),
    }


def fit_few_shot_process(tables: Sequence[KernelTable], priors: Sequence[Floats], seed: int) -> MetaProcess:
    """The meta-process of :func:`few_shot`; ``priors`` holds a prediction (N, T) per table that did not see its kernel.

    Raises PipelineError as :func:`~pipeline.models.baselines.meta_process.fit_meta_process`.
    """
    return fit_meta_process(
        [
            (_process_inputs(table, prior), table.targets.astype(np.float64))
            for table, prior in zip(tables, priors, strict=True)
        ],
        seed,
    )


def _process_inputs(table: KernelTable, prior: Floats) -> ProcessInputs:
    """The priors of a target are its estimate and the prediction of other kernels' trees."""
    priors = np.stack([table.estimated, prior], axis=-1)
    return ProcessInputs(np.hstack([table.shared, prior]), table.blocks, priors)


def _each(columns: Floats, targets: Floats, shots: Ints, seed: int) -> BaselineEstimate:
    """One forest per target."""
    found = [_forest(columns, target[:, None], shots, seed) for target in targets.T]
    return BaselineEstimate(np.hstack([one.mean for one in found]), np.hstack([one.spread for one in found]))


def _together(columns: Floats, targets: Floats, shots: Ints, seed: int) -> BaselineEstimate:
    """One forest for all targets, each in units of its spread."""
    unit = targets.std(axis=0) + _LEAST_SPREAD
    found = _forest(columns, targets / unit, shots, seed)
    return BaselineEstimate(found.mean * unit, found.spread * unit)


def _forest(columns: Floats, targets: Floats, shots: Ints, seed: int) -> BaselineEstimate:
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(_TREES, random_state=seed).fit(
        columns[shots], targets[:, 0] if targets.shape[1] == 1 else targets
    )
    inputs = columns.astype(np.float32)
    each = np.stack([tree.predict(inputs).reshape(len(columns), -1) for tree in forest.estimators_])
    return BaselineEstimate(each.mean(axis=0), each.std(axis=0))


def _moved(estimate: BaselineEstimate, by: Floats) -> BaselineEstimate:
    return BaselineEstimate(estimate.mean + by, estimate.spread)


def few_shot(table: KernelTable, prior: ProcessPrior, process: MetaProcess, shots: Ints, seed: int) -> BaselineEstimate:
    """The mean of the :func:`members`; the spread is the mean of their variances and their disagreement."""
    return combined(list(members(table, prior, process, shots, seed).values()))


def combined(several: list[BaselineEstimate], weights: npt.ArrayLike | None = None) -> BaselineEstimate:
    """A mixture of estimates: its mean and standard deviation. ``weights`` (M,) or (M, T); equal where None."""
    means = np.stack([one.mean for one in several])
    spreads = np.stack([one.spread for one in several])
    share = np.ones(len(several)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share.reshape(len(several), 1, -1) / share.reshape(len(several), 1, -1).sum(axis=0)
    mean = (share * means).sum(axis=0)
    return BaselineEstimate(mean, np.sqrt((share * (spreads**2 + (means - mean) ** 2)).sum(axis=0)))
