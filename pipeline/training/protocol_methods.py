"""The methods that a study compares, each as a forecast for all designs of a kernel from a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.kernels.families import family
from pipeline.models import DesignModel
from pipeline.models.baselines import (
    CLASSIFIERS,
    SIMPLE,
    BaselineEstimate,
    KernelTable,
    MetaProcess,
    ProcessPrior,
    classify,
    coded_values,
    combined,
    fit_few_shot_process,
    fit_predict,
    members,
    predict_from_sources,
)
from pipeline.training.config import TrainingConfig
from pipeline.training.data import KernelDesigns
from pipeline.training.fine_tune import fine_tune
from pipeline.training.forecast import no_less_than_none, predict_designs
from pipeline.training.networks import CHANGES, NETWORKS, network_named
from pipeline.training.steps import StepAdvance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_T = TypeVar("_T")

FEW_SHOT, BEST, ESTIMATOR = "few-shot", "best", "estimator"
METHODS = (*SIMPLE, FEW_SHOT, *NETWORKS, BEST)
"""``few-shot`` is the learner on tables (:mod:`pipeline.models.baselines.few_shot`), ``best`` that learner with the
network ``hmoe-best``; the others are simple regressors on the pragma values and networks."""
WITHOUT_SHOTS = ("mean", ESTIMATOR, FEW_SHOT, *NETWORKS, BEST)
"""The methods that say something about a kernel none of whose designs has run."""
CLASSIFYING = ("mean", *CLASSIFIERS, *NETWORKS)
"""The methods for validity."""
_NETWORK_OF_BEST = "hmoe-best"


def methods_for(chosen: Sequence[str], *, shots: bool, target: str) -> tuple[str, ...]:
    """The methods named, or all there are for a study with or without shots of ``regression`` or ``validity``.

    Raises PipelineError for one that is not among these.
    """
    known = CLASSIFYING if target == "validity" else METHODS if shots else WITHOUT_SHOTS
    if target == "validity" and not shots:
        known = tuple(NETWORKS)
    wrong = [name for name in chosen if name not in known and network_named(name) is None]
    if wrong:
        raise PipelineError(
            f"no method {', '.join(wrong)[:200]} in this study",
            file="--methods",
            fix=f"choose of {', '.join(known)}, or a network with +{', +'.join(CHANGES)}",
        )
    return tuple(chosen) or known


def groups_of(methods: Sequence[str]) -> list[tuple[str, ...]]:
    """Methods that are evaluated together: the simple ones, those of one network, others alone."""
    groups: dict[str, list[str]] = {}
    for name in methods:
        simple = name in SIMPLE or name in CLASSIFIERS or name == ESTIMATOR
        groups.setdefault("" if simple else network_of([name]) or name, []).append(name)
    return [tuple(group) for group in groups.values()]


def network_of(methods: Sequence[str]) -> str | None:
    """The pre-trained network that methods of one group use; None where they use none."""
    used = (_NETWORK_OF_BEST if name == BEST else name for name in methods)
    return next((name for name in used if network_named(name) is not None), None)


def needs_sources(methods: Sequence[str], *, shots: bool) -> bool:
    """Whether any of the methods uses what tables of other kernels teach."""
    return any(name in (FEW_SHOT, BEST) or (name == "mean" and not shots) for name in methods)


@dataclass(frozen=True)
class SourceKnowledge:
    """What tables learn from other kernels: forecasts (N, T) for all designs of a target kernel, the meta-process, and
    the mean (T,) of the sources' designs."""

    forecast: Floats
    process: MetaProcess
    mean: Floats


def table_of(designs: KernelDesigns) -> KernelTable:
    """Designs as models on tables take them. Raises PipelineError where they have no estimates."""
    if designs.estimates is None:
        raise PipelineError(f"the designs of {designs.kernel} have no estimates", fix="load them with estimates")
    return KernelTable(
        designs.kernel, designs.values, designs.graph.site_kind.numpy(), designs.estimates, designs.targets,
        family(designs.kernel),
    )  # fmt: skip


def learn_from_sources(
    sources: Sequence[KernelDesigns], targets: Sequence[KernelDesigns], seed: int
) -> list[SourceKnowledge]:
    """One value per target kernel, from the usable designs of the sources alone."""
    tables = [table_of(one.take(one.usable)) for one in sources if one.usable.any()]
    own, found = predict_from_sources(tables, [table_of(one) for one in targets], seed)
    process = fit_few_shot_process(tables, own, seed)
    mean = np.nanmean(np.concatenate([table.targets for table in tables]), axis=0).astype(np.float64)
    return [SourceKnowledge(forecast, process, mean) for forecast in found]


def forecasts(
    methods: Sequence[str],
    designs: KernelDesigns,
    shots: Ints,
    seed: int,
    model: DesignModel | None = None,
    tune: TrainingConfig | None = None,
    known: SourceKnowledge | None = None,
    advance: StepAdvance | None = None,
) -> dict[str, BaselineEstimate]:
    """The forecasts of methods for all N designs of a kernel after the targets of the rows ``shots``.

    ``model`` is the pre-trained network of the methods that have one, and is fine-tuned on the shots as ``tune`` says,
    where there are any and it says so; ``known`` what tables of other kernels teach. ``advance`` is told of each epoch
    of that and of each method. Raises PipelineError where a
    method lacks what it needs.
    """
    found: dict[str, BaselineEstimate] = {}
    before = None if model is None else _network(model, designs)
    tuned = before
    if model is not None and len(shots) and tune is not None:
        tuned = _network(fine_tune(model, designs, shots, tune, advance=advance), designs)
    for name in methods:
        if network_named(name) is not None:
            found[name] = _there(tuned, name, "a pre-trained network")
        elif name == ESTIMATOR:
            found[name] = _certain(table_of(designs).estimated)
        elif name in SIMPLE and len(shots):
            columns = coded_values(designs.values, designs.graph.site_kind.numpy())
            found[name] = fit_predict(name, columns[shots], designs.targets[shots], columns, seed)
        else:
            other = _there(known, name, "what other kernels teach")
            if name == "mean":
                found[name] = _certain(np.tile(other.mean, (len(designs), 1)))
            elif name == FEW_SHOT:
                found[name] = _few_shot(designs, other, shots, seed, None, None)
            else:
                found[name] = _few_shot(designs, other, shots, seed, _there(before, name, "a network"), tuned)
        if advance is not None:
            advance(1, name)
    return {name: replace(one, mean=no_less_than_none(one.mean)) for name, one in found.items()}


def _network(model: DesignModel, designs: KernelDesigns) -> BaselineEstimate:
    forecast = predict_designs(model, designs)
    if forecast.targets is None or forecast.spread is None:
        raise PipelineError("the model is a classifier", fix="give one for regression")
    return BaselineEstimate(forecast.targets.astype(np.float64), forecast.spread.astype(np.float64))


def _few_shot(
    designs: KernelDesigns,
    known: SourceKnowledge,
    shots: Ints,
    seed: int,
    before: BaselineEstimate | None,
    tuned: BaselineEstimate | None,
) -> BaselineEstimate:
    """The learner on tables; with a network its forecast before fine-tuning is a column of the trees, and the one after
    it one more member of the mixture."""
    if not len(shots):
        prior = _certain(known.forecast)
        return prior if before is None else combined([prior, before])
    prior_of = ProcessPrior(known.forecast, () if before is None else (before.mean,))
    several = list(members(table_of(designs), prior_of, known.process, shots, seed).values())
    return combined(several if tuned is None else [*several, tuned])


def _certain(mean: Floats) -> BaselineEstimate:
    """A forecast that says nothing of its spread."""
    return BaselineEstimate(mean, np.zeros_like(mean))


def _there(value: _T | None, method: str, what: str) -> _T:
    if value is None:
        raise PipelineError(f"the method {method} lacks {what}", fix="give it, or leave the method out")
    return value


def validity_forecasts(
    methods: Sequence[str],
    designs: KernelDesigns,
    shots: Ints,
    seed: int,
    model: DesignModel | None = None,
    tune: TrainingConfig | None = None,
    advance: StepAdvance | None = None,
) -> dict[str, Floats]:
    """The probability (N,) of a usable result by each method, for all designs of a kernel; as :func:`forecasts`."""
    found: dict[str, Floats] = {}
    columns = coded_values(designs.values, designs.graph.site_kind.numpy())
    for name in methods:
        if network_named(name) is None:
            found[name] = classify(name, columns[shots], designs.valid[shots], columns, seed)
        else:
            network = _there(model, name, "a pre-trained network")
            if len(shots) and tune is not None:
                network = fine_tune(network, designs, shots, tune, advance=advance)
            valid = predict_designs(network, designs).valid
            found[name] = _there(valid, name, "a classifier").astype(np.float64)
        if advance is not None:
            advance(1, name)
    return found
