"""What models say about designs, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline.errors import PipelineError
from pipeline.models import DesignBatch, DesignModel, Prediction, predict
from pipeline.models.config import TARGETS
from pipeline.training.data import KernelDesigns

Floats = npt.NDArray[np.float32]

PERF = TARGETS[0]


@dataclass(frozen=True)
class DesignForecast:
    """Predictions for N designs of one kernel.

    ``targets``     (N, T) in the units of :class:`pipeline.training.data.KernelDesigns`, None without a model for
                    regression: the mean over the models. No utilisation is below 0
    ``spread``      (N, T) standard deviation over the networks of a model, by their gate weights, and over the models
    ``valid``       (N,) probability of a usable result, the mean over the models for validity; None without one
    ``embedding``   (N, E) graph embeddings of the first model
    ``high_gates``  (N, M) weights of its networks; ``low_gates`` per network (N, K) mean weights of its experts, None
                    for plain HARP
    """

    targets: Floats | None
    spread: Floats | None
    valid: Floats | None
    embedding: Floats
    high_gates: Floats
    low_gates: tuple[Floats | None, ...]


def predict_designs(
    models: DesignModel | Sequence[DesignModel], designs: KernelDesigns, *, batch_size: int = 1024
) -> DesignForecast:
    """What one or several models say about designs, in evaluation mode and in batches.

    Models for regression and for validity may be mixed; each kind's are averaged.
    """
    several = [models] if isinstance(models, DesignModel) else list(models)
    if not several:
        raise PipelineError("no model to predict with", fix="give at least one")
    means, variances, valid = [], [], []
    first: list[Prediction] = []
    for number, model in enumerate(several):
        found = list(predict(model, designs.graph, [design_batch(model, designs)], batch_size=batch_size))
        if number == 0:
            first = found
        joint = np.concatenate([_numpy(one.joint) for one in found])
        if model.config.task == "validity":
            valid.append(torch.softmax(torch.from_numpy(joint), dim=1)[:, 1].numpy())
            continue
        separate = np.concatenate([_numpy(one.separate) for one in found], axis=1)
        gates = np.concatenate([_numpy(one.high_gates) for one in found])
        means.append(no_less_than_none(joint, model.config.targets))
        variances.append((gates.T[..., None] * (separate - joint) ** 2).sum(0))
    targets = np.mean(means, axis=0) if means else None
    spread = np.sqrt(np.mean(variances, axis=0) + np.var(means, axis=0)) if means else None
    networks = len(first[0].low_gates) if first else 0
    return DesignForecast(
        targets=targets,
        spread=spread,
        valid=np.mean(valid, axis=0) if valid else None,
        embedding=np.concatenate([_numpy(one.embedding) for one in first]),
        high_gates=np.concatenate([_numpy(one.high_gates) for one in first]),
        low_gates=tuple(_gates(first, network) for network in range(networks)),
    )


def no_less_than_none(targets: npt.NDArray[Any], names: Sequence[str] = TARGETS) -> npt.NDArray[Any]:
    """Targets (N, T) with utilisations of 0 where they are below: a design takes nothing away from a device."""
    least = np.array([-np.inf if name == PERF else 0.0 for name in names], dtype=targets.dtype)
    raised: npt.NDArray[Any] = np.maximum(targets, least)
    return raised


def design_batch(model: DesignModel, designs: KernelDesigns) -> DesignBatch:
    """Designs of one kernel as the model takes them. Raises PipelineError where there is none."""
    if not len(designs):
        raise PipelineError(f"no designs of {designs.kernel} to predict", fix="give at least one")
    sources = model.config.sources
    place = sources.index(designs.source) if designs.source in sources else -1
    return DesignBatch(
        torch.zeros(len(designs), dtype=torch.int64),
        torch.from_numpy(designs.values),
        None if designs.estimates is None else torch.from_numpy(designs.estimates),
        torch.full((len(designs),), place),
    )


def _gates(found: Sequence[Prediction], network: int) -> Floats | None:
    parts = [one.low_gates[network] for one in found]
    known = [_numpy(part) for part in parts if part is not None]
    return np.concatenate(known) if known else None


def _numpy(tensor: torch.Tensor) -> Floats:
    out: Floats = tensor.detach().cpu().numpy()
    return out
