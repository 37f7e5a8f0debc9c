from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.models.baselines import (
    SIMPLE,
    KernelTable,
    ProcessPrior,
    classify,
    coded_values,
    combined,
    few_shot,
    fit_few_shot_process,
    fit_predict,
    load_process,
    predict_from_sources,
    save_process,
    value_blocks,
)
from pipeline.models.inputs import PARALLEL, PIPELINE, TILE


def _table(number: int, count: int = 80) -> KernelTable:
    """Labels are an estimate that is wrong in the same way for every kernel, less an offset of the kernel."""
    draw = np.random.default_rng(number)
    kinds = np.array([TILE, PARALLEL, PIPELINE, PARALLEL])
    values = np.stack([2.0 ** draw.integers(0, 5, count), 2.0 ** draw.integers(0, 5, count),
                       draw.choice([1.0, 5.0, 10.0], count), 2.0 ** draw.integers(0, 5, count)], axis=1)  # fmt: skip
    work = np.log2(values[:, [1, 3]]).sum(1) / 2 + (values[:, 2] == 10) * 0.5
    guess = np.repeat(work[:, None], 2, 1) * [1.0, 0.1]
    truth = guess + np.stack([0.8 * (values[:, 2] == 5), 0.02 * np.log2(values[:, 0])], 1) + number / 10
    estimates = np.hstack([guess, np.ones((count, 1)), draw.random((count, 2))])
    return KernelTable(f"k{number}", values.astype(np.float32), kinds, estimates.astype(np.float32),
                       truth.astype(np.float32))  # fmt: skip


def _error(mean: np.ndarray, table: KernelTable, shots: np.ndarray) -> float:
    rest = np.setdiff1d(np.arange(len(table)), shots)
    return float(((mean[rest] - table.targets[rest]) ** 2).mean(0).sum())


@pytest.mark.parametrize("name", SIMPLE)
def test_a_baseline_that_learns_nothing_would_be_easy_to_beat(name: str) -> None:
    table, shots = _table(0, 200), np.arange(80)
    columns = coded_values(table.values, table.kinds)
    found = fit_predict(name, columns[shots], table.targets[shots], columns, 0)
    again = fit_predict(name, columns[shots], table.targets[shots], columns, 0)
    assert found.mean.shape == found.spread.shape == table.targets.shape and (found.spread >= 0).all()
    assert (found.mean == again.mean).all()
    variance = float(table.targets.var(0).sum())
    assert _error(found.mean, table, shots) < (1.1 if name == "mean" else 0.3) * variance


def test_a_target_without_measurements_would_be_learned_as_zero() -> None:
    table = _table(0)
    targets = table.targets.copy()
    targets[:40, 1] = np.nan
    columns = coded_values(table.values, table.kinds)
    found = fit_predict("forest", columns[:60], targets[:60], columns, 0)
    assert np.isfinite(found.mean).all()
    with pytest.raises(PipelineError, match="no known value among the shots"):
        fit_predict("forest", columns[:40], targets[:40], columns, 0)
    with pytest.raises(PipelineError, match="no baseline 'tree'"):
        fit_predict("tree", columns, table.targets, columns, 0)


def test_factors_of_two_kernels_would_have_no_common_unit() -> None:
    values, kinds = np.array([[1, 5, 4, 8], [2, 10, 1, 1]]), np.array([TILE, PIPELINE, PARALLEL, PARALLEL])
    assert coded_values(values, kinds)[:, 1].tolist() == [5, 10]
    tile, parallel, coarse, fine = value_blocks(values, kinds)
    assert tile.tolist() == [[0], [1]] and parallel.tolist() == [[2, 3], [0, 0]]
    assert coarse.tolist() == [[1], [0]] and fine.tolist() == [[0], [1]]


def test_ten_shots_would_be_worth_no_more_than_without_other_kernels(tmp_path: Path) -> None:
    sources, target, shots = [_table(number) for number in range(6)], _table(20, 120), np.arange(10)
    own, (forecast,) = predict_from_sources(sources, [target], 0)
    process = fit_few_shot_process(sources, own, 0)
    found = few_shot(target, ProcessPrior(forecast), process, shots, 0)
    alone = fit_predict("extra-trees", target.coded[shots], target.targets[shots], target.coded, 0)
    assert _error(found.mean, target, shots) < 0.3 * _error(alone.mean, target, shots)
    assert _error(found.mean, target, shots) < _error(forecast, target, shots)
    save_process(tmp_path / "p.safetensors", process)
    again = few_shot(target, ProcessPrior(forecast), load_process(tmp_path / "p.safetensors"), shots, 0)
    assert (again.mean == found.mean).all() and (again.spread == found.spread).all()
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(PipelineError, match="not a meta-process"):
        load_process(tmp_path / "bad.safetensors")


def test_a_sources_own_labels_would_tell_it_how_good_other_kernels_are() -> None:
    """Forecasts for the source kernels come from folds without them, or the meta-process would trust them too much."""
    sources = [_table(number) for number in range(5)]
    own, _ = predict_from_sources(sources, [], 0)
    errors = [_error(mean, table, np.empty(0, int)) for mean, table in zip(own, sources, strict=True)]
    assert max(errors) > 0.01
    with pytest.raises(PipelineError, match="1 source kernels"):
        predict_from_sources(sources[:1], [], 0)


def test_a_mixture_that_disagrees_says_so_in_its_spread() -> None:
    table = _table(0)
    columns = coded_values(table.values, table.kinds)
    one = fit_predict("mean", columns, table.targets, columns, 0)
    other = fit_predict("mean", columns, table.targets + 4, columns, 0)
    mixed = combined([one, other])
    assert mixed.mean == pytest.approx(one.mean + 2) and (mixed.spread > 2).all()
    assert combined([one, other], [1, 0]).mean == pytest.approx(one.mean)


def test_a_classifier_of_shots_of_one_class_still_answers() -> None:
    table = _table(0)
    columns = coded_values(table.values, table.kinds)
    valid = (table.values[:, 2] != 10).astype(int)
    found = classify("forest", columns[:40], valid[:40], columns, 0)
    assert ((found > 0.5) == valid).mean() > 0.95
    assert (classify("forest", columns[:5], np.ones(5), columns, 0) == 1).all()
    with pytest.raises(PipelineError, match="no classifier 'gp'"):
        classify("gp", columns, valid, columns, 0)
