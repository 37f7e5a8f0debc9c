"""Strategies by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.exploration.acquisitions import ACQUISITIONS
from pipeline.exploration.coreset import UNLEARNED
from pipeline.exploration.objective import Objective
from pipeline.exploration.portfolio import PortfolioStrategy
from pipeline.exploration.strategy import SurrogateStrategy
from pipeline.exploration.surrogates import SURROGATES, SurrogateRequest
from pipeline.exploration.types import ForecastBeforehand, Strategy

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses

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
    seed: int = 0,
) -> Strategy:
    """The strategy of that name.

    ``auto``, ``random``, ``coreset``, or SURROGATE-ACQUISITION such as ``transfer-ei``; several joined by + share
    every batch (:class:`~pipeline.exploration.portfolio.PortfolioStrategy`). The names are those of
    :data:`~pipeline.exploration.surrogates.SURROGATES` and
    :data:`~pipeline.exploration.acquisitions.ACQUISITIONS`.

    ``auto`` takes what did best in the replay studies among what is at hand. Raises PipelineError for an unknown name,
    or where what the surrogate needs is missing.
    """
    objective = objective or Objective()
    if name == "auto":
        name = _best(objective, prior, processes)
    if "+" in name:
        parts = name.split("+")
        members = [
            make_strategy(part, objective=objective, prior=prior, processes=processes, seed=seed) for part in parts
        ]
        return PortfolioStrategy(name, members)
    if name in UNLEARNED:
        return UNLEARNED[name]()
    kind, _, way = name.partition("-")
    if kind not in SURROGATES or way not in ACQUISITIONS:
        raise PipelineError(
            f"there is no search strategy {name!r}",
            fix=f"use auto, {', '.join(UNLEARNED)}, or one of {', '.join(SURROGATES)} with -{', -'.join(ACQUISITIONS)}",
        )
    acquisition, surrogate = ACQUISITIONS[way], SURROGATES[kind]
    if acquisition.costs > objective.dimensions:
        raise PipelineError(f"{way} is for the objective pareto", fix="use ei, or the objective pareto")
    if surrogate.needs_processes and (prior is None or processes is None):
        raise PipelineError(
            "too few kernels are known to learn from how designs resemble each other",
            fix="use transfer or forest, or name sources with more kernels",
        )
    if surrogate.needs_prior and prior is None:
        raise PipelineError("there are no designs of other kernels to learn from", fix="use forest, or name sources")
    request = SurrogateRequest(
        seed, prior if surrogate.needs_prior else None, processes if surrogate.needs_processes else None
    )
    return SurrogateStrategy(name, lambda: surrogate.make(request), acquisition, objective)


def _best(objective: Objective, prior: ForecastBeforehand | None, processes: MetaProcesses | None) -> str:
    if objective.dimensions == 1 and prior is not None:
        return PORTFOLIO if processes is not None else PORTFOLIO_OF_FEW
    return f"{'transfer' if prior is not None else 'forest'}-{best_acquisition(objective)}"


def best_acquisition(objective: Objective) -> str:
    """The acquisition that did best in the replay studies."""
    return "ehvi" if objective.dimensions > 1 else "ei"
