"""Why the best design is faster than the one as written: which loop went from what to what, and what bounds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, clock_text
from pipeline.estimator import prepare
from pipeline.estimator.limits import DesignLimits, limits
from pipeline.loop.against import factor_text
from pipeline.loop.best import bench_text
from pipeline.reports.parse import parse_report
from pipeline.synthesis.lowering.delivered_kernel import as_estimated
from pipeline.terms import Resource, estimated

if TYPE_CHECKING:
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.reports.report import LoopReport, Range, Report
    from pipeline.synthesis.plan import KernelPlan

_VIOLATIONS = {
    "memory dependency": "a recurrence through a memory",
    "resource limitation": "a memory port or another shared resource",
}
"""What a report's II violations say (csynth.xml of 2023.2 and later)."""
_UNTOLD = "not told by the report"


@dataclass(frozen=True, slots=True)
class LoopChange:
    """A loop in both designs as a clause, ``written`` None where it was none; ``bound`` is what bounds it now."""

    name: str
    written: str | None
    best: str
    bound: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences on where the cycles are, and the loops of both designs."""

    sentences: tuple[str, ...]
    loops: tuple[LoopChange, ...]


def explained(
    loop: ClosedLoop,
    plan: KernelPlan,
    written: tuple[MeasuredDesign, bytes | None] | None,
    best: tuple[MeasuredDesign, bytes | None],
) -> Explanation | None:
    """The designs with their reports side by side; None where the best design has no report to tell."""
    if best[1] is None:
        return None
    report = parse_report(best[1], file="csynth.xml")
    before = parse_report(written[1], file="csynth.xml") if written is not None and written[1] is not None else None
    estimates = (None if written is None else _limits(loop, plan, written[0]), _limits(loop, plan, best[0]))
    return explain(before, report, estimates)


def explain(
    written: Report | None, best: Report, estimates: tuple[DesignLimits | None, DesignLimits | None]
) -> Explanation:
    """What two reports tell; ``estimates`` is what the estimator says of the designs, None where it says nothing."""
    before = {one.name: one for one in written.loops} if written is not None else {}
    now = {one.name: one for one in best.loops}
    bounds = {name: _bound(one, best, estimates[1]) for name, one in now.items()}
    names = [*now, *(name for name in before if name not in now)]
    changes = tuple(
        LoopChange(
            name,
            _clause(before[name]) if name in before else None,
            _clause(now[name]) if name in now else "no loop of its own any more: unrolled, or one with others",
            bounds.get(name),
        )
        for name in names
    )
    gained = _traded(written, best) if written is not None else []
    gained = gained or _gain(before, now)
    bounding = [*_largest(best, bounds), *_rest("the best design", best, estimates[1])]
    if _outside(best) > max(map(_latency, best.loops), default=0):
        # What takes most of the cycles now is told first.
        bounding.reverse()
    said = [*gained, *bounding]
    if written is not None and written != best:
        said += _rest("the design as written", written, estimates[0])
    whose = "estimates" if estimated(best.tool_version or "") else "the tool's reports"
    said.append(f"Loops and cycles are those of {whose}.")
    return Explanation(tuple(said), changes)


def _limits(loop: ClosedLoop, plan: KernelPlan, best: MeasuredDesign) -> DesignLimits | None:
    if plan.kernel is None:
        return None
    flow = plan.address.flow
    try:
        kernel, point = as_estimated(plan.kernel, best.point)
        return limits(prepare(kernel, loop.devices.of(flow)), dict(point), flow.dialect)
    except PipelineError:
        return None


def _clause(one: LoopReport) -> str:
    trips, latency = _count(one.trip_count), _count(one.latency)
    how = f"II {_count(one.initiation_interval)}" if one.pipelined else f"{_count(one.iteration_latency)} cycles each"
    return f"{trips} iteration{'' if trips == '1' else 's'}, {how}: {latency} cycles"


def _count(found: Range) -> str:
    if found.maximum is None:
        return "?"
    return f"{found.maximum:,}" if found.exact is not None else f"up to {found.maximum:,}"


def _bound(one: LoopReport, report: Report, estimate: DesignLimits | None) -> str | None:
    if one.trip_count.exact == 1:
        return "the latency of its one iteration"
    if not one.pipelined:
        return "not pipelined: an iteration begins when the one before has ended" if one.pipelined is False else None
    if one.initiation_interval.maximum == 1:
        return "the number of iterations: one begins every cycle"
    for violation in report.violations:
        if violation.loop == one.name and violation.kind.lower() in _VIOLATIONS:
            place = f" at {violation.location}" if violation.location else ""
            return f"{_VIOLATIONS[violation.kind.lower()]}{place} (by the report)"
    if estimate is not None and one.name in estimate.loops:
        return f"{estimate.loops[one.name]} (by the estimator)"
    return _UNTOLD


def _latency(one: LoopReport | None) -> int:
    return (one.latency.maximum or 0) if one is not None else 0


def _gain(before: Mapping[str, LoopReport], now: Mapping[str, LoopReport]) -> list[str]:
    """The outermost loop that gave most."""
    outer = [one for one in before.values() if one.parent is None and one.latency.maximum]
    saved = {one.name: _latency(one) - _latency(now.get(one.name)) for one in outer}
    name = max(saved, key=saved.__getitem__, default=None)
    if name is None or saved[name] <= 0:
        return []
    if name not in now:
        return [
            f"Most was gained in loop {name} ({_latency(before[name]):,} cycles as written), which is no loop of its "
            "own any more: it is unrolled, or runs as one with others."
        ]
    return [f"Most was gained in loop {name}: {_latency(before[name]):,} to {_latency(now[name]):,} cycles."]


def _traded(written: Report, best: Report) -> list[str]:
    """What a design that takes more cycles has less of; empty for one that takes fewer."""
    first, second = written.latency.worst, best.latency.worst
    if not first or not second or second <= first:
        return []
    pairs = [(name, getattr(written.used, name), getattr(best.used, name)) for name in Resource]
    fewer = [f"fewer {name.short}: {a:,} to {b:,}" for name, a, b in pairs if a is not None and b is not None and b < a]
    longer = f"It takes {factor_text(second / first)} as long as written ({first:,} to {second:,} cycles)"
    return [f"{longer}; gained was {', '.join(fewer) or 'nothing that the reports show'}."]


def _largest(report: Report, bounds: Mapping[str, str | None]) -> list[str]:
    """The pipelined or innermost loop that takes most of the best design now."""
    parents = {one.parent for one in report.loops}
    inner = [one for place, one in enumerate(report.loops) if place not in parents and one.latency.maximum]
    total = report.latency.worst
    if not inner or not total:
        return []
    most = max(inner, key=_latency)
    bound = bounds[most.name]
    which = "loop" if most.parent is None else "inner loop"
    told = f"The longest {which} is now {most.name} ({_clause(most)})."
    if bound == _UNTOLD:
        told += f" What bounds it is {bound}."
    elif bound:
        told += f" It is {bound}." if bound.startswith("not pipelined") else f" It is bounded by {bound}."
    return [told]


def _outside(report: Report) -> int:
    """Cycles that are in no loop, negative where loops run at the same time; 0 where a latency is not known."""
    outer = [one for one in report.loops if one.parent is None]
    if not report.latency.worst or any(one.latency.maximum is None for one in outer):
        return 0
    return report.latency.worst - sum(map(_latency, outer))


def _rest(which: str, report: Report, estimate: DesignLimits | None) -> list[str]:
    """Where the cycles are that the loops do not sum to."""
    rest, total = _outside(report), report.latency.worst
    if total is None:
        return []
    if rest < 0:
        return [
            f"The loops of {which} sum to more than its {total:,} cycles: some of them run at the same time."
        ]  # fmt: skip
    if rest <= max(2, total // 100):
        return []
    where = "in code outside the loops, in entering and leaving them, and in copies between memories"
    if estimate is not None and estimate.cycles == total and 0 < estimate.copied <= rest:
        left = rest - estimate.copied
        where = f"{f'{estimate.copied:,}' if left else 'all'} of them in copies between off-chip memory and the chip"
        where += " (by the estimator)"
        where += f", {left:,} in code outside the loops and in entering and leaving them" if left else ""
    return [f"Of the {total:,} cycles of {which} {rest:,} are in none of its loops: {where}."]


def _implemented_text(again: Mapping[str, object] | None) -> str:
    if again is None or not again["implemented_status"]:
        return "It was not placed and routed: C synthesis states several times the LUT that Vivado comes to."
    if again["implemented_status"] != "ok":
        return f"Vivado: {again['implemented_status']} ({again['implemented_reason']})."
    verdict = "it fits and meets the clock" if again["implemented_fits"] else "it does not fit, or misses the clock"
    clock = again["implemented_clock_ns"]
    at = f": {clock_text(clock)}" if isinstance(clock, float | int) else ""
    return f"Placed and routed by Vivado {verdict}{at}."


def sure_of(
    best: MeasuredDesign, origin: str, validation: Sequence[Mapping[str, object]], bench: Mapping[str, str] | None
) -> list[str]:
    """How sure the figures of the best design are, as sentences.

    ``origin`` says how they came about, ``validation`` has the rows of its kernel, ``bench`` what the test bench says.
    """
    said = [f"Its figures are {origin}."]
    if estimated(best.source) and best.origin == "replayed":
        said.append("The report is an estimate of the analytical model.")
    again = next((row for row in validation if row["key"] == best.key), None)
    if again is None:
        said.append("It was not run again to validate it.")
    elif again["cycles"] == best.cycles:
        # An estimate that is made again tells nothing.
        if again["origin"] != "estimated":
            said.append(f"It was {again['origin']} in the validation, with the same cycles.")
    else:
        said.append(
            f"It was {again['origin']} in the validation, with {again['cycles'] or 'no'} cycles ({again['status']})."
        )
    if again is not None and again["cosim_status"]:
        told = f", {again['cosim_cycles']} cycles" if again["cosim_cycles"] else ""
        said.append(f"Simulation of its RTL: {again['cosim_status']}{told}.")
    else:
        said.append("Its RTL was not simulated.")
    said.append(_implemented_text(again))
    if bench is not None:
        said.append(f"Test bench on this machine: {bench_text(bench)}.")
    return said
