"""Valid points in order, in blocks: lexicographic by site, then by candidate, from any place on.

Blocks of prefixes are extended by one site at a time and filtered. Tables summed over the sites to come (mini-bucket
elimination: Dechter and Rish, JACM 50, 2003) cut off prefixes that cannot be completed, all of them where the
tables fit, else most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.factors import Factor, Values
from pipeline.design_space.rule_arrays import Bools

Rows = NDArray[np.int16]
"""Encoded points: ``[n, sites]`` candidate indices."""

BLOCK_ROWS = 1 << 15
_BUCKET_CELLS = 1 << 18

_Check = tuple[tuple[int, ...], Bools]


class OrderedWalk:
    """Walks the valid combinations of some sites in lexicographic order.

    ``sites`` are the walked sites, ascending; rows keep the width of all sites with zeros in the others.
    """

    def __init__(
        self, sites: Sequence[int], factors: Sequence[Factor], names: Sequence[str], values: Sequence[Values]
    ) -> None:
        self.sites = tuple(sites)
        self.names = names
        self.values = values
        self.sizes = [len(candidates) for candidates in values]
        self.work: int | None = None
        """Stop after so many prefixes have been looked at; ``exhausted`` says that this happened."""
        self.exhausted = False
        self.untabled = [factor for factor in factors if factor.table is None]
        self.checks: dict[int, list[_Check]] = {site: [] for site in sites}
        self.empty = any(not factor.scope and not factor.table for factor in factors)
        self._build([(factor.scope, factor.table) for factor in factors if factor.table is not None and factor.scope])

    def blocks(self, start: NDArray[np.integer[Any]] | None = None) -> Iterator[Rows]:
        """Blocks of valid rows in order; from ``start`` (a row, valid or not, itself included) where given."""
        if self.empty:
            return
        root = np.zeros((1, len(self.sizes)), dtype=np.int16)
        if start is None:
            yield from self._walk(0, root)
            return
        path = np.asarray(start, dtype=np.int16)[None, :]
        # First the start itself, then what branches off above it, deepest branch first.
        alive = [True]
        for level, site in enumerate(self.sites):
            prefix = root.copy()
            prefix[:, self.sites[:level]] = path[:, self.sites[:level]]
            step = self._extend(site, prefix)
            alive.append(alive[-1] and bool((step[:, site] == path[0, site]).any()))
        if alive[-1]:
            whole = root.copy()
            whole[:, self.sites] = path[:, self.sites]
            yield whole
        for level in reversed(range(len(self.sites))):
            if not alive[level]:
                continue
            site = self.sites[level]
            prefix = root.copy()
            prefix[:, self.sites[:level]] = path[:, self.sites[:level]]
            step = self._extend(site, prefix)
            yield from self._walk(level + 1, step[step[:, site] > path[0, site]])

    def _walk(self, level: int, block: Rows) -> Iterator[Rows]:
        if not len(block):
            return
        if level == len(self.sites):
            yield block
            return
        extended = self._extend(self.sites[level], block)
        for begin in range(0, len(extended), BLOCK_ROWS):
            yield from self._walk(level + 1, extended[begin : begin + BLOCK_ROWS])

    def _extend(self, site: int, block: Rows) -> Rows:
        """All allowed ways to give ``site`` a value, in order."""
        size = self.sizes[site]
        if self.work is not None:
            self.work -= len(block) * size
            if self.work < 0:
                self.exhausted = True
                return block[:0]
        allowed = np.ones((len(block), size), dtype=np.bool_)
        for scope, table in self.checks[site]:
            flat = np.zeros(len(block), dtype=np.int64)
            for other in scope:
                flat *= self.sizes[other]
                flat += block[:, other]
            allowed &= table[flat]
        rows, indices = np.nonzero(allowed)
        extended = block[rows]
        extended[:, site] = indices
        for factor in self.untabled:
            if factor.scope[-1] == site:
                extended = extended[factor.allowed(extended, self.names, self.values)]
        return extended

    def _build(self, tables: list[_Check]) -> None:
        buckets: dict[int, list[_Check]] = {site: [] for site in self.sites}
        for scope, table in tables:
            buckets[scope[-1]].append((scope, table))
        for site in reversed(self.sites):
            for scope, table in self._merged(buckets[site]):
                rest = scope[:-1]
                # Rows of the table by the mixed-radix number of the earlier sites.
                self.checks[site].append((rest, np.ascontiguousarray(table.reshape(-1, self.sizes[site]))))
                message = np.asarray(table.any(axis=-1))
                if not rest:
                    self.empty = self.empty or not bool(message)
                elif not message.all():
                    buckets[rest[-1]].append((rest, message))

    def _merged(self, tables: list[_Check]) -> list[_Check]:
        """Tables of one bucket joined while the join stays small."""
        merged: list[_Check] = []
        for scope, table in sorted(tables, key=lambda check: (-len(check[0]), check[0])):
            for place, (other_scope, other) in enumerate(merged):
                union = tuple(sorted({*scope, *other_scope}))
                cells = 1
                for site in union:
                    cells *= self.sizes[site]
                if union == other_scope or cells <= _BUCKET_CELLS:
                    merged[place] = (union, _spread(scope, table, union) & _spread(other_scope, other, union))
                    break
            else:
                merged.append((scope, table))
        return merged


def _spread(scope: tuple[int, ...], table: Bools, union: tuple[int, ...]) -> Bools:
    return np.asarray(table[tuple(slice(None) if site in scope else None for site in union)])
