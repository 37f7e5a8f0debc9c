"""How often a loop runs on average whose bounds follow the loops around it: a triangle runs half of its square."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.values import Value

_MOST = 10_000
"""Iterations of the loops around that are gone through."""

_ENDS = {"<": 0, "<=": 1, ">": 0, ">=": 1}


class _NotLinear(Exception):
    pass


def mean_trips(record: LoopRecord) -> float | None:
    """Iterations of one execution of a loop, the mean over all executions of the loops around it.

    The sum over the iterations of the loops that its bounds follow, exact. None for a loop whose bounds are numbers or
    not linear in the variables of the loops around, that may be left early, and where those iterate too often.
    """
    if record.trip is not None:
        return None
    around: list[LoopRecord] = []
    outer = record.parent
    while outer is not None:
        around.insert(0, outer)
        outer = outer.parent
    needed = _needed(record, around)
    try:
        executions = total = 0
        for values in _iterations([loop for loop in around if loop in needed], {}):
            executions += 1
            if executions > _MOST:
                return None
            total += len(_run(record, values))
    except _NotLinear:
        return None
    return total / executions if executions else None


def _needed(record: LoopRecord, around: list[LoopRecord]) -> set[LoopRecord]:
    """The loops around whose variables its bounds follow, theirs too; how often others run weighs nothing, unless that
    varies."""
    needed: set[LoopRecord] = set()
    for loop in (record, *reversed(around)):
        if loop is not record and loop.trip is None:
            needed.add(loop)
        if loop is record or loop in needed:
            for value in (loop.start, loop.limit[1] if loop.limit is not None else None):
                needed |= {key for key in (value.terms or {}) if isinstance(key, LoopRecord)} if value else set()
    return needed


def _iterations(loops: list[LoopRecord], values: dict[LoopRecord, int]) -> Iterator[dict[LoopRecord, int]]:
    """The values of the loops' variables, iteration by iteration."""
    if not loops:
        yield values
        return
    first, *rest = loops
    for value in _run(first, values):
        yield from _iterations(rest, {**values, first: value})


def _run(loop: LoopRecord, values: dict[LoopRecord, int]) -> range:
    """The values of a loop's variable, given those of the loops around."""
    if not (loop.steady and loop.step and loop.whole) or loop.leaves_early or loop.keyword == "do":
        raise _NotLinear
    if loop.start is None or loop.limit is None or loop.limit[0] not in _ENDS:
        raise _NotLinear
    end = _value(loop.limit[1], values) + _ENDS[loop.limit[0]] * (1 if loop.step > 0 else -1)
    return range(_value(loop.start, values), end, loop.step)


def _value(value: Value, values: dict[LoopRecord, int]) -> int:
    total = value.const
    if value.terms is None:
        raise _NotLinear
    for key, by in value.terms.items():
        if not isinstance(key, LoopRecord) or key not in values:
            raise _NotLinear
        total += by * values[key]
    return total
