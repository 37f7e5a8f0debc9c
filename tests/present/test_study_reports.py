"""What the pages of a model and of a transfer study tell of their tables."""

from __future__ import annotations

import math
from typing import Any

from pipeline.present.charts import LearningCurves
from pipeline.present.model_report import model_report
from pipeline.present.page_figures import comparison_figure
from pipeline.present.run_report import write_run_report
from pipeline.present.search_report import search_report
from pipeline.present.transfer_report import AUC, transfer_report


def _row(method: str, kernel: str, seed: int, mse: Any, **further: Any) -> dict[str, Any]:
    plain = {"method": method, "source": "hlsyn-v20", "kernel": kernel, "seed": seed, "shots": 50, "target": "sum"}
    return {**plain, "mse": mse, "shots_by": "random", **further}


ROWS = [
    _row("forest", "a", 0, 0.4), _row("forest", "a", 1, 0.6), _row("forest", "b", 0, 0.2), _row("forest", "b", 1, 0.2),
    _row("hmoe", "a", 0, "0.1"), _row("hmoe", "a", 1, "0.3"), _row("hmoe", "b", 0, "0.1"), _row("hmoe", "b", 1, ""),
    _row("forest", "a", 0, 9.0, target="LUT"), _row("forest", "a", 0, 0.9, shots=10),
]  # fmt: skip


def test_a_study_compares_methods_under_the_same_shots_alone() -> None:
    report = transfer_report(ROWS, provenance={})
    fifty, ten = report.comparisons
    assert fifty.title == "50 random shots, hlsyn-v20" and ten.title == "10 random shots, hlsyn-v20"
    assert list(fifty.methods) == ["hmoe", "forest"], "the best method first"
    assert fifty.groups == ["a", "b", "mean"]
    a, b, mean = fifty.methods["forest"]
    assert a is not None and b is not None and mean is not None
    assert math.isclose(a, 0.5) and math.isclose(b, 0.2) and math.isclose(mean, 0.35)
    # The second seed of hmoe lacks a kernel: its mean over kernels is of the first seed alone.
    assert fifty.methods["hmoe"][2] == 0.1
    assert fifty.spread is not None and fifty.spread["hmoe"][2] is None
    assert "hlsyn-v20" in write_run_report(report)


def test_a_tie_is_told_as_one_and_one_seed_or_epoch_is_said() -> None:
    def headline(rows: list[dict[str, Any]], **made_of: Any) -> str:
        report = transfer_report(rows, provenance=made_of)
        return " ".join(f"{one.label} {one.note}" for one in report.key_figures) + report.summary

    near = [_row("a", "k", seed, 0.2 + 0.1 * seed) for seed in (0, 1)] + [_row("b", "k", seed, 0.3) for seed in (0, 1)]
    far = [_row("a", "k", seed, 0.2 + 0.1 * seed) for seed in (0, 1)] + [_row("b", "k", seed, 0.9) for seed in (0, 1)]
    assert "a and b" in headline(near) and "a tie" in headline(near)
    assert "a and b" not in headline(far) and "tie" not in headline(far) and "epoch" not in headline(far, epochs=30)
    one = headline([_row("a", "k", 0, 0.2), _row("b", "k", 0, 0.3)], epochs=1)
    assert "of one seed" in one and "1 epoch of training" in one


def test_a_search_that_ties_with_the_best_is_named_with_it_and_the_default_is_marked() -> None:
    def told(*shares: float, pairs: int = 100) -> list[str]:
        rows = [
            {"source": "s", "method": name, "pairs": pairs, "within_2_percent_10": share, "median_ratio_10": 1.0}
            for name, share in zip(("x", "mine", "y"), shares, strict=True)
        ]
        curves = [{"source": "s", "kernel": "k", "method": row["method"], "run": 1, "near": 1.0} for row in rows]
        report = search_report(curves, rows, default="mine", provenance={})
        assert "mine (the default)" in [row[0] for row in report.grids[0].rows]
        return [figure.label for figure in report.key_figures]

    assert told(0.80, 0.78, 0.3) == ["s: mine (the default) and x"]
    assert told(0.80, 0.60, 0.3) == ["s: x", "s: mine (the default)"]
    assert told(0.80, 0.60, 0.3, pairs=4) == ["s: mine (the default) and x"]


def test_a_comparison_of_searches_draws_the_default_and_says_its_seeds_and_what_it_leaves_out() -> None:
    names = ("a", "b", "c", "d", "mine")
    rows = [
        {"source": "s", "method": name, "pairs": 1, "within_2_percent_10": 0.9 - 0.1 * place, "median_ratio_10": 1.0}
        for place, name in enumerate(names)
    ]
    curves = [{"source": "s", "kernel": "k", "method": name, "seed": 0, "run": 1, "near": 1.0} for name in names]
    report = search_report(curves, rows, default="mine", left_out=["gp"], provenance={})
    assert "5 methods on 1 kernel with 1 seed each" in report.summary
    assert [curve.name for curve in report.searches[0].curves] == ["mine (the default)", "a", "b", "c"]
    assert report.warnings == ["Left out, for want of other kernels to learn from: gp"]


def test_errors_over_decades_are_told_apart_in_chart_and_table() -> None:
    report = transfer_report([_row("a", "k", 0, 0.0131), _row("b", "k", 0, 12.8)], provenance={"target_source": ""})
    page = write_run_report(report)
    assert "0.0131<" in page and "12.80<" in page and "Of one seed." in page
    assert comparison_figure(report.comparisons[0]).layout["xaxis"]["type"] == "log"


def test_a_study_across_tool_versions_names_both() -> None:
    rows = [_row("hmoe", "a", 0, 0.1, target_source="hlsyn-v18", shots=0, shots_by="")]
    report = transfer_report(rows, provenance={})
    assert report.sources == ["hlsyn-v18", "hlsyn-v20"]
    assert report.comparisons[0].title == "no shots, learned on hlsyn-v20, measured on hlsyn-v18"


def test_a_model_shows_what_was_held_out_and_how_it_was_made() -> None:
    card: dict[str, Any] = {
        "title": "hmoe-2 on estimator",
        "sources": ["estimator"],
        "model": {"networks": ["node", "block"], "encoder": "transformer"},
        "training": {"epochs": 40},
        "data": [{"source": "estimator", "kernel": "a", "train": 5, "test": 2}, {"source": "s", "kernel": "b"}],
        "scores": [
            {"side": "train", "target": "sum", "designs": 5, "mse": 9.898e-7, "tau": 0.9},
            {"side": "test", "target": "perf", "designs": 2, "mse": 0.3, "tau": None},
            {"side": "test", "target": "sum", "designs": 2, "mse": 0.5, "tau": None},
        ],
        "best_epoch": 31,
        "provenance": {"task": "TrainHierarchicalMoE", "seed": 7, "estimator": None},
        "versions": {"torch": "2.13.0"},
    }
    learning = [LearningCurves("Loss on estimator", "summed MSE", [1, 2], {"training loss": [2.0, 1.0]})]
    report = model_report(card, learning=learning, files=["card.md"], reproduce=["luigi TrainHierarchicalMoE"])
    assert [(figure.label, figure.value) for figure in report.key_figures] == [("summed MSE", 0.5), ("best epoch", 31)]
    assert "estimates of an analytical model" in report.warnings[0]
    page = write_run_report(report)
    assert report.grids[0].rows[0][3] == "< 0.0001" and "e-07" not in page, "an error of nothing has no digits"
    assert "estimator" not in report.provenance, "what the model was not made with is no unknown"
    assert "Learning curves" in page and "node, block over transformer, 40 epochs" in page


def test_a_validity_study_would_call_the_worst_classifier_the_best() -> None:
    rows = [
        {key: value for key, value in _row(method, "a", 0, 0).items() if key not in ("target", "mse")} | {"auc": auc}
        for method, auc in (("forest", 0.9), ("mean", 0.5))
    ]
    report = transfer_report(rows, provenance={}, score=AUC)
    assert list(report.comparisons[0].methods) == ["forest", "mean"]
    assert report.key_figures[0].label == "largest AUC of validity: forest"
    assert "more is better" in report.comparisons[0].metric and "AUC of validity" in write_run_report(report)


def test_a_search_that_found_nothing_for_half_of_the_kernels_would_be_drawn_as_if_it_had() -> None:
    near: dict[str, dict[str, tuple[Any, Any]]] = {
        "auto": {"a": (0.0, 1.0), "b": ("0", 1)},
        "random": {"a": (0.0, 0.25), "b": ("0", "0.75")},
    }
    curves = [
        {"source": "s", "kernel": kernel, "method": method, "seed": 0, "run": run, "near": chance}
        for method, kernels in near.items()
        for kernel, of in kernels.items()
        for run, chance in enumerate(of, 1)
    ]
    summary = [
        {"source": "s", "method": "random", "pairs": 2.0, "within_2_percent_2": 0.0, "median_ratio_2": 3.0},
        {"source": "s", "method": "auto", "pairs": 2.0, "within_2_percent_2": 1.0, "median_ratio_2": "1.005"},
    ]
    report = search_report(curves, summary, baselines=("random",), provenance={})
    auto, random = report.searches[0].curves
    assert (auto.name, list(auto.best), auto.baseline) == ("auto", [0.0, 100.0], False)
    assert (random.name, list(random.best), random.baseline) == ("random", [0.0, 50.0], True)
    assert report.key_figures[0].value == "100 %" and "auto" in report.key_figures[0].label
    assert "% of searches within 2 % of the best" in write_run_report(report)
