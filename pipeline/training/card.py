"""The card of a model: what it was made from, how, and how good it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.models import ModelConfig
from pipeline.terms import estimated
from pipeline.training.baseline_outcomes import BASELINES
from pipeline.training.config import TrainingConfig
from pipeline.training.outcome import TrainingOutcome
from pipeline.training.sites import VOCABULARY
from pipeline.training.user_errors import EXPLAINED, row_text

Row = Mapping[str, Any]


def model_card(
    *,
    title: str,
    model: ModelConfig,
    training: TrainingConfig,
    data: Sequence[Row],
    outcome: TrainingOutcome,
    best_epoch: int | None,
    provenance: Mapping[str, Any],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The card as JSON values.

    ``data`` has a row per source and kernel with the designs of each side, ``outcome`` has the
    scores, those of the baselines and the errors in users' units; ``best_epoch`` is None where the last weights were
    kept.
    """
    return {
        "title": title,
        "vocabulary": VOCABULARY,
        "model": json.loads(model.to_json()),
        "training": json.loads(training.to_json()),
        "data": [dict(row) for row in data],
        "sources": sorted({str(row["source"]) for row in data}),
        "scores": _rows(outcome.scores),
        "baselines": _rows(outcome.baselines),
        "errors": _rows(outcome.errors),
        "best_epoch": best_epoch,
        "provenance": dict(provenance),
        "versions": dict(versions),
    }


def card_markdown(card: Mapping[str, Any]) -> str:
    """The card as a page of Markdown."""
    model, training = card["model"], card["training"]
    lines = [f"# {card['title']}", ""]
    networks = ", ".join(model["networks"])
    lines += [
        f"Predicts {'perf, LUT, FF, DSP and BRAM' if model['task'] == 'regression' else 'validity'} of designs; "
        f"networks: {networks}; gate over them: {model['high_gate']}; encoder {model['encoder']}, width "
        f"{model['hidden']}. Labels come from {', '.join(card['sources'])}.",
        "",
    ]
    if any(estimated(source) for source in card["sources"]):
        lines += ["**The labels are estimates of an analytical model, not results of an HLS tool.**", ""]
    for note in card.get("notes", ()):
        lines += [f"**{note}**", ""]
    lines += ["## Scores", "", *_table(score_rows(card["scores"])), ""]
    lines += ["## Baselines", "", BASELINES, "", *_table(baseline_rows(card)), ""]
    if card.get("errors"):
        lines += ["## Errors in users' units", "", EXPLAINED, "", *_table(error_rows(card)), ""]
    lines += ["## Training", ""]
    lines.append(
        f"{training['epochs']} epochs, {training['separate_share']:.0%} of them the networks separately and then "
        f"alternately separate and joint; batches of {training['batch_size']} designs; {training['optimiser']} at "
        f"{training['learning_rate']:g}; seed {training['seed']}. "
        + (f"The weights are those of epoch {card['best_epoch']}." if card["best_epoch"] else "")
    )
    lines += ["", "All choices:", "", "```json"]
    lines += [json.dumps({"model": model, "training": training}, indent=2, sort_keys=True), "```", ""]
    lines += ["## Data", "", *_table([dict(row) for row in card["data"]]), ""]
    lines += ["## Versions", ""]
    lines += [f"- {name} {version}" for name, version in sorted(card["versions"].items())]
    lines += [f"- vocabulary of the graphs {card['vocabulary']}", ""]
    return "\n".join(lines)


def score_rows(scores: Sequence[Row]) -> list[dict[str, str]]:
    """Scores as text for a table."""
    regression = not any("auc" in row for row in scores)
    names = "side target designs mse rmse mae tau" if regression else "side designs positives auc f1"
    return [{name: _text(row[name]) for name in names.split()} for row in scores]


def baseline_rows(card: Mapping[str, Any]) -> list[dict[str, str]]:
    """The sums over targets of the baselines (validity has one target) as text, beside those of the model."""
    model = [{"method": "model", **row} for row in card["scores"]]
    told = card.get("baselines", ())
    sides = {row["side"] for row in told}
    rows = [row for row in (*model, *told) if row["side"] in sides and row.get("target") in ("sum", "valid")]
    rows.sort(key=lambda row: str(row["side"]))
    figures = "mse rmse mae tau" if not any("auc" in row for row in rows) else "auc f1"
    return [{name: _text(row[name]) for name in ("method", "side", "designs", *figures.split())} for row in rows]


def error_rows(card: Mapping[str, Any]) -> list[dict[str, str]]:
    """Errors in users' units as text; see :mod:`pipeline.training.user_errors`."""
    return [{name: str(value) for name, value in row_text(row).items()} for row in card.get("errors", ())]


def _rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """JSON has no NaN; what has no meaning is null."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _table(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["none"]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return lines + ["| " + " | ".join(str(row.get(name, 0)) for name in names) + " |" for row in rows]
