"""What the kernels of all other parts of a study tell about those of one part."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.messages import progress
from pipeline.tasks.outputs import FolderTarget
from pipeline.tasks.searches.options import SearchStudyTask

if TYPE_CHECKING:
    from pipeline.exploration import Forecast

_ARRAYS = ("latency", "latency_spread", "utilisation", "utilisation_spread", "valid")


class ForecastFold(SearchStudyTask):
    """Forecasts for all designs of the kernels of one fold, learned on the kernels of the others."""

    fold = luigi.IntParameter(description="the fold that is left out")

    def requires(self) -> list[GenerateDataset]:
        """The dataset, unless a finished one is named."""
        return self.dataset_tasks

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The fold too."""
        return {**super().identity, "fold": self.fold}

    def output(self) -> FolderTarget:
        """``studies/parts/forecasts-HASH/`` with ``SOURCE.KERNEL.npz`` of each kernel."""
        return FolderTarget(self.parts / f"forecasts-{self.digest}")

    def run(self) -> None:
        """Learns and forecasts."""
        import numpy as np

        from pipeline.exploration import History, Prior
        from pipeline.tasks.searches.pools import read_pool

        histories, left_out = [], []
        for source, kernels in self.kernels_of.items():
            for kernel in kernels:
                pool, _ = read_pool(self.dataset_folder, source, kernel)
                if self.fold_of[kernel] == self.fold:
                    left_out.append(pool)
                else:
                    histories.append(History(kernel, source, pool.features, pool.outcomes))
        prior = Prior.fit(histories, seed=self.seed)
        with self.output().write() as folder:
            for pool in left_out:
                forecast = prior.predict(pool.features)
                arrays = {name: getattr(forecast, name) for name in _ARRAYS}
                np.savez_compressed(folder / f"{pool.source}.{pool.kernel}.npz", **arrays)
        progress.step(f"learned on {len(histories)} label sets, forecasts for {len(left_out)}")

    def forecast(self, source: str, kernel: str) -> Forecast:
        """What was written for a kernel of the fold."""
        import numpy as np

        from pipeline.exploration import Forecast

        with np.load(self.output().path / f"{source}.{kernel}.npz", allow_pickle=False) as arrays:
            return Forecast(**{name: arrays[name] for name in _ARRAYS})
