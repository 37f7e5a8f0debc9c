"""A first round without any knowledge: designs that stand for the rest, or drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.cluster import KMeans

from pipeline.exploration.shortlist import contained
from pipeline.exploration.types import Batch, Candidates, Floats, Proposal, Round, Rows, SearchOutcome, Strategy

RANDOM = "random"
"""Random search, of which the exact expectation is known."""

_DRAWN = 2_000


class RandomStrategy:
    """Draws uniformly."""

    name = RANDOM

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says."""
        batch, exhausted = fresh(candidates, outcomes, count, rng)
        return _round(candidates, batch.rows[:count], "drawn at random", exhausted)


class CoresetStrategy:
    """The designs nearest to the centres of k-means over the effective values of a uniform draw."""

    name = "coreset"

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says."""
        batch, exhausted = fresh(candidates, outcomes, max(count, _DRAWN), rng)
        rows = batch.rows
        if len(rows) > count:
            rows = rows[representatives(batch.features.columns, count, int(rng.integers(2**31)))]
            exhausted = False
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


def fresh(
    candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
) -> tuple[Batch, bool]:
    """At most ``count`` uniform candidates that have not been run, in random order, and whether no others are left."""
    done = candidates.rows([outcome.key for outcome in outcomes])
    batch = candidates.sample(count + len(done), rng)
    places = np.flatnonzero(~contained(batch.rows, done))
    places = rng.permutation(places)[:count]
    left = None if candidates.size is None else candidates.size - len(done)
    return Batch(batch.rows[places], batch.features.take(places)), left is not None and left <= count


def _round(candidates: Candidates, rows: Rows, why: str, exhausted: bool) -> Round:
    keys = candidates.keys(rows)
    proposals = [
        Proposal(key, tuple(int(index) for index in row), why, 0.0) for key, row in zip(keys, rows, strict=True)
    ]
    return Round(tuple(proposals), exhausted=exhausted)


UNLEARNED: dict[str, Callable[[], Strategy]] = {kind.name: kind for kind in (RandomStrategy, CoresetStrategy)}
"""Strategies that learn nothing, by name."""
