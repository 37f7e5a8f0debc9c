"""A comparison of search methods by replay on labels that are known."""

from __future__ import annotations

import csv
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
from pipeline.tasks.provisional import partial_notes
from pipeline.tasks.searches.kernel import RUNS, SearchKernel
from pipeline.tasks.searches.options import SearchStudyTask
from pipeline.tasks.searches.pools import read_pool

CURVES, SUMMARY = "curves.csv", "summary.csv"


class CompareSearches(SearchStudyTask):
    """Replays search methods on kernels with known labels, unseen in what they learned from, and compares them."""

    example = "--source estimator --kernels atax,bicg --budget 40"

    seeds = WholeNumber(least=1, default=3, description="repetitions of each search")
    budget = WholeNumber(least=1, default=40, description="designs that a search may run; a failed one counts")
    batch = WholeNumber(least=1, default=10, description="designs a round")
    methods = luigi.Parameter(default="", description="methods to compare, comma-separated; default: all")
    kernels = luigi.Parameter(default="", description="kernels to search on, comma-separated; default: all that serve")

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """The methods."""
        from pipeline.exploration.methods import check_methods

        if min(self.seeds, self.budget, self.batch) < 1:
            raise PipelineError("--seeds, --budget and --batch must be 1 or more")
        return check_methods(names(self.methods))

    @cached_property
    def shards(self) -> list[SearchKernel]:
        """One task a source and kernel."""
        wanted = names(self.kernels)
        known = {kernel for source in self.tested for kernel in self.kernels_of[source]}
        missing = [kernel for kernel in wanted if kernel not in known]
        if missing:
            raise PipelineError(
                f"no labels of kernel {', '.join(missing)} in {', '.join(self.tested)}",
                fix=f"there are {', '.join(sorted(known))}",
            )
        return [
            SearchKernel(
                seed=self.seed, kernel=kernel, from_source=source, methods=",".join(self.chosen), seeds=self.seeds,
                budget=self.budget, batch=self.batch, **self.shared(),
            )
            for source in self.tested
            for kernel in self.kernels_of[source]
            if not wanted or kernel in wanted
        ]  # fmt: skip

    def requires(self) -> list[GenerateDataset]:
        """The dataset, unless a finished one is named; the searches are asked for once it has designs enough."""
        # Imported before luigi forks its workers.
        import pipeline.exploration.methods  # noqa: F401

        self._check_kernels()
        return self.dataset_tasks

    def _check_kernels(self) -> None:
        """Raises PipelineError where no method asked for can learn enough, by the number of kernels with labels."""
        from pipeline.exploration.meta_processes import NEEDED
        from pipeline.exploration.methods import needs_processes
        from pipeline.exploration.prior import LEAST_KERNELS

        if not all(needs_processes(method) for method in self.chosen):
            return
        folds = {kernel: self.fold_of[kernel] for source in self.sources for kernel in self.kernels_of[source]}
        others = max(sum(of != self.fold_of[shard.kernel] for of in folds.values()) for shard in self.shards)
        if others < LEAST_KERNELS:
            raise PipelineError(
                f"{', '.join(self.chosen)} learn how designs resemble each other from other kernels: {NEEDED} are "
                f"needed beside the one that is searched, and there are {others}",
                fix="name further sources, or compare other methods",
            )

    def _check_designs(self) -> None:
        """Raises PipelineError where no kernel has designs enough, with what each has, before anything is learned."""
        import numpy as np

        from pipeline.exploration import Objective
        from pipeline.exploration.replay import LEAST_DESIGNS, LEAST_VALID, tells_searches_apart

        objective, told = Objective(limit=self.limit), []
        for shard in self.shards:
            pool, _ = read_pool(self.dataset_folder, shard.from_source, shard.kernel, self.reading)
            if tells_searches_apart(pool, objective):
                return
            valid = int(np.isfinite(pool.cycles(objective)).sum())
            told.append(f"{shard.kernel} has {len(pool.outcomes)}, {valid} of them valid")
        more = f" and {len(told) - 4} more" if told[4:] else ""
        raise PipelineError(
            f"no kernel has enough designs to tell searches apart: {LEAST_DESIGNS} are needed, {LEAST_VALID} of them "
            f"valid below --limit {self.limit:g}; {'; '.join(told[:4])}{more}",
            fix="use a source or kernels with more labels",
        )

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The searches decide the tables."""
        shards = [shard.digest for shard in self.shards]
        return {**super().identity, "shards": shards, "seeds": self.seeds, "methods": list(self.chosen)}

    @property
    def _sources(self) -> str:
        """The sources, for paths."""
        learned, searched = ("+".join(sources) for sources in (self.sources, self.tested))
        return learned if learned == searched else f"{learned}-to-{searched}"

    def output(self) -> FolderTarget:
        """``studies/searches-SOURCES-HASH/`` with ``curves.csv``, ``summary.csv`` and ``summary.json``."""
        return FolderTarget(self.folder / "studies" / f"searches-{self._sources[:80]}-{self.digest}")

    def run(self) -> Iterator[list[SearchKernel]]:
        """Asks for the searches of each kernel, then merges them into tables."""
        self._check_designs()
        folds = {fold.task_id: fold for shard in self.shards for fold in shard.requires()}
        progress.expect(sum(not task.complete() for task in (*self.shards, *folds.values())))
        yield self.shards
        self._merge()

    def _merge(self) -> None:
        from pipeline.exploration.expected import RandomSearch, expected_summary
        from pipeline.exploration.meta_processes import NEEDED
        from pipeline.exploration.methods import RANDOM
        from pipeline.exploration.replay import Curve, errors_of, summary

        rows: list[dict[str, Any]] = []
        for shard in self.shards:
            for part in shard.output().values():
                found = read_own(part.path / RUNS, "searches", remove=part.path)["searches"]
                rows += [{"source": shard.from_source, "kernel": shard.kernel, **row} for row in found]
        if not rows:
            raise PipelineError(
                f"no method could learn from the other kernels what it starts from: {NEEDED} are needed",
                fix="name further sources, or compare other methods",
            )
        table = []
        for source in self.tested:
            for method in self.chosen:
                mine = [row for row in rows if row["source"] == source and row["method"] == method]
                if mine and method == RANDOM:
                    found = expected_summary([RandomSearch.from_json(row) for row in mine], self.budget)
                    table.append({"source": source, "method": method, **found})
                elif mine:
                    seeds = [row["seed"] for row in mine]
                    figures = summary([Curve.from_json(row) for row in mine], self.budget, seeds)
                    table.append({"source": source, "method": method, **figures, **errors_of(mine)})
        lines = [line for row in rows for line in _lines(row, self.budget)]
        with self.output().write() as folder:
            _write_csv(folder / CURVES, lines)
            _write_csv(folder / SUMMARY, table)
            write_json(
                folder / "summary.json",
                {"command": command_of(self), "rows": table, "made_of": self.identity, "versions": versions()},
            )
            self._write_page(folder, lines, table)
        self.report_page()

    @property
    def page(self) -> Path:
        """The report, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    def _write_page(self, folder: Path, lines: list[dict[str, Any]], table: list[dict[str, Any]]) -> None:
        from pipeline.exploration.factory import PORTFOLIO
        from pipeline.exploration.methods import KNOWING_NOTHING
        from pipeline.present.run_report import write_run_report
        from pipeline.present.search_report import search_report

        report = search_report(
            lines,
            table,
            baselines=KNOWING_NOTHING,
            default=PORTFOLIO,
            left_out=self._left_out(table),
            provenance=self.identity,
            reproduce=[command_of(self)],
            files={CURVES: "the best so far after every run of every search", SUMMARY: "a row a source and search"},
        )
        (folder / "report.html").write_text(write_run_report(report), encoding="utf-8")

    def _left_out(self, rows: list[dict[str, Any]]) -> list[str]:
        found = {row["method"] for row in rows}
        return [method for method in self.chosen if method not in found]

    def summarise(self) -> None:
        """Prints the table."""
        place: Path = self.output().path
        latest = point_latest(place)
        with (place / SUMMARY).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for note in partial_notes(self.dataset_folder):
            say(f"  {note}")
        say(table_text(rows))
        if left_out := self._left_out(rows):
            say(f"Left out, as the labels hold too few other kernels to learn from: {', '.join(left_out)}")
        say(f"Tables in {place}" + (f" (also {latest})" if latest != place else "") + f": {CURVES} {SUMMARY}")


def _lines(row: dict[str, Any], budget: int) -> list[dict[str, Any]]:
    """A line a run; empty where nothing valid had been found. Of random search the median and the exact chance."""
    from pipeline.exploration.expected import RandomSearch, expected_curve
    from pipeline.exploration.replay import NEAR

    names_row = {name: row.get(name) for name in ("source", "kernel", "method", "seed")}
    if "within" in row:
        expected = expected_curve(RandomSearch.from_json(row), budget)
        return [{**names_row, "run": number + 1, **told} for number, told in enumerate(expected)]
    return [
        {
            **names_row,
            "run": number + 1,
            "ratio": ratio,
            "near": float(ratio is not None and ratio <= NEAR),
            **{name: row[name][number] for name in ("adrs", "hypervolume")},
        }
        for number, ratio in enumerate(row["ratio"])
    ]


def _write_csv(file: Path, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else value


def table_text(rows: list[dict[str, str]]) -> str:
    """The summary as aligned text: a line a source and method."""
    head = (
        f"{'source':14} {'method':20} {'pairs':>5}"
        f"  {'within 2 % after 10/20/40':>26}  {'median ratio after 10/20/40':>28}"
        f"  {'ADRS 40':>8} {'HV 40':>6}"
    )
    lines = [head]
    for row in rows:
        within = " ".join(_percent(row.get(f"within_2_percent_{runs}")) for runs in (10, 20, 40))
        median = " ".join(_number(row.get(f"median_ratio_{runs}")) for runs in (10, 20, 40))
        lines.append(
            f"{row['source']:14} {row['method']:20} {int(float(row['pairs'])):5d}  {within:>26}  {median:>28}"
            f"  {_number(row.get('adrs_40')):>8} {_number(row.get('hypervolume_40')):>6}"
        )
    return "\n".join(lines)


def _percent(text: str | None) -> str:
    return f"{100 * float(text):5.0f} %" if text else "      -"


def _number(text: str | None) -> str:
    return f"{float(text):8.3f}" if text else "       -"
