"""What the tasks of a comparison of searches share."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.kernels.families import folds
from pipeline.tasks.base import names
from pipeline.tasks.dataset_option import DatasetTask
from pipeline.tasks.estimator_device import estimator_version
from pipeline.tasks.parameters import Real, WholeNumber
from pipeline.tasks.searches.pools import labelled_kernels


class SearchStudyTask(DatasetTask):
    """A task of a comparison of searches on the labels of some sources."""

    source = luigi.Parameter(description="labels to learn from and to search on, comma-separated, such as hlsyn-v20")
    target_source = luigi.Parameter(
        default="", description="labels to search on, where they are others than those to learn from"
    )
    limit = Real(
        above=0,
        most=10,
        hint="a fraction such as 0.8",
        default=0.8,
        description="a valid design's utilisations are below this",
    )
    folds = WholeNumber(least=2, default=8, description="parts that kernels are left out in, variants of one together")

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources by name."""
        return names(self.source)

    @property
    def tested(self) -> tuple[str, ...]:
        """The sources of the pools that are searched."""
        return names(self.target_source) or self.sources

    @property
    def needed(self) -> tuple[str, ...]:
        """All sources."""
        return tuple(dict.fromkeys((*self.sources, *self.tested)))

    @property
    def dataset_asked(self) -> dict[str, Any]:
        """All sources, without graphs."""
        return {"source": ",".join(self.needed), "graphs": False}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The data, and what turns it into forecasts."""
        from pipeline.exploration import prior

        return {
            **super().identity,
            "dataset": self.dataset_digest,
            "sources": list(self.sources),
            "target_sources": list(self.tested),
            "estimator": estimator_version(),
            "limit": self.limit,
            "prior": prior.VERSION,
            "folds": self.folds,
        }

    def shared(self) -> dict[str, Any]:
        """The parameters that all tasks of a study take over."""
        taken = ("workspace", "source", "target_source", "dataset", "limit", "folds", "part", "clock")
        return {name: getattr(self, name) for name in taken} | asdict(self.reading)

    @cached_property
    def kernels_of(self) -> dict[str, tuple[str, ...]]:
        """The kernels with labels, by source."""
        if not self.dataset:
            from pipeline.tasks.plan import cached_kernels

            asked = self.asked_target
            return {source: cached_kernels(self.workspace, source, asked) for source in self.needed}
        return labelled_kernels(self.dataset_folder, self.needed)

    @cached_property
    def fold_of(self) -> dict[str, int]:
        """The part in which each kernel is left out."""
        if self.folds < 2:
            raise PipelineError(f"--folds {self.folds} leaves nothing to learn from", fix="give 2 or more")
        return folds({kernel for kernels in self.kernels_of.values() for kernel in kernels}, self.folds)

    @property
    def parts(self) -> Path:
        """Where parts of studies stand."""
        return self.folder / "studies" / "parts"
