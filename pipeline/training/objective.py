"""The loss of a step: separate or joint, with the optional terms."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.models import DesignModel, Prediction, joint_loss, ranking_loss, separate_loss, target_losses
from pipeline.training.batches import REGRESSION, KernelBatch, TrainingDesigns
from pipeline.training.config import TrainingConfig


class TrainingObjective:
    """What a model is trained on. ``weights`` (T,) of the targets' errors, None for all alike."""

    def __init__(self, config: TrainingConfig, weights: Tensor | None) -> None:
        self.ranking, self.huber, self.weights = config.ranking_weight, config.huber, weights

    def __call__(self, model: DesignModel, batch: KernelBatch, joint: bool, encoded: Tensor | None = None) -> Tensor:
        """The loss of a batch; ``encoded`` as in :class:`pipeline.models.DesignModel`."""
        found: Prediction = model(batch.graphs, batch.designs, encoded)
        weights = None if self.weights is None else self.weights.to(batch.labels.device)
        if joint:
            loss = joint_loss(found, batch.labels, model.config, weights, self.huber)
        else:
            loss = separate_loss(found, batch.labels, model.config, weights, self.huber)
        if self.ranking and model.config.task == REGRESSION:
            outputs = [found.joint] if joint else list(found.separate)
            terms = [ranking_loss(one, batch.labels, batch.kernel) for one in outputs]
            loss = loss + self.ranking * torch.stack(terms).mean()
        return loss


def objective_for(config: TrainingConfig, designs: TrainingDesigns) -> TrainingObjective:
    """The objective of a training set, which decides the targets' weights where these are balanced."""
    if not config.balance_targets or designs.task != REGRESSION:
        return TrainingObjective(config, None)
    spread = designs.labels.std(0, correction=0).clamp(min=1e-3)
    return TrainingObjective(config, (spread.max() / spread) ** config.balance_targets)


@torch.no_grad()
def validation_loss(model: DesignModel, batches: list[KernelBatch], huber: float = 0.0) -> float:
    """The JOINT model's loss in evaluation mode over all designs: summed mean squared error, or cross entropy.

    ``huber`` as in :class:`~pipeline.training.config.TrainingConfig`, so that no single design chooses the epoch.
    """
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    total, count = 0.0, 0
    for batch in batches:
        moved = batch.to(device)
        losses = target_losses(model(moved.graphs, moved.designs).joint, moved.labels, model.config, huber=huber)
        total += float(losses.sum().double()) * len(moved.labels)
        count += len(moved.labels)
    model.train(training)
    return total / count
