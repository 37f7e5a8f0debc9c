"""The networks that a study compares, by name: a published one, the best one, or either with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NETWORKS = {
    "harp": ("published", "harp"),
    "node-moe": ("published", "node-moe"),
    "block-moe": ("published", "block-moe"),
    "graph-moe": ("published", "graph-moe"),
    "hmoe": ("published", "hmoe-2"),
    "hmoe-best": ("best", "hmoe-2"),
}
"""Mode and architecture of a network's pre-training."""


@dataclass(frozen=True)
class Change:
    """Fields of ModelConfig and of TrainingConfig that differ; ``estimates`` where the designs' estimates are used."""

    model: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    estimates: bool = False


CHANGES = {
    "log2": Change(model={"pragma_scale": "log2"}),
    "raw": Change(model={"pragma_scale": "raw"}),
    "independent": Change(model={"expert_init": "independent"}),
    "copies": Change(model={"expert_init": "copies"}),
    "scaled": Change(model={"last_activation": "none", "standardised": True}),
    "estimates": Change(model={"estimate_use": "input"}, estimates=True),
    "residual": Change(model={"estimate_use": "residual"}, estimates=True),
    "blind": Change(model={"estimate_use": "none"}),
    "ranking": Change(training={"ranking_weight": 0.1}),
    "adamw": Change(training={"optimiser": "adamw", "gradient_clip": 5.0, "learning_rate": 1e-3}),
    "squared": Change(training={"huber": 0.0}),
    "gat": Change(model={"encoder": "GATv2Conv"}),
    "joint": Change(training={"separate_share": 0.0}),
    "separate": Change(training={"separate_share": 1.0}),
    "first-gate": Change(model={"high_gate": "input"}),
}
"""What may be changed, as in ``hmoe+log2`` or ``hmoe-best+blind+raw``: log-scaled or raw factors in the pragma
networks; experts that start apart or equal; unbounded heads on standardised targets; the estimator's figures as input,
as a residual or not at all; a pair-wise ranking loss beside the squared error; AdamW with clipped gradients at 1e-3;
every error of pre-training squared, however large; another convolution; no separate stage, or nothing but it; the
paper's first gate, which sees the node inputs, for its second."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A network of a study: mode, architecture, and what is changed of them."""

    mode: str
    architecture: str
    changes: tuple[Change, ...] = ()

    def model_options(self, estimates: int) -> dict[str, Any]:
        """Fields of the model that differ from the mode's; ``estimates`` numbers are known of a design."""
        merged = {name: value for change in self.changes for name, value in change.model.items()}
        return merged | ({"estimates": estimates} if any(change.estimates for change in self.changes) else {})

    @property
    def training_options(self) -> dict[str, Any]:
        """Fields of the pre-training that differ from the mode's."""
        return {name: value for change in self.changes for name, value in change.training.items()}


def network_named(name: str) -> TrainedNetwork | None:
    """The network of a method's name; None where the name is of no network."""
    base, *changes = name.split("+")
    if base not in NETWORKS or any(change not in CHANGES for change in changes):
        return None
    return TrainedNetwork(*NETWORKS[base], tuple(CHANGES[change] for change in changes))
