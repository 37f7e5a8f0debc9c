"""Loop tables, and the one loop tree that they and the instance hierarchy make up.

Since 2021.1 Vitis HLS moves each pipelined loop into an RTL module of its own, so a nest is spread over
tables. It is put together by what the report says about instances (``RTLDesignHierarchy`` and each
loop's ``InstanceList``), never by taking names apart: names are joined, cut and numbered by the tool.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from lxml import etree

from pipeline.reports.elements import Elements, Section, known, name_of, section, text_of
from pipeline.reports.report import UNKNOWN, LoopReport, Range

METRICS = frozenset(
    {
        "TripCount",
        "Latency",
        "IterationLatency",
        "PipelineII",
        "PipelineDepth",
        "PipelineType",
        "AbsoluteTimeLatency",
        "InstanceList",
        "Slack",
        "isPerfectNested",
        "PerformancePragma",
        "Name",
    }
)
"""Children of a loop's element that are its metrics and not loops inside it."""

_LOOP_MARKS = (
    *("TripCount", "Latency", "IterationLatency", "PipelineII", "PipelineDepth"),
    *("Slack", "AbsoluteTimeLatency", "PipelineType", "InstanceList"),
)


@dataclass(slots=True)
class TableRow:
    """One loop of one table. ``parent`` is the index of the enclosing row of the same table."""

    tag: str
    name: str
    parent: int | None
    trip_count: Range
    initiation_interval: Range
    pipeline_depth: Range
    iteration_latency: Range
    latency: Range
    pipelined: bool | None
    slack_ns: float | None
    instances: tuple[str, ...] | None
    """RTL instances inside the loop; None where the tool version does not say (before 2022.1)."""


@dataclass(slots=True)
class Table:
    """The loops of one module in document order, an enclosing loop before those inside it."""

    module: str
    rows: list[TableRow] = field(default_factory=list)


def is_loop(element: etree._Element) -> bool:
    """Whether a child of a loop table or of a loop is a loop.

    A loop may be labelled like a metric and a later version may add metrics, so what decides is whether
    the element holds metrics itself. A metric holds text, or a nested range.
    """
    return len(element) > 0 and next(element.iterchildren(*_LOOP_MARKS), None) is not None


def read_table(read: Elements, table: etree._Element | None, module: str) -> Table:
    """The loops below a ``SummaryOfLoopLatency`` element, in either flavour."""
    result = Table(module)
    if table is None:
        return result
    pending: list[tuple[etree._Element, int | None]] = [(item, None) for item in reversed(table) if is_loop(item)]
    while pending:
        element, parent = pending.pop()
        inner: list[etree._Element] = []
        metrics: Section = {}
        for item in element:
            if len(item) and is_loop(item):
                inner.append(item)
            else:
                metrics.setdefault(name_of(item.tag), item)
        result.rows.append(_row(read, element, metrics, parent))
        index = len(result.rows) - 1
        pending.extend((item, index) for item in reversed(inner))
    return result


def _row(read: Elements, element: etree._Element, metrics: Section, parent: int | None) -> TableRow:
    listed = metrics.get("InstanceList")
    row = TableRow(
        element.tag,
        text_of(metrics.get("Name")) or element.tag,
        parent,
        read.range(metrics.get("TripCount")),
        read.range(metrics.get("PipelineII")),
        read.range(metrics.get("PipelineDepth")),
        read.range(metrics.get("IterationLatency")),
        read.range(metrics.get("Latency")),
        _pipelined(metrics),
        read.period(metrics.get("Slack"), signed=True),
        None
        if listed is None
        else tuple(text for item in listed.iterchildren("Instance") if (text := known(item.text))),
    )
    # The aggregate states the iteration latency of an unpipelined loop once more as PipelineDepth.
    if row.pipelined is True:
        row.iteration_latency = row.pipeline_depth
    elif row.pipelined is False:
        if row.iteration_latency == UNKNOWN:
            row.iteration_latency = row.pipeline_depth
        row.pipeline_depth = UNKNOWN
    return row


def _pipelined(metrics: Section) -> bool | None:
    stated = metrics.get("PipelineType")
    if stated is not None:
        text = known(stated.text)
        # Free text that differs between versions: "yes", "no", "none", "loop auto-rewind stp(...)", ...
        return None if text is None else not text.lower().startswith(("no", "dataflow"))
    if "PipelineII" in metrics:
        return True
    return False if "IterationLatency" in metrics else None


def merged(first: Table, second: Table) -> Table:
    """One table out of two of the same module: what ``first`` does not know is taken from ``second``.

    The top module stands in the aggregate twice. Where the two differ in structure they are not mixed:
    then ``first`` stands, unless it is empty.
    """
    if not first.rows:
        return Table(first.module, second.rows)
    if [(row.tag, row.parent) for row in first.rows] != [(row.tag, row.parent) for row in second.rows]:
        return first
    rows: list[TableRow] = []
    for one, other in zip(first.rows, second.rows, strict=True):
        alike = one.pipelined == other.pipelined
        rows.append(
            replace(
                one,
                trip_count=_better(one.trip_count, other.trip_count),
                initiation_interval=_better(one.initiation_interval, other.initiation_interval),
                pipeline_depth=_better(one.pipeline_depth, other.pipeline_depth) if alike else one.pipeline_depth,
                iteration_latency=_better(one.iteration_latency, other.iteration_latency)
                if alike
                else one.iteration_latency,
                latency=_better(one.latency, other.latency),
                slack_ns=other.slack_ns if one.slack_ns is None else one.slack_ns,
                instances=one.instances or other.instances,
            )
        )
    return Table(first.module, rows)


def _better(one: Range, other: Range) -> Range:
    return other if one == UNKNOWN else one


@dataclass(frozen=True, slots=True)
class RtlInstance:
    """An RTL instance of a module inside another."""

    caller: str
    instance: str
    module: str


def read_calls(hierarchy: etree._Element | None, top: str) -> tuple[RtlInstance, ...]:
    """The instances below ``RTLDesignHierarchy/TopModule``, each (caller, instance, module) once."""
    calls: dict[RtlInstance, None] = {}
    if hierarchy is None:
        return ()
    pending: deque[tuple[etree._Element, str]] = deque([(hierarchy, top)])
    while pending:
        element, caller = pending.popleft()
        listed = section(element).get("InstancesList")
        if listed is None:
            continue
        for instance in listed.iterchildren("Instance"):
            parts = section(instance)
            name, module = text_of(parts.get("InstName")), text_of(parts.get("ModuleName"))
            if name is not None and module is not None:
                calls[RtlInstance(caller, name, module)] = None
                pending.append((instance, module))
    return tuple(calls)


_Place = tuple[int, int]
"""(index of the table, index of the row in it)."""

_OUTSIDE: None = None
"""Not inside any loop."""


def join(tables: Sequence[Table], calls: Iterable[RtlInstance], top: str) -> tuple[LoopReport, ...]:
    """All loops of all tables as one forest, each loop once, an enclosing loop before those inside it.

    The outermost loops of a module lie inside the loop that instantiates the module. A module without
    such a loop takes the place of the module that calls it. Where a module is instantiated several
    times in different places, or the report does not tell the place (no ``InstanceList``, no
    hierarchy), they have no parent. Loops with the same parent are ordered: those of the parent's
    module (for roots: of the first table) in table order, then those of the other tables in turn.
    """
    places = _places(tables, calls, top)
    inside: dict[_Place, list[_Place]] = {}
    own: dict[_Place, list[_Place]] = {}
    roots: list[_Place] = []
    for number, table in enumerate(tables):
        around = places.get(table.module)
        for index, row in enumerate(table.rows):
            here = (number, index)
            if row.parent is not None:
                own.setdefault((number, row.parent), []).append(here)
            elif around is not None:
                inside.setdefault(around, []).append(here)
            else:
                roots.append(here)
    loops: list[LoopReport] = []
    pending: list[tuple[_Place, int | None, int]] = [(place, None, 0) for place in reversed(roots)]
    while pending:
        place, parent, depth = pending.pop()
        table, row = tables[place[0]], tables[place[0]].rows[place[1]]
        loops.append(
            LoopReport(
                row.name,
                table.module,
                parent,
                depth,
                row.trip_count,
                row.initiation_interval,
                row.pipeline_depth,
                row.iteration_latency,
                row.latency,
                row.pipelined,
                row.slack_ns,
            )
        )
        index = len(loops) - 1
        below = own.get(place, []) + inside.get(place, [])
        pending.extend((other, index, depth + 1) for other in reversed(below))
    return tuple(loops)


def _places(tables: Sequence[Table], calls: Iterable[RtlInstance], top: str) -> dict[str, _Place | None]:
    """For each module whose place is known, the innermost loop around all its instances, or None for none.

    Modules are settled callers first, so a cycle of calls in a damaged report leaves its modules unsettled.
    """
    listed: dict[str, dict[str, _Place | None]] = {}
    silent: set[str] = set()
    for number, table in enumerate(tables):
        lists = [row.instances is not None for row in table.rows]
        if lists and not any(lists):
            silent.add(table.module)
        listed.setdefault(table.module, {}).update(_innermost(number, table))

    callers: dict[str, list[RtlInstance]] = {}
    callees: dict[str, list[str]] = {}
    for call in calls:
        callers.setdefault(call.module, []).append(call)
        callees.setdefault(call.caller, []).append(call.module)

    known_places: dict[str, _Place | None] = {} if top in callers else {top: _OUTSIDE}
    waiting = {module: len(group) for module, group in callers.items()}
    ready = deque([top] if top not in callers else [])
    while ready:
        caller = ready.popleft()
        for module in callees.get(caller, ()):
            waiting[module] -= 1
            if waiting[module]:
                continue
            found: set[_Place | None] = set()
            certain = True
            for call in callers[module]:
                rows = listed.get(call.caller, {})
                if call.instance in rows:
                    place = rows[call.instance]
                    certain = certain and place is not None
                    found.add(place)
                elif call.caller in silent or call.caller not in known_places:
                    certain = False
                else:
                    found.add(known_places[call.caller])
            if certain and len(found) == 1:
                known_places[module] = found.pop()
            ready.append(module)
    return known_places


def _innermost(number: int, table: Table) -> dict[str, _Place | None]:
    """For each instance named in a table the innermost loop that names it; None where two separate loops do."""
    named: dict[str, list[int]] = {}
    for index, row in enumerate(table.rows):
        for instance in row.instances or ():
            named.setdefault(instance, []).append(index)
    result: dict[str, _Place | None] = {}
    for instance, rows in named.items():
        deepest = rows[-1]
        chain = {deepest}
        above = table.rows[deepest].parent
        while above is not None:
            chain.add(above)
            above = table.rows[above].parent
        result[instance] = (number, deepest) if chain.issuperset(rows) else None
    return result
