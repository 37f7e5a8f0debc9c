"""The model: an encoder for all networks, the networks, and the gate that weighs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.errors import PipelineError
from pipeline.models.beforehand import Beforehand
from pipeline.models.config import ModelConfig
from pipeline.models.encoder import ENCODERS, make_encoder
from pipeline.models.gates import Gate, balance
from pipeline.models.inputs import DesignBatch, GraphBatch
from pipeline.models.network import Network, NetworkOutput
from pipeline.models.ragged import segment_max, segment_sum, weighted_sum
from pipeline.models.sharing import Sharing, share

_TAIL, _LEAST_SPREAD = 0.05, 1e-3


@dataclass(frozen=True)
class Prediction:
    """What a model says about B designs; T outputs, M networks, K experts.

    ``joint``          (B, T) for regression, (B, 2) logits for validity: the gated sum over the networks
    ``separate``       (M, B, T) or (M, B, 2): each network on its own
    ``high_gates``     (B, M) weights of the networks; ones for a single one
    ``low_gates``      per network (B, K), the mean gate of each design, None for HARP
    ``low_balance``    (M,) std / mean of the experts' importance in the batch
    ``high_balance``   () the same over the networks
    ``embedding``      (B, 5D for the hierarchical model) the networks' graph embeddings, side by side
    """

    joint: Tensor
    separate: Tensor
    high_gates: Tensor
    low_gates: tuple[Tensor | None, ...]
    low_balance: Tensor
    high_balance: Tensor
    embedding: Tensor


class InputGate(nn.Module):
    """The first design of the high-level gate: attention-pooled raw node inputs of the graph, then a gate."""

    def __init__(self, inputs: int, hidden: int, networks: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.gate = Gate(inputs, networks, equal=True)

    def forward(self, graphs: GraphBatch) -> Tensor:
        """(K, M), one row per kernel: the pragma values are not in the graph."""
        scores = self.attention(graphs.x)
        kernels = len(graphs.names)
        weights = torch.exp(scores - segment_max(scores, graphs.kernel, kernels)[graphs.kernel])
        weights = weights / segment_sum(weights, graphs.kernel, kernels)[graphs.kernel]
        ptr = torch.cat([graphs.node_count.new_zeros(1), graphs.node_count.cumsum(0)])
        rows = torch.arange(len(weights), device=weights.device)
        out: Tensor = self.gate(weighted_sum(graphs.x, rows, weights[:, 0], ptr))
        return out


class DesignModel(nn.Module):
    """Predicts the outcome of designs from their kernels' graphs and their pragma values.

    One network alone is plain HARP or a single-level mixture; several are the hierarchical mixture. Attention dropout,
    where training switches it on, is drawn once per kernel in the encoder and once per distinct row after it (the
    published implementation draws it per design); with dropout off the outputs and gradients are those of the network
    run on every design by itself.
    """

    target_mean: Tensor
    target_scale: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config)
        self.networks = nn.ModuleList(Network(config, granularity) for granularity in config.networks)
        if config.high_gate == "input":
            self.high_gate: nn.Module = InputGate(config.node_features, config.hidden, len(config.networks))
        elif config.high_gate == "embedding":
            self.high_gate = Gate(sum(config.embedding_widths()), len(config.networks), equal=True)
        if config.extra_width or config.adds_estimate:
            self.beforehand = Beforehand(config)
        if config.standardised:
            self.register_buffer("target_mean", torch.zeros(len(config.targets)))
            self.register_buffer("target_scale", torch.ones(len(config.targets)))

    @torch.no_grad()
    def set_scales(self, targets: Tensor, estimates: Tensor | None) -> None:
        """Learns the scales of targets (n, T) and of estimates (n, F) from training data, where the model uses them.

        With a residual the heads' own scale is that of what the estimates leave. The outer twentieths on either side
        count as their bounds, so that no design of tens of devices sets the scale.
        """
        if hasattr(self, "beforehand") and estimates is not None:
            self.beforehand.set_scales(estimates)
        if self.config.standardised:
            left = targets
            if self.config.adds_estimate and estimates is not None:
                left = targets - self.beforehand.residual(estimates)
            inner = left.clamp(left.quantile(_TAIL, dim=0), left.quantile(1 - _TAIL, dim=0))
            spread = inner.std(0, correction=0)
            # A target that hardly ever moves keeps the unit of its few other values.
            spread = torch.where(spread > _LEAST_SPREAD, spread, left.std(0, correction=0).clamp(max=1.0))
            self.target_mean.copy_(inner.mean(0))
            self.target_scale.copy_(spread.clamp(min=_LEAST_SPREAD))

    def encode(self, graphs: GraphBatch) -> Tensor:
        """(M, N, D), the embeddings of the nodes, which no design changes. Raises PipelineError for other widths."""
        if graphs.x.shape[1] != self.config.node_features:
            raise PipelineError(
                f"graphs have {graphs.x.shape[1]} node features, the model takes {self.config.node_features}",
                fix="build the graphs with the vocabulary that the model was trained with",
            )
        width = self.config.edge_features
        if graphs.edge_features is not None:
            found = graphs.edge_features.shape[1]
        else:
            assert graphs.classes is not None
            found = int(graphs.classes[-1]) + 1 if len(graphs.classes) else 0
        if found > width or (graphs.edge_features is not None and found != width):
            raise PipelineError(
                f"graphs have {found} edge features, the model takes {width}",
                fix="build the graphs with the vocabulary that the model was trained with",
            )
        out: Any = self.encoder(graphs)
        wanted = (len(self.config.networks), len(graphs.x), self.config.hidden)
        if not isinstance(out, Tensor) or out.shape != wanted:
            told = f"a tensor of the shape {tuple(out.shape)}" if isinstance(out, Tensor) else f"a {type(out).__name__}"
            raise PipelineError(
                f"{ENCODERS.called(self.config.encoder)} gave {told}, where one of {wanted} is wanted",
                fix="mend it (CONTRIBUTING.md names its laws as tests), or choose another encoder",
            )
        return out

    def forward(self, graphs: GraphBatch, designs: DesignBatch | Sharing, encoded: Tensor | None = None) -> Prediction:
        """Predictions for the designs of a batch.

        ``designs`` may be given as the :class:`Sharing` that a data loader has already worked out, ``encoded`` as the
        result of :meth:`encode` on the same graphs.
        """
        sharing = designs if isinstance(designs, Sharing) else share(graphs, designs)
        if encoded is None:
            encoded = self.encode(graphs)
        extra = self.beforehand.inputs(sharing) if self.config.extra_width else None
        found: list[NetworkOutput] = [
            network(own, graphs, sharing, extra) for own, network in zip(encoded, self.networks, strict=True)
        ]
        separate = torch.stack([one.outputs for one in found])
        separate = separate[..., 0] if self.config.task == "regression" else separate[..., 0, :]
        if self.config.standardised:
            separate = self.target_mean + self.target_scale * separate
        if self.config.adds_estimate:
            separate = separate + self.beforehand.residual(self.beforehand.estimates(sharing))
        embedding = torch.cat([one.embedding for one in found], dim=1)
        if self.config.high_gate == "none":
            gates = embedding.new_ones(len(embedding), 1)
        elif self.config.high_gate == "input":
            gates = self.high_gate(graphs)[sharing.kernel]
        else:
            gates = self.high_gate(embedding.detach())
        return Prediction(
            joint=(gates.t()[..., None] * separate).sum(0),
            separate=separate,
            high_gates=gates,
            low_gates=tuple(one.gates for one in found),
            low_balance=torch.stack([one.balance for one in found]),
            high_balance=balance(gates.sum(0)),
            embedding=embedding,
        )
