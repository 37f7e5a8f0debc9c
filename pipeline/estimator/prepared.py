"""A kernel prepared once, then a report per design point."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.errors import PipelineError
from pipeline.estimator.area import resources
from pipeline.estimator.device import Device, load_device
from pipeline.estimator.facts import Facts, gather
from pipeline.estimator.nest import Nest
from pipeline.estimator.schedule import Choice, Cycles, Pipeline, Row, Schedule, outermost, schedule
from pipeline.estimator.transfer import Transfer, transfers
from pipeline.estimator.walk import build
from pipeline.kernels.model import Kernel
from pipeline.reports.report import UNKNOWN, Latency, LoopReport, ModuleReport, Range, Report, Resources

VERSION = "0.1"
"""Of the model: a change that moves any estimate changes it."""

Point: TypeAlias = Mapping[str, "int | str"]
"""A value per pragma site: an int for PARALLEL and TILE, ``off``, ``flatten`` or empty (coarse) for PIPELINE."""

MERLIN = "merlin"
VITIS_PLAIN = "vitis-plain"

_PLAIN_SITE = re.compile(r"__(PIPE|PARA)__L([0-9]{1,6})")
_LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Prepared:
    """A kernel whose syntax tree was walked; estimating a point does not touch the tree again."""

    kernel: Kernel
    device: Device
    nest: Nest
    facts: Facts
    outermost: tuple[int, ...]
    wide: tuple[Transfer, ...]
    narrow: tuple[Transfer, ...]
    sites: frozenset[str]

    def estimate(self, point: Point, dialect: str = MERLIN) -> Report:
        """The report of one design.

        ``dialect`` says what the point means. ``merlin``: one value per site of the kernel. ``vitis-plain``: sites
        named after the i-th ``for`` loop of the file, PARALLEL an unroll factor, PIPELINE blank for a directive,
        ``off`` for none allowed and empty for none given; a site that is not named has no directive.
        PipelineError for a point that does not fit.
        """
        if dialect == MERLIN:
            choices, copies, moved = self._merlin(point), True, self.wide
        elif dialect == VITIS_PLAIN:
            choices, copies, moved = self._plain(point), False, self.narrow
        else:
            raise PipelineError(f"unknown dialect '{dialect}'", fix=f"use {MERLIN} or {VITIS_PLAIN}")
        plan = schedule(self.nest, self.facts, self.device, choices, self.outermost, copies)
        return _report(self, plan, moved, choices, dialect)

    def _merlin(self, point: Point) -> dict[int, Choice]:
        if point.keys() != self.sites:
            raise self._misfit(point, self.sites)
        pipelines: dict[str, Pipeline] = {}
        factors: dict[str, int] = {}
        for name, value in point.items():
            if isinstance(value, str):
                try:
                    pipelines[name] = Pipeline(value)
                except ValueError:
                    raise self._wrong(name, value, "one of off, '' and flatten") from None
            else:
                factors[name] = self._factor(name, value)
        choices: dict[int, Choice] = {}
        for number, node in self.nest.loops.items():
            for site in (node.parallel, node.tile):
                if site is not None and site not in factors:
                    raise self._wrong(site, point[site], "a whole number from 1")
            if node.pipeline is not None and node.pipeline not in pipelines:
                raise self._wrong(node.pipeline, point[node.pipeline], "one of off, '' and flatten")
            choices[number] = Choice(
                pipelines[node.pipeline] if node.pipeline is not None else Pipeline.OFF,
                factors[node.parallel] if node.parallel is not None else 1,
                factors[node.tile] if node.tile is not None else 1,
            )
        return choices

    def _plain(self, point: Point) -> dict[int, Choice]:
        pipelines: dict[int, str] = {}
        factors: dict[int, int] = {}
        known = {loop.file_index for loop in self.kernel.loops if loop.file_index >= 0}
        for name, value in point.items():
            match = _PLAIN_SITE.fullmatch(name)
            if match is None or int(match[2]) not in known:
                raise PipelineError(
                    f"site {name!r} names no for loop of kernel '{self.kernel.name}'",
                    file=self.kernel.file,
                    fix=f"name the sites __PIPE__Li and __PARA__Li with i below {len(known)}",
                )
            place = int(match[2])
            if match[1] == "PARA":
                factors[place] = self._factor(name, value)
            elif isinstance(value, str) and (value in ("", "off") or not value.strip()):
                pipelines[place] = value
            else:
                raise self._wrong(name, value, "'', off or blanks")
        choices: dict[int, Choice] = {}
        for number, node in self.nest.loops.items():
            place = node.loop.file_index
            text = pipelines.get(place, "")
            # A pipeline directive unrolls every loop below (UG1399), as flatten does.
            asked = bool(text) and not text.strip()
            choices[number] = Choice(
                Pipeline.FLATTEN if asked else Pipeline.OFF, factors.get(place, 1), 1, automatic=text != "off"
            )
        return choices

    def _factor(self, name: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
            raise self._wrong(name, value, "a whole number from 1")
        return value

    def _wrong(self, name: str, value: object, wanted: str) -> PipelineError:
        return PipelineError(
            f"site {name} of kernel '{self.kernel.name}' has the value {str(value)[:40]!r}",
            file=self.kernel.file,
            fix=f"give {wanted}",
        )

    def _misfit(self, point: Point, sites: frozenset[str]) -> PipelineError:
        extra, missing = sorted(map(str, point.keys() - sites)), sorted(sites - point.keys())
        problem = f"lacks {', '.join(missing[:3])}" if missing else f"has {', '.join(extra[:3])}"
        return PipelineError(
            f"the point {problem}, which does not fit the sites of kernel '{self.kernel.name}'",
            file=self.kernel.file,
            fix="give one value for each site of the kernel",
        )


def prepare(kernel: Kernel, device: Device | None = None) -> Prepared:
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
    return Prepared(
        kernel,
        device,
        nest,
        facts,
        outermost(nest),
        transfers(nest.memories, port),
        transfers(nest.memories, port, wide=False),
        frozenset(site.name for site in kernel.sites),
    )


def estimate(kernel: Kernel, point: Point, device: Device | None = None) -> Report:
    """The report of one design; use :func:`prepare` for more than one."""
    return prepare(kernel, device).estimate(point)


def _report(
    prepared: Prepared, plan: Schedule, moved: tuple[Transfer, ...], choices: Mapping[int, Choice], dialect: str
) -> Report:
    device = prepared.device
    again = _refills(prepared, choices)
    burst = device.memory["burst_cycles"]
    copied = sum((item.cycles + burst) * again.get(item.array, 1) for item in moved)
    best, average, worst = (None if value is None else value + copied for value in plan.latency)
    latency = Latency(best, average, worst)
    interval = Range(None if best is None else best + 1, None if worst is None else worst + 1)
    used = resources(prepared.nest, plan, moved, device)
    top = prepared.kernel.top
    uncertainty = round(device.clock_ns * device.clock_uncertainty, 4)
    return Report(
        tool_version=f"estimator {VERSION}",
        part=device.part,
        family=device.family,
        top=top,
        unit="ns",
        flow_target="merlin-like estimate" if dialect == MERLIN else "vitis-like estimate",
        pipeline_type="no",
        clock_target_ns=device.clock_ns,
        clock_uncertainty_ns=uncertainty,
        clock_estimated_ns=None,
        latency=latency,
        interval=interval,
        used=used,
        available=device.available,
        loops=tuple(_loop(row, top) for row in plan.rows),
        modules=(_module(top, latency, interval, used, device.clock_ns, uncertainty),),
        violations=(),
        pragmas=(),
        aggregate=True,
    )


def _refills(prepared: Prepared, choices: Mapping[int, Choice]) -> dict[str, int]:
    """How often a tiled loop makes an array's buffer be filled, for arrays that are filled more than once.

    TILE moves the copies of the arrays that the loop walks over into the loop, so they come again with every
    iteration of the loops around it. On an outermost loop it only cuts one copy into several. Inside a loop whose
    bodies are copied it shows no such effect in the published labels.
    """
    again: dict[str, int] = {}
    for number, choice in choices.items():
        trips = prepared.nest.loops[number].loop.trip_count
        if choice.tile <= 1 or trips is None or choice.tile >= trips:
            continue
        outside = [outer for outer, known in prepared.facts.loops.items() if number in known.inside]
        if any(choices[outer].factor > 1 for outer in outside):
            continue
        around = math.prod(prepared.nest.loops[outer].loop.trip_count or 1 for outer in outside)
        for group in prepared.facts.loops[number].groups:
            if number in group.uses:
                again[group.array] = max(again.get(group.array, 1), around)
    return again


def _module(
    top: str, latency: Latency, interval: Range, used: Resources, clock: float, uncertainty: float
) -> ModuleReport:
    return ModuleReport(top, "no", latency, interval, clock, uncertainty, None, used)


def _loop(row: Row, top: str) -> LoopReport:
    parts = [row.node, *row.merged]
    name = "_".join(node.loop.label or f"loop_{node.loop.index}" for node in parts)
    if row.function != top:
        name = f"{row.function}_{name}"
    ii = Range(row.interval, row.interval) if row.pipelined else UNKNOWN
    iteration = _range(row.iteration)
    return LoopReport(
        name=name,
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
