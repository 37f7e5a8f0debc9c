"""Which designs are shots, the same for every method of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import luigi

from pipeline.files import read_own
from pipeline.tasks.model_folder import MODEL
from pipeline.tasks.outputs import FolderTarget, write_json
from pipeline.tasks.study.options import StudyTask
from pipeline.terms import ShotsBy

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline.models import DesignModel
    from pipeline.training import KernelDesigns

SHOTS = "shots.json"


class ChooseShots(StudyTask):
    """Which designs of a target kernel every method of the study learns from."""

    kernel = luigi.Parameter(description="the target kernel")

    def requires(self) -> list[luigi.Task]:
        """The datasets; for k-means the published HMoE."""
        if ShotsBy.KMEANS not in self.ways:
            return list(self.datasets)
        return [*self.datasets, self.pretraining("hmoe", self.kernel)]

    def output(self) -> FolderTarget:
        """``studies/parts/shots-KERNEL-HASH/`` with ``shots.json``: by way and number the design keys."""
        return FolderTarget(self.parts / f"shots-{self.kernel}-{self.digest}")

    def run(self) -> None:
        """Chooses."""
        from pipeline.training import select_shots
        from pipeline.training.protocol import validity_shots

        designs = self.load(self.tested, (self.kernel,))[0]
        chosen: dict[str, dict[str, list[str]]] = {}
        for way in self.ways:
            model = self._model() if way == ShotsBy.KMEANS else None
            for count in self.counts:
                if self.target == "validity":
                    rows = validity_shots(designs, count, self.seed)
                else:
                    rows = select_shots(model, designs, count, how=way, seed=self.seed)
                chosen.setdefault(way, {})[str(count)] = designs.keys[rows].tolist()
        with self.output().write() as folder:
            write_json(folder / SHOTS, chosen)

    def _model(self) -> DesignModel:
        from pipeline.models import load_model

        return load_model(self.pretraining("hmoe", self.kernel).output().path / MODEL)[0]

    def rows(self, designs: KernelDesigns, way: str, count: int) -> npt.NDArray[np.int64]:
        """The shots' rows among the designs."""
        import numpy as np

        chosen = read_own(self.output().path / SHOTS, remove=self.output().path)
        return np.flatnonzero(np.isin(designs.keys, chosen[way][str(count)]))
