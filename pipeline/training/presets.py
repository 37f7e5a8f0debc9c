"""The choices behind ``--mode``: the published models and training, and the best found here.

The only place that names the defaults of the mode ``best``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import PipelineError
from pipeline.models import ModelConfig
from pipeline.training.config import TrainingConfig
from pipeline.training.fine_tune import FINE_TUNING
from pipeline.training.sites import EDGE_FEATURES, NODE_FEATURES

MODES = ("published", "best")
CLASSIFIER_EPOCHS = 200
"""The published pre-training of a validity classifier."""

_BEST_MODEL: dict[str, Any] = {"pragma_scale": "log2", "expert_init": "independent", "estimate_use": "both"}
_BEST_REGRESSION: dict[str, Any] = {"last_activation": "none", "standardised": True}
_BEST_TRAINING: dict[str, Any] = {
    "epochs": 200, "batch_size": 256, "kernels_per_batch": 4, "learning_rate": 1e-3, "warmup_steps": 200,
    "gradient_clip": 5.0, "optimiser": "adamw", "huber": 1.0,
}  # fmt: skip
_BEST_FINE_TUNING: dict[str, Any] = {
    "epochs": 200, "warmup_steps": 20, "gradient_clip": 5.0, "optimiser": "adamw", "huber": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """A model with its pre-training and its fine-tuning."""

    model: ModelConfig
    training: TrainingConfig
    fine_tuning: TrainingConfig

    @property
    def wants_estimates(self) -> bool:
        """Whether the designs must come with estimates."""
        return self.model.estimate_use != "none"


def preset(
    mode: str, *, model: str = "hmoe-2", task: str = "regression", estimates: int = 0, sources: tuple[str, ...] = ()
) -> Preset:
    """The configurations of a mode, for one of the models of :data:`~pipeline.models.config.PUBLISHED`.

    ``published``: arXiv 2410.19225 as it is; estimates and sources are not used. ``best``: with ``estimates`` numbers
    per design where that is not 0, and the sources told apart where there are several.
    """
    if mode not in MODES:
        raise PipelineError(f"no mode {mode!r}", fix=f"choose one of {', '.join(MODES)}")
    if mode == "published":
        training = TrainingConfig() if task == "regression" else TrainingConfig(epochs=CLASSIFIER_EPOCHS)
        return Preset(ModelConfig.published(model, NODE_FEATURES, EDGE_FEATURES, task=task), training, FINE_TUNING)
    changes = {**_BEST_MODEL, **(_BEST_REGRESSION if task == "regression" else {"estimate_use": "input"})}
    if not estimates:
        changes["estimate_use"] = "none"
    return Preset(
        ModelConfig.published(
            model, NODE_FEATURES, EDGE_FEATURES, task=task, estimates=estimates,
            sources=sources if len(sources) > 1 else (), **changes,
        ),
        TrainingConfig(**_BEST_TRAINING),
        TrainingConfig(separate_share=0.0, **_BEST_FINE_TUNING),
    )  # fmt: skip
