"""What of a nest holds for every design: which loops enclose what, which dependences each loop carries."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from pipeline.estimator import linear
from pipeline.estimator.nest import WHOLE, Body, Branch, Call, Chain, ElementAccess, Index, LoopNode, Nest, Segment

_MOST_PAIRS = 20_000
"""Pairs of accesses that are compared for one loop; beyond that a dependence is assumed, as without proof."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A recurrence of one loop: the value of one iteration is needed ``distance`` iterations later.

    ``operators`` ticks of it repeat for each copy of an unrolled loop in ``via``, ``memory`` ticks do not.
    """

    operators: int
    memory: int
    distance: int
    via: tuple[int, ...]
    array: str | None
    """The array that it runs through, None for a scalar."""
    fixed: bool
    """The loop does not move the element, which may so be kept in a register."""
    conditional: bool
    """Some iterations leave the value as it is."""
    ordered: bool = False
    """The order of what happens to the value counts."""
    floating: bool = False
    """It passes an operator of floating-point numbers."""
    scattered: bool = False
    """It runs through elements that are not known before, so that copies of an iteration take turns at the memory."""


@dataclass(frozen=True, slots=True)
class Group:
    """Accesses of one array whose subscripts differ by constants only, with the loops each subscript moves with."""

    array: str
    write: bool
    moves: tuple[frozenset[int], ...]
    """Per dimension the loops of a linear subscript; empty for one that is not linear."""
    uses: frozenset[int]
    """All loops the address changes with."""
    members: int
    affine: bool
    """Every subscript is linear."""
    index: Index
    """Of the first member."""
    within: tuple[int, ...]
    """Those of ``uses`` that the loop holds or is, of a whole kernel all."""
    steps: tuple[tuple[int, ...], ...]
    """``moves``, likewise."""


@dataclass(slots=True)
class LoopFacts:
    """What is known of one loop before any pragma."""

    inside: tuple[int, ...] = ()
    """Loops below it."""
    outside: tuple[int, ...] = ()
    """Loops around it."""
    segments: tuple[tuple[Segment, tuple[int, ...]], ...] = ()
    """Straight-line parts below it, each with the loops between."""
    touches: bool = False
    """Some part of it touches a stream or port."""
    groups: tuple[Group, ...] = ()
    words: tuple[tuple[str, tuple[ElementAccess, ...], tuple[int, ...]], ...] = ()
    """Different accesses by the name of an array, where structs are words by that of their first member, and the loops
    that their subscripts change with."""
    met: dict[Hashable, int] = field(default_factory=dict)
    """What :mod:`pipeline.estimator.ports` has counted of them."""
    cycles: tuple[Cycle, ...] = ()
    updates: tuple[Chain, ...] = ()
    """Elements that the loop moves over and that each iteration reads, changes and writes back."""
    unrollable: bool = True
    """Every loop below has a known trip count."""
    parallel: bool = True
    """Iterations are independent and write separate elements, so that whole bodies may be copied."""
    crossing: frozenset[str] = frozenset()
    """Arrays of which an iteration reads what a later part of an earlier one has written: in memory that lets whole
    iterations follow each other."""
    stages: bool = True
    """Its parts may overlap as stages: no part needs what a later part of the iteration before has written."""


@dataclass(slots=True)
class Facts:
    """Facts of all loops, by node number, and of the whole nest."""

    loops: dict[int, LoopFacts] = field(default_factory=dict)
    groups: dict[str, tuple[Group, ...]] = field(default_factory=dict)
    """By array, over the whole kernel."""
    whole: LoopFacts | None = None
    """Of the top function as the body of a loop."""

    def of(self, number: int) -> LoopFacts:
        """Of a loop, or of the whole."""
        return self.whole if number == WHOLE and self.whole is not None else self.loops[number]


def gather(nest: Nest) -> Facts:
    """The facts of a nest."""
    facts = Facts()
    spans = {number: node.loop.trip_count for number, node in nest.loops.items()}
    for number, node in nest.loops.items():
        facts.loops[number] = _loop(node, spans, nest)
    for number, known in facts.loops.items():
        for loop in known.inside:
            facts.loops[loop].outside += (number,)
    if nest.whole is not None:
        known = _loop(nest.whole, {**spans, WHOLE: None}, nest)
        # What lies outside is another's between two starts, and a local array begins anew.
        stays = {name for name, memory in nest.memories.items() if memory.role in ("static", "global")}
        facts.whole = replace(known, cycles=tuple(one for one in known.cycles if one.array in {None, *stays}))
    everything = [access for segment, _ in _segments(nest.body, ()) for access in segment.accesses]
    for group in _grouped(_words(everything, nest)):
        facts.groups[group.array] = (*facts.groups.get(group.array, ()), group)
    return facts


def _segments(body: Body, path: tuple[int, ...]) -> list[tuple[Segment, tuple[int, ...]]]:
    found: list[tuple[Segment, tuple[int, ...]]] = []
    for item in body:
        if isinstance(item, Segment):
            found.append((item, path))
        elif isinstance(item, LoopNode):
            found.extend(_segments(item.body, (*path, item.number)))
        elif isinstance(item, Branch):
            for arm in item.arms:
                found.extend(_segments(arm, path))
        else:
            found.extend(_segments(item.body, path))
    return found


def _inside(body: Body) -> list[LoopNode]:
    found: list[LoopNode] = []
    for item in body:
        if isinstance(item, LoopNode):
            found.append(item)
            found.extend(_inside(item.body))
        elif isinstance(item, Branch):
            for arm in item.arms:
                found.extend(_inside(arm))
        elif isinstance(item, Call):
            found.extend(_inside(item.body))
    return found


def _words(accesses: list[ElementAccess], nest: Nest) -> list[ElementAccess]:
    """Accesses by the words that they meet."""
    wide = {name: len(memory.dims) for name, memory in nest.memories.items() if memory.wide}
    if not wide:
        return accesses
    return [replace(one, index=one.index[: wide[one.array]]) if one.array in wide else one for one in accesses]


def _by_word(
    accesses: list[ElementAccess], nest: Nest
) -> tuple[tuple[str, tuple[ElementAccess, ...], tuple[int, ...]], ...]:
    """Accesses by array; the members of a struct at a port are read and written together."""
    found: dict[str, list[ElementAccess]] = {}
    first: dict[str, str] = {}
    for access in dict.fromkeys(accesses):
        memory = nest.memories.get(access.array)
        word = memory.word if memory is not None and memory.word is not None else access.array
        found.setdefault(first.setdefault(word, access.array), []).append(access)
    return tuple(
        (name, tuple(of), tuple(sorted({loop for access in of for loop in _uses(access.index)})))
        for name, of in found.items()
    )


def _grouped(accesses: list[ElementAccess], held: AbstractSet[int] | None = None) -> list[Group]:
    shapes: dict[tuple[object, ...], list[ElementAccess]] = {}
    for access in dict.fromkeys(accesses):
        shape = tuple((item.loops, item.symbols) if item.affine else (item,) for item in access.index)
        shapes.setdefault((access.array, access.write, shape), []).append(access)
    groups = []
    for members in shapes.values():
        first = members[0]
        moves = tuple(item.uses if item.affine else frozenset[int]() for item in first.index)
        uses = frozenset(loop for item in first.index for loop in item.uses)
        affine = all(item.affine for item in first.index)
        within, *steps = (tuple(sorted(part if held is None else part & held)) for part in (uses, *moves))
        groups.append(
            Group(first.array, first.write, moves, uses, len(members), affine, first.index, within, tuple(steps))
        )
    return groups


def _loop(node: LoopNode, spans: dict[int, int | None], nest: Nest) -> LoopFacts:
    inside = _inside(node.body)
    segments = _segments(node.body, ())
    inner = {item.number: spans[item.number] for item in inside}
    cycles = [
        Cycle(
            item.delay,
            0,
            item.distance,
            tuple(sorted(item.via)),
            None,
            True,
            item.conditional,
            item.ordered,
            item.floating,
        )
        for item in node.carried
        if item.delay
    ]
    seen: set[tuple[object, ...]] = set()
    for segment, path in segments:
        between = {number: spans[number] for number in path}
        for item in segment.chains:
            key = (item, path)
            if key in seen:
                continue
            seen.add(key)
            gap = _gap(node, item, item, between)
            if gap and item.array in node.swaps:
                gap = max(gap, _turns(node.swaps, item.array, item.array))
            if not gap:
                continue
            operators = item.delay - item.store_load
            via = []
            for depth, number in enumerate(path):
                below = {other: spans[other] for other in path[depth + 1 :]}
                if linear.distance(item.write, item.read, number, below, spans[number]) == 1:
                    via.append(number)
            fixed = item.read == item.write and node.number not in _uses(item.read)
            fixed = fixed and item.array not in node.swaps
            if node.number == WHOLE:  # Another start may be given another subscript.
                fixed = fixed and not any(place.symbols for place in item.read if place != linear.EACH)
            told = item.conditional, item.ordered, item.floating
            scattered = not all(place.affine for place in (*item.read, *item.write))
            cycles.append(Cycle(operators, item.store_load, gap, tuple(via), item.array, fixed, *told, scattered))
    for segment, path in segments:
        between = {number: spans[number] for number in path}
        for there, back in itertools.islice(segment.rounds, _MOST_PAIRS):
            gaps = [_gap(node, *item, between) for item in ((there, back), (back, there))]
            if gaps[0] and gaps[1]:
                waits = there.store_load + back.store_load
                delay = there.delay + back.delay - waits
                chosen = there.conditional or back.conditional
                floating = there.floating or back.floating
                apart = gaps[0] + gaps[1]
                cycles.append(Cycle(delay, waits, apart, (), there.array, False, chosen, floating=floating))
    for segment, path in segments if node.swaps else ():
        for item in segment.across:
            turns = _turns(node.swaps, item.array, item.onto or item.array)
            gap = _gap(node, item, item, {number: spans[number] for number in path}) if turns else None
            if gap:
                told = item.conditional, item.ordered, item.floating
                waits = item.store_load
                cycles.append(Cycle(item.delay - waits, waits, max(turns, gap), (), item.array, False, *told))
    accesses = [access for segment, _ in segments for access in segment.accesses]
    crossing = _crossing(node, inner)
    return LoopFacts(
        inside=tuple(item.number for item in inside),
        segments=tuple(segments),
        touches=any(segment.touches for segment, _ in segments),
        groups=tuple(_grouped(_words(accesses, nest), {node.number, *inner})),
        words=_by_word(accesses, nest),
        cycles=tuple(dict.fromkeys(cycles)),
        updates=tuple(
            dict.fromkeys(
                item
                for segment, _ in segments
                for item in segment.chains
                if item.read == item.write and node.number in _uses(item.read)
            )
        ),
        unrollable=all(item.loop.trip_count is not None for item in inside),
        parallel=not node.carried and not node.swaps and _separate(accesses, node.number, inner),
        crossing=crossing,
        stages=not crossing,
    )


def _turns(swaps: Mapping[str, str], read: str, written: str) -> int:
    """Iterations until a pointer that stands for one array at first stands for another, 0 where it never does."""
    for turns in range(1, len(swaps) + 1):
        read = swaps.get(read, "")
        if read == written:
            return turns
    return 0


def _gap(node: LoopNode, written: Chain, read: Chain, between: dict[int, int | None]) -> int | None:
    """Iterations from the write of a chain to the read of one, as shown or as the user states; none: 0 or None."""
    gap = linear.distance(written.write, read.read, node.number, between, node.loop.trip_count)
    stated = _stated(node, read.array)
    if stated is None:
        return gap
    return stated if gap is None or stated == 0 else max(gap, stated)


def _separate(accesses: list[ElementAccess], loop: int, inner: dict[int, int | None]) -> bool:
    """Whether iterations keep to elements of their own in every array that is written.

    Some subscript moves with this loop and with none inside it, the same one in all accesses to the array. Where
    accesses differ in others, it has to be the first, which cuts the array into blocks.
    """
    places: dict[str, list[Index]] = {}
    for access in dict.fromkeys(accesses):
        places.setdefault(access.array, []).append(access.index)
    for array in dict.fromkeys(access.array for access in accesses if access.write):
        first, *others = dict.fromkeys(places[array])
        dims = range(1) if others else range(len(first))
        if not any(
            place < len(first)
            and first[place].affine
            and loop in first[place].uses
            and not first[place].uses & inner.keys()
            and all(len(other) > place and other[place] == first[place] for other in others)
            for place in dims
        ):
            return False
    return True


def _crossing(node: LoopNode, inner: dict[int, int | None]) -> frozenset[str]:
    """Arrays of which a part of the body may read what a later part has written in an earlier iteration."""
    parts = [_segments((item,), ()) for item in node.body]
    writes: dict[str, list[tuple[int, ElementAccess]]] = {}
    reads: list[tuple[int, ElementAccess]] = []
    for place, part in enumerate(parts):
        for access in dict.fromkeys(access for segment, _ in part for access in segment.accesses):
            if _stated(node, access.array) == 0:
                continue
            if access.write:
                writes.setdefault(access.array, []).append((place, access))
            else:
                reads.append((place, access))
    compared = 0
    found: set[str] = set()
    for place, read in reads:
        for other, write in writes.get(read.array, ()):
            if place >= other or read.array in found:
                continue
            compared += 1
            trips = node.loop.trip_count
            if compared > _MOST_PAIRS or linear.distance(write.index, read.index, node.number, inner, trips):
                found.add(read.array)
    return frozenset(found)


def _stated(node: LoopNode, array: str) -> int | None:
    """Iterations between a write of an array and a read of it, as the user states: 0 for none, None where unsaid."""
    name = array.partition("@")[0]
    found: int | None = None
    for item in node.written.dependences:
        about = item.variable == name if item.variable is not None else item.pointers_or_arrays in (None, "array")
        if about and item.kind == "inter" and item.direction in (None, "RAW"):
            found = (item.distance or found) if item.dependent else 0
    return found


def _uses(index: Index) -> frozenset[int]:
    return frozenset(loop for item in index for loop in item.uses)
