"""Arrays under a design: partitions, copies, and the bound that their ports set on the initiation interval.

``II >= accesses per partition / ports`` (UG1399; two ports a memory).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.estimator.banks import busiest, factor_of
from pipeline.estimator.choice import Mode
from pipeline.estimator.design import Design
from pipeline.estimator.facts import Group
from pipeline.estimator.nest import LoopNode, Memory, PortAccess
from pipeline.estimator.walk_values import whole_cycles

_MOST_KEPT = 4_096


@dataclass(slots=True)
class MemoryPorts:
    """Partitions by array and dimension."""

    design: Design
    partitions: dict[str, int] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    """Copies of an array that whole copied bodies need."""
    banks: dict[str, tuple[tuple[int, ...], float]] = field(default_factory=dict)

    shared: dict[int, int] = field(default_factory=dict)
    """By loop the bound of :meth:`shared_interval`, once all is decided."""
    any_settled: bool = False
    """Whether the memories of some array are as written."""

    def partition(self) -> None:
        """Partitions every array as its widest access needs, by dimension, within the limits of the flow."""
        design = self.design
        wide = {loop: copies * design.coarse[loop] for loop, copies in design.unroll.items()}
        copied = [(loop, count) for loop, count in design.coarse.items() if count > 1]
        for name, memory in design.nest.memories.items():
            self._array(name, memory, wide, copied)
            if design.native and self._in_registers(name, memory):
                design.registers.add(name)

    def _array(self, name: str, memory: Memory, wide: Mapping[int, int], copied: Sequence[tuple[int, int]]) -> None:
        """``wide`` has by loop the copies of its body that run at one time, ``copied`` those of whole bodies alone."""
        design, rules = self.design, self.design.rules
        if self.settled(memory):
            parts = tuple(factor_of(memory, place) for place in range(len(memory.dims)))
            self.any_settled = True
            self.banks[name] = (parts, 1.0)
            self.copies[name] = 1
            self.partitions[name] = math.prod(parts)
            return
        dims = memory.dims
        banks = [1] * len(dims)
        copies = 1
        for group in design.facts.groups.get(name, ()):
            for place, (steps, size) in enumerate(zip(group.steps, dims, strict=False)):
                width = 1
                for loop in steps:
                    width *= wide[loop]
                if size is not None and width >= size:
                    width = size
                elif width > rules.widest_partition:
                    width = rules.partition_beyond
                if width > banks[place]:
                    banks[place] = width
            if not group.write:
                for loop, count in copied:
                    if count > copies and loop not in group.uses:
                        copies = count
        total = math.prod(banks)
        limit = rules.max_partitions if design.merlin else max(total, 1)
        self.banks[name] = (tuple(banks), min(1.0, limit / total))
        self.copies[name] = copies
        self.partitions[name] = min(total, limit)

    def _in_registers(self, name: str, memory: Memory) -> bool:
        """Whether every element is a register: all are split apart, or every subscript is a constant once loops are
        unrolled (UG1399, "config_array_partition").
        """
        if not memory.splits and (memory.role == "argument" or memory.ports is not None):
            return False
        groups = self.design.facts.groups.get(name, ())
        if memory.splits:
            return self.partitions[name] == memory.words
        unrolled = all(self.design.modes[loop] is Mode.UNROLLED for group in groups for loop in group.uses)
        unrolled = unrolled and not any(place.symbols for group in groups for place in group.index)
        return all(group.affine for group in groups) and (unrolled or self.partitions[name] == memory.words)

    def settled(self, memory: Memory) -> bool:
        """Whether the memories of an array are as written: the user splits or binds it, or it lies outside."""
        if memory.role == "argument":
            return bool(memory.splits) or self.design.native
        return bool(memory.splits) or memory.ports is not None

    def settled_interval(self, node: LoopNode) -> int:
        """The bound that arrays set whose memories are as written, 1 at least."""
        if not self.any_settled:
            return 1
        known, nest = self.design.facts.of(node.number), self.design.nest
        copies = {loop: self.design.unroll[loop] for loop in (node.number, *known.inside)}
        bound = 1
        shared: Counter[tuple[str, bool]] = Counter()
        for name, found, loops in known.words:
            memory = nest.memories.get(name)
            if memory is None or not self.settled(memory) or self.partitions[name] == memory.words:
                continue
            if memory.channel is not None:
                # A bundle takes one read and one write a cycle, whichever of its ports they are of.
                for write in (False, True):
                    through = (access for access in found if access.write is write)
                    shared[memory.channel, write] += busiest(memory, through, copies)
            # Designs share most of what is counted here.
            key = name, memory.splits, *[copies.get(loop, 1) for loop in loops]
            met = known.met.get(key)
            if met is None:
                if len(known.met) >= _MOST_KEPT:
                    known.met.clear()
                met = known.met[key] = busiest(memory, found, copies)
            bound = max(bound, -(-met // (memory.ports or self.design.device.memory["ports"])))
        return max(bound, *shared.values(), 1)

    def stream_interval(self, node: LoopNode) -> int:
        """The bound that streams and ports set, which take one access a cycle; 1 at least."""
        known = self.design.facts.of(node.number)
        if not known.touches:
            return 1
        met: Counter[PortAccess] = Counter()
        for segment, path in known.segments:
            for access in segment.touches:
                picked = {loop for item in access.index for loop in item.uses}
                met[access] += math.prod(
                    self.design.unroll[loop] for loop in (node.number, *path) if loop not in picked
                )
        return max(met.values(), default=1)

    def shared_interval(self, node: LoopNode) -> int:
        """The bound that streams and arrays whose memories are as written set, 1 at least."""
        if not (self.any_settled or self.design.facts.of(node.number).touches):
            return 1
        found = self.shared.get(node.number)
        if found is None:
            found = self.shared[node.number] = max(self.settled_interval(node), self.stream_interval(node))
        return found

    def interval(self, node: LoopNode) -> int:
        """The resource bound of a pipelined loop's initiation interval."""
        design, memories = self.design, self.design.nest.memories
        loads: dict[str, float] = {}
        for group in design.facts.of(node.number).groups:
            name = group.array
            memory = memories.get(name)
            if name in design.registers or (self.any_settled and memory is not None and self.settled(memory)):
                continue
            words = memory.words if memory is not None else None
            if words is not None and self.partitions[name] >= words:
                continue
            if words is not None and not group.affine and words <= self._scattered(name):
                continue
            loads[name] = loads.get(name, 0.0) + self._load(group)
        bound = self.shared_interval(node)
        usual = design.device.memory["ports"]
        for name, load in loads.items():
            memory = memories.get(name)
            bound = max(bound, math.ceil(load / ((memory.ports if memory is not None else None) or usual)))
        return bound

    def _scattered(self, name: str) -> int:
        """Words up to which an array has no limit of ports where subscripts are not linear.

        As written the tool splits no array for such subscripts, but makes as many copies of a table as are read.
        """
        if self.design.native and any(group.write for group in self.design.facts.groups.get(name, ())):
            return 0
        return self.design.rules.scattered_words

    def _load(self, group: Group) -> float:
        """Accesses of one iteration of a pipelined loop to the fullest partition."""
        unroll = self.design.unroll
        count = 1
        for loop in group.within:
            count *= unroll[loop]
        banks, share = self.banks.get(group.array, ((), 1.0))
        spread = 1
        for steps, parts in zip(group.steps, banks, strict=False):
            width = 1
            for loop in steps:
                width *= unroll[loop]
            spread *= width if width < parts else parts
        if not self.design.merlin and group.affine:
            # The tool's own partitioning gives neighbours at constant offsets memories of their own.
            return count / max(1.0, spread * share)
        # Neighbours that differ by a constant overlap when the loop between them is unrolled.
        distinct = count + group.members - 1 if count > 1 else group.members
        return distinct / max(1.0, spread * share)

    def update_interval(self, node: LoopNode) -> int:
        """The bound of elements that are read, changed and written back where the memory is not told at compile time.

        An array that another loop has had split completely is a row of registers or small memories; a loop that
        takes fewer elements at a time finds its own among them by a multiplexer, and the tool cannot tell one
        iteration's from the next's (labels: II 23 instead of 1 on gemm-p).
        """
        interval = 1
        known = self.design.facts.of(node.number)
        if not known.updates:
            return interval
        inside = (*known.inside, node.number)
        for update in known.updates:
            memory = self.design.nest.memories.get(update.array)
            banks, _ = self.banks.get(update.array, ((), 1.0))
            if memory is None:
                continue
            for place, (item, size) in enumerate(zip(update.read, memory.dims, strict=False)):
                width = math.prod(self.design.unroll[loop] for loop in item.uses if loop in inside)
                if node.number in item.uses and banks[place] == size and size is not None and 1 < size > width:
                    interval = max(interval, whole_cycles(update.delay))
        return interval

    def off_chip(self, node: LoopNode) -> int:
        """Elements that one iteration of a loop takes from arguments in off-chip memory; neighbours come along."""
        known = self.design.facts.of(node.number)
        total = 0
        for group in known.groups:
            memory = self.design.nest.memories.get(group.array)
            if memory is None or memory.role != "argument":
                continue
            count = group.members
            for loop in known.inside:
                if loop in group.uses:
                    count *= self.design.unroll[loop]
            total += count
        return total
