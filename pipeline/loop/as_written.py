"""The design as written: the first run of every loop, which all others are compared with.

It is the point of all default values of the kernel's design space: what the user's own pragmas say, and for a kernel
with placeholders what its space calls the default.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.design_space import design_key
from pipeline.exploration import Proposal, Round
from pipeline.loop.candidates import pool_of

if TYPE_CHECKING:
    from pipeline.exploration import Candidates
    from pipeline.synthesis.plan import KernelPlan

AS_WRITTEN = "as_written"
"""The origin of its row among a loop's runs."""
BASELINES = {AS_WRITTEN: "as written"}
"""Origins of the runs that the others are compared with, to what people call them."""


def key_as_written(plan: KernelPlan) -> str | None:
    """The key of the design as written; None where it is not known, or under replay not cached."""
    if plan.space is None:
        return None
    key = design_key(plan.space.default)
    if not plan.replays:
        return key
    # Published labels keep the keys that they were published with.
    return next((cached for cached, point in pool_of(plan) if design_key(point) == key), None)


def why_missing(plan: KernelPlan) -> str | None:
    """Why a loop has no run of the design as written, as a sentence; None where it has one."""
    if key_as_written(plan) is not None:
        return None
    if plan.space is None:
        return f"the design as written of {plan.name} is not known, as its source is not at hand: no speed-up is told"
    return (
        f"the design as written of {plan.name} is not cached from {plan.source}: it is not among the runs, and no "
        "speed-up is told; --backend estimator estimates it, a run of the tool measures it"
    )


def begins_as_written(plan: KernelPlan, answer: Round, candidates: Candidates, most: int) -> Round:
    """The first round's answer with the design as written before what the strategy proposes, ``most`` in all.

    What follows it is what the strategy would have run first anyway, so a seed means the same designs.
    """
    key = key_as_written(plan)
    if key is None:
        return answer
    rows = candidates.rows([key])
    first = Proposal(
        key=key,
        row=tuple(int(index) for index in rows[0]) if len(rows) else (),
        why="the design as written: what all others are compared with",
        acquisition=0.0,
        origin=AS_WRITTEN,
    )
    others = [proposal for proposal in answer.proposals if proposal.key != key]
    dropped = len(others) > most - 1
    return replace(answer, proposals=(first, *others[: most - 1]), exhausted=answer.exhausted and not dropped)
