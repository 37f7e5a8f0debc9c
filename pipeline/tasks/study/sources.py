"""What tables of other kernels teach, once for all target kernels of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import luigi

from pipeline.errors import counted
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.messages import working
from pipeline.tasks.outputs import FolderTarget
from pipeline.tasks.study.options import StudyTask

if TYPE_CHECKING:
    from pipeline.training.protocol_methods import SourceKnowledge

KNOWN, PROCESS = "known.npz", "process.safetensors"


class LearnFromSources(StudyTask):
    """What tables of other kernels teach: forecasts for the designs of the target kernels, and a meta-process."""

    kernel = luigi.Parameter(default="", description="the kernel left out; empty for all targets of a transfer")

    def requires(self) -> list[GenerateDataset]:
        """The datasets."""
        return self.datasets

    def output(self) -> FolderTarget:
        """``studies/parts/sources-HASH/`` with ``known.npz`` and ``process.safetensors``."""
        return FolderTarget(self.parts / f"sources-{self.digest}")

    def run(self) -> None:
        """Learns."""
        import numpy as np

        from pipeline.models.baselines import save_process
        from pipeline.training.protocol_methods import learn_from_sources

        study = self.study()
        if self.kernel:
            study = study.held_out(self.kernel)
        targets = [one for one in study.targets if self.kernel in ("", one.kernel)]
        text = f"learning from tables of {counted(len(study.sources), 'kernel')}"
        with working(f"{text}, without {self.kernel}" if self.kernel else text, "tables of other kernels"):
            known = learn_from_sources(study.sources, targets, self.seed)
        arrays = {f"forecast {one.kernel}": of.forecast for one, of in zip(targets, known, strict=True)}
        with self.output().write() as folder:
            np.savez(folder / KNOWN, mean=known[0].mean, **arrays)  # type: ignore[arg-type]
            save_process(folder / PROCESS, known[0].process)

    def known(self, kernel: str) -> SourceKnowledge:
        """What was learned, for a target kernel."""
        import numpy as np

        from pipeline.models.baselines import load_process
        from pipeline.training.protocol_methods import SourceKnowledge

        place = self.output().path
        with np.load(place / KNOWN, allow_pickle=False) as arrays:
            return SourceKnowledge(arrays[f"forecast {kernel}"], load_process(place / PROCESS), arrays["mean"])
