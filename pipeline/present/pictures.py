"""Pictures of tables: SVG and PNG by matplotlib, the same bytes for the same values.

Each function takes values of :mod:`pipeline.present.charts` and returns a :class:`Picture`; nothing is written and no
setting of matplotlib is left changed. Several values of a kind become panels of one picture.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from pipeline.errors import PipelineError
from pipeline.present.charts import (
    BestSoFar,
    Comparison,
    ExpertUse,
    GateWeights,
    LearningCurves,
    Predictions,
)
from pipeline.present.columns import compared, error_text, number_text, numbers, same_length, short

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b4559a", "#c48a00", "#3f9fd8", "#5b6670")
_MARKERS = ("o", "D", "s", "^", "P", "X", "*")
_QUIET, _FAINT, _RULE = "#9aa5ae", "#5c6771", "#dde2e6"
_HEAT = LinearSegmentedColormap.from_list("weights", ["#f0f4f8", "#6aaed6", "#08306b"])
_ACROSS = 3
"""Panels side by side."""
_LEGEND_WIDTH = 68
"""Characters of a legend's line, handles counted as six."""
_STYLE: Any = {
    "svg.hashsalt": "hls",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _RULE,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": "#1d2329",
    "ytick.labelcolor": "#1d2329",
    "legend.frameon": False,
    "legend.fontsize": 8,
}

_Value = TypeVar("_Value")


class Picture:
    """A finished drawing, white in any surroundings."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def svg(self) -> bytes:
        """An SVG file without date, with fixed ids and its type as paths."""
        return self._written("svg", 72, {"Date": None, "Creator": None})

    def png(self, dpi: int = 160) -> bytes:
        """A PNG file of ``dpi`` dots an inch."""
        return self._written("png", dpi, {"Software": None})

    def _written(self, kind: str, dpi: int, metadata: dict[str, None]) -> bytes:
        buffer = io.BytesIO()
        with matplotlib.rc_context(_STYLE):
            self._figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata, facecolor="white")
        return buffer.getvalue()


def predicted_against_true(targets: Sequence[Predictions]) -> Picture:
    """A panel a target: each design a dot, the diagonal where both agree. Raises PipelineError without a target."""
    return _panels(targets, _draw_predictions, width=3.5, height=3.5)


def gate_heat_maps(gates: Sequence[GateWeights]) -> Picture:
    """A heat map a gate: kernels down, experts across, one colour scale from 0. Raises PipelineError likewise."""
    rows = max((len(gate.kernels) for gate in gates), default=0)
    columns = max((len(gate.experts) for gate in gates), default=0)
    known = [value for gate in gates for row in gate.weights for value in numbers(row) if value is not None]
    highest = max(known, default=1.0)

    def draw(axes: Axes, gate: GateWeights) -> None:
        _draw_gate(axes, gate, highest)

    return _panels(gates, draw, width=max(3.2, 1.9 + 0.48 * columns), height=1.1 + 0.24 * rows)


def expert_use(gates: Sequence[ExpertUse]) -> Picture:
    """Bars a gate: how much each expert is used, with the even share as a line. Raises PipelineError likewise."""
    return _panels(gates, _draw_use, width=3.3, height=2.7)


def learning_curves(curves: Sequence[LearningCurves]) -> Picture:
    """A panel each: the metric over epochs, stages marked. Raises PipelineError without a curve."""
    return _panels(curves, _draw_learning, width=5.2, height=3.3)


def best_so_far(searches: Sequence[BestSoFar]) -> Picture:
    """A panel a search: the least after n designs, baselines dashed with their spread. Raises likewise."""
    return _panels(searches, _draw_search, width=5.2, height=3.5)


def comparison(measures: Sequence[Comparison]) -> Picture:
    """A panel each: a row a method, a colour a group, spreads as whiskers. Raises PipelineError likewise."""
    methods = max((len(measure.methods) for measure in measures), default=0)
    return _panels(measures, _draw_comparison, width=5.6, height=1.4 + 0.32 * methods)


def _panels(values: Sequence[_Value], draw: Callable[[Axes, _Value], None], *, width: float, height: float) -> Picture:
    """Draws each value into a panel of ``width`` by ``height`` inches, at most ``_ACROSS`` side by side."""
    if not values:
        raise PipelineError("there is nothing to draw", fix="give at least one value")
    across = min(_ACROSS, len(values))
    down = math.ceil(len(values) / across)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width * across, height * down), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(down, across, squeeze=False)
        for axes, value in zip(grid.flat, values, strict=False):
            draw(axes, value)
        for axes in grid.flat[len(values) :]:
            axes.remove()
        # Places are settled here, under the style; saving twice must not move them.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    return Picture(figure)


def _draw_predictions(axes: Axes, target: Predictions) -> None:
    true, predicted = numbers(target.true), numbers(target.predicted)
    title = f"{target.target}, {target.source}"
    known, beyond = compared(target)
    pairs = [(true[i] or 0.0, predicted[i] or 0.0, i) for i in known]
    if target.log:
        axes.set(xscale="log", yscale="log")
    kernels = list(target.kernels)
    if kernels:
        same_length(title, true=true, kernels=kernels)
    names = sorted({kernels[i] for _, _, i in pairs}) if kernels else []
    coloured = 1 < len(names) <= len(_COLOURS)
    for number, name in enumerate(names if coloured else [""]):
        members = [pair for pair in pairs if not coloured or kernels[pair[2]] == name]
        axes.plot(
            [a for a, _, _ in members], [b for _, b, _ in members], _MARKERS[number], color=_COLOURS[number],
            markersize=3.5, markeredgewidth=0, alpha=0.55, label=short(name), rasterized=len(pairs) > 4000,
        )  # fmt: skip
    if pairs:
        ends = min(min(a, b) for a, b, _ in pairs), max(max(a, b) for a, b, _ in pairs)
        axes.plot(ends, ends, color=_FAINT, linewidth=1, linestyle=":", zorder=1)
    axes.set_aspect("equal", adjustable="datalim")
    unit = f" ({target.unit})" if target.unit not in ("", target.target) else ""
    error = error_text([a for a, _, _ in pairs], [b for _, b, _ in pairs], log=target.log) or "nothing to compare"
    axes.set(title=title, xlabel=f"labelled {target.target}{unit}", ylabel=f"predicted {target.target}{unit}")
    said = f"{error}, {len(pairs):,} designs" + f"; {beyond:,} left out" * bool(beyond)
    axes.text(
        0.98, 0.02, said, transform=axes.transAxes, ha="right",
        va="bottom", color=_FAINT, fontsize=8,
    )  # fmt: skip
    if coloured:
        axes.legend(loc="upper left", handletextpad=0.2)


def _draw_gate(axes: Axes, gate: GateWeights, highest: float) -> None:
    rows = [numbers(row) for row in gate.weights]
    same_length(f"weights of the {gate.gate} gate", kernels=gate.kernels, weights=rows)
    for name, row in zip(gate.kernels, rows, strict=True):
        same_length(f"weights of the {gate.gate} gate, {name}", experts=gate.experts, weights=row)
    values = [[math.nan if value is None else value for value in row] for row in rows]
    axes.set(title=f"{short(gate.gate)} gate")
    axes.grid(visible=False)
    if not rows or not gate.experts:
        return
    image = axes.imshow(values, cmap=_HEAT, vmin=0, vmax=highest, aspect="auto")
    experts = [short(name, 20) for name in gate.experts]
    turn = 30 if sum(map(len, experts)) > 26 else 0
    axes.set_xticks(range(len(experts)), experts, rotation=turn, ha="right" if turn else "center")
    axes.set_yticks(range(len(gate.kernels)), [short(name) for name in gate.kernels])
    axes.tick_params(length=0)
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if value is not None and len(gate.experts) <= 8:
                ink = "white" if value > 0.6 * highest else "#1d2329"
                axes.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
    if axes.figure is not None:
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.7, aspect=24, pad=0.02, label="weight")
        bar.outline.set_visible(False)


def _draw_use(axes: Axes, gate: ExpertUse) -> None:
    same_length(f"use of the {gate.gate} gate", experts=gate.experts, share=gate.share)
    places = range(len(gate.experts))
    axes.bar(places, [value or 0.0 for value in numbers(gate.share)], color=_COLOURS[0], width=0.6)
    axes.set_xticks(places, [short(name, 12) for name in gate.experts])
    axes.grid(visible=False, axis="x")
    if gate.experts:
        _level(axes, 1 / len(gate.experts), f"even {1 / len(gate.experts):.0%}")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set(title=f"{short(gate.gate)} gate", ylabel=gate.meaning)


def _draw_learning(axes: Axes, curves: LearningCurves) -> None:
    epochs = [math.nan if value is None else value for value in numbers(curves.epochs)]
    positive = True
    for number, (name, column) in enumerate(curves.series.items()):
        values = numbers(column)
        same_length(curves.title, epochs=epochs, **{name: values})
        positive = positive and all(value > 0 for value in values if value is not None)
        kept = [(x, y) for x, y in zip(epochs, values, strict=True) if y is not None]
        mark = _MARKERS[number % len(_MARKERS)] if len(kept) <= 30 else ""
        axes.plot(
            [x for x, _ in kept], [y for _, y in kept], label=short(name), color=_COLOURS[number % len(_COLOURS)],
            linewidth=1.5, marker=mark, markersize=3.5,
        )  # fmt: skip
    if curves.log and positive:
        _log(axes, "y", counts=False)
    for number, (name, start) in enumerate((curves.stages or {}).items()):
        axes.axvline(start, color=_FAINT, linewidth=0.9, linestyle=":")
        axes.annotate(
            f" {short(name)}", (start, 1), xycoords=("data", "axes fraction"), xytext=(0, -10 * (number % 2)),
            textcoords="offset points", va="top", fontsize=7.5, color=_FAINT,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set(xlabel="epoch", ylabel=curves.metric)
    _headed(axes, curves.title)


def _draw_search(axes: Axes, search: BestSoFar) -> None:
    for number, curve in enumerate(search.curves):
        best = numbers(curve.best)
        runs = range(1, len(best) + 1)
        colour = _COLOURS[number % len(_COLOURS)]
        low, high = numbers(curve.low), numbers(curve.high)
        if low and high:
            same_length(f"spread of {curve.name}", best=best, low=low, high=high)
            known = [(x, a, b) for x, a, b in zip(runs, low, high, strict=True) if a is not None and b is not None]
            x, a, b = zip(*known, strict=True) if known else ((), (), ())
            axes.fill_between(x, a, b, step="post", color=colour, alpha=0.15, linewidth=0)
        axes.step(
            runs, [math.nan if value is None else value for value in best], where="post", color=colour,
            linewidth=1.4 if curve.baseline else 2.2, linestyle="--" if curve.baseline else "-",
            label=short(curve.name),
        )  # fmt: skip
    _log(axes, "y")
    if search.best_known is not None:
        _level(axes, search.best_known, f"best known {number_text(search.best_known)}", below=True)
    if search.reference is not None:
        _level(axes, search.reference, f"{search.reference_name} {number_text(search.reference)}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.set(xlabel="designs tried", ylabel=search.least)
    _headed(axes, f"{search.kernel}, {search.source}")


def _draw_comparison(axes: Axes, measures: Comparison) -> None:
    methods = list(measures.methods)
    for name in methods:
        same_length(f"{measures.title}, {name}", groups=measures.groups, means=measures.methods[name])
    for number, group in enumerate(measures.groups):
        means = numbers([measures.methods[name][number] for name in methods])
        spread = [(measures.spread or {}).get(name, [None] * len(measures.groups))[number] for name in methods]
        known = [(y, mean, wide) for y, (mean, wide) in enumerate(zip(means, spread, strict=True)) if mean is not None]
        axes.errorbar(
            [mean for _, mean, _ in known], [y for y, _, _ in known], xerr=[wide or 0.0 for _, _, wide in known],
            fmt=_MARKERS[number % len(_MARKERS)], color=_COLOURS[number % len(_COLOURS)], markersize=6, linewidth=1,
            label=short(group),
        )  # fmt: skip
    axes.set_yticks(range(len(methods)), [short(name) for name in methods])
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set(xlabel=measures.metric)
    _headed(axes, measures.title)


def _log(axes: Axes, which: str, *, counts: bool = True) -> None:
    """A logarithmic axis whose ticks stand at decades, or closer where it spans few; counts read 20 k and 1 M."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low) if low > 0 else 1.0
    subs = (1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(EngFormatter(sep=" " if counts else "") if counts else "{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _level(axes: Axes, value: float, words: str, *, below: bool = False) -> None:
    axes.axhline(value, color=_FAINT, linewidth=1, linestyle=":", zorder=1)
    axes.annotate(
        words, (1, value), xycoords=("axes fraction", "data"), xytext=(0, -2 if below else 2),
        textcoords="offset points", ha="right", va="top" if below else "bottom", fontsize=7.5, color=_FAINT,
        bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5},
    )  # fmt: skip


def _headed(axes: Axes, title: str) -> None:
    """The title, and the legend between it and the plot, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    widest = max((len(label) for label in labels), default=1)
    across = max(1, min(3, len(labels), _LEGEND_WIDTH // (widest + 6)))
    axes.set_title(title, pad=8 + 14 * math.ceil(len(labels) / across))
    if labels:
        axes.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=across, borderpad=0.2, handlelength=1.8
        )
