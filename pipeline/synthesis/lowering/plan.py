"""What is to be done with each loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.kernels.loop_record import LoopRecord
from pipeline.synthesis.lowering.directive import LoweredDirective
from pipeline.synthesis.lowering.restructure import Jam, Reduction
from pipeline.synthesis.lowering.result import SiteOutcome

Copies = Literal["none", "pragma", "sum", "jam"]
"""Who makes a loop's parallel copies: nobody, the tool by an unroll directive, or the text, with a split sum or with
the copies moved into the loops inside."""


@dataclass(slots=True)
class LoopPlan:
    """One loop: ``factor`` copies in parallel; ``tile`` groups of copies in a tile (0: not tiled)."""

    factor: int = 1
    copies: Copies = "none"
    tile: int = 0
    full: bool = False
    """Unrolled completely, by its own factor or by a pipeline around it."""
    directives: list[LoweredDirective] = field(default_factory=list)
    tile_directives: list[LoweredDirective] = field(default_factory=list)
    jam: Jam | None = None
    reduction: Reduction | None = None

    @property
    def pipelined(self) -> bool:
        """Whether iterations overlap."""
        return any(item.name == "pipeline" and ("off", None) not in item.options for item in self.directives)

    @property
    def taken_apart(self) -> bool:
        """Whether the loop's header is written anew."""
        return self.tile > 0 or self.copies in ("sum", "jam")


@dataclass(slots=True)
class Plan:
    """All loops of a kernel, what became of the sites, and sentences on the whole."""

    loops: dict[LoopRecord, LoopPlan] = field(default_factory=dict)
    outcomes: list[SiteOutcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: dict[int, str | None] = field(default_factory=dict)
    """Pragmas of the source by identity of their node: what they become, None where they go."""
    unpipelined: set[LoopRecord] = field(default_factory=set)
    """Loops whose own ``#pragma HLS pipeline`` has to go."""
