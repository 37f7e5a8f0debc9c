"""The rows of a study's tables, and the summary that compares methods."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from pipeline.errors import PipelineError, counted
from pipeline.training.metrics import SUM, TargetScore, ValidityScore

SIMPLE_BASELINES = ("mean", "forest", "extra-trees", "boosting", "gp")
"""The methods that the best simple baseline of a summary is taken from."""
REFERENCES = ("hmoe", "harp")
"""The methods beside it that a summary gives ratios to."""


@dataclass(frozen=True)
class Cell:
    """What one row is about, besides the target: a method on a kernel with certain shots."""

    method: str
    source: str
    kernel: str
    seed: int
    shots: int
    shots_by: str
    target_source: str
    protocol: str


@dataclass(frozen=True)
class MetricsRow:
    """A row of ``metrics.csv``; see :class:`Cell` and :class:`pipeline.training.metrics.TargetScore`."""

    method: str
    source: str
    kernel: str
    seed: int
    shots: int
    target: str
    mse: float
    rmse: float
    mae: float
    tau: float
    target_source: str
    shots_by: str
    protocol: str
    designs: int
    within_1: float
    within_2: float
    ence: float

    @classmethod
    def of(cls, cell: Cell, score: TargetScore) -> MetricsRow:
        """The row of one target's figures."""
        return cls(**asdict(cell), **asdict(score))


@dataclass(frozen=True)
class ValidityRow:
    """A row of ``validity.csv``; see :class:`Cell` and :class:`pipeline.training.metrics.ValidityScore`."""

    method: str
    source: str
    kernel: str
    seed: int
    shots: int
    auc: float
    f1: float
    target_source: str
    shots_by: str
    protocol: str
    designs: int
    positives: int

    @classmethod
    def of(cls, cell: Cell, score: ValidityScore) -> ValidityRow:
        """The row of a classifier's figures."""
        return cls(**asdict(cell), **asdict(score))


@dataclass(frozen=True)
class SummaryRow:
    """One method under one condition: its summed MSE over kernels and seeds, and ratios of it to other methods'.

    ``mse``       mean over seeds of the mean over kernels, of the MSE summed over the targets
    ``deviation`` standard deviation over the seeds of the mean over kernels; NaN for one seed
    ``tau``       mean Kendall's tau of perf within kernel
    ``to_best_simple``, ``to_hmoe``, ``to_harp``  ``mse`` over that of the best of :data:`SIMPLE_BASELINES`, of the
                  published HMoE and of plain HARP under the same condition; NaN where that is not there
    """

    protocol: str
    source: str
    target_source: str
    shots: int
    shots_by: str
    method: str
    kernels: int
    seeds: int
    mse: float
    deviation: float
    tau: float
    to_best_simple: float
    to_hmoe: float
    to_harp: float


@dataclass(frozen=True)
class ValiditySummary:
    """One classifier under one condition: the means over seeds and kernels, and the deviation of AUC over seeds."""

    protocol: str
    source: str
    target_source: str
    shots: int
    shots_by: str
    method: str
    kernels: int
    seeds: int
    auc: float
    deviation: float
    f1: float


Row: TypeAlias = MetricsRow | ValidityRow | SummaryRow | ValiditySummary
_Row = TypeVar("_Row", bound=Row)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Writes rows as CSV, one column a field; a figure without meaning is ``nan``. There must be at least one row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(rows[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read_rows(path: Path, kind: type[_Row]) -> list[_Row]:
    """Reads what :func:`write_rows` wrote. Raises PipelineError for another file."""
    kinds = {"int": int, "float": float, "str": str}
    wanted = {field.name: kinds[str(field.type)] for field in fields(kind)}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [kind(**{name: wanted[name](text) for name, text in row.items()}) for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PipelineError(
            f"is no table of {kind.__name__}: {str(error)[:100]}", file=str(path), fix="remove its folder and run again"
        ) from None


def summarise_rows(rows: Iterable[MetricsRow]) -> list[SummaryRow]:
    """A row per condition and method, the best method of a condition first."""
    groups: dict[tuple[str, str, str, int, str], dict[str, list[MetricsRow]]] = {}
    for row in rows:
        place = (row.protocol, row.source, row.target_source, row.shots, row.shots_by)
        groups.setdefault(place, {}).setdefault(row.method, []).append(row)
    found = []
    for place, methods in sorted(groups.items()):
        means = {name: _over_seeds([row for row in own if row.target == SUM], "mse") for name, own in methods.items()}
        simple = min((means[name][0] for name in SIMPLE_BASELINES if name in means), default=float("nan"))
        for name in sorted(methods, key=lambda name: means[name][0]):
            own, (mean, deviation) = methods[name], means[name]
            references = [means[other][0] if other in means else float("nan") for other in REFERENCES]
            found.append(
                SummaryRow(
                    *place,
                    name,
                    len({row.kernel for row in own}),
                    len({row.seed for row in own}),
                    mean,
                    deviation,
                    _over_seeds([row for row in own if row.target == "perf"], "tau")[0],
                    *(_ratio(mean, other) for other in (simple, *references)),
                )
            )
    return found


def summarise_validity(rows: Iterable[ValidityRow]) -> list[ValiditySummary]:
    """A row per condition and classifier, the best of a condition first."""
    groups: dict[tuple[str, str, str, int, str, str], list[ValidityRow]] = {}
    for row in rows:
        place = (row.protocol, row.source, row.target_source, row.shots, row.shots_by, row.method)
        groups.setdefault(place, []).append(row)
    found = [
        ValiditySummary(
            *place,
            len({row.kernel for row in own}),
            len({row.seed for row in own}),
            *_over_seeds(own, "auc"),
            _over_seeds(own, "f1")[0],
        )
        for place, own in groups.items()
    ]
    return sorted(found, key=lambda row: (row.protocol, row.source, row.shots, row.shots_by, -row.auc, row.method))


def _over_seeds(rows: Sequence[MetricsRow] | Sequence[ValidityRow], column: str) -> tuple[float, float]:
    by_seed: dict[int, list[float]] = {}
    for row in rows:
        by_seed.setdefault(row.seed, []).append(getattr(row, column))
    means = [_mean(values) for values in by_seed.values()]
    return _mean(means), float(np.std(means, ddof=1)) if len(means) > 1 else float("nan")


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def _ratio(value: float, other: float) -> float:
    return value / other if other > 0 else float("nan")


def summary_text(rows: Sequence[SummaryRow]) -> str:
    """The summary as a table for a terminal."""
    lines: list[str] = []
    last: tuple[Any, ...] = ()
    for row in rows:
        place = (row.protocol, row.source, row.target_source, row.shots, row.shots_by)
        if place != last:
            moved = "" if row.source == row.target_source else f" to {row.target_source}"
            shots = f"{row.shots} shots by {row.shots_by}" if row.shots_by else "no shots"
            lines += [
                f"{row.protocol}, {row.source}{moved}, {shots}, {counted(row.kernels, 'kernel')}, "
                f"{counted(row.seeds, 'seed')}",
                f"  {'method':<14}{'summed MSE':>12}{'spread':>9}{'tau perf':>10}"
                f"{'/ simple':>10}{'/ hmoe':>9}{'/ harp':>9}",
            ]
            last = place
        figures = (f"{row.mse:>12.3f}", f"{_shown(row.deviation):>9}", f"{_shown(row.tau, 2):>10}")
        ratios = (
            f"{_shown(row.to_best_simple, 2):>10}",
            f"{_shown(row.to_hmoe, 2):>9}",
            f"{_shown(row.to_harp, 2):>9}",
        )
        lines.append(f"  {row.method:<14}{''.join(figures)}{''.join(ratios)}")
    return "\n".join(lines)


def validity_text(rows: Sequence[ValiditySummary]) -> str:
    """The summary of classifiers as a table for a terminal."""
    lines = [f"  {'method':<14}{'shots':>6}{'AUC':>8}{'spread':>9}{'F1':>8}{'kernels':>9}{'seeds':>7}"]
    for row in rows:
        figures = f"{_shown(row.auc):>8}{_shown(row.deviation):>9}{_shown(row.f1):>8}"
        lines.append(f"  {row.method:<14}{row.shots:>6}{figures}{row.kernels:>9}{row.seeds:>7}")
    return "\n".join(lines)


def _shown(value: float, digits: int = 3) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"
