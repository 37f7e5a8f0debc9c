"""How a model is trained: one frozen, validated, JSON-serialisable value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pipeline.errors import PipelineError


@dataclass(frozen=True)
class TrainingConfig:
    """Schedule and optimiser. The defaults are the published pre-training (arXiv 2410.19225).

    ``epochs``             passes over the training designs
    ``separate_share``     share of the epochs in which the networks train separately (stage 1); in the rest (stage 2),
                           counting epochs from 1, odd ones train separately and even ones jointly. 0 trains jointly
                           throughout, as fine-tuning does
    ``batch_size``         designs per step
    ``kernels_per_batch``  kernels that a batch is drawn from; 0 shuffles over all (published). A step encodes each
                           kernel of its batch once, so few kernels make quick steps
    ``learning_rate``, ``final_learning_rate``  after warm-up, and where the cosine ends with the last step
    ``warmup_steps``       steps of linear warm-up; at most a tenth of all steps
    ``optimiser``          ``adam`` (published; weight decay is part of the gradient) or ``adamw``
    ``weight_decay``
    ``gradient_clip``      largest norm of the gradient; 0 for no limit
    ``huber``              errors beyond this many of a target's units count linearly (Huber, 1964), so that a design
                           of tens of devices does not decide; 0 squares every error
    ``ranking_weight``     weight of :func:`pipeline.models.ranking_loss` beside the squared errors
    ``balance_targets``    exponent p: a target's error counts (largest spread / its spread) ** p times; 0 counts all
                           alike
    ``trainable``          ``all``, ``after-encoder`` (the encoder stays as it is and runs once per kernel) or ``heads``
    ``meta``               ``none``, or ``fomaml``: first-order model-agnostic meta-learning (Finn et al., ICML 2017):
                           every step adapts to half of a batch from one kernel by ``meta_steps`` steps of gradient
                           descent at ``meta_rate``, and applies the gradient of the other half there to the weights
                           before
    ``validate_every``     epochs between validations; the last epoch validates always
    ``patience``           validations without a better joint model until training stops; 0 never stops early
    ``keep``               ``best`` weights by the joint model's validation loss, or the ``last``
    ``checkpoint_every``   epochs between checkpoints
    ``accelerator``        ``auto`` (a GPU where there is one), ``cpu`` or ``gpu``
    ``devices``            processes that share each epoch's batches, one per GPU
    ``seed``               of initial weights, order of batches and dropout
    """

    epochs: int = 1000
    separate_share: float = 0.5
    batch_size: int = 64
    kernels_per_batch: int = 0
    learning_rate: float = 5e-4
    final_learning_rate: float = 1e-5
    warmup_steps: int = 2000
    optimiser: str = "adam"
    weight_decay: float = 1e-4
    gradient_clip: float = 0.0
    huber: float = 0.0
    ranking_weight: float = 0.0
    balance_targets: float = 0.0
    trainable: str = "all"
    meta: str = "none"
    meta_steps: int = 5
    meta_rate: float = 1e-3
    validate_every: int = 1
    patience: int = 0
    keep: str = "best"
    checkpoint_every: int = 1
    accelerator: str = "auto"
    devices: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("epochs", 1), ("batch_size", 1), ("kernels_per_batch", 0), ("warmup_steps", 0), ("meta_steps", 1),
            ("validate_every", 1), ("patience", 0), ("checkpoint_every", 1), ("devices", 1), ("seed", 0),
        ):  # fmt: skip
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise _bad(name, value, f"a whole number from {least}")
        for name in (
            "learning_rate", "final_learning_rate", "weight_decay", "gradient_clip", "huber", "ranking_weight",
            "balance_targets", "meta_rate", "separate_share",
        ):  # fmt: skip
            value = getattr(self, name)
            if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
                raise _bad(name, value, "a number from 0")
        if self.separate_share > 1:
            raise _bad("separate_share", self.separate_share, "a share from 0 to 1")
        for name, choices in (
            ("optimiser", ("adam", "adamw")), ("meta", ("none", "fomaml")), ("keep", ("best", "last")),
            ("trainable", ("all", "after-encoder", "heads")), ("accelerator", ("auto", "cpu", "gpu")),
        ):  # fmt: skip
            if getattr(self, name) not in choices:
                raise _bad(name, getattr(self, name), f"one of {', '.join(choices)}")
        if self.meta != "none" and self.kernels_per_batch != 1:
            raise _bad("kernels_per_batch", self.kernels_per_batch, "1 for meta-learning, which adapts to one kernel")

    def is_joint(self, epoch: int) -> bool:
        """Whether an epoch, counted from 1, trains through the high-level gate."""
        if self.separate_share == 0:
            return True
        return epoch > math.ceil(self.epochs * self.separate_share) and epoch % 2 == 0

    def learning_rate_at(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, of ``steps`` in all."""
        warmup = min(self.warmup_steps, steps // 10)
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        progress = (step - warmup) / max(1, steps - 1 - warmup)
        low, high = self.final_learning_rate, self.learning_rate
        return low + (high - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    def to_json(self) -> str:
        """The configuration as JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, *, file: str | None = None) -> TrainingConfig:
        """Reads what :meth:`to_json` wrote. Raises PipelineError for anything else; ``file`` is named in it."""
        try:
            values: Any = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, Mapping) or set(values) - {field.name for field in fields(cls)}:
            raise PipelineError(
                "not a training configuration of this version", file=file, fix="write it with this version"
            )
        try:
            return cls(**values)
        except PipelineError as error:
            raise PipelineError(error.problem, file=file, fix=error.fix) from None


def _bad(name: str, value: object, expected: str) -> PipelineError:
    return PipelineError(f"training option {name} is {str(value)[:100]!r}", fix=f"give {expected}")
