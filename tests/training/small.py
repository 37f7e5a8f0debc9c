"""Small made-up kernels whose designs have labels that a model can learn, and a small model for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.models import ModelConfig
from pipeline.models.config import TARGETS
from pipeline.training.data import KernelDesigns
from tests.models.graphs import random_designs, random_kernel

MODEL = ModelConfig.published("hmoe-2", 9, 21, hidden=16, layers=2, experts=2)


def made_up(number: int = 0, count: int = 40, source: str = "made-up") -> KernelDesigns:
    """Every seventh design failed."""
    graph = random_kernel(number, name=f"kernel-{number}")
    values = random_designs(graph, count, number).numpy()
    usable = np.arange(count) % 7 != 3
    latency = np.log2(1 + values).sum(1, keepdims=True) / 8 + number / 4
    targets = np.concatenate([latency, *[values.mean(1, keepdims=True) / 50] * (len(TARGETS) - 1)], axis=1)
    targets[~usable] = np.nan
    return KernelDesigns(
        kernel=f"kernel-{number}", source=source, dialect="merlin", graph=graph,
        keys=np.array([f"design-{i:03}" for i in range(count)]), values=values, estimates=None,
        targets=targets.astype(np.float32), valid=usable.astype(np.int8), usable=usable,
        cycles=1e7 / 4.0 ** targets[:, 0], group=np.array([f"group-{i // 2}" for i in range(count)]),
        sides={"random": np.array(["train", "train", "train", "validation", "test"])[np.arange(count) % 5]},
    )  # fmt: skip


def with_estimates(designs: KernelDesigns) -> KernelDesigns:
    """The designs with 9 estimates each: nine tenths of the targets, whether known, and three numbers at random."""
    guess, known = np.nan_to_num(designs.targets) * 0.9, designs.usable[:, None]
    noise = np.random.default_rng(0).random((len(designs), 3))
    return replace(designs, estimates=np.hstack([guess, known, noise]).astype(np.float32))
