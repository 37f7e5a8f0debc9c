"""A design space: pragma sites with candidate values and rules, counted, sampled, walked and checked exactly."""

from __future__ import annotations

import hashlib
import itertools
import json
import keyword
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.elimination import TiedSites
from pipeline.design_space.enumeration import OrderedWalk, Rows
from pipeline.design_space.explicit import ExplicitComponent, list_component
from pipeline.design_space.factors import Factor, factors_of
from pipeline.design_space.keys import Point, design_key, parse_key, site_name
from pipeline.design_space.rule_arrays import Bools
from pipeline.design_space.rules import (
    NUMBER_LIMIT,
    ORDERINGS,
    TRUE,
    Arithmetic,
    Comparisons,
    Minus,
    Name,
    Rule,
    Undefined,
)
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind

MAX_CANDIDATES = 10_000
MAX_SAMPLE = 5_000_000
_REJECTION_TRIES = 1_000_000


@dataclass(frozen=True, slots=True)
class SiteSpace:
    """The candidate values of one pragma site, and the rule under which each is allowed.

    ``rule`` reads the site's own name for the value in question and other sites' names for theirs. ``order`` is
    AutoDSE's search hint: kept as text, never read, no part of the space.
    """

    name: str
    kind: SiteKind
    values: tuple[int | str, ...]
    default: int | str
    rule: Rule = TRUE
    order: str | None = field(default=None, compare=False)


class DesignSpace:
    """The valid points over pragma sites. A point is valid when every value is allowed given all the others.

    Sites are sorted by name as strings. Points are ordered lexicographically by site, then by place among the site's
    candidates. An encoded point is a row of candidate indices. Equality and :attr:`hash` are over sites, candidates,
    defaults and rules. Raises :class:`PipelineError` for sites or rules that do not fit together.
    """

    def __init__(self, sites: Iterable[SiteSpace], *, kernel: str | None = None, source: str | None = None) -> None:
        self.sites = tuple(sorted(sites, key=lambda site: site.name))
        self.kernel = kernel
        self.source = source
        """Where the rules come from, in words."""
        self.names = tuple(site.name for site in self.sites)
        for site in self.sites:
            _check_site(site)
        for name, group in itertools.groupby(self.names):
            if len(list(group)) > 1:
                raise PipelineError(f"site {name} is given twice in the design space")
        by_name = {site.name: site for site in self.sites}
        for site in self.sites:
            _check_rule(site, by_name)
        self._values = tuple(site.values for site in self.sites)
        self._index = tuple({value: index for index, value in enumerate(values)} for values in self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DesignSpace) and self.sites == other.sites

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"DesignSpace({self.kernel or 'unnamed'}, {len(self.sites)} sites)"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.sites, self.kernel, self.source))

    @property
    def default(self) -> Point:
        """The point of all default values."""
        return {site.name: site.default for site in self.sites}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical text of sites, candidates, defaults and rules."""
        text = [
            [site.name, site.kind.value, list(site.values), site.default, None if site.rule == TRUE else str(site.rule)]
            for site in self.sites
        ]
        return hashlib.sha256(json.dumps(text, separators=(",", ":")).encode()).hexdigest()

    # --- counting -----------------------------------------------------------------------------------------------------

    @cached_property
    def countable(self) -> bool:
        """Whether the exact size is within reach; if not, sampling (still exact) rejects points, which takes longer."""
        return not any(dropped for _, dropped in self._components)

    def size(self) -> int:
        """The exact number of valid points.

        Raises :class:`PipelineError` with an upper bound where the rules tie too many sites together to count.
        """
        if not self.countable:
            raise PipelineError(
                f"the rules of {self.kernel or 'this design space'} tie too many sites together to count it exactly "
                f"(at most {self._bound} points)",
                fix="sample it, or write the rules over fewer sites",
            )
        return self._bound

    @cached_property
    def _bound(self) -> int:
        return math.prod(self._counts)

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        return tuple(component.count() for component, _ in self._components)

    @cached_property
    def _factors(self) -> list[Factor]:
        return factors_of((site.rule for site in self.sites), self.names, self._values)

    @cached_property
    def _components(self) -> list[tuple[TiedSites | ExplicitComponent, list[Factor]]]:
        """Groups of sites that rules tie together, each with the factors that had to be left out of its counts."""
        parent = list(range(len(self.sites)))

        def root(site: int) -> int:
            while parent[site] != site:
                parent[site] = parent[parent[site]]
                site = parent[site]
            return site

        for factor in self._factors:
            for site in factor.scope[1:]:
                parent[root(site)] = root(factor.scope[0])
        groups: dict[int, list[int]] = {}
        for site in range(len(self.sites)):
            groups.setdefault(root(site), []).append(site)
        components = [
            self._component(
                sites, [factor for factor in self._factors if factor.scope and root(factor.scope[0]) == key]
            )
            for key, sites in groups.items()
        ]
        closed = [factor for factor in self._factors if not factor.scope]
        if closed:
            # A rule without sites that does not hold: no point is valid.
            components.append((TiedSites((), closed, self.names, self._values), []))
        return components

    def _component(
        self, sites: Sequence[int], factors: list[Factor]
    ) -> tuple[TiedSites | ExplicitComponent, list[Factor]]:
        component = TiedSites(sites, factors, self.names, self._values)
        if component.plan is not None:
            return component, []
        listed = list_component(sites, factors, self.names, self._values)
        if listed is not None:
            return listed, []
        # As many factors as a count can hold, those over few sites first; the others are left to rejection.
        ranked = sorted(factors, key=lambda factor: (factor.table is None, len(factor.scope), factor.scope))
        low, high = 0, len(ranked)
        while high - low > 1:
            middle = (low + high) // 2
            trial = TiedSites(sites, ranked[:middle], self.names, self._values, max_cuts=1)
            low, high = (middle, high) if trial.plan is not None else (low, middle)
        return TiedSites(sites, ranked[:low], self.names, self._values, max_cuts=1), ranked[low:]

    # --- one point ----------------------------------------------------------------------------------------------------

    def contains(self, point: Mapping[str, int | str]) -> bool:
        """Whether the point has a value for each site and no other, and every value is allowed given the others."""
        row = self._row(point)
        return row is not None and bool(self.contains_rows(row[None, :])[0])

    def violations(self, point: Mapping[str, int | str]) -> list[str]:
        """Why a point is not valid: one line per site concerned, empty for a valid point."""
        lines = []
        good: Point = {}
        for site, index in zip(self.sites, self._index, strict=True):
            if site.name not in point:
                lines.append(f"{site.name} has no value")
            elif _lookup(index, point[site.name]) is None:
                shown = ", ".join(repr(value) for value in site.values[:20]) + (
                    ", ..." if len(site.values) > 20 else ""
                )
                lines.append(f"{site.name} = {point[site.name]!r} is not one of its candidates: {shown}")
            else:
                good[site.name] = point[site.name]
        for site in self.sites:
            reads = site.rule.names()
            if site.name in good and reads <= good.keys() and not site.rule.holds(good):
                seen = ", ".join(f"{name} = {good[name]!r}" for name in sorted(reads - {site.name}))
                line = f"{site.name} = {good[site.name]!r} breaks its rule {site.rule}"
                lines.append(line + (f" with {seen}" if seen else "") + _reason(site.rule, good))
        lines += [f"{name} is no site of this design space" for name in sorted(point.keys() - set(self.names))]
        return lines

    def neighbours(self, point: Mapping[str, int | str]) -> list[Point]:
        """All valid points that differ from ``point`` in exactly one site, in site and candidate order.

        ``point`` itself need not be valid but must have a candidate of each site. Sites that rules force together
        (``flatten`` on a loop whose inner loop has a parallel factor) cannot change one at a time: such a
        move takes several steps through valid neighbours, here undoing the inner factor first.
        Raises :class:`PipelineError` for a point of other sites or values.
        """
        return self.decode(self.neighbour_rows(self.encode([point])))

    def neighbour_rows(self, rows: NDArray[np.integer[Any]]) -> Rows:
        """The valid encoded points that differ in one site from a row of ``rows`` (``[n, sites]``), row by row."""
        blocks = []
        for site, values in enumerate(self._values):
            block = np.repeat(np.asarray(rows, dtype=np.int16), len(values), axis=0)
            block[:, site] = np.tile(np.arange(len(values), dtype=np.int16), len(rows))
            owner = np.repeat(np.arange(len(rows)), len(values))
            keep = (block[:, site] != np.asarray(rows)[owner, site]) & self.contains_rows(block)
            blocks.append((owner[keep], block[keep]))
        if not blocks:
            return np.zeros((0, 0), dtype=np.int16)
        owners = np.concatenate([owner for owner, _ in blocks])
        found = np.concatenate([block for _, block in blocks])
        return np.asarray(found[np.argsort(owners, kind="stable")])

    # --- arrays -------------------------------------------------------------------------------------------------------

    def encode(self, points: Sequence[Mapping[str, int | str]]) -> Rows:
        """Candidate indices ``[n, sites]`` of points; raises :class:`PipelineError` for other sites or values."""
        rows = np.zeros((len(points), len(self.sites)), dtype=np.int16)
        for place, point in enumerate(points):
            row = self._row(point)
            if row is None:
                where = f" of {self.kernel}" if self.kernel else ""
                raise PipelineError(f"not a point of the design space{where}: {self.violations(point)[0]}")
            rows[place] = row
        return rows

    def decode(self, rows: NDArray[np.integer[Any]]) -> list[Point]:
        """The points of encoded rows ``[n, sites]``."""
        names, values = self.names, self._values
        return [
            {name: options[index] for name, options, index in zip(names, values, row, strict=True)}
            for row in rows.tolist()
        ]

    def contains_rows(self, rows: NDArray[np.integer[Any]]) -> Bools:
        """Which encoded points ``[n, sites]`` are valid: ``[n]``."""
        valid = np.ones(len(rows), dtype=np.bool_)
        for factor in self._factors:
            valid &= factor.allowed(rows, self.names, self._values)
        return valid

    def _row(self, point: Mapping[str, int | str]) -> Rows | None:
        if len(point) != len(self.sites):
            return None
        row = np.zeros(len(self.sites), dtype=np.int16)
        for place, (name, index) in enumerate(zip(self.names, self._index, strict=True)):
            found = _lookup(index, point[name]) if name in point else None
            if found is None:
                return None
            row[place] = found
        return row

    # --- order --------------------------------------------------------------------------------------------------------

    @cached_property
    def _walk(self) -> OrderedWalk:
        return OrderedWalk(range(len(self.sites)), self._factors, self.names, self._values)

    def batches(self, size: int, start: int = 0) -> Iterator[Rows]:
        """All valid points in order from rank ``start`` on, encoded, ``size`` a batch (the last may be smaller)."""
        if size < 1 or start < 0:
            raise PipelineError(
                f"batches of {size} points from rank {start}", fix="give a size of 1 or more and a rank of 0 or more"
            )
        waiting: list[Rows] = []
        count = 0
        for block in self._blocks(start):
            waiting.append(block)
            count += len(block)
            if count < size:
                continue
            rows = np.concatenate(waiting)
            whole = count - count % size
            for begin in range(0, whole, size):
                yield rows[begin : begin + size]
            waiting, count = [rows[whole:]], count - whole
        if count:
            yield np.concatenate(waiting)

    def points(self, start: int = 0) -> Iterator[Point]:
        """All valid points in order from rank ``start`` on, one at a time, whatever the size of the space."""
        if start < 0:
            raise PipelineError(f"there is no point of rank {start}", fix="ranks count from 0")
        for block in self._blocks(start):
            yield from self.decode(block)

    def _blocks(self, start: int) -> Iterator[Rows]:
        if start == 0:
            yield from self._walk.blocks()
        elif self.countable:
            if start < self.size():
                yield from self._walk.blocks(self._unranked(start))
        else:
            for block in self._walk.blocks():
                if start < len(block):
                    yield block[start:]
                start = max(0, start - len(block))

    def unrank(self, index: int) -> Point:
        """The valid point of that rank; raises :class:`PipelineError` outside ``0 <= index < size()``."""
        if not 0 <= index < self.size():
            raise PipelineError(f"there is no point of rank {index} among {self.size()}", fix="ranks count from 0")
        return self.decode(self._unranked(index)[None, :])[0]

    def rank(self, point: Mapping[str, int | str]) -> int:
        """The place of a valid point among all; raises :class:`PipelineError` for a point that is not valid."""
        if not self.contains(point):
            raise PipelineError(f"not a valid point: {self.violations(point)[0]}")
        self.size()
        rank = 0
        row = self.encode([point])[0].tolist()
        for site, counts, others in self._descent(row):
            rank += sum(counts[: row[site]]) * others
        return rank

    def _unranked(self, index: int) -> Rows:
        row = [0] * len(self.sites)
        for site, counts, others in self._descent(row):
            for candidate, count in enumerate(counts):
                if index < count * others:
                    row[site] = candidate
                    break
                index -= count * others
        return np.array(row, dtype=np.int16)

    def _descent(self, row: list[int]) -> Iterator[tuple[int, list[int], int]]:
        """Per site in order: the completions of its component by its value, and those of all other components.

        Reads ``row[site]`` after each step, so that the caller may choose it.
        """
        remaining = list(self._counts)
        fixed: list[dict[int, int]] = [{} for _ in self._components]
        owner = {site: place for place, (component, _) in enumerate(self._components) for site in component.sites}
        for site in range(len(self.sites)):
            place = owner[site]
            counts = self._components[place][0].counts_by(site, fixed[place])
            others = math.prod(count for other, count in enumerate(remaining) if other != place)
            yield site, counts, others
            fixed[place][site] = row[site]
            remaining[place] = counts[row[site]]

    # --- sampling -----------------------------------------------------------------------------------------------------

    def sample(
        self, count: int, rng: np.random.Generator, exclude: set[str] | frozenset[str] = frozenset()
    ) -> list[Point]:
        """``count`` distinct points, exactly uniform without replacement over the valid points not in ``exclude``.

        ``exclude`` holds design keys; others than those of valid points are ignored. All remaining points (in random
        order) where there are no more than ``count``. Raises :class:`PipelineError` where the space cannot be
        counted and valid points are too rare to be found by rejection.
        """
        return self.decode(self.sample_rows(count, rng, exclude))

    def sample_rows(
        self, count: int, rng: np.random.Generator, exclude: set[str] | frozenset[str] = frozenset()
    ) -> Rows:
        """As :meth:`sample`, encoded: ``[n, sites]``."""
        if count < 0:
            raise PipelineError(f"cannot sample {count} points", fix="ask for 0 or more")
        seen = self.valid_rows(exclude)
        left = self.size() - len(seen) if self.countable else None
        if min(count, count if left is None else left) > MAX_SAMPLE:
            raise PipelineError(
                f"a sample of {count} points is too large", fix=f"ask for at most {MAX_SAMPLE}, or walk the space"
            )
        if left is not None and (left <= count or (count > left // 2 and left <= MAX_SAMPLE)):
            kept = [self._without(block, seen) for block in self._blocks(0)]
            rows = np.concatenate([*kept, np.zeros((0, len(self.sites)), dtype=np.int16)])
            return np.asarray(rows[rng.permutation(len(rows))[:count]])
        found: list[Rows] = []
        total = tries = 0
        while total < count:
            draw = self._draw(min(max(64, int((count - total) * 1.05)), 1 << 18), rng)
            tries += max(1, len(draw))
            # The first of equal rows stays: drawing in turn and skipping what was drawn is uniform without replacement.
            fresh = []
            for place, row in enumerate(draw):
                key = row.tobytes()
                if key not in seen:
                    seen.add(key)
                    fresh.append(place)
            fresh = fresh[: count - total]
            found.append(draw[fresh])
            total += len(fresh)
            if not self.countable and not fresh and tries > 100 * max(total, 1):
                break
        return np.concatenate([*found, np.zeros((0, len(self.sites)), dtype=np.int16)])

    def _draw(self, count: int, rng: np.random.Generator) -> Rows:
        """Independent, exactly uniform valid points; about ``count`` of them, at least one."""
        if self._bound == 0:
            raise PipelineError(f"{self.kernel or 'this design space'} has no valid point", fix="check its rules")
        dropped = [factor for _, left_out in self._components for factor in left_out]
        tries = 0
        kept: list[Rows] = []
        while sum(map(len, kept)) == 0 or (dropped and sum(map(len, kept)) < count and tries < 20 * count):
            size = count if not dropped else max(count, 50_000)
            rows = np.zeros((size, len(self.sites)), dtype=np.int16)
            for component, _ in self._components:
                component.sample(size, rng, rows)
            for factor in dropped:
                rows = rows[factor.allowed(rows, self.names, self._values)]
            kept.append(rows)
            tries += size
            if tries > _REJECTION_TRIES and sum(map(len, kept)) == 0:
                raise PipelineError(
                    f"no valid point of {self.kernel or 'this design space'} was met in {tries} uniform draws",
                    fix="write its rules over fewer sites so that it can be counted",
                )
        return np.concatenate(kept)

    def valid_rows(self, keys: Iterable[str]) -> set[bytes]:
        """The encoded rows (as bytes of int16) of those design keys that are valid points here."""
        rows = []
        for key in keys:
            row = self._row(self._typed(key))
            if row is not None:
                rows.append(row)
        if not rows:
            return set()
        array = np.stack(rows)
        return {row.tobytes() for row in array[self.contains_rows(array)]}

    def _typed(self, key: str) -> Point:
        try:
            return parse_key(key)
        except PipelineError:
            return {"": 0}

    def _without(self, block: Rows, seen: set[bytes]) -> Rows:
        if not seen:
            return block
        return block[[row.tobytes() not in seen for row in block]]


def _rebuild(sites: tuple[SiteSpace, ...], kernel: str | None, source: str | None) -> DesignSpace:
    return DesignSpace(sites, kernel=kernel, source=source)


def _lookup(index: Mapping[int | str, int], value: object) -> int | None:
    if isinstance(value, str | int | np.integer) and not isinstance(value, bool):
        return index.get(value if isinstance(value, str) else int(value))
    return None


def _reason(rule: Rule, point: Mapping[str, int | str]) -> str:
    try:
        rule.evaluate(point)
    except Undefined as error:
        return f" (no answer: {error})"
    return ""


def _check_site(site: SiteSpace) -> None:
    site_name(site.name)
    if keyword.iskeyword(site.name):
        raise PipelineError(f"'{site.name}' cannot name a pragma site: rules could not refer to it", fix="rename it")
    if not site.values:
        raise PipelineError(f"site {site.name} has no candidate values")
    if len(site.values) > MAX_CANDIDATES:
        raise PipelineError(f"site {site.name} has {len(site.values)} candidates, more than {MAX_CANDIDATES}")
    texts = set()
    for value in site.values:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise PipelineError(f"site {site.name}: the candidate {value!r} is neither a whole number nor text")
        if isinstance(value, int) and abs(value) >= NUMBER_LIMIT:
            raise PipelineError(f"site {site.name}: the candidate {value} is 2**53 or more")
        key = design_key({site.name: value})
        if parse_key(key)[site.name] != value:
            raise PipelineError(
                f"site {site.name}: the candidate {value!r} reads as a number", fix="write it as a number"
            )
        if key in texts:
            raise PipelineError(f"site {site.name} has the candidate {value!r} twice")
        texts.add(key)
    if isinstance(site.default, bool) or site.default not in site.values:
        raise PipelineError(f"site {site.name}: the default {site.default!r} is not one of its candidates")


def _check_rule(site: SiteSpace, sites: Mapping[str, SiteSpace]) -> None:
    unknown = sorted(site.rule.names() - sites.keys())
    if unknown:
        raise PipelineError(f"the rule of site {site.name} reads {unknown[0]}, which is no site of the design space")
    for node in site.rule.walk():
        operands: tuple[Rule, ...] = ()
        if isinstance(node, Arithmetic | Minus):
            operands = node.children()
        elif isinstance(node, Comparisons) and any(op in ORDERINGS for op in node.ops):
            chain = node.children()
            operands = tuple(
                side for op, *pair in zip(node.ops, chain, chain[1:], strict=False) if op in ORDERINGS for side in pair
            )
        for operand in operands:
            if isinstance(operand, Name) and all(isinstance(value, str) for value in sites[operand.site].values):
                raise PipelineError(f"the rule of site {site.name} uses {operand.site} as a number, but it holds text")
