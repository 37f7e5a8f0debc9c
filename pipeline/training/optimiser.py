"""The optimiser and which weights it moves."""

from __future__ import annotations

import torch
from torch import nn

from pipeline.models import DesignModel
from pipeline.training.config import TrainingConfig


def trained_parameters(model: DesignModel, config: TrainingConfig) -> list[nn.Parameter]:
    """The weights that ``config.trainable`` names; all others are set to need no gradient."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(
            config.trainable == "all"
            or (config.trainable == "after-encoder" and not name.startswith("encoder."))
            or (config.trainable == "heads" and (".heads." in name or name.startswith(("high_gate.", "beforehand."))))
        )
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def make_optimiser(model: DesignModel, config: TrainingConfig) -> torch.optim.Optimizer:
    """Adam or AdamW on the trained weights, fused into one pass."""
    kind = torch.optim.Adam if config.optimiser == "adam" else torch.optim.AdamW
    parameters = trained_parameters(model, config)
    return kind(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
