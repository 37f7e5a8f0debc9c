"""Trains into a folder; the process is killed after an epoch if one is named."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import torch

from pipeline.training.config import TrainingConfig
from pipeline.training.pretrain import pretrain
from tests.training.small import MODEL, made_up


def run(folder: str, kill_after: int) -> str:
    """A hash of the final weights."""
    torch.set_num_threads(1)
    done = 0

    def advance(steps: int = 1, note: str = "") -> None:
        nonlocal done
        done += steps
        if done == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    config = TrainingConfig(
        epochs=6, batch_size=16, kernels_per_batch=2, warmup_steps=5, keep="last", accelerator="cpu"
    )
    data = [made_up(number) for number in range(3)]
    found = pretrain(data, MODEL, config, validation=[made_up(3)], folder=Path(folder), advance=advance)
    weights = b"".join(value.numpy().tobytes() for value in found.model.state_dict().values())
    return hashlib.sha256(weights).hexdigest()
