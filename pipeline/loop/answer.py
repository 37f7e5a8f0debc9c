"""What a loop's page opens with: a kernel as written against its best design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.loop.against import changed_text, factor_text, speed_text, time_text
from pipeline.loop.best import ORIGINS, annotated
from pipeline.loop.delivered import CHANGES
from pipeline.loop.explain import explained, sure_of
from pipeline.loop.summary import none_fits
from pipeline.present.columns import percent_text, resource_label
from pipeline.present.run_report import Answer
from pipeline.reports.parse import parse_report
from pipeline.synthesis.lowering.edits import unified_diff
from pipeline.synthesis.target import made_for
from pipeline.terms import Resource

if TYPE_CHECKING:
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis.plan import KernelPlan


SAME = "the same"


def answer_of(
    loop: ClosedLoop,
    plan: KernelPlan,
    facts: Mapping[str, Any],
    best: MeasuredDesign | None,
    written: MeasuredDesign | None,
    folder: Path,
) -> Answer:
    """The answer for one kernel.

    ``facts`` is the loop's summary, ``best`` and ``written`` the designs where there are such, ``folder`` the one that
    holds the best design.
    """
    found = facts["kernels"][plan.name]
    target = f"for {made_for(plan.address.flow)}"
    if best is None:
        return Answer(plan.name, target, f"N{none_fits(found)[1:]}; {found['compared']}.", ())
    reports = _report(loop, plan, written), _report(loop, plan, best)
    tells = explained(loop, plan, None if written is None else (written, reports[0]), (best, reports[1]))
    validation = facts["validation"]["kernels"].get(plan.name, {"rows": []})["rows"]
    why = list(tells.sentences) if tells is not None else ["There is no report that tells of its loops."]
    if (alone := found["performance"]) is not None:
        why.append(f"{alone['told'][0].upper()}{alone['told'][1:]}.")
    return Answer(
        kernel=plan.name,
        target=target,
        headline=f"{found['compared'][0].upper()}{found['compared'][1:]}.",
        figures=_figures(found, reports),
        why=why,
        loops=[(one.name, one.written, one.best, one.bound) for one in tells.loops] if tells is not None else (),
        diff=_diff(plan, best, folder),
        changed=changed_text(found),
        sure=sure_of(best, ORIGINS[best.origin], validation, found["testbench"]),
    )


def _report(loop: ClosedLoop, plan: KernelPlan, design: MeasuredDesign | None) -> bytes | None:
    entry = None if design is None else loop.store.get(plan.address, design.key)
    return None if entry is None else entry.xml


def _figures(found: Mapping[str, Any], reports: tuple[bytes | None, bytes | None]) -> list[tuple[str, Any, Any, str]]:
    written, best = found["as_written"], found["best"]
    gain, timed = found["speedup"], found["speedup_time"]
    ended = None if written is None else written["status"]
    rows: list[tuple[str, Any, Any, str]] = [
        (
            "cycles",
            written["cycles"] if written is not None and written["cycles"] is not None else ended,
            best["cycles"],
            "" if gain is None or gain < 1 else SAME if gain == 1 else f"{factor_text(gain)} fewer",
        ),
        (
            "time",
            time_text(written["time_ns"]) if written is not None and written["time_ns"] is not None else None,
            time_text(best["time_ns"]) if best["time_ns"] is not None else None,
            "" if timed is None else SAME if timed == 1 else speed_text(timed),
        ),
    ]
    used = [None if xml is None else parse_report(xml, file="csynth.xml") for xml in reports]
    for name in Resource:
        shares = [None if one is None else one[f"util_{name}"] for one in (written, best)]
        counts = [None if one is None else getattr(one.used, name) for one in used]
        there = [None if one is None else getattr(one.available, name) for one in used]
        if (shares[1] is None and counts[1] is None) or counts == [0, 0]:
            continue
        first, second = (
            percent_text(share) if count is None else f"{count:,} of {total:,} ({percent_text(share)})"
            if total is not None else f"{count:,}"
            for share, count, total in zip(shares, counts, there, strict=True)
        )  # fmt: skip
        before, after = counts
        change = "" if before is None or after is None else f"{after - before:+,}" if after != before else SAME
        rows.append((resource_label(name), None if written is None else first, second, change))
    return rows


def _diff(plan: KernelPlan, best: MeasuredDesign, folder: Path) -> str:
    """From the design as written to the best one; empty where nothing differs or there is no source."""
    delivered = folder / CHANGES
    if delivered.is_file():
        return delivered.read_text(encoding="utf-8", errors="replace")
    if plan.space is None or plan.kernel is None:
        return ""
    try:
        return unified_diff(annotated(plan, replace(best, point=plan.space.default)), annotated(plan, best))
    except PipelineError:
        return ""
