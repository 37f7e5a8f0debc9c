"""What the tasks that train share: data, estimates, and the folder of a model."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline import __version__
from pipeline.errors import PipelineError
from pipeline.files import read_own
from pipeline.present.summary import aligned
from pipeline.synthesis.flow import ESTIMATOR_SOURCE
from pipeline.tasks.base import names
from pipeline.tasks.dataset_card import dataset_card
from pipeline.tasks.dataset_option import DatasetTask
from pipeline.tasks.estimator_device import device_of_labels
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, shown_files
from pipeline.tasks.parameters import OptionalWholeNumber
from pipeline.tasks.provisional import partial_notes
from pipeline.terms import OwnBackend

if TYPE_CHECKING:
    from pipeline.training import KernelDesigns, Preset, TrainingConfig

ACCELERATORS = ("auto", "cpu", "gpu")
TARGETS = ("regression", "validity")
NO_ANSWER = "The labels are the estimator's own, so that estimates would be the answer: they are no input of any model."
_LIBRARIES = ("torch", "torch-geometric", "lightning", "numpy", "scikit-learn", "safetensors")


class ModelTask(DatasetTask):
    """A task that trains on the designs of a dataset and leaves a model's folder."""

    source = luigi.Parameter(
        default="", description="where labels come from, comma-separated, such as hlsyn-v20; default: the shipped packs"
    )
    epochs = OptionalWholeNumber(least=1, default=None, description="epochs to train; default: those of the mode")
    target = luigi.ChoiceParameter(
        default="regression", choices=TARGETS, description="what to predict: perf and resources, or validity"
    )
    training = luigi.Parameter(
        default="{}", description="further choices of training as JSON, such as '{\"batch_size\": 128}'"
    )
    accelerator = luigi.ChoiceParameter(
        default="auto", choices=ACCELERATORS, description="auto takes a GPU where there is one"
    )

    @property
    def dataset_kernels(self) -> str:
        """The kernels that the dataset is made of, comma-separated; empty for all with labels of the source."""
        return ""

    @property
    def dataset_asked(self) -> dict[str, Any]:
        """Its source and kernels."""
        return {"source": self.source, "kernels": self.dataset_kernels}

    @cached_property
    def estimated_labels(self) -> bool:
        """Whether labels are the estimator's own: then estimates are the answer, and no input."""
        from pipeline.tasks.plan import default_source

        sources: Sequence[str] = names(self.source)
        if not sources and self.dataset:
            sources = dataset_card(Path(self.dataset))["sources"]
        return ESTIMATOR_SOURCE in (sources or (default_source(self.workspace, OwnBackend.REPLAY),))

    @property
    def notes(self) -> list[str]:
        """What whoever uses the model has to know of its data, a sentence each."""
        return [*partial_notes(self.dataset_folder), *([NO_ANSWER] if self.estimated_labels else [])]

    def check_devices(self, count: int = 1) -> None:
        """Raises PipelineError where this machine lacks what training is to run on; to be called before any work."""
        if self.is_root and (count > 1 or self.accelerator == "gpu"):
            from pipeline.training.device import check_devices

            check_devices(self.accelerator, count)

    def configured(self, config: TrainingConfig) -> TrainingConfig:
        """A mode's training with this task's choices."""
        from pipeline.training import TrainingConfig

        chosen = {**json.loads(config.to_json()), **options(self.training, "--training")}
        chosen |= {"seed": self.seed, "accelerator": self.accelerator}
        if self.epochs is not None:
            chosen["epochs"] = self.epochs
        unknown = sorted(set(chosen) - set(json.loads(config.to_json())))
        if unknown:
            raise PipelineError(
                f"no choice of training is called {', '.join(unknown)[:200]}",
                fix=f"--training takes {', '.join(sorted(json.loads(config.to_json())))}",
            )
        return TrainingConfig.from_json(json.dumps(chosen), file="--training")

    def designs(self, kernels: Sequence[str], preset: Preset, *, answers: bool = False) -> list[KernelDesigns]:
        """The designs of the dataset, with estimates where the mode has use for them; says what was left out.

        Estimates of designs that have these as labels are not known, unless ``answers`` says so.
        """
        from pipeline.training import load_designs

        estimates = None
        if preset.wants_estimates:
            from pipeline.loop.estimates import estimates_of

            device = device_of_labels(self.dataset_folder, names(self.source))
            estimates = estimates_of(self.kernels_at_hand(), device)
        found = load_designs(self.dataset_folder, names(self.source), kernels, estimates=estimates)
        found = found if answers else [without_answer(one) for one in found]
        for one in found:
            if one.left_out:
                say(f"  {one.kernel}: no place in the pragma networks for {', '.join(one.left_out)}")
            if one.dropped:
                say(f"  {one.kernel} from {one.source}: {one.dropped:,} designs without a point that fits the sites")
        return found

    def kernels_at_hand(self) -> dict[str, Any]:
        """The kernels whose C the estimator can read, by name: those of the dataset's task, else of the suite."""
        from pipeline.dataset.schemas import read_table
        from pipeline.tasks.plan import kernel_or_none

        if not self.dataset:
            return {shard.plan.name: shard.plan.kernel for shard in self.dataset_task.shards if shard.plan.kernel}
        table = read_table(self.dataset_folder / "kernels.parquet", "kernels").select(["kernel", "kernel_hash"])
        hashes = {row["kernel"]: row["kernel_hash"] for row in table.to_pylist()}
        found = {name: kernel_or_none(name, self.reading) for name in hashes}
        return {name: kernel for name, kernel in found.items() if kernel and kernel.ast_hash == hashes[name]}

    @property
    def page(self) -> Path:
        """The model, to look at."""
        place: Path = self.output().path
        return place / "report.html"

    @property
    def working_folder(self) -> Path:
        """Where checkpoints are while training; a killed run continues from there."""
        target: FolderTarget = self.output()
        return target.path.parent / f".training-{self.digest}"

    def summarise(self) -> None:
        """Prints the scores and where the model is."""
        from pipeline.training.card import baseline_rows, error_rows, score_rows
        from pipeline.training.user_errors import EXPLAINED

        place: Path = self.output().path
        card = read_own(place / "card.json", "scores", "title", remove=place)
        lines = [card["title"], *(f"  {note}" for note in card.get("notes", ()))]
        for rows in (score_rows(card["scores"]), baseline_rows(card), error_rows(card)):
            if rows:
                lines += aligned(list(rows[0]), [list(row.values()) for row in rows])
        if card.get("errors"):
            lines.append(f"  {EXPLAINED}")
        files = shown_files(place)
        say("\n".join([*lines, f"Model in {place}: {' '.join(files)}"]))


def options(text: str, parameter: str) -> dict[str, Any]:
    """The JSON object that a parameter holds. Raises PipelineError for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise PipelineError(f"{text[:80]!r} is no JSON object", file=parameter, fix="write one such as '{\"name\": 1}'")
    return found


def without_answer(designs: KernelDesigns) -> KernelDesigns:
    """The designs, with estimates not known where these are the labels."""
    from dataclasses import replace

    if designs.estimates is None or designs.source != ESTIMATOR_SOURCE:
        return designs
    return replace(designs, estimates=designs.estimates * 0)


def versions() -> dict[str, str]:
    """Of Python, this package and the libraries that decide a model."""
    from importlib.metadata import version

    return {
        "python": platform.python_version(),
        "hls-moe-pipeline": __version__,
        **{name: version(name) for name in _LIBRARIES},
    }


def counted(data: Sequence[KernelDesigns], sides: Sequence[Any]) -> list[Mapping[str, Any]]:
    """A row per source and kernel with the designs of each side."""
    import numpy as np

    every = sorted({str(side) for of in sides for side in of})
    return [
        {
            "source": one.source,
            "kernel": one.kernel,
            **{side: int(np.sum(of == side)) for side in every},
            "usable": int(one.usable.sum()),
        }
        for one, of in zip(data, sides, strict=True)
    ]
