"""Predicted against measured of validated designs: rows, facts and text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import counted
from pipeline.files import write_json
from pipeline.loop.measured import MeasuredDesign, write_measured
from pipeline.loop.tables import UTILISATIONS, ranks, utilisations, write_csv
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.target import made_for
from pipeline.terms import LEARNED, Resource

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.chosen import Chosen
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.reports.labels import Label

TABLE, VALIDATION, VALIDATED = "validation.csv", "validation.json", "validated.jsonl"
VALIDATION_COLUMNS = (
    "kernel", "key", "source", "origin", "status", "predicted_cycles", "cycles", "ratio", "predicted_rank", "rank",
    "predicted_valid", "fits", *UTILISATIONS, "run", "earlier_cycles", "cosim_status", "cosim_cycles", "reason",
    *(f"predicted_{name}" for name in UTILISATIONS if name != "util_uram"), "implemented_status", "implemented_fits",
    "implemented_clock_ns", *(f"implemented_{name}" for name in UTILISATIONS), "implemented_reason",
)  # fmt: skip


def validation_rows(
    kernel: str,
    chosen: Sequence[Chosen],
    results: Sequence[MeasuredDesign],
    further: Mapping[str, Mapping[str, Label]],
    goal: Objective,
) -> list[dict[str, Any]]:
    """A row a validated design, in the order in which they were chosen.

    Ranks are among the validated designs of the kernel, from 1; a design without cycles has no measured rank.
    ``earlier_cycles`` is what the loop had measured, ``further`` has the labels of further steps, by step and key:
    ``cosim_cycles`` is what RTL simulation counted, ``implemented_*`` are shares of the device and the clock of the
    routed design. ``implemented_fits`` judges by these, and by whether the clock that was asked for is met.
    """
    simulated, implemented = further.get("cosim", {}), further.get("implement", {})
    expected = ranks([pick.predicted_cycles or math.inf for pick in chosen])
    true = ranks([result.cycles or math.inf for result in results])
    return [
        {
            "kernel": kernel,
            "key": pick.key,
            "source": result.source,
            "origin": result.origin,
            "status": result.status,
            "predicted_cycles": _short(pick.predicted_cycles),
            "cycles": result.cycles,
            "ratio": _short(pick.predicted_cycles / result.cycles) if pick.predicted_cycles and result.cycles else None,
            "predicted_rank": first if pick.predicted_cycles else None,
            "rank": second if result.cycles else None,
            "predicted_valid": _short(pick.predicted_valid),
            "fits": goal.is_valid(result.outcome()),
            **utilisations(result),
            "run": pick.run,
            "earlier_cycles": pick.earlier_cycles,
            "cosim_status": None if (rtl := simulated.get(pick.key)) is None else str(rtl.status),
            "cosim_cycles": None if rtl is None else rtl.cycles,
            "reason": _reason(result, {"cosimulation": rtl, "implementation": implemented.get(pick.key)}),
            **_predicted(pick),
            **_implemented(result, implemented.get(pick.key), goal),
        }
        for pick, result, first, second in zip(chosen, results, expected, true, strict=True)
    ]


def _reason(result: MeasuredDesign, further: Mapping[str, Label | None]) -> str | None:
    """Why a design failed, in synthesis or in a step after it."""
    told = [f"{step}: {label.reason}" for step, label in further.items() if label is not None and label.reason]
    return result.reason or "; ".join(told) or None


def _predicted(pick: Chosen) -> dict[str, float | None]:
    shares = pick.predicted_utilisation or (None,) * len(LEARNED)
    return {f"predicted_util_{name}": _short(share) for name, share in zip(LEARNED, shares, strict=True)}


def _implemented(result: MeasuredDesign, label: Label | None, goal: Objective) -> dict[str, Any]:
    """What Vivado made of a design; all None where it was not asked."""
    found: dict[str, Any] = {
        "implemented_status": None if label is None else str(label.status),
        "implemented_fits": None,
        "implemented_clock_ns": None,
        **{f"implemented_{name}": None for name in UTILISATIONS},
        "implemented_reason": None if label is None else label.reason,
    }
    if label is None or label.status is not DesignStatus.OK:
        return found
    shares: dict[str, float | None] = {name: _share(name, label, result) for name in Resource}
    clock = label.clock_estimated_ns
    routed = replace(result, utilisation=shares, clock_ns=clock or result.clock_ns)
    met = goal.clock_ns is None or clock is None or clock <= goal.clock_ns
    return {
        **found,
        "implemented_fits": met and goal.is_valid(routed.outcome()),
        "implemented_clock_ns": clock,
        **{f"implemented_util_{name}": _short(share) for name, share in shares.items()},
    }


def _share(name: Resource, label: Label, result: MeasuredDesign) -> float | None:
    """The share of the device; its size is what C synthesis says where Vivado does not."""
    used, there = getattr(label.used, name), getattr(label.available, name) or result.available.get(name)
    return None if used is None or not there else used / there


def validation_facts(
    loop: ClosedLoop, rows: Sequence[Mapping[str, Any]], hows: Mapping[str, str], use_cache: bool
) -> dict[str, Any]:
    """The validation as JSON values, a member a kernel."""
    kernels = {}
    for kernel, how in hows.items():
        mine = [row for row in rows if row["kernel"] == kernel]
        ratios = [abs(math.log2(row["ratio"])) for row in mine if row["ratio"]]
        again = [row for row in mine if row["earlier_cycles"] is not None]
        kernels[kernel] = {
            "designs": len(mine),
            "chosen": how,
            "fitting": sum(bool(row["fits"]) for row in mine),
            "implemented": sum(row["implemented_status"] == "ok" for row in mine),
            "implemented_fitting": sum(bool(row["implemented_fits"]) for row in mine),
            "fewest_cycles": min((row["cycles"] for row in mine if row["fits"]), default=None),
            "mean_factor": _short(2 ** (sum(ratios) / len(ratios))) if ratios else None,
            "measured_as_before": sum(row["cycles"] == row["earlier_cycles"] for row in again) if again else None,
            "rows": [dict(row) for row in mine],
        }
    origins = sorted({row["origin"] for row in rows})
    flow = loop.flow
    return {
        "backend": loop.backend.name,
        "source": loop.source_name,
        "part": flow.part,
        "clock_ns": flow.clock_ns,
        "uncertainty": flow.uncertainty,
        "flow_target": flow.flow_target,
        "target": made_for(flow),
        "origins": origins,
        "kernels": kernels,
        "use_cache": use_cache,
    }


def write_validation(
    folder: Path,
    loop: ClosedLoop,
    rows: Sequence[Mapping[str, Any]],
    hows: Mapping[str, str],
    results: Sequence[MeasuredDesign],
    *,
    use_cache: bool,
) -> None:
    """Writes ``validation.csv``, ``validation.json`` and ``validated.jsonl``; ``hows`` says how designs were chosen."""
    write_csv(folder / TABLE, VALIDATION_COLUMNS, rows)
    write_json(folder / VALIDATION, validation_facts(loop, rows, hows, use_cache))
    write_measured(folder / VALIDATED, results)


def validation_text(facts: Mapping[str, Any]) -> str:
    """One line a kernel."""
    lines = []
    made = f"{' and '.join(facts['origins'])} from {facts['source']} for {facts['target']}"
    for kernel, found in facts["kernels"].items():
        if not found["designs"]:
            lines.append(f"Validated {kernel}: no design, there was none to choose ({found['chosen']})")
            continue
        best = f"fewest cycles {found['fewest_cycles']:,}" if found["fewest_cycles"] is not None else "none fits"
        factor = f", predictions off by a factor of {found['mean_factor']:.2f}" if found["mean_factor"] else ""
        same = found["measured_as_before"]
        if found["implemented"]:
            same_by = f", {found['implemented_fitting']} of {found['implemented']} implemented fit and meet the clock"
        else:
            same_by = ""
        before = f"{same_by}, {same} of {found['designs']} as in the loop" if same is not None else same_by
        lines.append(
            f"Validated {kernel}: {counted(found['designs'], 'design')} {made}"
            f", {found['fitting']} fit, {best}{factor}{before}"
        )
    return "\n".join(lines)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
