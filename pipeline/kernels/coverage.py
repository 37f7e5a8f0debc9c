"""Whether a read sees only what the function itself stored before, so that what was there at first does not matter.

A read is covered where every iteration in which it happens comes after a store to the same element:

- of the same iteration of all loops around both, earlier in the text,
- or of an earlier iteration of a loop around both (``p[j - 1]`` after ``p[0] = ...`` in the loop that stores ``p[j]``).

Only stores that surely happen count: in loops whose iterations are known one by one, under no condition but those of
the read and those that are linear. Stores together may cover what none does alone.

A subscript that is not linear (``a[b[i]]``) may be any of its dimension, so all of these have to be stored before. Of a
called function, of ``memset`` and ``memcpy`` a store counts that fills the whole array. Members of structs are told
apart by name; an array of structs passed on whole is never covered.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from pipeline.kernels.accesses import Access
from pipeline.kernels.c_types import INT
from pipeline.kernels.dependences import common
from pipeline.kernels.integer_sets import Points, Undecided, combined, covered
from pipeline.kernels.iterations import Iterations, same
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Opaque, linear

_MOST_PARTS = 2_000
"""Sets that are made for one array; reads that come after that count as not covered."""
_NEAREST = 100
"""Stores before and after a read, in the order of the text, that are looked at."""


class Coverage:
    """Whether reads of one object see only what its stores wrote before; ``stores`` are in the order of the text.

    ``dims`` are the object's dimensions where its own type does not tell.
    """

    def __init__(self, stores: Sequence[Access], root: Symbol, dims: tuple[int | None, ...] | None = None) -> None:
        self.stores = stores
        self.orders = [store.order for store in stores]
        self.records = root.ctype.base.kind == "struct"
        self.dims = root.ctype.dims if dims is None else dims
        self.parts = 0

    def covers(self, read: Access) -> bool:
        """Whether each element that the read sees was stored before it."""
        if any(loop.trip == 0 for loop in read.loops):
            return True
        if not self.stores:
            return False
        if self.records and (read.whole or read.indices is None):
            return False
        before = self.orders[0] < read.order
        here = bisect_left(self.orders, read.order)
        near = self.stores[max(0, here - _NEAREST) : here + _NEAREST]
        if any(store.fills and _surely_before(store, read) for store in near):
            return True
        read = self._anywhere(read)
        able = [store for store in near if _comparable(store, read)]
        if any(_plainly(store, read) for store in able):
            return True
        if not able or (not before and _surely_runs(read)):
            return False
        points = Points()
        place = Iterations(points, 0)
        for loop in read.loops:
            place.enter(loop)
        for guard in read.guards:
            place.keep(guard)
        kept: list[Hashable] = [place.counters[loop] for loop in read.loops]
        for form in map(place.form, read.indices or ()):
            kept += [name for name in (form or (0, {}))[1] if name not in kept]
        kept += [name for name in points.unknowns() if name not in kept]
        try:
            return covered(points, self._parts(able, read), kept)
        except Undecided:
            return False

    def _anywhere(self, read: Access) -> Access:
        """The read with an unknown within the dimension for each subscript that is not linear."""
        given = read.indices if read.indices is not None and not read.whole else (None,) * len(self.dims)
        if None not in given:
            return read
        free = [
            value or linear(0, {Opaque("any", INT, 0, None if length is None else length - 1): 1}, INT)
            for value, length in zip_longest(given, self.dims[: len(given)])
        ]
        return replace(read, indices=tuple(free), whole=False)

    def _parts(self, stores: Sequence[Access], read: Access) -> Iterator[Points]:
        """Iterations of the read for which one store has come before, a set for each way to come before."""
        around = [common(read.loops, store.loops) for store in stores]
        # What most often covers all comes first: earlier in the text, then the next earlier iterations.
        ways = [(store, len(shared), False) for store, shared in zip(stores, around, strict=True)]
        ways = [way for way in ways if way[0].order < read.order]
        for store, shared in zip(stores, around, strict=True):
            ways += [(store, level, True) for level in reversed(range(len(shared)))]
        for store, kept, carried in ways:
            self.parts += 1
            if self.parts > _MOST_PARTS:
                return
            found = _part(store, read, kept, carried=carried)
            if found is not None:
                yield found


def _comparable(store: Access, read: Access) -> bool:
    return (
        store.indices is not None
        and None not in store.indices
        and read.indices is not None
        and len(store.indices) == len(read.indices)
        and store.path == read.path
    )


def _plainly(store: Access, read: Access) -> bool:
    """The very same element, just before: no proof is needed."""
    return (
        store.order < read.order
        and store.indices == read.indices
        and read.loops[: len(store.loops)] == store.loops
        and {guard.place for guard in store.guards} <= {guard.place for guard in read.guards}
    )


def _surely_before(store: Access, read: Access) -> bool:
    """Whether a store has happened whenever the read does."""
    alone = store.loops[len(common(store.loops, read.loops)) :]
    return (
        store.order < read.order
        and {guard.place for guard in store.guards} <= {guard.place for guard in read.guards}
        and all((loop.trip or loop.trip_min or 0) > 0 and not (loop.leaves_early or loop.skips) for loop in alone)
    )


def _surely_runs(read: Access) -> bool:
    """Whether the read happens in the first iteration of all loops around it."""
    return not read.guards and all((loop.trip or loop.trip_min or 0) > 0 for loop in read.loops)


def _part(store: Access, read: Access, kept: int, *, carried: bool) -> Points | None:
    """Iterations of the read before which the store has surely happened: in the same iteration of the ``kept``
    outermost loops and, where ``carried``, an earlier one of the next. None where that is not certain of any.
    """
    points = Points()
    here, there = Iterations(points, 0), Iterations(points, 1)
    for loop in read.loops:
        here.enter(loop)
    there.share(here, read.loops[:kept])
    for loop in store.loops[kept:]:
        there.enter(loop)
        if (loop.leaves_early and not (carried and loop is read.loops[kept])) or loop.skips or loop not in there.exact:
            return None
    of_read = {guard.place for guard in read.guards}
    for guard in store.guards:
        # A branch that the read is in too is taken by the store where both are in the same iteration of its loops.
        shared = guard.place in of_read and guard.depth <= kept
        if not there.keep(guard) and not shared:
            return None
    if carried:
        loop = store.loops[kept]
        later = combined((-1, {here.counters[loop]: 1}), (0, {there.counters[loop]: 1}), -1)
        points.least.append(later)
    assert store.indices is not None and read.indices is not None
    if not same(points, here, there, zip(read.indices, store.indices, strict=True)):
        return None
    return points
