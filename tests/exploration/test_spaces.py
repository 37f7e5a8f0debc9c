from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.design_space import Point, design_key
from pipeline.exploration import KernelFeatures, Objective, SearchOutcome, SiteFacts, make_strategy
from pipeline.exploration.candidates import BATCH, SpaceCandidates, space_candidates
from pipeline.exploration.features import Kept
from pipeline.models.inputs import site_number
from tests.exploration.toy import SITES, toy_features, toy_space, wide_space


def test_a_space_that_cannot_be_listed_is_still_searched_beyond_a_sample() -> None:
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
