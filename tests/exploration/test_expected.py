from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pipeline.exploration.expected import RandomSearch, expected_curve, expected_ratio, expected_summary

SIX = RandomSearch(6, np.array([1.0, 1.01, 1.5, 3.0]), np.array([1, 2, 3, 4]))
"""Six designs, of which four are valid."""
_RATIOS = (1.0, 1.01, 1.5, 3.0, np.inf, np.inf)


def test_the_expectation_is_that_of_counting_every_draw() -> None:
    for runs in range(1, 7):
        best = np.array([min(draw) for draw in combinations(_RATIOS, runs)])
        assert SIX.near(runs) == pytest.approx((best <= 1.02).mean())
        assert SIX.reached(runs).tolist() == pytest.approx([(best <= ratio).mean() for ratio in SIX.ratios])
        for quantile in (0.5, 0.75):
            exact = np.quantile(best, quantile, method="inverted_cdf")
            assert expected_ratio([SIX], runs, quantile) == exact


def test_pools_count_alike_whatever_their_size_and_nothing_valid_is_infinitely_far() -> None:
    sure = RandomSearch(1000, np.array([1.0]), np.array([1000]))
    row = expected_summary([SIX, sure], 10)
    assert row == {
        "pairs": 2.0, "within_2_percent_10": 1.0, "median_ratio_10": 1.0, "upper_quartile_ratio_10": 1.0
    }  # fmt: skip
    rare = RandomSearch(1000, np.array([1.0]), np.array([1]))
    assert expected_summary([rare, sure], 10)["within_2_percent_10"] == pytest.approx((0.01 + 1) / 2)
    assert expected_ratio([rare], 10, 0.5) == np.inf
    assert expected_curve(rare, 2) == [{"ratio": None, "near": pytest.approx(0.001 * n)} for n in (1, 2)]
    assert RandomSearch.from_json(SIX.to_json()).near(3) == SIX.near(3)
