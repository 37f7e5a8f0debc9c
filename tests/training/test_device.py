"""What is asked of a machine that has none is refused in one line."""

from __future__ import annotations

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.training.device import check_accelerator


def test_a_gpu_that_is_not_there_is_refused_and_all_else_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        check_accelerator("auto")
        check_accelerator("cpu")
        if there:
            check_accelerator("gpu")
        else:
            with pytest.raises(PipelineError, match="PyTorch finds no GPU"):
                check_accelerator("gpu")
