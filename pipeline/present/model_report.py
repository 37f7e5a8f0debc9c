"""What the page of a trained model says, read from its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.present.charts import ExpertUse, GateWeights, LearningCurves, Predictions
from pipeline.present.run_report import Grid, KeyFigure, RunReport
from pipeline.present.summary import ESTIMATE_NOTICE

FILES = {
    "model.safetensors": "weights and configuration",
    "card.md": "model card: data, splits, schedule, scores, versions",
    "card.json": "the same for programs",
    "metrics.csv": "losses and scores of every epoch",
    "predictions.parquet": "predicted and true value of every design and target",
    "gates.csv": "mean gate weights per kernel, gate and expert",
    "predicted.svg": "predicted against true, as a picture",
    "gates.svg": "gate weights, as a picture",
    "experts.svg": "use of the experts, as a picture",
    "curves.svg": "learning curves, as a picture",
    "tensorboard/": "the same for TensorBoard",
}
_SCORES = ("side", "target", "designs", "mse", "rmse", "mae", "tau", "positives", "auc", "f1")


def model_report(
    card: Mapping[str, Any],
    *,
    predictions: Sequence[Predictions] = (),
    gates: Sequence[GateWeights] = (),
    expert_use: Sequence[ExpertUse] = (),
    learning: Sequence[LearningCurves] = (),
    files: Sequence[str] = (),
    reproduce: Sequence[str] = (),
) -> RunReport:
    """The report of a model.

    ``card`` is the model's card with ``title``, ``sources``, ``scores``, ``data``, ``model``, ``training``,
    ``provenance`` (its ``task`` names the job) and ``versions``; ``files`` are the names in the model's folder (those
    of folders end in ``/``) and ``reproduce`` the commands that make it again.
    """
    data = [dict(row) for row in card["data"]]
    model, training = card["model"], card["training"]
    return RunReport(
        title=card["title"],
        job=str(card["provenance"].get("task", "training")),
        sources=card["sources"],
        summary=f"{', '.join(model['networks'])} over {model['encoder']}, {training['epochs']} epochs; learned from "
        f"{len(data)} kernel{'' if len(data) == 1 else 's'}.",
        key_figures=_key_figures(card),
        warnings=[
            *(f"{source}: {ESTIMATE_NOTICE}" for source in card["sources"] if source.startswith("estimator")),
            *card.get("notes", ()),
        ],
        learning=learning,
        predictions=predictions,
        gates=gates,
        expert_use=expert_use,
        grids=[
            *_plain(card.get("plain", ())),
            _grid("Scores", card["scores"], _SCORES, "Errors in units of the targets; tau is within kernel."),
            _grid("Designs by side", data, tuple(dict.fromkeys(name for row in data for name in row)), ""),
        ],
        provenance={
            **card["provenance"],
            "versions": card["versions"],
            "choices of the model": model,
            "choices of training": training,
        },
        reproduce=reproduce,
        files={name: what for name, what in FILES.items() if name in files},
    )


def _key_figures(card: Mapping[str, Any]) -> list[KeyFigure]:
    """The scores of what was held out, those over all targets first."""
    if plain := card.get("plain"):
        return [
            KeyFigure(
                f"{row['method']}: cycles off by", f"{row['cycles_factor']:.2f} times", f"{row['designs']:,} designs"
            )
            for row in plain
        ]
    held_out = [row for row in card["scores"] if row.get("side") in ("test", "rest")] or list(card["scores"])
    summed = [row for row in held_out if row.get("target") == "sum"] or held_out[:1]
    found = []
    for row in summed:
        said = f"{row.get('side', '')}, {row['designs']:,} designs" if row.get("designs") else str(row.get("side", ""))
        for name, label in (("mse", "summed MSE"), ("tau", "Kendall tau"), ("auc", "AUC"), ("f1", "F1")):
            if row.get(name) is not None:
                found.append(KeyFigure(label if row.get("target") in ("sum", None) else name, row[name], said))
    if card.get("best_epoch"):
        found.append(KeyFigure("best epoch", card["best_epoch"], f"of {card['training']['epochs']}"))
    return found


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[Grid]:
    """Errors in units that people think in; nothing where there are none."""
    if not rows:
        return []
    points = [name for name in rows[0] if name.endswith("_points")]
    columns = ("error of", "cycles off by", *(f"{name.removesuffix('_points')}, points" for name in points), "designs")
    cells = [
        [row["method"], f"{row['cycles_factor']:.2f} times", *(f"{row[name]:.1f}" for name in points), row["designs"]]
        for row in rows
    ]
    note = "On designs that fit and were not learned from; points are hundredths of the device."
    return [Grid("Errors in plain units", columns, cells, note)]


def _grid(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], note: str) -> Grid:
    known = [name for name in columns if any(row.get(name) is not None for row in rows)]
    return Grid(title, known, [[row.get(name) for name in known] for row in rows], note)
