"""What the page of a dataset tells of its tables."""

from __future__ import annotations

from typing import Any

from pipeline.present.dataset_report import MAX_FRONTS, dataset_report
from pipeline.present.run_report import write_run_report
from pipeline.terms import Resource

CARD: dict[str, Any] = {"warnings": ["utilisations are cut"], "provenance": {"seed": 3}, "packages": {"python": "3.11"}}


def _row(source: str, kernel: str, key: str, cycles: int | None, **further: Any) -> dict[str, Any]:
    empty = {f"util_{name}{suffix}": None for name in Resource for suffix in ("", "_published")}
    status = "ok" if cycles is not None else "timeout"
    plain = {"source": source, "kernel": kernel, "key": key, "cycles": cycles, "status": status, "reason": None}
    return {**plain, "origin": "replayed", "usable_regression": cycles is not None, **empty, **further}


ROWS = [
    _row("hlsyn-v20", "atax", "a", 100, util_lut=0.11, util_lut_published=0.1),
    _row("hlsyn-v20", "atax", "b", 50, util_lut=0.4),
    _row("hlsyn-v20", "atax", "c", None, reason="ERROR: killed <after> 4 h"),
    _row("estimator", "atax", "a", 90, util_lut=0.2, origin="estimated"),
]


def test_labels_of_two_sources_are_never_in_one_chart() -> None:
    report = dataset_report(ROWS, CARD, [], [])
    assert {front.source: list(front.cycles) for front in report.fronts} == {"hlsyn-v20": [100, 50], "estimator": [90]}
    assert {spread.source for spread in report.distributions} == {"hlsyn-v20", "estimator"}
    assert [front.origin for front in report.fronts] == ["replayed", "estimated"]
    assert any("estimates of an analytical model" in warning for warning in report.warnings)


def test_the_published_utilisation_is_the_one_that_counts() -> None:
    front = dataset_report(ROWS, CARD, [], []).fronts[0]
    assert front.utilisations == {"LUT": [0.1, 0.4]}


def test_a_failure_shows_the_line_of_its_log() -> None:
    report = dataset_report(ROWS, CARD, ["labels.parquet", "else.txt"], ["luigi --module pipeline GenerateDataset"])
    page = write_run_report(report)
    assert "ERROR: killed &lt;after&gt; 4 h" in page
    assert "timeout: 1 designs" not in page and "timeout: 1 design<" in page
    assert 'href="./labels.parquet"' in page and "else.txt" not in page
    assert "4 designs of 1 kernel, 3 with a label, 1 failed." in page


def test_a_dataset_of_many_kernels_has_a_page_of_bounded_size() -> None:
    rows = [_row("s", f"k{i}", f"{j}", 100 + j) for i in range(40) for j in range(i + 1)]
    fronts = dataset_report(rows, CARD, [], []).fronts
    assert [front.kernel for front in fronts] == [f"k{i}" for i in range(39, 39 - MAX_FRONTS, -1)]


def test_fronts_that_are_left_out_are_counted_and_estimates_are_said_to_be_estimates_once() -> None:
    rows = [_row("estimator", f"k{i}", key, cycles) for i in range(7) for key, cycles in (("a", 9), ("b", 8))]
    report = dataset_report(rows, CARD | {"warnings": ["Labels of the source estimator are estimates"]}, [], [])
    assert f"Fronts of {MAX_FRONTS} of 7 are drawn" in report.summary and len(report.warnings) == 1
    assert "Fronts" not in dataset_report(rows[:4], CARD, [], []).summary


def test_a_dataset_without_a_label_still_has_its_page() -> None:
    page = write_run_report(dataset_report([_row("s", "k", "a", None)], CARD, [], []))
    assert "<script" not in page and "Failures" in page
