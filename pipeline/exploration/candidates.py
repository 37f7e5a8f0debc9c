"""The designs among which a search chooses: a pool of known designs, or a design space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.design_space import DesignSpace, Point, design_key, parse_key
from pipeline.errors import PipelineError
from pipeline.exploration.features import Kept, KernelFeatures
from pipeline.exploration.types import Batch, Candidates, Features, Rows

WHOLE_LIMIT = 200_000
"""A space of up to so many points is gone through whole; an estimator's figures take about 0.2 ms a point."""

SAMPLE = 20_000
"""Uniform points of a larger space, from which the evolutionary search starts."""

BATCH = 16_384
"""Rows in memory at a time."""


class PoolCandidates(Candidates):
    """Designs that are listed by key, each with its features; rows are places in the list."""

    complete = True

    def __init__(self, keys: Sequence[str], features: Features) -> None:
        if len(keys) != len(features):
            raise PipelineError(f"{len(keys)} designs with features of {len(features)}")
        self._keys = list(keys)
        self._features = features
        self._place = {key: place for place, key in enumerate(self._keys)}
        if len(self._place) != len(self._keys):
            raise PipelineError("a pool lists a design twice", fix="give each design once")

    @property
    def size(self) -> int:
        """How many designs the pool holds."""
        return len(self._keys)

    def batches(self) -> Iterator[Batch]:
        """All designs in the pool's order."""
        for begin in range(0, len(self._keys), BATCH):
            places = np.arange(begin, min(begin + BATCH, len(self._keys)))
            yield Batch(places[:, None], self._features.take(places))

    def sample(self, count: int, rng: np.random.Generator) -> Batch:
        """Places drawn uniformly, in ascending order."""
        places = np.sort(rng.permutation(len(self._keys))[:count])
        return Batch(places[:, None], self._features.take(places))

    def keys(self, rows: Rows) -> list[str]:
        """The designs at these places."""
        return [self._keys[place] for place in rows[:, 0].tolist()]

    def rows(self, keys: Sequence[str]) -> Rows:
        """Places of those designs that the pool holds."""
        return np.array([self._place[key] for key in keys if key in self._place], dtype=np.intp)[:, None]

    def features(self, keys: Sequence[str]) -> Features:
        """Features of designs of the pool; PipelineError for another key."""
        missing = next((key for key in keys if key not in self._place), None)
        if missing is not None:
            raise PipelineError(f"design {missing[:120]} is not in the pool", fix="leave it out of the outcomes")
        return self._features.take(np.array([self._place[key] for key in keys], dtype=np.intp))


class SpaceCandidates(Candidates):
    """The valid points of a design space; rows are encoded points.

    All of them, in order, up to ``whole_limit`` points; else a seeded uniform sample to start an evolutionary search
    from (:mod:`pipeline.exploration.evolution`). The estimator is asked once for a point: its figures go to ``kept``,
    which a later round may be given again. ``most`` bounds what a round asks for: a space of no more points is gone
    through, of another one half of them are a sample, always the same, and a search may look at a quarter beyond it, as
    two of them share most rounds.
    """

    def __init__(
        self,
        space: DesignSpace,
        features: KernelFeatures,
        *,
        whole_limit: int = WHOLE_LIMIT,
        sample: int = SAMPLE,
        seed: int = 0,
        kept: Kept | None = None,
        most: int | None = None,
    ) -> None:
        self.space = space
        self._features = features
        self._seed, self._kept = seed, {} if kept is None else kept
        self._size = space.size() if space.countable else None
        self._whole = self._size is not None and self._size <= (whole_limit if most is None else min(whole_limit, most))
        self.beyond = None if most is None else most // 4
        """How many points a search may look at beside those of :meth:`batches`; None where nothing bounds them."""
        self.drawn = sample if most is None else min(sample, most // 2)
        """Points of the sample of a space that is not gone through whole."""
        self.cut = not self._whole and self.drawn < sample
        """Whether ``most`` leaves fewer than are usual."""

    @property
    def known(self) -> int:
        """Points whose figures are at hand."""
        return len(self._kept)

    @property
    def complete(self) -> bool:
        """Whether the whole space is gone through."""
        return self._whole

    @property
    def size(self) -> int | None:
        """The number of valid points, None where it cannot be counted."""
        return self._size

    def batches(self) -> Iterator[Batch]:
        """The whole space in order, or the sample, at most :data:`BATCH` points at a time."""
        if self._whole:
            for part in self.space.batches(BATCH):
                yield self.batch(part)
            return
        drawn = self._drawn()
        for begin in range(0, len(drawn), BATCH):
            yield self.batch(drawn[begin : begin + BATCH])

    def batch(self, rows: Rows) -> Batch:
        """Encoded points with their features."""
        return Batch(rows, self._features.of_rows(self.space, rows, self._kept))

    def sample(self, count: int, rng: np.random.Generator) -> Batch:
        """Valid points drawn uniformly; of those of :meth:`batches` where these are fewer than usual."""
        if not self.cut:
            return self.batch(self.space.sample_rows(count, rng))
        rows = self._drawn()
        return self.batch(rows[np.sort(rng.permutation(len(rows))[:count])])

    def _drawn(self) -> Rows:
        return self.space.sample_rows(self.drawn, np.random.default_rng(self._seed))

    def keys(self, rows: Rows) -> list[str]:
        """Design keys of encoded points."""
        return [design_key(point) for point in self.space.decode(rows)]

    def rows(self, keys: Sequence[str]) -> Rows:
        """Encoded points of those designs that are valid points of the space."""
        points = [point for point in map(parse_key, keys) if self.space.contains(point)]
        return self.space.encode(points)

    def features(self, keys: Sequence[str]) -> Features:
        """Features of designs by key, also of points outside the space (a label set may hold some)."""
        points: list[Point] = [parse_key(key) for key in keys]
        return self._features.of(points)


def pool_candidates(designs: Sequence[tuple[str, Point]], features: KernelFeatures) -> PoolCandidates:
    """Candidates from (key, point) pairs, such as the designs whose reports are cached."""
    return PoolCandidates([key for key, _ in designs], features.of([point for _, point in designs]))


def space_candidates(
    space: DesignSpace,
    features: KernelFeatures,
    *,
    whole_limit: int = WHOLE_LIMIT,
    seed: int = 0,
    kept: Kept | None = None,
    most: int | None = None,
) -> SpaceCandidates:
    """Candidates from a design space; ``seed`` draws the sample of one too large to go through."""
    return SpaceCandidates(space, features, whole_limit=whole_limit, seed=seed, kept=kept, most=most)
