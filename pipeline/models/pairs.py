"""Products and sums over pairs of rows of two tables: the inner loops of attention, without a row stored per pair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pipeline.models.ragged import grouped, pointers, row_dots, row_sums


class Pairs:
    """n pairs of a row of a left table of ``lefts`` rows and one of a right table of ``rights`` rows.

    ``left``, ``right`` (n,) int64; ``ordered`` says that ``left`` ascends. Tables carry X lanes, (X, rows, D); a pair
    means the same rows in every lane. Index lists are made when first needed and kept, so layers and networks that use
    the same pairs share them; they are ordinary tensors even when first needed in inference mode, and serve training
    afterwards.
    """

    def __init__(self, left: Tensor, right: Tensor, lefts: int, rights: int, *, ordered: bool = False) -> None:
        self.left, self.right, self.lefts, self.rights, self.ordered = left, right, lefts, rights, ordered
        self._kept: dict[tuple[object, ...], tuple[Any, ...]] = {}

    def dots(self, left: Tensor, right: Tensor) -> Tensor:
        """(n, X), the scalar product of each pair's rows of (X, lefts, D) and (X, rights, D)."""
        out: Tensor = _Dots.apply(left, right, self)  # type: ignore[no-untyped-call]
        return out

    def sums(self, weights: Tensor, right: Tensor, *, mixed: bool = False) -> Tensor:
        """(X, lefts, D), per left row the sum of weights (n, X) times its pairs' right rows; ``mixed`` sums over the
        lanes too and gives (lefts, D)."""
        out: Tensor = _Sums.apply(weights, right, self, mixed)  # type: ignore[no-untyped-call]
        return out

    def lane_dots(self, left: Tensor, right: Tensor) -> Tensor:
        """``dots`` without gradient; a left table (lefts, D) without lanes stands for the same in every lane."""
        lanes, bare = len(right), left.dim() == 2

        def make() -> tuple[Tensor, Tensor]:
            mine = self.left[:, None].expand(-1, lanes) if bare else _lanes(self.left, lanes, self.lefts)
            return mine.flatten(), _lanes(self.right, lanes, self.rights).flatten()

        mine, theirs = self._keep(("dots", lanes, bare), make)
        return row_dots(_flat(left), _flat(right), mine, theirs).view(-1, lanes)

    def lane_sums(self, weights: Tensor, table: Tensor, *, to_left: bool) -> Tensor:
        """(X, runs, D), per left row the weighted sum of the right rows of its pairs, or the other way round. A table
        (rows, D) without lanes stands for the same in every lane."""
        lanes, bare = weights.shape[1], table.dim() == 2
        order, ptr = self._grouped(to_left)

        def make() -> tuple[Tensor, Tensor]:
            rows, height = (self.right, self.rights) if to_left else (self.left, self.lefts)
            rows = rows if order is None else rows[order]
            index = rows.expand(lanes, -1) if bare else _lanes(rows, lanes, height).t()
            starts = (ptr[:-1] + torch.arange(lanes, device=ptr.device)[:, None] * len(rows)).flatten()
            return index.flatten(), torch.cat([starts, starts.new_full((1,), lanes * len(rows))])

        index, starts = self._keep(("sums", lanes, bare, to_left), make)
        weights = weights if order is None else weights[order]
        return row_sums(_flat(table), index, weights.t().flatten(), starts).view(lanes, len(ptr) - 1, -1)

    def mixed_sums(self, weights: Tensor, right: Tensor) -> Tensor:
        """(lefts, D), ``sums`` over the lanes too, without gradient."""
        lanes = weights.shape[1]
        order, ptr = self._grouped(True)

        def make() -> tuple[Tensor, Tensor]:
            rows = self.right if order is None else self.right[order]
            return _lanes(rows, lanes, self.rights).flatten(), ptr * lanes

        index, starts = self._keep(("mixed", lanes), make)
        weights = weights if order is None else weights[order]
        return row_sums(_flat(right), index, weights.flatten(), starts)

    def _grouped(self, by_left: bool) -> tuple[Tensor | None, Tensor]:
        """The order of the pairs by one side (None where they have it), and where each row's pairs then start."""

        def make() -> tuple[Tensor | None, Tensor]:
            if by_left and self.ordered:
                return None, pointers(torch.bincount(self.left, minlength=self.lefts))
            return grouped(self.left, self.lefts) if by_left else grouped(self.right, self.rights)

        order, ptr = self._keep(("order", by_left), make)
        return order, ptr

    def _keep(self, key: tuple[object, ...], make: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
        if key not in self._kept:
            with torch.inference_mode(False):
                self._kept[key] = make()
        return self._kept[key]


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, pairs: Pairs) -> Tensor:
        ctx.save_for_backward(left, right)
        ctx.pairs = pairs
        return pairs.lane_dots(left, right)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        left, right = ctx.saved_tensors
        pairs: Pairs = ctx.pairs
        for_left = pairs.lane_sums(grad, right, to_left=True) if ctx.needs_input_grad[0] else None
        for_right = pairs.lane_sums(grad, left, to_left=False) if ctx.needs_input_grad[1] else None
        return for_left, for_right, None


class _Sums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, right: Tensor, pairs: Pairs, mixed: bool) -> Tensor:
        ctx.save_for_backward(weights, right)
        ctx.pairs = pairs
        return pairs.mixed_sums(weights, right) if mixed else pairs.lane_sums(weights, right, to_left=True)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        weights, right = ctx.saved_tensors
        pairs: Pairs = ctx.pairs
        grad = grad.contiguous()
        for_weights = pairs.lane_dots(grad, right) if ctx.needs_input_grad[0] else None
        for_right = pairs.lane_sums(weights, grad, to_left=False) if ctx.needs_input_grad[1] else None
        return for_weights, for_right, None, None


def _lanes(rows: Tensor, lanes: int, height: int) -> Tensor:
    """(n, X), rows (n,) of a table (X, height, D) as rows of the flattened table."""
    return rows[:, None] + torch.arange(lanes, device=rows.device) * height


def _flat(table: Tensor) -> Tensor:
    return table.reshape(-1, table.shape[-1])
