"""Cycles of a report that knows no bound of some loop, under one stated assumption: they order designs, no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.reports.report import LoopReport, Report

ASSUMED_TRIPS = 64
"""Iterations of every loop whose trip count a report does not bound."""


def assumed_cycles(report: Report, trips: int = ASSUMED_TRIPS) -> int | None:
    """:func:`assumed_cycles_of` the loops of a report; None where it states a worst case."""
    return assumed_cycles_of(report.loops, trips) if report.latency.worst is None else None


def assumed_cycles_of(loops: Sequence[LoopReport], trips: int = ASSUMED_TRIPS) -> int | None:
    """Cycles of all loops one after the other, where those without a bound run ``trips`` times, or the least that is
    known if that is more.

    None where there are no loops, or it is not known what an iteration takes.
    """
    below: dict[int | None, list[int]] = {}
    for place, loop in enumerate(loops):
        below.setdefault(loop.parent, []).append(place)

    def length(place: int) -> int | None:
        loop = loops[place]
        return loop.latency.maximum if loop.latency.maximum is not None else _length(loop, body(place), trips)

    def body(place: int | None) -> int | None:
        parts = [length(inner) for inner in below.get(place, ())]
        known = [part for part in parts if part is not None]
        return sum(known) if parts and len(known) == len(parts) else None

    try:
        return body(None)
    except RecursionError:
        return None


def _length(loop: LoopReport, inside: int | None, trips: int) -> int | None:
    """Cycles of one loop; ``inside`` are those of the loops in its body."""
    most = loop.trip_count.maximum
    count = max(trips, loop.trip_count.minimum or 0) if most is None else most
    interval, iteration = loop.initiation_interval.maximum, loop.iteration_latency.maximum
    if loop.pipelined and interval is not None and iteration is not None:
        return max(iteration + interval * (count - 1) - 1, 0) if count else 0
    each = iteration if iteration is not None else inside
    return None if each is None else count * each
