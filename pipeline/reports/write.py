"""From a :class:`~pipeline.reports.report.Report` to a csynth.xml, in the layout of Vitis HLS since 2023.2.

For reports that do not come from a tool, such as an estimator's. The version written is the one that the
report states, so such a file names what made it where a tool's would name the tool.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields

from lxml import etree

from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.parse import parse_report
from pipeline.reports.report import Latency, LoopReport, ModuleReport, Range, Report
from pipeline.terms import Resource

_UNKNOWN = "undef"
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_FIX = "see the docstring of write_report for what a csynth.xml can hold"


def write_report(report: Report, *, generator: str | None = None) -> bytes:
    """A csynth.xml that reads back as ``report``; the same bytes for the same values.

    ``generator`` names the program that made the values; it stands in ``ReportVersion/Generator``, an
    element that the tools do not write. Unknown numbers are written as ``undef``.

    What is written is read back and compared. Raises PipelineError, naming the field, for a report that a
    csynth.xml cannot hold: no figure at all, a range that runs backwards, a count that stands for "not known"
    (:mod:`pipeline.reports.figures`), text that XML does not allow or that is surrounded by space, a loop or a
    violation of a module that is not in ``modules``, loops in another order than that of the parser
    (:func:`pipeline.reports.loops.join`), outermost loops of one module under several parents, or an
    iteration latency of a pipelined loop that differs from its pipeline depth.
    """
    try:
        data = _serialised(report, generator)
    except ValueError as error:
        raise PipelineError(f"report of {report.top!r} cannot be written as XML: {error}", fix=_FIX) from None
    read_back = parse_report(data, file=f"written report of {report.top!r}")
    if read_back != report:
        names = [item.name for item in fields(Report) if getattr(report, item.name) != getattr(read_back, item.name)]
        odd = f" ({read_back.warnings[0]})" if read_back.warnings else ""
        raise PipelineError(
            f"report of {report.top!r} cannot be written: {', '.join(names)} would read back differently{odd}", fix=_FIX
        )
    return data


def _serialised(report: Report, generator: str | None) -> bytes:
    root = etree.Element("profile")
    version = etree.SubElement(root, "ReportVersion")
    _text(version, "Version", report.tool_version)
    _text(version, "Generator", generator)

    assignments = etree.SubElement(root, "UserAssignments")
    _text(assignments, "unit", report.unit)
    _text(assignments, "ProductFamily", report.family)
    _text(assignments, "Part", report.part)
    _text(assignments, "TopModelName", report.top)
    _text(assignments, "TargetClockPeriod", _decimal(report.clock_target_ns, 2))
    _text(assignments, "ClockUncertainty", _decimal(report.clock_uncertainty_ns, 2))
    _text(assignments, "FlowTarget", report.flow_target)

    tables = _Tables(report)
    top = report.top or ""
    performance = etree.SubElement(root, "PerformanceEstimates")
    _text(performance, "PipelineType", report.pipeline_type)
    timing = etree.SubElement(performance, "SummaryOfTimingAnalysis")
    _text(timing, "unit", "ns")
    _text(timing, "EstimatedClockPeriod", _decimal(report.clock_estimated_ns, 3))
    summary = etree.SubElement(performance, "SummaryOfOverallLatency")
    _text(summary, "unit", "clock cycles")
    _latency(summary, report.latency, _period(report.clock_target_ns, report.clock_estimated_ns))
    _text(summary, "Interval-min", _count(report.interval.minimum))
    _text(summary, "Interval-max", _count(report.interval.maximum))
    tables.write_loops(performance, top, named=False)
    _violations(performance, report, top)

    area = etree.SubElement(root, "AreaEstimates")
    _resources(etree.SubElement(area, "Resources"), report.used)
    _resources(etree.SubElement(area, "AvailableResources"), report.available)

    if report.aggregate:
        _hierarchy(root, report, tables)
        information = etree.SubElement(root, "ModuleInformation")
        for module in report.modules:
            _module(information, report, module, tables)
    if report.pragmas:
        _pragmas(root, report)
    return etree.tostring(root, pretty_print=True, encoding="ascii", xml_declaration=False)


class _Tables:
    """The loops of a report by module, and which module is instantiated inside which loop."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.roots: dict[str, list[int]] = {}
        self.children: dict[int, list[int]] = {}
        self.instances: dict[int, dict[str, None]] = {}
        """Modules instantiated inside a loop, in order."""
        self.caller: dict[str, str] = {}
        for index, loop in enumerate(report.loops):
            if loop.parent is None:
                self.roots.setdefault(loop.module, []).append(index)
                continue
            if not 0 <= loop.parent < index:
                raise ValueError(f"loop {index} has the parent {loop.parent}, which does not stand before it")
            around = report.loops[loop.parent].module
            if around == loop.module:
                self.children.setdefault(loop.parent, []).append(index)
            else:
                self.roots.setdefault(loop.module, []).append(index)
                self.instances.setdefault(loop.parent, {})[loop.module] = None
                self.caller.setdefault(loop.module, around)
        self.number = {module.name: index for index, module in enumerate(report.modules, start=1)}

    def instance(self, module: str) -> str:
        """The name of a module's RTL instance."""
        return f"grp_{module}_fu_{self.number.get(module, 0)}"

    def write_loops(self, performance: etree._Element, module: str, *, named: bool) -> None:
        """``SummaryOfLoopLatency`` of a module; ``named`` for the flavour of ModuleInformation."""
        if not self.roots.get(module):
            return
        table = etree.SubElement(performance, "SummaryOfLoopLatency")
        pending = [(index, table) for index in reversed(self.roots[module])]
        while pending:
            index, parent = pending.pop()
            element = self._loop(parent, index, named=named)
            pending.extend((inner, element) for inner in reversed(self.children.get(index, ())))

    def write_tree(self, entry: etree._Element, module: str) -> None:
        """``Loops``: the bare tree of a module's loops."""
        tree = etree.SubElement(entry, "Loops")
        pending = [(index, tree) for index in reversed(self.roots.get(module, ()))]
        while pending:
            index, parent = pending.pop()
            element = etree.SubElement(parent, _tag(self.report.loops[index].name))
            pending.extend((inner, element) for inner in reversed(self.children.get(index, ())))

    def _loop(self, parent: etree._Element, index: int, *, named: bool) -> etree._Element:
        loop = self.report.loops[index]
        element = etree.SubElement(parent, _tag(loop.name))
        if named or element.tag != loop.name:
            _text(element, "Name", loop.name)
        if loop.slack_ns is not None:
            _text(element, "Slack", _decimal(loop.slack_ns, 2))
        _nested_range(element, "TripCount", loop.trip_count)
        if named:
            _text(element, "Latency", _flat_range(loop.latency))
            _text(element, "AbsoluteTimeLatency", self._time(loop))
        else:
            _nested_range(element, "Latency", loop.latency)
        if loop.pipelined is not True:
            _nested_range(element, "IterationLatency", loop.iteration_latency)
        if loop.pipelined is not False or loop.initiation_interval != Range(None, None):
            _nested_range(element, "PipelineII", loop.initiation_interval)
        if loop.pipelined is not False:
            _text(element, "PipelineDepth", _flat_range(loop.pipeline_depth))
        elif named:
            _text(element, "PipelineDepth", _flat_range(loop.iteration_latency))
        inferred = element.find("PipelineII") is not None
        if named or loop.pipelined is not inferred:
            _text(element, "PipelineType", {True: "yes", False: "no", None: _UNKNOWN}[loop.pipelined])
        listed = etree.SubElement(element, "InstanceList")
        for module in self.instances.get(index, ()):
            _text(listed, "Instance", self.instance(module))
        return element

    def _time(self, loop: LoopReport) -> str:
        cycles = loop.latency.exact
        period = _period(self.report.clock_target_ns, self.report.clock_estimated_ns)
        return _UNKNOWN if cycles is None or period is None else _real_time(cycles * period)


def _hierarchy(root: etree._Element, report: Report, tables: _Tables) -> None:
    top = report.top or ""
    called: dict[str, list[str]] = {}
    for module in report.modules:
        if module.name != top:
            called.setdefault(tables.caller.get(module.name, top), []).append(module.name)
    element = etree.SubElement(etree.SubElement(root, "RTLDesignHierarchy"), "TopModule")
    _text(element, "ModuleName", report.top)
    pending = [(element, top)]
    while pending:
        parent, caller = pending.pop()
        if caller not in called:
            continue
        listed = etree.SubElement(parent, "InstancesList")
        for name in called.pop(caller):
            instance = etree.SubElement(listed, "Instance")
            _text(instance, "InstName", tables.instance(name))
            _text(instance, "ModuleName", name)
            _text(instance, "ID", str(tables.number[name]))
            pending.append((instance, name))


def _module(information: etree._Element, report: Report, module: ModuleReport, tables: _Tables) -> None:
    entry = etree.SubElement(information, "Module")
    _text(entry, "Name", module.name)
    if tables.roots.get(module.name):
        tables.write_tree(entry, module.name)
    performance = etree.SubElement(entry, "PerformanceEstimates")
    timing = etree.SubElement(performance, "SummaryOfTimingAnalysis")
    _text(timing, "TargetClockPeriod", _decimal(module.clock_target_ns, 2))
    _text(timing, "ClockUncertainty", _decimal(module.clock_uncertainty_ns, 2))
    _text(timing, "EstimatedClockPeriod", _decimal(module.clock_estimated_ns, 3))
    summary = etree.SubElement(performance, "SummaryOfOverallLatency")
    _latency(summary, module.latency, _period(module.clock_target_ns, module.clock_estimated_ns))
    _text(summary, "PipelineInitiationInterval", _flat_range(module.interval))
    _text(summary, "PipelineType", module.pipeline_type)
    tables.write_loops(performance, module.name, named=True)
    _violations(performance, report, module.name)
    area = etree.SubElement(etree.SubElement(entry, "AreaEstimates"), "Resources")
    _resources(area, module.used, report.available)


def _violations(performance: etree._Element, report: Report, module: str) -> None:
    """``SummaryOfViolations`` of a module; the loops stand in one list, each with its name."""
    stated = [violation for violation in report.violations if violation.module == module]
    whole = next((violation for violation in stated if violation.loop is None), None)
    summary = etree.SubElement(performance, "SummaryOfViolations")
    _text(summary, "IssueType", whole.issue if whole else "-")
    _text(summary, "ViolationType", (whole.kind if whole else "") or "-")
    _text(summary, "SourceLocation", (whole.location if whole else None) or "-")
    by_loop = [violation for violation in stated if violation.loop is not None]
    if by_loop:
        listed = etree.SubElement(summary, "SummaryOfLoopViolations")
        for violation in by_loop:
            assert violation.loop is not None
            element = etree.SubElement(listed, _tag(violation.loop))
            _text(element, "Name", violation.loop)
            _text(element, "IssueType", violation.issue)
            _text(element, "ViolationType", violation.kind or "-")
            _text(element, "SourceLocation", violation.location or "-")


def _pragmas(root: etree._Element, report: Report) -> None:
    listed = etree.SubElement(root, "PragmaReport")
    for pragma in report.pragmas:
        element = etree.SubElement(
            listed,
            "Pragma",
            {
                "type": pragma.kind,
                "location": pragma.location or "",
                "status": pragma.status,
                "parentFunction": pragma.function or "",
                "variable": pragma.variable or "",
                "isDirective": "1" if pragma.is_directive else "0",
                "options": pragma.options,
            },
        )
        for message in pragma.messages:
            etree.SubElement(element, "Msg", {"msg_body": message})


def _latency(summary: etree._Element, latency: Latency, period: float | None) -> None:
    cases = {"Best": latency.best, "Average": latency.average, "Worst": latency.worst}
    for case, cycles in cases.items():
        _text(summary, f"{case}-caseLatency", _count(cycles))
    for case, cycles in cases.items():
        time = _UNKNOWN if cycles is None or period is None else _real_time(cycles * period)
        _text(summary, f"{case}-caseRealTimeLatency", time)


def _resources(element: etree._Element, used: Resources, available: Resources | None = None) -> None:
    for name in Resource:
        value: int | None = getattr(used, name)
        if value is not None:
            _text(element, name.name, str(value))
        limit: int | None = getattr(available, name, None)
        if value is not None and limit is not None:
            # Per cent, cut to whole ones; the module tables say ~0 for less than one.
            percent = value * 100 // limit if limit else 0
            _text(element, f"AVAIL_{name.short}", str(limit))
            _text(element, f"UTIL_{name.short}", "~0" if value and not percent else str(percent))


def _text(parent: etree._Element, tag: str, text: str | None) -> None:
    """An element with text; none where the text is None."""
    if text is not None:
        etree.SubElement(parent, tag).text = text


def _count(value: int | None) -> str:
    return _UNKNOWN if value is None else str(value)


def _decimal(value: float | None, places: int) -> str:
    """As many places as the tools write where that is exact, else all that the value needs."""
    if value is None:
        return _UNKNOWN
    text = f"{value:.{places}f}" if abs(value) < 1e15 else repr(value)
    return text if float(text) == value else repr(value)


def _flat_range(value: Range) -> str:
    if value.minimum == value.maximum:
        return _count(value.minimum)
    low, high = (("?" if end is None else str(end)) for end in (value.minimum, value.maximum))
    return f"{low} ~ {high}"


def _nested_range(parent: etree._Element, tag: str, value: Range) -> None:
    if value.minimum == value.maximum:
        _text(parent, tag, _count(value.minimum))
        return
    ends = etree.SubElement(etree.SubElement(parent, tag), "range")
    _text(ends, "min", _count(value.minimum))
    _text(ends, "max", _count(value.maximum))


def _tag(name: str) -> str:
    """The element name of a loop: its name without spaces, and an underscore for what XML does not allow."""
    tag = _NOT_A_NAME.sub("_", name.replace(" ", ""))
    return tag if tag[:1].isalpha() or tag[:1] == "_" else f"_{tag}"


def _period(target: float | None, estimated: float | None) -> float | None:
    """The clock period at which the tools state times: the longer of the target and the estimate."""
    return None if target is None or estimated is None else max(target, estimated)


_UNITS: Sequence[tuple[str, float]] = (("ns", 1.0), ("us", 1e3), ("ms", 1e6))


def _real_time(nanoseconds: float) -> str:
    """A time as the tools write it: below 100 of a unit in that unit, three places; zero without."""
    if nanoseconds == 0:
        return "0 ns"
    for unit, scale in _UNITS:
        if nanoseconds / scale < 100:
            return f"{nanoseconds / scale:.3f} {unit}"
    return f"{nanoseconds / 1e9:.3f} sec"
