"""From the bytes of a csynth.xml to a :class:`~pipeline.reports.report.Report`.

Reads the reports of Vivado HLS and Vitis HLS since 2015: the report of one module, and the aggregate that
Vitis HLS writes since 2020.2. Elements that are not known are passed over, an element that stands twice
where one is meant counts once (the first), and unknown values are None. An odd figure is unknown too, and
a warning says what stands there. Refused, with one PipelineError, is what is no whole report, and what
holds no figure at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from lxml import etree

from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.elements import Elements, Section, known, line_of, name_of, section, text_of
from pipeline.reports.figures import ordered, quoted
from pipeline.reports.loops import Table, join, merged, read_calls, read_table
from pipeline.reports.report import (
    MAX_BYTES,
    UNKNOWN,
    Latency,
    LoopReport,
    ModuleReport,
    PragmaMessage,
    Range,
    Report,
    Violation,
)

MALFORMED_FIX = "synthesise the design again, or remove the file"

MAX_NODES = 3_000_000
"""Most tags and attributes of a report that is read; with ``MAX_BYTES`` this bounds the memory."""

_PLACE = re.compile(r"\s*, line \d+, column \d+\Z")
"""The place at the end of a message of lxml; the error has it in fields of its own."""

_ENCODING = re.compile(rb"""(?<=\s)encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")

_LARGE_FIX = "check that the file is a csynth.xml; a report of this size is not read"
_NOT_REPORT_FIX = "give the csynth.xml of a solution's syn/report folder"


def read_report(path: Path) -> Report:
    """The report in a file. Raises PipelineError where it cannot be read or is no report.

    At most :data:`MAX_BYTES` are read.
    """
    file = str(path)
    try:
        if not path.is_file():
            problem = "is not a file" if path.exists() else "does not exist"
            raise PipelineError(problem, file=file, fix="check the path")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PipelineError(f"cannot be read: {error}", file=file, fix="check the path and its permissions") from error
    return parse_report(data, file=file)


def parse_report(data: bytes, *, file: str = "report") -> Report:
    """The report in the bytes of a csynth.xml; ``file`` names them in errors.

    Raises PipelineError, and nothing else, for what is not a whole, well-formed report with a figure in it: other
    data, a truncated or otherwise malformed document, another root, a document type (and so any entity), more than
    :data:`MAX_BYTES` or :data:`MAX_NODES`. What is odd within a report stands in :attr:`Report.warnings`.
    """
    document = read_document(data, file)
    root = section(document)
    read = Elements()
    if "PerformanceEstimates" not in root and "AreaEstimates" not in root:
        raise PipelineError(
            "profile holds neither PerformanceEstimates nor AreaEstimates, so it is no synthesis report",
            file=file,
            line=line_of(document),
            fix=_NOT_REPORT_FIX,
        )
    assignments = section(root.get("UserAssignments"))
    performance = section(root.get("PerformanceEstimates"))
    timing = section(performance.get("SummaryOfTimingAnalysis"))
    summary = section(performance.get("SummaryOfOverallLatency"))
    area = section(root.get("AreaEstimates"))
    unit = read.unit(assignments.get("unit"))
    hierarchy = section(root.get("RTLDesignHierarchy")).get("TopModule")
    top_module = text_of(section(hierarchy).get("ModuleName"))
    top = text_of(assignments.get("TopModelName")) or top_module
    top_module = top_module or top or ""
    entries = _entries(read, root.get("ModuleInformation"))
    report = Report(
        tool_version=text_of(section(root.get("ReportVersion")).get("Version")),
        part=text_of(assignments.get("Part")),
        family=text_of(assignments.get("ProductFamily")),
        top=top,
        unit=None if unit is None or text_of(assignments.get("unit")) is None else "ns",
        flow_target=text_of(assignments.get("FlowTarget")),
        pipeline_type=text_of(performance.get("PipelineType")),
        clock_target_ns=read.period(assignments.get("TargetClockPeriod"), unit),
        clock_uncertainty_ns=read.period(assignments.get("ClockUncertainty"), unit),
        clock_estimated_ns=read.period(timing.get("EstimatedClockPeriod"), read.unit(timing.get("unit"))),
        latency=_latency(read, summary),
        interval=_interval(read, summary),
        used=read.resources(area.get("Resources")),
        available=read.resources(area.get("AvailableResources")),
        loops=_loops(read, performance, entries, hierarchy, top_module),
        modules=tuple(_module(read, entry) for entry in entries),
        violations=_violations(performance, entries, top_module),
        pragmas=_pragmas(root.get("PragmaReport")),
        aggregate="ModuleInformation" in root,
    )
    if not _has_figures(report):
        odd = f" ({read.warnings[0]})" if read.warnings else ""
        raise PipelineError(f"holds no figure: no latency, clock or resource{odd}", file=file, fix=MALFORMED_FIX)
    return replace(report, warnings=read.warnings)


def _has_figures(report: Report) -> bool:
    """Whether anything is known of the design, or of a module or loop in it."""
    stated: list[object] = [report.latency, report.interval, report.used]
    for module in report.modules:
        stated += [module.latency, module.interval, module.used]
    for loop in report.loops:
        stated += [loop.trip_count, loop.latency]
    return report.clock_estimated_ns is not None or any(
        item not in (Latency(), UNKNOWN, Resources()) for item in stated
    )


def read_document(data: bytes, file: str) -> etree._Element:
    """The root element ``profile`` of a document that is safe to hold in memory."""
    if len(data) > MAX_BYTES:
        raise PipelineError(f"more than the {MAX_BYTES} bytes that a report may have", file=file, fix=_LARGE_FIX)
    if not data or data.isspace():
        raise PipelineError("the file is empty", file=file, fix=MALFORMED_FIX)
    data = _in_utf8(data)
    if b"\0" in data[:1024]:
        raise PipelineError("binary data, where text is expected", file=file, fix=_NOT_REPORT_FIX)
    # Entities are declared in a document type only, and no report has one: refused before anything expands.
    doctype = data.find(b"<!DOCTYPE")
    if doctype >= 0:
        line = data.count(b"\n", 0, doctype) + 1
        raise PipelineError("a document type is not allowed in a report", file=file, line=line, fix=MALFORMED_FIX)
    if len(data) > MAX_NODES and data.count(b"<") + data.count(b"=") > MAX_NODES:
        raise PipelineError(
            f"more than the {MAX_NODES} tags and attributes that a report may have", file=file, fix=_LARGE_FIX
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        text = (error.msg or "unknown").encode("ascii", "backslashreplace").decode()
        text = _PLACE.sub("", text)
        raise PipelineError(
            f"not well-formed XML: {text if len(text) <= 200 else text[:197] + '...'}",
            file=file,
            line=line if line > 0 else None,
            column=column if line > 0 and column > 0 else None,
            fix=MALFORMED_FIX,
        ) from None
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise PipelineError(f"not readable as XML: {ascii(str(error))[:200]}", file=file, fix=MALFORMED_FIX) from None
    # A declared encoding could have hidden the document type from the search above.
    if root.getroottree().docinfo.internalDTD is not None:
        raise PipelineError("a document type is not allowed in a report", file=file, line=1, fix=MALFORMED_FIX)
    if any(isinstance(tag, str) and tag.startswith("{") for tag in (root.tag, *(child.tag for child in root))):
        for element in root.iter(etree.Element):
            element.tag = etree.QName(element).localname
    if root.tag.lower() != "profile":
        raise PipelineError(
            f"the root element is {root.tag[:60]!a}, not 'profile'",
            file=file,
            line=line_of(root),
            fix=_NOT_REPORT_FIX,
        )
    return root


def _in_utf8(data: bytes) -> bytes:
    """The document in UTF-8, where it is in UTF-16 or holds bytes that are not of the encoding that it claims.

    The tools copy paths of sources into their reports as the system spells them. Such bytes are replaced, so a
    figure or a name that holds one is odd or another, and never half read.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark) and data[2:4] != b"\0\0":
            return _ENCODING.sub(b"", data[2:].decode(encoding, "replace").encode(), count=1)
    declared = _ENCODING.search(data, 0, 200)
    if declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        try:
            data.decode()
        except UnicodeDecodeError:
            return data.decode(errors="replace").encode()
    return data


def _in_cycles(read: Elements, summary: Section) -> bool:
    """Whether the figures of a summary are clock cycles, as they are where no unit stands."""
    stated = text_of(summary.get("unit"))
    if stated is None or stated.lower().removesuffix("s") in ("clock cycle", "cycle"):
        return True
    read.warn(f"SummaryOfOverallLatency is in {quoted(stated)}, not in clock cycles")
    return False


def _latency(read: Elements, summary: Section) -> Latency:
    """Unknown where the best case is above the worst: one of them is false, an overflow perhaps."""
    if not _in_cycles(read, summary):
        return Latency()
    best = read.count(summary.get("Best-caseLatency"), end="minimum")
    average = read.count(summary.get("Average-caseLatency"))
    worst = read.count(summary.get("Worst-caseLatency"), end="maximum")
    _, odd = ordered(best, worst)
    if odd is not None:
        read.warn(f"the latency {odd}")
        return Latency()
    return Latency(best, average, worst)


def _interval(read: Elements, summary: Section) -> Range:
    """The interval of a function: ``Interval-min`` and ``-max`` (roots), else ``PipelineInitiationInterval``."""
    low = read.count(summary.get("Interval-min"), end="minimum")
    high = read.count(summary.get("Interval-max"), end="maximum")
    stated, odd = ordered(low, high)
    if odd is not None:
        read.warn(f"the interval {odd}")
    return read.range(summary.get("PipelineInitiationInterval")) if (low, high) == (None, None) else stated


@dataclass(frozen=True, slots=True)
class _Entry:
    """One ``ModuleInformation/Module``: its name, its performance section and its resources."""

    name: str
    performance: Section
    resources: etree._Element | None


def _entries(read: Elements, modules: etree._Element | None) -> list[_Entry]:
    entries: list[_Entry] = []
    if modules is None:
        return entries
    for element in modules:
        if name_of(element.tag) != "Module":
            continue
        parts = section(element)
        name = text_of(parts.get("Name"))
        if name is None:
            read.warn("a module has no name and is left out")
            continue
        resources = section(parts.get("AreaEstimates")).get("Resources")
        entries.append(_Entry(name, section(parts.get("PerformanceEstimates")), resources))
    return entries


def _module(read: Elements, entry: _Entry) -> ModuleReport:
    timing = section(entry.performance.get("SummaryOfTimingAnalysis"))
    unit = read.unit(timing.get("unit"))
    summary = section(entry.performance.get("SummaryOfOverallLatency"))
    return ModuleReport(
        name=entry.name,
        pipeline_type=text_of(summary.get("PipelineType")),
        latency=_latency(read, summary),
        interval=_interval(read, summary),
        clock_target_ns=read.period(timing.get("TargetClockPeriod"), unit),
        clock_uncertainty_ns=read.period(timing.get("ClockUncertainty"), unit),
        clock_estimated_ns=read.period(timing.get("EstimatedClockPeriod"), unit),
        used=read.resources(entry.resources),
    )


def _loops(
    read: Elements,
    performance: Section,
    entries: list[_Entry],
    hierarchy: etree._Element | None,
    top_module: str,
) -> tuple[LoopReport, ...]:
    at_top = read_table(read, performance.get("SummaryOfLoopLatency"), top_module)
    tables: list[Table] = []
    for entry in entries:
        table = read_table(read, entry.performance.get("SummaryOfLoopLatency"), entry.name)
        if entry.name == top_module:
            at_top = merged(table, at_top)
        else:
            tables.append(table)
    return join([at_top, *tables], read_calls(hierarchy, top_module), top_module)


def _violations(performance: Section, entries: list[_Entry], top_module: str) -> tuple[Violation, ...]:
    """What the tool reports against the top module, then against the others in turn."""
    at_top: list[Violation] = []
    others: list[Violation] = []
    summary = performance.get("SummaryOfViolations")
    for entry in entries:
        stated = entry.performance.get("SummaryOfViolations")
        if entry.name != top_module:
            _collect(stated, entry.name, others)
        elif summary is None:
            summary = stated
    _collect(summary, top_module, at_top)
    return (*at_top, *others)


def _collect(summary: etree._Element | None, module: str, found: list[Violation]) -> None:
    if summary is None:
        return
    pending: list[tuple[etree._Element, bool]] = [(summary, False)]
    while pending:
        element, is_loop = pending.pop()
        parts = section(element)
        issue = text_of(parts.get("IssueType"))
        if issue is not None:
            found.append(
                Violation(
                    module=module,
                    loop=(text_of(parts.get("Name")) or element.tag) if is_loop else None,
                    issue=issue,
                    kind=text_of(parts.get("ViolationType")) or "",
                    location=text_of(parts.get("SourceLocation")),
                )
            )
        listed = element if is_loop else parts.get("SummaryOfLoopViolations")
        if listed is not None:
            # A loop's element holds elements, what is said about it holds text.
            pending.extend((item, True) for item in reversed(listed) if len(item))


def _pragmas(listed: etree._Element | None) -> tuple[PragmaMessage, ...]:
    if listed is None:
        return ()
    messages: list[PragmaMessage] = []
    for pragma in listed.iterchildren("Pragma"):
        said = cast("dict[str, str]", dict(pragma.items()))
        bodies = [known(item.get("msg_body")) for item in pragma.iterchildren("Msg")] if len(pragma) else ()
        messages.append(
            PragmaMessage(
                said.get("type", "").strip(),
                known(said.get("location")),
                said.get("status", "").strip(),
                known(said.get("parentFunction")),
                known(said.get("variable")),
                said.get("isDirective", "").strip() in ("1", "true"),
                said.get("options", "").strip(),
                tuple(body for body in bodies if body),
            )
        )
    return tuple(messages)
