"""The best design of a loop against the design as written, as facts and as a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.design_space.keys import value_words
from pipeline.design_space.narrowed import spoken
from pipeline.errors import plain_number
from pipeline.loop.baselines import AS_WRITTEN, PERFORMANCE, target_interval, why_missing
from pipeline.loop.best import design_facts
from pipeline.terms import Resource

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.loop.record import Run
    from pipeline.synthesis.plan import KernelPlan

_MOST_CHANGED = 6
"""Sites that a line names."""


def against_written(
    plan: KernelPlan, runs: Sequence[Run], best: MeasuredDesign | None, goal: Objective
) -> dict[str, Any]:
    """The members of a kernel's summary that compare its best design with the design as written.

    ``as_written``: the run's number, whether it fits, its result; None where it is none of the runs. ``speedup``:
    cycles as written over those of the best design; ``speedup_time`` the same of time, each at the clock that was asked
    for or the estimated one where that is slower. None where it cannot be told, and ``compared`` says why.
    ``changed``: a clause per site whose value differs.
    ``performance``: what the tool's own pragma gives where it was run.
    """
    return {**_against_written(plan, runs, best, goal), **_against_tool(plan, runs, best, goal)}


def _against_tool(
    plan: KernelPlan, runs: Sequence[Run], best: MeasuredDesign | None, goal: Objective
) -> dict[str, Any]:  # fmt: skip
    """``performance``: what the tool's own pragma gives on the design as written, against the best design."""
    for number, run in enumerate(runs, 1):
        if run.result.kernel == plan.name and run.proposal.baseline == PERFORMANCE:
            alone = run.result
            fits = goal.is_valid(alone.outcome())
            target = target_interval(alone.key)
            told = f"the tool's own performance pragma for a start every {target:,} cycles, run {number}: "
            if alone.cycles is None or not alone.usable:
                told += alone.status + (f" ({alone.reason})" if alone.reason else "")
            else:
                told += f"{alone.cycles:,} cycles" + ("" if fits else ", does not fit")
                if fits and best is not None and best.cycles and best.assumed_trips == alone.assumed_trips:
                    told += f"; the best design is {speed_text(alone.cycles / best.cycles)}"
            facts = {"run": number, "fits": fits, "target": target, "reason": alone.reason, "told": told}
            return {"performance": {**facts, **design_facts(alone)}}
    return {"performance": None}


def _against_written(
    plan: KernelPlan, runs: Sequence[Run], best: MeasuredDesign | None, goal: Objective
) -> dict[str, Any]:  # fmt: skip
    clock = plan.address.flow.clock_ns
    found = next(
        (
            (number, run.result)
            for number, run in enumerate(runs, 1)
            if run.result.kernel == plan.name and run.proposal.baseline == AS_WRITTEN
        ),
        None,
    )
    if found is None:
        missing = why_missing(plan) or f"the budget did not reach the design as written of {plan.name}"
        return {"as_written": None, "speedup": None, "speedup_time": None, "changed": [], "compared": missing}
    number, written = found
    facts: dict[str, Any] = {
        "as_written": {
            "run": number,
            "fits": goal.is_valid(written.outcome()),
            "reason": written.reason,
            "time_ns": time_ns(written, clock),
            **design_facts(written),
        },
        "speedup": None,
        "speedup_time": None,
        "changed": _changed(plan, written, best) if best is not None else [],
    }
    if (obstacle := _obstacle(written, best, goal)) is not None:
        return {**facts, "compared": f"{obstacle}: no speed-up is claimed"}
    assert best is not None and best.cycles and written.cycles
    facts["speedup"] = _short(written.cycles / best.cycles)
    times = time_ns(written, clock), time_ns(best, clock)
    facts["speedup_time"] = _short(times[0] / times[1]) if times[0] and times[1] else None
    return {**facts, "compared": _sentence(written, best, facts, goal)}


def _changed(plan: KernelPlan, written: MeasuredDesign, best: MeasuredDesign) -> list[str]:
    """What the best design changes, in the words of ``--only`` and ``--keep``: ``MAC.unroll 1 to 4``."""
    words = spoken(plan.kernel) if plan.kernel is not None else {}
    before = written.point
    return [
        f"{words.get(name, name)} {value_words(before[name])} to {value_words(value)}"
        for name, value in best.point.items()
        if name in before and before[name] != value
    ]


def changed_text(found: Mapping[str, Any]) -> str:
    """A clause on the sites that a kernel's summary says to be changed, the first of many."""
    changed = found["changed"]
    return ", ".join(changed[:_MOST_CHANGED]) + (
        f" and {more} more" if (more := len(changed) - _MOST_CHANGED) > 0 else ""
    )


def time_ns(design: MeasuredDesign, clock_ns: float | None) -> float | None:
    """The time that a design takes: its cycles at the clock asked for, or at its estimated one where that is slower."""
    clock = max((clock for clock in (design.clock_ns, clock_ns) if clock is not None), default=None)
    return None if clock is None or design.cycles is None else round(design.cycles * clock, 3)


def time_text(nanoseconds: float | None) -> str:
    """A time in a unit for people."""
    if nanoseconds is None:
        return "time not known"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{plain_number(nanoseconds / size)} {unit}"
    return f"{plain_number(nanoseconds)} ns"


def used_text(design: Mapping[str, Any]) -> str:
    """The known utilisations of a design's facts, for people."""
    shares = [(name, design[f"util_{name}"]) for name in Resource]
    return ", ".join(f"{name} {share:.1%}" for name, share in shares if share is not None)


def written_text(found: Mapping[str, Any]) -> str:
    """A clause on the design as written of a kernel's summary."""
    written = found["as_written"]
    if written is None:
        return str(found["compared"])
    if written["cycles"] is None:
        return f"{written['status']} in run {written['run']}" + (f" ({written['reason']})" if written["reason"] else "")
    fits = "" if written["fits"] else ", does not fit"
    if (trips := written["assumed_trips"]) is not None:
        fits += f", under {trips} iterations of each loop without a known bound"
    return f"{written['cycles']:,} cycles in run {written['run']} ({used_text(written) or 'use not recorded'}){fits}"


def _obstacle(written: MeasuredDesign, best: MeasuredDesign | None, goal: Objective) -> str | None:
    """Why there is no speed-up to tell."""
    if written.cycles is None or not written.usable:
        reason = f" ({written.reason})" if written.reason else ""
        return f"the design as written ended as {written.status}{reason}"
    if not goal.is_valid(written.outcome()):
        return f"the design as written does not fit ({', '.join(goal.broken(written.outcome()))})"
    if best is None or best.cycles is None:
        return "no design has been found that fits"
    if not written.cycles or not best.cycles:
        of = "design as written" if not written.cycles else "best design"
        return f"the {of} ends in the cycle that it begins in"
    if best.assumed_trips != written.assumed_trips:
        return "only one of the two has a loop without a known bound"
    return None


def _sentence(written: MeasuredDesign, best: MeasuredDesign, facts: Mapping[str, Any], goal: Objective) -> str:
    if best.key == written.key:
        return "no run found a better design than the one as written"
    gain, timed = facts["speedup"], facts["speedup_time"]
    told = "about as fast" if abs(gain - 1) < 0.005 else speed_text(gain)
    told += f" as written ({written.cycles:,} to {best.cycles:,} cycles)"
    if timed is not None and abs(timed / gain - 1) > 0.005:
        told += f"; in time {speed_text(timed)}, as a clock asked for is not met"
    if goal.unit in ("cycles", "ns"):
        return told
    before, after = (value_text(goal.value(one.outcome()), goal.unit) for one in (written, best))
    return f"{after} against {before} as written; {told}"


def value_text(value: float, unit: str) -> str:
    """A value of an objective for people, with its unit."""
    number = plain_number(value)
    return f"{number}{unit}" if unit.startswith("%") else f"{number} {unit}"


def factor_text(factor: float) -> str:
    """A factor for people."""
    return f"{factor:,.0f} times" if factor >= 100 else f"{plain_number(factor, 3)} times"


def speed_text(gain: float) -> str:
    """How fast something is beside another whose time is ``gain`` times its own."""
    return f"{factor_text(gain)} as fast" if gain >= 0.995 else f"{factor_text(1 / gain)} as slow"


def _short(value: float) -> float:
    return float(f"{value:.6g}")
