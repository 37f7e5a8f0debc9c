"""A round of a loop: learn from the runs so far, propose designs, run them."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import intact
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.record import PROPOSALS, RUNS, STATE, Record, interleaved, read_json, round_to_json
from pipeline.tasks.loop.warm import GatherHistories, LearnProcesses
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, write_json
from pipeline.tasks.provisional import ProvisionalTarget, Standing, joined, partial_text, unfinished

if TYPE_CHECKING:
    from pipeline.exploration import Round
    from pipeline.tasks.loop.measured import Measured
    from pipeline.tasks.plan import Plan

_ENDLESS = sys.maxsize


class RoundTask(LoopTask):
    """A task of one round of a loop."""

    round = luigi.IntParameter(description="the round, counted from 1")

    @property
    def before(self) -> Record:
        """The rounds before this one, all of them full."""
        return Record(self.loop, (self.loop.batch,) * (self.round - 1))


class TrainRound(RoundTask):
    """Learns from the runs of the rounds before: trains the forecast, checks it, and decides whether to go on."""

    def requires(self) -> list[luigi.Task]:
        """The runs of the round before; for the first round what is known before any."""
        if self.round == 1:
            return [self.clone(GatherHistories), self.clone(LearnProcesses)]
        return synthesis_of(self, self.round - 1, self.loop.batch)

    def output(self) -> FolderTarget:
        """``round-NNN/train/`` with ``state.json`` and, where a model is trained, a model file a kernel."""
        return FolderTarget(self.loop.round_folder(self.round) / "train")

    def run(self) -> None:
        """Trains and decides. Raises PipelineError where the round before is to be finished first."""
        from pipeline.tasks.loop.forecast import calibration
        from pipeline.tasks.loop.model import tune_model

        finished(self.requires())
        state = {}
        with self.output().write() as folder:
            for kernel, plan in self.loop.plans.items():
                reason = self._reason(kernel)
                runs = [run for run in self.before.runs() if run.result.kernel == kernel]
                outcomes = [run.result.outcome() for run in runs]
                trained = None if reason else tune_model(self.loop, plan, outcomes, folder / f"{kernel}.safetensors")
                state[kernel] = {
                    "stopped": reason,
                    "runs": len(runs),
                    "valid": sum(self.loop.goal.is_valid(outcome) for outcome in outcomes),
                    "forecast": calibration([run for run in runs if run.round == self.round - 1], self.loop.goal),
                    "training": trained,
                }
            write_json(folder / STATE, state)
        for kernel in state:
            if state[kernel]["stopped"] is not None and self.before.stopped(kernel) is None:
                say(f"{kernel} after round {self.round - 1}: {state[kernel]['stopped']}")

    def _reason(self, kernel: str) -> str | None:
        from pipeline.exploration import stop_reason
        from pipeline.tasks.loop.bound import least_cycles

        before = self.before
        earlier = before.stopped(kernel)
        if earlier is not None or self.round == 1:
            return earlier
        # The budget ends the chain of tasks, never a round: a larger one goes on from here.
        return stop_reason(
            before.outcomes(kernel), self.loop.goal, budget=_ENDLESS, rounds=before.answers(kernel),
            target=self.loop.target, lower_bound=least_cycles(self.loop, self.loop.plans[kernel]),
        )  # fmt: skip


class ProposeDesigns(RoundTask):
    """Searches for the designs that are worth running next, best first."""

    def requires(self) -> TrainRound:
        """What was learned."""
        before: TrainRound = self.clone(TrainRound)
        return before

    def output(self) -> FolderTarget:
        """``round-NNN/proposals/`` with ``proposals.json``."""
        return FolderTarget(self.loop.round_folder(self.round) / "proposals")

    def run(self) -> None:
        """Asks the strategy for each kernel whose search goes on; the kernels then take turns."""
        state = read_json(self.input().path / STATE, *self.loop.plans)
        answers: dict[str, Round] = {}
        for kernel, plan in self.loop.plans.items():
            if state[kernel]["stopped"] is None:
                answers[kernel] = self._ask(kernel, plan)
        order = interleaved(
            {kernel: len(answer.proposals) for kernel, answer in answers.items()}, self.loop.batch, self.round - 1
        )
        with self.output().write() as folder:
            write_json(
                folder / PROPOSALS,
                {"order": order, "answers": {kernel: round_to_json(answer) for kernel, answer in answers.items()}},
            )

    def _ask(self, kernel: str, plan: Plan) -> Round:
        import numpy as np

        from pipeline.tasks.loop.search import search_of

        search = search_of(self.loop, plan, self.input().path / f"{kernel}.safetensors")
        # A kernel's name rather than its place: the same draws whatever else shares the budget.
        rng = np.random.default_rng([self.seed, self.round, zlib.crc32(kernel.encode())])
        outcomes = self.before.outcomes(kernel)
        return search.propose(outcomes, self.loop.batch, rng)


class SynthesizeRound(RoundTask):
    """Runs what a round proposes for one kernel."""

    only = luigi.Parameter(description="the kernel's name")
    take = luigi.IntParameter(description="designs of the round that the budget allows, over all kernels")

    def process_resources(self) -> dict[str, int]:
        """Kernels that are with the tool at once are bounded by [resources] in luigi.cfg."""
        return {"hls_kernel": 1} if self.plan.runs_tool else {}

    @cached_property
    def plan(self) -> Plan:
        """What to do for the kernel."""
        return self.loop.plans[self.only]

    def requires(self) -> ProposeDesigns:
        """The designs."""
        before: ProposeDesigns = self.clone(ProposeDesigns)
        return before

    def output(self) -> ProvisionalTarget:
        """``round-NNN/runs-KERNEL/`` with ``runs.jsonl``, and ``times.json``, which differs from run to run."""
        return ProvisionalTarget(self.loop.runs_folder(self.round, self.only, self.take))

    def tell_stage(self, key: str, stage: str) -> None:
        """Shows what the tool is at: on luigi's page, and on a terminal."""
        if sys.stderr.isatty():
            say(f"  {self.only} {stage}: {key}")
        self.report_progress(None, f"{key}: {stage}")

    def run(self) -> None:
        """Runs the backend; what it finished before a kill is in the report store and not run again.

        Runs that the surroundings kept from a result are noted and are no runs of the loop; what needs the round has it
        finished first.
        """
        from pipeline.tasks.loop.measured import measured, write_measured
        from pipeline.tasks.loop.search import points_of
        from pipeline.tasks.outcomes import is_told, labelled, outcomes_of, told

        file = self.input().path / PROPOSALS
        asked = read_json(file, "order", "answers")
        with intact(file, remove=file.parent):
            places = [place for kernel, place in asked["order"][: self.take] if kernel == self.only]
            keys = [asked["answers"][self.only]["proposals"][place]["key"] for place in places]
        designs = points_of(self.plan, keys)
        outcomes = outcomes_of(self.plan, designs, self.folder, self.tell_stage)
        rows, times = {}, {}
        standing = Standing()
        title = f"{self.only} round {self.round}"
        for done, outcome in enumerate(self.follow(outcomes, title, len(designs)), 1):
            if standing.add(self.only, outcome):
                rows[outcome.key] = measured(labelled(self.plan, outcome, "loop"))
                times[outcome.key] = {"seconds": outcome.seconds, "started": outcome.started}
            if self.plan.runs_tool and is_told(outcome):
                say(f"  {title}, {done}/{len(designs)} {told(outcome)}")
        if not standing.missing:
            self._check([row.reason or row.status for row in rows.values() if row.usable is None], len(rows))
        # How high the limits were decides what was proposed since: a finished round stands, whatever they are now.
        standing.limits.clear()
        with self.output().write() as folder:
            write_measured(folder / RUNS, (rows[key] for key in keys if key in rows))
            write_json(folder / "times.json", times)
            standing.write(folder)
        if card := standing.card():
            say(f"{title}: {partial_text(card)}")
        elif rows:
            self._tell_best(list(rows.values()))

    def _tell_best(self, rows: list[Measured]) -> None:
        from pipeline.tasks.loop.tables import best_values

        earlier = [run.result for run in self.before.runs() if run.result.kernel == self.only]
        goal = self.loop.goal
        best = best_values([*earlier, *rows], goal)[-1]
        fitting = sum(goal.is_valid(row.outcome()) for row in rows)
        unit = {"ns": " ns", "weighted": " (weighted)"}.get(goal.goal, " cycles")
        found = "none fits yet" if best is None else f"best so far {best:,}{unit}"
        runs = len(earlier) + len(rows)
        text = f"{self.only} round {self.round}: {len(rows)} runs, {fitting} fit; {found} after {runs} runs"
        say(text)
        self.report_progress(100.0, text)

    def _check(self, said_nothing: list[Any], runs: int) -> None:
        """A round in which no run says anything of its design is no round: the cause is to be mended first."""
        if runs and len(said_nothing) == runs and self.plan.runs_tool:
            raise PipelineError(
                f"none of the {runs} runs of round {self.round} says anything of its design; the first: "
                f"{said_nothing[0]}",
                fix="mend that and run the same command again: it goes on from here",
            )


def synthesis_of(task: LoopTask, number: int, take: int) -> list[luigi.Task]:
    """The tasks that run a round: one a kernel."""
    return [task.clone(SynthesizeRound, round=number, only=kernel, take=take) for kernel in task.loop.plans]


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
