"""Training models: from scratch on many kernels, and on a few designs of one kernel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_own
from pipeline.tasks.base import names
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.estimator_device import estimator_version
from pipeline.tasks.kernel_options import KERNEL
from pipeline.tasks.loop.commands import command_of, settled
from pipeline.tasks.messages import say
from pipeline.tasks.model_folder import MODEL, model_file, write_model_folder
from pipeline.tasks.model_task import ModelTask, counted, options, versions
from pipeline.tasks.outputs import FolderTarget, point_latest, writable_folder
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.searches.families import check_left_out
from pipeline.terms import OwnBackend, ShotsBy

if TYPE_CHECKING:
    from pipeline.training import KernelDesigns, Preset

MODES = ("published", "best")
ARCHITECTURES = ("harp", "node-moe", "block-moe", "graph-moe", "hmoe-1", "hmoe-2")
_PLACE = ("accelerator", "devices", "checkpoint_every")
"""Choices of training that do not decide the model."""


class TrainHierarchicalMoE(ModelTask):
    """Trains a model in two stages on the designs of many kernels; a killed run continues where it was."""

    example = "--source estimator --epochs 10"

    kernels = luigi.Parameter(default="", description="kernels to train on, comma-separated; default: all with labels")
    without = luigi.Parameter(default="", description="kernels to leave out, comma-separated")
    mode = luigi.ChoiceParameter(
        default="best", choices=MODES, description="the published model and training, or the best found here"
    )
    architecture = luigi.ChoiceParameter(
        default="hmoe-2", choices=ARCHITECTURES, description="hierarchical, a single-level mixture, or plain HARP"
    )
    model_options = luigi.Parameter(
        default="{}", description="further choices of the model as JSON, such as '{\"hidden\": 32}'"
    )
    split = luigi.Parameter(default="random", description="the dataset's split that says what is held out")
    devices = WholeNumber(least=1, default=1, description="GPUs, or processes on a CPU")

    @property
    def dataset_kernels(self) -> str:
        """Those to train on; all where some are only left out."""
        return str(self.kernels)

    @cached_property
    def preset(self) -> Preset:
        """The mode with this task's choices."""
        from dataclasses import replace

        from pipeline.loop.estimates import estimate_count
        from pipeline.models import ModelConfig
        from pipeline.training import preset

        found = preset(
            self.mode, model=self.architecture, task=self.target,
            estimates=0 if self.estimated_labels else estimate_count(), sources=names(self.source),
        )  # fmt: skip
        chosen = {**json.loads(found.model.to_json()), **options(self.model_options, "--model-options")}
        model = ModelConfig.from_json(json.dumps(chosen), file="--model-options")
        training = replace(self.configured(found.training), devices=self.devices)
        return replace(found, model=model, training=training)

    def requires(self) -> list[GenerateDataset]:
        """The dataset, unless a finished one is named."""
        self.check_devices(self.devices)
        return self.dataset_tasks

    def _check_chosen(self) -> None:
        """Raises PipelineError for kernels and a split that no dataset of this command can have, before one is made."""
        from pipeline.dataset.splits import split_names
        from pipeline.tasks.plan import cached_kernels, default_source

        without, asked = set(names(self.without)), set(names(self.kernels))
        # What a file's kernel is called is known once it is read.
        if without and not any(Path(name).suffix for name in asked):
            sources = names(self.source) or (default_source(self.workspace, OwnBackend.REPLAY),)
            known = asked or {
                name for one in sources for name in cached_kernels(self.workspace, one, self.asked_target)
            }
            check_left_out(without, known)
            if without >= known:
                raise _nothing_left()
        if self.split not in split_names():
            raise _no_split(self.split, split_names())

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Data, model and schedule; where it runs does not decide the model."""
        if self.is_root and not self.dataset:
            self._check_chosen()
        from pipeline.training import VOCABULARY

        schedule = json.loads(self.preset.training.to_json())
        return {
            **super().identity,
            "dataset": self.dataset_digest,
            "sources": list(names(self.source)),
            "kernels": sorted(names(self.kernels)),
            "without": sorted(names(self.without)),
            "split": self.split,
            "model": json.loads(self.preset.model.to_json()),
            "training": {name: value for name, value in schedule.items() if name not in _PLACE},
            "estimator": estimator_version() if self.preset.wants_estimates else None,
            "vocabulary": VOCABULARY,
        }

    def output(self) -> FolderTarget:
        """``models/SOURCES-ARCHITECTURE-HASH/``: weights, card, tables, pictures; ``models/latest`` is the newest."""
        return FolderTarget(self.folder / "models" / f"{_short(self.source)}-{self.architecture}-{self.digest}")

    def run(self) -> None:
        """Trains, scores on what was held out, and writes the folder."""
        from pipeline.training.card import model_card
        from pipeline.training.outcome import outcome_of
        from pipeline.training.pretrain import pretrain

        preset = self.preset
        data = self.chosen()
        sides = [one.sides[self.split] for one in data]
        place = self.working_folder
        writable_folder(place)
        with self.following(preset.training.epochs, "training") as advance:
            trained = pretrain(
                [one.take(side == "train") for one, side in zip(data, sides, strict=True)],
                preset.model,
                preset.training,
                validation=[one.take(side == "validation") for one, side in zip(data, sides, strict=True)],
                folder=place,
                advance=advance,
            )
        outcome = outcome_of(trained.model, data, sides, learned_from="train", seed=self.seed)
        card = model_card(
            title=f"{self.architecture} ({self.mode}) on {_short(self.source)}, {self.target}",
            model=trained.model.config,
            training=preset.training,
            data=counted(data, sides),
            outcome=outcome,
            best_epoch=trained.best_epoch,
            provenance={**self.identity, "mode": self.mode},
            versions=versions(),
        )
        card["notes"] = self.notes
        with self.output().write() as folder:
            write_model_folder(folder, trained.model, outcome, card, trained.curves, "test", command_of(self))
            if (place / "tensorboard").is_dir():
                shutil.copytree(place / "tensorboard", folder / "tensorboard")
        shutil.rmtree(place, ignore_errors=True)

    def chosen(self) -> list[KernelDesigns]:
        """The designs to train on and to hold out. Raises PipelineError where the split has no side to train on."""
        without = set(names(self.without))
        found = self.designs(names(self.kernels), self.preset)
        if self.is_root:
            check_left_out(without, {one.kernel for one in found})
        data = [one for one in found if one.kernel not in without]
        if not data:
            raise _nothing_left()
        known = sorted(set.intersection(*(set(one.sides) for one in data)))
        if self.split not in known:
            raise _no_split(self.split, known)
        if not any((one.sides[self.split] == "train").any() for one in data):
            raise PipelineError(
                f"the split {self.split} has nothing to train on here", fix="choose other kernels or another --split"
            )
        return data

    def summarise(self) -> None:
        """Prints the scores and points ``latest`` to the model."""
        point_latest(self.output().path)
        super().summarise()


class FineTune(ModelTask):
    """Adapts a trained model to a kernel with a few of its labelled designs, and scores it on the others."""

    example = "--kernel gemm-ncubed --shots 50 --epochs 10"

    model = luigi.Parameter(
        default="", description="a model's folder or file; default: TrainHierarchicalMoE on the other kernels"
    )
    kernel = luigi.Parameter(description=f"the kernel to adapt to: {KERNEL}")
    shots = WholeNumber(least=1, default=50, description="designs to learn from")
    shots_by = luigi.ChoiceParameter(
        default=ShotsBy.KMEANS.value, choices=tuple(map(str, ShotsBy)), description="how these designs are chosen"
    )
    mode = luigi.ChoiceParameter(default="best", choices=MODES, description="whose fine-tuning, and default model")

    @property
    def dataset_kernels(self) -> str:
        """The one kernel."""
        return str(self.kernel)

    @cached_property
    def called(self) -> str:
        """The kernel's name in the tables."""
        from pipeline.tasks.plan import kernel_or_none

        kernel = kernel_or_none(self.kernel, self.reading)
        return kernel.name if kernel is not None else Path(self.kernel).stem

    @cached_property
    def pretraining(self) -> TrainHierarchicalMoE:
        """What makes the model where none is named; the kernel is no part of its data."""
        return TrainHierarchicalMoE(
            workspace=self.workspace, seed=self.seed, source=self.source, dataset=self.dataset, mode=self.mode,
            target=self.target, accelerator=self.accelerator, without=self.called,
            part=self.part, clock=self.clock,
        )  # fmt: skip

    @cached_property
    def preset(self) -> Preset:
        """The mode's choices; the model is that of the file."""
        from dataclasses import replace

        from pipeline.models import ModelConfig, read_header
        from pipeline.training import preset

        found = preset(self.mode, task=self.target)
        if self.model:
            file = model_file(self.model)
            model = ModelConfig.from_json(read_header(file)["config"], file=str(file))
        else:
            model = self.pretraining.preset.model
        if model.task != self.target:
            raise PipelineError(f"the model predicts {model.task}", file=self.model, fix=f"give --target {model.task}")
        return replace(found, model=model, fine_tuning=self.configured(found.fine_tuning))

    def requires(self) -> list[GenerateDataset]:
        """The kernel's designs, unless a finished dataset is named; the model is asked for once these suffice."""
        self.check_devices()
        return self.dataset_tasks

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Model, data, shots and schedule."""
        import hashlib

        schedule = json.loads(self.preset.fine_tuning.to_json())
        weights = hashlib.sha256(model_file(self.model).read_bytes()).hexdigest() if self.model else None
        return {
            **super().identity,
            "model": weights or self.pretraining.digest,
            "dataset": self.dataset_digest,
            "kernel": self.kernel,
            "sources": list(names(self.source)),
            "shots": self.shots,
            "shots_by": self.shots_by,
            "training": {name: value for name, value in schedule.items() if name not in _PLACE},
            "estimator": estimator_version() if self.preset.wants_estimates else None,
        }

    def output(self) -> FolderTarget:
        """``models/SOURCE-KERNEL-SHOTS-HASH/``, as that of TrainHierarchicalMoE."""
        name = f"{_short(self.source)}-{self.called}-{self.shots}-shots-{self.digest}"
        return FolderTarget(self.folder / "models" / name)

    def run(self) -> Iterator[TrainHierarchicalMoE]:
        """Asks for the model where none is named, chooses the shots, adapts, scores on the rest.

        Raises PipelineError for more shots than there are designs before a model is trained for them.
        """
        from dataclasses import replace

        import numpy as np

        from pipeline.models import load_model
        from pipeline.training import VOCABULARY, fine_tune, select_shots
        from pipeline.training.card import model_card
        from pipeline.training.outcome import outcome_of
        from pipeline.training.shots import check_shots

        preset = self.preset
        data = self.designs([self.called] if self.dataset else [], preset)
        if len(data) != 1:
            found = ", ".join(sorted({one.source for one in data}))
            raise PipelineError(f"{self.kernel} has labels of several sources: {found}", fix="name one with --source")
        designs = data[0]
        counts = designs.usable if self.target == "regression" else designs.valid >= 0
        check_shots(designs, self.shots, counts)
        if not self.model:
            yield self.pretraining
        file = model_file(settled(self.model)) if self.model else self.pretraining.output().path / MODEL
        model, about = load_model(file, vocabulary=VOCABULARY)
        shots = select_shots(model, designs, self.shots, how=self.shots_by, seed=self.seed, among=counts)
        side = np.full(len(designs), "rest", dtype="<U4")
        side[shots] = "shot"
        say(f"  {designs.kernel} from {designs.source}: {len(shots)} shots, {int(counts.sum()) - len(shots)} left out")
        with self.following(preset.fine_tuning.epochs, f"fine-tuning on {designs.kernel}") as advance:
            tuned = fine_tune(model, designs, shots, preset.fine_tuning, advance=advance)
        outcome = outcome_of(tuned, data, [side], learned_from="shot", seed=self.seed)
        before = outcome_of(model, data, [side], learned_from="shot", seed=self.seed).errors
        told = [{**row, "method": "model before"} for row in before if row["method"] == "model"]
        outcome = replace(outcome, errors=(*told, *outcome.errors))
        card = model_card(
            title=f"{about.get('title', 'a model')}, adapted to {designs.kernel} with {self.shots} designs",
            model=tuned.config,
            training=preset.fine_tuning,
            data=counted(data, [side]),
            outcome=outcome,
            best_epoch=None,
            provenance={**self.identity, "pretrained": str(file), "shot_keys": designs.keys[shots].tolist()},
            versions=versions(),
        )
        card["notes"] = [*self.notes, _known_before(file, designs.kernel)]
        with self.output().write() as folder:
            write_model_folder(folder, tuned, outcome, card, (), "rest", command_of(self))


def _nothing_left() -> PipelineError:
    return PipelineError("no kernel is left to train on", fix="leave out fewer with --without")


def _no_split(split: str, known: Sequence[str]) -> PipelineError:
    return PipelineError(
        f"the dataset has no split {split[:60]!r}", fix=f"choose one of {', '.join(known)} with --split"
    )


def _known_before(file: Path, kernel: str) -> str:
    """Whether a model has met a kernel's labels before it is adapted to it, as a sentence."""
    card = file.parent / "card.json"
    if not card.is_file():
        return f"whether the model was trained on {kernel} is not known: there is no card beside it"
    rows = read_own(card, "data", remove=file.parent)["data"]
    if any(row.get("kernel") == kernel and row.get("train", 1) for row in rows):
        return f"{kernel} was among the kernels that the model was trained on: its errors before are no forecast"
    return f"{kernel} was not among the {len(rows)} kernels that the model was trained on"


def _short(source: str) -> str:
    """The sources as part of a folder's name."""
    return "+".join(names(source))[:60] or "shipped"
