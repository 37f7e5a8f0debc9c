"""What a trained model says about the designs of a dataset: predictions, scores and gates as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.models import DesignModel, ModelConfig
from pipeline.training.baseline_outcomes import baseline_predictions
from pipeline.training.data import KernelDesigns
from pipeline.training.forecast import DesignForecast, predict_designs
from pipeline.training.metrics import TargetScore, regression_metrics, validity_metrics
from pipeline.training.prediction_table import PREDICTIONS as PREDICTIONS
from pipeline.training.prediction_table import VALID, prediction_table
from pipeline.training.user_errors import user_errors

Row = dict[str, Any]


@dataclass(frozen=True)
class TrainingOutcome:
    """``predictions`` by :data:`PREDICTIONS`; ``scores`` a row per side and target; ``gates`` a row per source, kernel,
    gate and expert with the mean weight over ``designs``. ``baselines`` are scores of what a model has to beat, named
    by ``method`` (:mod:`pipeline.training.baseline_outcomes`), on the designs that nothing was learned from; ``errors``
    the errors of all of these there in users' units (:mod:`pipeline.training.user_errors`), none of validity."""

    predictions: pa.Table
    scores: tuple[Row, ...]
    gates: tuple[Row, ...]
    baselines: tuple[Row, ...] = ()
    errors: tuple[Row, ...] = ()


def outcome_of(
    model: DesignModel,
    data: Sequence[KernelDesigns],
    sides: Sequence[npt.NDArray[np.str_]],
    *,
    learned_from: str,
    seed: int = 0,
) -> TrainingOutcome:
    """The outcome on all designs that count for the model's task; ``sides`` gives each design its side (N,).

    Baselines learn from the side ``learned_from``.
    """
    config = model.config
    tables: list[pa.Table] = []
    gates: list[Row] = []
    for one, side in zip(data, sides, strict=True):
        counts = one.usable if config.task == "regression" else one.valid >= 0
        if not counts.any():
            continue
        designs = one.take(counts)
        forecast = predict_designs(model, designs)
        tables.append(_predictions(designs, side[counts], forecast, config))
        gates += gate_rows(designs, forecast, config)
    table = pa.concat_tables(tables)
    others = baseline_predictions(data, sides, config.task, learned_from=learned_from, seed=seed)
    baselines = [{"method": name, **row} for name, found in others.items() for row in scores(found)]
    unseen = table.filter(pc.not_equal(table.column("side"), learned_from))
    errors = [
        {"method": name, **row}
        for name, found in {"model": unseen, **others}.items()
        if config.task == "regression"
        for row in user_errors(found)
    ]
    errors.sort(key=lambda row: str(row["side"]))
    return TrainingOutcome(table, tuple(scores(table)), tuple(gates), tuple(baselines), tuple(errors))


def _predictions(
    designs: KernelDesigns, side: npt.NDArray[np.str_], forecast: DesignForecast, config: ModelConfig
) -> pa.Table:
    if config.task == "regression":
        assert forecast.targets is not None
        assert forecast.spread is not None
        return prediction_table(designs, side, config.targets, forecast.targets, forecast.spread)
    assert forecast.valid is not None
    return prediction_table(designs, side, (VALID,), forecast.valid[:, None])


def scores(predictions: pa.Table) -> list[Row]:
    """A row per side and target (and ``sum``), with the figures of :mod:`pipeline.training.metrics`."""
    columns = {name: np.asarray(predictions.column(name).to_pylist()) for name in ("side", "target", "kernel")}
    numbers = {
        name: np.array([np.nan if value is None else value for value in predictions.column(name).to_pylist()])
        for name in ("true", "predicted", "spread")
    }
    found: list[Row] = []
    for side in sorted(set(columns["side"].tolist())):
        rows = columns["side"] == side
        names = list(dict.fromkeys(columns["target"][rows].tolist()))
        if names == [VALID]:
            score = validity_metrics(numbers["true"][rows].astype(int), numbers["predicted"][rows])
            found.append({"side": side, "target": VALID, **asdict(score)})
            continue
        parts = [rows & (columns["target"] == name) for name in names]
        true, predicted, spread = (
            np.stack([numbers[what][part] for part in parts], axis=1) for what in ("true", "predicted", "spread")
        )
        scored: Sequence[TargetScore] = regression_metrics(
            true, predicted, columns["kernel"][parts[0]], spread=spread, targets=names
        )
        found += [{"side": side, **asdict(score)} for score in scored]
    return found


def gate_rows(designs: KernelDesigns, forecast: DesignForecast, config: ModelConfig) -> list[Row]:
    """The mean weight of each expert of each gate over the designs of one kernel; the high-level gate's experts are the
    networks."""
    names = network_names(config)
    found: list[tuple[str, str, float]] = []
    if config.high_gate != "none":
        found += [("granularities", name, w) for name, w in zip(names, forecast.high_gates.mean(0), strict=True)]
    for name, gates in zip(names, forecast.low_gates, strict=True):
        if gates is not None:
            found += [(name, f"expert {number}", weight) for number, weight in enumerate(gates.mean(0), 1)]
    shared: Mapping[str, Any] = {"source": designs.source, "kernel": designs.kernel, "designs": len(designs)}
    return [{**shared, "gate": gate, "expert": expert, "weight": float(weight)} for gate, expert, weight in found]


def network_names(config: ModelConfig) -> tuple[str, ...]:
    """The granularities, numbered where one occurs again."""
    names: list[str] = []
    for granularity in config.networks:
        before = sum(name.split(" ")[0] == granularity for name in names)
        names.append(f"{granularity} {before + 1}" if before else granularity)
    return tuple(names)
