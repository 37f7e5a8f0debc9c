"""What the rounds of a loop left: proposals, results, and why a search stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.exploration import Proposal, Round
from pipeline.files import intact, read_own
from pipeline.loop.baselines import tool_alone
from pipeline.loop.measured import MeasuredDesign, read_measured

if TYPE_CHECKING:
    from pipeline.exploration import SearchOutcome
    from pipeline.loop.closed_loop import ClosedLoop

STATE = "state.json"
PROPOSALS = "proposals.json"
RUNS = "runs.jsonl"
COSTS = "costs.json"
TIMES = "times.json"


MOST_ROUNDS = 10_000
"""Each is a handful of tasks and folders; no search of a kernel needs a tenth of it."""


def rounds_of(budget: int, batch: int) -> list[int]:
    """How many designs each round runs: ``batch``, and in the last round what is left of the budget.

    Raises PipelineError for more than ``MOST_ROUNDS`` rounds.
    """
    if budget > batch * MOST_ROUNDS:
        raise PipelineError(
            f"a budget of {budget:,} runs in batches of {batch:,} is more than {MOST_ROUNDS:,} rounds",
            fix=f"give a budget of {batch * MOST_ROUNDS:,} at most, or a larger batch",
        )
    full, rest = divmod(budget, batch)
    return [batch] * full + [rest] * (rest > 0)


@dataclass(frozen=True)
class Run:
    """One run: its round, what was expected when it was proposed, and what came of it."""

    round: int
    proposal: Proposal
    result: MeasuredDesign


_RENAMED = {"origin": "baseline"}
"""What fields of a proposal were called in rounds of earlier commands."""


def round_to_json(answer: Round) -> dict[str, Any]:
    """A strategy's answer as JSON values."""
    return asdict(answer)


def round_from_json(value: Mapping[str, Any]) -> Round:
    """The answer written by :func:`round_to_json`."""
    proposals = tuple(
        Proposal(
            **{
                **{_RENAMED.get(name, name): field for name, field in given.items()},
                "row": tuple(given["row"]),
                "utilisation": None if given["utilisation"] is None else tuple(given["utilisation"]),
            }
        )
        for given in value["proposals"]
    )
    return Round(**{**value, "proposals": proposals})


@dataclass(frozen=True)
class RoundsRecord:
    """The first rounds of a loop, as its files tell. ``takes`` is how many designs each round runs."""

    loop: ClosedLoop
    takes: tuple[int, ...]

    def answers(self, kernel: str) -> list[Round]:
        """What the strategy answered for a kernel in each round in which it was asked."""
        asked = map(self._answers, range(1, len(self.takes) + 1))
        return [answers[kernel] for answers in asked if kernel in answers]

    def runs(self) -> list[Run]:
        """All runs in the order in which they were proposed."""
        found = []
        for number, take in enumerate(self.takes, 1):
            file = self._proposals(number)
            answers = self._answers(number)
            results = {
                (row.kernel, row.key): row
                for kernel in self.loop.plans
                for row in read_measured(self.loop.runs_folder(number, kernel, take) / RUNS)
            }
            with intact(file, remove=file.parent):
                for kernel, place in read_json(file, "order")["order"][:take]:
                    proposal = answers[kernel].proposals[place]
                    found.append(Run(number, proposal, results[kernel, proposal.key]))
        return found

    def outcomes(self, kernel: str) -> list[SearchOutcome]:
        """The results of a kernel that search learns from, in the runs' order."""
        mine = [run.result for run in self.runs() if run.result.kernel == kernel]
        return [result.outcome() for result in mine if not tool_alone(result.key)]

    def stopped(self, kernel: str) -> str | None:
        """Why the search on a kernel ended before the last of these rounds; None where it did not."""
        for number in range(1, len(self.takes) + 1):
            file = self.loop.train_folder(number) / STATE
            with intact(file, remove=file.parent):
                reason: str | None = read_json(file, kernel)[kernel]["stopped"]
            if reason is not None:
                return reason
        return None

    def _answers(self, number: int) -> dict[str, Round]:
        file = self._proposals(number)
        with intact(file, remove=file.parent):
            return {kernel: round_from_json(value) for kernel, value in read_json(file, "answers")["answers"].items()}

    def _proposals(self, number: int) -> Path:
        return self.loop.proposals_folder(number) / PROPOSALS


def read_json(file: Path, *members: str) -> dict[str, Any]:
    """An object of a file of the loop's own; PipelineError says what to remove where it is damaged."""
    return read_own(file, *members, remove=file.parent)


def interleaved(lengths: Mapping[str, int], count: int, first: int) -> list[tuple[str, int]]:
    """(kernel, place) of ``count`` proposals in turn over the kernels, beginning with the kernel at ``first``.

    A kernel with fewer proposals leaves its turns to the others.
    """
    kernels: Sequence[str] = list(lengths)
    turned = [*kernels[first % len(kernels) :], *kernels[: first % len(kernels)]] if kernels else []
    longest = max(lengths.values(), default=0)
    return [(kernel, place) for place in range(longest) for kernel in turned if place < lengths[kernel]][:count]
