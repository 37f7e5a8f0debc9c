"""One design of a kernel while it is scheduled: what each loop is asked, and what has been decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.estimator.choice import Choice, Mode
from pipeline.estimator.device import Device, FlowRules
from pipeline.estimator.facts import Cycle, Facts
from pipeline.estimator.nest import Nest


@dataclass(slots=True)
class Design:
    """Inputs of a schedule, and the decisions of :mod:`pipeline.estimator.decide` on each loop by node number."""

    nest: Nest
    facts: Facts
    device: Device
    rules: FlowRules
    choices: Mapping[int, Choice]
    outermost: tuple[int, ...]
    merlin: bool
    """Whether Merlin stands before the tool."""
    native: bool = False
    """Whether the tool gets the source as it stands: array arguments are memories outside, floating-point sums stay in
    their order."""
    modes: dict[int, Mode] = field(default_factory=dict)
    unroll: dict[int, int] = field(default_factory=dict)
    """Copies of each loop's body within one iteration."""
    coarse: dict[int, int] = field(default_factory=dict)
    """Copies of each loop's whole body that run side by side."""
    uneven: set[int] = field(default_factory=set)
    """Loops whose factor does not divide the trip count."""
    registers: set[str] = field(default_factory=set)
    """Arrays of which every element is a register: moves among them take no cycle of their own."""
    offchip: set[int] = field(default_factory=set)
    """Loops below which arguments are read and written in off-chip memory, uncached."""

    def serial(self, loop: int) -> bool:
        """Whether whole iterations of a loop follow each other, as a memory hands on what was written last in one."""
        return not self.facts.loops[loop].crossing <= self.registers

    def carried(self, loop: int) -> list[Cycle]:
        """What iterations of a loop hand on, but for what runs through registers of which each has others."""
        return [
            cycle for cycle in self.facts.of(loop).cycles if cycle.array is None or not self._anew(loop, cycle.array)
        ]

    def _anew(self, loop: int, array: str) -> bool:
        memory = self.nest.memories.get(array)
        return memory is not None and loop in memory.born and (memory.register or array in self.registers)
