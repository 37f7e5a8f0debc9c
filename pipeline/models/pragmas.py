"""Pragmas as perceptrons on the nodes in scope (HARP, ICCAD 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.perceptron import Perceptron

_FACTORS = (True, False, False, True)
"""Which pragma values are factors: tile and parallel factor, not pipeline and parallel kind."""


class PragmaNetworks(nn.Module):
    """From the embedding and the pragma values of a node in scope to its new embedding.

    One perceptron each for tile, pipeline and parallel takes [embedding, value(s)]; a fourth merges the three results.
    Hidden widths are half the inputs (32, 32, 33 and 96 for D = 64). A kind that is absent has the value 0.
    """

    def __init__(self, hidden: int, log2: bool) -> None:
        super().__init__()
        self.hidden, self.log2 = hidden, log2
        self.tile = Perceptron(hidden + 1, (hidden + 1) // 2, hidden)
        self.pipeline = Perceptron(hidden + 1, (hidden + 1) // 2, hidden)
        self.parallel = Perceptron(hidden + 2, (hidden + 2) // 2, hidden)
        self.merge = Perceptron(3 * hidden, 3 * hidden // 2, hidden)

    def scaled(self, cells: Tensor) -> Tensor:
        """The pragma values (..., CELLS) as the perceptrons take them."""
        if not self.log2:
            return cells
        factors = torch.tensor(_FACTORS, device=cells.device)
        return torch.where(factors, torch.log2(1 + cells), cells)

    def forward(self, nodes: Tensor, cells: Tensor, node_of: Tensor) -> Tensor:
        """(R, D), the embeddings of R states of nodes in scope.

        ``nodes`` (P, D) encoded nodes, ``cells`` (R, CELLS) values, ``node_of`` (R,) which node each state is of. The
        first layers' share of an embedding is computed once per node, and the linear maps between the two hidden
        layers are multiplied out.
        """
        kinds = (self.tile, self.pipeline, self.parallel)
        hidden, cells = self.hidden, self.scaled(cells)
        embedded = functional.linear(
            nodes, torch.cat([k.first.weight[:, :hidden] for k in kinds]), torch.cat([k.first.bias for k in kinds])
        )
        by_value = torch.block_diag(*(k.first.weight[:, hidden:] for k in kinds))  # type: ignore[no-untyped-call]
        inner = functional.elu(embedded.index_select(0, node_of) + functional.linear(cells, by_value))
        parts = torch.split(self.merge.first.weight, hidden, dim=1)
        between = torch.cat([part @ k.second.weight for part, k in zip(parts, kinds, strict=True)], dim=1)
        bias = self.merge.first.bias + self.merge.first.weight @ torch.cat([k.second.bias for k in kinds])
        out: Tensor = self.merge.second(functional.elu(functional.linear(inner, between, bias)))
        return out
