"""What uniform random search finds, exactly: no seeds, as every draw without replacement is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.exploration.objective import Objective
from pipeline.exploration.replay import CHECKPOINTS, NEAR, Pool

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class RandomSearch:
    """Random search on one pool: its number of ``designs``, and of the valid ones the cycles over the best known,
    ascending, as distinct ``ratios`` with how many designs are at most that far, ``within``."""

    designs: int
    ratios: Doubles
    within: NDArray[np.int64]

    @staticmethod
    def of(pool: Pool, objective: Objective) -> RandomSearch:
        """Of a pool with a valid design."""
        cycles = pool.cycles(objective)
        ratios, counts = np.unique(cycles[np.isfinite(cycles)] / cycles.min(), return_counts=True)
        return RandomSearch(len(cycles), ratios, np.cumsum(counts))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"designs": self.designs, "ratios": self.ratios.tolist(), "within": self.within.tolist()}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> RandomSearch:
        """What :meth:`to_json` gave."""
        return RandomSearch(values["designs"], np.array(values["ratios"]), np.array(values["within"], dtype=np.int64))

    def reached(self, runs: int) -> Doubles:
        """[ratios] the probability that one of ``runs`` designs is at most as far as each ratio (hypergeometric)."""
        return np.array([1.0 - _none_of(self.designs, int(good), runs) for good in self.within])

    def near(self, runs: int) -> float:
        """The probability to be within 2 % of the best known."""
        good = np.searchsorted(self.ratios, NEAR, side="right")
        return float(1.0 - _none_of(self.designs, int(self.within[good - 1]), runs))


def _none_of(designs: int, good: int, runs: int) -> float:
    """The probability that ``runs`` different designs hold none of the ``good`` ones: C(N - K, n) / C(N, n)."""
    if runs > designs - good:
        return 0.0
    return math.comb(designs - good, runs) / math.comb(designs, runs)


def expected_ratio(searches: Sequence[RandomSearch], runs: int, quantile: float) -> float:
    """The quantile over pools and draws of the best found over the best known; infinity where nothing valid is."""
    ratios = np.concatenate([one.ratios for one in searches])
    chances = np.concatenate([np.diff(one.reached(runs), prepend=0.0) for one in searches]) / len(searches)
    order = np.argsort(ratios, kind="stable")
    place = int(np.searchsorted(np.cumsum(chances[order]), quantile - 1e-12))
    return float(ratios[order][place]) if place < len(order) else math.inf


def expected_summary(searches: Sequence[RandomSearch], budget: int) -> dict[str, float]:
    """The figures of :func:`pipeline.exploration.replay.summary` that have an exact expectation: shares within 2 %, the
    median and the upper quartile of ratios."""
    row: dict[str, float] = {"pairs": float(len(searches))}
    for runs in CHECKPOINTS:
        if runs <= budget:
            row[f"within_2_percent_{runs}"] = float(np.mean([one.near(runs) for one in searches]))
            row[f"median_ratio_{runs}"] = expected_ratio(searches, runs, 0.5)
            row[f"upper_quartile_ratio_{runs}"] = expected_ratio(searches, runs, 0.75)
    return row


def expected_curve(one: RandomSearch, budget: int) -> list[dict[str, float | None]]:
    """A row a run: the median ratio, None where it is infinite, and the chance to be near."""
    rows: list[dict[str, float | None]] = []
    for runs in range(1, budget + 1):
        median = expected_ratio([one], runs, 0.5)
        rows.append({"ratio": median if math.isfinite(median) else None, "near": one.near(runs)})
    return rows
