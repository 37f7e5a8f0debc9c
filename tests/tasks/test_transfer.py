"""A study from the command line: its tables, and what it says when it cannot be made."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.tasks.commands import dataset, luigi, one_error_line

KERNELS = "atax,bicg,gemm-ncubed"
COLUMNS = ["method", "source", "kernel", "seed", "shots", "target", "mse", "rmse", "mae", "tau"]
SMALL = (
    "--source", "estimator", "--target-kernels", "atax", "--shots", "10", "--seeds", "1", "--epochs", "1",
    "--training", '{"kernels_per_batch": 1, "batch_size": 512}',
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("study")
    done = luigi("GenerateDataset", "--kernels", KERNELS, "--workspace", str(place))
    assert done.returncode == 0, done.stderr
    return place


def _study(workspace: Path, *arguments: str) -> list[dict[str, str]]:
    place = ("--workspace", str(workspace), "--dataset", str(dataset(workspace)))
    done = luigi("EvaluateTransfer", *SMALL, *place, *arguments)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "summed MSE" in done.stderr
    with (workspace / "studies" / "latest" / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_methods_would_be_compared_on_other_shots_or_other_kernels(workspace: Path) -> None:
    rows = _study(workspace, "--methods", "forest,few-shot,hmoe")
    assert list(rows[0])[: len(COLUMNS)] == COLUMNS
    cells = {(row["method"], row["shots"], row["shots_by"], row["target"]) for row in rows}
    assert len(cells) == len(rows) == 3 * 2 * 6
    assert {row["kernel"] for row in rows} == {"atax"} and {row["target_source"] for row in rows} == {"estimator"}
    assert len({row["designs"] for row in rows}) == 1, "every method is tested on all designs but the shots"
    chosen = [row for row in rows if (row["shots_by"], row["method"]) == ("random", "forest")]
    summed = next(float(row["mse"]) for row in chosen if row["target"] == "sum")
    assert summed == pytest.approx(sum(float(row["mse"]) for row in chosen if row["target"] != "sum"))
    summary = json.loads((workspace / "studies" / "latest" / "summary.json").read_text())
    assert summary["kernels"] == ["atax"] and any("no usable designs here" in note for note in summary["notes"])
    few = next(row for row in summary["rows"] if row["method"] == "few-shot")
    # The labels are the estimator's own: a method that is given them can only spoil them.
    assert 0 < few["to_best_simple"] < 0.5 and few["to_hmoe"] > 0 and few["to_harp"] is None


def test_a_study_without_shots_would_know_the_kernel_it_is_tested_on(workspace: Path) -> None:
    rows = _study(workspace, "--protocol", "zero-shot", "--methods", "estimator")
    assert {(row["shots"], row["shots_by"]) for row in rows} == {("0", "")}
    assert next(float(row["mse"]) for row in rows if row["target"] == "sum") < 1e-6


def test_a_wrong_list_would_be_told_after_hours_of_training(workspace: Path) -> None:
    place = ("--workspace", str(workspace), "--dataset", str(dataset(workspace)))
    wrong = luigi("EvaluateTransfer", *SMALL, *place, "--methods", "forest,oracle")
    assert "no method oracle in this study; choose of mean, forest, " in one_error_line(wrong)
    few = luigi("EvaluateTransfer", *SMALL, *place, "--shots", "100000", "--methods", "mean")
    assert "EvaluateTransfer: " in one_error_line(few) and "atax is left out" in one_error_line(few)
