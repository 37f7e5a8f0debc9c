"""The shipped packs, made by the estimator."""

from __future__ import annotations

from pathlib import Path

import luigi

from pipeline.synthesis import ESTIMATOR_SOURCE, made_for
from pipeline.tasks.base import AskedTask, names
from pipeline.tasks.kernel_options import AS_IT_IS
from pipeline.tasks.messages import say
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.target_options import TargetOptions

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
            plan = make_plan(self.workspace, name, AS_IT_IS, "", ESTIMATOR_SOURCE, "estimator", self.asked_target)
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
