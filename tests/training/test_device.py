"""What is asked of a machine that has none is refused in one line."""

from __future__ import annotations

import os

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.training.device import check_accelerator, check_devices


@pytest.mark.parametrize(("gpus", "accelerator", "most"), [(0, "auto", 2), (3, "auto", 3), (3, "cpu", 2)])
def test_no_more_devices_are_taken_than_there_are(
    gpus: int, accelerator: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    check_devices(accelerator, most)
    with pytest.raises(PipelineError, match=f"--devices {most + 1} on a machine with {most} .*; give {most} at most"):
        check_devices(accelerator, most + 1)


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
