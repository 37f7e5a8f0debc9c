"""One network after the encoder: pragmas, last convolution, pooling and heads, with experts at one granularity."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.config import ModelConfig
from pipeline.models.gates import Gate, balance
from pipeline.models.inputs import GraphBatch
from pipeline.models.perceptron import OutputHeads
from pipeline.models.pooling import AttentionPool
from pipeline.models.pragmas import PragmaNetworks
from pipeline.models.sharing import Sharing
from pipeline.models.transformer import TransformerBank


@dataclass(frozen=True)
class NetworkOutput:
    """``outputs`` (B, T, channels); ``embedding`` (B, 2D), or (B, D) of a block network; ``gates`` (B, K), the mean
    gate of each design over its nodes, pseudo nodes or the graph, None for HARP; ``balance`` (), std / mean of the
    experts' importance in the batch."""

    outputs: Tensor
    embedding: Tensor
    gates: Tensor | None
    balance: Tensor


class BlockExperts(nn.Module):
    """K linear maps D to D. ``weight`` (K, D, D), ``bias`` (K, D)."""

    def __init__(self, hidden: int, experts: int, equal: bool) -> None:
        super().__init__()
        layers = [nn.Linear(hidden, hidden) for _ in range(1 if equal else experts)] * (experts if equal else 1)
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))

    def forward(self, x: Tensor, gates: Tensor) -> Tensor:
        """(n, D), the sum of the experts on x (n, D) weighted by the gates (n, K)."""
        out = functional.linear(x, self.weight.flatten(0, 1), self.bias.flatten())
        return (out.view(*gates.shape, -1) * gates[..., None]).sum(1)


class Network(nn.Module):
    """HARP's second half (``granularity`` "harp"), or one of the single-level mixtures of arXiv 2410.19225:

    * ``node``   K copies of the last convolution, one gate per node;
    * ``block``  K linear maps instead of the last convolution; pseudo nodes alone are pooled. As in the published
      implementation the maps run on all nodes, because the pooling's softmax is over all of them;
    * ``graph``  K copies of the output heads, one gate per graph.
    """

    def __init__(self, config: ModelConfig, granularity: str) -> None:
        super().__init__()
        self.granularity = granularity
        hidden, experts, equal = config.hidden, config.experts, config.expert_init == "copies"
        self.pragmas = PragmaNetworks(hidden, config.pragma_scale == "log2")
        blocks = granularity == "block"
        if blocks:
            self.blocks = BlockExperts(hidden, experts, equal)
        else:
            count = experts if granularity == "node" else 1
            self.last = TransformerBank(count, hidden, hidden, config.edge_features, config.dropout)
            if equal:
                self.last.start_equal()
        self.pool = AttentionPool(hidden, 1 if blocks else 2)
        width = hidden if blocks else 2 * hidden
        if granularity != "harp":
            self.gate = Gate(width if granularity == "graph" else hidden, experts)
        heads = experts if granularity == "graph" else 1
        self.heads = OutputHeads(
            width + config.extra_width, hidden, len(config.outputs), config.channels, heads, equal,
            config.last_activation == "elu",
        )  # fmt: skip

    def forward(
        self, encoded: Tensor, graphs: GraphBatch, sharing: Sharing, extra: Tensor | None = None
    ) -> NetworkOutput:
        """The outputs of B designs from encoded nodes (N, D); ``extra`` (B, X) goes to the heads as it is."""
        slots = encoded.index_select(0, graphs.slot_node)
        states = torch.cat([encoded, self.pragmas(slots, sharing.cells, sharing.slot_of)])
        node_gates = self.gate(states) if self.granularity in ("node", "block") else None
        if self.granularity == "block":
            assert node_gates is not None
            free, own = sharing.free_node, torch.arange(sharing.slot_states, device=states.device)
            rows = torch.cat([free, len(encoded) + own])
            x = self.blocks(states[rows], node_gates[rows])
            masks = graphs.pseudo[torch.cat([free, graphs.slot_node[sharing.slot_of]])].to(x.dtype)[None]
            pooled = self.pool(x, masks, torch.cat([graphs.kernel[free], sharing.kernels + own]), sharing)
        else:
            x = functional.elu(self.last.mixed_rows(states, node_gates, graphs, sharing), inplace=True)
            masks = torch.stack([graphs.context, graphs.pseudo])[:, sharing.row_node].to(x.dtype)
            pooled = self.pool(x, masks, sharing.row_instance, sharing)
        embedding = pooled.flatten(1)
        outputs = self.heads(embedding if extra is None else torch.cat([embedding, extra], dim=1))
        if self.granularity == "harp":
            return NetworkOutput(outputs[:, 0], embedding, None, outputs.new_zeros(()))
        if self.granularity == "graph":
            gates = self.gate(embedding)
            mixed = (gates[..., None, None] * outputs).sum(1)
            return NetworkOutput(mixed, embedding, gates, balance(gates.mean(0)))
        assert node_gates is not None
        gates, importance = _gates_of_designs(node_gates, graphs, sharing, pseudo=self.granularity == "block")
        return NetworkOutput(outputs[:, 0], embedding, gates, balance(importance))


def _gates_of_designs(gates: Tensor, graphs: GraphBatch, sharing: Sharing, *, pseudo: bool) -> tuple[Tensor, Tensor]:
    """The mean gate of each design (B, K) over its nodes or pseudo nodes, and the sum over all designs (K,)."""
    counted = graphs.pseudo.to(gates.dtype) if pseudo else gates.new_ones(len(graphs.x))
    free, slot_node = sharing.free_node, graphs.slot_node[sharing.slot_of]
    shared = gates.new_zeros(sharing.kernels, gates.shape[1])
    shared = shared.index_add(0, graphs.kernel[free], gates[free] * counted[free, None])
    own = gates[len(graphs.x) :] * counted[slot_node, None]
    own = torch.cat([own, own.new_zeros(1, own.shape[1])])
    sums = shared[sharing.kernel] + own[sharing.state_of].sum(1)
    nodes = counted.new_zeros(sharing.kernels).index_add_(0, graphs.kernel, counted)[sharing.kernel]
    return sums / nodes[:, None].clamp(min=1), sums.sum(0)
