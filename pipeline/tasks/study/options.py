"""The parameters of a study, and what all its tasks share."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.kernels.families import relatives
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.estimator_device import estimator_version
from pipeline.tasks.kernel_options import KernelOptions
from pipeline.tasks.model_task import ACCELERATORS, TARGETS, ModelTask, options
from pipeline.tasks.parameters import OptionalWholeNumber, WholeNumber
from pipeline.tasks.provisional import partial_notes
from pipeline.tasks.target_options import TargetOptions
from pipeline.tasks.training import TrainHierarchicalMoE
from pipeline.terms import ShotsBy

if TYPE_CHECKING:
    from pipeline.training import KernelDesigns
    from pipeline.training.protocol import Study

STUDY_PROTOCOLS = ("transfer", "zero-shot", "grouped")
PUBLISHED_EPOCHS = 1000

TOLD = "The labels are the estimator's own: estimator, few-shot and best take these as input, so are told the answer."


class StudyTask(TargetOptions, KernelOptions, PipelineTask):
    """A task of a study."""

    source = luigi.Parameter(description="labels to pre-train on, comma-separated, such as hlsyn-v20")
    target_source = luigi.Parameter(default="", description="labels of the target kernels; default: those of --source")
    target_kernels = luigi.Parameter(
        default="", description="kernels to test on, comma-separated; default: the paper's with enough designs"
    )
    protocol = luigi.ChoiceParameter(
        default="transfer",
        choices=STUDY_PROTOCOLS,
        description="a few shots on new kernels, none on new kernels, or new designs of known kernels",
    )
    target = luigi.ChoiceParameter(
        default="regression", choices=TARGETS, description="what is predicted: perf and resources, or validity"
    )
    shots = luigi.Parameter(default="50", description="designs of a target kernel to learn from, such as 10,50")
    shots_by = luigi.Parameter(
        default=f"{ShotsBy.RANDOM},{ShotsBy.KMEANS}",
        description="how they are chosen; kmeans is on the published HMoE's embeddings",
    )
    epochs = WholeNumber(least=1, default=PUBLISHED_EPOCHS, description="epochs of pre-training of every network")
    fine_tune_epochs = OptionalWholeNumber(
        least=1,
        default=None,
        description="epochs of fine-tuning of every network; default: half of --epochs, as published",
    )
    training = luigi.Parameter(
        default="{}", description="further choices of every network's pre-training as JSON: '{\"batch_size\": 128}'"
    )
    accelerator = luigi.ChoiceParameter(
        default="auto", choices=ACCELERATORS, description="auto takes a GPU where there is one"
    )
    dataset = luigi.Parameter(default="", description="a finished dataset's folder; default: GenerateDataset makes one")
    leave_out = luigi.ChoiceParameter(
        default="kernels",
        choices=("kernels", "families"),
        description="what the transfer protocol keeps from the sources: the target kernels, as published, or their "
        "families too; zero-shot always keeps families",
    )
    least_designs = WholeNumber(least=1, default=70, description="usable designs that a target kernel needs")

    @property
    def tested(self) -> str:
        """The source of the target kernels' labels. Raises PipelineError where that is not one."""
        found = names(self.target_source or self.source)
        if len(found) != 1:
            raise PipelineError(
                f"target kernels with labels of {len(found)} sources", fix="name one of them with --target-source"
            )
        return found[0]

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """The numbers of shots; none without a protocol that has any."""
        if self.protocol != "transfer":
            return (0,)
        try:
            found = tuple(sorted({int(text) for text in names(self.shots)}))
        except ValueError:
            found = ()
        if not found or found[0] < 1:
            raise PipelineError(f"--shots {self.shots!r} is no list of numbers", fix="give one such as 50 or 10,50")
        return found

    @cached_property
    def ways(self) -> tuple[str, ...]:
        """How shots are chosen."""
        if self.protocol != "transfer":
            return ("",)
        wrong = [way for way in names(self.shots_by) if way not in [*ShotsBy]]
        if wrong or not names(self.shots_by):
            raise PipelineError(
                f"--shots-by {self.shots_by!r}", fix=f"give {', '.join(ShotsBy)} or {','.join(ShotsBy)}"
            )
        if self.target == "validity":
            return (ShotsBy.RANDOM.value,)
        return names(self.shots_by)

    def reader(self, source: str) -> ModelTask:
        """What knows where the designs of a source are, and how to read them."""
        return ModelTask(
            workspace=self.workspace,
            source=source,
            dataset=self.dataset,
            part=self.part,
            clock=self.clock,
            **asdict(self.reading),
        )

    @property
    def datasets(self) -> list[GenerateDataset]:
        """What makes the datasets, unless a finished one is named."""
        if self.dataset:
            return []
        return [self.reader(source).dataset_task for source in dict.fromkeys((self.source, self.tested))]

    @property
    def lacking(self) -> list[str]:
        """What the datasets lack and what their labels are, a sentence each; none where there is nothing to say."""
        readers = [self.reader(source) for source in dict.fromkeys((self.source, self.tested))]
        return list(dict.fromkeys(note for one in readers for note in _notes(one)))

    def load(self, source: str, kernels: tuple[str, ...] = (), *, estimates: bool = True) -> list[KernelDesigns]:
        """The designs of a source, with estimates or without."""
        from pipeline.loop.estimates import estimate_count
        from pipeline.training import preset

        return self.reader(source).designs(
            kernels, preset("best", estimates=estimate_count() if estimates else 0), answers=True
        )

    def study(self, *, estimates: bool = True) -> Study:
        """What is trained on and tested on."""
        from pipeline.training.protocol import STUDIES

        source = self.load(self.source, estimates=estimates)
        tested = source if self.tested == self.source else self.load(self.tested, estimates=estimates)
        study = STUDIES[self.protocol](source, tested, names(self.target_kernels), least=self.least_designs)
        if self.protocol == "transfer" and self.leave_out == "families":
            return study.without_families(self._wanted)
        return study

    @property
    def _wanted(self) -> list[str]:
        """The target kernels by name, whether or not they have enough designs."""
        from pipeline.dataset.splits import PAPER_TARGET_KERNELS

        return list(names(self.target_kernels)) or sorted(PAPER_TARGET_KERNELS)

    def shared(self, *less: str) -> dict[str, Any]:
        """The parameters that another task of the study takes over, without the seed and those named."""
        return {name: getattr(self, name) for name, _ in StudyTask.get_params() if name not in ("seed", *less)}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Data and every choice; where it runs does not decide the figures."""
        # The labels' part and clock are part of the datasets, and so is how kernels are read.
        place = ("workspace", "dataset", "accelerator", "part", "clock", *asdict(self.reading))
        return {
            **super().identity,
            **{name: getattr(self, name) for name, _ in self.get_params() if name not in place},
            "datasets": [self.reader(source).dataset_digest for source in dict.fromkeys((self.source, self.tested))],
            "estimator": estimator_version(),
        }

    @property
    def parts(self) -> Path:
        """Where the parts of studies are."""
        return self.folder / "studies" / "parts"

    def pretraining(self, network: str, kernel: str) -> TrainHierarchicalMoE:
        """What makes a network of the study; ``kernel`` is the one to be tested on."""
        from pipeline.loop.estimates import estimate_count
        from pipeline.training.networks import network_named

        of = network_named(network)
        if of is None:
            raise PipelineError(f"no network {network!r}", file="--methods")
        without = {"transfer": self._wanted, "zero-shot": [kernel], "grouped": []}[self.protocol]
        if self.protocol == "zero-shot" or (self.protocol == "transfer" and self.leave_out == "families"):
            without = relatives(without)
        training = {**options(self.training, "--training"), **of.training_options}
        changed = of.model_options(estimate_count())
        return TrainHierarchicalMoE(
            workspace=self.workspace, seed=self.seed, source=self.source, dataset=self.dataset, mode=of.mode,
            architecture=of.architecture, model_options=json.dumps(changed, sort_keys=True), without=",".join(without),
            epochs=self.epochs, training=json.dumps(training, sort_keys=True), target=self.target,
            accelerator=self.accelerator, part=self.part, clock=self.clock, **asdict(self.reading),
        )  # fmt: skip


def _notes(reader: ModelTask) -> list[str]:
    """What a dataset lacks, and whether some methods are told its labels."""
    return [*partial_notes(reader.dataset_folder), *([TOLD] if reader.estimated_labels else [])]
