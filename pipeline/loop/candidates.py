"""The designs of a kernel that a loop may pick, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.exploration.candidates import pool_candidates, space_candidates
from pipeline.loop.featurise import kernel_features
from pipeline.loop.pace import most_estimates
from pipeline.loop.pool import pool_of

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace
    from pipeline.exploration import Candidates, SpaceCandidates
    from pipeline.exploration.features import KernelFeatures
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis.plan import KernelPlan


def features_of(loop: ClosedLoop, plan: KernelPlan) -> KernelFeatures:
    """What is told of the kernel's designs; estimates are left out where the loop starts from nothing."""
    if plan.replays:
        sites = {name for _, point in pool_of(plan) for name in point}
    else:
        assert plan.space is not None
        sites = set(plan.space.names)
    device = None if loop.warm_start == "none" else loop.devices.of(plan.address.flow)
    return kernel_features(plan.kernel, plan.address.flow.dialect, sites, device)


def bound_of(loop: ClosedLoop, plan: KernelPlan) -> int | None:
    """How many designs a round looks at where slow estimates bound them; None where they do not."""
    if plan.replays or plan.space is None:
        return None
    facts = features_of(loop, plan)
    found = _of_space(loop, plan, plan.space, facts)
    return most_estimates(facts, runs_tool=plan.runs_tool) if found.cut else None


def _of_space(loop: ClosedLoop, plan: KernelPlan, space: DesignSpace, facts: KernelFeatures) -> SpaceCandidates:
    kept = loop.kept.setdefault(plan.name, {})
    return space_candidates(
        space, facts, seed=loop.seed, kept=kept, most=most_estimates(facts, runs_tool=plan.runs_tool)
    )


def candidates_of(loop: ClosedLoop, plan: KernelPlan, facts: KernelFeatures) -> Candidates:
    """The designs that may be picked: cached ones under replay, else the design space."""
    if not plan.replays:
        assert plan.space is not None
        return _of_space(loop, plan, plan.space, facts)
    pool = pool_of(plan)
    if not pool and plan.kept:
        raise PipelineError(
            f"none of the cached reports of {plan.name} from {plan.source} has what is written at {plan.kept[0]}",
            fix="keep fewer sites, or use --backend estimator",
        )
    if not pool:
        raise PipelineError(
            f"none of the cached reports of {plan.name} from {plan.source} says which design it is of",
            fix="import reports with their design points, or use --backend estimator",
        )
    return pool_candidates(pool, facts)
