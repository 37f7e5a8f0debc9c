"""Strategies by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.exploration.acquisition import ACQUISITIONS
from pipeline.exploration.coreset import CoresetStrategy, RandomStrategy
from pipeline.exploration.portfolio import PortfolioStrategy
from pipeline.exploration.strategy import SurrogateStrategy
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.exploration.surrogates.gaussian import GaussianSurrogate
from pipeline.exploration.surrogates.model import ModelForecast, ModelSurrogate
from pipeline.exploration.types import ForecastBeforehand, Objective, Strategy, Surrogate

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses

SURROGATES = ("forest", "gp", "transfer", "transfergp", "metagp", "model")
"""What learns; ``transfer`` is the forest on top of a prior, ``transfergp`` the Gaussian process on top of one,
``metagp`` the same with hyperparameters that were learned on other kernels too."""


PORTFOLIO = "metagp-ei+transfer-thompson"
"""What did best in the replay studies on top of a prior: two surrogates that err differently share each batch."""

PORTFOLIO_OF_FEW = "transfergp-ei+transfer-thompson"
"""The same where too few kernels are known to learn hyperparameters from."""


def make_strategy(
    name: str = "auto",
    *,
    objective: Objective | None = None,
    prior: ForecastBeforehand | None = None,
    processes: MetaProcesses | None = None,
    model: ModelForecast | None = None,
    seed: int = 0,
) -> Strategy:
    """The strategy of that name.

    ``auto``, ``random``, ``coreset``, or SURROGATE-ACQUISITION such as ``transfer-ei``; several joined by + share
    every batch (:class:`~pipeline.exploration.portfolio.PortfolioStrategy`). Surrogates: ``forest`` and
    ``gp`` learn on this kernel alone, ``transfer`` and ``transfergp`` on top of ``prior``, ``metagp`` by ``processes``
    on top of ``prior``, ``model`` asks ``model``.
    Acquisitions: ``exploit``, ``ucb``, ``thompson``, ``ei``, and ``ehvi`` for the objective ``pareto``.

    ``auto`` takes what did best in the replay studies among what is at hand. Raises PipelineError for an unknown name,
    or where the prior, the processes or the model are missing.
    """
    objective = objective or Objective()
    if name == "auto":
        name = _best(objective, prior, processes, model)
    if "+" in name:
        parts = name.split("+")
        members = [
            make_strategy(part, objective=objective, prior=prior, processes=processes, model=model, seed=seed)
            for part in parts
        ]
        return PortfolioStrategy(name, members)
    if name == "random":
        return RandomStrategy()
    if name == "coreset":
        return CoresetStrategy()
    kind, _, acquisition = name.partition("-")
    if kind not in SURROGATES or acquisition not in (*ACQUISITIONS, "ehvi"):
        raise PipelineError(
            f"there is no search strategy {name!r}",
            fix=f"use auto, random, coreset, or one of {', '.join(SURROGATES)} with -"
            f"{', -'.join((*ACQUISITIONS, 'ehvi'))}",
        )
    if acquisition == "ehvi" and objective.dimensions == 1:
        raise PipelineError("ehvi is for the objective pareto", fix="use ei, or the objective pareto")
    return SurrogateStrategy(name, _maker(kind, prior, processes, model, seed), acquisition, objective)


def _best(
    objective: Objective, prior: ForecastBeforehand | None, processes: MetaProcesses | None, model: ModelForecast | None
) -> str:
    if objective.dimensions == 1 and prior is not None:
        return PORTFOLIO if processes is not None else PORTFOLIO_OF_FEW
    acquisition = "ehvi" if objective.dimensions > 1 else "ei"
    return f"{'transfer' if prior is not None else 'model' if model is not None else 'forest'}-{acquisition}"


def _maker(
    kind: str,
    prior: ForecastBeforehand | None,
    processes: MetaProcesses | None,
    model: ModelForecast | None,
    seed: int,
) -> Callable[[], Surrogate]:
    if kind == "model":
        if model is None:
            raise PipelineError("there is no model to search with", fix="train one, or use transfer or forest")
        return lambda: ModelSurrogate(model)
    if kind == "metagp":
        if prior is None or processes is None:
            raise PipelineError(
                "too few kernels are known to learn from how designs resemble each other",
                fix="use transfer or forest, or name sources with more kernels",
            )
        from pipeline.exploration.surrogates.meta import MetaSurrogate

        known_processes, known_prior = processes, prior
        return lambda: MetaSurrogate(known_processes, known_prior)
    if kind.startswith("transfer") and prior is None:
        raise PipelineError("there are no designs of other kernels to learn from", fix="use forest, or name sources")
    known = prior if kind.startswith("transfer") else None
    if kind.endswith("gp"):
        return lambda: GaussianSurrogate(seed=seed, prior=known)
    return lambda: ForestSurrogate(seed=seed, prior=known)
