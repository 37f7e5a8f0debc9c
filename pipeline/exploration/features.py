"""Designs of one kernel as numbers: a value per pragma site, and columns that mean the same for every kernel.

The shared columns let what was learned on other kernels serve a new one. They sum the pragmas over the loop nest (how
much is unrolled where, how loops are pipelined) and take in figures known before any run, such as an analytical
model's, absolute and relative to the design without directives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space import DesignSpace, Point
from pipeline.errors import PipelineError
from pipeline.exploration.types import Features, Floats, Rows
from pipeline.terms import SiteKind

PIPELINE_NUMBERS = {"off": 1.0, "": 5.0, "NA": 5.0, "flatten": 10.0}
"""Off, coarse-grained and fine-grained, as :data:`pipeline.models.inputs.PIPELINE_VALUES` numbers them."""

_FULL, _COARSE, _OFF = 10.0, 5.0, 1.0
_UNKNOWN_TRIPS = 16
"""Stands in for a trip count that varies, in sums over the nest alone."""

Estimate = Callable[[Sequence[Point]], Floats]
"""Points to [n, E] figures that mean the same for every kernel, zeros for a point that has none."""

LOG2_CYCLES = 1
"""The column of an estimate that holds log2 cycles, as in :data:`pipeline.estimator.features.FEATURES`."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """One pragma site and the loop it stands on.

    ``kind``        PIPELINE, PARALLEL, TILE or OPTION
    ``loop``        a name for the loop, None where the site stands on none
    ``above``       names of the loops around that loop, inner ones first
    ``trip_count``  of the loop, None where unknown
    ``innermost``   whether no loop stands inside
    ``reduction``   whether the site has a reduction clause
    """

    name: str
    kind: str
    loop: str | None = None
    above: tuple[str, ...] = ()
    trip_count: int | None = None
    innermost: bool = False
    reduction: bool = False

    @property
    def neutral(self) -> int | str:
        """The value that stands for no directive."""
        return "off" if self.kind == SiteKind.PIPELINE else 1


def value_number(kind: str, value: int | str | None) -> float:
    """The number of a site's value; a site that a point leaves out has no directive.

    A blank PIPELINE value is plain Vitis's directive, which unrolls every loop below as flatten does (UG1399). Text of
    an OPTION is told apart by its characters alone. Raises PipelineError for a PARALLEL or TILE value without a number.
    """
    if kind == SiteKind.PIPELINE:
        if value is None:
            return PIPELINE_NUMBERS[""]
        text = str(value)
        return _FULL if text and not text.strip() else PIPELINE_NUMBERS.get(text, _COARSE)
    if value is None:
        return 1.0
    try:
        return float(int(value))
    except ValueError:
        if kind == SiteKind.OPTION:
            return float(sum((place + 1) * ord(letter) for place, letter in enumerate(str(value))) % 9973)
        raise PipelineError(f"{kind} value {str(value)[:40]!r} has no number", fix="give a whole number") from None


Kept = dict[bytes, NDArray[np.float32]]
"""The estimator's figures of points by their encoding."""

MOST_KEPT = 250_000
"""Points whose figures are kept: some 60 MB. They cost 0.2 ms a point or more to work out, in each pass of a round."""

_TOLD = 32
"""Points between two words of progress."""


class KernelFeatures:
    """Makes :class:`Features` of one kernel's designs.

    ``sites`` in the order of the columns of ``values``. ``estimate`` adds its figures to the shared columns: as they
    are, and relative to the point without directives. All kernels that share a prior must use the same estimate, or
    none where a kernel cannot be estimated. ``microseconds`` is about what the figures of one design take, None where
    it does not count.
    """

    def __init__(
        self, sites: Sequence[SiteFacts], estimate: Estimate | None = None, microseconds: int | None = None
    ) -> None:
        self.sites = tuple(sites)
        self.estimate = estimate
        self.microseconds = microseconds
        self.told: Callable[[int], object] | None = None
        """Hears how many more points have estimates, for whoever shows progress."""
        self._groups = column_groups(self.sites)
        neutral: Point = {site.name: site.neutral for site in self.sites}
        self._base = None if estimate is None else np.asarray(estimate([neutral]), dtype=np.float32)

    def of(self, points: Sequence[Point]) -> Features:
        """Features of points; names that are no site of the kernel are not read."""
        values = np.empty((len(points), len(self.sites)), dtype=np.float32)
        for column, site in enumerate(self.sites):
            known: dict[int | str | None, float] = {}
            for row, point in enumerate(points):
                value = point.get(site.name)
                if value not in known:
                    known[value] = value_number(site.kind, value)
                values[row, column] = known[value]
        return self._with_shared(values, None if self.estimate is None else self._estimated(points))

    def of_rows(self, space: DesignSpace, rows: Rows, kept: Kept | None = None) -> Features:
        """Features of encoded points [n, sites] of a space, without a dictionary per point where none is needed.

        The estimator's figures of a point that is among ``kept`` are taken from there; the others are put there, as
        long as it holds fewer than :data:`MOST_KEPT`.
        """
        values = np.empty((len(rows), len(self.sites)), dtype=np.float32)
        place = {name: column for column, name in enumerate(space.names)}
        for column, site in enumerate(self.sites):
            if site.name in place:
                options = space.sites[place[site.name]].values
                table = np.array([value_number(site.kind, value) for value in options], dtype=np.float32)
                values[:, column] = table[rows[:, place[site.name]]]
            else:
                values[:, column] = value_number(site.kind, None)
        if self.estimate is None or self._base is None:
            return self._with_shared(values, None)
        kept = {} if kept is None else kept
        names = [row.tobytes() for row in rows]
        fresh = {name: place for place, name in enumerate(names) if name not in kept}
        new = dict(zip(fresh, self._estimated(space.decode(rows[list(fresh.values())])), strict=True)) if fresh else {}
        told = [kept[name] if name in kept else new[name] for name in names]
        figures = np.array(told, dtype=np.float32).reshape(len(rows), self._base.shape[1])
        if len(kept) < MOST_KEPT:
            kept.update(new)
        return self._with_shared(values, figures)

    def _estimated(self, points: Sequence[Point]) -> NDArray[np.float32]:
        assert self.estimate is not None
        if self.told is None or not points:
            return np.asarray(self.estimate(points), dtype=np.float32)
        parts = []
        for begin in range(0, len(points), _TOLD):
            part = points[begin : begin + _TOLD]
            parts.append(np.asarray(self.estimate(part), dtype=np.float32))
            self.told(len(part))
        return np.concatenate(parts)

    def _with_shared(self, values: NDArray[np.float32], figures: NDArray[np.float32] | None) -> Features:
        sums = pragma_sums(values, self.sites).astype(np.float32)
        effective = effective_columns(values, self.sites).astype(np.float32)
        if self._base is None or figures is None:
            return Features(values, sums, None, effective, self._groups)
        shared = np.concatenate([sums, figures, figures - self._base], axis=1)
        return Features(values, shared, figures[:, LOG2_CYCLES], effective, self._groups)


def pragma_sums(values: Floats, sites: Sequence[SiteFacts]) -> Floats:
    """Shared columns [n, 36] from the site numbers [n, S]: the same columns for every kernel.

    Factors count as log2. Per group of PARALLEL sites their sum and largest; per group of PIPELINE sites how many are
    off, coarse and fine, and their share; TILE sums; how far a loop nest is unrolled by its own factors and by
    fine-grained pipelining above it; and the size of the nest.
    """
    n = len(values)
    logs = np.log2(np.maximum(values, 1.0))
    kinds = np.array([site.kind for site in sites], dtype=object)
    inner = np.array([site.innermost for site in sites], dtype=bool)
    outer = np.array([not site.above for site in sites], dtype=bool)
    reduction = np.array([site.reduction for site in sites], dtype=bool)
    trips = np.array([_log_trips(site) for site in sites])
    columns: list[Floats] = []
    parallel, pipeline, tile = kinds == SiteKind.PARALLEL, kinds == SiteKind.PIPELINE, kinds == SiteKind.TILE
    for group in (parallel, parallel & inner, parallel & ~inner, parallel & outer, parallel & reduction, tile):
        columns += [logs[:, group].sum(axis=1), logs[:, group].max(axis=1, initial=0.0)]
    columns.append(((logs >= trips - 1e-6) & (values > 1) & parallel).sum(axis=1))
    columns.append(((values > 1) & parallel).sum(axis=1))
    columns.append(((values > 1) & tile).sum(axis=1))
    for group in (pipeline, pipeline & outer, pipeline & ~inner):
        for number in (_OFF, _COARSE, _FULL):
            here = (values[:, group] == number).sum(axis=1)
            columns += [here] if number == _COARSE else [here, here / max(1, int(group.sum()))]
    columns += _nest_columns(values, logs, sites)
    size = {site.loop: _log_trips(site) for site in sites if site.loop is not None}
    for figure in (parallel.sum(), pipeline.sum(), sum(size.values())):
        columns.append(np.full(n, float(figure)))
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def effective_columns(values: Floats, sites: Sequence[SiteFacts]) -> Floats:
    """[n, C] what the site numbers [n, S] come to on this kernel.

    A tile as large as its loop is no tile; below a loop pipelined fine-grained every loop is unrolled whole, whatever
    its own factor; PIPELINE is two columns, as its values have no order. A whole unrolling has a column of its own.
    """
    logs = np.log2(np.maximum(values, 1.0))
    pipeline_of = {
        site.loop: column for column, site in enumerate(sites) if site.kind == SiteKind.PIPELINE and site.loop
    }
    columns: list[Floats] = []
    for column, site in enumerate(sites):
        number, trips = values[:, column], site.trip_count
        if site.kind == SiteKind.PIPELINE:
            columns += [2.0 * (number == _FULL), 1.0 * (number == _COARSE)]
        elif site.kind == SiteKind.PARALLEL:
            fine = [pipeline_of[above] for above in site.above if above in pipeline_of]
            under = (values[:, fine] == _FULL).any(axis=1)
            whole = under if trips is None else under | (number >= trips)
            columns += [np.where(under, _log_trips(site), logs[:, column]), 2.0 * whole]
        elif site.kind == SiteKind.TILE and trips is not None:
            columns.append(np.where(number >= trips, 0.0, logs[:, column]))
        else:
            columns.append(logs[:, column])
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0))


COLUMN_GROUPS = 10
"""How many groups :func:`column_groups` knows."""


_GROUPS: dict[str, tuple[int, ...]] = {SiteKind.PIPELINE: (0, 1), SiteKind.PARALLEL: (2, 3)}
"""Of the columns of a site, in pairs of outer and innermost loops."""


def column_groups(sites: Sequence[SiteFacts]) -> tuple[int, ...]:
    """What each of the :func:`effective_columns` is, from 0 to 9.

    Fine-grained and coarse-grained pipelining, factors of PARALLEL, whole unrolling, tiles and options; each of outer
    loops, then of innermost ones.
    """
    found: list[int] = []
    for site in sites:
        found += [2 * group + int(site.innermost) for group in _GROUPS.get(site.kind, (4,))]
    return tuple(found)


def _nest_columns(values: Floats, logs: Floats, sites: Sequence[SiteFacts]) -> list[Floats]:
    """log2 of iterations unrolled by fine-grained pipelining, of the most copied body and of all copies of bodies."""
    at: Mapping[tuple[str, str], int] = {
        (site.loop, site.kind): column for column, site in enumerate(sites) if site.loop is not None
    }
    loops = {site.loop: site for site in sites if site.loop is not None}
    n = len(values)
    flattened, most, copies = np.zeros(n), np.zeros(n), np.ones(n)
    for loop, site in loops.items():
        under = np.zeros(n, dtype=bool)
        for above in site.above:
            column = at.get((above, SiteKind.PIPELINE))
            if column is not None:
                under |= values[:, column] == _FULL
        whole = np.where(under, _log_trips(site), 0.0)
        flattened += whole
        column = at.get((loop, SiteKind.PARALLEL))
        nest = whole if column is None else np.maximum(whole, logs[:, column])
        for above in site.above:
            column = at.get((above, SiteKind.PARALLEL))
            if column is not None:
                nest = nest + logs[:, column]
        most = np.maximum(most, nest)
        copies += np.exp2(np.minimum(nest, 30.0))
    return [flattened, most, np.log2(copies)]


def _log_trips(site: SiteFacts) -> float:
    return math.log2(max(1, site.trip_count or _UNKNOWN_TRIPS))
