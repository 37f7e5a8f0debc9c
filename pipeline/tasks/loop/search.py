"""What a loop searches with: candidates, what is known of them, and the strategy that proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, nearest

if TYPE_CHECKING:
    import numpy as np

    from pipeline.design_space import Point
    from pipeline.exploration import Candidates, Outcome, Round, Strategy
    from pipeline.exploration.features import KernelFeatures
    from pipeline.tasks.loop.settings import Loop
    from pipeline.tasks.plan import Plan


@dataclass(frozen=True)
class Search:
    """Candidates of one kernel, and what chooses among them."""

    candidates: Candidates
    strategy: Strategy

    def propose(self, outcomes: Sequence[Outcome], count: int, rng: np.random.Generator) -> Round:
        """What the strategy proposes; nothing where all candidates have been run."""
        from pipeline.exploration import Round

        if self.candidates.complete and len(outcomes) == self.candidates.size:
            return Round((), exhausted=True)
        return self.strategy.propose(self.candidates, outcomes, count, rng)


def pool_of(plan: Plan) -> list[tuple[str, Point]]:
    """The cached designs whose points are known: all that replay can pick."""
    return [(key, point) for key, point in plan.backend.store.designs(plan.address) if point is not None]


def points_of(plan: Plan, keys: Sequence[str]) -> list[tuple[str, Point | None]]:
    """Each key with its point, of designs that may be picked."""
    from pipeline.design_space import parse_key

    if plan.replays:
        cached = dict(pool_of(plan))
        return [(key, cached[key]) for key in keys]
    assert plan.space is not None
    return list(zip(keys, plan.space.decode(plan.space.encode([parse_key(key) for key in keys])), strict=True))


def features_of(loop: Loop, plan: Plan) -> KernelFeatures:
    """What is told of the kernel's designs; estimates are left out where the loop starts from nothing."""
    from pipeline.tasks.estimator_device import device_of
    from pipeline.tasks.loop.featurise import kernel_features

    if plan.replays:
        sites = {name for _, point in pool_of(plan) for name in point}
    else:
        assert plan.space is not None
        sites = set(plan.space.names)
    device = device_of(plan.address.flow) if loop.warm_start != "none" else None
    return kernel_features(plan.kernel, plan.address.flow.dialect, sites, device=device)


def candidates_of(loop: Loop, plan: Plan, facts: KernelFeatures) -> Candidates:
    """The designs that may be picked: cached ones under replay, else the design space."""
    from pipeline.exploration.candidates import pool_candidates, space_candidates

    if not plan.replays:
        assert plan.space is not None
        return space_candidates(plan.space, facts, seed=loop.seed)
    pool = pool_of(plan)
    if not pool:
        raise PipelineError(
            f"none of the cached reports of {plan.name} from {plan.source} says which design it is of",
            fix="import reports with their design points, or use --backend estimator",
        )
    return pool_candidates(pool, facts)


def search_of(loop: Loop, plan: Plan, model: Path, *, acquisition: str | None = None) -> Search:
    """The search of a loop on one kernel; ``model`` is the file that the round's training left, where it left one.

    ``acquisition`` takes the place of the loop's own. Raises PipelineError for names that do not go together.
    """
    facts = features_of(loop, plan)
    return Search(
        candidates_of(loop, plan, facts), _strategy(loop, plan, facts, model, acquisition or loop.acquisition)
    )


def check_search(loop: Loop) -> None:
    """Raises PipelineError for a surrogate or an acquisition that there is not, before anything is run."""
    from pipeline.exploration import SURROGATES, make_strategy
    from pipeline.exploration.acquisition import ACQUISITIONS
    from pipeline.tasks.loop.model import HMOE, uses_model

    known = ("auto", *(name for name in SURROGATES if name != "model"), HMOE)
    ways = ("auto", "random", "coreset", *ACQUISITIONS, "ehvi")
    for option, chosen, names in (("surrogate", loop.surrogate, known), ("acquisition", loop.acquisition, ways)):
        if chosen not in names:
            meant = nearest(chosen, names)
            raise PipelineError(
                f"--{option} {chosen[:40]!r}",
                fix=(f"did you mean {meant}? " if meant else "") + f"it is one of {', '.join(names)}",
            )
    uses_model(loop)
    if loop.acquisition not in ("auto", "random", "coreset"):
        make_strategy(f"forest-{loop.acquisition}", objective=loop.goal)
    if loop.surrogate in ("transfer", "transfergp", "metagp") and loop.warm_start not in ("auto", "reports"):
        raise PipelineError(
            f"--surrogate {loop.surrogate} has nothing to learn from under --warm-start {loop.warm_start}",
            fix="leave --warm-start out, or use --surrogate forest",
        )


def uses_processes(loop: Loop) -> bool:
    """Whether the search may use what other kernels teach of how designs resemble each other."""
    if loop.surrogate == "metagp":
        return True
    return loop.surrogate == "auto" and loop.acquisition == "auto" and loop.goal.dimensions == 1


def _strategy(loop: Loop, plan: Plan, facts: KernelFeatures, model: Path, acquisition: str) -> Strategy:
    from pipeline.exploration import Prior, make_strategy
    from pipeline.exploration.portfolio import shared
    from pipeline.tasks.loop.model import model_strategy, uses_model
    from pipeline.tasks.loop.warm import histories_of, processes_of

    if acquisition in ("random", "coreset"):
        return make_strategy(acquisition, objective=loop.goal)
    tuned = model_strategy(loop, plan, facts, model, acquisition) if uses_model(loop) else None
    if tuned is not None and (loop.surrogate != "auto" or acquisition != "auto" or loop.goal.dimensions > 1):
        return tuned
    histories = [] if loop.surrogate == "forest" else histories_of(loop)
    learnable = any(outcome.usable for history in histories for outcome in history.outcomes)
    prior = Prior.fit(histories, seed=loop.seed) if learnable else None
    if acquisition == "auto":
        acquisition = "ehvi" if loop.goal.dimensions > 1 else "ei"
        if loop.surrogate == "auto":
            best = make_strategy("auto", objective=loop.goal, prior=prior, processes=processes_of(loop), seed=loop.seed)
            return best if tuned is None else shared([best, tuned])
    kind = loop.surrogate if loop.surrogate != "auto" else "forest" if prior is None else "transfer"
    return make_strategy(
        f"{kind}-{acquisition}", objective=loop.goal, prior=prior, processes=processes_of(loop), seed=loop.seed
    )
