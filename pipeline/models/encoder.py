"""Encoders: from a kernel's graph to node embeddings, once per kernel, since no design changes anything here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.errors import PipelineError
from pipeline.models.config import ModelConfig
from pipeline.models.inputs import GraphBatch
from pipeline.models.transformer import TransformerBank
from pipeline.registry import Registry


class TransformerEncoder(nn.Module):
    """HARP's encoder (ICCAD 2023) for M networks at once: convolutions with ELU, then the maximum over the layers.

    Attention dropout is drawn once per kernel and network, not once per design.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        members, hidden = len(config.networks), config.hidden
        self.convolutions = nn.ModuleList(
            TransformerBank(
                members, hidden if layer else config.node_features, hidden, config.edge_features, config.dropout
            )
            for layer in range(config.layers)
        )

    def forward(self, graphs: GraphBatch) -> Tensor:
        """(M, N, D) of N nodes and M networks."""
        out = largest = functional.elu(self.convolutions[0](graphs.x, graphs), inplace=True)
        for convolution in list(self.convolutions)[1:]:
            out = functional.elu(convolution(out, graphs), inplace=True)
            largest = torch.maximum(largest, out)
        return largest


class PygEncoder(nn.Module):
    """The same shape of encoder around any convolution of PyTorch Geometric, one stack per network.

    The convolution gets the edges' inputs if it takes ``edge_dim``. GINConv and GINEConv get a two-layer perceptron,
    PNAConv the aggregators and scalers of its paper (arXiv 2004.05718) and ``config.degree_histogram``.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.edges = config.edge_features
        stacks = [
            [convolution(config, config.hidden if layer else config.node_features) for layer in range(config.layers)]
            for _ in config.networks
        ]
        takes_edges = "edge_attr" in inspect.signature(type(stacks[0][0]).forward).parameters
        self.with_edges = takes_edges and "edge_dim" in inspect.signature(type(stacks[0][0])).parameters
        self.stacks = nn.ModuleList(nn.ModuleList(stack) for stack in stacks)

    def forward(self, graphs: GraphBatch) -> Tensor:
        """(M, N, D) of N nodes and M networks."""
        index = torch.stack([graphs.source, graphs.target])
        options = {"edge_attr": graphs.dense_edges(self.edges)} if self.with_edges else {}
        members = []
        for stack in self.stacks:
            out, found = graphs.x, []
            for layer in stack:  # type: ignore[attr-defined]
                out = functional.elu(layer(out, index, **options))
                found.append(out)
            members.append(torch.stack(found).max(dim=0).values)
        return torch.stack(members)


def convolution(config: ModelConfig, inputs: int) -> nn.Module:
    """The convolution ``config.encoder`` of ``torch_geometric.nn`` from ``inputs`` to D channels."""
    import torch_geometric.nn as pyg

    name, hidden = config.encoder, config.hidden
    if not _is_convolution(name):
        raise PipelineError(
            f"torch_geometric.nn has no convolution {name!r}",
            fix="give TransformerConv, GCNConv, GATConv, GATv2Conv, GINConv, GINEConv, PNAConv or another one",
        )
    kind = getattr(pyg, name)
    accepted = inspect.signature(kind).parameters
    options: dict[str, Any] = {}
    if "edge_dim" in accepted:
        options["edge_dim"] = config.edge_features
    if "dropout" in accepted:
        options["dropout"] = config.dropout
    if name == "PNAConv":
        if not sum(config.degree_histogram):
            raise PipelineError("PNAConv needs degree_histogram", fix="give the nodes by in-degree of the training set")
        options |= {
            "aggregators": ["mean", "min", "max", "std"], "scalers": ["identity", "amplification", "attenuation"],
            "deg": torch.tensor(config.degree_histogram),
        }  # fmt: skip
    try:
        made: nn.Module = (
            kind(nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden)), **options)
            if name in ("GINConv", "GINEConv")
            else kind(inputs, hidden, **options)
        )
    except (TypeError, ValueError, AssertionError) as error:
        raise PipelineError(
            f"{name} cannot be made from (in, out) channels alone: {error}",
            fix="choose a convolution such as GATv2Conv, or wrap it in a module of your own",
        ) from None
    return made


def _is_convolution(name: str) -> bool:
    import torch_geometric.nn as pyg

    kind = getattr(pyg, name, None)
    return isinstance(kind, type) and issubclass(kind, pyg.MessagePassing)


@dataclass(frozen=True)
class EncoderKind:
    """An encoder by name; ``make`` gives a module from GraphBatch to (M, N, D)."""

    name: str
    make: Callable[[ModelConfig], nn.Module]


ENCODERS = Registry("encoder", EncoderKind, dict)
"""Encoders beside the convolutions of PyTorch Geometric, those of other packages as entry points of the group
``hls_moe_pipeline.encoders``."""
ENCODERS.register(EncoderKind("TransformerConv", TransformerEncoder))


def make_encoder(config: ModelConfig) -> nn.Module:
    """The encoder that a configuration names: one of ours or of this process, else one around the convolution of
    that name, else one of another package."""
    name = config.encoder
    if not ENCODERS.has_own(name) and _is_convolution(name):
        ENCODERS.register(EncoderKind(name, PygEncoder))
    kind = ENCODERS.get(name)
    return PygEncoder(config) if kind is None else kind.make(config)
