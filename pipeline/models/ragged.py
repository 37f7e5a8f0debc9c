"""Sums and maxima over runs of unequal length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

LOWEST = -1e30
"""Stands for the maximum of nothing: finite, so that differences of two of them are 0 and not NaN."""


def pointers(counts: Tensor) -> Tensor:
    """(n + 1,) where each of n runs of these lengths starts, and where the last one ends."""
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


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
    return values.new_zeros((segments, *values.shape[1:])).index_add(0, segment, values)


def row_dots(a: Tensor, b: Tensor, rows_a: Tensor, rows_b: Tensor) -> Tensor:
    """(n,), the scalar products of rows of a (., D) and rows of b (., D). Has no gradient of its own.

    PyTorch has a kernel that does not store the rows, under the name of what it was written for: the gradient of
    ``embedding_bag`` with respect to its weights. Other versions fall back to the stored rows.
    """
    if _DOTS is None:
        return (a.index_select(0, rows_a) * b.index_select(0, rows_b)).sum(-1)
    out: Tensor = _DOTS(a, b, rows_b, rows_b.new_empty(0), rows_a, 0)
    return out


def row_sums(table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
    """(runs, D), per run the sum of weights (n,) times the rows (n,) of a table (T, D). Has no gradient of its own."""
    return functional.embedding_bag(rows, table, ptr, mode="sum", per_sample_weights=weights, include_last_offset=True)


def weighted_sum(table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
    """(runs, D), per run the sum of weights times rows of the table (T, D).

    ``rows``, ``weights`` (n,); ``ptr`` (runs + 1,) where each run starts. Nothing of size n by D is stored.
    """
    out: Tensor = _WeightedSum.apply(table, rows, weights, ptr)  # type: ignore[no-untyped-call]
    return out


class _WeightedSum(torch.autograd.Function):
    """``row_sums`` with its gradients; the backward pass of ``embedding_bag`` is several times slower on a CPU."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
        ctx.save_for_backward(table, rows, weights, ptr)
        return row_sums(table, rows, weights, ptr)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, Tensor | None, None]:
        table, rows, weights, ptr = ctx.saved_tensors
        grad = grad.contiguous()
        run = torch.repeat_interleave(torch.arange(len(grad), device=grad.device), ptr.diff())
        for_table = for_weights = None
        if ctx.needs_input_grad[0]:
            order, starts = grouped(rows, len(table))
            for_table = row_sums(grad, run[order], weights[order], starts)
        if ctx.needs_input_grad[2]:
            for_weights = row_dots(grad, table, run, rows)
        return for_table, None, for_weights, None


def grouped(key: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """The order (n,) that sorts keys (n,) below ``groups``, and where each group then starts (groups + 1,)."""
    found, order = torch.sort(key, stable=True)
    return order, torch.searchsorted(found, torch.arange(groups + 1, device=key.device))


_DOTS = getattr(torch.ops.aten, "_embedding_bag_per_sample_weights_backward", None)
