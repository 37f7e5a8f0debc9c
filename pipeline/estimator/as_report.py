"""An estimate in the shape of a tool's report, with the estimator's name where the tool's would stand."""

from __future__ import annotations

from pipeline.estimator.cycles import Cycles, Whole
from pipeline.estimator.device import Device
from pipeline.estimator.schedule import Row, Schedule
from pipeline.reports.counts import Resources
from pipeline.reports.report import UNKNOWN, Latency, LoopReport, ModuleReport, Range, Report
from pipeline.terms import Dialect


def as_report(
    top: str, cycles: Whole, plan: Schedule, used: Resources, device: Device, dialect: str, version: str
) -> Report:
    """The report of one design: latency and loops as estimated, no measured clock, one module."""
    latency = Latency(*cycles)
    interval = Range(*(None if end is None else end + 1 for end in (latency.best, latency.worst)))
    if plan.interval is not None:
        interval = _range(plan.interval)
    uncertainty = round(device.clock_ns * device.clock_uncertainty, 4)
    return Report(
        tool_version=f"estimator {version}",
        part=device.part,
        family=device.family,
        top=top,
        unit="ns",
        flow_target="merlin-like estimate" if dialect == Dialect.MERLIN else "vitis-like estimate",
        pipeline_type="no",
        clock_target_ns=device.clock_ns,
        clock_uncertainty_ns=uncertainty,
        clock_estimated_ns=None,
        latency=latency,
        interval=interval,
        used=used,
        available=device.available,
        loops=tuple(_loop(row, top) for row in plan.rows),
        modules=(ModuleReport(top, "no", latency, interval, device.clock_ns, uncertainty, None, used),),
        violations=(),
        pragmas=(),
        aggregate=True,
    )


def loop_name(row: Row, top: str) -> str:
    """What a report calls a loop that is left in hardware."""
    name = "_".join(node.loop.label or f"loop_{node.loop.index}" for node in (row.node, *row.merged))
    return name if row.function == top else f"{row.function}_{name}"


def _loop(row: Row, top: str) -> LoopReport:
    ii = Range(row.interval, row.interval) if row.pipelined else UNKNOWN
    iteration = _range(row.iteration)
    return LoopReport(
        name=loop_name(row, top),
        module=top,
        parent=row.parent,
        depth=row.depth,
        trip_count=_range(row.trips),
        initiation_interval=ii,
        pipeline_depth=iteration if row.pipelined else UNKNOWN,
        iteration_latency=iteration,
        latency=_range(row.latency),
        pipelined=row.pipelined,
    )


def _range(cycles: Cycles) -> Range:
    return Range(cycles[0], cycles[2])
