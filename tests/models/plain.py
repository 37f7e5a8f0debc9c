"""The same networks written for clarity: PyTorch Geometric, one copy of the kernel's graph per design, nothing shared.

The reference that the fast implementation is compared with, in tests and benchmarks. ``plain_tensors`` renames the
tensors (weights or gradients) of a fast model to those of a plain one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.data import Batch, Data
from torch_geometric.nn import GATConv, GATv2Conv, GCNConv, GINConv, GINEConv, PNAConv, TransformerConv
from torch_geometric.utils import scatter, softmax

from pipeline.models.config import ModelConfig
from pipeline.models.inputs import PARALLEL, PIPELINE, TILE, KernelGraph


def design_data(graph: KernelGraph, values: Tensor, edge_width: int, extra: Tensor | None = None) -> Data:
    """One design as a graph of its own: dense edge inputs, pragma values on the nodes in scope, ``extra`` (X,) for the
    heads."""
    attributes = (
        functional.one_hot(graph.edge_class, edge_width).to(graph.x.dtype)
        if graph.edge_features is None
        else graph.edge_features[graph.edge_class]
    )
    pragmas = torch.zeros(len(graph.x), 4, dtype=graph.x.dtype)
    scope = torch.zeros(len(graph.x), dtype=torch.bool)
    for site, (node, kind) in enumerate(zip(graph.site_node.tolist(), graph.site_kind.tolist(), strict=True)):
        if node < 0:
            continue
        scope[node] = True
        if kind == TILE:
            pragmas[node, 0] = values[site]
        elif kind == PIPELINE:
            pragmas[node, 1] = values[site]
        elif kind == PARALLEL:
            pragmas[node, 2] = 2 if graph.site_reduction[site] else 1
            pragmas[node, 3] = values[site]
    return Data(
        x=graph.x, edge_index=graph.edge_index, edge_attr=attributes, pragmas=pragmas, scope=scope,
        context=graph.context, pseudo=graph.pseudo, extra=torch.zeros(1, 0) if extra is None else extra[None],
    )  # fmt: skip


def design_batch(designs: Sequence[tuple[KernelGraph, Tensor]], edge_width: int, extra: Tensor | None = None) -> Batch:
    """A batch as PyTorch Geometric's own loader makes it; ``extra`` (B, X) for the heads."""
    rows = [None] * len(designs) if extra is None else list(extra)
    return Batch.from_data_list(
        [design_data(graph, values, edge_width, row) for (graph, values), row in zip(designs, rows, strict=True)]
    )


def mlp(*widths: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))


def run(layers: nn.ModuleList, x: Tensor, *, last: bool = False) -> Tensor:
    for number, layer in enumerate(layers):
        x = layer(x)
        if last or number < len(layers) - 1:
            x = functional.elu(x)
    return x


def convolution(config: ModelConfig, inputs: int) -> nn.Module:
    width, hidden, edges = config.encoder, config.hidden, config.edge_features
    two_layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
    made: nn.Module
    if width == "TransformerConv":
        made = TransformerConv(inputs, hidden, edge_dim=edges, dropout=config.dropout)
    elif width == "GCNConv":
        made = GCNConv(inputs, hidden)
    elif width == "GATConv":
        made = GATConv(inputs, hidden, edge_dim=edges, dropout=config.dropout)
    elif width == "GATv2Conv":
        made = GATv2Conv(inputs, hidden, edge_dim=edges, dropout=config.dropout)
    elif width == "GINConv":
        made = GINConv(two_layers)
    elif width == "GINEConv":
        made = GINEConv(two_layers, edge_dim=edges)
    else:
        assert width == "PNAConv"
        made = PNAConv(
            inputs, hidden, ["mean", "min", "max", "std"], ["identity", "amplification", "attenuation"],
            deg=torch.tensor(config.degree_histogram), edge_dim=edges,
        )  # fmt: skip
    return made


def convolve(layer: nn.Module, x: Tensor, data: Batch) -> Tensor:
    out: Tensor = (
        layer(x, data.edge_index)
        if isinstance(layer, GCNConv | GINConv) and not isinstance(layer, GINEConv)
        else layer(x, data.edge_index, edge_attr=data.edge_attr)
    )
    return out


class PlainPool(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x: Tensor, batch: Tensor, mask: Tensor) -> Tensor:
        weights = softmax(self.gate(x), batch)
        out: Tensor = scatter(weights * (x * mask[:, None]), batch, reduce="sum")
        return out


class PlainNetwork(nn.Module):
    """One network. ``forward`` returns outputs (B, T, channels), embedding and importance of the experts (K,)."""

    def __init__(self, config: ModelConfig, granularity: str) -> None:
        super().__init__()
        self.config, self.granularity = config, granularity
        d, k = config.hidden, config.experts
        self.encoder = nn.ModuleList(
            convolution(config, d if layer else config.node_features) for layer in range(config.layers)
        )
        self.tile, self.pipeline = mlp(d + 1, (d + 1) // 2, d), mlp(d + 1, (d + 1) // 2, d)
        self.parallel, self.merge = mlp(d + 2, (d + 2) // 2, d), mlp(3 * d, 3 * d // 2, d)
        if granularity == "block":
            self.blocks = nn.ModuleList(nn.Linear(d, d) for _ in range(k))
        else:
            self.last = nn.ModuleList(
                TransformerConv(d, d, edge_dim=config.edge_features, dropout=config.dropout)
                for _ in range(k if granularity == "node" else 1)
            )
            self.context_pool = PlainPool(d)
        self.pseudo_pool = PlainPool(d)
        width = d if granularity == "block" else 2 * d
        if granularity != "harp":
            self.gate = nn.Linear(width if granularity == "graph" else d, k)
        self.heads = nn.ModuleList(
            nn.ModuleList(
                mlp(width + config.extra_width, d // 2, d // 4, d // 8, config.channels) for _ in config.outputs
            )
            for _ in range(k if granularity == "graph" else 1)
        )

    def forward(self, data: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        x, layers = data.x, []
        for layer in self.encoder:
            x = functional.elu(convolve(layer, x, data))
            layers.append(x)
        x = torch.stack(layers).max(0).values

        values = data.pragmas
        if self.config.pragma_scale == "log2":
            factors = torch.tensor([True, False, False, True])
            values = torch.where(factors, torch.log2(1 + values), values)
        inner = [
            run(self.tile, torch.cat([x, values[:, 0:1]], dim=1)),
            run(self.pipeline, torch.cat([x, values[:, 1:2]], dim=1)),
            run(self.parallel, torch.cat([x, values[:, 2:4]], dim=1)),
        ]
        x = torch.where(data.scope[:, None], run(self.merge, torch.cat(inner, dim=1)), x)

        importance: Tensor | None = None
        context, pseudo = data.context.to(x.dtype), data.pseudo.to(x.dtype)
        if self.granularity == "block":
            gates = torch.softmax(self.gate(x), dim=1)
            importance = gates[data.pseudo].sum(0)
            x = torch.stack([gates[:, i : i + 1] * expert(x) for i, expert in enumerate(self.blocks)]).sum(0)
            embedding = self.pseudo_pool(x, data.batch, pseudo)
        else:
            if self.granularity == "node":
                gates = torch.softmax(self.gate(x), dim=1)
                importance = gates.mean(0)
                mixed = [gates[:, i : i + 1] * convolve(expert, x, data) for i, expert in enumerate(self.last)]
                x = functional.elu(torch.stack(mixed).sum(0))
            else:
                x = functional.elu(convolve(self.last[0], x, data))
            embedding = torch.cat(
                [self.context_pool(x, data.batch, context), self.pseudo_pool(x, data.batch, pseudo)], dim=1
            )
        bounded = self.config.last_activation == "elu"
        into_heads = torch.cat([embedding, data.extra.to(embedding.dtype)], dim=1)
        each = torch.stack(
            [
                torch.stack([run(head, into_heads, last=bounded) for head in heads], dim=1)  # type: ignore[arg-type]
                for heads in self.heads
                if isinstance(heads, nn.ModuleList)
            ],
            dim=1,
        )
        if self.granularity == "graph":
            gates = torch.softmax(self.gate(embedding), dim=1)
            importance = gates.mean(0)
            return (gates[:, :, None, None] * each).sum(1), embedding, importance
        return each[:, 0], embedding, importance


class PlainModel(nn.Module):
    """``forward`` returns joint outputs (B, T, channels), separate ones (M, B, T, channels), gates (B, M), the mean of
    the low-level balance terms and the high-level one."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.networks = nn.ModuleList(PlainNetwork(config, granularity) for granularity in config.networks)
        members = len(config.networks)
        if config.high_gate == "input":
            self.attention = nn.Sequential(
                nn.Linear(config.node_features, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1)
            )
            self.gate = nn.Linear(config.node_features, members)
        elif config.high_gate == "embedding":
            self.gate = nn.Linear(sum(config.embedding_widths()), members)

    def forward(self, data: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        found = [network(data) for network in self.networks]
        separate = torch.stack([outputs for outputs, _, _ in found])
        low = torch.stack([data.x.new_zeros(()) if i is None else i.std() / i.mean() for _, _, i in found]).mean()
        if self.config.high_gate == "none":
            gates = torch.ones(separate.shape[1], 1, dtype=separate.dtype)
            return separate[0], separate, gates, low, low * 0
        if self.config.high_gate == "input":
            weights = softmax(self.attention(data.x), data.batch)
            logits = self.gate(scatter(weights * data.x, data.batch, reduce="sum"))
        else:
            logits = self.gate(torch.cat([embedding.detach() for _, embedding, _ in found], dim=1))
        gates = torch.softmax(logits, dim=1)
        joint = (gates.t()[:, :, None, None] * separate).sum(0)
        importance = gates.sum(0)
        return joint, separate, gates, low, importance.std() / importance.mean()


def plain_tensors(config: ModelConfig, fast: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a fast model (``state_dict`` or gradients by name) under the names of the plain one."""
    out: dict[str, Tensor] = {}

    def linear(name: str, weight: Tensor, bias: Tensor) -> None:
        out[f"{name}.weight"], out[f"{name}.bias"] = weight, bias

    def transformer(name: str, bank: str, number: int) -> None:
        for part, kind in enumerate(("query", "key", "value", "skip")):
            linear(
                f"{name}.lin_{kind}", fast[f"{bank}.weight"][part, number], fast[f"{bank}.bias"][part, number]
            )  # fmt: skip
        out[f"{name}.lin_edge.weight"] = fast[f"{bank}.edge"][number].t()

    for member, granularity in enumerate(config.networks):
        mine, theirs = f"networks.{member}", f"networks.{member}"
        if config.encoder == "TransformerConv":
            for layer in range(config.layers):
                transformer(f"{theirs}.encoder.{layer}", f"encoder.convolutions.{layer}", member)
        else:
            prefix = f"encoder.stacks.{member}."
            for name in fast:
                if name.startswith(prefix):
                    out[f"{theirs}.encoder.{name.removeprefix(prefix)}"] = fast[name]
        for kind in ("tile", "pipeline", "parallel", "merge"):
            for number, layer_name in enumerate(("first", "second")):
                at = f"{mine}.pragmas.{kind}.{layer_name}"
                linear(f"{theirs}.{kind}.{number}", fast[f"{at}.weight"], fast[f"{at}.bias"])
        if granularity == "block":
            for expert in range(config.experts):
                at = f"{mine}.blocks"
                linear(f"{theirs}.blocks.{expert}", fast[f"{at}.weight"][expert], fast[f"{at}.bias"][expert])
        else:
            for expert in range(config.experts if granularity == "node" else 1):
                transformer(f"{theirs}.last.{expert}", f"{mine}.last", expert)
        for number, pool in enumerate(["pseudo"] if granularity == "block" else ["context", "pseudo"]):
            at = f"{mine}.pool"
            linear(f"{theirs}.{pool}_pool.gate.0", fast[f"{at}.weight"][number], fast[f"{at}.bias"][number])
            score, score_bias = fast[f"{at}.score"][number], fast[f"{at}.score_bias"][number]
            linear(f"{theirs}.{pool}_pool.gate.2", score[None], score_bias[None])
        if granularity != "harp":
            linear(f"{theirs}.gate", fast[f"{mine}.gate.linear.weight"], fast[f"{mine}.gate.linear.bias"])
        for expert in range(config.experts if granularity == "graph" else 1):
            for target in range(len(config.outputs)):
                row = expert * len(config.outputs) + target
                for layer in range(4):
                    at = f"{mine}.heads"
                    linear(
                        f"{theirs}.heads.{expert}.{target}.{layer}",
                        fast[f"{at}.weights.{layer}"][row],
                        fast[f"{at}.biases.{layer}"][row],
                    )
    if config.high_gate == "input":
        for layer in (0, 2):
            at = f"high_gate.attention.{layer}"
            linear(f"attention.{layer}", fast[f"{at}.weight"], fast[f"{at}.bias"])
        linear("gate", fast["high_gate.gate.linear.weight"], fast["high_gate.gate.linear.bias"])
    elif config.high_gate == "embedding":
        linear("gate", fast["high_gate.linear.weight"], fast["high_gate.linear.bias"])
    return out
