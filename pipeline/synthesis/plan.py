"""One kernel under one flow: what its designs are labelled by, and which designs there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.synthesis.address import Address

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace, Point
    from pipeline.kernels import Kernel
    from pipeline.reports.surroundings import Bounds
    from pipeline.synthesis.backends.base import Backend
    from pipeline.synthesis.lowering.delivery import Delivery


@dataclass(frozen=True)
class KernelPlan:
    """One kernel under one flow.

    ``kernel`` is None where only labels are there and no C source; ``space`` is None where the flow's dialect has
    no rules for the kernel; ``delivery`` says how designs in the tool's own terms are written; ``kept`` are the sites
    whose default is the only value that designs may have.
    """

    backend: Backend
    address: Address
    kernel: Kernel | None
    space: DesignSpace | None
    delivery: Delivery = "insert"
    kept: tuple[str, ...] = ()

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

    def admits(self, point: Point | None) -> bool:
        """Whether a design has, at the sites that are kept, what is written there; one that is not known has not."""
        if not self.kept:
            return True
        assert self.space is not None
        return point is not None and all(point.get(name) == self.space.default[name] for name in self.kept)

    @property
    def replays(self) -> bool:
        """Whether labels come from the store alone."""
        return self.backend.replays
