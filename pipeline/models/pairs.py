"""Products and sums over pairs of rows of two tables: the inner loops of attention, without a row stored per pair."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from pipeline.models.ragged import grouped, row_dots, row_sums


class Pairs:
    """n pairs of a row of a left table of ``lefts`` rows and one of a right table of ``rights`` rows.

    ``left``, ``right`` (n,) int64. Tables carry X lanes, (X, rows, D); a pair means the same rows in every lane. The
    groupings by side are found when first needed and kept, so layers and networks that use the same pairs share them;
    they are ordinary tensors even when first needed in inference mode, and serve training afterwards.
    """

    def __init__(self, left: Tensor, right: Tensor, lefts: int, rights: int) -> None:
        self.left, self.right, self.lefts, self.rights = left, right, lefts, rights

    @cached_property
    def by_left(self) -> tuple[Tensor, Tensor]:
        """Order of the pairs by left row, and where each row's pairs start (lefts + 1,)."""
        with torch.inference_mode(False):
            return grouped(self.left, self.lefts)

    @cached_property
    def by_right(self) -> tuple[Tensor, Tensor]:
        """Order of the pairs by right row, and where each row's pairs start (rights + 1,)."""
        with torch.inference_mode(False):
            return grouped(self.right, self.rights)

    def dots(self, left: Tensor, right: Tensor) -> Tensor:
        """(n, X), the scalar product of each pair's rows of (X, lefts, D) and (X, rights, D)."""
        out: Tensor = _Dots.apply(left, right, self)  # type: ignore[no-untyped-call]
        return out

    def sums(self, weights: Tensor, right: Tensor, *, mixed: bool = False) -> Tensor:
        """(X, lefts, D), per left row the sum of weights (n, X) times its pairs' right rows; ``mixed`` sums over the
        lanes too and gives (lefts, D)."""
        out: Tensor = _Sums.apply(weights, right, self, mixed)  # type: ignore[no-untyped-call]
        return out


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, pairs: Pairs) -> Tensor:
        ctx.save_for_backward(left, right)
        ctx.pairs = pairs
        return _lane_dots(left, right, pairs.left, pairs.right)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        left, right = ctx.saved_tensors
        pairs: Pairs = ctx.pairs
        for_left = for_right = None
        if ctx.needs_input_grad[0]:
            order, ptr = pairs.by_left
            for_left = _lane_sums(right, pairs.right[order], grad[order], ptr)
        if ctx.needs_input_grad[1]:
            order, ptr = pairs.by_right
            for_right = _lane_sums(left, pairs.left[order], grad[order], ptr)
        return for_left, for_right, None


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, right: Tensor, pairs: Pairs, mixed: bool) -> Tensor:
        ctx.save_for_backward(weights, right)
        ctx.pairs, ctx.mixed = pairs, mixed
        order, ptr = pairs.by_left
        rows, weights = pairs.right[order], weights[order]
        if not mixed:
            return _lane_sums(right, rows, weights, ptr)
        lanes = weights.shape[1]
        return row_sums(_flat(right), _lanes(rows, lanes, right.shape[1]).flatten(), weights.flatten(), ptr * lanes)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        weights, right = ctx.saved_tensors
        pairs: Pairs = ctx.pairs
        grad = grad.contiguous()
        for_weights = for_right = None
        if ctx.needs_input_grad[0]:
            for_weights = _lane_dots(grad, right, pairs.left, pairs.right)
        if ctx.needs_input_grad[1]:
            order, ptr = pairs.by_right
            for_right = _lane_sums(grad, pairs.left[order], weights[order], ptr)
        return for_weights, for_right, None, None


def _lanes(rows: Tensor, lanes: int, height: int) -> Tensor:
    """(n, X), rows (n,) of a table (X, height, D) as rows of the flattened table."""
    return rows[:, None] + torch.arange(lanes, device=rows.device) * height


def _lane_dots(left: Tensor, right: Tensor, rows_left: Tensor, rows_right: Tensor) -> Tensor:
    """(n, X); a left table (lefts, D) without lanes stands for the same in every lane."""
    lanes = right.shape[0]
    mine = _lanes(rows_left, lanes, left.shape[1]) if left.dim() == 3 else rows_left[:, None].expand(-1, lanes)
    theirs = _lanes(rows_right, lanes, right.shape[1])
    return row_dots(_flat(left), _flat(right), mine.flatten(), theirs.flatten()).view(-1, lanes)


def _lane_sums(table: Tensor, rows: Tensor, weights: Tensor, ptr: Tensor) -> Tensor:
    """(X, runs, D), per run and lane the sum of weights (n, X) times rows (n,) of a table (X, T, D) or (T, D)."""
    lanes, count = weights.shape[1], len(rows)
    index = _lanes(rows, lanes, table.shape[1]).t() if table.dim() == 3 else rows.expand(lanes, count)
    starts = (ptr[:-1] + torch.arange(lanes, device=rows.device)[:, None] * count).flatten()
    starts = torch.cat([starts, starts.new_full((1,), lanes * count)])
    out = row_sums(_flat(table), index.reshape(-1), weights.t().reshape(-1), starts)
    return out.view(lanes, len(ptr) - 1, -1)


def _flat(table: Tensor) -> Tensor:
    return table.reshape(-1, table.shape[-1])
