"""The two stages as a Lightning module: which loss an epoch has, the schedule, and what a checkpoint holds."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from pipeline.models import DesignModel
from pipeline.training.batches import KernelBatch
from pipeline.training.config import TrainingConfig
from pipeline.training.objective import TrainingObjective
from pipeline.training.optimiser import make_optimiser
from pipeline.training.steps import not_a_number

_SEEDS_PER_RUN = 1 << 32


class TwoStages(pl.LightningModule):
    """Trains the networks separately, then alternately separate and joint (arXiv 2410.19225).

    Every epoch draws its dropout from a seed of its own, so that a resumed run draws as an undisturbed one.
    """

    def __init__(self, model: DesignModel, config: TrainingConfig, objective: TrainingObjective, steps: int) -> None:
        super().__init__()
        self.model, self.config, self.objective, self.steps = model, config, objective, steps
        self._before: list[Tensor] = []

    @property
    def epoch(self) -> int:
        """The epoch at work, from 1."""
        return self.current_epoch + 1

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Seeds the epoch's dropout and sets the step's learning rate."""
        if batch_idx == 0:
            torch.manual_seed((self.config.seed * 1_000_003 + self.epoch * 101 + self.global_rank) % _SEEDS_PER_RUN)
        rate = self.config.learning_rate_at(self.global_step, self.steps)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate

    def training_step(self, batch: KernelBatch | tuple[KernelBatch, KernelBatch], batch_idx: int) -> Tensor:
        """The loss of a batch. Raises PipelineError where it is no number."""
        if isinstance(batch, tuple):
            self._adapt(batch[0])
            batch = batch[1]
        return self._loss(batch, batch_idx)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Puts the weights before the adaptation back: the gradient found after it moves these."""
        with torch.no_grad():
            for parameter, before in zip(self.model.parameters(), self._before, strict=False):
                parameter.copy_(before)
        self._before = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam as configured; the schedule is set per step."""
        return make_optimiser(self.model, self.config)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Moves a batch, or the two of meta-learning."""
        if isinstance(batch, tuple):
            return tuple(one.to(device) for one in batch)
        return batch.to(device)

    def _loss(self, batch: KernelBatch, batch_idx: int) -> Tensor:
        loss = self.objective(self.model, batch, self.config.is_joint(self.epoch))
        if not bool(torch.isfinite(loss)):
            raise not_a_number(float(loss.detach()), self.epoch, batch_idx + 1)
        return loss

    def _adapt(self, support: KernelBatch) -> None:
        """Some steps of gradient descent on the support designs; the weights before are kept."""
        self._before = [parameter.detach().clone() for parameter in self.model.parameters()]
        moving = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        for _ in range(self.config.meta_steps):
            loss = self._loss(support, 0)
            gradients = torch.autograd.grad(loss, moving, allow_unused=True)
            with torch.no_grad():
                for parameter, gradient in zip(moving, gradients, strict=True):
                    if gradient is not None:
                        parameter.sub_(gradient, alpha=self.config.meta_rate)
