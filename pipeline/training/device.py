"""Where training runs."""

from __future__ import annotations

import os

import torch

from pipeline.errors import PipelineError, counted


def check_devices(accelerator: str, devices: int) -> None:
    """Raises PipelineError where training asks for a GPU, or for more of them or of processors, than there are."""
    check_accelerator(accelerator)
    gpus = torch.cuda.device_count() if accelerator != "cpu" and torch.cuda.is_available() else 0
    there, what = (gpus, "GPU") if gpus else (os.cpu_count() or 1, "processor")
    if devices > there:
        raise PipelineError(
            f"--devices {devices} on a machine with {counted(there, what)} to train on", fix=f"give {there} at most"
        )


def check_accelerator(accelerator: str) -> None:
    """Raises PipelineError for ``gpu`` where PyTorch finds none."""
    if accelerator == "gpu" and not (torch.cuda.is_available() or torch.backends.mps.is_available()):
        raise PipelineError("PyTorch finds no GPU", fix="give --accelerator auto or cpu; Doctor says what is there")
