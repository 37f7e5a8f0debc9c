from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from pipeline.models import ModelConfig
from pipeline.models.encoder import ENCODERS, EncoderKind, PygEncoder
from pipeline.models.inputs import GraphBatch
from pipeline.models.testing import EncoderConformance


class TestTransformer(EncoderConformance):
    kind = ENCODERS["TransformerConv"]


class TestConvolutionWithEdges(EncoderConformance):
    kind = EncoderKind("GATv2Conv", PygEncoder)


class TestConvolutionWithoutEdges(EncoderConformance):
    kind = EncoderKind("GCNConv", PygEncoder)


class TestConvolutionThatCountsNeighbours(EncoderConformance):
    kind = EncoderKind("PNAConv", PygEncoder)

    def config(self) -> ModelConfig:
        return replace(super().config(), degree_histogram=(0, 4, 6, 3))


class TestOneOfSomebodyElse(EncoderConformance):
    class Mean(nn.Module):
        """Each node and the mean of what leads to it, through one layer a network."""

        def __init__(self, config: ModelConfig) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(2 * config.node_features, config.hidden) for _ in config.networks)

        def forward(self, graphs: GraphBatch) -> torch.Tensor:
            """(M, N, D)."""
            sums = torch.zeros_like(graphs.x).index_add(0, graphs.target, graphs.x[graphs.source])
            counts = torch.bincount(graphs.target, minlength=len(graphs.x)).clamp(min=1)
            both = torch.cat([graphs.x, sums / counts[:, None]], dim=1)
            return torch.stack([layer(both) for layer in self.layers])

    kind = ENCODERS.register(EncoderKind("mean_of_neighbours", Mean))
