"""What every backend offers: design points in, outcomes out."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis.flow import Flow

if TYPE_CHECKING:
    from pipeline.kernels.model import Kernel
    from pipeline.reports.report import Report
    from pipeline.reports.surroundings import Bounds
    from pipeline.synthesis.address import Address
    from pipeline.synthesis.store import ReportStore
    from pipeline.synthesis.vitis.sources import Sources

Origin = Literal["resynthesised", "synthesised", "replayed", "estimated"]
"""How an outcome came about. Only a fresh run of the tool is called (re)synthesised."""


SYNTHESIS = "csynth"


@dataclass(frozen=True)
class Fault:
    """A fault of the surroundings or of the flow, for which a design has no result and is to be run again.

    ``step`` is what it met: :data:`SYNTHESIS` or the name of a further step. ``alike`` is the same text for all designs
    that meet the same fault, and None where others may well fare better. ``counts`` says that the tool began and came
    to no verdict, which can be the design's own doing: as often as is put up with, it is a result after all.
    """

    status: DesignStatus
    reason: str
    step: str = SYNTHESIS
    alike: str | None = None
    counts: bool = False
    started: bool = True
    """False where no run was started, as others had shown that it would meet the same."""


@dataclass(frozen=True)
class Outcome:
    """What became of one design. It is a result only where there are no ``faults``."""

    key: str
    point: Point | None
    """None for a cached design whose point is not known."""
    label: Label
    report: Report | None
    """The parsed csynth.xml; None for a failure and for a published label, which has none."""
    report_hash: str | None
    """SHA-256 of the csynth.xml."""
    origin: Origin
    seconds: float | None
    """How long the run took, where it is known."""
    started: str | None = None
    """When the run began, ISO 8601, where it is known."""
    faults: tuple[Fault, ...] = ()
    """Why this is no result; the label then says what happened, and is not to be taken for one of the design."""


Farm: TypeAlias = "Callable[[Any, Kernel, Sequence[Point]], Iterator[Outcome]]"
"""Runs designs of a backend that runs a tool (:class:`~pipeline.synthesis.backends.tool.ToolBackend`), in the order in
which they are done."""


class Backend(ABC):
    """Something that turns design points into outcomes under one flow.

    A backend of somebody else's says its name and flow, the address of a kernel's reports, and how points become
    outcomes; one that runs a tool is a :class:`~pipeline.synthesis.backends.tool.ToolBackend` and says how one design
    is run. All else has an answer here that holds where no tool is run.
    """

    name: str
    """What ``--backend`` calls it."""
    store: ReportStore
    """Where its reports lie."""
    runs_tool: ClassVar[bool] = False
    """Whether outcomes come from runs of a tool, which take long, may need a licence and can be spread by a farm."""
    replays: ClassVar[bool] = False
    """Whether outcomes come from the store alone, so that only what it holds can be picked."""

    estimates: ClassVar[bool] = False
    """Whether outcomes are estimates, which cost nothing."""
    knowledge: ClassVar[str | None] = None
    """The shipped knowledge that searches under it start from, by name."""
    steps: ClassVar[tuple[str, ...]] = ()
    """The steps beyond C synthesis that runs can take."""

    further: tuple[str, ...] = ()
    """Those that runs take."""

    @property
    @abstractmethod
    def flow(self) -> Flow:
        """Where the labels come from."""

    @abstractmethod
    def address_of(self, kernel: Kernel) -> Address:
        """Where the reports of a kernel lie in the store."""

    @abstractmethod
    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        """An outcome per point, in the points' order; a design that fails is an outcome too.

        Raises PipelineError only where no design of the kernel can be handled at all.
        """

    def outcomes(
        self, kernel: Kernel | None, designs: Sequence[tuple[str, Point | None]], farm: Farm | None = None
    ) -> Iterator[Outcome]:
        """An outcome per (key, point) whose point is known; ``farm`` spreads the runs of a backend that runs a tool.

        In the designs' order, with a farm in the order in which they are done. What is finished is in the store before
        it is handed on, so a kill loses only what is in flight. An outcome with faults is no result.
        """
        assert kernel is not None
        return self.synthesize(kernel, [point for _, point in designs if point is not None])

    @property
    def bounds(self) -> Bounds | None:
        """What a design may use up before its end is its own failure; None where no tool is run."""
        return None

    def afresh(self, store: ReportStore, *steps: str) -> Self:
        """This backend filing into another store, so that nothing of before is taken; itself where it makes nothing.

        ``steps`` are steps beyond C synthesis that its runs take too. Raises PipelineError where it cannot take them.
        """
        if steps:
            raise PipelineError(f"the backend {self.name} has no step {' and '.join(steps)}", fix="leave it out")
        other = copy.copy(self)
        other.store = store
        return other

    def tool_alone(self, written: Point, target: int) -> Self:
        """This backend running one design: ``written`` under the tool's own pragma for a design-wide performance.

        ``target`` is the cycles between two starts of the top function that the tool is asked for. Its reports have an
        address of their own. Raises PipelineError where the tool has no such pragma.
        """
        raise PipelineError(
            f"--baseline performance is a pragma of Vitis HLS 2025.2 or newer; the backend {self.name} does not run it",
            fix="leave it out, or use --backend vitis with such a version",
        )

    def step_labels(self, step: str, keys: Sequence[str]) -> dict[str, Label]:
        """The labels of a step beyond C synthesis, by design key; empty where runs do not take it."""
        return {}

    def sources(self, kernel: Kernel, point: Point) -> Sources | None:
        """What its tool is handed for a design; None where it hands nothing to a tool.

        Raises PipelineError where the point cannot be expressed.
        """
        return None
