"""The published losses (arXiv 2410.19225): of the networks separately, and of the whole model."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from pipeline.models.config import ModelConfig
from pipeline.models.model import Prediction


def target_losses(outputs: Tensor, labels: Tensor, config: ModelConfig) -> Tensor:
    """(T,) the batch's mean squared error of each target, or (1,) the cross entropy of validity.

    ``outputs`` (B, T) with ``labels`` (B, T) float; for validity (B, 2) logits with (B,) int64 classes.
    """
    if config.task == "validity":
        return functional.cross_entropy(outputs, labels)[None]
    return ((outputs - labels) ** 2).mean(0)


def joint_loss(prediction: Prediction, labels: Tensor, config: ModelConfig) -> Tensor:
    """Of the gated model: the sum over the targets, the mean of the networks' balance terms and the high gate's."""
    loss = target_losses(prediction.joint, labels, config).sum() + low_term(prediction, config)
    if config.high_gate != "none":
        loss = loss + config.high_balance * prediction.high_balance
    return loss


def separate_loss(prediction: Prediction, labels: Tensor, config: ModelConfig) -> Tensor:
    """Of the networks on their own: the mean of their losses and balance terms; the high gate gets nothing."""
    losses = [target_losses(outputs, labels, config).sum() for outputs in prediction.separate]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total / len(losses) + low_term(prediction, config)


def low_term(prediction: Prediction, config: ModelConfig) -> Tensor:
    """alpha times the mean of the networks' balance terms."""
    return config.low_balance * prediction.low_balance.mean()
