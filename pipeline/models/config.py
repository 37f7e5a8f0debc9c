"""What a model is made of: one frozen, validated, JSON-serialisable value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pipeline.errors import PipelineError
from pipeline.terms import LEARNED

SCHEMA = 2
"""Grows when the meaning or the names of a model's tensors change."""

GRANULARITIES = ("harp", "node", "block", "graph")
"""What a network mixes experts over: nothing (plain HARP), nodes, basic blocks or whole graphs."""

TARGETS = ("perf", *(resource.short for resource in LEARNED))
"""The regression targets in order: perf = 0.5 * log2(1e7 / cycles), and utilisations as fractions of the device."""
TASKS = ("regression", "validity")
HIGH_GATES = ("none", "input", "embedding")
ESTIMATE_USES = ("none", "input", "residual", "both")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

PUBLISHED: dict[str, dict[str, Any]] = {
    "harp": {"networks": ("harp",), "high_gate": "none"},
    "node-moe": {"networks": ("node",), "high_gate": "none"},
    "block-moe": {"networks": ("block",), "high_gate": "none"},
    "graph-moe": {"networks": ("graph",), "high_gate": "none"},
    "hmoe-1": {"networks": ("node", "block", "graph"), "high_gate": "input"},
    "hmoe-2": {"networks": ("node", "block", "graph"), "high_gate": "embedding"},
}
"""The models of the papers: HARP (ICCAD 2023), its three single-level mixtures and the hierarchical mixture with its
first and its second gate (arXiv 2410.19225)."""


@dataclass(frozen=True)
class ModelConfig:
    """Sizes and choices of a model. The defaults are the published ones (arXiv 2410.19225, second gate).

    ``node_features``     width F of the node inputs
    ``edge_features``     width of the edge inputs; for one-hot edges the number of edge classes
    ``networks``          one network per entry, each of a granularity of :data:`GRANULARITIES`
    ``high_gate``         weighs several networks by ``input`` (attention-pooled node inputs) or ``embedding`` (graph
                          embeddings, detached); ``none`` for a single network
    ``task``              ``regression`` (one number per target) or ``validity`` (two logits)
    ``targets``           names of the regression targets; ignored for validity
    ``hidden``            width D
    ``layers``            convolutions of the encoder
    ``dropout``           of attention coefficients
    ``experts``           experts K of a mixture
    ``low_balance``       alpha, weight of a network's balance term
    ``high_balance``      beta, weight of the high gate's balance term
    ``encoder``           ``TransformerConv`` (stacked, all networks at once) or any other convolution of
                          ``torch_geometric.nn`` that takes (in, out) channels, such as ``GATv2Conv`` or ``PNAConv``
    ``degree_histogram``  nodes of the training graphs by in-degree; only PNAConv needs it
    ``expert_init``       ``copies`` (experts start equal, as published) or ``independent``
    ``pragma_scale``      ``raw`` factors (published) or ``log2`` (1 + factor)
    ``last_activation``   of the output heads: ``elu`` (published; no output is below -1) or ``none``
    ``standardised``      whether the heads predict targets less their mean, over their spread, as
                          :meth:`pipeline.models.DesignModel.set_scales` was told; outputs stay in the targets' units
    ``estimates``         numbers F that are known of a design beforehand; the first are an estimate of the targets,
                          then comes a 1 where that is known
    ``estimate_use``      ``none``, as ``input`` beside the graph embedding of every head, as ``residual`` that is added
                          to the outputs with a learned weight, or ``both``
    ``sources``           names of the sources of labels that the heads tell apart by a one-hot input; empty: not told
    """

    node_features: int
    edge_features: int
    networks: tuple[str, ...] = ("node", "block", "graph")
    high_gate: str = "embedding"
    task: str = "regression"
    targets: tuple[str, ...] = TARGETS
    hidden: int = 64
    layers: int = 6
    dropout: float = 0.1
    experts: int = 4
    low_balance: float = 5e-3
    high_balance: float = 5e-3
    encoder: str = "TransformerConv"
    degree_histogram: tuple[int, ...] = ()
    expert_init: str = "copies"
    pragma_scale: str = "raw"
    last_activation: str = "elu"
    standardised: bool = False
    estimates: int = 0
    estimate_use: str = "none"
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, longest in (("networks", 64), ("targets", 256), ("degree_histogram", 1 << 20), ("sources", 4096)):
            value = getattr(self, name)
            if not isinstance(value, tuple | list) or len(value) > longest:
                raise _bad(name, value, f"a list of at most {longest}")
            object.__setattr__(self, name, tuple(value))
        for name, least, most in (
            ("node_features", 1, 1 << 20), ("edge_features", 1, 1 << 20), ("hidden", 8, 1 << 14), ("layers", 1, 256),
            ("experts", 1, 1024), ("estimates", 0, 1 << 16),
        ):  # fmt: skip
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise _bad(name, value, f"a whole number from {least} to {most}")
        for name in ("dropout", "low_balance", "high_balance"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 <= value < (1 if name == "dropout" else float("inf")):
                raise _bad(name, value, "a number in [0, 1)" if name == "dropout" else "a number of at least 0")
        for name, choices in (
            ("high_gate", HIGH_GATES), ("task", TASKS), ("expert_init", ("copies", "independent")),
            ("pragma_scale", ("raw", "log2")), ("last_activation", ("elu", "none")), ("estimate_use", ESTIMATE_USES),
        ):  # fmt: skip
            if getattr(self, name) not in choices:
                raise _bad(name, getattr(self, name), f"one of {', '.join(choices)}")
        if not self.networks or any(network not in GRANULARITIES for network in self.networks):
            raise _bad("networks", self.networks, f"one or more of {', '.join(GRANULARITIES)}")
        if (len(self.networks) == 1) != (self.high_gate == "none"):
            raise _bad("high_gate", self.high_gate, "none for one network, input or embedding for several")
        if not self.targets or len(set(self.targets)) != len(self.targets):
            raise _bad("targets", self.targets, "different names, at least one")
        if any(not isinstance(target, str) or not _NAME.fullmatch(target) for target in self.targets):
            raise _bad("targets", self.targets, "names made of letters, digits and _")
        if not isinstance(self.encoder, str) or not _NAME.fullmatch(self.encoder):
            raise _bad("encoder", self.encoder, "the name of a convolution of torch_geometric.nn, such as GATv2Conv")
        if any(type(count) is not int or count < 0 for count in self.degree_histogram):
            raise _bad("degree_histogram", self.degree_histogram, "whole numbers of nodes, by in-degree from 0")
        if len(set(self.sources)) != len(self.sources) or not all(isinstance(name, str) for name in self.sources):
            raise _bad("sources", self.sources, "different names")
        if type(self.standardised) is not bool:
            raise _bad("standardised", self.standardised, "true or false")
        self._check_estimates()

    def _check_estimates(self) -> None:
        if self.estimate_use != "none" and self.estimates <= len(self.targets):
            raise _bad("estimates", self.estimates, f"more than the {len(self.targets)} targets, or estimate_use none")
        if self.task == "validity" and (self.adds_estimate or self.standardised):
            raise _bad("task", self.task, "regression with a residual or standardised targets")

    @classmethod
    def published(cls, name: str, node_features: int, edge_features: int, **changes: Any) -> ModelConfig:
        """A model of the papers by its name in :data:`PUBLISHED`; ``changes`` are further fields."""
        if name not in PUBLISHED:
            raise PipelineError(f"no published model {name!r}", fix=f"choose one of {', '.join(PUBLISHED)}")
        return cls(node_features, edge_features, **{**PUBLISHED[name], **changes})

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output heads: the targets, or ``valid``."""
        return self.targets if self.task == "regression" else ("valid",)

    @property
    def channels(self) -> int:
        """Numbers per output head: 1, or 2 logits for validity."""
        return 1 if self.task == "regression" else 2

    @property
    def feeds_estimate(self) -> bool:
        """Whether the heads take the estimates."""
        return self.estimate_use in ("input", "both")

    @property
    def adds_estimate(self) -> bool:
        """Whether the estimate of the targets is added to the outputs."""
        return self.estimate_use in ("residual", "both")

    @property
    def extra_width(self) -> int:
        """Numbers that the heads take beside the graph embedding."""
        return (self.estimates if self.feeds_estimate else 0) + len(self.sources)

    def embedding_widths(self) -> tuple[int, ...]:
        """Width of each network's graph embedding: 2D, or D for blocks, which pool pseudo nodes alone."""
        return tuple(self.hidden if network == "block" else 2 * self.hidden for network in self.networks)

    def to_json(self) -> str:
        """The configuration as JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, *, file: str | None = None) -> ModelConfig:
        """Reads what :meth:`to_json` wrote. Raises PipelineError for anything else; ``file`` is named in it."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, Mapping):
            raise PipelineError("the model's configuration is not a JSON object", file=file, fix="train the model anew")
        known = {field.name for field in fields(cls)}
        wrong = sorted(set(values) - known) or sorted({"node_features", "edge_features"} - set(values))
        if wrong:
            raise PipelineError(
                f"the model's configuration has unknown or missing fields: {', '.join(map(str, wrong))[:200]}",
                file=file,
                fix="use the version of the pipeline that wrote it, or train anew",
            )
        try:
            return cls(**values)
        except PipelineError as error:
            raise PipelineError(error.problem, file=file, fix=error.fix) from None


def _bad(name: str, value: object, expected: str) -> PipelineError:
    shown = ", ".join(map(str, value)) if isinstance(value, tuple | list) else value
    return PipelineError(f"model option {name} is {str(shown)[:100]!r}", fix=f"give {expected}")
