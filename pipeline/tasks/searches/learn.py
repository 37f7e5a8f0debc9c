"""What the kernels of all other parts of a study tell about those of one part."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.messages import progress, working
from pipeline.tasks.outputs import FolderTarget
from pipeline.tasks.searches.options import SearchStudyTask
from pipeline.tasks.searches.pools import read_pool

if TYPE_CHECKING:
    from pipeline.exploration import Forecast, History
    from pipeline.exploration.meta_processes import MetaProcesses
    from pipeline.exploration.replay import Pool

_ARRAYS = ("latency", "latency_spread", "utilisation", "utilisation_spread", "valid")


class FoldTask(SearchStudyTask):
    """A task that learns on the kernels of all folds but one."""

    fold = luigi.IntParameter(description="the fold that is left out")

    def requires(self) -> list[GenerateDataset]:
        """The dataset, unless a finished one is named."""
        return self.dataset_tasks

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The fold too."""
        return {**super().identity, "fold": self.fold}

    def read(self) -> tuple[list[History], list[Pool]]:
        """What is learned from, and the designs of the fold."""
        from pipeline.exploration import History

        histories, left_out = [], []
        for source, kernels in self.kernels_of.items():
            for kernel in kernels:
                mine = self.fold_of[kernel] == self.fold
                if source not in (self.tested if mine else self.sources):
                    continue
                pool, _ = read_pool(self.dataset_folder, source, kernel, self.reading)
                if mine:
                    left_out.append(pool)
                else:
                    histories.append(History(kernel, source, pool.features, pool.outcomes))
        return histories, left_out


class ForecastFold(FoldTask):
    """Forecasts for all designs of the kernels of one fold, learned on the kernels of the others."""

    def output(self) -> FolderTarget:
        """``studies/parts/forecasts-HASH/`` with ``SOURCE.KERNEL.npz`` of each kernel."""
        return FolderTarget(self.parts / f"forecasts-{self.digest}")

    def run(self) -> None:
        """Learns and forecasts."""
        import numpy as np

        from pipeline.exploration.sources import prior_for

        histories, left_out = self.read()
        with (
            self.output().write() as folder,
            working(f"learning from {len(histories)} label sets", "forecasts of a fold"),
        ):
            sources = {one.source for one in left_out}
            fitted = {source: prior_for(source, histories, seed=self.seed) for source in sources}
            for pool in left_out:
                forecast = fitted[pool.source].predict(pool.features)
                arrays = {name: getattr(forecast, name) for name in _ARRAYS}
                np.savez_compressed(folder / f"{pool.source}.{pool.kernel}.npz", **arrays)
        progress.step(f"learned on {len(histories)} label sets, forecasts for {len(left_out)}")

    def forecast(self, source: str, kernel: str) -> Forecast:
        """What was written for a kernel of the fold."""
        import numpy as np

        from pipeline.exploration import Forecast

        with np.load(self.output().path / f"{source}.{kernel}.npz", allow_pickle=False) as arrays:
            return Forecast(**{name: arrays[name] for name in _ARRAYS})


class ProcessFold(FoldTask):
    """The processes that the kernels of all folds but one teach for one source."""

    from_source = luigi.Parameter(description="the source whose labels are replayed")

    @cached_property
    def identity(self) -> dict[str, Any]:
        """How they are learned too."""
        from pipeline.exploration import prior

        return {**super().identity, "processes": prior.PROCESSES_VERSION, "for": self.from_source}

    def output(self) -> FolderTarget:
        """``studies/parts/processes-HASH/``: the processes' files, none where there is too little to learn from."""
        return FolderTarget(self.parts / f"processes-{self.digest}")

    def run(self) -> None:
        """Learns."""
        from pipeline.exploration.meta_processes import NEEDED, learn_processes, tell_what_is_usual
        from pipeline.exploration.sources import alike, belief

        histories = alike(self.from_source, self.read()[0])
        enough = tell_what_is_usual(histories)
        with (
            self.output().write() as folder,
            working(f"learning from {len(histories)} label sets", "processes of a fold"),
        ):
            if enough:
                trust = belief(self.from_source, histories, seed=self.seed).trust
                learn_processes(histories, seed=self.seed, trust=trust).save(folder)
        told = "how designs resemble each other" if enough else f"nothing: {NEEDED} are needed"
        progress.step(f"learned from {len(histories)} label sets {told}")

    def processes(self) -> MetaProcesses | None:
        """What was written; None where there was too little to learn from."""
        from pipeline.exploration.meta_processes import MetaProcesses

        folder: Path = self.output().path
        return MetaProcesses.load(folder) if any(folder.glob("*.safetensors")) else None
