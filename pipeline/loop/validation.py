"""Predicted against measured of validated designs: rows, facts and text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import write_json
from pipeline.loop.measured import MeasuredDesign, write_measured
from pipeline.loop.tables import UTILISATIONS, ranks, utilisations, write_csv

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.chosen import Chosen
    from pipeline.loop.closed_loop import ClosedLoop

TABLE, VALIDATION, VALIDATED = "validation.csv", "validation.json", "validated.jsonl"
VALIDATION_COLUMNS = (
    "kernel", "key", "source", "origin", "status", "predicted_cycles", "cycles", "ratio", "predicted_rank", "rank",
    "predicted_valid", "fits", *UTILISATIONS, "run", "earlier_cycles", "cosim_status", "cosim_cycles", "reason",
)  # fmt: skip


def validation_rows(
    kernel: str,
    chosen: Sequence[Chosen],
    results: Sequence[MeasuredDesign],
    simulated: Mapping[str, Mapping[str, Any]],
    goal: Objective,
) -> list[dict[str, Any]]:
    """A row a validated design, in the order in which they were chosen.

    Ranks are among the validated designs of the kernel, from 1; a design without cycles has no measured rank.
    ``earlier_cycles`` is what the loop had measured, ``cosim_cycles`` what RTL simulation counted.
    """
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
            "cosim_status": simulated.get(pick.key, {}).get("status"),
            "cosim_cycles": simulated.get(pick.key, {}).get("cycles"),
            "reason": result.reason,
        }
        for pick, result, first, second in zip(chosen, results, expected, true, strict=True)
    ]


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
            "fewest_cycles": min((row["cycles"] for row in mine if row["fits"]), default=None),
            "mean_factor": _short(2 ** (sum(ratios) / len(ratios))) if ratios else None,
            "measured_as_before": sum(row["cycles"] == row["earlier_cycles"] for row in again) if again else None,
            "rows": [dict(row) for row in mine],
        }
    origins = sorted({row["origin"] for row in rows})
    flow = loop.flow
    return {"backend": loop.backend_name, "source": loop.source_name, "part": flow.part, "clock_ns": flow.clock_ns,
            "origins": origins, "kernels": kernels, "use_cache": use_cache}  # fmt: skip


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
    target = f" for {facts['part']} at {facts['clock_ns']:g} ns" if facts.get("part") and facts.get("clock_ns") else ""
    for kernel, found in facts["kernels"].items():
        if not found["designs"]:
            lines.append(f"Validated {kernel}: no design, there was none to choose ({found['chosen']})")
            continue
        best = f"fewest cycles {found['fewest_cycles']:,}" if found["fewest_cycles"] is not None else "none fits"
        factor = f", predictions off by a factor of {found['mean_factor']:.2f}" if found["mean_factor"] else ""
        same = found["measured_as_before"]
        before = f", {same} of {found['designs']} as in the loop" if same is not None else ""
        lines.append(
            f"Validated {kernel}: {found['designs']} designs {' and '.join(facts['origins'])} from {facts['source']}"
            f"{target}, {found['fitting']} fit, {best}{factor}{before}"
        )
    return "\n".join(lines)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
