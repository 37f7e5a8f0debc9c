"""Outcomes as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.exploration.types import RESOURCES, Floats, SearchOutcome


@dataclass(frozen=True)
class Observed:
    """n outcomes: ``ran`` [n] 1 for a result, 0 for a failure, -1 where the run says nothing; ``targets`` [n, 5] log2
    cycles and utilisations, NaN where unknown."""

    ran: NDArray[np.int8]
    targets: Floats

    @staticmethod
    def of(outcomes: Sequence[SearchOutcome]) -> Observed:
        """The arrays of outcomes, in their order."""
        ran = np.array([-1 if outcome.usable is None else int(outcome.usable) for outcome in outcomes], dtype=np.int8)
        targets = np.full((len(outcomes), 1 + len(RESOURCES)), np.nan)
        for row, outcome in enumerate(outcomes):
            if outcome.usable and outcome.cycles is not None:
                targets[row, 0] = math.log2(max(outcome.cycles, 1.0))
            targets[row, 1:] = [math.nan if used is None else used for used in outcome.utilisation]
        return Observed(ran, targets)

    @property
    def told(self) -> NDArray[np.bool_]:
        """[n] which outcomes say whether the design runs."""
        return self.ran >= 0

    @property
    def measured(self) -> NDArray[np.bool_]:
        """[n] which outcomes have a latency."""
        return np.asarray((self.ran == 1) & ~np.isnan(self.targets[:, 0]))

    def filled(self, default: Floats) -> Floats:
        """The targets of the measured outcomes [k, 5], unknown ones from ``default`` [k, 5]."""
        found = self.targets[self.measured]
        return np.where(np.isnan(found), default, found)
