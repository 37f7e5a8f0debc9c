"""Pre-training in two stages, with checkpoints to resume from."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader

from pipeline.errors import PipelineError
from pipeline.models import DesignModel, KernelGraph, ModelConfig
from pipeline.training.batches import EpochBatches, KernelBatch, TrainingDesigns
from pipeline.training.config import TrainingConfig
from pipeline.training.curves import COLUMNS, write_curves
from pipeline.training.data import KernelDesigns
from pipeline.training.device import check_accelerator
from pipeline.training.objective import objective_for, validation_loss
from pipeline.training.steps import StepAdvance
from pipeline.training.two_stage import TwoStages

CHECKPOINT = "last.ckpt"
CURVES = "metrics.csv"

Row = dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A trained model in evaluation mode, and how it came about.

    ``curves`` has a row per epoch with the columns of :mod:`pipeline.training.curves`; ``best_epoch`` is the epoch
    whose weights these are.
    """

    model: DesignModel
    curves: tuple[Row, ...]
    best_epoch: int


def pretrain(
    data: Sequence[KernelDesigns],
    model_config: ModelConfig,
    training: TrainingConfig,
    *,
    validation: Sequence[KernelDesigns] = (),
    folder: Path | None = None,
    start: DesignModel | None = None,
    advance: StepAdvance | None = None,
) -> Trained:
    """Trains a model on the designs of ``data`` that count for its task.

    The joint model is scored on ``validation``; without any the last weights are kept. ``folder`` takes checkpoints,
    ``metrics.csv`` and TensorBoard's files; a run with the same folder continues from the last checkpoint, and ends
    with the weights of an undisturbed run (on a CPU). ``start`` gives the initial weights. The state of torch's random
    numbers is left as it was.

    Raises PipelineError where no design counts, the loss is no number, or the checkpoint is of another training.
    """
    sources = model_config.sources
    designs = TrainingDesigns(data, model_config.task, sources)
    held_out = _counting(validation, model_config, sources)
    with torch.random.fork_rng(devices=[]), _quiet():
        torch.manual_seed(training.seed)
        model = DesignModel(with_degrees(model_config, designs.graphs))
        if start is not None:
            model.load_state_dict(start.state_dict())
        elif model_config.task == "regression":
            model.set_scales(designs.labels, designs.estimates)
        elif designs.estimates is not None:
            model.set_scales(torch.zeros(0, len(model_config.targets)), designs.estimates)
        return _fit(model, designs, held_out, training, folder, advance)


def with_degrees(config: ModelConfig, graphs: Sequence[KernelGraph]) -> ModelConfig:
    """The configuration with the graphs' in-degrees, which PNAConv needs, where it has none."""
    from dataclasses import replace

    if config.encoder != "PNAConv" or config.degree_histogram:
        return config
    degrees = torch.cat([torch.bincount(graph.edge_index[1], minlength=len(graph.x)) for graph in graphs])
    return replace(config, degree_histogram=tuple(torch.bincount(degrees).tolist()))


def _counting(data: Sequence[KernelDesigns], config: ModelConfig, sources: Sequence[str]) -> TrainingDesigns | None:
    counts = any((one.usable if config.task == "regression" else one.valid >= 0).any() for one in data)
    return TrainingDesigns(data, config.task, sources) if counts else None


def _fit(
    model: DesignModel,
    designs: TrainingDesigns,
    held_out: TrainingDesigns | None,
    config: TrainingConfig,
    folder: Path | None,
    advance: StepAdvance | None,
) -> Trained:
    if config.devices > 1 and folder is None:
        with tempfile.TemporaryDirectory() as aside:
            return _fit(model, designs, held_out, config, Path(aside), advance)
    if config.patience and held_out is None:
        raise PipelineError("early stopping without validation designs", fix="give some, or set patience to 0")
    meta = config.meta != "none"
    order = EpochBatches(
        designs.graph_of, config.batch_size, config.kernels_per_batch, config.seed, world=config.devices,
        least=2 if meta else 1,
    )  # fmt: skip
    if not len(order):
        raise PipelineError("no batch has enough designs", fix="give more designs or larger batches")
    module = TwoStages(model, config, objective_for(config, designs), config.epochs * len(order))
    keeper = Keeper(config, list(held_out.in_order()) if held_out else [], folder, _identity(model, config, designs))
    keeper.advance = advance
    loader: DataLoader[Any] = DataLoader(
        range(len(designs)),  # type: ignore[arg-type]
        batch_sampler=order,
        collate_fn=designs.halves if meta else designs.batch,
        generator=torch.Generator(),
    )
    check_accelerator(config.accelerator)
    trainer = pl.Trainer(
        max_epochs=config.epochs,
        accelerator=config.accelerator,
        devices=config.devices,
        # Forked and not started anew, as the program that trains may be any.
        strategy="ddp_fork_find_unused_parameters_true" if config.devices > 1 else "auto",
        gradient_clip_val=config.gradient_clip or None,
        callbacks=[keeper],
        logger=TensorBoardLogger(folder, name="tensorboard", version="") if folder else False,
        default_root_dir=folder or Path(os.devnull),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
    with _interrupts():
        trainer.fit(module, loader, ckpt_path=keeper.checkpoint(), weights_only=True)
    if config.devices > 1:
        keeper.take_up()
    if keeper.best is not None and config.keep == "best":
        model.load_state_dict(keeper.best)
    epoch = keeper.best_epoch if config.keep == "best" else len(keeper.rows)
    return Trained(model.cpu().eval(), tuple(keeper.rows), epoch)


class Keeper(pl.Callback):
    """Scores the joint model after an epoch, keeps the best weights and the curves, and writes them to disk.

    ``rows`` the curves; ``best`` the best weights so far, None where nothing is validated.
    """

    def __init__(
        self, config: TrainingConfig, held_out: list[KernelBatch], folder: Path | None, identity: dict[str, str]
    ) -> None:
        self.config, self.held_out, self.folder, self.identity = config, held_out, folder, identity
        self.advance: StepAdvance | None = None
        self.rows: list[Row] = []
        self.best: dict[str, Tensor] | None = None
        self.best_loss, self.best_epoch, self.worse = float("inf"), 0, 0
        self._sum, self._count = 0.0, 0

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors."""
        return {
            "identity": self.identity, "rows": self.rows, "best": self.best, "best_loss": self.best_loss,
            "best_epoch": self.best_epoch, "worse": self.worse,
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up what :meth:`state_dict` said."""
        for name in ("rows", "best", "best_loss", "best_epoch", "worse"):
            setattr(self, name, state_dict[name])

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tells of the epochs that an earlier run has done."""
        if self.advance is not None and self.rows and trainer.is_global_zero:
            self.advance(len(self.rows), "resumed")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Adds up the losses of the epoch."""
        self._sum += float(outputs["loss"])
        self._count += 1

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A row of the curves, perhaps a validation, perhaps a checkpoint."""
        assert isinstance(pl_module, TwoStages)
        epoch = pl_module.epoch
        row: Row = {
            "epoch": epoch,
            "stage": "joint" if self.config.is_joint(epoch) else "separate",
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "train_loss": self._sum / max(1, self._count),
            "validation_loss": None,
        }
        self._sum, self._count = 0.0, 0
        last = epoch == self.config.epochs
        if self.held_out and (last or epoch % self.config.validate_every == 0):
            row["validation_loss"] = self._validated(pl_module.model, epoch)
        if not self.held_out:
            self.best_epoch = epoch
        self.rows.append(row)
        stop = bool(self.config.patience) and self.worse >= self.config.patience
        trainer.should_stop = trainer.should_stop or stop
        if self.folder is not None:
            if trainer.logger is not None:
                shown = {name: row[name] for name in COLUMNS[2:] if row[name] is not None}
                trainer.logger.log_metrics(shown, step=epoch)
            if last or stop or epoch % self.config.checkpoint_every == 0:
                self._write(trainer)
        if self.advance is not None and trainer.is_global_zero:
            self.advance(1, _note(row))

    def checkpoint(self) -> Path | None:
        """The checkpoint to resume from, None where there is none. Raises PipelineError for one of other training."""
        path = None if self.folder is None else self.folder / CHECKPOINT
        if path is None or not path.exists():
            return None
        try:
            # torch's files are ZIP archives with a checksum a member, which torch itself does not look at everywhere.
            with zipfile.ZipFile(path) as archive:
                if (spoilt := archive.testzip()) is not None:
                    raise zipfile.BadZipFile(f"the checksum of {spoilt} is another")
            held = torch.load(path, map_location="cpu", weights_only=True)
            identity = held["callbacks"][self.state_key]["identity"]
        except Exception as error:  # torch raises many kinds for a file that is none of its own
            raise PipelineError(
                f"not a checkpoint that can be read: {' '.join(str(error).split())[:160]}",
                file=str(path),
                fix="delete it to start from the beginning",
            ) from None
        wrong = [name for name, value in self.identity.items() if identity.get(name) != value]
        if wrong:
            raise PipelineError(
                f"a checkpoint of another training: {', '.join(wrong)} differ",
                file=str(path),
                fix="delete it, or train into another folder",
            )
        return path

    def take_up(self) -> None:
        """Reads what the processes that trained have left, of which this one has seen nothing."""
        path = self.checkpoint()
        assert path is not None
        self.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["callbacks"][self.state_key])

    def _validated(self, model: DesignModel, epoch: int) -> float:
        loss = validation_loss(model, self.held_out, self.config.huber)
        if loss < self.best_loss:
            self.best_loss, self.best_epoch, self.worse = loss, epoch, 0
            self.best = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
        else:
            self.worse += 1
        return loss

    def _write(self, trainer: pl.Trainer) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = self.folder / f".{CHECKPOINT}.aside"  # the same for all processes of a training
        trainer.save_checkpoint(aside)
        if trainer.is_global_zero:
            write_curves(self.folder / CURVES, self.rows)
            aside.replace(self.folder / CHECKPOINT)


def _note(row: Row) -> str:
    note = f"{row['stage']} loss {row['train_loss']:.4f}"
    if row["validation_loss"] is not None:
        note += f", validation {row['validation_loss']:.4f}"
    return note


def _identity(model: DesignModel, config: TrainingConfig, designs: TrainingDesigns) -> dict[str, str]:
    """What decides a training: a checkpoint of anything else is not taken up."""
    digest = hashlib.sha256()
    for tensor in (designs.values, designs.labels, designs.estimates, designs.source):
        if tensor is not None:
            digest.update(tensor.numpy().tobytes())
    digest.update(" ".join(designs.kernels.tolist()).encode())
    for graph in designs.graphs:
        digest.update(graph.x.numpy().tobytes() + graph.edge_index.numpy().tobytes())
    plain = json.loads(config.to_json())
    for name in ("accelerator", "devices", "checkpoint_every"):
        del plain[name]
    return {"model": model.config.to_json(), "schedule": json.dumps(plain, sort_keys=True), "data": digest.hexdigest()}


@contextmanager
def _interrupts() -> Iterator[None]:
    """Lightning makes of an interrupt an end of the program, and is deaf to the next one; here it stays what it was."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, before)
            raise end.__context__ from None
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Lightning's tips and the warnings about choices made here on purpose off the terminal."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning_utilities")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning.*")
            warnings.filterwarnings("ignore", module="torch.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
