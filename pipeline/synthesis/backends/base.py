"""What every backend offers: design points in, outcomes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.design_space.keys import Point
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import Label, Status
from pipeline.reports.report import Report
from pipeline.synthesis.flow import Flow

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

    status: Status
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


class Backend(Protocol):
    """Something that turns design points into outcomes under one flow."""

    @property
    def name(self) -> str:
        """``vitis``, ``replay`` or ``estimator``."""
        ...

    @property
    def flow(self) -> Flow:
        """Where the labels come from."""
        ...

    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        """An outcome per point, in the points' order; a design that fails is an outcome too.

        Raises PipelineError only where no design of the kernel can be handled at all.
        """
        ...
