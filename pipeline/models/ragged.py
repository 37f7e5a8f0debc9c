"""Sums and maxima over runs of unequal length, and sums of products over pairs of rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

LOWEST = -1e30
"""Stands for the maximum of nothing: finite, so that differences of two of them are 0 and not NaN."""


def expanded(start: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Runs written out: the number of the run of each entry, and its position start + 0, 1, ...

    ``start``, ``count`` (n,) int64; both results (sum of counts,).
    """
    owner = torch.repeat_interleave(torch.arange(len(count), device=count.device), count)
    offset = torch.arange(len(owner), device=count.device) - (count.cumsum(0) - count)[owner]
    return owner, start[owner] + offset


def segment_max(values: Tensor, segment: Tensor, segments: int) -> Tensor:
    """(segments, X), the maximum of the rows (n, X) of each segment, without gradient; LOWEST for none."""
    out = values.new_full((segments, values.shape[1]), LOWEST)
    return out.scatter_reduce_(0, segment[:, None].expand_as(values), values.detach(), "amax")


def segment_sum(values: Tensor, segment: Tensor, segments: int) -> Tensor:
    """(segments, ...), the sum of the rows (n, ...) of each segment."""
    return values.new_zeros((segments, *values.shape[1:])).index_add_(0, segment, values)


def pair_dot(a: Tensor, b: Tensor, rows_a: Tensor, rows_b: Tensor) -> Tensor:
    """(n, X), the scalar products over D of rows of a (., X, D) and rows of b (., X, D)."""
    return (a.index_select(0, rows_a) * b.index_select(0, rows_b)).sum(-1)


def weighted_sum(table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
    """(runs, D), per run the sum of weights times rows of the table (T, D).

    ``rows``, ``weights`` (n,); ``ptr`` (runs + 1,) where each run starts. Nothing of size n by D is stored.
    """
    if not len(rows):
        return table.new_zeros(len(ptr) - 1, table.shape[1]) + 0 * table.sum()
    out: Tensor = _WeightedSum.apply(table, rows, weights, ptr)  # type: ignore[no-untyped-call]
    return out


class _WeightedSum(torch.autograd.Function):
    """As ``embedding_bag``, whose own backward pass is several times slower on a CPU."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
        ctx.save_for_backward(table, rows, weights, ptr)
        return _bag(table, rows, weights, ptr)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, Tensor | None, None]:
        table, rows, weights, ptr = ctx.saved_tensors
        grad = grad.contiguous()
        run = torch.repeat_interleave(torch.arange(len(grad), device=grad.device), ptr.diff())
        for_table = for_weights = None
        if ctx.needs_input_grad[0]:
            sorted_rows, order = torch.sort(rows)
            starts = torch.searchsorted(sorted_rows, torch.arange(len(table) + 1, device=rows.device))
            for_table = _bag(grad, run[order], weights[order], starts)
        if ctx.needs_input_grad[2]:
            for_weights = (grad.index_select(0, run) * table.index_select(0, rows)).sum(-1)
        return for_table, None, for_weights, None


def _bag(table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
    return functional.embedding_bag(
        rows, table, ptr, mode="sum", per_sample_weights=weights, include_last_offset=True
    )  # fmt: skip
