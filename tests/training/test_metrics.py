from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.models.config import TARGETS
from pipeline.training.metrics import regression_metrics, tau_within, validity_metrics


def _designs(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    true = draw.normal(size=(count, 5)) * [2.0, 0.3, 0.2, 0.5, 0.1]
    return true, true + draw.normal(size=true.shape) * 0.1, np.repeat(["a", "b"], count // 2)


def test_the_sum_of_a_table_would_not_be_the_papers_if_it_were_not_the_sum_of_the_five_errors() -> None:
    true, predicted, kernels = _designs()
    rows = regression_metrics(true, predicted, kernels)
    assert [row.target for row in rows] == [*TARGETS, "sum"]
    expected = ((predicted - true) ** 2).mean(axis=0)
    assert [row.mse for row in rows[:5]] == pytest.approx(list(expected))
    assert rows[5].mse == pytest.approx(expected.sum())
    assert rows[5].rmse == pytest.approx(sum(row.rmse for row in rows[:5]))
    assert rows[0].mae == pytest.approx(np.abs(predicted - true)[:, 0].mean())


def test_a_target_that_was_not_measured_would_count_as_an_error_if_it_were_not_left_out() -> None:
    true, predicted, kernels = _designs()
    whole = regression_metrics(true, predicted, kernels)
    true[:100, 1] = np.nan
    true[:, 4] = np.nan
    rows = regression_metrics(true, predicted, kernels)
    assert rows[1].designs == 300 and rows[1].mse == pytest.approx(((predicted - true)[100:, 1] ** 2).mean())
    assert rows[4].designs == 0 and np.isnan(rows[4].mse)
    assert rows[5].mse == pytest.approx(sum(row.mse for row in rows[:4])) and rows[0].mse == whole[0].mse


def test_a_rank_over_kernels_would_reward_knowing_which_kernel_is_slow() -> None:
    kernels = np.repeat(["slow", "fast"], 50)
    true = np.concatenate([np.linspace(0, 1, 50), np.linspace(10, 11, 50)])
    reversed_within = np.concatenate([np.linspace(1, 0, 50), np.linspace(11, 10, 50)])
    assert tau_within(true, true, kernels) == pytest.approx(1)
    assert tau_within(true, reversed_within, kernels) == pytest.approx(-1)
    assert np.isnan(tau_within(true, np.ones(100), kernels))


def test_a_spread_that_is_half_the_error_would_pass_for_a_good_one_without_calibration() -> None:
    draw = np.random.default_rng(1)
    sigma = draw.uniform(0.5, 2, size=(20_000, 5))
    true = draw.normal(size=sigma.shape) * sigma
    kernels = np.full(len(true), "a")
    right = regression_metrics(true, np.zeros_like(true), kernels, spread=sigma)[-1]
    assert right.within_1 == pytest.approx(0.683, abs=0.01) and right.within_2 == pytest.approx(0.954, abs=0.01)
    assert right.ence < 0.03
    half = regression_metrics(true, np.zeros_like(true), kernels, spread=sigma / 2)[-1]
    assert half.within_1 < 0.4 and half.ence == pytest.approx(1.0, abs=0.05)


def test_a_diverged_network_would_look_measured_if_its_nans_were_skipped() -> None:
    true, predicted, kernels = _designs()
    predicted[3, 2] = np.nan
    with pytest.raises(PipelineError, match="not finite"):
        regression_metrics(true, predicted, kernels)
    with pytest.raises(PipelineError, match="no design"):
        regression_metrics(true[:0], predicted[:0], kernels[:0])
    with pytest.raises(PipelineError, match="do not go together"):
        regression_metrics(true, predicted[:, :4], kernels)


def test_validity_counts_designs_whose_outcome_says_something_and_only_those() -> None:
    score = validity_metrics([1, 0, 1, 0, -1], [0.9, 0.2, 0.4, 0.6, 0.99])
    assert (score.designs, score.positives) == (4, 2)
    assert score.auc == pytest.approx(0.75) and score.f1 == pytest.approx(0.5)
    assert np.isnan(validity_metrics([1, 1], [0.2, 0.9]).auc)
    with pytest.raises(PipelineError, match="no design has a known validity"):
        validity_metrics([-1], [0.5])
