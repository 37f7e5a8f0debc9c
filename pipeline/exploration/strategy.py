"""From outcomes and candidates to the next designs to run."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.exploration.acquisition import Acquisition, log_improvement
from pipeline.exploration.acquisitions import ACQUISITIONS
from pipeline.exploration.calibration import scaled, spread_factor
from pipeline.exploration.candidates import SpaceCandidates
from pipeline.exploration.coreset import CoresetStrategy
from pipeline.exploration.evolution import GENERATIONS, POPULATION, evolve
from pipeline.exploration.objective import Objective
from pipeline.exploration.outlook import Aim, Expected, expected
from pipeline.exploration.selection import BatchRequest, Channel, in_turn
from pipeline.exploration.shortlist import Ranked, Shortlist, contained
from pipeline.exploration.surrogates import SURROGATES
from pipeline.exploration.types import (
    RESOURCES,
    Batch,
    Candidates,
    Features,
    Floats,
    Forecast,
    NeedsBackground,
    Proposal,
    Round,
    Rows,
    SearchOutcome,
    Surrogate,
)

_SHORTLIST = 40
"""Designs kept per design to propose."""

BACKGROUND = 200
"""Candidates that show a surrogate what there is."""

_FIRST_GAIN = 3.0
"""Doublings; before any run a larger promise counts no more than this, as it is most often too good to run."""

_EASY_PERCENTILE, _EASY_GAIN = 70.0, 0.7
"""While every run has failed: among the candidates most are faster than this cost, and being so is nearly enough."""

_NUMBERS = "fiu"
"""Kinds of arrays that are numbers; another package's may be of any."""

_LOCAL_ROUNDS = 3
_LOCAL_CENTRES = 10
_MOST_ORDERS = 3
"""Orders that an evolution seeks to be good in at once; more make a population without a direction."""


class SurrogateStrategy:
    """Fits a surrogate, goes through the candidates and takes a diverse batch of the best.

    ``make`` gives a fresh surrogate.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Surrogate],
        acquisition: Acquisition,
        objective: Objective,
    ) -> None:
        self.name = name
        self._make, self._acquisition, self._objective = make, acquisition, objective
        self._least_chance = acquisition.least_chance

    def propose(
        self, candidates: Candidates, outcomes: Sequence[SearchOutcome], count: int, rng: np.random.Generator
    ) -> Round:
        """As :class:`~pipeline.exploration.types.Strategy` says."""
        surrogate, factor = self._make(), None
        background = candidates.sample(BACKGROUND, rng).features
        if isinstance(surrogate, NeedsBackground):
            surrogate.see(background)
        if outcomes:
            seen = candidates.features([outcome.key for outcome in outcomes])
            surrogate.fit(seen, outcomes)
            factor = spread_factor(self._make, seen, outcomes, count)
        scan = Scan(self._named(surrogate), factor, self._objective, outcomes, self._least_chance)
        around = scan.outlook(background)[0].latency
        if not outcomes and len(around) and around.min() == around.max():
            # Nothing tells the candidates apart yet.
            return CoresetStrategy().propose(candidates, outcomes, count, rng)
        aim = self._aim(scan, background)
        scan.channels = self._channels(scan, aim, count, rng)
        shortlists = [Shortlist(_SHORTLIST * count, self._least_chance) for _ in scan.channels]
        tried = scan.through(candidates, shortlists, rng)
        best = merged([shortlist.best for shortlist in shortlists if shortlist.best is not None])
        if best is None or not len(best):
            return Round((), exhausted=True, calibration=factor)
        taken = self._taken(best, scan, count)
        proposals = [self._proposal(candidates, best, scan, place, value) for place, value in taken]
        return Round(
            tuple(proposals),
            expected_gain=scan.gain(best),
            exhausted=candidates.complete and tried <= len(proposals),
            calibration=factor,
        )

    def _named(self, surrogate: Surrogate) -> Callable[[Features], Forecast]:
        """Its forecasts; raises PipelineError, which names it, where one is no number (it would be ranked last) or the
        figures are not those of the designs that were asked for."""
        called = SURROGATES.called(self.name.partition("-")[0])

        def wrong(what: str) -> PipelineError:
            return PipelineError(f"{called} forecasts {what}", fix="mend its predict, or choose another --surrogate")

        def forecast(features: Features) -> Forecast:
            found, designs = surrogate.predict(features), len(features)
            if not isinstance(found, Forecast):
                raise wrong(f"with a {type(found).__name__}, where a Forecast is wanted")
            for part in fields(found):
                values = getattr(found, part.name)
                if values is None:
                    continue
                if not isinstance(values, np.ndarray) or values.dtype.kind not in _NUMBERS:
                    raise wrong(f"with a {part.name} that is no array of numbers")
                if not np.isfinite(values).all():
                    raise wrong(f"what is no finite number as {part.name}")
                shape = np.shape(values)
                per_design = (designs, len(RESOURCES)) if part.name.startswith("utilisation") else (designs,)
                if (shape[1:] if part.name == "members" else shape) != per_design:
                    raise wrong(f"{part.name} of the shape {shape} for {designs} designs")
                if part.name.endswith("_spread") and (np.asarray(values) < 0).any():
                    raise wrong(f"a {part.name} below 0")
            if ((found.valid < -1e-6) | (found.valid > 1 + 1e-6)).any():
                raise wrong("a chance to be valid that is not between 0 and 1")
            return found

        return forecast

    def _worth(self, outlook: Expected, aim: Aim, rng: np.random.Generator) -> Floats:
        """Values [n] by the acquisition; raises PipelineError, which names it, where they are none of these designs."""
        found: Any = self._acquisition.value(outlook, aim, rng)
        if np.shape(found) != (len(outlook),):
            raise self._wrong("value", f"gives values of the shape {np.shape(found)} for {len(outlook)} designs")
        if not isinstance(found, np.ndarray) or found.dtype.kind not in _NUMBERS or np.isnan(found).any():
            raise self._wrong("value", "gives values that are no numbers of an array")
        return found

    def _wrong(self, member: str, what: str) -> PipelineError:
        called = ACQUISITIONS.called(self._acquisition.name)
        return PipelineError(f"{called} {what}", fix=f"mend its {member}, or choose another --acquisition")

    def _aim(self, scan: Scan, background: Features) -> Aim:
        """The best cost known; before there is one, a cost to be had among the candidates."""
        if self._objective.dimensions > 1:
            return Aim(math.inf)
        if len(scan.costs):
            return Aim(float(scan.costs.min()))
        costs = scan.outlook(background)[1].cost[:, 0]
        if scan.outcomes:
            return Aim(float(np.percentile(costs, _EASY_PERCENTILE)), _EASY_GAIN)
        return Aim(float(np.median(costs)), _FIRST_GAIN)

    def _channels(self, scan: Scan, aim: Aim, count: int, rng: np.random.Generator) -> list[Channel]:
        """One order, or one a proposal where the acquisition draws or weighs several costs at random."""
        value = self._worth
        if self._objective.dimensions == 1:
            copies = count if self._acquisition.draws else 1
            return [Channel(value, aim, int(rng.integers(2**31))) for _ in range(copies)]
        costs = scan.costs
        axes = self._objective.axes
        lowest = costs.min(axis=0) if len(costs) else np.zeros(len(axes))
        widest = np.array([30.0 if axis.is_latency else 1.0 for axis in axes])
        highest = np.maximum(costs.max(axis=0), lowest + 0.1) if len(costs) else widest
        channels = []
        for share in rng.permutation(np.linspace(0.0, 1.0, count)):
            weights = np.array([1.0 - share, share])
            if len(axes) > 2:
                weights = rng.dirichlet(np.ones(len(axes)))
            channel = Channel(value, aim, int(rng.integers(2**31)), weights, lowest, highest)
            if len(costs):
                known = channel.single(Expected(costs, np.zeros_like(costs), np.ones(len(costs))))
                channel = replace(channel, aim=Aim(float(known.cost.min())))
            channels.append(channel)
        return channels

    def _taken(self, best: Ranked, scan: Scan, count: int) -> list[tuple[int, float]]:
        outlook = scan.meaning(best.forecast)
        request = BatchRequest(best, outlook, scan.channels, scan.costs, count, self._least_chance)
        if self._acquisition.batch is None:
            return in_turn(request)
        found: Any = self._acquisition.batch(request)
        try:
            taken = [(operator.index(place), float(value)) for place, value in found]
        except (TypeError, ValueError):
            raise self._wrong("batch", "gives a batch that is no list of places and their values") from None
        places = {place for place, _ in taken}
        if len(places) < len(taken) or len(taken) > count or not places <= set(range(len(best))):
            told = f"gives a batch that is not of at most {count} different designs of {len(best)}"
            raise self._wrong("batch", told)
        return taken

    def _proposal(self, candidates: Candidates, best: Ranked, scan: Scan, place: int, value: float) -> Proposal:
        forecast, chance = best.forecast, float(best.chance[place])
        cycles = float(2.0 ** forecast.latency[place])
        factor = float(2.0 ** forecast.latency_spread[place])
        if chance < self._least_chance:
            why = f"no better design is left that is predicted valid; its chance is {chance:.0%}"
        else:
            why = (
                f"{self._acquisition.name}: {cycles:,.0f} cycles expected, within a factor of {factor:.2f}, "
                f"valid with a chance of {chance:.0%}"
            )
        return Proposal(
            key=candidates.keys(best.rows[place : place + 1])[0],
            row=tuple(int(index) for index in best.rows[place]),
            why=why,
            acquisition=value,
            cycles=cycles,
            cycles_factor=factor,
            utilisation=tuple(float(used) for used in forecast.utilisation[place]),
            valid=chance,
        )


class Scan:
    """Forecasts and values of candidates in one round."""

    def __init__(
        self,
        predict: Callable[[Features], Forecast],
        factor: float | None,
        objective: Objective,
        outcomes: Sequence[SearchOutcome],
        least_chance: float,
    ) -> None:
        self.outcomes = outcomes
        self.costs = valid_costs(outcomes, objective)
        self.channels: list[Channel] = []
        self._predict, self._factor, self._objective = predict, factor, objective
        self._least_chance = least_chance
        clocks = [math.log2(clock) for outcome in outcomes if (clock := objective.clock_of(outcome))]
        self._log2_clock = sum(clocks) / len(clocks) if clocks else math.log2(objective.clock_ns or 1.0)

    def outlook(self, features: Features) -> tuple[Forecast, Expected]:
        """The forecasts of designs and what they mean for the objective."""
        forecast = scaled(self._predict(features), self._factor)
        return forecast, self.meaning(forecast)

    def meaning(self, forecast: Forecast) -> Expected:
        """What forecasts mean for the objective."""
        return expected(forecast, self._objective, log2_clock=self._log2_clock)

    def through(self, candidates: Candidates, shortlists: Sequence[Shortlist], rng: np.random.Generator) -> int:
        """Enters what has not been run yet into the shortlists, one a channel; returns how many designs were scored."""
        done = candidates.rows([outcome.key for outcome in self.outcomes])
        scored = 0
        for batch in candidates.batches():
            self._enter(batch, shortlists, done)
            scored += int((~contained(batch.rows, done)).sum())
        if isinstance(candidates, SpaceCandidates) and not candidates.complete:
            self._go_further(candidates, shortlists, done, rng)
        return scored

    def _enter(self, batch: Batch, shortlists: Sequence[Shortlist], done: Rows) -> tuple[Expected, list[Floats]]:
        forecast, outlook = self.outlook(batch.features)
        values = [channel.of(outlook, np.random.default_rng([channel.seed, 0])) for channel in self.channels]
        fresh = np.flatnonzero(~contained(batch.rows, done))
        rows, features = batch.rows[fresh], batch.features.take(fresh)
        for value, shortlist in zip(values, shortlists, strict=True):
            shortlist.add(rows, features, forecast.take(fresh), outlook.take(fresh), value[fresh])
        return outlook, values

    def _go_further(
        self, candidates: SpaceCandidates, shortlists: Sequence[Shortlist], done: Rows, rng: np.random.Generator
    ) -> None:
        """Evolution from the best of the sample and of what was run, then moves by one site around the best."""

        looked: list[Rows] = []

        def assess(rows: Rows) -> tuple[Floats, Floats]:
            looked.append(rows)
            outlook, values = self._enter(candidates.batch(rows), shortlists, done)
            costs = np.stack([-value for value in values[:_MOST_ORDERS]], axis=1)
            return costs, self._least_chance - outlook.chance

        share = max(1, POPULATION // len(shortlists))
        start = [kept.best.rows[:share] for kept in shortlists if kept.best is not None]
        rows = np.unique(np.concatenate([done, *start]), axis=0)
        beyond = candidates.beyond
        generations = GENERATIONS if beyond is None else min(GENERATIONS, beyond // 2 // POPULATION)
        if len(rows) and generations:
            evolve(
                candidates.space, assess, rng.permutation(rows), seed=int(rng.integers(2**31)), generations=generations
            )
        for left in range(_LOCAL_ROUNDS, 0, -1):
            centres = [kept.best.rows[:_LOCAL_CENTRES] for kept in shortlists if kept.best is not None]
            near = candidates.space.neighbour_rows(np.unique(np.concatenate([done, *centres]), axis=0))
            near = np.unique(near, axis=0)
            if beyond is not None and len(near) > (most := max(0, beyond - sum(map(len, looked))) // left):
                near = near[~contained(near, np.concatenate([done, *looked]))]
                near = rng.permutation(near)[:most]
            if len(near):
                assess(near)

    def gain(self, best: Ranked) -> float | None:
        """The largest expected improvement of one design over the best known, in doublings; None if none is known."""
        if not len(self.costs) or self._objective.dimensions > 1:
            return None
        outlook = self.meaning(best.forecast)
        return float((np.exp(log_improvement(outlook, float(self.costs.min()))) * outlook.chance).max())


def valid_costs(outcomes: Sequence[SearchOutcome], objective: Objective) -> NDArray[np.float64]:
    """[k, m] costs of the valid outcomes."""
    found = [objective.costs(outcome) for outcome in outcomes if objective.is_valid(outcome)]
    return np.array(found, dtype=np.float64).reshape(len(found), objective.dimensions)


def merged(parts: Sequence[Ranked]) -> Ranked | None:
    """Several shortlists as one, each design once."""
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.joined(part.take(np.flatnonzero(~contained(part.rows, whole.rows))))
    return whole
