"""The active-learning loop as one command."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.loop.commands import command_of
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.rounds import synthesis_of
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, point_latest
from pipeline.tasks.parameters import Real, WholeNumber
from pipeline.tasks.validate import NONE_ASKED, ValidateTopDesigns


class RunActiveLearningLoop(LoopTask):
    """Finds the fastest design that fits with few runs: train, search, synthesise, round after round; then validates.

    Rounds stand in files: a killed loop goes on where it was, and a larger budget goes on from the rounds there are.
    """

    rare = (*LoopTask.rare, "testbench_seconds", "use_cache")
    example = "--kernel mine.c --backend estimator --budget 40"

    budget = WholeNumber(least=1, default=40, description="designs to run at most, over all kernels")
    top_k = WholeNumber(least=0, default=3, description="designs to validate at the end, for each kernel")
    use_cache = luigi.BoolParameter(default=False, description="validation with Vitis takes reports that are there")
    testbench_seconds = Real(
        least=0, most=1e6, hint="in s, 0 to run none", default=300.0,
        description="limit of a run of the kernel's test bench on this machine, 0 to run none",
    )  # fmt: skip
    cosim = luigi.BoolParameter(default=False, description="validation with Vitis simulates the RTL too")
    implement = luigi.BoolParameter(default=False, description="validation with Vitis places and routes too")

    def requires(self) -> dict[str, Any]:
        """The last round, which needs all before it, and the validation."""
        validation = self.clone(ValidateTopDesigns)
        validation.check()
        return {"runs": self.last_round, "validation": validation}

    @cached_property
    def takes(self) -> list[int]:
        """How many designs each round runs."""
        from pipeline.loop.record import rounds_of

        return rounds_of(self.budget, self.loop.batch)

    @property
    def last_round(self) -> list[luigi.Task]:
        """The runs of the last round."""
        return synthesis_of(self, len(self.takes), self.takes[-1])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The validation decides, and through it the loop and its budget."""
        from pipeline.synthesis.testbench import bench_digest

        kernels = [plan.kernel for plan in self.loop.plans.values() if plan.kernel is not None]
        benches = [digest for kernel in kernels if (digest := bench_digest(kernel.project))]
        tested = {"testbench": [*benches, self.testbench_seconds]} if benches else {}
        how = {plan.delivery for plan in self.loop.plans.values()} - {"insert"}
        written = {"delivery": sorted(how)} if how else {}
        return {**super().identity, "validation": self.clone(ValidateTopDesigns).identity, **tested, **written}

    @property
    def page(self) -> Path:
        """The report, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    def output(self) -> FolderTarget:
        """``loops/KERNEL-SOURCE-HASH/``; ``loops/latest`` points to the newest."""
        return FolderTarget(self.folder / "loops" / f"{self.loop.title}-{self.digest}")

    @property
    def subject(self) -> str:
        """The rounds, which a larger budget goes on from."""
        return self.loop.rounds_folder.name

    def recorded(self) -> dict[str, Any]:
        """What Status tells of a loop that has not ended."""
        flow = self.loop.flow
        return {
            "kernels": list(self.loop.plans),
            "source": self.loop.source_name,
            "part": flow.part,
            "clock_ns": flow.clock_ns,
            "objective": self.objective,
            "limits": [limit.text for limit in self.loop.goal.limits],
            "utilisation_limit": self.loop.goal.limit,
            "target": self.loop.target,
            "unit": self.loop.goal.unit,
            "budget": self.budget,
        }

    def run(self) -> None:
        """Writes the tables, the summary, the best designs and the page."""
        from pipeline.loop.record import RoundsRecord
        from pipeline.loop.results import write_results

        record = RoundsRecord(self.loop, tuple(self.takes))
        validated = self.clone(ValidateTopDesigns).output().path
        with self.output().write() as folder:
            write_results(
                folder, record, self.budget, validated, self.identity, command_of(self), self.testbench_seconds
            )
        self.report_page()

    def summarise(self) -> None:
        """Says what was found, why it stopped, how the validation went, and where everything is."""
        from pipeline.loop.record import read_json
        from pipeline.loop.summary import summary_text
        from pipeline.loop.validation import validation_text

        place: Path = self.output().path
        facts = read_json(place / "summary.json", "validation")
        say(summary_text(facts))
        say(validation_text(facts["validation"]) if self.top_k else NONE_ASKED)
        latest = point_latest(place)
        best = f"; best design: {place / 'best'}" if (place / "best").is_dir() else ""
        say(f"Everything in {place} (also {latest}): runs.csv summary.json{best}")
        # Where no C is at hand labels alone were asked for.
        plans = self.loop.plans
        lost = [name for name, told in facts["kernels"].items() if told["unwritten"] and plans[name].kernel]
        if lost:
            raise PipelineError(
                f"the best design of {', '.join(lost)} could not be written into {place / 'best'}",
                fix="README.txt there says why; point.json has the values of its sites",
            )
