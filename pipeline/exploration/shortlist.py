"""The best of a stream of designs, in bounded memory, by several orders at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.exploration.outlook import Expected, ranking
from pipeline.exploration.types import Features, Floats, Forecast, Rows

TWINS = 4
"""Of designs with the same forecast, whose results are most often the same too, more are kept only to fill the list."""


@dataclass(frozen=True)
class Ranked:
    """Designs with their forecasts and values [n] by one order; ``chance`` [n] that they run and fit."""

    rows: Rows
    features: Features
    forecast: Forecast
    chance: Floats
    value: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: NDArray[np.intp]) -> Ranked:
        """The designs at ``places``."""
        return Ranked(
            self.rows[places],
            self.features.take(places),
            self.forecast.take(places),
            self.chance[places],
            self.value[places],
        )

    def joined(self, other: Ranked) -> Ranked:
        """These designs, then the other ones."""
        a, b = self.forecast, other.forecast
        members = None
        if a.members is not None and b.members is not None:
            members = np.concatenate([a.members, b.members], axis=1)
        return Ranked(
            np.concatenate([self.rows, other.rows]),
            self.features.joined(other.features),
            Forecast(
                np.concatenate([a.latency, b.latency]),
                np.concatenate([a.latency_spread, b.latency_spread]),
                np.concatenate([a.utilisation, b.utilisation]),
                np.concatenate([a.utilisation_spread, b.utilisation_spread]),
                np.concatenate([a.valid, b.valid]),
                members,
            ),
            np.concatenate([self.chance, other.chance]),
            np.concatenate([self.value, other.value]),
        )


class Shortlist:
    """Keeps the ``size`` best designs seen: predicted valid ones first, then few of each forecast, then by value."""

    def __init__(self, size: int, least_chance: float) -> None:
        self.size = size
        self.least_chance = least_chance
        self._kept: Ranked | None = None

    def add(self, rows: Rows, features: Features, forecast: Forecast, outlook: Expected, value: Floats) -> None:
        """Takes in some designs; one that is kept already is not kept twice."""
        order = ranking(value, outlook.chance, self.least_chance)[: 2 * self.size * TWINS]
        if self._kept is not None:
            order = order[~contained(rows[order], self._kept.rows)]
        order = order[np.sort(np.unique(rows[order], axis=0, return_index=True)[1])]
        new = Ranked(rows, features, forecast, outlook.chance, value).take(order)
        joined = new if self._kept is None else self._kept.joined(new)
        order = ranking(joined.value, joined.chance, self.least_chance)
        further = ~_first_of_each(signatures(joined.forecast)[order])
        invalid = joined.chance[order] < self.least_chance
        self._kept = joined.take(order[np.lexsort((further, invalid))][: self.size])

    @property
    def best(self) -> Ranked | None:
        """What is kept, best first; None before any design was added."""
        return self._kept


def signatures(forecast: Forecast) -> NDArray[np.int64]:
    """[n] equal for designs with the same forecast, to about 0.1 % of latency and a tenth of a percent elsewhere."""
    parts = np.column_stack([forecast.latency, forecast.valid, forecast.utilisation])
    _, inverse = np.unique(np.round(parts * 1000.0).astype(np.int64), axis=0, return_inverse=True)
    return np.asarray(inverse, dtype=np.int64).reshape(-1)


def contained(rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """[n] which of ``rows`` [n, s] are among ``others`` [k, s]."""
    found = np.zeros(len(rows), dtype=np.bool_)
    if not len(rows) or not len(others):
        return found
    known = {row.tobytes() for row in np.ascontiguousarray(others, dtype=np.int64)}
    # Sums leave few rows to compare one by one.
    suspects = np.flatnonzero(np.isin(rows.sum(axis=1), others.sum(axis=1)))
    found[suspects] = [row.tobytes() in known for row in np.ascontiguousarray(rows[suspects], dtype=np.int64)]
    return found


def _first_of_each(signature: NDArray[np.int64]) -> NDArray[np.bool_]:
    """[n] whether a place is among the first :data:`TWINS` with its signature."""
    order = np.argsort(signature, kind="stable")
    ordered = signature[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    run = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    keep = np.empty(len(signature), dtype=np.bool_)
    keep[order] = run < TWINS
    return keep
