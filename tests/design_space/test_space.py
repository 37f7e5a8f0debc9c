from __future__ import annotations

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.design_space import DesignSpace, Point, SiteSpace, design_key, parse_rule
from pipeline.design_space import elimination as elimination_module
from pipeline.design_space import factors as factors_module
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind
from tests.design_space.small_spaces import brute_force, spaces


@settings(max_examples=75, deadline=None)
@given(spaces(), st.integers(1, 7), st.data())
def test_size_order_rank_batches_and_validity_equal_brute_force(
    space: DesignSpace, batch: int, data: st.DataObject
) -> None:
    expected = brute_force(space)
    assert space.size() == len(expected)
    assert list(space.points()) == expected
    rows = list(space.batches(batch))
    assert [len(block) for block in rows[:-1]] == [batch] * (len(rows) - 1)
    assert [point for block in rows for point in space.decode(block)] == expected
    if expected:
        start = data.draw(st.integers(0, len(expected) - 1))
        assert list(space.points(start)) == expected[start:]
        assert space.unrank(start) == expected[start]
        assert space.rank(expected[start]) == start
    combinations = np.array(list(itertools.product(*(range(len(site.values)) for site in space.sites))), dtype=np.int16)
    assert space.decode(combinations[space.contains_rows(combinations)]) == expected
    for point in space.decode(combinations[data.draw(st.integers(0, 6)) :: 7]):
        assert space.contains(point) == (point in expected) == (not space.violations(point))


@settings(max_examples=20, deadline=None)
@given(spaces())
def test_neighbours_are_all_valid_points_one_site_away(space: DesignSpace) -> None:
    expected = brute_force(space)
    for point in [*expected[:5], space.default]:
        near = [other for other in expected if sum(other[name] != point[name] for name in space.names) == 1]
        assert sorted(map(design_key, space.neighbours(point))) == sorted(map(design_key, near))


@settings(max_examples=30, deadline=None)
@given(spaces(), st.integers(0, 20), st.integers(0, 2**32), st.integers(0, 3))
def test_samples_are_valid_distinct_and_leave_out_what_is_excluded(
    space: DesignSpace, count: int, seed: int, skip: int
) -> None:
    expected = brute_force(space)
    excluded = {design_key(point) for point in expected[::3][:skip]} | {"no.key", "A1-99"}
    found = space.sample(count, np.random.default_rng(seed), excluded)
    keys = [design_key(point) for point in found]
    remaining = {design_key(point) for point in expected} - excluded
    assert len(set(keys)) == len(keys) == min(count, len(remaining))
    assert set(keys) <= remaining


def _chain(size: int) -> DesignSpace:
    """Sites that overlap, so that sampling goes through tables and not through independent draws."""
    sites = [
        SiteSpace(
            f"S{place}",
            SiteKind.PARALLEL,
            (1, 2, 3),
            1,
            parse_rule(f"S{place} * S{place + 1} <= 4") if place + 1 < size else parse_rule(""),
        )
        for place in range(size)
    ]
    return DesignSpace(sites)


def _chi_square(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    mean = counts.mean()
    return float(((counts - mean) ** 2 / mean).sum())


def test_sampling_is_uniform_by_a_chi_square_over_a_space_with_rules() -> None:
    space = _chain(5)
    ranks = {design_key(point): rank for rank, point in enumerate(space.points())}
    size = space.size()
    rng = np.random.default_rng(7)
    counts = np.zeros(size, dtype=np.int64)
    pairs = np.zeros((size, size), dtype=np.int64)
    for _ in range(6_000):
        found = [ranks[design_key(point)] for point in space.sample(3, rng)]
        counts[found] += 1
        pairs[found[0], found[1]] += 1
    # 99.9 % of chi-square with n degrees of freedom is below n + 3.1 * sqrt(2 n) + 7.
    assert _chi_square(counts) < size + 3.1 * math.sqrt(2 * size) + 7
    ordered = pairs[~np.eye(size, dtype=bool)]
    assert _chi_square(ordered) < len(ordered) + 3.1 * math.sqrt(2 * len(ordered)) + 7


def test_fixing_a_cutset_gives_the_same_counts_and_uniform_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _chain(6)
    monkeypatch.setattr(elimination_module, "MAX_CELLS", 4)
    cut = _chain(6)
    assert cut._components[0][0].plan.cutset  # type: ignore[union-attr]
    assert cut.size() == plain.size()
    assert [cut.rank(point) for point in cut.points()] == list(range(plain.size()))
    rng = np.random.default_rng(3)
    ranks = {design_key(point): rank for rank, point in enumerate(plain.points())}
    counts = np.zeros(plain.size(), dtype=np.int64)
    for _ in range(300):
        counts[[ranks[design_key(point)] for point in cut.sample(20, rng)]] += 1
    assert _chi_square(counts) < len(counts) + 3.1 * math.sqrt(2 * len(counts)) + 7


def test_counts_beyond_64_bits_are_exact() -> None:
    free = [SiteSpace(f"F{place}", SiteKind.PARALLEL, tuple(range(1000)), 0) for place in range(8)]
    assert DesignSpace(free).size() == 1000**8
    # One component: every site is tied to the first.
    tied = [SiteSpace("F", SiteKind.PARALLEL, (0, 1), 0)] + [
        SiteSpace(f"F{n}", SiteKind.PARALLEL, tuple(range(1000)), 0, parse_rule(f"F{n} == 0 or F == 0"))
        for n in range(8)
    ]
    space = DesignSpace(tied)
    assert space.size() == 1000**8 + 1
    assert space.rank(space.unrank(10**23)) == 10**23
    assert len(space.sample(50, np.random.default_rng(0))) == 50


def _dense(sites: int, bound: str) -> DesignSpace:
    names = [f"S{place:02}" for place in range(sites)]
    rule = parse_rule(" + ".join(names) + bound)
    return DesignSpace(
        SiteSpace(name, SiteKind.PARALLEL, (1, 2, 4, 8, 16), 1, rule if name == names[0] else parse_rule(""))
        for name in names
    )


def test_a_rule_over_twenty_sites_is_bounded_in_memory_and_still_sampled() -> None:
    space = _dense(20, " <= 150")
    assert not space.countable
    with pytest.raises(PipelineError, match="at most 95367431640625 points"):
        space.size()
    found = space.sample(200, np.random.default_rng(1))
    assert len(set(map(design_key, found))) == 200
    assert all(sum(map(int, point.values())) <= 150 for point in found)
    assert len(list(itertools.islice(space.points(), 1000))) == 1000
    assert space.contains(space.default)


def test_dense_rules_with_few_valid_points_are_counted_by_listing_them() -> None:
    # At most one of 14 nested tile factors above 1: every pair of sites is tied, no table over them fits.
    names = [f"S{place:02}" for place in range(14)]
    rules = [
        " and ".join(f"({name} == 1 or {other} == 1)" for other in names[:place]) for place, name in enumerate(names)
    ]
    space = DesignSpace(
        SiteSpace(name, SiteKind.TILE, (1, 2, 4, 8, 16), 1, parse_rule(rule))
        for name, rule in zip(names, rules, strict=True)
    )
    expected = 1 + 14 * 4
    assert space.countable and space.size() == expected == len(list(space.points()))
    assert space.rank(space.unrank(50)) == 50
    assert len(space.sample(expected + 5, np.random.default_rng(1))) == expected


def test_untabled_rules_agree_with_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = list(_chain(5).points())
    monkeypatch.setattr(factors_module, "TABLE_CELLS", 2)
    space = _chain(5)
    assert list(space.points()) == plain
    assert space.size() == len(plain)


def test_violations_name_the_site_the_rule_and_the_values_seen() -> None:
    space = DesignSpace(
        [
            SiteSpace("P", SiteKind.PARALLEL, (1, 2, 4), 1, parse_rule("P * T <= 4 and (P == 1 or 8 // (T - 1) > 0)")),
            SiteSpace("T", SiteKind.TILE, (1, 2, 4), 1),
        ]
    )
    assert space.violations({"P": 4, "T": 2}) == [
        "P = 4 breaks its rule P * T <= 4 and (P == 1 or 8 // (T - 1) > 0) with T = 2"
    ]
    assert space.violations({"P": 2, "T": 1})[0].endswith("(no answer: division by zero)")
    assert space.violations({"P": 3, "Q": 1}) == [
        "P = 3 is not one of its candidates: 1, 2, 4",
        "T has no value",
        "Q is no site of this design space",
    ]
    assert not space.contains({"P": True, "T": 1})
    with pytest.raises(PipelineError, match="P = 3 is not one of its candidates"):
        space.neighbours({"P": 3, "T": 1})


def test_a_space_survives_a_process_boundary_and_its_hash_tells_spaces_apart() -> None:
    space = _chain(4)
    space.size()
    copy = pickle.loads(pickle.dumps(space))
    assert copy == space and copy.hash == space.hash
    other = DesignSpace([*space.sites[:-1], SiteSpace("S3", SiteKind.PARALLEL, (1, 2), 1)])
    assert other.hash != space.hash


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        ([SiteSpace("A", SiteKind.TILE, (), 1)], "no candidate"),
        ([SiteSpace("A", SiteKind.TILE, (1, 1), 1)], "twice"),
        ([SiteSpace("A", SiteKind.TILE, (1, "1"), 1)], "reads as a number"),
        ([SiteSpace("A", SiteKind.TILE, (1,), 2)], "default"),
        ([SiteSpace("A B", SiteKind.TILE, (1,), 1)], "cannot name"),
        ([SiteSpace("if", SiteKind.TILE, (1,), 1)], "cannot name"),
        ([SiteSpace("A", SiteKind.TILE, (1,), 1, parse_rule("Z == 1"))], "reads Z"),
        ([SiteSpace("A", SiteKind.PIPELINE, ("off",), "off", parse_rule("A * 2 < 3"))], "as a number"),
        ([SiteSpace("A", SiteKind.TILE, (1,), 1), SiteSpace("A", SiteKind.TILE, (1,), 1)], "given twice"),
    ],
)
def test_sites_that_do_not_fit_together_are_refused(sites: list[SiteSpace], message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        DesignSpace(sites)


def test_a_kernel_without_sites_has_one_design() -> None:
    space = DesignSpace([])
    empty: Point = {}
    assert space.size() == 1 and list(space.points()) == [empty] and space.unrank(0) == {} and space.rank({}) == 0
    assert space.sample(5, np.random.default_rng(0)) == [empty]
