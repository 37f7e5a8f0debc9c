"""What the page of a comparison of searches says, read from the rows of its ``curves.csv`` and ``summary.csv``."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import counted
from pipeline.present.charts import BestSoFar, SearchCurve
from pipeline.present.columns import numbers
from pipeline.present.run_report import Grid, KeyFigure, RunReport
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import estimated

Row = Mapping[str, Any]
_METRIC = "% of searches within 2 % of the best"
_MOST_CURVES, _MOST_BASELINES = 4, 3
"""Curves of a chart, the best first; the table has all."""


def search_report(
    curves: Sequence[Row],
    summary: Sequence[Row],
    *,
    baselines: Sequence[str] = (),
    default: str = "",
    left_out: Sequence[str] = (),
    provenance: Mapping[str, Any],
    reproduce: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> RunReport:
    """The report of a comparison.

    ``curves`` rows of source, kernel, method, run and ``near``, 1 where the best so far is within 2 % of the best
    known, or the chance of that;
    ``summary`` rows of source, method, pairs, within_2_percent_N and median_ratio_N for some numbers of runs N.
    ``baselines`` names the methods that are drawn dashed, ``default`` the one that loops take by default, ``left_out``
    those that the labels did not suffice for.
    """
    sources = list(dict.fromkeys(str(row["source"]) for row in summary))
    most = max(_points(summary[0]))
    pools = len({(row["source"], row["kernel"]) for row in curves})
    seeds = len({row["seed"] for row in curves if row.get("seed") not in (None, "")})
    return RunReport(
        title="Searches replayed on labelled designs",
        job="CompareSearches",
        sources=sources,
        summary=f"{counted(len({row['method'] for row in summary}), 'method')} on {counted(pools, 'kernel')}"
        + (f" with {counted(seeds, 'seed')} each" if seeds else "")
        + ", replayed on designs whose labels are known; a failed design counts as a run, and the best known is that "
        "of these designs.",
        key_figures=[figure for source in sources for figure in _best(source, summary, most, default)],
        warnings=[
            *(f"{source}: {ESTIMATE_NOTICE}" for source in sources if estimated(source)),
            *([f"Left out, for want of other kernels to learn from: {_listed(left_out, default)}"] if left_out else []),
        ],
        searches=[_shares(source, curves, summary, most, baselines, default) for source in sources],
        grids=[_grid(source, summary, default) for source in sources],
        provenance=provenance,
        reproduce=reproduce,
        files=files or {},
    )


def _points(row: Row) -> list[int]:
    """The numbers of runs that a summary tells of."""
    return [int(name.rsplit("_", 1)[1]) for name in row if name.startswith("within_2_percent_")]


def _of(source: str, summary: Sequence[Row], most: int) -> list[Row]:
    """A source's methods, the one that most often came within 2 % first."""
    rows = [row for row in summary if row["source"] == source]
    return sorted(rows, key=lambda row: (-float(row[f"within_2_percent_{most}"]), str(row["method"])))


def _best(source: str, summary: Sequence[Row], most: int, default: str) -> list[KeyFigure]:
    """The search that came nearest most often with those that tie with it, and the default where it is none of them."""
    rows = {str(row["method"]): row for row in _of(source, summary, most)}
    shares = {name: float(row[f"within_2_percent_{most}"]) for name, row in rows.items()}
    first = next(iter(rows))
    pairs = float(rows[first]["pairs"])
    # One standard error of the difference of two shares of so many searches each.
    room = math.sqrt(2.0 * shares[first] * (1.0 - shares[first]) / max(pairs, 1.0))
    tied = [name for name, share in shares.items() if shares[first] - share <= room]
    if default in tied:
        tied = [default, *(name for name in tied if name != default)]
    names = " and ".join(_marked(name, default) for name in tied[:3])
    names += f" and {len(tied) - 3} more" if len(tied) > 3 else ""
    said = f"of searches within 2 % of the best after {most} runs"
    tie = f"; a tie: {pairs:,.0f} searches each do not tell them apart" if len(tied) > 1 else ""
    found = [KeyFigure(f"{source}: {names}", f"{100 * shares[first]:.0f} %", f"{said}{tie}")]
    if default in shares and default not in tied:
        found.append(KeyFigure(f"{source}: {_marked(default, default)}", f"{100 * shares[default]:.0f} %", said))
    return found


def _marked(name: str, default: str) -> str:
    return f"{name} (the default)" if name == default else name


def _listed(names: Sequence[str], default: str) -> str:
    return ", ".join(_marked(name, default) for name in names)


def _shares(
    source: str, curves: Sequence[Row], summary: Sequence[Row], most: int, baselines: Sequence[str], default: str
) -> BestSoFar:
    """The share over kernels and seeds after each run: the default, the best other searches, the best baselines."""
    near: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in curves:
        if row["source"] == source:
            near[str(row["method"])][int(row["run"])].append(float(row["near"]))
    ordered = [str(row["method"]) for row in _of(source, summary, most)]
    chosen = sorted((name for name in ordered if name not in baselines), key=lambda name: name != default)
    chosen = chosen[:_MOST_CURVES]
    chosen += [name for name in ordered if name in baselines][:_MOST_BASELINES]
    shown = [
        SearchCurve(
            name=_marked(name, default),
            best=[100 * statistics.fmean(values) for _, values in sorted(near[name].items())],
            baseline=name in baselines,
        )
        for name in chosen
    ]
    said = (
        f"{len(shown)} of {len(ordered)} searches are drawn, the default and the best of each kind; the table has all."
    )
    said = said if default in chosen else said.replace("the default and ", "")
    note = said if len(shown) < len(ordered) else ""
    return BestSoFar("all kernels", source, shown, metric=_METRIC, note=note)


def _grid(source: str, summary: Sequence[Row], default: str) -> Grid:
    rows = [row for row in summary if row["source"] == source]
    runs = _points(rows[0])
    pairs = [int(float(row["pairs"])) for row in rows]
    # A column of the same number in each row is a sentence.
    alike = len(set(pairs)) == 1
    columns = ["search", *["kernels and seeds"] * (not alike), *(f"within 2 % after {n}, %" for n in runs)]
    columns += [f"median after {n}" for n in runs]
    found = [
        [
            _marked(str(row["method"]), default),
            *[own] * (not alike),
            *(round(100 * float(row[f"within_2_percent_{n}"]), 1) for n in runs),
            *(_shown(row[f"median_ratio_{n}"]) for n in runs),
        ]
        for row, own in zip(rows, pairs, strict=True)
    ]
    note = f"Of {counted(pairs[0], 'pair')} of a kernel and a seed each." if alike else ""
    return Grid(f"Latency of the best found over the best known: {source}", columns, found, note)


def _shown(value: Any) -> float | None:
    (number,) = numbers([value])
    return None if number is None else round(number, 3)
