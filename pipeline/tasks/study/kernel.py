"""The figures of some methods on one target kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import luigi

from pipeline.tasks.base import names
from pipeline.tasks.messages import progress
from pipeline.tasks.model_folder import MODEL
from pipeline.tasks.outputs import FolderTarget
from pipeline.tasks.study.options import StudyTask
from pipeline.tasks.study.shots import ChooseShots
from pipeline.tasks.study.sources import LearnFromSources

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pipeline.models import DesignModel
    from pipeline.tasks.messages import Advance
    from pipeline.tasks.training import TrainHierarchicalMoE
    from pipeline.training import KernelDesigns, TrainingConfig
    from pipeline.training.protocol_rows import Cell, MetricsRow, ValidityRow

ROWS = "rows.csv"
_NOT_OF_SOURCES = ("shots", "shots_by", "epochs", "fine_tune_epochs", "training", "target", "accelerator")
"""Parameters that do not decide what tables of other kernels teach, so that studies share it."""


class EvaluateKernel(StudyTask):
    """Forecasts of some methods for one target kernel, measured; methods of one network go together."""

    kernel = luigi.Parameter(description="the target kernel")
    methods = luigi.Parameter(description="methods, comma-separated")

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """The methods."""
        return names(self.methods)

    def requires(self) -> list[luigi.Task]:
        """The datasets, and shots, network and what tables teach as far as the methods need them."""
        needed: list[luigi.Task] = list(self.datasets)
        if self.protocol == "transfer":
            needed.append(self.shots_task)
        if self.network_task is not None:
            needed.append(self.network_task)
        if self.sources_task is not None:
            needed.append(self.sources_task)
        return needed

    @cached_property
    def shots_task(self) -> ChooseShots:
        """What chooses the shots."""
        return ChooseShots(seed=self.seed, kernel=self.kernel, **self.shared())

    @cached_property
    def sources_task(self) -> LearnFromSources | None:
        """What tables of other kernels teach, where a method asks for it."""
        from pipeline.training.protocol_methods import needs_sources

        if self.target == "validity" or not needs_sources(self.chosen, shots=self.protocol != "zero-shot"):
            return None
        kernel = "" if self.protocol == "transfer" else self.kernel
        return LearnFromSources(seed=self.seed, kernel=kernel, **self.shared(*_NOT_OF_SOURCES))

    @cached_property
    def network_task(self) -> TrainHierarchicalMoE | None:
        """What makes the network, where a method has one."""
        from pipeline.training.protocol_methods import network_of

        network = network_of(self.chosen)
        return self.pretraining(network, self.kernel) if network else None

    def output(self) -> FolderTarget:
        """``studies/parts/KERNEL-METHOD-HASH/`` with ``rows.csv``."""
        return FolderTarget(self.parts / f"{self.kernel}-{self.chosen[0]}-{self.digest}")

    def run(self) -> None:
        """Forecasts and measures, for every number and choice of shots."""
        from pipeline.training.protocol_rows import write_rows

        found = list(self._rows())
        with self.output().write() as folder:
            write_rows(folder / ROWS, found)
        seed = f", seed {self.seed}" if self.seed else ""
        progress.step(f"{self.kernel}{seed}: {', '.join(self.chosen)}")

    def _rows(self) -> Iterator[MetricsRow | ValidityRow]:
        from pipeline.training.protocol_rows import Cell

        designs = self.load(self.tested, (self.kernel,))[0]
        model = self._model()
        # Trained on the kernel already where the protocol is grouped.
        tune = None if self.protocol == "grouped" else self._fine_tuning()
        tuned = 0 if model is None or tune is None or self.protocol == "zero-shot" else tune.epochs
        steps = len(self.ways) * len(self.counts) * (tuned + len(self.chosen))
        with self.following(steps, f"{self.kernel} {', '.join(self.chosen)}") as advance:
            for way in self.ways:
                for count in self.counts:
                    shots, rest = self._parted(designs, way, count)
                    cell = Cell("", self.source, self.kernel, self.seed, count, way, self.tested, self.protocol)
                    yield from self._scored(cell, designs, shots, rest, model, tune, advance)

    def _parted(
        self, designs: KernelDesigns, way: str, count: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows to learn from, and to be tested on."""
        import numpy as np

        from pipeline.training.protocol import grouped_rows, rest_of

        if self.protocol == "grouped":
            return grouped_rows(designs, self.target)
        transfer = self.protocol == "transfer"
        shots = self.shots_task.rows(designs, way, count) if transfer else np.empty(0, np.int64)
        return shots, rest_of(designs, shots, self.target)

    def _scored(
        self,
        cell: Cell,
        designs: KernelDesigns,
        shots: npt.NDArray[np.int64],
        rest: npt.NDArray[np.int64],
        model: DesignModel | None,
        tune: TrainingConfig | None,
        advance: Advance,
    ) -> Iterator[MetricsRow | ValidityRow]:
        from pipeline.training.metrics import regression_metrics, validity_metrics
        from pipeline.training.protocol_methods import forecasts, validity_forecasts
        from pipeline.training.protocol_rows import MetricsRow, ValidityRow

        if self.target == "validity":
            found = validity_forecasts(self.chosen, designs, shots, self.seed, model, tune, advance)
            for method, probability in found.items():
                score = validity_metrics(designs.valid[rest], probability[rest])
                yield ValidityRow.of(replace(cell, method=method), score)
            return
        known = self.sources_task.known(self.kernel) if self.sources_task is not None else None
        estimates = forecasts(self.chosen, designs, shots, self.seed, model, tune, known, advance)
        kernels = [designs.kernel] * len(rest)
        for method, estimate in estimates.items():
            scores = regression_metrics(
                designs.targets[rest], estimate.mean[rest], kernels, spread=estimate.spread[rest]
            )
            yield from (MetricsRow.of(replace(cell, method=method), score) for score in scores)

    def _model(self) -> DesignModel | None:
        from pipeline.models import load_model

        return load_model(self.network_task.output().path / MODEL)[0] if self.network_task is not None else None

    def _fine_tuning(self) -> TrainingConfig:
        from pipeline.training import preset
        from pipeline.training.networks import network_named
        from pipeline.training.protocol_methods import network_of

        network = network_named(network_of(self.chosen) or "")
        mode = network.mode if network else "published"
        epochs = self.fine_tune_epochs if self.fine_tune_epochs is not None else max(1, self.epochs // 2)
        return replace(
            preset(mode, task=self.target).fine_tuning, epochs=epochs, seed=self.seed, accelerator=self.accelerator
        )
