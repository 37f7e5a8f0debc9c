"""What search takes and gives: outcomes of runs, forecasts, candidates and proposals.

Everything is minimised. Latency is compared as log2 cycles, because a design space spans orders of magnitude and a gain
is a ratio. Arrays have one row a design: n designs, S pragma sites, A columns that mean the same for all kernels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.terms import LEARNED

Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.integer[Any]]

RESOURCES = tuple(resource.short for resource in LEARNED)
"""The order of utilisations everywhere in this room."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """One design that was synthesised, estimated or replayed.

    ``key``          the design key
    ``status``       ``ok`` or how the run failed, as in the labels table
    ``usable``       True: there is a latency; False: the design failed or ran out of time, which is information about
                     it; None: the run says nothing about the design (no licence, disk full, not cached)
    ``cycles``       latency in clock cycles, None where there is none
    ``utilisation``  used / available by resource (fractions, :data:`RESOURCES` order), None where not measured
    ``clock_ns``     the clock period that the latency counts, ns; None unknown
    """

    key: str
    status: str
    usable: bool | None
    cycles: float | None = None
    utilisation: tuple[float | None, ...] = (None,) * len(RESOURCES)
    clock_ns: float | None = None


@dataclass(frozen=True)
class Features:
    """Designs of one kernel as numbers.

    ``values``     [n, S] float32, one number per pragma site (:func:`pipeline.models.site_number`)
    ``shared``     [n, A] float32, columns that mean the same for every kernel: sums over pragmas
                   (:func:`pipeline.exploration.features.shared_features`), the estimator's figures; A may be 0
    ``estimated``  [n] log2 cycles that an estimate gives before any run (0 where it has none), or None without one
    ``effective``  [n, C] float32, what the values come to on this kernel, designs that come to the same lying close
                   (:func:`pipeline.exploration.features.effective_columns`); log2 of the values where not given
    ``groups``     [C], what each effective column is (:func:`pipeline.exploration.features.column_groups`), or None
    """

    values: Floats
    shared: Floats
    estimated: Floats | None = None
    effective: Floats | None = None
    groups: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        parts = [self.values, self.shared, self.estimated, self.effective]
        lengths = {len(part) for part in parts if part is not None}
        if len(lengths) != 1:
            raise PipelineError(f"features of {sorted(lengths)} designs at once", fix="give one row a design to each")

    @property
    def columns(self) -> Floats:
        """[n, C] :attr:`effective`, or log2 of the values."""
        return np.log2(np.maximum(self.values, 1.0)) if self.effective is None else self.effective

    def __len__(self) -> int:
        return len(self.values)

    def take(self, places: NDArray[Any]) -> Features:
        """The designs at ``places`` (indices or a mask)."""
        return Features(
            self.values[places],
            self.shared[places],
            None if self.estimated is None else self.estimated[places],
            None if self.effective is None else self.effective[places],
            self.groups,
        )

    def joined(self, other: Features) -> Features:
        """These designs, then the other ones of the same kernel."""
        return Features(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.shared, other.shared]),
            _both(self.estimated, other.estimated),
            _both(self.effective, other.effective),
            self.groups,
        )


@dataclass(frozen=True)
class Forecast:
    """What is expected of n designs.

    ``latency``             [n] expected log2 cycles
    ``latency_spread``      [n] standard deviation of it
    ``utilisation``         [n, 4] expected fractions in :data:`RESOURCES` order
    ``utilisation_spread``  [n, 4]
    ``valid``               [n] probability that the run gives a result (whether it fits is another matter: see
                            :meth:`fits`)
    ``members``             [m, n] log2 cycles by each member of an ensemble, None where there are no members
    """

    latency: Floats
    latency_spread: Floats
    utilisation: Floats
    utilisation_spread: Floats
    valid: Floats
    members: Floats | None = None

    def __len__(self) -> int:
        return len(self.latency)

    def take(self, places: NDArray[Any]) -> Forecast:
        """The designs at ``places`` (indices or a mask)."""
        return Forecast(
            self.latency[places],
            self.latency_spread[places],
            self.utilisation[places],
            self.utilisation_spread[places],
            self.valid[places],
            None if self.members is None else self.members[:, places],
        )


def _both(one: Floats | None, two: Floats | None) -> Floats | None:
    return None if one is None or two is None else np.concatenate([one, two])


class Surrogate(Protocol):
    """Learns from outcomes on one kernel and forecasts other designs of it."""

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """Learns from outcomes, one per row of ``features``; those that say nothing are left out.

        May be called with nothing observed: a surrogate that knows other kernels, or a model, can forecast all the
        same, others forecast the same for every design, with a wide spread.
        """

    def predict(self, features: Features) -> Forecast:
        """Forecasts in the order of the rows; deterministic."""


class ForecastBeforehand(Protocol):
    """What is known of a kernel's designs before any of them has been run."""

    def predict(self, features: Features) -> Forecast:
        """Forecasts in the order of the rows; deterministic."""


@runtime_checkable
class NeedsBackground(Protocol):
    """A surrogate that wants to know what the candidates look like, beside those that were run."""

    def see(self, background: Features) -> None:
        """Takes a uniform sample of the candidates, none of which need have been run; called before ``fit``."""


@dataclass(frozen=True)
class Batch:
    """Some candidates: ``rows`` [n, S] encoded points (or [n, 1] places in a pool) and their features."""

    rows: Rows
    features: Features

    def __len__(self) -> int:
        return len(self.rows)


class Candidates(Protocol):
    """The designs among which a search may choose, as a stream of bounded memory.

    Made by :func:`pipeline.exploration.pool_candidates` (cached designs alone), or
    :func:`pipeline.exploration.space_candidates` (a design space: all of it where that is feasible).
    """

    @property
    def complete(self) -> bool:
        """Whether :meth:`batches` goes through all there are."""

    @property
    def size(self) -> int | None:
        """How many there are, None where they cannot be counted."""

    def batches(self) -> Iterator[Batch]:
        """All candidates in a fixed order where ``complete``; else a uniform sample of them."""

    def sample(self, count: int, rng: np.random.Generator) -> Batch:
        """At most ``count`` different candidates, drawn uniformly."""

    def keys(self, rows: Rows) -> list[str]:
        """Design keys of rows."""

    def rows(self, keys: Sequence[str]) -> Rows:
        """Rows of those designs that are among the candidates; others are left out."""

    def features(self, keys: Sequence[str]) -> Features:
        """Features of designs by key; for what has been run already. PipelineError for a key that cannot be one."""


@dataclass(frozen=True)
class Proposal:
    """A design that is proposed to be run.

    ``key``                 its design key
    ``row``                 its encoded point, or its place in a pool
    ``why``                 one clause for a person
    ``acquisition``         the value it was ranked by, larger is better
    ``cycles``              expected latency in cycles, None where nothing was forecast
    ``cycles_factor``       2 to the spread: the latency is expected within cycles / factor and cycles * factor
    ``utilisation``         expected fractions in :data:`RESOURCES` order
    ``valid``               probability that it runs and fits
    ``baseline``            which baseline it is where no strategy chose it (the design as written); None elsewhere
    """

    key: str
    row: tuple[int, ...]
    why: str
    acquisition: float
    cycles: float | None = None
    cycles_factor: float | None = None
    utilisation: tuple[float, ...] | None = None
    valid: float | None = None
    baseline: str | None = None


@dataclass(frozen=True)
class Round:
    """What a strategy answers: the proposals, best first, and what is expected of running them.

    ``expected_gain``  expected improvement of the best proposal over the best known, in doublings of the objective
                       (0.01 is 0.7 %); None where it is not known (nothing valid found yet, no forecast)
    ``exhausted``      whether no candidate is left beside the proposals
    ``calibration``    factor that the surrogate's spread was multiplied with to fit what was observed; None unknown
    """

    proposals: tuple[Proposal, ...]
    expected_gain: float | None = None
    exhausted: bool = False
    calibration: float | None = None


class Strategy(Protocol):
    """Chooses the next designs. Made by :func:`pipeline.exploration.make_strategy`."""

    @property
    def name(self) -> str:
        """Its name, with which :func:`pipeline.exploration.make_strategy` makes it again."""

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        """At most ``count`` different candidates that are not among ``outcomes``, fewer where no more are left.

        The same candidates, outcomes, count and generator state give the same proposals.
        """
