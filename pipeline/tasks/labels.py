"""Designs to labels: one kernel, one backend, one shard of the dataset."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from typing import Any

from pipeline.tasks.designs import KernelTask, SampleConfigurations
from pipeline.tasks.messages import progress, say
from pipeline.tasks.outcomes import outcomes_of
from pipeline.tasks.outputs import write_json
from pipeline.tasks.provisional import ProvisionalTarget, Standing, partial_text, unfinished

RESULTS = 2
"""Raised where shards of runs of the tool that were made before must not count as complete."""


class SynthesizeDesigns(KernelTask):
    """Labels the sampled designs of one kernel: runs the backend and writes the shard's tables."""

    example = "--kernel mine.c --backend vitis --count 50"

    def process_resources(self) -> dict[str, int]:
        """Kernels that are with the tool at once are bounded by [resources] in luigi.cfg."""
        return {"hls_kernel": 1} if self.plan.runs_tool else {}

    def requires(self) -> SampleConfigurations:
        """The list of designs."""
        return SampleConfigurations(**self.param_kwargs)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The list of designs decides the shard: it holds kernel, flow, backend and state of the store."""
        parts: dict[str, Any] = {"designs": self.requires().digest}
        if self.plan.further:
            parts["further"] = sorted(self.plan.further)
        if self.plan.runs_tool:
            parts["results"] = RESULTS
        if self.awaited:
            parts["awaited"] = sorted(self.awaited)
        return {**super().identity, **parts}

    @cached_property
    def awaited(self) -> dict[str, str]:
        """Under replay: the designs of which runs were begun that gave no result yet, with the fault they met last."""
        from pipeline.synthesis.unsettled import Unsettled
        from pipeline.tasks.plan import open_store

        return Unsettled(open_store(self.workspace), self.plan.address).open() if self.plan.replays else {}

    def output(self) -> ProvisionalTarget:
        """``shards/KERNEL/SOURCE-HASH/`` with one Parquet file a table."""
        place = self.folder / "shards" / self.plan.name / f"{self.plan.source}-{self.digest}"
        return ProvisionalTarget(place, self.plan.bounds)

    def tell_stage(self, key: str, stage: str) -> None:
        """Shows what the tool is at: on luigi's page, and on a terminal."""
        if sys.stderr.isatty():
            say(f"  {self.plan.name} {stage}: {key}")
        self.report_progress(None, f"{key}: {stage}")

    def run(self) -> None:
        """Runs the backend; what it finished before a kill is in the report store and not run again.

        Designs that the surroundings kept from a result are left out and noted; whoever asks for the shard says so.
        """
        from pipeline.dataset.build import build_tables
        from pipeline.dataset.schemas import read_table, write_table
        from pipeline.loop.labelled import is_told, labelled, told

        plan = self.plan
        rows = read_table(self.input().path / "designs.parquet", "designs").to_pylist()
        designs = [(row["key"], None if row["point"] is None else json.loads(row["point"])) for row in rows]
        outcomes = outcomes_of(plan, designs, self.folder, self.tell_stage)
        rows_done = []
        standing = Standing(waits=not plan.replays)
        following = self.follow(outcomes, f"{plan.name} from {plan.source}", len(designs))
        for done, outcome in enumerate(following, 1):
            if standing.add(plan.name, outcome):
                rows_done.append(labelled(plan, outcome, self.chosen_strategy))
            if plan.runs_tool and is_told(outcome):
                say(f"  {plan.name} {done}/{len(designs)} {told(outcome)}")
        standing.expect(plan.name, self.awaited)
        kernels = {plan.name: plan.kernel} if plan.kernel else {}
        spaces = {plan.name: plan.space} if plan.space else {}
        tables = build_tables(rows_done, kernels, spaces)
        with self.output().write() as folder:
            for name, table in tables.items():
                write_table(folder / f"shard-{name}.parquet", name, table)
            write_json(folder / "provenance.json", {**self.identity, "kernel": plan.name, "source": plan.source})
            standing.write(folder)
        good = sum(design.label.status == "ok" for design in rows_done)
        card = standing.card()
        partial = f"; {partial_text(card)}" if card else ""
        progress.step(f"{plan.name} from {plan.source}: {len(rows_done):,} designs, {good:,} labelled{partial}")
        if self.is_root and standing.missing and standing.waits:
            self.output().reopen()
            raise unfinished(standing)
