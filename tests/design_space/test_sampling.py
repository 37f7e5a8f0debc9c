from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import STRATEGIES, DesignSpace, SiteSpace, design_key, parse_rule, read_space, sample
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind

KERNELS = Path(__file__).resolve().parents[2] / "kernels"
DRAWN = [name for name, _ in STRATEGIES if name != "all"]


def _suite(name: str) -> DesignSpace:
    return read_space((KERNELS / name / "space.toml").read_text(encoding="utf-8"), file=f"{name}/space.toml")


@pytest.mark.parametrize("strategy", DRAWN)
def test_every_strategy_is_seeded_starts_at_the_default_and_never_repeats(strategy: str) -> None:
    space = _suite("3mm")
    points = sample(space, strategy, 150, 5)
    assert points == sample(space, strategy, 150, 5)
    assert points[0] == space.default
    keys = [design_key(point) for point in points]
    assert len(set(keys)) == 150 and all(map(space.contains, points))
    labelled = set(keys[:100])
    later = sample(space, strategy, 150, 5, exclude=labelled)
    assert len(later) == 150 and not labelled & {design_key(point) for point in later}
    assert strategy == "one-factor" or points != sample(space, strategy, 150, 6)
    assert sample(space, strategy, 0, 5) == [] and sample(space, strategy, 1, 5) == [space.default]


@pytest.mark.parametrize("strategy", [name for name, _ in STRATEGIES])
def test_fewer_points_come_only_when_the_space_is_exhausted(strategy: str) -> None:
    space = _suite("spmv-crs")
    everything = {design_key(point) for point in space.points()}
    found = [design_key(point) for point in sample(space, strategy, 500, 1)]
    assert len(found) == space.size() == 114 and set(found) == everything
    rest = sample(space, strategy, 500, 1, exclude=set(found[:100]))
    assert {design_key(point) for point in rest} == everything - set(found[:100])


def test_space_filling_leaves_smaller_holes_than_uniform_draws() -> None:
    space = _suite("gemm-p")
    scale = np.array([len(site.values) - 1 for site in space.sites])
    everything = space.encode(space.sample(3_000, np.random.default_rng(0))) / scale

    def hole(strategy: str) -> float:
        chosen = space.encode(sample(space, strategy, 40, 3)) / scale
        return float(np.abs(everything[:, None] - chosen[None]).sum(axis=2).min(axis=1).max())

    assert hole("space-filling") < 0.9 * hole("uniform")


def test_neighbourhood_stays_near_the_given_points() -> None:
    space = _suite("3mm")
    centre = space.unrank(12_345_678_901)
    near = {design_key(point) for point in space.neighbours(centre)}
    first, *found = sample(space, "neighbourhood", len(near) + 1, 9, around=[centre])
    assert first == space.default and {design_key(point) for point in found} == near
    wider = sample(space, "neighbourhood", len(near) + 50, 9, around=[centre])[-40:]
    assert all(sum(point[name] != centre[name] for name in space.names) == 2 for point in wider)
    with pytest.raises(PipelineError, match="not a point"):
        sample(space, "neighbourhood", 5, 0, around=[{"X": 1}])


def test_one_factor_changes_each_site_in_turn_before_any_site_twice() -> None:
    space = _suite("3mm")
    _, *found = sample(space, "one-factor", 22, 0)
    changed = [[name for name in space.names if point[name] != space.default[name]] for point in found]
    assert changed == [[name] for name in space.names]


def test_all_refuses_large_spaces_with_their_size() -> None:
    with pytest.raises(PipelineError, match="3mm has 17658216447701 valid points"):
        sample(_suite("3mm"), "all", 10, 0)
    with pytest.raises(PipelineError, match="use one of uniform, space-filling"):
        sample(_suite("aes"), "grid", 10, 0)
    with pytest.raises(PipelineError):
        sample(_suite("aes"), "uniform", -1, 0)


def test_a_default_that_breaks_its_own_rules_is_not_sampled() -> None:
    space = DesignSpace([SiteSpace("A", SiteKind.PARALLEL, (1, 2, 3), 1, parse_rule("A > 1"))])
    assert sample(space, "uniform", 5, 0) in ([{"A": 2}, {"A": 3}], [{"A": 3}, {"A": 2}])
