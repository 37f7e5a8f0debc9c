"""A component whose valid combinations are few enough to be listed, where its tables would be too large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.enumeration import OrderedWalk, Rows
from pipeline.design_space.factors import Factor, Values
from pipeline.design_space.rule_arrays import Bools

MAX_ROWS = 200_000


class ExplicitComponent:
    """Sites with the list of their valid combinations: ``rows`` is ``[n, all sites]``, zeros elsewhere."""

    def __init__(self, sites: Sequence[int], rows: Rows, values: Sequence[Values]) -> None:
        self.sites = tuple(sorted(sites))
        self.rows = rows
        self.values = values

    def count(self, fixed: Mapping[int, int] | None = None) -> int:
        """How many valid combinations there are with some sites fixed to a candidate index."""
        return int(self._matching(fixed or {}).sum())

    def counts_by(self, target: int, fixed: Mapping[int, int]) -> list[int]:
        """For each candidate of site ``target`` how many valid combinations have it, others fixed as given."""
        mine = self.rows[self._matching(fixed), target]
        return [int(count) for count in np.bincount(mine, minlength=len(self.values[target]))]

    def sample(self, count: int, rng: np.random.Generator, out: NDArray[np.integer[Any]]) -> None:
        """Fills ``out[:, sites]`` with independent, exactly uniform valid combinations."""
        columns = list(self.sites)
        out[:, columns] = self.rows[rng.integers(0, len(self.rows), size=count)][:, columns]

    def _matching(self, fixed: Mapping[int, int]) -> Bools:
        match = np.ones(len(self.rows), dtype=np.bool_)
        for site, index in fixed.items():
            match &= self.rows[:, site] == index
        return match


def list_component(
    sites: Sequence[int], factors: Sequence[Factor], names: Sequence[str], values: Sequence[Values]
) -> ExplicitComponent | None:
    """The component with all valid combinations listed, or None where listing them takes too much."""
    walk = OrderedWalk(sorted(sites), factors, names, values)
    walk.work = 50 * MAX_ROWS
    found: list[Rows] = [np.zeros((0, len(values)), dtype=np.int16)]
    total = 0
    for block in walk.blocks():
        found.append(block)
        total += len(block)
        if total > MAX_ROWS:
            return None
    return None if walk.exhausted else ExplicitComponent(sites, np.concatenate(found), values)
