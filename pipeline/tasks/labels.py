"""Designs to labels: one kernel, one backend, one shard of the dataset."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.tasks.designs import KernelTask, SampleConfigurations
from pipeline.tasks.messages import progress, say
from pipeline.tasks.outputs import FolderTarget, write_json

if TYPE_CHECKING:
    from pipeline.synthesis import Outcome


class SynthesizeDesigns(KernelTask):
    """Labels the sampled designs of one kernel: runs the backend and writes the shard's tables."""

    def process_resources(self) -> dict[str, int]:
        """Kernels that are with the tool at once are bounded by [resources] in luigi.cfg."""
        return {"hls_kernel": 1} if self.plan.runs_tool else {}

    def requires(self) -> SampleConfigurations:
        """The list of designs."""
        return SampleConfigurations(**self.param_kwargs)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The list of designs decides the shard: it holds kernel, flow, backend and state of the store."""
        further = sorted(self.plan.further)
        return {**super().identity, "designs": self.requires().digest, **({"further": further} if further else {})}

    def output(self) -> FolderTarget:
        """``shards/KERNEL/SOURCE-HASH/`` with one Parquet file a table."""
        return FolderTarget(self.folder / "shards" / self.plan.name / f"{self.plan.source}-{self.digest}")

    def tell_stage(self, key: str, stage: str) -> None:
        """Shows what the tool is at: on luigi's page, and on a terminal."""
        if sys.stderr.isatty():
            say(f"  {self.plan.name} {stage}: {key}")
        self.report_progress(None, f"{key}: {stage}")

    def run(self) -> None:
        """Runs the backend; what it finished before a kill is in the report store and not run again."""
        from pipeline.dataset import LabelledDesign
        from pipeline.dataset.build import build_tables
        from pipeline.dataset.schemas import read_table, write_table
        from pipeline.synthesis import ReplayBackend
        from pipeline.synthesis.vitis import VitisBackend
        from pipeline.tasks.vitis import run_designs

        plan = self.plan
        rows = read_table(self.input().path / "designs.parquet", "designs").to_pylist()
        designs = [(row["key"], None if row["point"] is None else json.loads(row["point"])) for row in rows]
        points = [point for _, point in designs if point is not None]
        if isinstance(plan.backend, ReplayBackend):
            outcomes = plan.backend.replay(designs)
        elif isinstance(plan.backend, VitisBackend):
            assert plan.kernel is not None
            outcomes = run_designs(plan.backend, plan.kernel, points, self.folder, self.tell_stage)
        else:
            assert plan.kernel is not None
            outcomes = plan.backend.synthesize(plan.kernel, points)
        labelled = []
        for done, outcome in enumerate(outcomes, 1):
            version = outcome.report.tool_version if outcome.report else plan.address.flow.tool_version
            labelled.append(
                LabelledDesign(
                    source=plan.source,
                    dialect=plan.address.flow.dialect,
                    kernel=plan.name,
                    kernel_hash=plan.address.kernel_hash or None,
                    key=outcome.key,
                    point=outcome.point,
                    label=outcome.label,
                    report=outcome.report,
                    report_hash=outcome.report_hash,
                    origin=outcome.origin,
                    seconds=outcome.seconds,
                    started=outcome.started,
                    tool_version=version,
                    sampled_by=self.chosen_strategy,
                )
            )
            if plan.runs_tool:
                say(f"  {plan.name} {done}/{len(designs)} {_result(outcome)}")
            if plan.runs_tool or done % 50 == 0:
                self.report_progress(100.0 * done / len(designs), f"{done} of {len(designs)} designs of {plan.name}")
        kernels = {plan.name: plan.kernel} if plan.kernel else {}
        spaces = {plan.name: plan.space} if plan.space else {}
        tables = build_tables(labelled, kernels, spaces)
        with self.output().write() as folder:
            for name, table in tables.items():
                write_table(folder / f"shard-{name}.parquet", name, table)
            write_json(folder / "provenance.json", {**self.identity, "kernel": plan.name, "source": plan.source})
        good = sum(design.label.status == "ok" for design in labelled)
        progress.step(f"{plan.name} from {plan.source}: {len(labelled):,} designs, {good:,} labelled")


def _result(outcome: Outcome) -> str:
    label = outcome.label
    cycles = f" {label.cycles:,} cycles" if label.cycles is not None else ""
    seconds = f", {outcome.seconds:.0f} s" if outcome.seconds is not None else ""
    reason = f" ({label.reason})" if label.reason else ""
    return f"{label.status}{cycles}{seconds}{reason}: {outcome.key}"
