"""What bounds a design by the estimator: of each pipelined loop its initiation interval, and the cycles of copies."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.estimator.as_report import loop_name
from pipeline.estimator.points import Point
from pipeline.estimator.prepared import WalkedKernel
from pipeline.estimator.recurrence import flattened_interval, recurrence_interval
from pipeline.estimator.schedule import Row, Schedule

RECURRENCE = "a recurrence: an iteration waits for a result of an earlier one"
PORTS = "the ports of a memory"
MULTIPLEXER = "a memory whose bank is found by a multiplexer"
ASKED = "the interval that a pragma asks for"


@dataclass(frozen=True, slots=True)
class DesignLimits:
    """Of one design the worst-case cycles, those of copies alone, and what bounds the interval of loops, by name.

    A loop that starts an iteration every cycle, or that is not pipelined, is not among ``loops``.
    """

    cycles: int | None
    copied: int
    loops: dict[str, str]


def limits(kernel: WalkedKernel, point: Point, dialect: str) -> DesignLimits:
    """What bounds a design. Raises PipelineError for a point that does not fit."""
    found = kernel.figures(point, dialect)
    plan = found.schedule
    named = {loop_name(row, kernel.kernel.top): _limit(plan, row) for row in plan.rows}
    return DesignLimits(
        found.cycles[2], found.copied, {name: limit for name, limit in named.items() if limit is not None}
    )


def _limit(plan: Schedule, row: Row) -> str | None:
    if not row.pipelined or not row.interval or row.interval == 1:
        return None
    design, ports = plan.design, plan.ports
    nodes = [row.node, *row.merged]
    inner = nodes[-1]
    bounds = {
        RECURRENCE: recurrence_interval(design, inner),
        PORTS: ports.interval(inner),
        ASKED: design.choices[inner.number].interval,
    }
    if design.merlin:
        bounds[MULTIPLEXER] = ports.update_interval(inner)
    else:
        bounds[RECURRENCE] = max(bounds[RECURRENCE], flattened_interval(design, nodes))
    name = max(bounds, key=bounds.__getitem__)
    # What is larger than all of these comes from memory off the chip, or from a body that one iteration has to itself.
    return name if bounds[name] == row.interval else None
