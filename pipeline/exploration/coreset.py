"""A first round without any knowledge: designs that stand for the rest, or drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

from pipeline.exploration.shortlist import contained
from pipeline.exploration.types import Candidates, Floats, Outcome, Proposal, Round, Rows

_POOL = 5_000


class RandomStrategy:
    """Draws uniformly."""

    name = "random"

    def propose(
        self, candidates: Candidates, outcomes: Sequence[Outcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says."""
        rows, _, exhausted = drawn(candidates, outcomes, count, rng)
        return _round(candidates, rows, "drawn at random", exhausted)


class CoresetStrategy:
    """The designs nearest to the centres of k-means over the site values (log2) of a uniform draw."""

    name = "coreset"

    def propose(
        self, candidates: Candidates, outcomes: Sequence[Outcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says."""
        rows, values, exhausted = drawn(candidates, outcomes, _POOL, rng)
        if len(rows) > count:
            places = representatives(np.log2(np.maximum(values, 1.0)), count, int(rng.integers(2**31)))
            rows, exhausted = rows[places], False
        return _round(candidates, rows, "stands for a group of designs", exhausted)


def representatives(points: Floats, count: int, seed: int) -> list[int]:
    """Places of ``count`` different rows of ``points`` [n, c], each nearest to a centre of k-means."""
    scaled = (points - points.mean(axis=0)) / np.maximum(points.std(axis=0), 1e-6)
    means = KMeans(count, n_init=3, random_state=seed).fit(scaled)
    taken: list[int] = []
    for centre in means.cluster_centers_:
        order = np.argsort(((scaled - centre) ** 2).sum(axis=1), kind="stable")
        taken.append(next(int(place) for place in order if int(place) not in taken))
    return taken


def drawn(
    candidates: Candidates, outcomes: Sequence[Outcome], count: int, rng: np.random.Generator
) -> tuple[Rows, Floats, bool]:
    """``count`` uniform candidates that have not been run, their site values, and whether no others are left.

    One pass that keeps the candidates with the smallest random numbers.
    """
    done = candidates.rows([outcome.key for outcome in outcomes])
    kept: list[tuple[Floats, Rows, Floats]] = []
    left = 0
    for batch in candidates.batches():
        fresh = np.flatnonzero(~contained(batch.rows, done))
        left += len(fresh)
        kept.append((rng.random(len(fresh)), batch.rows[fresh], batch.features.values[fresh]))
        lots, rows, values = (np.concatenate(parts) for parts in zip(*kept, strict=True))
        order = np.argsort(lots, kind="stable")[:count]
        kept = [(lots[order], rows[order], values[order])]
    _, rows, values = kept[0]
    return rows, values, candidates.complete and left <= count


def _round(candidates: Candidates, rows: Rows, why: str, exhausted: bool) -> Round:
    keys = candidates.keys(rows)
    proposals = [
        Proposal(key, tuple(int(index) for index in row), why, 0.0) for key, row in zip(keys, rows, strict=True)
    ]
    return Round(tuple(proposals), exhausted=exhausted)
