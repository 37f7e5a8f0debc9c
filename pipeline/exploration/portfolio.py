"""Several strategies that share every batch: where one is wrong about a kernel, another may be right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.exploration.types import Candidates, Proposal, Round, SearchOutcome, Strategy


class PortfolioStrategy:
    """The proposals of its members in turn, each design once.

    Before any run the first member chooses alone: there is nothing yet that the others could have learned differently.
    """

    def __init__(self, name: str, members: Sequence[Strategy]) -> None:
        self.name = name
        self.members = tuple(members)

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says; the gain is the largest that a member expects."""
        members = self.members if outcomes else self.members[:1]
        answers = [member.propose(candidates, outcomes, count, rng) for member in members]
        gains = [answer.expected_gain for answer in answers if answer.expected_gain is not None]
        return Round(
            _in_turn([answer.proposals for answer in answers], count),
            expected_gain=max(gains, default=None),
            exhausted=all(answer.exhausted for answer in answers),
            calibration=answers[0].calibration,
        )


def _in_turn(lists: Sequence[Sequence[Proposal]], count: int) -> tuple[Proposal, ...]:
    """The first of each list that no other has given yet, round after round."""
    taken: dict[str, Proposal] = {}
    left = [iter(proposals) for proposals in lists]
    while left and len(taken) < count:
        for proposals in list(left):
            fresh = next((proposal for proposal in proposals if proposal.key not in taken), None)
            if fresh is None:
                left.remove(proposals)
            elif len(taken) < count:
                taken[fresh.key] = fresh
    return tuple(taken.values())
