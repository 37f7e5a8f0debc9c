"""Studies of transfer: every method on the same kernels with the same shots, as tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_own
from pipeline.tasks.base import names
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.loop.commands import command_of
from pipeline.tasks.messages import progress, say
from pipeline.tasks.model_task import versions
from pipeline.tasks.outputs import FolderTarget, point_latest, write_json
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.study.kernel import ROWS, EvaluateKernel
from pipeline.tasks.study.options import StudyTask

PLAN = "plan.json"
LEAST_TESTED = 20
METRICS, VALIDITY, SUMMARY = "metrics.csv", "validity.csv", "summary.csv"
_OF_STUDY = ("shots", "shots_by", "epochs", "fine_tune_epochs", "training", "accelerator")


class PlanStudy(StudyTask):
    """Which kernels a study tests on, from the data."""

    def requires(self) -> list[GenerateDataset]:
        """The datasets."""
        return self.datasets

    def output(self) -> FolderTarget:
        """``studies/parts/plan-HASH/`` with ``plan.json``: kernels, and what was left out."""
        return FolderTarget(self.parts / f"plan-{self.digest}")

    def run(self) -> None:
        """Counts."""
        study = self.study(estimates=False)
        with self.output().write() as folder:
            kernels = [one.kernel for one in study.targets]
            write_json(folder / PLAN, {"kernels": kernels, "notes": [*self.lacking, *study.notes]})

    @cached_property
    def found(self) -> dict[str, list[str]]:
        """The plan."""
        plan: dict[str, list[str]] = read_own(self.output().path / PLAN, "kernels", "notes", remove=self.output().path)
        return plan


class EvaluateTransfer(StudyTask):
    """Compares methods on kernels that they were not trained on, after a few shots (the paper's protocol) or none."""

    example = "--source estimator --target-kernels atax --shots 10,50 --epochs 2"

    seeds = WholeNumber(least=1, default=3, description="repetitions, each with its own shots and networks")
    methods = luigi.Parameter(
        default="",
        description="methods to compare, comma-separated, a network with changes as in hmoe+log2; default: all",
    )

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """The methods of the table."""
        from pipeline.training.protocol_methods import methods_for

        if self.seeds < 1:
            raise PipelineError(f"--seeds {self.seeds} repeats nothing", fix="give 1 or more")
        return methods_for(names(self.methods), shots=self.protocol != "zero-shot", target=self.target)

    @cached_property
    def plan(self) -> PlanStudy:
        """What says on which kernels."""
        shared = {**self.shared(*_OF_STUDY), "least_designs": self.least}
        return PlanStudy(seed=0, **shared)

    @property
    def least(self) -> int:
        """Usable designs that a target kernel needs: at least so many are tested on as 70 leave beside 50 shots."""
        return int(max(self.least_designs, max(self.counts) + LEAST_TESTED))

    def requires(self) -> PlanStudy:
        """The plan; what it asks for follows from it."""
        # Read before the work starts, so that a wrong list is told at once.
        _ = self.chosen, self.counts, self.ways
        return self.plan

    def output(self) -> FolderTarget:
        """``studies/PROTOCOL-SOURCES-HASH/``: ``metrics.csv`` or ``validity.csv``, the summary, the page."""
        sources = self.source if self.tested == self.source else f"{self.source}-to-{self.tested}"
        return FolderTarget(self.folder / "studies" / f"{self.protocol}-{sources[:80]}-{self.digest}")

    def run(self) -> Iterator[list[EvaluateKernel]]:
        """Asks for every kernel, seed and method, then merges."""
        from pipeline.training.protocol_methods import groups_of

        kernels = self.plan.found["kernels"]
        parts = [
            EvaluateKernel(seed=self.seed + number, kernel=kernel, methods=",".join(group), **self.shared())
            for number in range(self.seeds)
            for kernel in kernels
            for group in groups_of(self.chosen)
        ]
        progress.expect(sum(not part.complete() for part in parts))
        yield parts
        self._merge(parts)

    def _merge(self, parts: list[EvaluateKernel]) -> None:
        from dataclasses import asdict

        from pipeline.training.protocol_rows import (
            MetricsRow,
            ValidityRow,
            read_rows,
            summarise_rows,
            summarise_validity,
            write_rows,
        )

        files = [part.output().path / ROWS for part in parts]
        order = {method: place for place, method in enumerate(self.chosen)}
        with self.output().write() as folder:
            summary: list[Any]
            judged: list[ValidityRow] = []
            rows: list[MetricsRow] = []
            if self.target == "validity":
                judged = sorted(
                    (row for file in files for row in read_rows(file, ValidityRow)),
                    key=lambda row: (row.shots_by, row.shots, row.seed, row.kernel, order[row.method]),
                )
                write_rows(folder / VALIDITY, judged)
                summary = list(summarise_validity(judged))
            else:
                rows = sorted(
                    (row for file in files for row in read_rows(file, MetricsRow)),
                    key=lambda row: (row.shots_by, row.shots, row.seed, row.kernel, order[row.method]),
                )
                write_rows(folder / METRICS, rows)
                summary = list(summarise_rows(rows))
            write_rows(folder / SUMMARY, summary)
            write_json(
                folder / "summary.json",
                {
                    "command": command_of(self),
                    "notes": self.plan.found["notes"],
                    "kernels": self.plan.found["kernels"],
                    "rows": [_plain(asdict(row)) for row in summary],
                    "made_of": self.identity,
                    "versions": versions(),
                },
            )
            self._write_page(folder, [asdict(row) for row in (judged if self.target == "validity" else rows)])
        self.report_page()

    @property
    def page(self) -> Path:
        """The report, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    def _write_page(self, folder: Path, rows: list[dict[str, Any]]) -> None:
        from pipeline.present.run_report import write_run_report
        from pipeline.present.transfer_report import AUC, SUMMED, transfer_report

        validity = self.target == "validity"
        report = transfer_report(
            rows,
            provenance=self.identity,
            reproduce=[command_of(self)],
            files={
                VALIDITY if validity else METRICS: "every figure: method, kernel, seed, shots, target",
                SUMMARY: "means over kernels and seeds, with spread and ratios",
            },
            score=AUC if validity else SUMMED,
            notes=self.lacking,
        )
        (folder / "report.html").write_text(write_run_report(report), encoding="utf-8")

    def summarise(self) -> None:
        """Prints the table."""
        from pipeline.training.protocol_rows import SummaryRow, ValiditySummary, read_rows, summary_text, validity_text

        place: Path = self.output().path
        latest = point_latest(place)
        for note in self.plan.found["notes"]:
            say(f"  {note}")
        if self.target == "validity":
            say(validity_text(read_rows(place / SUMMARY, ValiditySummary)))
        else:
            say(summary_text(read_rows(place / SUMMARY, SummaryRow)))
        say(f"Table in {place}" + (f" (also {latest})" if latest != place else ""))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN: a figure without meaning is null."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in row.items()}
