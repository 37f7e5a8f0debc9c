"""One design of a kernel: what each loop becomes, and how many cycles it takes.

Laws, with where they are from:

- pipelined loop: ``latency = IL + II * (TC - 1) - 1``; any other: ``latency = IL * TC`` (measured on public Vitis
  reports, 2,683 of 2,745 and 410 of 421 rows); where IL is 1 as where it is 2, as the last iteration takes a cycle;
- an unrolled loop of f copies: trip count ``ceil(TC / f)``, body f times, a reduction ``log2 f`` levels deep
  (NLP-DSE, arXiv 2405.12304);
- a coarse-grained pipeline of s stages: ``longest stage * (TC + s - 1)`` (what Merlin makes of a bare PIPELINE);
- a loop whose body is one pipelined loop and nothing else runs as one loop with it (XFORM 203-541); under plain
  Vitis also where statements stand around the inner loop (measured on the published plain label set).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.estimator import cycles
from pipeline.estimator.choice import Choice, Mode
from pipeline.estimator.cycles import Cycles
from pipeline.estimator.decide import decide
from pipeline.estimator.design import Design
from pipeline.estimator.device import Device, FlowRules
from pipeline.estimator.facts import Facts
from pipeline.estimator.flowing import flowing
from pipeline.estimator.nest import WHOLE, Body, Branch, Call, LoopNode, Nest, Segment, loops_of
from pipeline.estimator.ports import MemoryPorts
from pipeline.estimator.recurrence import chain, flattened_interval, recurrence_interval
from pipeline.estimator.written import Written


@dataclass(frozen=True, slots=True)
class Region:
    """Hardware that runs at one time: operations per start, cycles between starts, copies of the whole."""

    operations: Mapping[str, int]
    interval: int
    copies: int
    repeats: int
    """Instances of the surrounding module that run one after the other and share its large operators."""
    straight: bool = False
    """Code beside loops, which starts once."""


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
    iteration: Cycles = cycles.UNKNOWN
    latency: Cycles = cycles.UNKNOWN
    pipelined: bool = False
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Iteration:
    """An iteration of loops that run as one, whatever memories it meets: the interval that what it hands on needs, its
    length, its operations."""

    interval: int
    path: int | None
    operations: Mapping[str, int]


Iterations: TypeAlias = "dict[tuple[object, ...], Iteration]"
"""Of one kernel under one flow, by the loops, the arrays in registers and the copies of each loop's body: designs share
most of theirs."""
_MOST_KEPT = 4_096


@dataclass(slots=True)
class Schedule:
    """A design's loops, cycles, operators and partitions."""

    design: Design
    ports: MemoryPorts
    latency: Cycles = (0, 0, 0)
    interval: Cycles | None = None
    """Cycles between starts of the top function, where one may start before the last has ended."""
    rows: list[Row] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)


def schedule(
    nest: Nest,
    facts: Facts,
    device: Device,
    rules: FlowRules,
    choices: Mapping[int, Choice],
    order: tuple[int, ...],
    merlin: bool,
    native: bool,
    iterations: Iterations,
) -> Schedule:
    """The schedule of one design; ``order`` lists the outermost loops of the nest. ``iterations`` is filled."""
    design = Design(nest, facts, device, rules, choices, order, merlin, native)
    if nest.whole is not None:
        design.unroll[WHOLE] = design.coarse[WHOLE] = 1
        design.modes[WHOLE] = Mode.PIPELINED
    decide(design)
    ports = MemoryPorts(design)
    ports.partition()
    result = Schedule(design, ports)
    scheduler = _Scheduler(result, iterations)
    result.latency = scheduler.function(nest.body, nest.written, None, 0, 1, nest.top)
    result.interval = scheduler.starts(nest)
    if scheduler.slowest is None and result.interval is not None:
        # A function that is pipelined as a whole is one region, which starts anew after so many cycles.
        counts: Counter[str] = Counter()
        for region in result.regions:
            counts.update({name: count * region.copies for name, count in region.operations.items()})
        result.regions = [Region(dict(counts), result.interval[0] or 1, 1, 1, False)]
    return result


class _Scheduler:
    def __init__(self, result: Schedule, iterations: Iterations) -> None:
        self.result = result
        self.iterations = iterations
        self.registers = frozenset(result.design.registers)
        self.design = result.design
        self.ports = result.ports
        self.unroll = result.design.unroll
        self.modes = result.design.modes
        self.uncached = 0
        self.repeats = 1
        self.slowest: Cycles | None = None

    def function(self, body: Body, written: Written, parent: int | None, depth: int, copies: int, name: str) -> Cycles:
        """A function's body: its parts one after the other, or as data flows from one to the next."""
        if not written.dataflow:
            return self.body(body, parent, depth, copies, name)
        parts = [(item, self._item(item, parent, depth, copies, name)) for item in body]
        if parent is None and name == self.design.nest.top:
            self.slowest = cycles.largest([length for _, length in parts])
        return flowing(parts, written.streams, self.design.nest.touched)

    def starts(self, nest: Nest) -> Cycles | None:
        """Cycles between starts of the top function: its slowest stage in a dataflow region, its target where it is
        pipelined as a whole, None where it must have ended (UG1399, "pragma HLS dataflow" and "pipeline")."""
        if self.slowest is not None:
            return self.slowest
        own = nest.written.pipeline
        if own is None or own.off or any(self.modes[item.number] is not Mode.UNROLLED for item in loops_of(nest.body)):
            return None
        needed = [own.ii or 1, *(self._waits(item) for item in loops_of(nest.body))]
        if nest.whole is not None:
            needed += [recurrence_interval(self.design, nest.whole), self.ports.interval(nest.whole)]
        return cycles.exactly(max(needed))

    def body(self, body: Body, parent: int | None, depth: int, copies: int, function: str) -> Cycles:
        total: Cycles = (0, 0, 0)
        for item in body:
            total = cycles.plus(total, self._item(item, parent, depth, copies, function))
        return total

    def _item(
        self, item: Segment | LoopNode | Branch | Call, parent: int | None, depth: int, copies: int, function: str
    ) -> Cycles:
        if isinstance(item, Segment):
            counts: dict[str, int] = {}
            for (name, _), count in item.operators.items():
                counts[name] = counts.get(name, 0) + count
            self._region(counts, max(1, item.depth or 1), copies, straight=True)
            return cycles.exactly(item.depth)
        if isinstance(item, Branch):
            return cycles.either([self.body(arm, parent, depth, copies, function) for arm in item.arms])
        if isinstance(item, Call):
            return self.function(item.body, item.written, parent, depth, copies, item.function)
        return self._loop(item, parent, depth, copies, function)

    def _region(self, operations: Mapping[str, int], interval: int, copies: int, straight: bool = False) -> None:
        if operations:
            self.result.regions.append(Region(operations, interval, copies, self.repeats, straight))

    def _operations(self, node: LoopNode) -> dict[str, int]:
        """Operations of one iteration; copies of an unrolled loop that a result does not change with share it."""
        counts: dict[str, int] = {}
        for segment, path in self.design.facts.loops[node.number].segments:
            copied = [(number, self.unroll[number]) for number in (node.number, *path) if self.unroll[number] > 1]
            for (name, uses), count in segment.operators.items():
                for number, copies in copied:
                    if number in uses:
                        count *= copies
                counts[name] = counts.get(name, 0) + count
        return counts

    def _critical_path(self, body: Body) -> int | None:
        """Cycles through a body whose loops are all unrolled."""
        total = 0
        for item in body:
            if isinstance(item, Segment):
                depth = item.depth
            elif isinstance(item, LoopNode):
                depth = self._critical_path(item.body)
                if depth is not None:
                    depth += chain(self.design, item, depth)
            elif isinstance(item, Branch):
                arms = [self._critical_path(arm) for arm in item.arms]
                known = [arm for arm in arms if arm is not None]
                depth = max(known, default=0) if len(known) == len(arms) else None
            else:
                depth = self._critical_path(item.body)
            if depth is None:
                return None
            total += depth
        return total

    def _interval(self, node: LoopNode) -> int:
        return max(recurrence_interval(self.design, node), self._waits(node))

    def _waits(self, node: LoopNode) -> int:
        """The interval but for what iterations hand on, which is a chain where all of them are copied."""
        found = max(self.design.choices[node.number].interval, self.ports.interval(node))
        if self.design.merlin:
            found = max(found, self.ports.update_interval(node))
        if self.uncached:
            found = max(found, self.ports.off_chip(node) * self.design.rules.offchip_cycles)
        return found

    def _loop(self, node: LoopNode, parent: int | None, depth: int, copies: int, function: str) -> Cycles:
        self.uncached += node.number in self.design.offchip
        try:
            return self._kept(node, parent, depth, copies, function)
        finally:
            self.uncached -= node.number in self.design.offchip

    def _kept(self, node: LoopNode, parent: int | None, depth: int, copies: int, function: str) -> Cycles:
        mode = self.modes[node.number]
        if mode is Mode.UNROLLED:
            path = self._critical_path((node,))
            self._region(self._operations(node), self._interval(node), copies)
            return cycles.exactly(None if path is None else path + self._waits(node) - 1)
        merged = self._merged(node)
        row = Row(node, merged, function, parent, depth, self._trips(node), repeats=self.repeats)
        index = len(self.result.rows)
        self.result.rows.append(row)
        inner = merged[-1] if merged else node
        if self.modes[inner.number] is Mode.PIPELINED:
            for item in merged:
                row.trips = cycles.times(row.trips, self._trips(item))
            return self._pipelined(row, [node, *merged], copies)
        below = copies * self.design.coarse[node.number]
        if self.design.choices[node.number].off and mode is Mode.SEQUENTIAL and self._unrolled_below(node):
            return self._stepwise(row, node, copies)
        if mode is Mode.STAGES:
            parts = [self._item(item, index, depth + 1, below, function) for item in node.body]
            longest = cycles.largest(parts)
            stages = sum(not isinstance(item, Segment) for item in node.body)
            row.latency = cycles.times(longest, cycles.plus(row.trips, (stages - 1,) * 3))
            row.iteration = row.latency if row.trips == (1, 1, 1) else longest
            return row.latency
        outside = self.repeats
        if not self.design.merlin:
            self.repeats *= max(1, min(self.design.choices[node.number].factor, node.loop.trip_count or 1))
        row.iteration = self.body(node.body, index, depth + 1, below, function)
        self.repeats = outside
        row.latency = cycles.times(row.iteration, row.trips)
        return row.latency

    def _unrolled_below(self, node: LoopNode) -> bool:
        return all(self.modes[inner] is Mode.UNROLLED for inner in self.design.facts.loops[node.number].inside)

    def _stepwise(self, row: Row, node: LoopNode, copies: int) -> Cycles:
        """A loop that is not to be pipelined: an iteration begins where the one before has ended."""
        path = self._critical_path(node.body)
        if path is not None:
            path = max(1, path + chain(self.design, node, path)) + self.ports.interval(node) - 1
        row.iteration = cycles.exactly(path)
        row.latency = cycles.times(row.iteration, row.trips)
        self._region(self._operations(node), path or 1, copies)
        return row.latency

    def _merged(self, node: LoopNode) -> list[LoopNode]:
        """The loops below that run as one with this one: a nest of single loops over a pipelined one."""
        found: list[LoopNode] = []
        current = node
        while self.modes[current.number] in (Mode.SEQUENTIAL, Mode.STAGES):
            loops = [item for item in current.body if not isinstance(item, Segment)]
            perfect = len(current.body) == self.design.rules.flattens or not self.design.merlin
            choice = self.design.choices[current.number]
            copied = self.design.coarse[current.number] > 1 or (not self.design.merlin and choice.factor > 1)
            if copied or not perfect or len(loops) != 1 or not isinstance(loops[0], LoopNode):
                return []
            if loops[0].loop.trip_count is None:
                # Only the outermost loop of a nest that runs as one may have a bound that varies (UG1399).
                return []
            if not (choice.flattens and self.design.choices[loops[0].number].flattens):
                return []
            current = loops[0]
            found.append(current)
        return found if self.modes[current.number] is Mode.PIPELINED else []

    def _pipelined(self, row: Row, nodes: list[LoopNode], copies: int) -> Cycles:
        node = nodes[-1]
        merged = [item.number in self.design.offchip for item in nodes[1:]]
        self.uncached += sum(merged)
        # Each copy of an iteration waits until the one before it has told that it takes place.
        iteration = self._iteration(nodes)
        interval = max(iteration.interval, self._waits(node), node.decided * self.unroll[node.number])
        self.uncached -= sum(merged)
        path = iteration.path
        if path is not None:
            # Where accesses share a port as written, the last starts that much later.
            path += self.ports.shared_interval(node) - 1
            if self.design.serial(node.number):
                interval = max(interval, path)
        row.pipelined = True
        row.interval = interval
        row.iteration = cycles.exactly(path)
        row.latency = tuple(  # type: ignore[assignment]
            None
            if trips is None or path is None
            else 0
            if trips <= 0
            # An iteration takes a cycle at least after its start.
            else interval * (trips - 1) + max(path - 1, 1)
            for trips in row.trips
        )
        self._region(iteration.operations, interval, copies)
        return cycles.plus(row.latency, (self.design.device.control["module_cycles"],) * 3)

    def _iteration(self, nodes: list[LoopNode]) -> Iteration:
        design, unroll, node = self.design, self.unroll, nodes[-1]
        inside = design.facts.loops[node.number].inside
        key = (nodes[0].number, node.number, self.registers, unroll[node.number], *[unroll[loop] for loop in inside])
        found = self.iterations.get(key)
        if found is not None:
            return found
        interval = recurrence_interval(design, node)
        if not design.merlin:
            interval = max(interval, flattened_interval(design, nodes))
        around = [item for outer in nodes[:-1] for item in outer.body if isinstance(item, Segment)]
        path = self._critical_path((*node.body, *around))
        if path is not None:
            path = max(1, path + chain(design, node, path))
        operations = self._operations(node)
        for segment in around:
            for (name, _), count in segment.operators.items():
                operations[name] = operations.get(name, 0) + count
        if len(self.iterations) >= _MOST_KEPT:
            self.iterations.clear()
        found = self.iterations[key] = Iteration(interval, path, operations)
        return found

    def _trips(self, node: LoopNode) -> Cycles:
        loop = node.loop
        factor = max(1, self.unroll[node.number] * self.design.coarse[node.number])
        if loop.trip_count is not None:
            if not self.design.merlin and self.modes[node.number] is Mode.SEQUENTIAL and not self._unrolled_below(node):
                # Copies of a body with loops run one after the other, those past the end too.
                asked = min(self.design.choices[node.number].factor, loop.trip_count)
                return cycles.exactly(-(-loop.trip_count // asked) * asked)
            return cycles.exactly(-(-loop.trip_count // factor))
        low = None if loop.trip_min is None else -(-loop.trip_min // factor)
        high = None if loop.trip_max is None else -(-loop.trip_max // factor)
        middle: float | None = None if low is None or high is None else (low + high) // 2
        if node.mean is not None:
            middle = node.mean / factor
        return (low, middle, high)


def outermost(nest: Nest) -> tuple[int, ...]:
    """Numbers of the loops that stand in no other."""
    return tuple(node.number for node in loops_of(nest.body))
