"""The dataset: shards merged into tables, splits and a data card."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.present.summary import dataset_summary
from pipeline.synthesis import made_for
from pipeline.synthesis.backends.registry import BACKENDS
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.designs import BACKEND_CHOICES, STRATEGIES
from pipeline.tasks.estimator_device import devices
from pipeline.tasks.graph import BuildGraph
from pipeline.tasks.kernel_options import KernelOptions, single
from pipeline.tasks.labels import SynthesizeDesigns
from pipeline.tasks.loop.commands import command_of
from pipeline.tasks.messages import progress, say, working
from pipeline.tasks.narrowing import SpaceOptions
from pipeline.tasks.outputs import point_latest, shown_files, write_json
from pipeline.tasks.parameters import OptionalWholeNumber
from pipeline.tasks.provisional import ProvisionalTarget, Standing, joined, partial_text, unfinished
from pipeline.tasks.target_options import TargetOptions, one_target
from pipeline.terms import OwnBackend


class GenerateDataset(TargetOptions, KernelOptions, SpaceOptions, PipelineTask):
    """From kernels to a dataset: samples designs, labels them, writes tables, splits and a data card."""

    example = "--kernels atax,bicg"

    kernels = luigi.Parameter(
        default="",
        description="suite names or paths, comma-separated; default: those with cached reports of the source",
    )
    source = luigi.Parameter(
        default="",
        description="where labels come from, comma-separated, such as hlsyn-v18,hlsyn-v20; default: the shipped packs",
    )
    backend = luigi.ChoiceParameter(
        default="auto",
        choices=BACKEND_CHOICES,
        description="what labels the designs; auto: Vitis if it is found, else replay",
    )
    strategy = luigi.ChoiceParameter(
        default="auto",
        choices=STRATEGIES,
        description="how designs are chosen; auto: cached under replay, else uniform",
    )
    count = OptionalWholeNumber(
        least=1, default=None, description="designs a kernel; default: all cached, or 100 new ones"
    )
    around = luigi.Parameter(
        default="", description="design keys, comma-separated: centres of --strategy neighbourhood"
    )
    space = luigi.Parameter(default="", description="design space file, with a single kernel")
    graphs = luigi.BoolParameter(
        default=True,
        parsing=luigi.BoolParameter.EXPLICIT_PARSING,
        description="whether the dataset holds program graphs",
    )
    allow_partial = luigi.BoolParameter(
        default=False, description="write the dataset although runs of the tool are missing, and say so in it"
    )

    @cached_property
    def shards(self) -> list[SynthesizeDesigns]:
        """One task a kernel and source, sorted."""
        from pipeline.tasks.plan import cached_kernels, default_source, resolve_backend

        backend = resolve_backend(self.backend)
        if BACKENDS[backend].runs_tool and not self.kernels:
            # Hundreds of runs of minutes to hours each are not started unasked.
            if self.backend == backend:
                raise PipelineError("no kernel to run is named", fix="name some with --kernels")
            say("Vitis HLS is here; cached reports are replayed all the same unless --kernels names what to run.")
            backend = OwnBackend.REPLAY.value
        sources = names(self.source) or (default_source(self.workspace, backend),)
        found: dict[tuple[str, str], SynthesizeDesigns] = {}
        for source in sources:
            kernels = names(self.kernels) or cached_kernels(self.workspace, source, self.asked_target)
            single(len(kernels), "--kernels", space=self.space, only=self.only, keep=self.keep, **self.reading.narrow)
            for kernel in kernels:
                task = SynthesizeDesigns(
                    workspace=self.workspace, seed=self.seed, kernel=kernel, space=self.space,
                    part=self.part, clock=self.clock, **asdict(self.reading),
                    source=source, backend=backend, strategy=self.strategy, count=self.count, around=self.around,
                    only=self.only, keep=self.keep,
                )  # fmt: skip
                first = found.setdefault((task.plan.name, source), task)
                if first is not task:
                    raise PipelineError(
                        f"{first.kernel} and {kernel} are both called {task.plan.name}",
                        fix="rename one: the name is the kernel's identity in the tables",
                    )
        for source in sources:
            one_target({kernel: task.plan.address.flow for (kernel, of), task in found.items() if of == source})
        return [found[key] for key in sorted(found)]

    @cached_property
    def graph_tasks(self) -> dict[str, BuildGraph]:
        """One task a kernel whose C is at hand, by the kernel's name."""
        if not self.graphs:
            return {}
        return {
            shard.plan.name: BuildGraph(workspace=self.workspace, kernel=shard.kernel, **asdict(self.reading))
            for shard in self.shards
            if shard.plan.kernel is not None
        }

    def requires(self) -> dict[str, Any]:
        """The shards and the graphs."""
        # Imported before luigi forks its workers: each of hundreds of children would spend a second on it. pyarrow
        # imports pandas, if it is installed, as soon as it makes an array.
        import pandas  # noqa: F401

        import pipeline.dataset.build
        import pipeline.dataset.card
        import pipeline.dataset.splits  # noqa: F401

        progress.expect(sum(not shard.complete() for shard in self.shards))
        return {"shards": self.shards, "graphs": list(self.graph_tasks.values())}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The shards and graphs decide the dataset."""
        return {
            **super().identity,
            "shards": [shard.digest for shard in self.shards],
            "graphs": {name: task.digest for name, task in self.graph_tasks.items()},
        }

    def output(self) -> ProvisionalTarget:
        """``datasets/SOURCES-HASH/``: tables, card, ``report.html``; ``datasets/latest`` points to the newest."""
        sources = "+".join(dict.fromkeys(shard.plan.source for shard in self.shards))
        bounds = next((shard.plan.bounds for shard in self.shards if shard.plan.bounds is not None), None)
        return ProvisionalTarget(self.folder / "datasets" / f"{sources[:80]}-{self.digest}", bounds)

    @property
    def page(self) -> Path:
        """The dataset, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    def run(self) -> None:
        """Merges the shards. Raises PipelineError where designs have to be run again, unless that is allowed."""
        from pipeline.dataset.build import merge_tables
        from pipeline.dataset.card import card_markdown, data_card
        from pipeline.dataset.schemas import TABLES, read_table, write_table
        from pipeline.dataset.splits import split_table
        from pipeline.present.dataset_report import dataset_report
        from pipeline.present.run_report import write_run_report

        standing = self._standing()
        parts = []
        for target in self.follow(self.input()["shards"], "shards"):
            parts.append(
                {
                    name: read_table(target.path / f"shard-{name}.parquet", name)
                    for name in TABLES
                    if (target.path / f"shard-{name}.parquet").exists()
                }
            )
        with working("merging the shards"):
            tables = merge_tables(parts)
            tables["splits"] = split_table(tables["labels"], seed=self.seed)
        provenance = {
            **self.identity,
            "kernel_hashes": {shard.plan.name: shard.plan.address.kernel_hash for shard in self.shards},
            "flows": {shard.plan.source: shard.plan.address.flow.to_json() for shard in self.shards},
        }
        card = data_card(tables, provenance, partial=standing.card(), notes=self._targets())
        with self.output().write() as folder:
            for name, table in tables.items():
                write_table(folder / f"{name}.parquet", name, table)
            for name, task in self.graph_tasks.items():
                (folder / "graphs" / name).mkdir(parents=True)
                for file in ("nodes.parquet", "edges.parquet"):
                    shutil.copyfile(task.output().path / file, folder / "graphs" / name / file)
            write_json(folder / "card.json", card)
            standing.write(folder)
            (folder / "card.md").write_text(card_markdown(card), encoding="utf-8")
            files = shown_files(folder)
            report = dataset_report(tables["labels"].to_pylist(), card, files, [command_of(self)])
            (folder / "report.html").write_text(write_run_report(report), encoding="utf-8")
        self.report_page()

    def _targets(self) -> list[str]:
        """What the labels of each source are for, a sentence each, and what is assumed of estimates."""
        flows = {shard.plan.source: shard.plan.address.flow for shard in self.shards}
        said = [f"Labels of {source} are for {made_for(flow)}." for source, flow in sorted(flows.items())]
        return said + list(dict.fromkeys(note for flow in flows.values() for note in devices().assumptions(flow)))

    def _standing(self) -> Standing:
        from pyarrow.parquet import read_metadata

        targets = self.input()["shards"]
        standing = joined(target.standing for target in targets)
        rows = sum(read_metadata(target.path / "shard-labels.parquet").num_rows for target in targets)
        standing.designs = rows + len(standing.missing)
        if standing.missing and standing.waits:
            for target in targets:
                # The next command runs what is missing, also where it belongs to this process.
                target.reopen()
            none_at_all = len(standing.missing) == standing.designs
            if none_at_all or not self.allow_partial:
                raise unfinished(standing, fix="" if none_at_all else ", or add --allow-partial to take what there is")
        return standing

    def summarise(self) -> None:
        """Prints the summary of what is there."""
        from pipeline.dataset.schemas import read_table

        place: Path = self.output().path
        rows = read_table(place / "labels.parquet", "labels").select(["source", "kernel", "status", "cycles"])
        latest = point_latest(place)
        files = shown_files(place)
        standing = self.output().standing
        if card := standing.card():
            more = "the same command runs" if standing.waits else "GenerateDataset with the tool runs"
            say(f"The dataset is {partial_text(card)}; {more} those again.")
        targets = {shard.plan.source: made_for(shard.plan.address.flow) for shard in self.shards}
        where = f"{place} (also {latest})" if latest != place else str(place)
        say(dataset_summary(rows.to_pylist(), where, files, targets=targets))
