from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.errors import PipelineError
from pipeline.models import DesignModel, ModelConfig
from pipeline.models.encoder import ENCODERS, EncoderKind, PygEncoder
from pipeline.models.inputs import GraphBatch, collate
from pipeline.models.testing import EncoderConformance, _kernel


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


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (lambda out: out[0], r"a tensor of the shape \(5, 8\), where one of \(\d, 5, 8\)"),
        (lambda out: out[:, 1:], r"a tensor of the shape \(\d, 4, 8\)"),
        (lambda out: None, "a NoneType"),
    ],
)
def test_an_encoder_whose_embeddings_are_none_of_these_nodes_is_named(
    spoilt: Callable[[torch.Tensor], Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spoilt(TestOneOfSomebodyElse.Mean):
        def forward(self, graphs: GraphBatch) -> Any:
            return spoilt(super().forward(graphs))

    monkeypatch.setattr(ENCODERS, "_added", {**ENCODERS._added})
    ENCODERS.register(EncoderKind("acme", Spoilt))
    model = DesignModel(ModelConfig.published("hmoe-2", 5, 3, hidden=8, layers=2, encoder="acme"))
    with pytest.raises(PipelineError, match=f"^the encoder acme gave {told}"):
        model.encode(collate([_kernel(0, 5)]))
