"""Adapting a model to a kernel with a few labelled designs of it."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from pipeline.errors import PipelineError
from pipeline.models import DesignModel
from pipeline.training.batches import KernelBatch, TrainingDesigns
from pipeline.training.config import TrainingConfig
from pipeline.training.data import KernelDesigns
from pipeline.training.device import check_accelerator
from pipeline.training.objective import objective_for
from pipeline.training.optimiser import make_optimiser
from pipeline.training.steps import StepAdvance, not_a_number

FINE_TUNING = TrainingConfig(epochs=500, separate_share=0.0)
"""The published fine-tuning (arXiv 2410.19225): joint only."""


def fine_tune(
    model: DesignModel,
    designs: KernelDesigns,
    shots: npt.NDArray[np.int64],
    config: TrainingConfig = FINE_TUNING,
    *,
    advance: StepAdvance | None = None,
) -> DesignModel:
    """A copy of the model, trained jointly on the rows ``shots`` of the designs; in evaluation mode.

    The model given stays as it is, and so does the state of torch's random numbers. Runs where
    ``config.accelerator`` says. Raises PipelineError where no shot counts for the model's task or the loss is no
    number.
    """
    if not len(shots):
        raise PipelineError(f"no designs of {designs.kernel} to fine-tune on", fix="give at least one shot")
    few = TrainingDesigns([designs.take(shots)], model.config.task, model.config.sources)
    device = _device(config)
    tuned = copy.deepcopy(model).to(device).train()
    objective = objective_for(replace(config, balance_targets=0.0) if len(few) < 2 else config, few)
    optimiser = make_optimiser(tuned, config)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    batches = _Batches(few, config, device)
    steps = config.epochs * batches.count
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        for epoch in range(1, config.epochs + 1):
            for number, batch in enumerate(batches.of(epoch)):
                rate = config.learning_rate_at((epoch - 1) * batches.count + number, steps)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                encoded = batches.encoded(tuned) if config.trainable != "all" else None
                loss = objective(tuned, batch, True, encoded)
                if not bool(torch.isfinite(loss)):
                    raise not_a_number(float(loss.detach()), epoch, number + 1)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                if config.gradient_clip:
                    nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
                optimiser.step()
            if advance is not None:
                advance(1, f"loss {float(loss.detach()):.4f}")
    for parameter in tuned.parameters():
        parameter.requires_grad_(True)
    return tuned.cpu().eval()


def _device(config: TrainingConfig) -> torch.device:
    check_accelerator(config.accelerator)
    gpu = config.accelerator == "gpu" or (config.accelerator == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if gpu else "cpu")


class _Batches:
    """The batches of each epoch; what fits one batch is worked out once."""

    def __init__(self, few: TrainingDesigns, config: TrainingConfig, device: torch.device) -> None:
        self.few, self.size, self.seed, self.device = few, config.batch_size, config.seed, device
        self.count = -(-len(few) // config.batch_size)
        self._whole: KernelBatch | None = few.batch(np.arange(len(few))).to(device) if self.count == 1 else None
        self._encoded: torch.Tensor | None = None

    def of(self, epoch: int) -> list[KernelBatch]:
        if self._whole is not None:
            return [self._whole]
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.few))
        return [
            self.few.batch(order[start : start + self.size]).to(self.device)
            for start in range(0, len(order), self.size)
        ]

    def encoded(self, model: DesignModel) -> torch.Tensor:
        """The kernel through an encoder that stays as it is, without dropout; worked out once."""
        if self._encoded is None:
            graphs = self.few.batch([0]).to(self.device).graphs
            model.eval()
            with torch.no_grad():
                self._encoded = model.encode(graphs)
            model.train()
        return self._encoded
