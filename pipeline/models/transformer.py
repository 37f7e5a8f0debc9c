"""Several TransformerConv side by side, on whole graphs and on what the designs of a batch do not share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.inputs import EdgeList, GraphBatch
from pipeline.models.ragged import segment_max, segment_sum
from pipeline.models.sharing import Sharing


class TransformerBank(nn.Module):
    """X graph transformer convolutions with edge inputs and one head (Shi et al. 2021, arXiv 2009.03509).

    As ``torch_geometric.nn.TransformerConv(in, out, edge_dim=edges)``, X times: the output of node i is
    W_skip x_i + sum_j a_ij (W_value x_j + W_edge e_ij), where a_ij is the softmax over the edges into i of
    (W_query x_i) . (W_key x_j + W_edge e_ij) / sqrt(out); all maps but W_edge with bias.

    ``weight`` (4, X, out, in) and ``bias`` (4, X, out): query, key, value, skip; ``edge`` (X, edges, out). Tensors of
    nodes have the convolutions first: (X, nodes, out).
    """

    def __init__(self, count: int, inputs: int, outputs: int, edges: int, dropout: float) -> None:
        super().__init__()
        self.count, self.outputs, self.dropout = count, outputs, dropout
        self.weight = nn.Parameter(torch.empty(4, count, outputs, inputs))
        self.bias = nn.Parameter(torch.empty(4, count, outputs))
        self.edge = nn.Parameter(torch.empty(count, edges, outputs))
        for parameter, fan in ((self.weight, inputs), (self.bias, inputs), (self.edge, edges)):
            nn.init.uniform_(parameter, -1 / math.sqrt(fan), 1 / math.sqrt(fan))

    def start_equal(self) -> None:
        """Makes all X convolutions copies of the first."""
        with torch.no_grad():
            for parameter, dim in ((self.weight, 1), (self.bias, 1), (self.edge, 0)):
                parameter.copy_(parameter.narrow(dim, 0, 1).expand_as(parameter))

    def projected(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Query, key, value and skip, each (X, nodes, out), of x (nodes, in) for all or (X, nodes, in) one for each."""
        if x.dim() == 2:
            x = x.expand(self.count, -1, -1)
        query, key, value, skip = (
            torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))
            for weight, bias in zip(self.weight, self.bias, strict=True)
        )
        return query, key, value, skip

    def projected_edges(self, graphs: GraphBatch) -> Tensor:
        """(X, U, out), W_edge times the inputs of each class of edges in use."""
        if graphs.edge_features is not None:
            return graphs.edge_features @ self.edge
        assert graphs.classes is not None
        return self.edge.index_select(1, graphs.classes)

    def forward(self, x: Tensor, graphs: GraphBatch) -> Tensor:
        """(X, N, out) on whole graphs; x (N, in) for all convolutions, or (X, N, in) one for each."""
        query, key, value, skip = self.projected(x)
        edges = self.projected_edges(graphs)
        of = graphs.edges
        _, total, weights = self._weights(self._scores(query, key, edges, of), of)
        weights = self._dropped(weights * (1 / (total + 1e-16)).index_select(0, of.target))
        return skip.add_(of.sources.sums(weights, value)).add_(of.classes.sums(weights, edges))

    def mixed_rows(self, states: Tensor, gates: Tensor | None, graphs: GraphBatch, sharing: Sharing) -> Tensor:
        """(rows, out), the gated sum over the X convolutions on the output rows of a :class:`Sharing`.

        ``states`` (N + R, in) embeddings of the nodes and of the slot states; ``gates`` (N + R, X), None for X = 1.
        Exact: a row's softmax is that over all its edges, with the sums over the fixed ones taken from its target
        state. Attention dropout is drawn once per fixed edge into a state and once per edge into a row.
        """
        query, key, value, skip = self.projected(states)
        edges = self.projected_edges(graphs)
        of = sharing.fixed
        most, total, weights = self._weights(self._scores(query, key, edges, of), of)
        weights = self._dropped(weights)
        summed = of.sources.sums(weights, value) + of.classes.sums(weights, edges)
        rows, state, row = len(sharing.row_state), sharing.row_state, sharing.moving_row
        scores = self._scores(query, key, edges, sharing.moving)
        of_row = most.index_select(0, state)
        top = torch.maximum(of_row, segment_max(scores, row, rows))
        weights = torch.exp(scores - top.index_select(0, row))
        scale = torch.exp(of_row - top)
        whole = total.index_select(0, state) * scale + segment_sum(weights, row, rows)
        share = 1 / (whole + 1e-16)
        if gates is None:
            skipped = skip[0]
        else:
            share = share * gates.index_select(0, state)
            skipped = (gates.t()[..., None] * skip).sum(0)
        weights = self._dropped(weights) * share.index_select(0, row)
        out = skipped.index_select(0, state)
        out = out.add_(sharing.row_states.sums(scale * share, summed, mixed=True))
        out = out.add_(sharing.moving_values.sums(weights, value, mixed=True))
        return out.add_(sharing.moving_classes.sums(weights, edges, mixed=True))

    def _scores(self, query: Tensor, key: Tensor, edges: Tensor, of: EdgeList) -> Tensor:
        """(E, X), before the softmax."""
        scores = of.sources.dots(query, key) + of.classes.dots(query, edges)
        return scores / math.sqrt(self.outputs)

    def _weights(self, scores: Tensor, of: EdgeList) -> tuple[Tensor, Tensor, Tensor]:
        """Per target the largest score and the sum of the weights relative to it (T, X); these weights (E, X)."""
        targets = of.sources.lefts
        most = segment_max(scores, of.target, targets)
        weights = torch.exp(scores - most.index_select(0, of.target))
        return most, segment_sum(weights, of.target, targets), weights

    def _dropped(self, weights: Tensor) -> Tensor:
        return functional.dropout(weights, self.dropout, self.training)
