"""Reports at random, in the order of loops and violations that the parser gives."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline.reports import (
    UNKNOWN,
    Latency,
    LoopReport,
    ModuleReport,
    PragmaMessage,
    Range,
    Report,
    Resources,
    Violation,
)

_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n\r")
_STATED = (
    st.text(_CHARACTERS, min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: text not in ("", "-", "?", "undef", "N/A"))
)
_NAMES = st.sampled_from(["L1", "L2", "Loop 1", "Latency", "TripCount", "Name", "range", "0th", "a<b>", "é"]) | _STATED
_TEXT = st.none() | _STATED
_FREE = st.just("") | _STATED
_NUMBER = st.integers(0, 50) | st.integers(0, 2**63 - 2).filter(lambda number: number != 2**32 - 1)
_COUNT = st.none() | _NUMBER
_SPAN = st.tuples(_NUMBER, _NUMBER).map(sorted)
_RANGE = (
    st.builds(Range, _COUNT, st.none()) | st.builds(Range, st.none(), _COUNT) | _SPAN.map(lambda ends: Range(*ends))
)
_PERIOD = st.none() | st.sampled_from([10.0, 3.33, 0.0]) | st.floats(0, allow_infinity=False, allow_nan=False)
_SLACK = st.none() | st.floats(allow_infinity=False, allow_nan=False)
_LATENCY = _RANGE.flatmap(lambda ends: st.builds(Latency, st.just(ends.minimum), _COUNT, st.just(ends.maximum)))
_RESOURCES = st.builds(Resources, _COUNT, _COUNT, _COUNT, _COUNT, _COUNT)
_PRAGMA = st.builds(
    PragmaMessage, _FREE, _TEXT, _FREE, _TEXT, _TEXT, st.booleans(), _FREE, st.lists(_STATED, max_size=2).map(tuple)
)


@st.composite
def _module(draw: st.DrawFn, name: str) -> ModuleReport:
    return ModuleReport(
        name, draw(_TEXT), draw(_LATENCY), draw(_RANGE), draw(_PERIOD), draw(_PERIOD), draw(_PERIOD), draw(_RESOURCES)
    )


@st.composite
def _loop(draw: st.DrawFn, module: str, parent: int | None, depth: int) -> LoopReport:
    pipelined = draw(st.sampled_from([True, False, None]))
    pipeline_depth = UNKNOWN if pipelined is False else draw(_RANGE)
    return LoopReport(
        name=draw(_NAMES),
        module=module,
        parent=parent,
        depth=depth,
        trip_count=draw(_RANGE),
        initiation_interval=draw(_RANGE),
        pipeline_depth=pipeline_depth,
        iteration_latency=pipeline_depth if pipelined else draw(_RANGE),
        latency=draw(_RANGE),
        pipelined=pipelined,
        slack_ns=draw(_SLACK),
    )


@st.composite
def _loops(draw: st.DrawFn, tables: list[str]) -> tuple[LoopReport, ...]:
    """A forest over the modules: each table's outermost loops lie in one place, callers before callees."""
    shapes = {name: draw(st.lists(st.integers(0, 3), max_size=4)) for name in tables}
    parents: dict[str, list[int | None]] = {}
    for name, shape in shapes.items():
        parents[name] = [None if up == 0 or index < up else index - up for index, up in enumerate(shape)]
    around: dict[str, tuple[str, int] | None] = {}
    settled: list[tuple[str, int]] = []
    for name in tables[:1] + draw(st.permutations(tables[1:])):
        around[name] = draw(st.sampled_from([None, *settled])) if name != tables[0] else None
        settled.extend((name, index) for index in range(len(shapes[name])))

    loops: list[LoopReport] = []

    def place(name: str, index: int, parent: int | None, depth: int) -> None:
        loops.append(draw(_loop(name, parent, depth)))
        here = len(loops) - 1
        for inner, up in enumerate(parents[name]):
            if up == index:
                place(name, inner, here, depth + 1)
        for other in tables:
            if around[other] == (name, index):
                outermost(other, here, depth + 1)

    def outermost(name: str, parent: int | None, depth: int) -> None:
        for index, up in enumerate(parents[name]):
            if up is None:
                place(name, index, parent, depth)

    for name in tables:
        if around[name] is None:
            outermost(name, None, 0)
    return tuple(loops)


@st.composite
def _violations(draw: st.DrawFn, tables: list[str]) -> tuple[Violation, ...]:
    found: list[Violation] = []
    for name in tables:
        if draw(st.booleans()):
            found.append(Violation(name, None, draw(_STATED), draw(_FREE), draw(_TEXT)))
        for loop in draw(st.lists(_NAMES, max_size=2)):
            found.append(Violation(name, loop, draw(_STATED), draw(_FREE), draw(_TEXT)))
    return tuple(found)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report that a csynth.xml can hold."""
    aggregate = draw(st.booleans())
    top = draw(_TEXT)
    names = draw(st.lists(_STATED, max_size=3, unique=True)) if aggregate else []
    names = [name for name in names if name != top]
    tables = [top or "", *names]
    if aggregate and top is not None and draw(st.booleans()):
        names = [*names, top]
    return Report(
        tool_version=draw(_TEXT),
        part=draw(_TEXT),
        family=draw(_TEXT),
        top=top,
        unit=draw(st.sampled_from(["ns", None])),
        flow_target=draw(_TEXT),
        pipeline_type=draw(_TEXT),
        clock_target_ns=draw(_PERIOD),
        clock_uncertainty_ns=draw(_PERIOD),
        clock_estimated_ns=draw(_PERIOD.filter(lambda period: period is not None)),
        latency=draw(_LATENCY),
        interval=draw(_RANGE),
        used=draw(_RESOURCES),
        available=draw(_RESOURCES),
        loops=draw(_loops(tables)),
        modules=tuple(draw(_module(name)) for name in names),
        violations=draw(_violations(tables)),
        pragmas=tuple(draw(st.lists(_PRAGMA, max_size=2))),
        aggregate=aggregate,
    )
