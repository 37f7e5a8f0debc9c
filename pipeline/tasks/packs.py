"""Packs of labels: the shipped ones made, any of them told."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.files import write_whole
from pipeline.synthesis import ESTIMATOR_SOURCE, made_for
from pipeline.tasks.base import AskedTask, names
from pipeline.tasks.information import InformationTask
from pipeline.tasks.kernel_options import AS_IT_IS
from pipeline.tasks.messages import say
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.target_options import TargetOptions
from pipeline.terms import OwnBackend

PACK_KERNELS = "atax,bicg,doitgen-red,gemm-ncubed,jacobi-2d,spmv-ellpack,stencil"


class BuildPacks(TargetOptions, AskedTask):
    """Writes the packs in reports/ again: labels by the estimator for a handful of kernels."""

    example = "--kernels atax --count 150 --output-folder packs"

    kernels = luigi.Parameter(default=PACK_KERNELS, description="suite names, comma-separated")
    count = WholeNumber(least=1, default=150, description="designs a kernel, the default design among them")
    output_folder = luigi.Parameter(default="reports", description="where the packs go")

    def run(self) -> None:
        """Estimates the designs of each kernel and writes one pack a kernel."""
        import tempfile

        from pipeline.design_space.sampling import sample
        from pipeline.synthesis import ReportStore, write_pack
        from pipeline.tasks.plan import make_plan

        for name in self.follow(names(self.kernels), "packs"):
            plan = make_plan(
                self.workspace, name, AS_IT_IS, "", ESTIMATOR_SOURCE, OwnBackend.ESTIMATOR, self.asked_target
            )
            assert plan.kernel is not None and plan.space is not None
            points = sample(plan.space, "uniform", self.count, self.seed)
            path = Path(self.output_folder) / ESTIMATOR_SOURCE / f"{plan.name}.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                store = ReportStore(Path(scratch), fsync=False)
                for _ in plan.backend.afresh(store).synthesize(plan.kernel, points):
                    pass
                write_pack(path, plan.address, store.entries(plan.address))
            say(
                f"{path}: {len(points)} designs for {made_for(plan.address.flow)}, {path.stat().st_size / 1024:.0f} KiB"
            )
        self.done = True


class DescribePacks(InformationTask):
    """Says what packs of labels hold: kernels, designs, source, tool, part, clock, terms, with or without reports."""

    example = "--path reports"

    path = luigi.Parameter(description="a pack, or a folder of packs")

    @cached_property
    def stem(self) -> str:
        """After the path's last part."""
        return f"packs-{Path(self.path).resolve().stem}"

    @property
    def page(self) -> Path:
        """Beside the JSON."""
        return self.file.with_suffix(".html")

    def facts(self) -> dict[str, Any]:
        """What each pack holds."""
        from pipeline.synthesis.passed_on import find_packs
        from pipeline.tasks.packs_told import told_of

        return {"packs": told_of(find_packs(Path(self.path)), Path(self.path))}

    def text(self, facts: dict[str, Any]) -> str:
        """Some lines a pack."""
        from pipeline.present.packs_report import packs_text

        return packs_text(facts["packs"])

    def write_page(self, facts: dict[str, Any]) -> None:
        """The same as a page."""
        from pipeline.present.packs_report import packs_page

        write_whole(self.page, packs_page(facts["packs"], type(self).__name__).encode(), fsync=False)
