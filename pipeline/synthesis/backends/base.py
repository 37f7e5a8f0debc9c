"""What every backend offers: design points in, outcomes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.design_space.keys import Point
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import Label
from pipeline.reports.report import Report
from pipeline.synthesis.flow import Flow

Origin = Literal["resynthesised", "synthesised", "replayed", "estimated"]
"""How an outcome came about. Only a fresh run of the tool is called (re)synthesised."""


@dataclass(frozen=True)
class Outcome:
    """What became of one design."""

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
