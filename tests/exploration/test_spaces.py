from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import pipeline.exploration.strategy as strategy_module
from pipeline.design_space import DesignSpace, Point, design_key, parse_key
from pipeline.exploration import KernelFeatures, Objective, SearchOutcome, SiteFacts, make_strategy
from pipeline.exploration.candidates import BATCH, SpaceCandidates, space_candidates
from pipeline.exploration.evolution import Assess, evolve
from pipeline.exploration.features import Kept, column_groups
from pipeline.exploration.types import Rows
from pipeline.models.inputs import site_number
from tests.exploration.toy import SITES, toy_features, toy_space, wide_space


def test_a_space_that_cannot_be_listed_is_still_searched_beyond_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Rows] = []

    def seen(space: DesignSpace, assess: Assess, rows: Rows, **more: int) -> object:
        begun.append(rows)
        return evolve(space, assess, rows, **more)

    monkeypatch.setattr(strategy_module, "evolve", seen)
    space = wide_space(14)
    facts = KernelFeatures([SiteFacts(name, "PARALLEL", f"top/loop_{n}") for n, name in enumerate(space.names)])
    candidates = SpaceCandidates(space, facts, whole_limit=1000, sample=300)
    assert not candidates.complete and candidates.size == 7**14

    def run(key: str) -> SearchOutcome:
        total = facts_sum(candidates, key)
        return SearchOutcome(key, "ok", True, 2.0 ** (20.0 - total / 10.0), (0.1,) * 4)

    strategy, rng = make_strategy("forest-exploit", objective=Objective()), np.random.default_rng(0)
    outcomes = [run(key) for key in candidates.keys(space.sample_rows(40, np.random.default_rng(1)))]
    answer = strategy.propose(candidates, outcomes, 6, rng)
    found = [run(proposal.key) for proposal in answer.proposals]
    run_rows, start = space.encode([parse_key(one.key) for one in outcomes]), {tuple(row) for row in begun[0].tolist()}
    assert {tuple(row) for row in run_rows.tolist()} < start, "it goes on from what was run and the best of the sample"
    assert len({proposal.key for proposal in answer.proposals}) == 6
    assert not answer.exhausted
    assert min(one.cycles or 0 for one in found) < min(one.cycles or 0 for one in outcomes)


def facts_sum(candidates: SpaceCandidates, key: str) -> float:
    return float(np.log2(candidates.features([key]).values).sum())


def test_a_large_space_streams_in_batches_of_bounded_size() -> None:
    space = wide_space(8)
    facts = KernelFeatures([SiteFacts(name, "PARALLEL") for name in space.names])
    candidates = SpaceCandidates(space, facts, whole_limit=10**7)
    assert candidates.complete and candidates.size == 7**8
    sizes = [len(batch) for batch, _ in zip(candidates.batches(), range(5), strict=False)]
    assert sizes == [BATCH] * 5


def test_rows_and_points_of_one_design_have_the_same_features_and_the_models_numbers() -> None:
    space = toy_space()
    rows = space.sample_rows(50, np.random.default_rng(0))
    points = space.decode(rows)
    for facts in (toy_features(), toy_features(estimates=True)):
        one, two = facts.of_rows(space, rows), facts.of(points)
        assert np.array_equal(one.values, two.values) and np.array_equal(one.shared, two.shared)
        assert np.array_equal(one.columns, two.columns)
    for site, column in zip(SITES, toy_features().of(points).values.T, strict=True):
        assert column.tolist() == [site_number(site.kind, point[site.name]) for point in points]


def test_the_estimator_is_asked_once_for_a_design_however_many_rounds_look_at_it() -> None:
    asked: list[str] = []
    estimate = toy_features(estimates=True).estimate
    assert estimate is not None

    def counted(points: Sequence[Point]) -> np.ndarray:
        asked.extend(design_key(point) for point in points)
        return np.asarray(estimate(points))

    facts, space = KernelFeatures(SITES, counted), toy_space()
    kept: Kept = {}
    asked.clear()
    rounds = [
        [batch for _ in range(2) for batch in space_candidates(space, facts, whole_limit=10, kept=kept).batches()]
        for _ in range(2)
    ]
    assert len(asked) == len(set(asked)) > 0
    without = list(space_candidates(space, toy_features(estimates=True), whole_limit=10).batches())
    for batches in (rounds[0][: len(without)], rounds[1][-len(without) :]):
        for one, other in zip(batches, without, strict=True):
            assert np.array_equal(one.rows, other.rows) and np.array_equal(one.features.shared, other.features.shared)
    empty = facts.of_rows(space, space.sample_rows(3, np.random.default_rng(0))[:0], kept)
    assert empty.shared.shape == (0, without[0].features.shared.shape[1])


def test_designs_that_come_to_the_same_on_the_kernel_look_the_same() -> None:
    plain: Point = {"__PARA__L0": 2, "__PARA__L1": 1, "__PIPE__L0": "flatten", "__TILE__L0": 1}
    same = toy_features().of([plain, plain | {"__TILE__L0": 64}, plain | {"__PARA__L1": 64}]).columns
    assert (same == same[0]).all()
    other = toy_features().of([plain, plain | {"__TILE__L0": 2}, plain | {"__PIPE__L0": ""}]).columns
    assert (other[1:] != other[0]).any(axis=1).all()


def test_a_factor_of_all_iterations_is_a_whole_unrolling_and_one_less_is_not() -> None:
    plain: Point = {"__PARA__L0": 1, "__PARA__L1": 1, "__PIPE__L0": "off", "__TILE__L0": 1}
    factors = [plain | {"__PARA__L1": factor} for factor in (32, 63, 64, 128)]
    inner = [place for place, group in enumerate(column_groups(SITES)) if group == 7]
    assert toy_features().of(factors).columns[:, inner[0]].tolist() == [0.0, 0.0, 2.0, 2.0]


def test_copies_of_a_body_are_those_of_its_loop_and_of_all_loops_around_it() -> None:
    outer, middle = "top/loop_0", "top/loop_1"
    facts = KernelFeatures(
        [
            SiteFacts("P", "PIPELINE", outer, (), 16),
            SiteFacts("A", "PARALLEL", outer, (), 16),
            SiteFacts("B", "PARALLEL", middle, (outer,), 8),
            SiteFacts("C", "PARALLEL", "top/loop_2", (middle, outer), 32),
        ]
    )
    factors: Point = {"A": 2, "B": 4, "C": 8}
    shared = facts.of(
        [{"P": "off", **factors}, {"P": "flatten", **factors}, {"P": "off", "A": 1, "B": 1, "C": 1}]
    ).shared
    # Unrolled by the pipelined loop above, the most copied body, all bodies; then the sites and the iterations of all.
    assert shared[:, -6:-3] == pytest.approx(
        np.array([[0, 6, np.log2(1 + 2 + 8 + 64)], [8, 8, np.log2(1 + 2 + 16 + 256)], [0, 0, 2]])
    )
    assert shared[:, -3:].tolist() == [[3, 1, 12]] * 3


class Asked:
    """Estimates that are the length of a point's text, and the keys of the points that they were asked of."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, points: Sequence[Point]) -> np.ndarray:
        self.keys += map(design_key, points)
        return np.array([[1.0, float(len(design_key(point)))] for point in points], dtype=np.float32)


def bounded(most: int | None, outcomes: int, name: str, kept: Kept | None = None) -> tuple[list[str], list[str]]:
    """The designs that a round on a wide space asks estimates of, and those that it proposes."""
    space, asked = wide_space(14), Asked()
    facts = KernelFeatures([SiteFacts(name, "PARALLEL", f"top/loop_{n}") for n, name in enumerate(space.names)], asked)
    keys = map(design_key, space.decode(space.sample_rows(outcomes, np.random.default_rng(1))))
    runs = [SearchOutcome(key, "ok", True, 1000.0 + place, (0.1,) * 4) for place, key in enumerate(keys)]
    candidates = space_candidates(space, facts, kept=kept, most=most)
    strategy = make_strategy(name, objective=Objective())
    asked.keys.clear()
    answer = strategy.propose(candidates, runs, 5, np.random.default_rng(2))
    assert len(answer.proposals) == 5 and not answer.exhausted
    return asked.keys, [proposal.key for proposal in answer.proposals]


@pytest.mark.parametrize("most", [128, 1_000, 3_001])
def test_a_round_asks_for_no_more_estimates_than_its_bound_and_nearly_for_so_many(most: int) -> None:
    runs = 12
    asked, _ = bounded(most, runs, "forest-ei")
    # Where runs were, their own figures are asked for beside, to learn from and as a start of the evolution.
    assert 0.65 * most <= len(asked) <= 0.75 * most + 2 * runs
    both, _ = bounded(most, runs, "forest-ei+forest-thompson")
    assert len(asked) < len(both) <= most + 4 * runs, "the sample is shared"


def test_a_bound_that_a_round_does_not_reach_changes_nothing_of_it() -> None:
    assert bounded(None, 12, "forest-thompson") == bounded(10**6, 12, "forest-thompson")


def test_what_is_at_hand_from_earlier_rounds_changes_nothing_of_what_a_bounded_round_proposes() -> None:
    kept: Kept = {}
    first = bounded(1_000, 12, "forest-thompson", kept)
    again = bounded(1_000, 12, "forest-thompson", kept)
    assert first[1] == again[1] and len(again[0]) < len(first[0]) / 10


def test_a_space_is_gone_through_whole_exactly_where_the_bound_allows_it() -> None:
    space, facts = toy_space(), toy_features()
    size = space.size()
    for most, whole, drawn in ((None, True, None), (size, True, None), (size - 1, False, (size - 1) // 2)):
        found = space_candidates(space, facts, most=most)
        assert found.complete == whole and found.cut == (not whole)
        assert sum(map(len, found.batches())) == (size if drawn is None else drawn)


def test_progress_counts_every_point_that_is_estimated_once() -> None:
    facts, space = toy_features(estimates=True), toy_space()
    heard: list[int] = []
    kept: Kept = {}
    facts.told = heard.append
    for _ in range(2):
        list(space_candidates(space, facts, kept=kept).batches())
    assert sum(heard) == space.size() and len(heard) > 10
