"""The laws that every surrogate and every acquisition keeps, as classes for pytest to subclass.

```
class TestMine(SurrogateConformance):
    def surrogate(self): return MySurrogate()

class TestMyWay(AcquisitionConformance):
    kind = KIND
```
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields

import numpy as np

from pipeline.exploration.acquisition import Acquisition
from pipeline.exploration.features import KernelFeatures, SiteFacts
from pipeline.exploration.outlook import Aim, Expected
from pipeline.exploration.selection import BatchRequest, Channel, in_turn
from pipeline.exploration.shortlist import Ranked
from pipeline.exploration.types import Features, Floats, Forecast, NeedsBackground, SearchOutcome, Surrogate
from pipeline.terms import SiteKind

_FACTORS = (1, 2, 4, 8, 16, 32, 64)
_SITES = (
    SiteFacts("__PARA__L0", SiteKind.PARALLEL, "k/loop_0", (), 64),
    SiteFacts("__PARA__L1", SiteKind.PARALLEL, "k/loop_1", ("k/loop_0",), 64, innermost=True),
)


class SurrogateConformance(ABC):
    """A subclass says how its surrogate is made; :meth:`features` are those of a kernel with two factors."""

    @abstractmethod
    def surrogate(self) -> Surrogate:
        """A new surrogate that has seen no outcome; each is like any other."""

    def features(self) -> Features:
        """49 designs; more parallel ones run in fewer cycles, and those of more than 128 copies fail."""
        return KernelFeatures(_SITES).of([{"__PARA__L0": a, "__PARA__L1": b} for a in _FACTORS for b in _FACTORS])

    def outcomes(self) -> list[SearchOutcome]:
        """What became of the designs."""
        copies = [a * b for a in _FACTORS for b in _FACTORS]
        return [
            SearchOutcome(str(place), "timeout", False)
            if many > 128
            else SearchOutcome(str(place), "ok", True, 1e6 / many, (many / 640, many / 1280, many / 2560, 0.01), 4.0)
            for place, many in enumerate(copies)
        ]

    def test_forecasts_are_numbers_of_the_right_kind_with_and_without_anything_observed(self) -> None:
        features = self.features()
        for seen in (0, 1, 5, 20):
            found = self._taught(np.arange(seen)).predict(features)
            assert len(found) == len(features) and found.utilisation.shape == (len(features), 4)
            for field in fields(found):
                value = getattr(found, field.name)
                assert value is None or np.isfinite(value).all(), field.name
            assert (found.latency_spread > 0).all() and (found.utilisation_spread >= 0).all()
            assert ((found.valid >= 0) & (found.valid <= 1)).all()
            assert found.members is None or found.members.shape[1] == len(features)

    def test_a_forecast_is_that_of_the_design_wherever_it_stands_and_whenever_it_is_asked(self) -> None:
        surrogate, order = self._taught(np.arange(0, 49, 3)), np.random.default_rng(0).permutation(49)
        whole = surrogate.predict(self.features())
        _assert_same(surrogate.predict(self.features()), whole)
        _assert_same(surrogate.predict(self.features().take(order)), whole.take(order))

    def test_two_that_were_taught_alike_forecast_alike(self) -> None:
        seen = np.arange(0, 49, 4)
        again = self._taught(np.arange(5))
        again.fit(self.features().take(seen), [self.outcomes()[place] for place in seen])
        _assert_same(again.predict(self.features()), self._taught(seen).predict(self.features()))

    def test_a_run_that_says_nothing_of_the_design_teaches_nothing(self) -> None:
        silent = self._new()
        silent.fit(self.features().take(np.arange(6)), [SearchOutcome(str(n), "licence", None) for n in range(6)])
        _assert_same(silent.predict(self.features()), self._taught(np.arange(0)).predict(self.features()))

    def test_it_learns_which_designs_are_faster_and_which_fail(self) -> None:
        seen, outcomes = np.random.default_rng(1).permutation(49)[:30], self.outcomes()
        found = self._taught(seen).predict(self.features())
        new = [place for place in range(49) if place not in seen]
        ran = np.array([place for place in new if outcomes[place].usable])
        failed = np.array([place for place in new if not outcomes[place].usable])
        true = np.array([np.log2(outcomes[place].cycles or 1.0) for place in ran])
        assert np.corrcoef(found.latency[ran], true)[0, 1] > 0.8
        assert found.valid[failed].mean() < found.valid[ran].mean()

    def _new(self) -> Surrogate:
        made = self.surrogate()
        if isinstance(made, NeedsBackground):
            made.see(self.features())
        return made

    def _taught(self, seen: np.ndarray) -> Surrogate:
        made = self._new()
        made.fit(self.features().take(seen), [self.outcomes()[place] for place in seen])
        return made


class AcquisitionConformance:
    """A subclass names its acquisition as ``kind``."""

    kind: Acquisition

    def test_values_are_one_a_design_and_the_same_for_the_same_draw(self) -> None:
        outlook = _outlook(np.linspace(8, 16, 20), np.linspace(2, 0.1, 20), np.linspace(0.05, 1, 20))
        for aim in (Aim(10.0), Aim(10.0, 0.5), Aim(np.inf)):
            found = self._value(outlook, aim)
            assert found.shape == (20,) and np.isfinite(found).all()
            assert np.array_equal(found, self._value(outlook, aim))

    def test_a_design_that_is_expected_to_cost_less_is_worth_more(self) -> None:
        cost = np.linspace(8, 16, 20)
        dear = self._value(_outlook(cost, 0.5, 0.8), Aim(10.0))
        assert (self._value(_outlook(cost - 0.25, 0.5, 0.8), Aim(10.0)) > dear).all()

    def test_a_design_that_may_be_better_than_expected_is_worth_no_less(self) -> None:
        if not self.kind.draws:
            sure = self._value(_outlook(np.linspace(8, 16, 20), 0.5, 0.8), Aim(10.0))
            assert (self._value(_outlook(np.linspace(8, 16, 20), 1.0, 0.8), Aim(10.0)) >= sure).all()

    def test_what_looks_at_doubtful_designs_takes_the_likelier_of_two_alike_first(self) -> None:
        if self.kind.least_chance < Acquisition("any", self.kind.value).least_chance:
            taken = self._batch(np.full(4, 9.0), np.array([0.3, 0.9, 0.5, 0.7]), 1)
            assert [place for place, _ in taken] == [1]

    def test_a_batch_has_each_design_once_and_what_is_not_predicted_valid_last(self) -> None:
        chance = np.where(np.arange(8) % 2, 0.9, self.kind.least_chance / 2)
        for count in (1, 4, 6, 20):
            taken = [place for place, _ in self._batch(np.linspace(8, 9, 8), chance, count)]
            assert len(set(taken)) == len(taken) == min(count, 8)
            assert all(chance[place] > 0.5 for place in taken[:4])

    def _value(self, outlook: Expected, aim: Aim) -> Floats:
        return self.kind.value(outlook, aim, np.random.default_rng(3))

    def _batch(self, cost: Floats, chance: Floats, count: int) -> list[tuple[int, float]]:
        n, costs = len(cost), self.kind.costs
        columns = np.arange(n, dtype=np.float64)[:, None]
        zeros = np.zeros((n, 4))
        forecast = Forecast(cost, np.full(n, 0.5), zeros, zeros, chance)
        shortlist = Ranked(columns.astype(np.intp), Features(columns, columns, None, columns), forecast, chance, -cost)
        outlook = Expected(np.repeat(cost[:, None], costs, axis=1), np.full((n, costs), 0.5), chance)
        known = np.full((1, costs), 10.0)
        channels = [Channel(self.kind.value, Aim(10.0), seed) for seed in range(count if self.kind.draws else 1)]
        request = BatchRequest(shortlist, outlook, channels, known, count, self.kind.least_chance)
        return (self.kind.batch or in_turn)(request)


def _outlook(cost: Floats, spread: Floats | float, chance: Floats | float) -> Expected:
    n = len(cost)
    return Expected(cost[:, None], np.broadcast_to(spread, n)[:, None], np.broadcast_to(chance, n))


def _assert_same(one: Forecast, two: Forecast) -> None:
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        assert (a is None and b is None) or np.allclose(a, b, rtol=1e-6, atol=1e-9), field.name
