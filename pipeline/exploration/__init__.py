"""Search: which designs to run next, given what is known.

A *strategy* (:func:`make_strategy`) looks at the outcomes so far and at *candidates* (a design space, all of it where
that is feasible, or a pool of cached designs), fits a *surrogate* and proposes the next designs by an *acquisition*. A
*prior* carries over what was learned on other kernels. The names here load scikit-learn, scipy and pymoo; torch is
loaded by ``meta_processes`` alone.

```
candidates = space_candidates(space, KernelFeatures(sites, estimate))     # or pool_candidates(designs, features)
strategy = make_strategy("auto", objective=Objective(), prior=prior)
rounds = []
while (why := stop_reason(outcomes, objective, budget=40, rounds=rounds)) is None:
    rounds.append(strategy.propose(candidates, outcomes, min(10, 40 - len(outcomes)), rng))
    outcomes += run(rounds[-1].proposals)
```
"""

from pipeline.exploration.acquisitions import ACQUISITIONS
from pipeline.exploration.candidates import PoolCandidates, SpaceCandidates, pool_candidates, space_candidates
from pipeline.exploration.factory import best_acquisition, make_strategy
from pipeline.exploration.features import KernelFeatures, SiteFacts
from pipeline.exploration.objective import GOALS, Objective
from pipeline.exploration.pareto import adrs, best_so_far, front_of, hypervolume, pareto_front
from pipeline.exploration.prior import History, Prior
from pipeline.exploration.stopping import stop_reason
from pipeline.exploration.surrogates import SURROGATES
from pipeline.exploration.types import (
    RESOURCES,
    Batch,
    Candidates,
    Features,
    Forecast,
    Proposal,
    Round,
    SearchOutcome,
    Strategy,
    Surrogate,
)

__all__ = [
    "ACQUISITIONS",
    "GOALS",
    "RESOURCES",
    "SURROGATES",
    "Batch",
    "Candidates",
    "Features",
    "Forecast",
    "History",
    "KernelFeatures",
    "Objective",
    "PoolCandidates",
    "Prior",
    "Proposal",
    "Round",
    "SearchOutcome",
    "SiteFacts",
    "SpaceCandidates",
    "Strategy",
    "Surrogate",
    "adrs",
    "best_acquisition",
    "best_so_far",
    "front_of",
    "hypervolume",
    "make_strategy",
    "pareto_front",
    "pool_candidates",
    "space_candidates",
    "stop_reason",
]
