"""What a round runs before anything that its strategy proposes: the baselines that are due in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.design_space import design_key
from pipeline.exploration import Proposal, Round
from pipeline.loop.baselines import AS_WRITTEN, PERFORMANCE, SITE, key_as_written
from pipeline.loop.bound import least_cycles_of

if TYPE_CHECKING:
    from pipeline.exploration import Candidates
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis.plan import KernelPlan


def with_baselines(
    loop: ClosedLoop, plan: KernelPlan, number: int, answer: Round, candidates: Candidates
) -> Round:  # fmt: skip
    """A round's answer with the baselines that are due in it before what the strategy proposes, a batch in all.

    What follows them is what the strategy would have run first anyway, so a seed means the same designs.
    """
    due = _proposals(loop, plan, candidates)[(number - 1) * loop.batch : number * loop.batch]
    if not due:
        return answer
    keys = {proposal.key for proposal in due}
    others = [proposal for proposal in answer.proposals if proposal.key not in keys]
    room = loop.batch - len(due)
    return replace(
        answer, proposals=(*due, *others[:room]), exhausted=answer.exhausted and len(others) <= room
    )  # fmt: skip


def _proposals(loop: ClosedLoop, plan: KernelPlan, candidates: Candidates) -> list[Proposal]:
    found = []
    if (key := key_as_written(plan)) is not None:
        rows = candidates.rows([key])
        row = tuple(int(index) for index in rows[0]) if len(rows) else ()
        why = "the design as written: what all others are compared with"
        found.append(Proposal(key, row, why, 0.0, baseline=AS_WRITTEN))
    for asked in loop.baselines[:1]:
        # Without a target of the user's: what no design can be faster than, so that the tool does all it can.
        given = asked.partition("=")[2]
        target = int(given) if given else least_cycles_of(loop, plan) or 1
        why = f"the tool's own performance pragma on the design as written, for a start every {target:,} cycles"
        found.append(Proposal(design_key({SITE: target}), (), why, 0.0, baseline=PERFORMANCE))
    return found
