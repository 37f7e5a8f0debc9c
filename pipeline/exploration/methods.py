"""The methods that a study compares, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.exploration.acquisitions import ACQUISITIONS
from pipeline.exploration.baselines import BASELINES, PoolView
from pipeline.exploration.coreset import RANDOM as RANDOM
from pipeline.exploration.coreset import CoresetStrategy, RandomStrategy
from pipeline.exploration.factory import PORTFOLIO, PORTFOLIO_OF_FEW, make_strategy
from pipeline.exploration.objective import Objective
from pipeline.exploration.replay import Pool, Replayed, replay
from pipeline.exploration.surrogates import SURROGATES
from pipeline.exploration.types import ForecastBeforehand, Strategy

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses

WITHOUT_LOOP = "prior-top"
"""The best by the prior alone, nothing learned from the runs: the way of the papers' offline searches."""

KNOWING_NOTHING = (*BASELINES, "cold-forest", "coreset-forest", "forest-ei", "gp-ei")
"""The methods that know nothing beforehand."""

FOR_THE_FRONT = "transfer-ehvi"
"""The one that seeks the front of cycles and resources instead of the fewest cycles."""

METHODS = (
    *KNOWING_NOTHING, WITHOUT_LOOP, "transfer-exploit", "transfer-ucb",
    "transfer-thompson", "transfer-ei", FOR_THE_FRONT, "transfergp-ei", PORTFOLIO_OF_FEW, "metagp-ei", PORTFOLIO,
)  # fmt: skip
"""All that a study compares by default. ``cold-forest`` begins with random designs and goes on by the upper confidence
bound, ``coreset-forest`` begins with a k-means coreset and goes on by expected improvement."""


def check_methods(names: tuple[str, ...]) -> tuple[str, ...]:
    """The methods named, or all; PipelineError for an unknown one.

    Strategies joined by + share every batch, as in ``gp-ei+transfer-ei``.
    """
    for name in names:
        if name not in METHODS and not all("+" in name and _is_strategy(part) for part in name.split("+")):
            raise PipelineError(
                f"there is no search method {name!r}",
                fix=f"use some of {', '.join(METHODS)}, or strategies joined by +",
            )
    return names or METHODS


def needs_prior(method: str) -> bool:
    """Whether a method uses what is known of other kernels at all."""
    return method not in KNOWING_NOTHING


def needs_processes(method: str) -> bool:
    """Whether a method uses what other kernels teach of how designs resemble each other."""
    kinds = (part.partition("-")[0] for part in method.split("+"))
    return any(SURROGATES[kind].needs_processes for kind in kinds if kind in SURROGATES)


def _is_strategy(name: str) -> bool:
    kind, _, way = name.partition("-")
    return kind in SURROGATES and way in ACQUISITIONS and ACQUISITIONS[way].costs == 1


def searched(
    method: str,
    pool: Pool,
    sites: PoolView,
    prior: ForecastBeforehand | None,
    processes: MetaProcesses | None = None,
    *,
    objective: Objective,
    budget: int,
    batch: int,
    seed: int,
) -> Replayed:
    """What a method runs on a pool; ``prior`` and ``processes`` were learned on other kernels; a method
    that uses none needs none."""
    if method in BASELINES:
        return Replayed(tuple(BASELINES[method](sites, budget, seed)), ())
    if method == "cold-forest":
        strategy = make_strategy("forest-ucb", objective=objective, seed=seed)
        return replay(strategy, pool, budget=budget, batch=batch, seed=seed, first=RandomStrategy())
    if method == "coreset-forest":
        strategy = make_strategy("forest-ei", objective=objective, seed=seed)
        return replay(strategy, pool, budget=budget, batch=batch, seed=seed, first=CoresetStrategy())
    if method == FOR_THE_FRONT:
        objective = replace(objective, goal="pareto", terms=())
    if method == WITHOUT_LOOP:
        strategy = make_strategy("transfer-exploit", objective=objective, prior=prior, seed=seed)
        return replay(strategy, pool, budget=budget, batch=budget, seed=seed)
    chosen: Strategy = make_strategy(method, objective=objective, prior=prior, processes=processes, seed=seed)
    return replay(chosen, pool, budget=budget, batch=batch, seed=seed)
