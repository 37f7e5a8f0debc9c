"""What the page of a transfer study says, read from the rows of its ``metrics.csv`` or ``validity.csv``."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import counted
from pipeline.present.charts import Comparison
from pipeline.present.columns import numbers
from pipeline.present.run_report import Grid, KeyFigure, RunReport
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import estimated

_CONDITION = ("protocol", "source", "target_source", "shots", "shots_by")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """A column that methods are compared by."""

    column: str
    name: str
    better: str
    """``less`` or ``more``."""

    @property
    def best(self) -> str:
        """What the best value is called."""
        return f"{'least' if self.better == 'less' else 'largest'} {self.name}"


SUMMED = Score("mse", "summed MSE", "less")
AUC = Score("auc", "AUC of validity", "more")


def transfer_report(
    rows: Sequence[Row],
    *,
    provenance: Mapping[str, Any],
    reproduce: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    summed: str = "sum",
    score: Score = SUMMED,
    notes: Sequence[str] = (),
) -> RunReport:
    """The report of a study.

    ``rows`` are those of ``metrics.csv``: method, source, kernel, seed, shots, target, mse, rmse, mae, tau, and where
    they are there protocol, target_source and shots_by; ``summed`` is the target that stands for the sum over all. With
    ``score`` :data:`AUC` those of ``validity.csv``, which have no target. ``notes`` are shown as warnings.
    """
    conditions: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("target", summed) == summed:
            conditions[tuple(row.get(name) for name in _CONDITION)].append(row)
    sources = sorted({str(row[name]) for row in rows for name in ("source", "target_source") if row.get(name)})
    seeds = {row["seed"] for row in rows}
    comparisons = [_comparison(condition, of, score) for condition, of in conditions.items()]
    return RunReport(
        title="Transfer to kernels with few labels",
        job="EvaluateTransfer",
        sources=sources,
        summary=f"{counted(len({row['method'] for row in rows}), 'method')} on "
        f"{counted(len({row['kernel'] for row in rows}), 'kernel')} with {counted(len(seeds), 'seed')}"
        f"{_schedule(provenance)}; each method of a chart had the same shots.",
        key_figures=[figure for shown in comparisons for figure in _best(shown, score)],
        warnings=[
            *(f"{source}: {ESTIMATE_NOTICE}" for source in sources if estimated(source)),
            *notes,
        ],
        comparisons=comparisons,
        grids=[_grid(shown, score) for shown in comparisons],
        provenance=provenance,
        reproduce=reproduce,
        files=files or {},
    )


def _schedule(provenance: Mapping[str, Any]) -> str:
    """How long networks were trained, where that is hardly at all."""
    epochs = provenance.get("epochs")
    return f" and {counted(epochs, 'epoch')} of training" if isinstance(epochs, int) and epochs < 5 else ""


def _comparison(condition: tuple[Any, ...], rows: Sequence[Row], score: Score) -> Comparison:
    """Means over seeds for each kernel, and of the mean over kernels, best method first."""
    kernels = sorted({str(row["kernel"]) for row in rows})
    values: dict[str, dict[str, dict[Any, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        (value,) = numbers([row[score.column]])
        if value is not None:
            values[str(row["method"])][str(row["kernel"])][row["seed"]] = value
    means: dict[str, list[float | None]] = {}
    spread: dict[str, list[float | None]] = {}
    for method, by_kernel in values.items():
        columns = [list(by_kernel[kernel].values()) for kernel in kernels]
        if len(kernels) > 1:
            columns.append(_over_kernels(by_kernel, kernels))
        means[method] = [statistics.fmean(column) if column else None for column in columns]
        spread[method] = [statistics.stdev(column) if len(column) > 1 else None for column in columns]

    def last(method: str) -> tuple[float, str]:
        mean = means[method][-1]
        return (math.inf if mean is None else mean if score.better == "less" else -mean, method)

    ordered = sorted(means, key=last)
    return Comparison(
        title=_title(condition),
        metric=f"{score.name} ({score.better} is better)",
        groups=[*kernels, "mean"] if len(kernels) > 1 else kernels,
        methods={method: means[method] for method in ordered},
        spread={method: spread[method] for method in ordered},
    )


def _over_kernels(by_kernel: Mapping[str, Mapping[Any, float]], kernels: Sequence[str]) -> list[float]:
    """The mean over all kernels, a value for each seed that has them all."""
    complete = set.intersection(*(set(by_kernel.get(kernel, {})) for kernel in kernels))
    return [statistics.fmean(by_kernel[kernel][seed] for kernel in kernels) for seed in sorted(complete, key=str)]


def _title(condition: tuple[Any, ...]) -> str:
    protocol, source, target, shots, shots_by = condition
    how = "no shots" if str(shots) == "0" else f"{shots} {shots_by} shots" if shots_by else f"{shots} shots"
    learned = f"learned on {source}, measured on {target}" if target and target != source else source
    return f"{how}, {learned}" + (f" ({protocol})" if protocol else "")


def _best(shown: Comparison, score: Score) -> list[KeyFigure]:
    if not shown.methods:
        return []
    tied, known = _tied(shown)
    over = "mean over kernels" if len(shown.groups) > 1 else str(shown.groups[0])
    told = [over, shown.title]
    if len(tied) > 1:
        told.append("a tie: apart by no more than their spread over seeds")
    elif not known and len(shown.methods) > 1:
        told.append("of one seed: whether it would be the best again is not known")
    names = f"{' and '.join(tied[:3])}" + (f" and {len(tied) - 3} more" if len(tied) > 3 else "")
    return [KeyFigure(f"{score.best}: {names}", shown.methods[tied[0]][-1], "; ".join(told))]


def _tied(shown: Comparison) -> tuple[list[str], bool]:
    """The best method and those that spreads over seeds do not tell from it; and whether its own is known."""
    (best, means), *others = shown.methods.items()
    spread = {name: values[-1] for name, values in (shown.spread or {}).items()}
    least, own = means[-1], spread.get(best)
    tied = [best]
    for name, values in others:
        room = max((one for one in (own, spread.get(name)) if one is not None), default=None)
        if least is not None and values[-1] is not None and room is not None and abs(values[-1] - least) <= room:
            tied.append(name)
    return tied, own is not None


def _grid(shown: Comparison, score: Score) -> Grid:
    rows = [[method, *means] for method, means in shown.methods.items()]
    seeds = any(value is not None for values in (shown.spread or {}).values() for value in values)
    title = f"{score.name[0].upper()}{score.name[1:]}: {shown.title}"
    return Grid(title, ["method", *shown.groups], rows, "Means over seeds." if seeds else "Of one seed.")
