"""The active-learning loop as one command."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.record import Record, read_json, rounds_of
from pipeline.tasks.loop.rounds import synthesis_of
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, point_latest, write_json
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.validate import ValidateTopDesigns

if TYPE_CHECKING:
    from pipeline.tasks.loop.measured import Measured
    from pipeline.tasks.plan import Plan


class RunActiveLearningLoop(LoopTask):
    """Finds the fastest design that fits with few runs: train, search, synthesise, round after round; then validates.

    Rounds stand in files: a killed loop goes on where it was, and a larger budget goes on from the rounds there are.
    """

    example = "--kernel mine.c --backend estimator --budget 40"

    budget = WholeNumber(least=1, default=40, description="designs to run at most, over all kernels")
    top_k = WholeNumber(least=0, default=3, description="designs to validate at the end, for each kernel")
    use_cache = luigi.BoolParameter(default=False, description="validation with Vitis takes reports that are there")
    cosim = luigi.BoolParameter(default=False, description="validation with Vitis simulates the RTL too")

    def requires(self) -> dict[str, Any]:
        """The last round, which needs all before it, and the validation."""
        if self.budget < 1:
            raise PipelineError(f"--budget {self.budget} allows no run", fix="give a positive number")
        return {"runs": self.last_round, "validation": self.clone(ValidateTopDesigns)}

    @cached_property
    def takes(self) -> list[int]:
        """How many designs each round runs."""
        return rounds_of(self.budget, self.loop.batch)

    @property
    def last_round(self) -> list[luigi.Task]:
        """The runs of the last round."""
        return synthesis_of(self, len(self.takes), self.takes[-1])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The validation decides, and through it the loop and its budget."""
        return {**super().identity, "validation": self.clone(ValidateTopDesigns).identity}

    @property
    def page(self) -> Path:
        """The report, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    def output(self) -> FolderTarget:
        """``loops/KERNEL-SOURCE-HASH/``; ``loops/latest`` points to the newest."""
        return FolderTarget(self.folder / "loops" / f"{self.loop.title}-{self.digest}")

    def run(self) -> None:
        """Writes the tables, the summary, the best designs and the page."""
        from pipeline.tasks.loop.commands import command_of
        from pipeline.tasks.loop.page import write_loop_page
        from pipeline.tasks.loop.summary import loop_facts
        from pipeline.tasks.loop.tables import (
            FRONT_COLUMNS,
            PREDICTED_COLUMNS,
            RUN_COLUMNS,
            front_rows,
            predicted_rows,
            run_rows,
            write_csv,
        )

        record = Record(self.loop, tuple(self.takes))
        runs, goal = record.runs(), self.loop.goal
        validated = self.clone(ValidateTopDesigns).output().path
        facts = loop_facts(record, self.budget, read_json(validated / "validation.json"))
        rows, predicted = run_rows(runs, goal), predicted_rows(runs, goal)
        with self.output().write() as folder:
            write_csv(folder / "runs.csv", RUN_COLUMNS, rows)
            write_csv(folder / "pareto.csv", FRONT_COLUMNS, front_rows(runs, goal))
            write_csv(folder / "predicted.csv", PREDICTED_COLUMNS, predicted)
            (folder / "validation.csv").write_bytes((validated / "validation.csv").read_bytes())
            write_json(folder / "summary.json", facts)
            write_json(folder / "provenance.json", self.identity)
            self._write_times(folder / "times.csv", rows)
            self._write_best(folder, record)
            write_loop_page(folder, facts, rows, predicted, self.identity, command_of(self))
        self.report_page()

    def _write_times(self, file: Path, rows: list[dict[str, Any]]) -> None:
        from pipeline.tasks.loop.tables import write_csv

        times: dict[str, dict[str, Any]] = {}
        for number, take in enumerate(self.takes, 1):
            for kernel in self.loop.plans:
                told = read_json(self.loop.runs_folder(number, kernel, take) / "times.json")
                times |= {f"{kernel} {key}": value for key, value in told.items()}
        columns = ("run", "kernel", "key", "seconds", "started")
        write_csv(
            file,
            columns,
            (
                {name: row[name] for name in columns[:3]} | times.get(f"{row['kernel']} {row['key']}", {})
                for row in rows
            ),
        )

    def _write_best(self, folder: Path, record: Record) -> None:
        """``best/``, or ``best/KERNEL/`` for each of several."""
        from pipeline.tasks.loop.best import write_best
        from pipeline.tasks.loop.commands import command_of
        from pipeline.tasks.loop.summary import best_of

        runs = record.runs()
        for kernel, plan in self.loop.plans.items():
            best = best_of(self.loop, runs, kernel)
            if best is not None:
                place = folder / "best" if len(self.loop.plans) == 1 else folder / "best" / kernel
                write_best(place, plan, best[1], self.report_of(plan, best[1]), [command_of(self)])

    def report_of(self, plan: Plan, design: Measured) -> bytes | None:
        """The csynth.xml of a design that was run; None where its label came without one."""
        from pipeline.tasks.plan import open_store

        entry = open_store(self.workspace).get(plan.address, design.key)
        return None if entry is None else entry.xml

    def summarise(self) -> None:
        """Says what was found, why it stopped, how the validation went, and where everything is."""
        from pipeline.tasks.loop.summary import summary_text
        from pipeline.tasks.loop.validation import validation_text

        place: Path = self.output().path
        facts = read_json(place / "summary.json", "validation")
        say(summary_text(facts))
        say(validation_text(facts["validation"]))
        latest = point_latest(place)
        best = f"; best design: {place / 'best'}" if (place / "best").is_dir() else ""
        say(f"Everything in {place} (also {latest}): runs.csv summary.json{best}")
