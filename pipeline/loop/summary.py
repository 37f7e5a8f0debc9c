"""What a loop found and why it ended: facts, and the lines at the end of the command."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.design_space.narrowed import spoken
from pipeline.errors import PipelineError, counted
from pipeline.estimator import prepare
from pipeline.estimator.idle_sites import idle_sites
from pipeline.estimator.written import without_effect
from pipeline.exploration import stop_reason
from pipeline.files import intact, read_own
from pipeline.kernels.pragma_notices import pragma_notices
from pipeline.kernels.propose import site_notices
from pipeline.loop.against import against_written, changed_text, time_ns, used_text, value_text, written_text
from pipeline.loop.baselines import tool_alone, why_missing
from pipeline.loop.best import bench_text, design_facts
from pipeline.loop.bound import least_cycles
from pipeline.loop.candidates import bound_of
from pipeline.loop.histories import corrections_of
from pipeline.loop.hours import untimed, why_out_of_time
from pipeline.loop.knowledge import knowledge_facts, knowledge_notice
from pipeline.loop.pool import pool_of
from pipeline.loop.record import STATE, RoundsRecord, Run
from pipeline.loop.tables import value_of
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.synthesis.devices import stand_in
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.target import made_for
from pipeline.synthesis.vitis.tools import STAND_IN
from pipeline.terms import estimated

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.exploration import Objective
    from pipeline.kernels.model import Kernel
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis.plan import KernelPlan


_MOST_SAID = 12
TARGET = ("part", "clock_ns", "uncertainty", "flow_target")
"""What the figures of a loop are for, as its summary names it."""


def target_text(facts: Mapping[str, Any]) -> str:
    """Part and clock of a summary for people."""
    one = next(iter(facts["kernels"].values()))
    return f"for {made_for(Flow.from_json(one['flow']))}"


def best_of(
    loop: ClosedLoop, runs: Sequence[Run], kernel: str, further: Sequence[MeasuredDesign] = ()
) -> tuple[int | None, MeasuredDesign] | None:
    """The number of the run that found the best design of a kernel, and the design; None where none fits.

    ``further`` are designs that the validation alone has measured; theirs is no run's number but None.
    """
    measured = [*enumerate((run.result for run in runs), 1), *((None, result) for result in further)]
    fitting = [
        (number, result)
        for number, result in measured
        if result.kernel == kernel and not tool_alone(result.key) and loop.goal.is_valid(result.outcome())
    ]
    return min(fitting, key=lambda item: loop.goal.rank(item[1].outcome()), default=None)


def why_stopped(record: RoundsRecord, kernel: str, budget: int, runs: Sequence[Run]) -> str:
    """Why the search on a kernel ended, as a sentence."""
    earlier = record.stopped(kernel)
    if earlier is not None:
        return earlier
    loop = record.loop
    if (out_of_time := why_out_of_time(record)) is not None:
        return out_of_time
    reason = stop_reason(
        record.outcomes(kernel), loop.goal, budget=budget, rounds=record.answers(kernel), target=loop.target,
        lower_bound=least_cycles(loop, loop.plans[kernel]),
    )  # fmt: skip
    spent = f"the budget of {counted(budget, 'run')} is used up"
    if loop.hours is not None and len(runs) < budget:
        spent = f"all rounds are done: of the budget of {budget} runs {len(runs)} were worth their time"
    # Kernels that share a budget: what one has run is less than what is spent.
    return spent if reason is None or (len(runs) >= budget and reason.startswith("the budget")) else reason


def notices(loop: ClosedLoop) -> list[str]:
    """What a reader must know before trusting a figure."""
    said = []
    for plan in loop.plans.values():
        if plan.replays:
            cached = len(pool_of(plan)) if plan.kept else loop.store.count(plan.address)
            space = f" of {plan.space.size():,}" if plan.space is not None and plan.space.countable else ""
            said.append(
                f"replay: only the {cached:,}{space} designs of {plan.name} cached from {plan.source} could be picked; "
                "no tool was run"
            )
        if plan.kept:
            said.append(f"{plan.name}: as written stays {_said(plan.kernel, plan.kept)}; the other sites vary")
        if not plan.replays and (bound := bound_of(loop, plan)) is not None:
            said.append(
                f"estimates of {plan.name} are slow: a round looks at about {bound:,} designs, half of them drawn at "
                "random, the others around the best; --warm-start none goes without estimates"
            )
        if plan.replays and (missing := why_missing(plan)) is not None:
            said.append(missing)
        if plan.kernel is not None:
            said += [*site_notices(plan.kernel), *pragma_notices(plan.kernel), *without_effect(plan.kernel)]
        if plan.kernel is not None and (idle := _idle(plan.kernel)):
            said.append(
                f"{_said(plan.kernel, idle)} of {plan.name}: no value changes an estimate, as all loops of code that "
                "the source pipelines are unrolled"
            )
    for found in corrections_of(loop):
        reports = f"{found['designs']:,} earlier reports of {found['kernel']}"
        factors = (
            f"cycles off by a factor of {found['before']:.2f} before, {found['after']:.2f} after, on designs left out"
        )
        verdict = "correct its estimates" if found["used"] else "are left aside: they make its estimates no better"
        said.append(f"{reports} {verdict} ({factors})")
    if estimated(loop.source_name):
        said.append(ESTIMATE_NOTICE)
    if (known := loop.shipped) is not None:
        said.append(knowledge_notice(known, loop.plans))
    said += loop.devices.assumptions(loop.flow)
    if (instead := stand_in(loop.flow)) is not None:
        said.append(instead)
    if loop.source_name == STAND_IN:
        said.append("the tool is the stand-in of the tests: its figures mean nothing")
    return said


def _said(kernel: Kernel | None, sites: Sequence[str]) -> str:
    """Sites as people call them, the first of many."""
    words = spoken(kernel) if kernel is not None else {}
    more = f" and {len(sites) - _MOST_SAID} more" if len(sites) > _MOST_SAID else ""
    return ", ".join(words.get(name, name) for name in sites[:_MOST_SAID]) + more


def _idle(kernel: Kernel) -> tuple[str, ...]:
    """Sites that change no estimate; none where there are no estimates."""
    try:
        return idle_sites(prepare(kernel))
    except PipelineError:
        return ()


def _assumptions(runs: Sequence[Run]) -> list[str]:
    """A line per kernel whose cycles are those of an assumed number of iterations."""
    found = {run.result.kernel: run.result.assumed_trips for run in runs if run.result.assumed_trips is not None}
    return [
        f"{kernel} has a loop without a known bound: its cycles are those of {trips} iterations of each such loop, "
        "which compare designs and forecast nothing; state its bound by #pragma HLS loop_tripcount"
        for kernel, trips in found.items()
    ]


def loop_facts(
    record: RoundsRecord,
    budget: int,
    validation: Mapping[str, Any],
    benches: Mapping[str, dict[str, str] | None],
    further: Sequence[MeasuredDesign] = (),
) -> dict[str, Any]:
    """The summary of a loop as JSON values; ``benches`` is what the test bench says, by kernel.

    ``further`` are designs that the validation alone has measured: the best of all may be one, with ``run`` None.
    ``best`` and ``stopped`` are those of the only kernel, or stand a member a kernel under ``kernels`` alone.
    """
    loop, runs = record.loop, record.runs()
    kernels = {
        name: {**_kernel_facts(record, budget, runs, further, name, plan), "testbench": benches.get(name)}
        for name, plan in loop.plans.items()
    }
    facts: dict[str, Any] = {
        "backend": loop.backend.name,
        "source": loop.source_name,
        **{name: getattr(loop.flow, name) for name in TARGET},
        "origins": sorted({run.result.origin for run in runs}),
        "notices": [*notices(loop), *_assumptions(runs), *untimed(record)],
        "objective": loop.goal.text,
        "unit": loop.goal.unit,
        "limits": [limit.text for limit in loop.goal.limits],
        "utilisation_limit": loop.goal.limit,
        "target": loop.target,
        "budget": budget,
        "hours": loop.hours,
        "batch": loop.batch,
        "seed": loop.seed,
        "surrogate": loop.surrogate,
        "acquisition": loop.acquisition,
        "warm_start": loop.warm_start,
        "knowledge": None if (known := loop.shipped) is None else knowledge_facts(known, loop.plans),
        "model": loop.identity["model"],
        "runs": len(runs),
        "rounds": len({run.round for run in runs}),
        "kernels": kernels,
        "validation": validation,
    }
    if len(kernels) == 1:
        (only,) = kernels.values()
        facts |= {"kernel": next(iter(kernels)), "best": only["best"], "stopped": only["stopped"]}
        facts |= {
            name: only[name]
            for name in ("testbench", "as_written", "speedup", "speedup_time", "changed", "compared", "performance")
        }
    return facts


def _trained(file: Path, kernel: str) -> Mapping[str, Any]:
    """What a round says of a kernel. Raises PipelineError for a file that is damaged."""
    with intact(file):
        found: Mapping[str, Any] = read_own(file, kernel)[kernel]
        return found


def _kernel_facts(
    record: RoundsRecord, budget: int, runs: Sequence[Run], further: Sequence[MeasuredDesign], kernel: str,
    plan: KernelPlan,
) -> dict[str, Any]:  # fmt: skip
    loop = record.loop
    mine = [run.result for run in runs if run.result.kernel == kernel]
    best = best_of(loop, runs, kernel, further)
    learned = [
        _trained(loop.train_folder(number) / STATE, kernel)["forecast"] for number in range(1, len(record.takes) + 1)
    ]
    return {
        "kernel_hash": plan.address.kernel_hash or None,
        "names": {} if plan.kernel is None else spoken(plan.kernel),
        "flow": plan.address.flow.to_json(),
        "space_size": plan.space.size() if plan.space is not None and plan.space.countable else None,
        "lower_bound": least_cycles(loop, plan),
        "runs": len(mine),
        "fitting": sum(loop.goal.is_valid(result.outcome()) for result in mine if not tool_alone(result.key)),
        "statuses": dict(sorted(Counter(result.status for result in mine).items())),
        "best": None
        if best is None
        else {
            "run": best[0],
            "value": value_of(best[1], loop.goal),
            "time_ns": time_ns(best[1], plan.address.flow.clock_ns),
            **design_facts(best[1]),
        },
        "nearest": _nearest(loop.goal, runs, kernel) if best is None else None,
        "unwritten": None,
        **against_written(plan, runs, best[1] if best else None, loop.goal),
        "stopped": why_stopped(record, kernel, budget, runs),
        "forecasts": [{"round": number, **found} for number, found in enumerate(learned) if found is not None],
    }


def _nearest(goal: Objective, runs: Sequence[Run], kernel: str) -> dict[str, Any] | None:
    """The design that misses the limits by least, and how, where none keeps to them; None where none has figures."""
    found = [
        (goal.overshoot(run.result.outcome()), number, run.result)
        for number, run in enumerate(runs, 1)
        if run.result.kernel == kernel and not tool_alone(run.result.key)
    ]
    miss, number, design = min(found, key=lambda one: one[:2], default=(math.inf, 0, None))
    if design is None or math.isinf(miss):
        return None
    return {"run": number, "misses": goal.broken(design.outcome()), **design_facts(design)}


def found_in(best: Mapping[str, Any]) -> str:
    """Where the best design of a kernel was found: ``in run 6``, or in the validation that follows the runs."""
    return "in validation, after the runs" if best["run"] is None else f"in run {best['run']}"


def none_fits(found: Mapping[str, Any]) -> str:
    """A clause on a kernel of a summary of which no design fits: which is nearest, and by how much it misses."""
    nearest = found.get("nearest")
    if nearest is None:
        return "no design was found that fits"
    return (
        f"no design was found that fits; the nearest, run {nearest['run']}, has {', '.join(nearest['misses'])} "
        f"at {nearest['cycles']:,} cycles: {nearest['key']}"
    )


def objective_text(facts: Mapping[str, Any]) -> str:
    """What a summary's loop minimises, and within which limits, for people."""
    limits = f", at most {', '.join(limit.replace('=', ' ') for limit in facts['limits'])}" if facts["limits"] else ""
    target = f", {value_text(facts['target'], facts['unit'])} are enough" if facts["target"] is not None else ""
    return f"{facts['objective']}{limits}, every utilisation below {facts['utilisation_limit']:.0%}{target}"


def summary_text(facts: Mapping[str, Any]) -> str:
    """The lines that end the command."""
    lines = [f"Source {facts['source']}, backend {facts['backend']}, {target_text(facts)}"]
    lines += [f"Note: {notice}" for notice in facts["notices"]]
    if facts["objective"] != "cycles" or facts["limits"]:
        lines.append(f"Objective: {objective_text(facts)}")
    for kernel, found in facts["kernels"].items():
        failed = ", ".join(f"{status} {count}" for status, count in found["statuses"].items() if status != "ok")
        lines.append(
            f"{kernel}: {counted(found['runs'], 'run')}, {found['fitting']} fit" + (f" ({failed})" if failed else "")
        )
        best = found["best"]
        if found["as_written"] is not None:
            lines.append(f"  as written: {written_text(found)}")
        if found["performance"] is not None:
            lines.append(f"  {found['performance']['told']}")
        if best is None:
            lines.append(f"  {none_fits(found)}")
        else:
            used = used_text(best)
            assumed = best["assumed_trips"]
            under = f" under {assumed} iterations of loops without a bound" if assumed is not None else ""
            value = "" if facts["unit"] == "cycles" else f"{value_text(best['value'], facts['unit'])}, "
            figures = f"{value}{best['cycles']:,} cycles{under}"
            lines.append(f"  best: {figures} {found_in(best)} ({used}): {best['key']}")
            if found["as_written"] is not None:
                lines.append(f"  {found['compared']}")
            if found["changed"]:
                lines.append(f"  changed: {changed_text(found)}")
            least = found["lower_bound"]
            if least is not None and least > 1:
                lines.append(f"  no design can take less than {least:,} cycles (bound from data and operations alone)")
        if found["unwritten"] is not None:
            lines.append(f"  the best design is NOT written: {found['unwritten']}")
        if found["testbench"] is not None:
            lines.append(f"  test bench: {bench_text(found['testbench'])}")
        lines.append(f"  stopped: {found['stopped']}")
    return "\n".join(lines)
