"""How well a round's forecasts met what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.record import Run


def calibration(runs: Sequence[Run], goal: Objective) -> dict[str, Any] | None:
    """Forecasts against the results of the runs that they chose; None where there is none to compare.

    ``rmse_log2``: root mean square error of log2 cycles; ``within_spread``: the share of results within one standard
    deviation of their forecast, 0.68 for a well calibrated one; ``valid_brier``: the mean square error of the
    predicted chance that a design runs and fits (Brier, 1950).
    """
    pairs = [
        (math.log2(run.proposal.cycles), math.log2(run.proposal.cycles_factor), math.log2(run.result.cycles))
        for run in runs
        if run.proposal.cycles and run.proposal.cycles_factor and run.result.usable and run.result.cycles
    ]
    chances = [
        (run.proposal.valid, float(goal.is_valid(run.result.outcome())))
        for run in runs
        if run.proposal.valid is not None and run.result.usable is not None
    ]
    if not pairs and not chances:
        return None
    errors = [abs(expected - true) for expected, _, true in pairs]
    inside = [error <= spread for error, (_, spread, _) in zip(errors, pairs, strict=True)]
    return {
        "designs": len(pairs),
        "rmse_log2": math.sqrt(sum(error**2 for error in errors) / len(errors)) if errors else None,
        "within_spread": sum(inside) / len(inside) if inside else None,
        "valid_brier": sum((chance - true) ** 2 for chance, true in chances) / len(chances) if chances else None,
    }
