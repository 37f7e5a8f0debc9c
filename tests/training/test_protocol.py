from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.models import DesignModel
from pipeline.models.baselines import BaselineEstimate, meta_process
from pipeline.training import FINE_TUNING
from pipeline.training.data import KernelDesigns
from pipeline.training.metrics import regression_metrics
from pipeline.training.protocol import grouped_rows, rest_of, transfer_study, validity_shots, zero_shot_study
from pipeline.training.protocol_methods import (
    METHODS,
    forecasts,
    groups_of,
    learn_from_sources,
    methods_for,
    network_of,
    validity_forecasts,
)
from pipeline.training.protocol_rows import (
    Cell,
    MetricsRow,
    SummaryRow,
    read_rows,
    summarise_rows,
    summary_text,
    write_rows,
)
from tests.training.small import MODEL, made_up, with_estimates


def _kernel(name: str, number: int = 0, count: int = 40, source: str = "made-up") -> KernelDesigns:
    return replace(with_estimates(made_up(number, count, source)), kernel=name)


def test_a_target_kernel_among_the_sources_would_be_known_before_its_first_shot() -> None:
    data = [_kernel("gemm-p", 1, 90), _kernel("atax", 2), _kernel("trmm-opt", 3, 60), _kernel("own", 4)]
    study = transfer_study(data, data)
    assert [one.kernel for one in study.targets] == ["gemm-p"]
    assert [one.kernel for one in study.sources] == ["atax", "own"]
    assert any("trmm-opt is left out: 51 usable designs" in note for note in study.notes)
    assert any("no usable designs here: 2mm, " in note for note in study.notes)
    assert any("beside the paper's: own" in note for note in study.notes)
    named = transfer_study(data, data, ["own", "absent"], least=30)
    assert [one.kernel for one in named.targets] == ["own"]
    assert [one.kernel for one in named.sources] == ["gemm-p", "atax", "trmm-opt"]
    assert any(
        "absent is left out: 0 usable designs" in note and "; there are labels of " in note for note in named.notes
    )
    with pytest.raises(PipelineError, match="no target kernel has enough usable designs"):
        transfer_study(data, data, ["atax"])


def test_labels_of_another_tool_version_would_be_tested_on_the_wrong_version() -> None:
    old, new = [_kernel("atax", 1), _kernel("gemm-p", 2, 90)], [_kernel("gemm-p", 2, 90, "newer")]
    study = transfer_study(old, new)
    assert {one.source for one in study.targets} == {"newer"} and {one.source for one in study.sources} == {"made-up"}


def test_zero_shot_would_be_no_shot_at_all_with_the_kernel_left_in() -> None:
    data = [_kernel(f"k{i}", i, 80 + i) for i in range(8)]
    study = zero_shot_study(data, data, least=60)
    assert [one.kernel for one in study.targets] == ["k7", "k6", "k5", "k4", "k3", "k2"]
    assert "k5" not in {one.kernel for one in study.held_out("k5").sources}
    assert len(study.held_out("k5").sources) == 7
    twins = [_kernel(name, number, 80) for number, name in enumerate(("syrk", "syr2k", "atax"))]
    assert [one.kernel for one in zero_shot_study(twins, twins, least=60).held_out("syrk").sources] == ["atax"]


def test_a_twin_under_another_name_would_teach_the_target_kernel() -> None:
    data = [_kernel("gemm-p", 1, 90), _kernel("2mm", 2), _kernel("gemm-p-large", 3), _kernel("atax", 4)]
    study = transfer_study(data, data)
    assert [one.kernel for one in study.without_families(["gemm-p"]).sources] == ["atax"]
    with pytest.raises(PipelineError, match="no source kernel is left"):
        study.without_families(["gemm-p", "mvt"])


def test_a_design_would_be_tested_on_that_was_learned_from() -> None:
    designs = _kernel("atax")
    shots = np.array([0, 1, 5])
    rest = rest_of(designs, shots)
    assert not set(rest) & set(shots) and set(rest) | set(shots) == set(np.flatnonzero(designs.usable)) | {5, 0, 1}
    train, test = grouped_rows(designs)
    assert not set(train) & set(test) and designs.usable[train].all() and len(test) > 0
    drawn = validity_shots(designs, 20, seed=1)
    assert len(set(drawn)) == 20 and (validity_shots(designs, 20, seed=1) == drawn).all()
    assert (validity_shots(designs, 20, seed=2) != drawn).any()


def test_a_method_would_be_compared_with_what_was_given_other_shots_or_no_network() -> None:
    assert [group for group in groups_of(METHODS) if "mean" in group] == [
        ("mean", "forest", "extra-trees", "boosting", "gp")
    ]
    assert ("hmoe-best", "best") in groups_of(METHODS) and network_of(("best",)) == "hmoe-best"
    assert "forest" not in methods_for((), shots=False, target="regression")
    with pytest.raises(PipelineError, match="no method gp in this study"):
        methods_for(("gp",), shots=False, target="regression")
    designs = _kernel("atax")
    with pytest.raises(PipelineError, match="lacks a pre-trained network"):
        forecasts(["hmoe"], designs, np.array([0, 1]), 0)


def test_every_method_gives_a_forecast_for_all_designs_with_and_without_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    # A quarter of the steps teach these few kernels as much.
    monkeypatch.setattr(meta_process, "_STEPS", 60)
    target = _kernel("target", 9, 60)
    (known,) = learn_from_sources([_kernel(f"k{i}", i) for i in range(4)], [target], 0)
    shots = np.flatnonzero(target.usable)[:15]
    rest = rest_of(target, shots)
    told_of: list[str] = []

    def told(steps: int = 1, note: str = "") -> None:
        told_of.extend([note] * steps)

    found = forecasts(("mean", "forest", "gp", "few-shot"), target, shots, 0, known=known, advance=told)
    assert told_of == ["mean", "forest", "gp", "few-shot"]
    assert set(found) == {"mean", "forest", "gp", "few-shot"}
    scores = {name: _summed(target, rest, estimate) for name, estimate in found.items()}
    assert scores["few-shot"] < scores["forest"] < scores["mean"]
    network = DesignModel(MODEL)
    tuned = forecasts(("hmoe-best", "best"), target, shots, 0, network, replace(FINE_TUNING, epochs=2), known)
    untouched = forecasts(("hmoe-best",), target, shots, 0, network)
    assert (tuned["hmoe-best"].mean != untouched["hmoe-best"].mean).any()
    assert (tuned["best"].mean != found["few-shot"].mean).any()
    without = forecasts(("mean", "estimator", "few-shot"), target, shots[:0], 0, known=known)
    assert all(estimate.mean.shape == (60, 5) for estimate in without.values())
    classes = validity_forecasts(("mean", "forest"), target, validity_shots(target, 30, 0), 0)
    assert ((classes["forest"] >= 0) & (classes["forest"] <= 1)).all()


def _summed(designs: KernelDesigns, rows: np.ndarray, estimate: BaselineEstimate) -> float:
    names = [designs.kernel] * len(rows)
    return regression_metrics(designs.targets[rows], estimate.mean[rows], names, spread=estimate.spread[rows])[-1].mse


def test_a_ratio_would_be_taken_to_another_condition(tmp_path: Path) -> None:
    def row(method: str, seed: int, kernel: str, mse: float, shots: int = 50) -> MetricsRow:
        cell = Cell(method, "v", kernel, seed, shots, "random", "v", "transfer")
        score = regression_metrics(np.zeros((3, 1)), np.full((3, 1), mse**0.5), [kernel] * 3, targets=["perf"])[-1]
        return MetricsRow.of(cell, score)

    rows = [
        row("forest", 0, "a", 1.0), row("forest", 0, "b", 3.0), row("forest", 1, "a", 2.0), row("forest", 1, "b", 4.0),
        row("hmoe", 0, "a", 5.0), row("best", 0, "a", 1.0), row("best", 0, "a", 9.0, shots=10),
    ]  # fmt: skip
    write_rows(tmp_path / "metrics.csv", rows)
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0]
    assert header.startswith("method,source,kernel,seed,shots,target,mse,rmse,mae,tau,")
    again = read_rows(tmp_path / "metrics.csv", MetricsRow)
    assert [one.mse for one in again] == pytest.approx([one.mse for one in rows])
    found = {(one.shots, one.method): one for one in summarise_rows(again)}
    forest, best = found[50, "forest"], found[50, "best"]
    assert forest.mse == pytest.approx(2.5) and forest.deviation == pytest.approx(0.5**0.5)
    assert (forest.kernels, forest.seeds) == (2, 2)
    assert best.to_best_simple == pytest.approx(0.4) and best.to_hmoe == pytest.approx(0.2) and np.isnan(best.to_harp)
    assert np.isnan(found[10, "best"].to_best_simple)
    write_rows(tmp_path / "summary.csv", list(found.values()))
    assert "transfer, v, 50 shots by random" in summary_text(read_rows(tmp_path / "summary.csv", SummaryRow))
    with pytest.raises(PipelineError, match="is no table of MetricsRow"):
        read_rows(tmp_path / "summary.csv", MetricsRow)
