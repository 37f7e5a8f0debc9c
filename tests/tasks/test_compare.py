"""Searches compared from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.tasks.commands import dataset, luigi, one_error_line

KERNELS = "atax,bicg,gemm-ncubed,stencil"
SMALL = ("--source", "estimator", "--kernels", "atax", "--seeds", "2", "--budget", "12", "--batch", "6", "--folds", "2")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("searches")
    done = luigi("GenerateDataset", "--kernels", KERNELS, "--graphs", "false", "--workspace", str(place))
    assert done.returncode == 0, done.stderr
    return place


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_method_added_later_would_be_compared_on_other_searches_of_the_first_ones(workspace: Path) -> None:
    place = ("--workspace", str(workspace), "--dataset", str(dataset(workspace)))
    first = luigi("CompareSearches", *SMALL, *place, "--methods", "random,transfergp-ei+transfer-thompson")
    assert first.returncode == 0, first.stderr
    latest = workspace / "studies" / "latest"
    curves, summary = _rows(latest / "curves.csv"), _rows(latest / "summary.csv")
    assert len(curves) == 3 * 12 and {row["kernel"] for row in curves} == {"atax"}
    for method, seeds in (("random", [""]), ("transfergp-ei+transfer-thompson", ["0", "1"])):
        for seed in seeds:
            ratios = [float(row["ratio"] or "inf") for row in curves if (row["method"], row["seed"]) == (method, seed)]
            assert len(ratios) == 12 and ratios == sorted(ratios, reverse=True) and ratios[-1] >= 1
    row = next(row for row in summary if row["method"] == "random")
    near = [float(one["near"]) for one in curves if (one["method"], one["run"]) == ("random", "10")]
    assert float(row["within_2_percent_10"]) == pytest.approx(sum(near) / len(near))
    assert "Best so far" in (latest / "report.html").read_text(encoding="utf-8")
    assert json.loads((latest / "summary.json").read_text())["command"].startswith(
        "luigi --module pipeline CompareSearch"
    )

    parts = {path: path.stat().st_mtime_ns for path in (workspace / "studies" / "parts").iterdir()}
    second = luigi("CompareSearches", *SMALL, *place, "--methods", "random,genetic")
    assert second.returncode == 0, second.stderr
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    more = _rows(latest / "curves.csv")
    assert [one for one in more if one["method"] == "random"] == [one for one in curves if one["method"] == "random"]

    seeds = [*SMALL]
    seeds[seeds.index("--seeds") + 1] = "3"
    third = luigi("CompareSearches", *seeds, *place, "--methods", "random,genetic")
    assert third.returncode == 0, third.stderr
    there = set((workspace / "studies" / "parts").iterdir())
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    again = _rows(latest / "curves.csv")
    assert [one for one in again if one["seed"] in ("", "0", "1")] == more, "a further seed repeats nothing"
    assert len([path for path in there if path.name.startswith("search-atax-genetic")]) == 3


def test_searches_on_one_source_may_learn_from_another(workspace: Path) -> None:
    place = ("--workspace", str(workspace), "--dataset", str(dataset(workspace)))
    done = luigi("CompareSearches", *SMALL, *place, "--methods", "random", "--target-source", "hlsyn-v20")
    assert "no labels of source hlsyn-v20" in one_error_line(done)


def test_a_wrong_list_of_searches_would_be_told_after_an_hour(workspace: Path) -> None:
    place = ("--workspace", str(workspace), "--dataset", str(dataset(workspace)))
    wrong = luigi("CompareSearches", *SMALL, *place, "--methods", "random,oracle")
    assert "there is no search method 'oracle'" in one_error_line(wrong)


def test_too_few_designs_or_kernels_are_counted_before_anything_is_learned(workspace: Path, tmp_path: Path) -> None:
    place = ("--workspace", str(tmp_path), "--dataset", str(dataset(workspace)))
    for arguments, told in (
        (
            (*SMALL, "--limit", "0.0001"),
            "100 are needed, 20 of them valid below --limit 0.0001; atax has 150, 0 of them",
        ),
        (
            (*SMALL, "--methods", "metagp-ei"),
            "4 kernels of two families or more with 20 measured designs each are needed",
        ),
    ):
        assert told in one_error_line(luigi("CompareSearches", *arguments, *place))
    left_out = ("--source", "estimator", "--without", "gemm-ncubed")
    few = one_error_line(luigi("MakeKnowledge", *left_out, *place))
    assert "4 kernels of two families or more with 20 measured designs each are needed, and atax, bicg, stencil" in few
    assert not (tmp_path / "studies").exists() and not (tmp_path / "knowledge").exists()
