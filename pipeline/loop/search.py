"""What a loop searches with: candidates, what is known of them, and the strategy that proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.exploration import SURROGATES, Round, SpaceCandidates, best_acquisition, make_strategy
from pipeline.exploration.coreset import UNLEARNED
from pipeline.exploration.evolution import GENERATIONS, POPULATION
from pipeline.exploration.portfolio import PortfolioStrategy
from pipeline.loop.candidates import candidates_of, features_of
from pipeline.loop.histories import histories_of, processes_of

if TYPE_CHECKING:
    import numpy as np

    from pipeline.exploration import Candidates, SearchOutcome, Strategy
    from pipeline.exploration.features import KernelFeatures
    from pipeline.exploration.types import ForecastBeforehand
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis.plan import KernelPlan


class Told(Protocol):
    """Hears how many more designs have estimates, and about how many more there will be."""

    def __call__(self, steps: int = 1, *, more: int = 0) -> None:
        """``steps`` are done, ``more`` are to come beside those told of before."""


@dataclass(frozen=True)
class Search:
    """Candidates of one kernel, and what chooses among them."""

    candidates: Candidates
    strategy: Strategy

    def propose(self, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator) -> Round:
        """What the strategy proposes; nothing where all candidates have been run."""
        run = self.candidates.rows([outcome.key for outcome in outcomes])
        if self.candidates.complete and len(run) == self.candidates.size:
            return Round((), exhausted=True)
        return self.strategy.propose(self.candidates, outcomes, count, rng)


def model_of_round(loop: ClosedLoop, plan: KernelPlan, number: int) -> Path:
    """The model file that a round's training left for a kernel, where the loop uses one."""
    return loop.train_folder(number) / f"{plan.name}.safetensors"


def search_of(
    loop: ClosedLoop,
    plan: KernelPlan,
    model: Path,
    *,
    acquisition: str | None = None,
    told: Told | None = None,
) -> Search:
    """The search of a loop on one kernel; ``model`` is the file that the round's training left, where it left one.

    ``acquisition`` takes the place of the loop's own; ``told`` hears of estimates as they are made. Raises
    PipelineError for names that do not go together.
    """
    facts = features_of(loop, plan)
    candidates = candidates_of(loop, plan, facts)
    strategy = _strategy(loop, plan, facts, model, acquisition or loop.acquisition)
    if told is not None and facts.estimate is not None and isinstance(candidates, SpaceCandidates):
        told(0, more=to_estimate(candidates))
        facts.told = told
    return Search(candidates, strategy)


def to_estimate(candidates: SpaceCandidates) -> int:
    """About how many points a round asks estimates of: of what is gone through those that have none yet, and an
    evolution beyond."""
    if candidates.complete:
        return max(0, (candidates.size or 0) - candidates.known)
    evolved = GENERATIONS * POPULATION
    evolved = evolved if candidates.beyond is None else min(evolved, candidates.beyond)
    return evolved + (0 if candidates.known else candidates.drawn)


def _strategy(loop: ClosedLoop, plan: KernelPlan, facts: KernelFeatures, model: Path, acquisition: str) -> Strategy:
    if acquisition in UNLEARNED:
        return make_strategy(acquisition, objective=loop.goal)
    tuned = None
    if loop.uses_model():
        from pipeline.loop.model import model_strategy

        tuned = model_strategy(loop, plan, facts, model, acquisition)
    if tuned is not None and (loop.surrogate != "auto" or acquisition != "auto" or loop.goal.dimensions > 1):
        return tuned
    named = SURROGATES.get(loop.surrogate)
    histories = [] if named is not None and not named.needs_prior else histories_of(loop)
    learnable = any(outcome.usable for history in histories for outcome in history.outcomes)
    # They load torch, which random search does without.
    from pipeline.exploration.knowledge import Blend, Knowledge
    from pipeline.exploration.sources import prior_for

    prior: ForecastBeforehand | None = prior_for(loop.source_name, histories, seed=loop.seed) if learnable else None
    processes = processes_of(loop)
    known = loop.known if named is None or named.needs_prior else None
    if known is not None:
        knowledge = Knowledge.load(known.folder)
        shipped = len(known.card["kernels"])
        # Earlier runs of the kernel itself say as much as all kernels that others have run.
        own = len({one.kernel for one in histories}) + (shipped if any(one.own for one in histories) else 0)
        prior = knowledge.prior if prior is None else Blend([knowledge.prior, prior], [shipped, own])
        processes = knowledge.processes

    def made(name: str) -> Strategy:
        return make_strategy(name, objective=loop.goal, prior=prior, processes=processes, seed=loop.seed)

    if acquisition == "auto":
        acquisition = best_acquisition(loop.goal)
        if loop.surrogate == "auto":
            best = made("auto")
            if tuned is None:
                return best
            return PortfolioStrategy(f"{best.name}+{tuned.name}", [*map(made, best.name.split("+")), tuned])
    kind = loop.surrogate if loop.surrogate != "auto" else "forest" if prior is None else "transfer"
    return made(f"{kind}-{acquisition}")
