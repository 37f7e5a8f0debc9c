"""What the user's own ``#pragma HLS`` ask of loops, functions and arrays, as the estimator's laws take it.

Read by :mod:`pipeline.kernels.own_pragmas`. Modelled: pipeline, unroll, loop_flatten, loop_tripcount, dependence,
dataflow, array_partition, array_reshape, and how many accesses a cycle ``bind_storage`` and ``interface`` leave. Not
modelled, so without effect on an estimate: bind_op, latency, inline, depths of streams, bursts, and what is further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipeline.kernels.model import Kernel, Loop
from pipeline.kernels.own_pragmas import (
    ArraySplit,
    Bind,
    Dataflow,
    DependencePragma,
    FunctionInstantiate,
    Inline,
    Interface,
    LatencyPragma,
    LoopFlatten,
    LoopTripcount,
    OtherPragma,
    OwnPragma,
    Pipeline,
    Stream,
    Unroll,
    in_force,
)
from pipeline.kernels.pragma_notices import place_of


@dataclass(frozen=True, slots=True)
class Written:
    """What is written at one place, a loop's body or a function's; None where it says nothing."""

    pipeline: Pipeline | None = None
    unroll: Unroll | None = None
    flatten: bool | None = None
    trips: LoopTripcount | None = None
    dataflow: bool = False
    dependences: tuple[DependencePragma, ...] = ()
    splits: tuple[ArraySplit, ...] = ()
    binds: tuple[Bind, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    streams: frozenset[str] = frozenset()
    """Variables between stages that pass element by element."""


NOTHING = Written()
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class AllWritten:
    """By loop id and by function; ``anything`` tells whether there is any ``#pragma HLS`` at all."""

    loops: Mapping[str, Written] = field(default_factory=dict)
    functions: Mapping[str | None, Written] = field(default_factory=dict)
    anything: bool = False

    def on_loop(self, loop: Loop) -> Written:
        """What stands in a loop's body, with the dependences that its function's body states for all loops."""
        here = self.loops.get(loop.id, NOTHING)
        around = self.functions.get(loop.function, NOTHING).dependences
        return replace(here, dependences=(*around, *here.dependences)) if around else here

    def in_function(self, name: str | None) -> Written:
        """What stands in a function's body outside loops."""
        return self.functions.get(name, NOTHING)

    def splits_of(self, function: str | None, variable: str) -> tuple[ArraySplit, ...]:
        """The partitions of a variable, wherever in the function they are written."""
        here = [item for one in self._in(function) for item in one.splits]
        return tuple(item for item in here if item.variable == variable and not item.off)

    def ports_of(self, function: str | None, variable: str) -> int | None:
        """Accesses a cycle that an array is bound to: one for memories of one port and for ports that pass an element
        at a time, None where nothing is said of it or it keeps the usual ones.
        """
        for one in self._in(function):
            if any(item.port == variable and item.mode in _SINGLE for item in one.interfaces):
                return 1
            if any(item.variable == variable and _one_port(item) for item in one.binds):
                return 1
        return None

    def channel_of(self, function: str | None, variable: str) -> str | None:
        """The bundle of an ``m_axi`` port; those that name none share one (UG1399, "config_interface": one port unless
        ``m_axi_auto_max_ports``).
        """
        found = (item for one in self._in(function) for item in one.interfaces)
        return next((item.bundle or "gmem" for item in found if item.port == variable and item.mode == "m_axi"), None)

    def _in(self, function: str | None) -> Iterator[Written]:
        """What is written in a function, loops and all."""
        if function in self.functions:
            yield self.functions[function]
        yield from (one for loop, one in self.loops.items() if loop.rpartition("/")[0] == function)


_SINGLE = ("m_axi", "axis", "ap_fifo")


def _one_port(item: Bind) -> bool:
    return item.storage and (item.what or "").replace("_", "").endswith("1p")


def written(kernel: Kernel) -> AllWritten:
    """The own pragmas of a kernel that are in force."""
    loops: dict[str, Written] = {}
    functions: dict[str | None, Written] = {}
    for pragma in in_force(kernel.pragmas):
        if pragma.loop is not None:
            loops[pragma.loop] = _with(loops.get(pragma.loop, NOTHING), pragma)
        else:
            functions[pragma.function] = _with(functions.get(pragma.function, NOTHING), pragma)
    return AllWritten(loops, functions, bool(kernel.pragmas))


def without_effect(kernel: Kernel) -> tuple[str, ...]:
    """A line a directive that the tool follows and that no estimate shows, with the places where it stands."""
    found: dict[str, list[str]] = {}
    for pragma in in_force(kernel.pragmas):
        match pragma.value:
            case LatencyPragma() | FunctionInstantiate() | Bind(storage=False) | OtherPragma():
                name = pragma.directive
            case Inline(off=True):
                name = "inline off"
            case _:
                continue
        if name != "top":
            found.setdefault(name, []).append(place_of(pragma))
    return tuple(
        f"{', '.join(places[:_SHOWN])}{f' and {more} more' if (more := len(places) - _SHOWN) > 0 else ''}: {name} is "
        "followed by the tool and changes no estimate"
        for name, places in found.items()
    )


def _with(known: Written, pragma: OwnPragma) -> Written:
    match pragma.value:
        case Pipeline() as value:
            return replace(known, pipeline=value)
        case Unroll() as value:
            return replace(known, unroll=value)
        case LoopFlatten() as value:
            return replace(known, flatten=not value.off)
        case LoopTripcount() as value:
            return replace(known, trips=value)
        case Dataflow() as value:
            return replace(known, dataflow=not value.off)
        case DependencePragma() as value:
            return replace(known, dependences=(*known.dependences, value))
        case ArraySplit() as value:
            return replace(known, splits=(*known.splits, value))
        case Bind() as value:
            return replace(known, binds=(*known.binds, value))
        case Interface() as value:
            return replace(known, interfaces=(*known.interfaces, value))
        case Stream() as value if not value.off and value.kind == "fifo":
            return replace(known, streams=known.streams | {value.variable})
    return known


def hinted(loop: Loop, trips: LoopTripcount | None) -> Loop:
    """A loop whose bound is not known, within what ``loop_tripcount`` says of it; any other is as it is.

    What the program shows comes first: the tool takes no notice of the pragma on a loop whose bound it knows (UG1399).
    """
    if trips is None or loop.trip_count is not None:
        return loop
    low, high = loop.trip_min, loop.trip_max
    if trips.most is not None:
        high = trips.most if high is None else min(high, trips.most)
    if trips.least is not None:
        low = trips.least if low is None else max(low, trips.least)
    elif low is None and high is not None:
        low = 0
    if low is not None and high is not None and low > high:
        low = high
    return replace(loop, trip_min=low, trip_max=high)
