"""Exact counting and sampling of the points that a set of factors allows, by variable elimination.

Summing sites out one after another needs tables over the neighbours of each site only (bucket elimination: Dechter,
Artificial Intelligence 113, 1999). Where the tables would grow too large, a few sites (a cutset) are fixed to each of
their combinations in turn and the counts are added. Counts are exact: int64 where the bound on them
fits, Python integers elsewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.factors import Factor, Values

MAX_CELLS = 1 << 21
"""The largest table of counts."""
MAX_WORK = 1 << 29
"""The most table cells that one count may compute in all."""
MAX_CUTS = 1_000
"""The most combinations of a cutset."""
_INT64 = 1 << 62
_SMALL = 1 << 18
_KEPT_CELLS = 1 << 23

_Table = NDArray[Any]


@dataclass(slots=True)
class _Bucket:
    """A site summed out: ``table`` over ``scope`` (sites still to come) and, last, the site."""

    site: int
    scope: tuple[int, ...]
    table: _Table


@dataclass(frozen=True, slots=True)
class CountingPlan:
    """How a component is counted: sites fixed first, then sites in the order they are summed out."""

    cutset: tuple[int, ...]
    order: tuple[int, ...]
    cells: int


def plan_for(
    sites: Sequence[int], scopes: Sequence[tuple[int, ...]], sizes: Sequence[int], max_cuts: int
) -> CountingPlan | None:
    """A plan within the limits, or None where none is found.

    The order is chosen greedily by the smaller of two rules, least fill-in and least table; the cutset takes the
    site with most neighbours until the tables fit.
    """
    cutset: list[int] = []
    cuts = 1
    while True:
        free = [site for site in sites if site not in cutset]
        rest = [tuple(site for site in scope if site not in cutset) for scope in scopes]
        orders = [_greedy_order(free, rest, sizes, by_fill) for by_fill in (True, False)]
        order, largest, total = min(orders, key=lambda found: (found[1], found[2]))
        if largest <= MAX_CELLS and cuts * total <= MAX_WORK:
            return CountingPlan(tuple(cutset), tuple(order), total)
        neighbours = {site: {other for scope in rest if site in scope for other in scope} for site in free}
        hub = max(free, key=lambda site: (len(neighbours[site]), sizes[site]))
        cutset.append(hub)
        cuts *= sizes[hub]
        if cuts > max_cuts:
            return None


def _greedy_order(
    sites: Sequence[int], scopes: Sequence[tuple[int, ...]], sizes: Sequence[int], by_fill: bool
) -> tuple[list[int], int, int]:
    """An elimination order, the cells of its largest table and of all its tables."""
    graph: dict[int, set[int]] = {site: set() for site in sites}
    for scope in scopes:
        for site in scope:
            graph[site].update(other for other in scope if other != site)
    order: list[int] = []
    largest = total = 1
    while graph:
        best: tuple[int, int, int] | None = None
        best_site, best_cells = -1, 0
        for site, around in graph.items():
            cells = sizes[site]
            for other in around:
                cells *= sizes[other]
            fill = sum(1 for a, b in itertools.combinations(around, 2) if b not in graph[a])
            rank = (fill, cells, site) if by_fill else (cells, fill, site)
            if best is None or rank < best:
                best, best_site, best_cells = rank, site, cells
        around = graph.pop(best_site)
        for other in around:
            graph[other].discard(best_site)
            graph[other].update(around - {other})
        order.append(best_site)
        largest = max(largest, best_cells)
        total += best_cells
    return order, largest, total


class TiedSites:
    """Sites that rules tie together, with the factors between them; counts and samples their valid combinations.

    ``sites`` are indices into ``names`` and ``values``. ``plan`` is None where counting is out of reach.
    """

    def __init__(
        self,
        sites: Sequence[int],
        factors: Sequence[Factor],
        names: Sequence[str],
        values: Sequence[Values],
        max_cuts: int = MAX_CUTS,
    ) -> None:
        self.sites = tuple(sorted(sites))
        self.factors = list(factors)
        self.names = names
        self.values = values
        self.sizes = [len(candidates) for candidates in values]
        self.plan = plan_for(self.sites, [factor.scope for factor in factors], self.sizes, max_cuts)
        self._cut_counts: list[tuple[dict[int, int], int]] | None = None
        kept = _KEPT_CELLS // self.plan.cells if self.plan else 0
        self._buckets = lru_cache(maxsize=min(64, max(1, kept)))(self._eliminated)

    def count(self, fixed: Mapping[int, int] | None = None) -> int:
        """How many valid combinations there are with some sites fixed to a candidate index."""
        fixed = fixed or {}
        return sum(int(self._run(cut)[1]) for cut in self._cuts(fixed))

    def counts_by(self, target: int, fixed: Mapping[int, int]) -> list[int]:
        """For each candidate of site ``target`` how many valid combinations have it, others fixed as given."""
        assert self.plan is not None
        if target in self.plan.cutset or self.plan.cells > _SMALL:
            # Keeping the target to the end would widen tables that are large already.
            return [self.count({**fixed, target: index}) for index in range(self.sizes[target])]
        totals = [0] * self.sizes[target]
        for cut in self._cuts(fixed):
            buckets, others = self._run(cut, target)
            last = buckets[-1].table.tolist()
            totals = [total + int(count) * others for total, count in zip(totals, last, strict=True)]
        return totals

    def sample(self, count: int, rng: np.random.Generator, out: NDArray[np.integer[Any]]) -> None:
        """Fills ``out[:, sites]`` (``[count, all sites]``) with independent, exactly uniform valid combinations.

        There must be at least one.
        """
        if self._cut_counts is None:
            counted = [(cut, int(self._run(cut)[1])) for cut in self._cuts({})]
            self._cut_counts = [(cut, number) for cut, number in counted if number]
        cuts = self._cut_counts
        if len(cuts) == 1:
            self._sample_cut(cuts[0][0], np.arange(count), rng, out)
            return
        ends = list(itertools.accumulate(number for _, number in cuts))
        draws = draw_below([ends[-1]] * count, rng)
        chosen = np.searchsorted(np.array(ends, dtype=draws.dtype), draws, side="right")
        for which in np.unique(chosen).tolist():
            self._sample_cut(cuts[which][0], np.flatnonzero(chosen == which), rng, out)

    def _sample_cut(
        self,
        cut: Mapping[int, int],
        rows: NDArray[np.intp],
        rng: np.random.Generator,
        out: NDArray[np.integer[Any]],
    ) -> None:
        for site, index in cut.items():
            out[rows, site] = index
        # Backwards through the elimination: each site is drawn given the sites that its table was summed over.
        for bucket in reversed(self._buckets(tuple(sorted(cut.items())))):
            weights = bucket.table[tuple(out[rows, site] for site in bucket.scope)]
            ends = np.cumsum(weights, axis=-1)
            if not bucket.scope:
                ends = np.broadcast_to(ends, (len(rows), len(ends)))
            draws = draw_below(ends[:, -1], rng)
            out[rows, bucket.site] = (ends <= draws[:, None]).sum(axis=1)

    def _cuts(self, fixed: Mapping[int, int]) -> Iterator[dict[int, int]]:
        """All ways to fix the cutset that agree with ``fixed``."""
        assert self.plan is not None
        free = [site for site in self.plan.cutset if site not in fixed]
        for indices in itertools.product(*(range(self.sizes[site]) for site in free)):
            yield {**fixed, **dict(zip(free, indices, strict=True))}

    def _eliminated(self, fixed: tuple[tuple[int, int], ...]) -> list[_Bucket]:
        return self._run(dict(fixed))[0]

    def _run(self, fixed: Mapping[int, int], last: int | None = None) -> tuple[list[_Bucket], int]:
        """Sums out all sites that are not fixed; the buckets in order and the count.

        ``last`` comes at the end and its own sum is left out of the count: what is fixed may have cut the
        component into pieces, and the count is then that of the other pieces.
        """
        assert self.plan is not None
        order = [site for site in self.plan.order if site not in fixed and site != last]
        if last is not None:
            order.append(last)
        pool: list[tuple[tuple[int, ...], _Table, int]] = []
        total = 1
        for factor in self.factors:
            scope = tuple(site for site in factor.scope if site not in fixed)
            table = factor.restricted(fixed, self.names, self.values)
            if scope:
                pool.append((scope, table, 1))
            elif not table:
                total = 0
        if total == 0:
            # Nothing is valid under what is fixed: every table counts to zero.
            pool = [((site,), np.zeros(self.sizes[site], dtype=np.bool_), 1) for site in order]
        buckets: list[_Bucket] = []
        for site in order:
            mine = [entry for entry in pool if site in entry[0]]
            pool = [entry for entry in pool if site not in entry[0]]
            rest = tuple(sorted({other for scope, _, _ in mine for other in scope} - {site}))
            scope = (*rest, site)
            bound = self.sizes[site]
            for _, _, entry_bound in mine:
                bound *= entry_bound
            shape = tuple(self.sizes[other] for other in scope)
            table = np.ones(shape, dtype=np.int64 if bound < _INT64 else object)
            for entry_scope, entry, _ in sorted(mine, key=lambda found: found[1].size):
                table *= _aligned(entry, entry_scope, scope, table.dtype)
            buckets.append(_Bucket(site, rest, table))
            message = table.sum(axis=-1)
            if rest:
                pool.append((rest, message, bound))
            elif site != last:
                total *= int(message)
        return buckets, total


def _aligned(table: _Table, scope: tuple[int, ...], target: tuple[int, ...], dtype: np.dtype[Any]) -> _Table:
    """``table`` with axes in the order of ``target`` and length 1 where ``target`` has a site that it lacks."""
    axes = [scope.index(site) for site in target if site in scope]
    moved = table.transpose(axes)
    if dtype.hasobject and not moved.dtype.hasobject:
        moved = moved.astype(np.int64).astype(object)
    return moved[tuple(slice(None) if site in scope else None for site in target)]


def draw_below(limits: Sequence[int] | _Table, rng: np.random.Generator) -> _Table:
    """A uniform whole number from 0 up to but not including each limit; exact at any size."""
    array = np.asarray(limits) if not isinstance(limits, list) else np.array(limits, dtype=_fitting(limits))
    if array.dtype != object:
        return np.asarray(rng.integers(0, array, dtype=np.int64))
    return np.array([_draw_one(int(limit), rng) for limit in array], dtype=object)


def _fitting(limits: list[int]) -> type:
    return np.int64 if max(limits, default=0) < _INT64 else object


def _draw_one(limit: int, rng: np.random.Generator) -> int:
    bits = limit.bit_length()
    size = (bits + 7) // 8
    while True:
        number = int.from_bytes(rng.bytes(size), "little") >> (size * 8 - bits)
        if number < limit:
            return number
