"""The folder of a trained model: weights, card, tables and pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.loop.model_file import MODEL as MODEL
from pipeline.loop.model_file import model_file as model_file
from pipeline.tasks.outputs import write_json

if TYPE_CHECKING:
    from pipeline.models import DesignModel
    from pipeline.training.outcome import TrainingOutcome

CARD, CURVES = "card.json", "metrics.csv"
UNITS = {"perf": "0.5 log2(1e7 / cycles)"}


def write_model_folder(
    folder: Path,
    model: DesignModel,
    outcome: TrainingOutcome,
    card: Mapping[str, Any],
    curves: Sequence[Mapping[str, Any]],
    picture_side: str,
    command: str,
) -> None:
    """Writes the weights, ``card.json``, ``card.md``, ``metrics.csv``, ``predictions.parquet``, ``gates.csv``, the
    pictures and ``report.html``; ``picture_side`` are the designs that predicted is drawn against true for, and
    ``command`` is what makes this folder again."""
    import pyarrow.parquet as pq

    from pipeline.models import save_model
    from pipeline.training import VOCABULARY
    from pipeline.training.card import card_markdown
    from pipeline.training.curves import write_curves

    about = {"title": str(card["title"]), "sources": ", ".join(card["sources"])}
    save_model(folder / MODEL, model, vocabulary=VOCABULARY, about=about)
    write_json(folder / CARD, card)
    (folder / "card.md").write_text(card_markdown(card), encoding="utf-8")
    if curves:
        write_curves(folder / CURVES, curves)
    pq.write_table(outcome.predictions, folder / "predictions.parquet", compression="zstd")
    _write_gates(folder / "gates.csv", outcome.gates)
    _draw(folder, outcome, card, curves, picture_side, command)


def _write_gates(path: Path, gates: Sequence[Mapping[str, Any]]) -> None:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("source", "kernel", "designs", "gate", "expert", "weight"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(gates)


def _draw(
    folder: Path,
    outcome: TrainingOutcome,
    card: Mapping[str, Any],
    curves: Sequence[Mapping[str, Any]],
    side: str,
    command: str,
) -> None:
    from pipeline.present.model_report import model_report
    from pipeline.present.pictures import expert_use, gate_heat_maps, learning_curves, predicted_against_true
    from pipeline.present.run_report import write_run_report

    compared = _compared(outcome, card, side)
    weights, use = _gates(outcome.gates) if outcome.gates else ([], [])
    learned = [_learned(card, curves)] if curves else []
    drawings = {"predicted.svg": predicted_against_true(compared)}
    if weights:
        drawings |= {"gates.svg": gate_heat_maps(weights), "experts.svg": expert_use(use)}
    if learned:
        drawings["curves.svg"] = learning_curves(learned)
    for name, picture in drawings.items():
        (folder / name).write_bytes(picture.svg())
    report = model_report(
        card, predictions=compared, gates=weights, expert_use=use, learning=learned, reproduce=[command],
        files=[path.name for path in folder.iterdir()],
    )  # fmt: skip
    (folder / "report.html").write_text(write_run_report(report), encoding="utf-8")


def _compared(outcome: TrainingOutcome, card: Mapping[str, Any], side: str) -> list[Any]:
    from pipeline.present.charts import SHARE, Predictions

    rows = [row for row in outcome.predictions.to_pylist() if row["side"] == side]
    rows = rows or outcome.predictions.to_pylist()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["target"]].append(row)
    return [
        Predictions(
            target=target,
            source=", ".join(card["sources"]),
            true=[row["true"] for row in of],
            predicted=[row["predicted"] for row in of],
            kernels=[row["kernel"] for row in of],
            keys=[row["key"] for row in of],
            unit=UNITS.get(target, SHARE if target != "valid" else ""),
        )
        for target, of in found.items()
    ]


def _gates(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Weights by kernel, and means over all designs."""
    from pipeline.present.charts import ExpertUse, GateWeights

    weights, use = [], []
    several = len({row["source"] for row in rows}) > 1
    for gate in dict.fromkeys(row["gate"] for row in rows):
        of = [row for row in rows if row["gate"] == gate]
        experts = list(dict.fromkeys(row["expert"] for row in of))
        table: dict[str, dict[str, float]] = defaultdict(dict)
        for row in of:
            name = f"{row['kernel']} ({row['source']})" if several else row["kernel"]
            table[name][row["expert"]] = row["weight"]
        weights.append(GateWeights(gate, list(table), experts, [[table[k][e] for e in experts] for k in table]))
        total = sum(row["designs"] for row in of if row["expert"] == experts[0])
        share = [sum(r["weight"] * r["designs"] for r in of if r["expert"] == expert) / total for expert in experts]
        use.append(ExpertUse(gate, experts, share))
    return weights, use


def _learned(card: Mapping[str, Any], curves: Sequence[Mapping[str, Any]]) -> Any:
    from pipeline.present.charts import LearningCurves

    regression = card["model"]["task"] == "regression"
    summed = "summed Huber loss" if card["training"].get("huber") else "summed MSE"
    joint = [row["epoch"] for row in curves if row["stage"] == "joint"]
    stages = {"separate": 1.0, "alternating": float(joint[0])} if joint and joint[0] > 1 else None
    return LearningCurves(
        title=f"Loss on {', '.join(card['sources'])}",
        metric=summed if regression else "cross entropy",
        epochs=[row["epoch"] for row in curves],
        series={
            "training loss": [row["train_loss"] for row in curves],
            "validation, joint model": [row["validation_loss"] for row in curves],
        },
        stages=stages,
    )
