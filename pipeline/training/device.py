"""Where training runs."""

from __future__ import annotations

import torch

from pipeline.errors import PipelineError


def check_accelerator(accelerator: str) -> None:
    """Raises PipelineError for ``gpu`` where PyTorch finds none."""
    if accelerator == "gpu" and not (torch.cuda.is_available() or torch.backends.mps.is_available()):
        raise PipelineError("PyTorch finds no GPU", fix="give --accelerator auto or cpu; Doctor says what is there")
