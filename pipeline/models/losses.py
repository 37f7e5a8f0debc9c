"""The published losses (arXiv 2410.19225): of the networks separately, and of the whole model."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from pipeline.models.config import ModelConfig
from pipeline.models.model import Prediction


def target_losses(
    outputs: Tensor, labels: Tensor, config: ModelConfig, weights: Tensor | None = None, huber: float = 0.0
) -> Tensor:
    """(T,) the batch's mean squared error of each target, or (1,) the cross entropy of validity.

    ``outputs`` (B, T) with ``labels`` (B, T) float; for validity (B, 2) logits with (B,) int64 classes. ``weights``
    (T,) multiplies the targets' errors, by default not at all. An error e beyond ``huber`` h, in the target's unit,
    counts 2 h |e| - h² where h is not 0 (Huber, 1964): it pulls no harder than an error of h.
    """
    if config.task == "validity":
        return functional.cross_entropy(outputs, labels)[None]
    if huber:
        losses = 2 * functional.huber_loss(outputs, labels, reduction="none", delta=huber).mean(0)
    else:
        losses = ((outputs - labels) ** 2).mean(0)
    return losses if weights is None else losses * weights


def ranking_loss(outputs: Tensor, labels: Tensor, kernel: Tensor) -> Tensor:
    """Mean logistic loss of ordering each two designs of one kernel by their first target (RankNet, ICML 2005).

    ``outputs``, ``labels`` (B, T); ``kernel`` (B,). 0 where no two designs of a kernel differ.
    """
    true = labels[:, None, 0] - labels[None, :, 0]
    pairs = (kernel[:, None] == kernel[None, :]) & (true > 0)
    if not bool(pairs.any()):
        return outputs.sum() * 0
    difference = (outputs[:, None, 0] - outputs[None, :, 0])[pairs]
    return functional.softplus(-difference).mean()


def joint_loss(
    prediction: Prediction, labels: Tensor, config: ModelConfig, weights: Tensor | None = None, huber: float = 0.0
) -> Tensor:
    """Of the gated model: the sum over the targets, the mean of the networks' balance terms and the high gate's."""
    loss = target_losses(prediction.joint, labels, config, weights, huber).sum() + low_term(prediction, config)
    if config.high_gate != "none":
        loss = loss + config.high_balance * prediction.high_balance
    return loss


def separate_loss(
    prediction: Prediction, labels: Tensor, config: ModelConfig, weights: Tensor | None = None, huber: float = 0.0
) -> Tensor:
    """Of the networks on their own: the mean of their losses and balance terms; the high gate gets nothing."""
    losses = [target_losses(outputs, labels, config, weights, huber).sum() for outputs in prediction.separate]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total / len(losses) + low_term(prediction, config)


def low_term(prediction: Prediction, config: ModelConfig) -> Tensor:
    """alpha times the mean of the networks' balance terms."""
    return config.low_balance * prediction.low_balance.mean()
