"""Searches replayed on pools of designs whose outcomes are known, and how good they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.exploration.candidates import PoolCandidates
from pipeline.exploration.objective import FRONT, Objective
from pipeline.exploration.pareto import adrs, hypervolume, pareto_front
from pipeline.exploration.types import (
    Features,
    Floats,
    Forecast,
    Proposal,
    SearchOutcome,
    Strategy,
)


@dataclass(frozen=True)
class Pool:
    """All known designs of one kernel from one source; ``features`` has a row per outcome."""

    source: str
    kernel: str
    features: Features
    outcomes: tuple[SearchOutcome, ...]

    @property
    def candidates(self) -> PoolCandidates:
        """The pool's designs as candidates."""
        return PoolCandidates([outcome.key for outcome in self.outcomes], self.features)

    def cycles(self, objective: Objective) -> NDArray[np.float64]:
        """[n] cycles of valid designs, infinity elsewhere."""
        return np.array(
            [
                float(outcome.cycles) if objective.is_valid(outcome) and outcome.cycles is not None else np.inf
                for outcome in self.outcomes
            ]
        )


class KnownForecasts:
    """Forecasts that were made before for all designs of a pool, found again by their features."""

    def __init__(self, features: Features, forecast: Forecast) -> None:
        self._forecast = forecast
        self._place = {key: place for place, key in enumerate(_row_keys(features))}

    def predict(self, features: Features) -> Forecast:
        """As :class:`~pipeline.exploration.types.Beforehand` says, for designs of the pool."""
        return self._forecast.take(np.array([self._place[key] for key in _row_keys(features)], dtype=np.intp))


def _row_keys(features: Features) -> list[bytes]:
    rows = np.concatenate([features.values, features.shared], axis=1).astype(np.float32)
    return [row.tobytes() for row in rows]


@dataclass(frozen=True)
class Replayed:
    """``order``: places in the pool of the designs run; ``proposals``: what was expected of each."""

    order: tuple[int, ...]
    proposals: tuple[Proposal, ...]

    def errors(self, pool: Pool, objective: Objective) -> dict[str, list[float]]:
        """What was expected against what came: ``latency_z`` (observed - expected) / spread of each result that had a
        forecast, ``latency_error`` the same in doublings, ``chance_error`` squared errors of the chance to be valid."""
        z, errors, squares = [], [], []
        for place, proposal in zip(self.order, self.proposals, strict=False):
            outcome = pool.outcomes[place]
            if proposal.valid is not None and outcome.usable is not None:
                squares.append((proposal.valid - float(objective.is_valid(outcome))) ** 2)
            if proposal.cycles and proposal.cycles_factor and outcome.usable and outcome.cycles:
                error = math.log2(outcome.cycles / proposal.cycles)
                errors.append(error)
                z.append(error / max(math.log2(proposal.cycles_factor), 1e-6))
        return {"latency_z": z, "latency_error": errors, "chance_error": squares}


def replay(
    strategy: Strategy, pool: Pool, *, budget: int, batch: int, seed: int, first: Strategy | None = None
) -> Replayed:
    """The designs that a strategy runs, at most ``budget``, ``batch`` a round; ``first`` chooses the first round."""
    candidates = pool.candidates
    place = {outcome.key: number for number, outcome in enumerate(pool.outcomes)}
    rng = np.random.default_rng(seed)
    order: list[int] = []
    proposals: list[Proposal] = []
    while len(order) < min(budget, len(pool.outcomes)):
        outcomes = [pool.outcomes[number] for number in order]
        chooser = first if first is not None and not order else strategy
        answer = chooser.propose(candidates, outcomes, min(batch, budget - len(order)), rng)
        if not answer.proposals:
            break
        order += [place[proposal.key] for proposal in answer.proposals]
        proposals += answer.proposals
    if len(set(order)) < len(order):
        raise PipelineError(f"strategy {strategy.name} ran a design of {pool.kernel} twice")
    return Replayed(tuple(order), tuple(proposals))


@dataclass(frozen=True)
class Curve:
    """How a search went: per run [budget] the best cycles so far over the best known of the pool (infinity before
    the first valid design), the distance from the pool's front (ADRS) and the share of its hypervolume."""

    ratio: NDArray[np.float64]
    adrs: NDArray[np.float64]
    hypervolume: NDArray[np.float64]

    def to_json(self) -> dict[str, list[float | None]]:
        """As JSON values, None for infinity."""
        return {
            name: [float(value) if np.isfinite(value) else None for value in getattr(self, name)]
            for name in ("ratio", "adrs", "hypervolume")
        }

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Curve:
        """What :meth:`to_json` gave."""
        return Curve(
            *(
                np.array([np.inf if value is None else value for value in values[name]])
                for name in ("ratio", "adrs", "hypervolume")
            )
        )


def curve(pool: Pool, order: Sequence[int], budget: int, objective: Objective) -> Curve:
    """The curve of a search that ran these designs; one that ended early keeps what it had."""
    cycles = pool.cycles(objective)
    best = cycles.min()
    if not np.isfinite(best):
        raise PipelineError(f"no valid design of {pool.kernel} is known from {pool.source}")
    reached = np.minimum.accumulate(cycles[list(order)]) / best
    ratio = np.concatenate([reached, np.full(budget - len(reached), reached[-1] if len(reached) else np.inf)])
    fronts, areas = _fronts(pool, order, budget, objective)
    return Curve(ratio, fronts, areas)


def _fronts(
    pool: Pool, order: Sequence[int], budget: int, objective: Objective
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ADRS and share of hypervolume after each run, over (cycles, largest utilisation)."""
    front = replace(objective, goal="pareto", axes=FRONT, terms=())
    costs = np.array([front.costs(o) if front.is_valid(o) else (np.nan, np.nan) for o in pool.outcomes])
    known = costs[~np.isnan(costs[:, 0])]
    linear = _linear(known[pareto_front(known)])
    reference = (float(known[:, 0].max()) + 0.1, objective.limit)
    whole = hypervolume(known, reference)
    distance, share = np.full(budget, np.inf), np.zeros(budget)
    found = np.zeros((0, 2))
    for run in range(budget):
        if run < len(order) and not np.isnan(costs[order[run], 0]):
            found = np.concatenate([found, costs[order[run]][None]])
            found = found[pareto_front(found)]
            distance[run] = adrs(_linear(found), linear)
            share[run] = hypervolume(found, reference) / whole
        elif run:
            distance[run], share[run] = distance[run - 1], share[run - 1]
    return distance, share


def _linear(costs: Floats) -> Floats:
    """(cycles, largest utilisation), the latter at least 1 %, below which reports round."""
    return np.column_stack([np.exp2(costs[:, 0]), np.maximum(costs[:, 1], 0.01)])


NEAR = 1.02
"""Times the best known latency: within 2 %."""

LEAST_DESIGNS, LEAST_VALID = 100, 20


def tells_searches_apart(pool: Pool, objective: Objective) -> bool:
    """Whether a pool has at least 100 designs and 20 valid ones: on smaller ones any search does well."""
    return len(pool.outcomes) >= LEAST_DESIGNS and int(np.isfinite(pool.cycles(objective)).sum()) >= LEAST_VALID


CHECKPOINTS = (10, 20, 40)


def summary(curves: Sequence[Curve], budget: int, seeds: Sequence[int] = ()) -> dict[str, float]:
    """Figures over kernel-seed pairs: share within 2 % of the best, ratio, mean ADRS and hypervolume share.

    After each of :data:`CHECKPOINTS` runs. Of the ratio the median and the upper quartile, infinity where nothing valid
    had been found. With ``seeds``, one a curve, also the standard deviation of the share over seeds. ADRS is averaged
    over the pairs that had found a valid design.
    """
    row: dict[str, float] = {"pairs": float(len(curves))}
    groups = [np.flatnonzero(np.asarray(seeds) == seed) for seed in sorted(set(seeds))]
    for runs in CHECKPOINTS:
        if runs > budget:
            continue
        ratio = np.array([one.ratio[runs - 1] for one in curves])
        distance = np.array([one.adrs[runs - 1] for one in curves])
        row[f"within_2_percent_{runs}"] = float((ratio <= NEAR).mean())
        if len(groups) > 1:
            shares = [float((ratio[group] <= NEAR).mean()) for group in groups]
            row[f"within_2_percent_deviation_{runs}"] = float(np.std(shares, ddof=1))
        row[f"median_ratio_{runs}"] = float(np.median(ratio))
        row[f"upper_quartile_ratio_{runs}"] = float(np.quantile(ratio, 0.75, method="higher"))
        found = distance[np.isfinite(distance)]
        row[f"adrs_{runs}"] = float(found.mean()) if len(found) else float("inf")
        row[f"hypervolume_{runs}"] = float(np.mean([one.hypervolume[runs - 1] for one in curves]))
    return row


def errors_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """How well spreads and chances fit: the share of results within one spread (0.68 for normal errors), the root mean
    square error of log2 cycles and the Brier score of chances, over all runs with a forecast; empty without any."""
    z = np.array([value for row in rows for value in row["latency_z"]])
    error = np.array([value for row in rows for value in row["latency_error"]])
    squares = np.array([value for row in rows for value in row["chance_error"]])
    found: dict[str, float] = {}
    if len(z):
        found |= {"within_spread": float((np.abs(z) <= 1).mean()), "rmse_log2": float(np.sqrt((error**2).mean()))}
    if len(squares):
        found["valid_brier"] = float(squares.mean())
    return found
