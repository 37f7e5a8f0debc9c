"""A round of a loop: learn from the runs so far, propose designs, run them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.loop.baselines import by_backend
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.warm import GatherHistories, LearnProcesses
from pipeline.tasks.messages import bar, say, working
from pipeline.tasks.outcomes import outcomes_of
from pipeline.tasks.outputs import FolderTarget
from pipeline.tasks.provisional import ProvisionalTarget, Standing, joined, partial_text, unfinished

if TYPE_CHECKING:
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.plan import KernelPlan


class RoundTask(LoopTask):
    """A task of one round of a loop."""

    round = luigi.IntParameter(description="the round, counted from 1")


class TrainRound(RoundTask):
    """Learns from the runs of the rounds before: trains the forecast, checks it, and decides whether to go on."""

    def requires(self) -> list[luigi.Task]:
        """The runs of the round before; for the first round what is known before any."""
        if self.round == 1:
            return [self.clone(GatherHistories), self.clone(LearnProcesses)]
        return synthesis_of(self, self.round - 1, self.loop.batch)

    def output(self) -> FolderTarget:
        """``round-NNN/train/`` with ``state.json`` and, where a model is trained, a model file a kernel."""
        return FolderTarget(self.loop.train_folder(self.round))

    def run(self) -> None:
        """Trains and decides. Raises PipelineError where the round before is to be finished first."""
        from pipeline.loop.rounds import train_round

        finished(self.requires())
        with self.output().write() as folder, working(f"learning for round {self.round}", "learning for a round"):
            ended = train_round(self.loop, self.round, folder)
        for line in ended:
            say(line)


class ProposeDesigns(RoundTask):
    """Searches for the designs that are worth running next, best first."""

    def requires(self) -> TrainRound:
        """What was learned."""
        before: TrainRound = self.clone(TrainRound)
        return before

    def output(self) -> FolderTarget:
        """``round-NNN/proposals/`` with ``proposals.json``."""
        return FolderTarget(self.loop.proposals_folder(self.round))

    def run(self) -> None:
        """Asks the strategy for each kernel whose search goes on; the kernels then take turns."""
        from pipeline.loop.rounds import propose_round

        with (
            self.output().write() as folder,
            bar(None, f"estimates for round {self.round}", "estimates for a round") as advance,
        ):
            propose_round(self.loop, self.round, folder, advance)


class SynthesizeRound(RoundTask):
    """Runs what a round proposes for one kernel."""

    searched = luigi.Parameter(description="the kernel's name")
    take = luigi.IntParameter(description="designs of the round that the budget allows, over all kernels")

    def process_resources(self) -> dict[str, int]:
        """Kernels that are with the tool at once are bounded by [resources] in luigi.cfg."""
        return {"hls_kernel": 1} if self.plan.runs_tool else {}

    @cached_property
    def plan(self) -> KernelPlan:
        """What to do for the kernel."""
        return self.loop.plans[self.searched]

    def requires(self) -> ProposeDesigns:
        """The designs."""
        before: ProposeDesigns = self.clone(ProposeDesigns)
        return before

    def output(self) -> ProvisionalTarget:
        """``round-NNN/runs-KERNEL/`` with ``runs.jsonl``, and ``times.json``, which differs from run to run."""
        return ProvisionalTarget(self.loop.runs_folder(self.round, self.searched, self.take))

    def tell_stage(self, key: str, stage: str) -> None:
        """Shows what the tool is at: on luigi's page, and on a terminal."""
        if sys.stderr.isatty():
            say(f"  {self.searched} {stage}: {key}")
        self.report_progress(None, f"{key}: {stage}")

    def run(self) -> None:
        """Runs the backend; what it finished before a kill is in the report store and not run again.

        Runs that the surroundings kept from a result are noted and are no runs of the loop; what needs the round has it
        finished first.
        """
        from pipeline.loop.labelled import is_told, told
        from pipeline.loop.rounds import proposed, round_text, write_runs

        designs = proposed(self.loop, self.round, self.searched, self.take)
        parts = by_backend(self.plan, designs)
        outcomes = chain.from_iterable(outcomes_of(one, some, self.folder, self.tell_stage) for one, some in parts)
        results: dict[str, Outcome] = {}
        standing = Standing()
        title = f"{self.searched} round {self.round}"
        for done, outcome in enumerate(self.follow(outcomes, title, len(designs)), 1):
            if standing.add(self.searched, outcome):
                results[outcome.key] = outcome
            if self.plan.runs_tool and is_told(outcome):
                say(f"  {title}, {done}/{len(designs)} {told(outcome)}")
        # How high the limits were decides what was proposed since: a finished round stands, whatever they are now.
        standing.limits.clear()
        with self.output().write() as folder:
            rows = write_runs(folder, [key for key, _ in designs], results, self.plan, self.loop.goal)
            if not standing.missing:
                self._check(rows)
            standing.write(folder)
        if card := standing.card():
            say(f"{title}: {partial_text(card)}")
        elif rows:
            text = round_text(self.loop, self.round, self.searched, rows)
            say(text)
            self.report_progress(100.0, text)

    def _check(self, rows: list[MeasuredDesign]) -> None:
        """A round in which no run says anything of its design is no round: the cause is to be mended first."""
        said_nothing: list[Any] = [row.reason or row.status for row in rows if row.usable is None]
        if rows and len(said_nothing) == len(rows) and self.plan.runs_tool:
            raise PipelineError(
                f"none of the {len(rows)} runs of round {self.round} says anything of its design; the first: "
                f"{said_nothing[0]}",
                fix="mend that and run the same command again: it goes on from here",
            )


def synthesis_of(task: LoopTask, number: int, take: int) -> list[luigi.Task]:
    """The tasks that run a round: one a kernel."""
    return [task.clone(SynthesizeRound, round=number, searched=kernel, take=take) for kernel in task.loop.plans]


def finished(tasks: Iterable[luigi.Task]) -> None:
    """Raises PipelineError, one line for all kernels, where a round among the tasks has runs without a result.

    What is missing is no verdict and costs no budget: the round is done when all of it has a result.
    """
    targets = [task.output() for task in tasks if isinstance(task, SynthesizeRound)]
    standing = joined(target.standing for target in targets)
    if standing.missing:
        for target in targets:
            target.reopen()
        raise unfinished(standing, what="runs of the round", fix=": the loop goes on, with its budget untouched")
