"""Attention pooling of nodes to graph embeddings, one per design, from rows that designs share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.ragged import LOWEST, segment_max, segment_sum, weighted_sum
from pipeline.models.sharing import Sharing


class AttentionPool(nn.Module):
    """Q attention poolings side by side: gate Linear-ReLU-Linear, softmax over ALL nodes of a graph, masked afterwards
    (as HARP's published pooling behaves; the shares of the masked nodes are lost).

    ``weight`` (Q, D, D), ``bias`` (Q, D), ``score`` (Q, D), ``score_bias`` (Q,).
    """

    def __init__(self, hidden: int, pools: int) -> None:
        super().__init__()
        self.hidden, self.pools = hidden, pools
        first = [nn.Linear(hidden, hidden) for _ in range(pools)]
        second = [nn.Linear(hidden, 1) for _ in range(pools)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in first]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in first]))
        self.score = nn.Parameter(torch.stack([layer.weight.detach()[0] for layer in second]))
        self.score_bias = nn.Parameter(torch.stack([layer.bias.detach()[0] for layer in second]))

    def scores(self, x: Tensor) -> Tensor:
        """(rows, Q), before the softmax, of rows (rows, D)."""
        inner = functional.linear(x, self.weight.flatten(0, 1), self.bias.flatten()).relu_()
        # One matrix with zeros between the poolings is quicker than a product and sum per pooling.
        return functional.linear(inner, torch.block_diag(*self.score[:, None]), self.score_bias)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor, masks: Tensor, row_instance: Tensor, sharing: Sharing) -> Tensor:
        """(B, Q, D), the pooled embeddings of B designs.

        ``x`` (rows, D); ``masks`` (Q, rows) float, 1 for rows that are pooled; ``row_instance`` (rows,) ascending, as
        in :class:`Sharing`. Sums per instance are combined per design, each relative to its own largest score.
        """
        count = sharing.kernels + sharing.slot_states + sharing.designs
        scores = self.scores(x)
        most = segment_max(scores, row_instance, count + 1)
        weights = torch.exp(scores - most.index_select(0, row_instance))
        total = segment_sum(weights, row_instance, count + 1)
        ptr = torch.searchsorted(row_instance, torch.arange(count + 2, device=x.device))
        pools = torch.arange(self.pools, device=x.device)[:, None]
        starts = (ptr[:-1] + pools * len(x)).flatten()
        starts = torch.cat([starts, starts.new_tensor([masks.numel()])])
        index = torch.arange(len(x), device=x.device).repeat(self.pools)
        summed = weighted_sum(x, index, (weights.t() * masks).flatten(), starts)

        shared = sharing.instances
        tops = most[shared]
        scale = torch.exp(tops - tops.amax(1, keepdim=True).clamp(min=LOWEST))
        scale = scale / ((scale * total[shared]).sum(1, keepdim=True) + 1e-16)
        index = (shared[None] + (pools * (count + 1))[..., None]).flatten()
        per_design = torch.arange(self.pools * len(shared) + 1, device=x.device) * shared.shape[1]
        out = weighted_sum(summed, index, scale.permute(2, 0, 1).flatten(), per_design)
        return out.view(self.pools, len(shared), -1).transpose(0, 1)
