"""The dataset that a task reads: a finished one that is named, else the one that it has made."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.tasks.base import PipelineTask
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.dataset_card import dataset_card
from pipeline.tasks.kernel_options import KernelOptions
from pipeline.tasks.outputs import fingerprint
from pipeline.tasks.target_options import TargetOptions
from pipeline.terms import OwnBackend


class DatasetTask(TargetOptions, KernelOptions, PipelineTask):
    """A task that reads the tables of a dataset."""

    dataset = luigi.Parameter(default="", description="a finished dataset's folder; default: GenerateDataset makes one")

    @property
    @abstractmethod
    def dataset_asked(self) -> dict[str, Any]:
        """The parameters of the dataset that is made: at least ``source``."""

    @cached_property
    def dataset_task(self) -> GenerateDataset:
        """The task that makes the dataset."""
        return GenerateDataset(
            workspace=self.workspace, backend=OwnBackend.REPLAY.value, part=self.part, clock=self.clock,
            **self.dataset_asked, **asdict(self.reading),
        )  # fmt: skip

    @property
    def dataset_tasks(self) -> list[GenerateDataset]:
        """What makes the dataset; nothing where a finished one is named."""
        return [] if self.dataset else [self.dataset_task]

    @property
    def dataset_folder(self) -> Path:
        """The dataset's tables."""
        return Path(self.dataset) if self.dataset else self.dataset_task.output().path

    @cached_property
    def dataset_digest(self) -> str:
        """What the data is, before it is there."""
        if not self.dataset:
            return str(self.dataset_task.digest)
        return fingerprint(card=dataset_card(Path(self.dataset)))
