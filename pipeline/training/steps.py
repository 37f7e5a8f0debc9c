"""What every loop of steps tells: how far it is, and that a loss is no number."""

from __future__ import annotations

from typing import Protocol

from pipeline.errors import PipelineError


class StepAdvance(Protocol):
    """Is told of every epoch that is done."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """``steps`` more epochs are done; ``note`` has the losses."""


def not_a_number(loss: float, epoch: int, batch: int) -> PipelineError:
    """The error of a loss that is no number; epoch and batch count from 1."""
    return PipelineError(
        f"the loss became {loss} in epoch {epoch}, batch {batch}",
        fix="lower the learning rate or limit the gradient; the last checkpoint is as it was",
    )
