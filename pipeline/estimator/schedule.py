"""One design of a kernel: what each loop becomes, and how many cycles it takes.

Laws, with where they are from:

- pipelined loop: ``latency = IL + II * (TC - 1) - 1``; any other: ``latency = IL * TC`` (measured on public Vitis
  reports, 2,683 of 2,745 and 410 of 421 rows);
- ``II = max(1, accesses per partition / ports, ceil(delay / distance))`` over what the loop carries (UG1399);
- an unrolled loop of f copies: trip count ``ceil(TC / f)``, body f times, a reduction ``log2 f`` levels deep
  (NLP-DSE, arXiv 2405.12304);
- a coarse-grained pipeline of s stages: ``longest stage * (TC + s - 1)`` (what Merlin makes of a bare PIPELINE);
- a loop whose body is one pipelined loop and nothing else runs as one loop with it (XFORM 203-541).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from pipeline.estimator.device import Device
from pipeline.estimator.facts import Cycle, Facts, Group
from pipeline.estimator.nest import Body, Branch, Call, LoopNode, Memory, Nest, Segment

Cycles: TypeAlias = "tuple[int | None, int | None, int | None]"
"""Best, average and worst; None where no bound is known."""


class Pipeline(StrEnum):
    """What a PIPELINE site asks for."""

    OFF = "off"
    COARSE = ""
    FLATTEN = "flatten"


class Mode(StrEnum):
    """What becomes of a loop."""

    UNROLLED = "unrolled"
    PIPELINED = "pipelined"
    STAGES = "stages"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class Choice:
    """The pragmas of one loop."""

    pipeline: Pipeline = Pipeline.OFF
    factor: int = 1
    tile: int = 1
    automatic: bool = True
    """The tool may pipeline the loop although no pragma asks for it."""


@dataclass(frozen=True, slots=True)
class Region:
    """Hardware that runs at one time: operations per start, cycles between starts, copies of the whole."""

    operations: Mapping[str, int]
    interval: int
    copies: int
    function: str


@dataclass(slots=True)
class Row:
    """A loop that is left in hardware, as a report lists it."""

    node: LoopNode
    merged: list[LoopNode]
    """Loops inside that run as one with it."""
    function: str
    parent: int | None
    depth: int
    trips: Cycles
    interval: int | None = None
    iteration: Cycles = (None, None, None)
    latency: Cycles = (None, None, None)
    pipelined: bool = False


@dataclass(slots=True)
class Schedule:
    """A design's loops, cycles, operators and partitions."""

    latency: Cycles = (0, 0, 0)
    rows: list[Row] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    partitions: dict[str, int] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    """Copies of an array that whole copied bodies need."""
    modes: dict[int, Mode] = field(default_factory=dict)


def schedule(
    nest: Nest, facts: Facts, device: Device, choices: Mapping[int, Choice], order: tuple[int, ...], copies: bool
) -> Schedule:
    """The schedule of one design; ``order`` lists the outermost loops of the nest.

    ``copies``: a factor on an outermost loop that holds loops makes whole bodies run side by side, as Merlin does
    by outlining them; plain HLS runs such copies one after the other. Below the outermost loop a factor on a loop
    that still holds loops has no effect: in the published labels it does not shorten designs.
    """
    return _Scheduler(nest, facts, device, choices, order, copies).run()


class _Scheduler:
    def __init__(
        self,
        nest: Nest,
        facts: Facts,
        device: Device,
        choices: Mapping[int, Choice],
        order: tuple[int, ...],
        copies: bool,
    ) -> None:
        self.nest = nest
        self.side_by_side = copies
        self.outermost = order
        self.facts = facts
        self.device = device
        self.choices = choices
        self.ports = device.memory["ports"]
        self.unroll: dict[int, int] = {}
        self.coarse: dict[int, int] = {}
        self.result = Schedule()
        self.banks: dict[str, tuple[tuple[int, ...], float]] = {}

    def run(self) -> Schedule:
        for number in self.outermost:
            self._decide(self.nest.loops[number], flat=False)
        for name, memory in self.nest.memories.items():
            self.result.partitions[name] = self._partition(name, memory)
        self.result.latency = self._body(self.nest.body, None, 0, 1, self.nest.top)
        return self.result

    # -- what each loop becomes -----------------------------------------------------------------

    def _decide(self, node: LoopNode, flat: bool) -> None:
        number = node.number
        known = self.facts.loops[number]
        choice = self.choices[number]
        trips = node.loop.trip_count
        factor = choice.factor if trips is None else max(1, min(choice.factor, trips))
        self.coarse[number] = 1
        flatten = flat or (choice.pipeline is Pipeline.FLATTEN and known.unrollable)
        for inner in _children(node.body):
            self._decide(inner, flatten)
        if flat and trips is not None:
            self.result.modes[number] = Mode.UNROLLED
            self.unroll[number] = trips
            return
        if all(self.result.modes[inner] is Mode.UNROLLED for inner in known.inside):
            self.unroll[number] = factor
            if trips is not None and factor >= trips and choice.pipeline is not Pipeline.FLATTEN:
                self.result.modes[number] = Mode.UNROLLED
            elif choice.automatic or choice.pipeline is not Pipeline.OFF:
                self.result.modes[number] = Mode.PIPELINED
            else:
                self.result.modes[number] = Mode.SEQUENTIAL
            return
        self.unroll[number] = 1
        if known.parallel and self.side_by_side and number in self.outermost:
            self.coarse[number] = factor
        stages = choice.pipeline is Pipeline.COARSE and known.stages and len(_parts(node.body)) > 1
        self.result.modes[number] = Mode.STAGES if stages else Mode.SEQUENTIAL

    # -- memory ---------------------------------------------------------------------------------

    def _partition(self, name: str, memory: Memory) -> int:
        """Partitions of an array: by dimension what its widest access needs, together at most the tool's limit."""
        banks = [1] * len(memory.dims)
        copies = 1
        for group in self.facts.groups.get(name, ()):
            whole = 1
            for place, moves in enumerate(group.moves[: len(banks)]):
                width = 1
                for loop in moves:
                    width *= self.unroll[loop] * self.coarse[loop]
                size = memory.dims[place]
                banks[place] = max(banks[place], width if size is None else min(width, size))
            for loop, count in self.coarse.items():
                if count > 1 and loop not in group.uses and not group.write:
                    whole = max(whole, count)
            copies = max(copies, whole)
        total = math.prod(banks)
        limit = self.device.memory["max_partitions"]
        self.banks[name] = (tuple(banks), min(1.0, limit / total))
        self.result.copies[name] = copies
        return min(total, limit)

    def _load(self, group: Group, node: int, inside: frozenset[int]) -> float:
        """Accesses of one iteration of a pipelined loop to the fullest partition."""
        within = [loop for loop in group.uses if loop == node or loop in inside]
        count = 1
        for loop in within:
            count *= self.unroll[loop]
        banks, share = self.banks.get(group.array, ((), 1.0))
        spread = 1
        for place, moves in enumerate(group.moves[: len(banks)]):
            width = 1
            for loop in moves:
                if loop in inside or loop == node:
                    width *= self.unroll[loop]
            spread *= min(width, banks[place])
        # Neighbours that differ by a constant overlap when the loop between them is unrolled.
        distinct = count + group.members - 1 if count > 1 else group.members
        return distinct / max(1.0, spread * share)

    # -- pipelines ------------------------------------------------------------------------------

    def _interval(self, node: LoopNode) -> int:
        known = self.facts.loops[node.number]
        inside = frozenset(known.inside)
        loads: dict[str, float] = {}
        for group in known.groups:
            memory = self.nest.memories.get(group.array)
            if memory is not None and memory.words is not None and self.result.partitions[group.array] >= memory.words:
                continue
            loads[group.array] = loads.get(group.array, 0.0) + self._load(group, node.number, inside)
        interval = max((math.ceil(load / self.ports) for load in loads.values()), default=1)
        for cycle in known.cycles:
            interval = max(interval, self._recurrence(node, cycle))
        return max(1, interval)

    def _recurrence(self, node: LoopNode, cycle: Cycle) -> int:
        factor = self.unroll[node.number]
        copies = 1 if node.reduction is not None else math.ceil(factor / cycle.distance)
        for number in cycle.via:
            if self.nest.loops[number].reduction is None:
                copies *= self.unroll[number]
        delay = cycle.memory + cycle.operators * copies
        return math.ceil(delay / max(1, math.ceil(cycle.distance / factor)))

    def _depth(self, body: Body) -> int | None:
        """Critical path of a body whose loops are all unrolled."""
        total = 0
        for item in body:
            if isinstance(item, Segment):
                depth = item.depth
            elif isinstance(item, LoopNode):
                depth = self._depth(item.body)
                if depth is not None:
                    depth += self._extra(item, depth)
            elif isinstance(item, Branch):
                arms = [self._depth(arm) for arm in item.arms]
                known = [arm for arm in arms if arm is not None]
                depth = max(known, default=0) if len(known) == len(arms) else None
            else:
                depth = self._depth(item.body)
            if depth is None:
                return None
            total += depth
        return total

    def _extra(self, node: LoopNode, depth: int) -> int:
        """What the copies of an unrolled loop add to the body's critical path: a tree, or one after the other."""
        copies = self.unroll[node.number]
        if self.facts.loops[node.number].serial:
            return depth * (copies - 1)
        chain = self.facts.loops[node.number].chain
        if copies <= 1 or not chain:
            return 0
        return chain * (math.ceil(math.log2(copies)) if node.reduction is not None else copies - 1)

    # -- cycles ---------------------------------------------------------------------------------

    def _body(self, body: Body, parent: int | None, depth: int, copies: int, function: str) -> Cycles:
        total: Cycles = (0, 0, 0)
        for item in body:
            total = _plus(total, self._item(item, parent, depth, copies, function))
        return total

    def _item(
        self, item: Segment | LoopNode | Branch | Call, parent: int | None, depth: int, copies: int, function: str
    ) -> Cycles:
        if isinstance(item, Segment):
            self._region(item.operators, max(1, item.depth or 1), copies, function)
            return (item.depth, item.depth, item.depth)
        if isinstance(item, Branch):
            arms = [self._body(arm, parent, depth, copies, function) for arm in item.arms]
            return _either(arms)
        if isinstance(item, Call):
            return self._body(item.body, parent, depth, copies, item.function)
        return self._loop(item, parent, depth, copies, function)

    def _region(self, operations: Mapping[str, int], interval: int, copies: int, function: str) -> None:
        if operations:
            self.result.regions.append(Region(operations, interval, copies, function))

    def _operations(self, node: LoopNode) -> dict[str, int]:
        """Operations of one iteration, unrolled loops counted with their copies."""
        counts: dict[str, int] = {}
        own = self.unroll[node.number]
        for segment, path in self.facts.loops[node.number].segments:
            times = own
            for number in path:
                times *= self.unroll[number]
            for name, count in segment.operators.items():
                counts[name] = counts.get(name, 0) + count * times
        return counts

    def _loop(self, node: LoopNode, parent: int | None, depth: int, copies: int, function: str) -> Cycles:
        mode = self.result.modes[node.number]
        if mode is Mode.UNROLLED:
            path = self._depth((node,))
            operations = self._operations(node)
            interval = self._interval(node)
            self._region(operations, max(1, interval), copies, function)
            path = None if path is None else path + interval - 1
            return (path, path, path)
        merged = self._merged(node)
        row = Row(node, merged, function, parent, depth, self._trips(node))
        index = len(self.result.rows)
        self.result.rows.append(row)
        inner = merged[-1] if merged else node
        if self.result.modes[inner.number] is Mode.PIPELINED:
            for item in merged:
                row.trips = _times(row.trips, self._trips(item))
            return self._pipelined(row, inner, copies, function)
        below = copies * self.coarse[node.number]
        if mode is Mode.STAGES:
            parts = [self._item(item, index, depth + 1, below, function) for item in node.body]
            longest = _largest(parts)
            row.iteration = longest
            stages = len(_parts(node.body))
            row.latency = _times(longest, _plus(row.trips, (stages - 1,) * 3))
            row.iteration = row.latency if row.trips == (1, 1, 1) else longest
            return row.latency
        row.iteration = self._body(node.body, index, depth + 1, below, function)
        row.latency = _times(row.iteration, row.trips)
        return row.latency

    def _merged(self, node: LoopNode) -> list[LoopNode]:
        """The loops below that run as one with this one: a perfect nest over a pipelined loop."""
        chain: list[LoopNode] = []
        current = node
        while self.result.modes[current.number] in (Mode.SEQUENTIAL, Mode.STAGES):
            body = current.body
            if self.coarse[current.number] > 1 or len(body) != 1 or not isinstance(body[0], LoopNode):
                return []
            current = body[0]
            chain.append(current)
        return chain if self.result.modes[current.number] is Mode.PIPELINED else []

    def _pipelined(self, row: Row, node: LoopNode, copies: int, function: str) -> Cycles:
        interval = self._interval(node)
        path = self._depth(node.body)
        if path is not None:
            path = max(1, path + self._extra(node, path))
            if self.facts.loops[node.number].serial:
                interval = max(interval, path)
        row.pipelined = True
        row.interval = interval
        row.iteration = (path, path, path)
        row.latency = tuple(  # type: ignore[assignment]
            None if trips is None or path is None else 0 if trips <= 0 else max(path + interval * (trips - 1) - 1, 0)
            for trips in row.trips
        )
        self._region(self._operations(node), interval, copies, function)
        return _plus(row.latency, (self.device.control["module_cycles"],) * 3)

    def _trips(self, node: LoopNode) -> Cycles:
        loop = node.loop
        factor = max(1, self.unroll[node.number] * self.coarse[node.number])
        if loop.trip_count is not None:
            trips = -(-loop.trip_count // factor)
            return (trips, trips, trips)
        low = None if loop.trip_min is None else -(-loop.trip_min // factor)
        high = None if loop.trip_max is None else -(-loop.trip_max // factor)
        middle = None if low is None or high is None else (low + high) // 2
        return (low, middle, high)


def _children(body: Body) -> list[LoopNode]:
    found: list[LoopNode] = []
    for item in body:
        if isinstance(item, LoopNode):
            found.append(item)
        elif isinstance(item, Branch):
            for arm in item.arms:
                found.extend(_children(arm))
        elif isinstance(item, Call):
            found.extend(_children(item.body))
    return found


def outermost(nest: Nest) -> tuple[int, ...]:
    """Numbers of the loops that stand in no other."""
    return tuple(node.number for node in _children(nest.body))


def _parts(body: Body) -> list[object]:
    """Stages of a coarse-grained pipeline: a loop, or a call or branch with loops, each is one."""
    return [item for item in body if not isinstance(item, Segment)]


def _plus(left: Cycles, right: Cycles) -> Cycles:
    a, b, c = (None if one is None or two is None else one + two for one, two in zip(left, right, strict=True))
    return (a, b, c)


def _times(left: Cycles, right: Cycles) -> Cycles:
    a, b, c = (None if one is None or two is None else one * two for one, two in zip(left, right, strict=True))
    return (a, b, c)


def _largest(parts: list[Cycles]) -> Cycles:
    a, b, c = (
        None if any(part[place] is None for part in parts) else max((part[place] or 0 for part in parts), default=0)
        for place in range(3)
    )
    return (a, b, c)


def _either(arms: list[Cycles]) -> Cycles:
    if not arms:
        return (0, 0, 0)
    columns = list(zip(*arms, strict=True))
    best = [value for value in columns[0] if value is not None]
    average = [value for value in columns[1] if value is not None]
    worst = [value for value in columns[2] if value is not None]
    return (
        min(best) if len(best) == len(arms) else None,
        sum(average) // len(arms) if len(average) == len(arms) else None,
        max(worst) if len(worst) == len(arms) else None,
    )
