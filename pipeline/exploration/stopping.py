"""When to stop, with the reason as a sentence for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.errors import counted, plain_number
from pipeline.exploration.objective import Objective
from pipeline.exploration.pareto import best_so_far
from pipeline.exploration.types import Round, SearchOutcome

LEAST_GAIN = 0.005
"""Doublings of the objective; an expected gain below this (0.35 %) is none."""

NO_SITES = ""
"""The design key of a kernel without sites."""

PATIENCE = 2
"""Rounds in a row without an expected gain, and without a gain, before a search stops."""

LEAST_SAME = 20
"""Runs, all with the same figures, before values that change nothing are believed to change nothing together."""


def stop_reason(
    outcomes: Sequence[SearchOutcome],
    objective: Objective,
    *,
    budget: int,
    rounds: Sequence[Round] = (),
    target: float | None = None,
    lower_bound: float | None = None,
    least_gain: float = LEAST_GAIN,
    patience: int = PATIENCE,
    alike: int | None = None,
    untried: int | None = None,
) -> str | None:
    """Why the search ends here, or None while it goes on.

    ``budget``       runs at most; every outcome counts, failed ones too
    ``rounds``       what the strategy answered so far, oldest first
    ``target``       good enough, in the objective's unit
    ``lower_bound``  cycles (ns) that no design can beat, by a sound bound; met, the best found is proven optimal.
                     Ignored under other objectives
    ``least_gain``   expected gains below so many doublings count as none
    ``patience``     rounds without an expected gain that it takes
    ``alike``        how many designs there are, where runs are estimates and those of all of them are the same
    ``untried``      values of sites that no run had; None where that is not known

    Where all runs have the same figures (latency, clock, every resource), no design can gain if all are ``alike``, and
    none is believed to once each value of each site is among at least :data:`LEAST_SAME` of them.
    Proofs and the target come before the budget, since they say more.
    """
    place = best_so_far(outcomes, objective)[-1] if outcomes else None
    if any(outcome.key == NO_SITES for outcome in outcomes):
        alone = "there are no pragma sites: the design as written is all there is"
        return alone if place is not None else f"{alone}, and it is not valid"
    if place is not None:
        value, unit = objective.value(outcomes[place]), objective.unit
        shown = f"{value:,.0f}" if objective.goal in ("cycles", "ns") else plain_number(value)
        if objective.goal in ("cycles", "ns") and lower_bound is not None and value <= lower_bound * (1 + 1e-9):
            return f"proven optimal: {shown} {unit} meets the lower bound of {lower_bound:,.0f} {unit}"
        if target is not None and value <= target * (1 + 1e-9):
            return f"the target is reached: {shown} {unit} against {plain_number(target, 6)} asked for"
    done = {outcome.key for outcome in outcomes}
    if rounds and rounds[-1].exhausted and all(proposal.key in done for proposal in rounds[-1].proposals):
        if place is None:
            return f"every design has been run and none is valid ({counted(len(outcomes), 'run')})"
        return f"proven optimal among the candidates: all of them have been run ({counted(len(outcomes), 'run')})"
    if len(outcomes) >= budget:
        return f"the budget of {counted(budget, 'run')} is used up"
    if same_figures(outcomes):
        end = "" if place is not None else ", and none fits"
        if alike is not None:
            return f"no design differs from another: the estimates of all {alike:,} are the same{end}"
        if untried == 0 and len(outcomes) >= LEAST_SAME:
            return (
                f"no value of any site makes a difference: {len(outcomes)} runs, all values among them, are alike{end}"
            )
    if rounds and not rounds[-1].proposals:
        return f"the search proposes no further design after {counted(len(outcomes), 'run')}"
    gains = [answer.expected_gain for answer in rounds[-patience:]]
    if len(gains) == patience and all(gain is not None and gain < least_gain for gain in gains):
        largest = max(gain for gain in gains if gain is not None)
        return (
            f"no gain is expected: in the last {patience} rounds the model expected at most "
            f"{100 * (math.exp2(largest) - 1):.2f} % from another run"
        )
    return None


def same_figures(outcomes: Sequence[SearchOutcome]) -> bool:
    """Whether all outcomes have a latency, and all the same, with the same clock and resources."""
    figures = {(one.usable, one.cycles, one.utilisation, one.clock_ns) for one in outcomes}
    return len(figures) == 1 and outcomes[0].cycles is not None
