"""What the page of a trained model says, read from its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.errors import counted
from pipeline.present.charts import ExpertUse, GateWeights, LearningCurves, Predictions
from pipeline.present.run_report import Grid, KeyFigure, RunReport
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import LEARNED, estimated

FILES = {
    "model.safetensors": "weights and configuration",
    "card.md": "model card: data, splits, schedule, scores, versions",
    "card.json": "the same for programs",
    "metrics.csv": "losses and scores of every epoch",
    "predictions.parquet": "predicted and true value of every design and target",
    "gates.csv": "mean gate weights per kernel, gate and expert",
    "predicted.svg": "predicted against labelled, as a picture",
    "gates.svg": "gate weights, as a picture",
    "experts.svg": "use of the experts, as a picture",
    "curves.svg": "learning curves, as a picture",
    "tensorboard/": "the same for TensorBoard",
}
_LEARN = (
    "mean and forest learn from the same designs: those of the kernel where there are some, else of all others; "
    "estimate is the analytical model alone."
)
_UNITS = (
    "On designs that fit: predicted over true cycles as a factor from 1, in half of the designs and in nine of ten; "
    "resources in points, hundredths of the device."
)
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
    epochs, shots = counted(training["epochs"], "epoch"), card["provenance"].get("shots")
    how = f"{epochs}; learned from {counted(len(data), 'kernel')}"
    if shots is not None:
        how = f"fine-tuned for {epochs} on {counted(shots, 'design')}"
    return RunReport(
        title=card["title"],
        job=str(card["provenance"].get("task", "training")),
        sources=card["sources"],
        summary=f"{', '.join(model['networks'])} over {model['encoder']}, {how}.",
        key_figures=_key_figures(card),
        warnings=[
            *(f"{source}: {ESTIMATE_NOTICE}" for source in card["sources"] if estimated(source)),
            *card.get("notes", ()),
        ],
        learning=learning,
        predictions=predictions,
        gates=gates,
        expert_use=expert_use,
        grids=[
            *_beside(card),
            replace(
                _grid(
                    "Scores", _rounded(card["scores"]), _SCORES, "Errors in units of the targets; tau is within kernel."
                ),
                folded=True,
            ),
            replace(
                _grid("Designs by side", data, tuple(dict.fromkeys(name for row in data for name in row)), ""),
                folded=True,
            ),
        ],
        provenance={
            **{name: value for name, value in card["provenance"].items() if value is not None},
            "versions": card["versions"],
            "choices of the model": model,
            "choices of training": training,
        },
        reproduce=reproduce,
        files={name: what for name, what in FILES.items() if name in files},
    )


def _beside(card: Mapping[str, Any]) -> list[Grid]:
    """What the model has to beat, and the errors of all in units that people use; none of an older card."""
    grids = []
    told = card.get("baselines", ())
    if told:
        sides = {row["side"] for row in told}
        model = [{"method": "model", **row} for row in card["scores"] if row["side"] in sides]
        rows = [row for row in (*model, *told) if row.get("target") in ("sum", "valid")]
        grids.append(
            _grid(
                "Beside baselines",
                sorted(_rounded(rows), key=lambda row: str(row["side"])),
                ("method", *_SCORES),
                _LEARN,
            )
        )
    if errors := card.get("errors"):
        rows = [[row["method"], row["side"], row["designs"], *_felt(row).values()] for row in errors]
        grids.append(Grid("Errors in users' units", ("method", "side", "designs", *_felt(errors[0])), rows, _UNITS))
    return grids


def _felt(row: Mapping[str, Any]) -> dict[str, str]:
    """Errors of a method on a side, with units."""
    factors = {name: f"x{row[key]:.2f}" for name, key in (("cycles, half", "cycles"), ("cycles, 9 of 10", "cycles_90"))}
    return factors | {one.short: f"{row[one.short]:.1f} points" for one in LEARNED}


def _felt_figures(card: Mapping[str, Any]) -> list[KeyFigure]:
    """Errors in users' units on what was held out, each beside those of what the model has to beat."""
    rows = [row for row in card.get("errors", ()) if row["side"] in ("test", "rest")]
    mine = next((_felt(row) for row in rows if row["method"] == "model"), {})
    others = [(row["method"].removeprefix("model "), _felt(row)) for row in rows if row["method"] != "model"]
    return [
        KeyFigure(f"{name} off by", value, ", ".join(f"{method} {felt[name]}" for method, felt in others))
        for name, value in mine.items()
        if name.startswith("cycles") or name == "DSP"
    ]


def _key_figures(card: Mapping[str, Any]) -> list[KeyFigure]:
    """The errors of what was held out as users feel them, then the scores over all targets."""
    held_out = [row for row in card["scores"] if row.get("side") in ("test", "rest")] or list(card["scores"])
    summed = [row for row in held_out if row.get("target") == "sum"] or held_out[:1]
    found = _felt_figures(card)
    for row in _rounded(summed):
        said = f"{row.get('side', '')}, {row['designs']:,} designs" if row.get("designs") else str(row.get("side", ""))
        for name, label in (("mse", "summed MSE"), ("tau", "Kendall tau"), ("auc", "AUC"), ("f1", "F1")):
            if row.get(name) is not None:
                found.append(KeyFigure(label if row.get("target") in ("sum", None) else name, row[name], said))
    if card.get("best_epoch"):
        found.append(KeyFigure("best epoch", card["best_epoch"], f"of {card['training']['epochs']}"))
    return found


def _rounded(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Scores for a table: below the fourth decimal nothing is told apart."""
    return [
        {name: "< 0.0001" if isinstance(value, float) and 0 < value < 1e-4 else value for name, value in row.items()}
        for row in rows
    ]


def _grid(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], note: str) -> Grid:
    return Grid(title, columns, [[row.get(name) for name in columns] for row in rows], note, told_once=True)
