"""One kernel under one flow: what its designs are labelled by, and which designs there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.synthesis.address import Address

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace
    from pipeline.kernels import Kernel
    from pipeline.reports.surroundings import Bounds
    from pipeline.synthesis.backends.base import Backend
    from pipeline.synthesis.lowering.delivery import Delivery


@dataclass(frozen=True)
class KernelPlan:
    """One kernel under one flow.

    ``kernel`` is None where only labels are there and no C source; ``space`` is None where the flow's dialect has
    no rules for the kernel; ``delivery`` says how designs in the tool's own terms are written.
    """

    backend: Backend
    address: Address
    kernel: Kernel | None
    space: DesignSpace | None
    delivery: Delivery = "insert"

    @property
    def name(self) -> str:
        """The kernel's name."""
        return self.address.kernel

    @property
    def source(self) -> str:
        """Where the labels come from."""
        return self.address.source

    @property
    def runs_tool(self) -> bool:
        """Whether labels come from runs of a tool."""
        return self.backend.runs_tool

    @property
    def bounds(self) -> Bounds | None:
        """What a design may use up before its end is its own failure; None where no tool is run."""
        return self.backend.bounds

    @property
    def further(self) -> tuple[str, ...]:
        """The steps beyond C synthesis that runs take."""
        return tuple(map(str, self.backend.further))

    @property
    def replays(self) -> bool:
        """Whether labels come from the store alone."""
        return self.backend.replays
