"""A few-shot learner on tables: what is known beforehand and from other kernels, corrected by a few runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.models.baselines.meta_process import MetaProcess
from pipeline.models.baselines.simple import Estimate, fit_predict
from pipeline.models.baselines.tables import KernelTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Prior:
    """What is known of one kernel's N designs before its shots: the forecasts (N, T) of models that never saw it.

    ``sources`` from trees over other kernels, the first of the meta-process's priors; ``further`` from anything else,
    such as a pre-trained network, as more columns of the trees.
    """

    sources: Floats
    further: tuple[Floats, ...] = ()


def members(table: KernelTable, prior: Prior, process: MetaProcess, shots: Ints, seed: int) -> dict[str, Estimate]:
    """The forecasts that :func:`few_shot` averages, for all N designs.

    ``process``   the meta-process
    ``direct``    extra trees, one forest a target, on values, shared columns and priors
    ``residual``  the same on what the prior from other kernels misses
    ``few-columns``, ``few-columns residual``  likewise on values, estimates of the targets and priors alone
    """
    all_columns = np.hstack([table.coded, table.shared, prior.sources, *prior.further])
    few_columns = np.hstack([table.coded, table.estimated, prior.sources, *prior.further])
    targets = table.targets[shots].astype(np.float64)
    found = {"process": process.condition(table, prior.sources, shots)}
    for name, columns in (("", all_columns), ("few-columns", few_columns)):
        missing = fit_predict("extra-trees", columns[shots], targets - prior.sources[shots], columns, seed)
        found[name or "direct"] = fit_predict("extra-trees", columns[shots], targets, columns, seed)
        found[f"{name} residual".strip()] = Estimate(missing.mean + prior.sources, missing.spread)
    return found


def few_shot(table: KernelTable, prior: Prior, process: MetaProcess, shots: Ints, seed: int) -> Estimate:
    """The mean of the :func:`members`; the spread is the mean of their variances and their disagreement."""
    return combined(list(members(table, prior, process, shots, seed).values()))


def combined(several: list[Estimate], weights: npt.ArrayLike | None = None) -> Estimate:
    """A mixture of estimates: its mean and standard deviation. ``weights`` (M,) or (M, T); equal where None."""
    means = np.stack([one.mean for one in several])
    spreads = np.stack([one.spread for one in several])
    share = np.ones(len(several)) if weights is None else np.asarray(weights, dtype=np.float64)
    share = share.reshape(len(several), 1, -1) / share.reshape(len(several), 1, -1).sum(axis=0)
    mean = (share * means).sum(axis=0)
    return Estimate(mean, np.sqrt((share * (spreads**2 + (means - mean) ** 2)).sum(axis=0)))
