"""Strategies that choose which design points to run, by name; seeded, without repeats, the default point first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.design_space.enumeration import Rows
from pipeline.design_space.keys import Point, design_key
from pipeline.design_space.space import DesignSpace
from pipeline.errors import PipelineError

STRATEGIES: tuple[tuple[str, str], ...] = (
    ("uniform", "valid points drawn uniformly without replacement"),
    ("space-filling", "points far from each other and from those excluded: farthest-first over a uniform pool"),
    ("neighbourhood", "valid points around given ones (else the default): one site changed, then two, and so on"),
    ("one-factor", "one site at a time away from the default, sites in turn; then two sites, and so on"),
    ("all", "every valid point in order; for small spaces only, whatever the count asked for"),
)
"""Each strategy's name and what it does."""

ALL_LIMIT = 100_000
"""The largest space that ``all`` lists."""

_POOL = 20_000
_SHELL_ROWS = 4_096


@dataclass(slots=True)
class _Request:
    """What is asked of a strategy; ``taken`` holds the rows of points that must not come again."""

    space: DesignSpace
    count: int
    rng: np.random.Generator
    around: Rows
    exclude: set[str]
    taken: set[bytes] = field(default_factory=set)

    def fresh(self, rows: Rows) -> Rows:
        """The rows not taken yet, each once, in order; they are taken from now on."""
        keep = []
        for place, row in enumerate(rows):
            key = row.tobytes()
            if key not in self.taken:
                self.taken.add(key)
                keep.append(place)
        return rows[keep]

    def uniform(self, count: int) -> Rows:
        """Up to ``count`` further points, uniform over what is not taken; not marked as taken yet."""
        keys = self.exclude | {design_key(point) for point in self.space.decode(self.rows_taken())}
        return self.space.sample_rows(count, self.rng, keys)

    def rows_taken(self) -> Rows:
        """The taken rows, ``[n, sites]``, sorted."""
        width = len(self.space.sites)
        return np.array([np.frombuffer(key, dtype=np.int16) for key in sorted(self.taken)], dtype=np.int16).reshape(
            len(self.taken), width
        )


def sample(
    space: DesignSpace,
    strategy: str,
    count: int,
    seed: int,
    *,
    around: Sequence[Point] = (),
    exclude: set[str] | frozenset[str] = frozenset(),
) -> list[Point]:
    """``count`` distinct valid points by a strategy of :data:`STRATEGIES`.

    The default point comes first unless it is excluded or breaks the space's own rules. Points whose key is in
    ``exclude`` never come. Fewer points come only when the space holds no more; ``all`` ignores ``count``. ``around``
    gives the centres of ``neighbourhood``. The same arguments give the same points. Raises :class:`PipelineError` for
    an unknown strategy, a negative count or seed, a centre that is no point of the space, or a space too large for
    ``all``.
    """
    choose = _CHOOSE.get(strategy)
    if choose is None:
        names = ", ".join(name for name, _ in STRATEGIES)
        raise PipelineError(f"there is no sampling strategy '{strategy}'", fix=f"use one of {names}")
    if count < 0 or seed < 0:
        raise PipelineError(f"cannot sample {count} points with seed {seed}", fix="give whole numbers from 0 up")
    if strategy == "all":
        size = space.size()
        if size > ALL_LIMIT:
            raise PipelineError(
                f"{space.kernel or 'the design space'} has {size} valid points, too many to list all of them "
                f"(the limit is {ALL_LIMIT})",
                fix="choose another strategy and a count",
            )
        count = size
    request = _Request(space, count, np.random.default_rng(seed), space.encode(around), set(exclude))
    default = space.encode([space.default])
    if len(request.around) == 0:
        request.around = default
    usable = space.contains(space.default) and design_key(space.default) not in exclude
    request.taken = space.valid_rows(exclude)
    first = request.fresh(default) if usable else default[:0]
    rows = [first[:count]]
    if count > len(first):
        request.count = count - len(first)
        rows.append(choose(request))
    return space.decode(np.concatenate(rows))


def _uniform(request: _Request) -> Rows:
    return request.uniform(request.count)


def _all(request: _Request) -> Rows:
    return request.fresh(np.concatenate([request.around[:0], *request.space.batches(1 << 14)]))


def _space_filling(request: _Request) -> Rows:
    """Farthest-first (Gonzalez, 1985: within twice the best k-center radius) from what is taken, over a uniform pool.

    The distance is the city-block distance of candidate ranks, each site scaled to 0..1. Ties go to the earlier draw.
    """
    centres = request.rows_taken()
    pool = request.uniform(max(request.count, min(_POOL, max(2_048, 4 * request.count))))
    if len(pool) <= request.count:
        return pool
    scale = np.array([max(1, len(site.values) - 1) for site in request.space.sites], dtype=np.float32)
    places = pool.astype(np.float32) / scale
    nearest = np.full(len(pool), np.inf, dtype=np.float32)
    for centre in centres.astype(np.float32) / scale:
        np.minimum(nearest, np.abs(places - centre).sum(axis=1), out=nearest)
    chosen = []
    for _ in range(request.count):
        place = int(nearest.argmax())
        chosen.append(place)
        np.minimum(nearest, np.abs(places - places[place]).sum(axis=1), out=nearest)
        nearest[place] = -1
    return pool[chosen]


def _neighbourhood(request: _Request) -> Rows:
    return _shells(request, request.around, shuffle=True)


def _one_factor(request: _Request) -> Rows:
    default = request.space.encode([request.space.default])
    return _shells(request, default, shuffle=False)


def _shells(request: _Request, centres: Rows, *, shuffle: bool) -> Rows:
    """Points one valid step from the centres, then two steps, and so on; what no steps reach comes uniformly."""
    found: list[Rows] = []
    missing = request.count
    reached = {row.tobytes() for row in centres}
    shell = centres
    while missing > 0 and len(shell):
        following = []
        for step in _steps(request, shell, shuffle):
            new = []
            for place, row in enumerate(step):
                key = row.tobytes()
                if key not in reached:
                    reached.add(key)
                    new.append(place)
            step = step[new]
            following.append(step)
            fresh = request.fresh(step)[:missing]
            found.append(fresh)
            missing -= len(fresh)
            if missing == 0:
                break
        shell = np.concatenate([shell[:0], *following])
    rows = np.concatenate([centres[:0], *found])
    return rows if missing == 0 else np.concatenate([rows, request.uniform(missing)])


def _steps(request: _Request, shell: Rows, shuffle: bool) -> Iterator[Rows]:
    """The neighbours of a shell, some rows of it at a time: at random, or one site after the other in turn."""
    order = request.rng.permutation(len(shell)) if shuffle else np.arange(len(shell))
    width = max(1, sum(len(site.values) for site in request.space.sites))
    size = max(1, _SHELL_ROWS // width)
    for begin in range(0, len(shell), size):
        rows = shell[order[begin : begin + size]]
        near = request.space.neighbour_rows(rows)
        yield near[request.rng.permutation(len(near))] if shuffle else _in_turn(near, rows)


def _in_turn(near: Rows, rows: Rows) -> Rows:
    """Neighbours of one row sorted so that each site gets its first change, then each its second, and so on."""
    if len(rows) != 1:
        return near
    sites = (near != rows[0]).argmax(axis=1)
    turn = np.zeros(len(near), dtype=np.int64)
    for site in np.unique(sites):
        mine = np.flatnonzero(sites == site)
        turn[mine] = np.arange(len(mine))
    return near[np.lexsort((sites, turn))]


_CHOOSE: dict[str, Callable[[_Request], Rows]] = {
    "uniform": _uniform,
    "space-filling": _space_filling,
    "neighbourhood": _neighbourhood,
    "one-factor": _one_factor,
    "all": _all,
}
