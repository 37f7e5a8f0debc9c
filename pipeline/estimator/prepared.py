"""A kernel prepared once, then an estimate or a report per design point."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.errors import PipelineError
from pipeline.estimator.area import resources
from pipeline.estimator.as_report import as_report
from pipeline.estimator.cycles import Whole, exactly, plus, whole
from pipeline.estimator.device import Device, load_device
from pipeline.estimator.facts import Facts, gather
from pipeline.estimator.nest import Nest
from pipeline.estimator.points import Point, PointReader
from pipeline.estimator.schedule import Iterations, Schedule, outermost, schedule
from pipeline.estimator.transfer import Transfer, copy_cycles, tile_cycles, transfers
from pipeline.estimator.walk import build
from pipeline.kernels.model import Kernel
from pipeline.reports.counts import Resources
from pipeline.reports.report import Report
from pipeline.terms import Dialect

VERSION = "0.8"
"""Of the model: a change that moves any estimate changes it."""


def version(device: Device) -> str:
    """:data:`VERSION`, with the hash of the constants where the device is calibrated."""
    return f"{VERSION}+{device.calibration}" if device.calibration else VERSION


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is estimated of one design: cycles of the top function, those of copies alone, schedule, resources."""

    cycles: Whole
    """Best, average and worst; None where no bound is known."""
    copied: int
    schedule: Schedule
    used: Resources


@dataclass(frozen=True, slots=True)
class WalkedKernel:
    """A kernel whose syntax tree was walked; estimating a point does not touch the tree again."""

    kernel: Kernel
    device: Device
    nest: Nest
    facts: Facts
    points: PointReader
    outermost: tuple[int, ...]
    wide: tuple[Transfer, ...]
    narrow: tuple[Transfer, ...]
    iterations: tuple[Iterations, Iterations] = field(
        default_factory=lambda: ({}, {}), init=False, repr=False, compare=False
    )
    """What designs share, of plain Vitis and behind Merlin; another device begins anew."""

    @property
    def version(self) -> str:
        """The estimator's version, which says whether it was calibrated."""
        return version(self.device)

    def moved(self, dialect: str) -> tuple[Transfer, ...]:
        """The copies of the arguments under a flow."""
        if self.points.native:
            return ()
        return self.wide if dialect == Dialect.MERLIN else self.narrow

    def meant(self, dialect: str) -> str:
        """The dialect of a point's values: of a kernel in the tool's own terms its own, whatever the flow is called."""
        return self.kernel.dialect if self.points.native and dialect == Dialect.MERLIN else dialect

    def figures(self, point: Point, dialect: str = Dialect.MERLIN) -> Estimate:
        """The figures of one design, without a report's dress; otherwise as :meth:`estimate`."""
        dialect = self.meant(dialect)
        choices = self.points.choices(point, dialect)
        merlin = dialect == Dialect.MERLIN
        moved = self.moved(dialect)
        rules = self.device.flows[Dialect.MERLIN if merlin else Dialect.VITIS_PLAIN]
        native = self.points.native and not merlin
        plan = schedule(
            self.points.nest_of(point),
            self.facts,
            self.device,
            rules,
            choices,
            self.outermost,
            merlin,
            native,
            self.iterations[merlin],
        )
        again, tiled = tile_cycles(plan.design) if merlin else (0, set())
        copied = again + copy_cycles(moved, rules, tiled)
        used = resources(plan, moved, self.device)
        return Estimate(whole(plus(plan.latency, exactly(copied))), copied, plan, used)

    def estimate(self, point: Point, dialect: str = Dialect.MERLIN) -> Report:
        """The report of one design.

        ``dialect`` says what the point means. ``merlin``: one value per site of the kernel. ``vitis-plain``: sites
        named after the i-th ``for`` loop of the file, PARALLEL an unroll factor, PIPELINE blank for a directive,
        ``off`` for none allowed and empty for none given; a site that is not named has no directive.
        PipelineError for a point that does not fit.
        """
        found = self.figures(point, dialect)
        top = self.kernel.top
        dialect = self.meant(dialect)
        return as_report(top, found.cycles, found.schedule, found.used, self.device, dialect, self.version)


def prepare(kernel: Kernel, device: Device | None = None) -> WalkedKernel:
    """Walk a kernel once; the default device is the U200.

    PipelineError, with the place, for what has no known cost: recursion, calls of functions that are not in the
    file, pointers that stand for no named array.
    """
    device = device or load_device()
    try:
        nest = build(kernel, device)
        facts = gather(nest)
    except RecursionError:
        raise PipelineError("the kernel nests too deeply to be estimated", file=kernel.file) from None
    port = device.memory["port_bytes"]
    return WalkedKernel(
        kernel,
        device,
        nest,
        facts,
        PointReader.of(kernel, nest),
        outermost(nest),
        transfers(nest.memories, port),
        transfers(nest.memories, port, wide=False),
    )


def estimate(kernel: Kernel, point: Point, device: Device | None = None) -> Report:
    """The report of one design; use :func:`prepare` for more than one."""
    return prepare(kernel, device).estimate(point)
