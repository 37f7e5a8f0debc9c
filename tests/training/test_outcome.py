"""What is said of a trained model: beside what it has to beat, and in units that people use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.models import DesignModel
from pipeline.models.config import TARGETS
from pipeline.training.baseline_outcomes import baseline_predictions
from pipeline.training.forecast import predict_designs
from pipeline.training.outcome import scores
from pipeline.training.prediction_table import prediction_table
from pipeline.training.user_errors import user_errors
from tests.training.small import MODEL, made_up, with_estimates


def test_a_design_would_take_resources_from_the_device() -> None:
    designs = made_up()
    torch.manual_seed(0)
    model = DesignModel(replace(MODEL, last_activation="none", standardised=True))
    model.set_scales(torch.full((2, len(TARGETS)), -3.0), None)
    found = predict_designs(model, designs).targets
    assert found is not None
    assert found[:, 1:].min() == 0
    assert found[:, 0].max() < 0, "perf below 0 is a slow design"


def test_a_baseline_would_see_the_answers_or_nothing_of_a_kernel_that_was_trained_on() -> None:
    data = [with_estimates(made_up(number)) for number in range(3)]
    sides = [np.where(np.arange(40) % 2, "test", "train"), np.full(40, "train"), np.full(40, "test")]
    found = baseline_predictions(data, sides, "regression", learned_from="train", seed=0)
    assert set(found) == {"mean", "forest", "estimate"}
    rows = found["mean"].to_pylist()
    assert {row["side"] for row in rows} == {"test"}
    own, all_others = (
        np.concatenate([one.targets[one.usable & (side == "train"), 0] for one, side in pairs]).mean()
        for pairs in ([(data[0], sides[0])], list(zip(data, sides, strict=True)))
    )
    perf = {(row["kernel"], row["predicted"]) for row in rows if row["target"] == "perf"}
    assert sorted(perf) == [("kernel-0", pytest.approx(own)), ("kernel-2", pytest.approx(all_others))]
    by_method = {name: next(row for row in scores(table) if row["target"] == "sum") for name, table in found.items()}
    assert by_method["forest"]["mse"] < by_method["mean"]["mse"]
    valid = baseline_predictions(data, sides, "validity", learned_from="train", seed=0)
    assert set(valid) == {"mean", "forest"}
    assert not baseline_predictions(data, [np.full(40, "test")] * 3, "regression", learned_from="train", seed=0)


def test_an_error_would_be_told_in_units_that_nobody_uses_or_of_designs_that_fit_no_device() -> None:
    designs = made_up(count=3)
    targets = np.full((3, len(TARGETS)), 0.5, np.float32)
    targets[2, 3] = 52.0
    designs = replace(designs, targets=targets)
    predicted = targets + np.array([[0.5, 0.01, 0, 0, 0], [-0.5, 0.03, 0, 0, 0], [9, 9, 9, 9, 9]])
    (row,) = user_errors(prediction_table(designs, np.full(3, "test"), TARGETS, predicted))
    assert row["designs"] == 2
    # perf is 0.5 log2 of the inverse cycles: off by a half is a factor of two.
    assert row["cycles"] == pytest.approx(2) and row["cycles_90"] == pytest.approx(2)
    assert (row["LUT"], row["FF"]) == (pytest.approx(2), pytest.approx(0, abs=1e-5))
