"""Charts as figures of Plotly's JSON schema: plain dictionaries, the same for the same values.

A colour is the name of a custom property of the page's style sheet, such as ``var(--s1)``; the page's script puts the
value of the reader's scheme, light or dark, in its place. Texts are escaped, for Plotly reads some tags in them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import counted
from pipeline.present.charts import (
    BestSoFar,
    Comparison,
    Distribution,
    ExpertUse,
    Front,
    GateWeights,
    LearningCurves,
    Predictions,
    SearchCurve,
)
from pipeline.present.columns import (
    MAX_UTILISATION,
    compared,
    error_text,
    front_of,
    highest_utilisation,
    number_text,
    numbers,
    percent_text,
    resource_label,
    same_length,
    thinned,
)
from pipeline.present.plotly_parts import (
    COLOURS,
    SYMBOLS,
    base_layout,
    dots,
    key_lines,
    label,
    level_line,
    log_axis,
    remark,
    rounded,
    safe,
    series_colour,
    shared_axis,
    whole_ticks,
)

MAX_POINTS = 1500
"""Dots drawn in one chart; of more, evenly spread ones are drawn and the chart says so."""
ALIKE = 0.03
"""Distance from equal shares below which a chart of them tells nothing."""
_ROW = 24


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A chart of the page: its heading, Plotly's ``data`` and ``layout``, and what must be said below it."""

    title: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    note: str = ""


def front_figure(front: Front) -> PageFigure | None:
    """Two figures against each other: every design a dot, the Pareto front of those that fit with its steps.

    None where a front of fewer than two designs would be all that it shows.
    """
    title = f"Pareto front of {front.kernel}: {front.source} ({front.origin})"
    cycles, height = numbers(front.cycles), highest_utilisation(front)
    same_length(title, keys=front.keys, cycles=cycles)
    across = cycles
    names = "cycles", "highest utilisation of a resource"
    if front.axes:
        names = front.axes[0][0], front.axes[1][0]
        across, height = numbers(front.axes[0][1]), numbers(front.axes[1][1])
        same_length(title, keys=front.keys, **{names[0]: across}, **{names[1]: height})
    limit = math.inf if front.limit is None else front.limit
    fitting = [value if value is not None and value < limit else None for value in height]
    chosen = list(front.chosen) if front.axes else front_of(across, fitting)
    known = [i for i, (a, b) in enumerate(zip(across, height, strict=True)) if a is not None and b is not None]
    if len(known) < 2:
        return None
    drawn = [known[i] for i in thinned(len(known), MAX_POINTS)]
    others = sorted(set(drawn) - set(chosen))
    hover = _front_hover(front, cycles)
    data = [
        *[dots("other designs", others, across, height, hover, color="var(--quiet)", size=6, opacity=0.55)]
        * bool(others),
        {
            **dots(
                "Pareto front",
                sorted(chosen, key=lambda i: across[i] or 0.0),
                across,
                height,
                hover,
                color="var(--s1)",
                size=9,
                opacity=1.0,
            ),
            "mode": "lines+markers" if len(front.axes) < 3 else "markers",
            "line": {"shape": "hv", "color": "var(--s1)", "width": 2},
        },
        *(
            dots(
                name,
                [place],
                across,
                height,
                hover,
                color=series_colour(number + 1),
                size=12,
                opacity=1.0,
                symbol=SYMBOLS[number + 1],
            )
            for number, (name, place) in enumerate(front.marked.items())
            if place in known
        ),
    ]
    layout = base_layout(
        420,
        xaxis=_ratio_axis(names[0], [across[i] for i in known]),
        yaxis={"title": {"text": safe(names[1])}, "tickformat": "" if front.axes else "~%", "rangemode": "tozero"},
        showlegend=True,
    )
    highest = [height[i] or 0.0 for i in known]
    top = max(highest, default=0.0)
    note = _of_all(len(drawn), len(known))
    if front.axes:
        return PageFigure(title, data, layout, note)
    if top > MAX_UTILISATION:
        layout["yaxis"]["range"] = [0, MAX_UTILISATION]
        beyond = sum(value > MAX_UTILISATION for value in highest)
        note += f" {counted(beyond, 'design')} above {MAX_UTILISATION:.0%} outside the chart."
    # The line would stretch the axis of designs that are far below it.
    if front.limit is not None and top > 0.4 * front.limit:
        layout["shapes"] = [level_line("y", front.limit)]
        layout["annotations"] = [remark(f"limit {front.limit:.0%}", x=1, y=front.limit, xref="paper", yref="y")]
    return PageFigure(title, data, layout, note.strip())


def search_figure(search: BestSoFar) -> PageFigure | None:
    """The least after n designs: methods as steps, baselines dashed, spreads as bands; None where no step is known."""
    if all(sum(value is not None for value in numbers(curve.best)) < 2 for curve in search.curves):
        return None
    data: list[dict[str, Any]] = []
    values: list[float | None] = [search.best_known, search.reference]
    counted = search.metric == "cycles"
    told = f"design %{{x}}: %{{y:,.6~g}} {safe(search.unit)}" if counted else "run %{x}: %{y:.1f}"
    longest = 1
    for number, curve in enumerate(search.curves):
        best = numbers(curve.best)
        longest = max(longest, len(best))
        data += _band(curve, number, len(best))
        values += best + numbers(curve.low) + numbers(curve.high)
        data.append(
            {
                "type": "scatter", "mode": "lines", "name": label(curve.name), "legendgroup": str(number),
                "x": list(range(1, len(best) + 1)), "y": best,
                "line": {
                    "shape": "hv", "color": series_colour(number), "width": 2 if curve.baseline else 3,
                    "dash": "dash" if curve.baseline else "solid",
                },
                "hovertemplate": told,
            }
        )  # fmt: skip
    layout = base_layout(
        380,
        xaxis={"title": {"text": "designs tried"}, "range": [0.5, longest + 0.5], **whole_ticks(longest)},
        yaxis=_ratio_axis(search.least, values)
        if counted
        else {"title": {"text": safe(search.metric)}, "rangemode": "tozero"},
        showlegend=True,
        hovermode="x unified",
    )
    layout["shapes"], layout["annotations"] = [], []
    # The curves lie above the best known design and below the reference; the words keep out of their way.
    marks = (("best known", search.best_known, "top"), (search.reference_name, search.reference, "bottom"))
    for name, value, side in marks:
        if value is not None and value > 0:
            layout["shapes"].append(level_line("y", value))
            words = f"{name} {number_text(value)}"
            place = math.log10(value) if layout["yaxis"].get("type") == "log" else value
            layout["annotations"].append(remark(words, x=1, y=place, xref="paper", yref="y", side=side))
    title = f"{'Best so far' if counted else search.metric} for {search.kernel}: {search.source}"
    return PageFigure(title, data, layout, search.note)


def _ratio_axis(title: str, values: Sequence[float | None]) -> dict[str, Any]:
    """Ratios count, unless the least is nothing at all."""
    if any(value == 0 for value in values):
        return {"title": {"text": safe(title)}, "rangemode": "tozero"}
    return log_axis(title, values)


def learning_figure(curves: LearningCurves) -> PageFigure | None:
    """The metric over epochs; None where there are no two."""
    epochs = numbers(curves.epochs)
    columns = {name: numbers(values) for name, values in curves.series.items()}
    same_length(curves.title, epochs=epochs, **columns)
    if len(epochs) < 2:
        return None
    values = [value for column in columns.values() for value in column]
    log = curves.log and all(value > 0 for value in values if value is not None)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines+markers" if len(epochs) <= 30 else "lines", "name": label(name),
            "x": epochs, "y": rounded(column), "line": {"color": series_colour(number), "width": 2},
            "marker": {"size": 5, "symbol": SYMBOLS[number % len(SYMBOLS)]},
            "hovertemplate": "%{y:.4g}",
        }
        for number, (name, column) in enumerate(columns.items())
    ]  # fmt: skip
    yaxis = log_axis(curves.metric, values, counts=False) if log else {"title": {"text": safe(curves.metric)}}
    last = int(max((epoch for epoch in epochs if epoch is not None), default=1))
    layout = base_layout(
        340,
        xaxis={"title": {"text": "epoch"}, **whole_ticks(last)},
        yaxis=yaxis,
        showlegend=True,
        hovermode="x unified",
    )
    stages = dict(curves.stages or {})
    layout["shapes"] = [level_line("x", start) for start in stages.values()]
    # Names of stages that start close to each other stand one below the other.
    layout["annotations"] = [
        {**remark(name, x=start, y=1, xref="x", yref="paper", anchor="left", side="top"), "yshift": -15 * (number % 2)}
        for number, (name, start) in enumerate(stages.items())
    ]
    return PageFigure(curves.title, data, layout)


def prediction_figure(target: Predictions) -> PageFigure | None:
    """Predicted against labelled, with the line where they agree and how far off they are; None without a design."""
    title = f"Predicted against labelled {target.target}: {target.source}"
    true, predicted = numbers(target.true), numbers(target.predicted)
    kernels, keys = list(target.kernels), list(target.keys)
    optional = {name: values for name, values in (("kernels", kernels), ("keys", keys)) if values}
    same_length(title, true=true, predicted=predicted, **optional)
    known, beyond = compared(target)
    if not known:
        return None
    drawn = [known[i] for i in thinned(len(known), MAX_POINTS)]
    names = sorted({kernels[i] for i in drawn}) if kernels else []
    groups = {name: [i for i in drawn if kernels[i] == name] for name in names}
    if not 1 < len(names) <= COLOURS:
        groups = {"designs": drawn}
    hover = {}
    for i in drawn:
        lines = [f"<b>{safe(kernels[i])}</b>"] if kernels else []
        lines += [f"labelled {number_text(true[i])}", f"predicted {number_text(predicted[i])}"]
        hover[i] = "<br>".join([*lines, key_lines(keys[i])] if keys else lines)
    data = [
        dots(name, members, true, predicted, hover, color=series_colour(n), size=6, opacity=0.65, symbol=SYMBOLS[n])
        for n, (name, members) in enumerate(groups.items())
    ]
    unit = f" ({target.unit})" if target.unit not in ("", target.target) else ""
    both = [*(true[i] for i in known), *(predicted[i] for i in known)]
    x_axis, y_axis = (
        shared_axis(f"{word} {target.target}{unit}", both, target.log) for word in ("labelled", "predicted")
    )
    many = len(groups) > 1
    # The names mostly stand in two columns above the plot, which keeps its height.
    layout = base_layout(380 + many * 18 * math.ceil(len(groups) / 2), xaxis=x_axis, yaxis=y_axis, showlegend=many)
    layout["legend"]["font"] = {"size": 11}
    low, high = x_axis["range"]
    layout["shapes"] = [
        {"type": "line", "xref": "x", "yref": "y", "x0": 10**low if target.log else low, "layer": "below",
         "x1": 10**high if target.log else high, "y0": 10**low if target.log else low,
         "y1": 10**high if target.log else high, "line": {"color": "var(--faint)", "width": 1, "dash": "dot"}}
    ]  # fmt: skip
    error = error_text([true[i] for i in known], [predicted[i] for i in known], log=target.log)
    assert error is not None
    said = f"{error[0].upper()}{error[1:]}, over {len(known):,} designs."
    outside = f"{beyond:,} labelled above {MAX_UTILISATION:.0%} left out." if beyond else ""
    return PageFigure(title, data, layout, " ".join(filter(None, (said, outside, _of_all(len(drawn), len(known))))))


def alike(gate: str, shares: Sequence[Sequence[float | None]]) -> str:
    """The sentence that stands for a chart of shares [rows][E] which are all about 1 / E; empty where they are not."""
    known = [value for row in shares for value in numbers(row) if value is not None]
    experts = max(map(len, shares), default=0)
    if not known or experts < 2 or max(abs(value - 1 / experts) for value in known) > ALIKE:
        return ""
    low, high = percent_text(min(known)), percent_text(max(known))
    return f"{gate} its {experts} choices alike: {low if low == high else f'{low} to {high}'} each."


def gate_figure(gate: GateWeights, highest: float) -> PageFigure | None:
    """Kernels down, experts across; ``highest`` is the top of the colour scale, shared by the gates of a page.

    None where all weigh alike.
    """
    rows = [numbers(row) for row in gate.weights]
    title = f"Weights of the {gate.gate} gate"
    same_length(title, kernels=gate.kernels, weights=rows)
    for name, row in zip(gate.kernels, rows, strict=True):
        same_length(f"{title}, {name}", experts=gate.experts, weights=row)
    if alike("", rows):
        return None
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap", "x": [label(name) for name in gate.experts], "y": [label(name) for name in gate.kernels],
            "z": [rounded(row, 4) for row in rows], "zmin": 0, "zmax": highest, "xgap": 2, "ygap": 2,
            "colorscale": [[0, "var(--heat0)"], [0.5, "var(--heat1)"], [1, "var(--heat2)"]],
            # Where a cell says its weight, a scale of colours says nothing more.
            "showscale": len(gate.experts) > 8,
            "colorbar": {
                "thickness": 10, "outlinewidth": 0, "tickformat": ".2~f", "nticks": min(6, len(rows)),
                "title": {"text": "weight", "font": {"size": 12}},
            },
            "texttemplate": "%{z:.2f}" if len(gate.experts) <= 8 else "",
            "hovertemplate": "%{y}, %{x}: %{z:.3f}<extra></extra>",
        }
    ]  # fmt: skip
    layout = base_layout(
        max(len(rows), 3) * _ROW + 76,
        xaxis={"type": "category", "showgrid": False, "ticks": ""},
        yaxis={"type": "category", "showgrid": False, "ticks": "", "autorange": "reversed"},
    )
    return PageFigure(title, data, layout)


def use_figure(gate: ExpertUse) -> PageFigure | None:
    """A bar an expert, and a line where all would be if they were used alike; None where they are."""
    title = f"Use of the experts of the {gate.gate} gate"
    same_length(title, experts=gate.experts, share=gate.share)
    if alike("", [gate.share]):
        return None
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "x": [label(name) for name in gate.experts], "y": rounded(numbers(gate.share), 4),
            "marker": {"color": "var(--s1)"}, "hovertemplate": "%{x}: %{y:.1%}<extra></extra>",
        }
    ]  # fmt: skip
    layout = base_layout(
        300,
        xaxis={"type": "category", "showgrid": False},
        yaxis={"title": {"text": safe(gate.meaning)}, "tickformat": "~%", "rangemode": "tozero"},
        bargap=0.35,
    )
    if gate.experts:
        layout["shapes"] = [level_line("y", 1 / len(gate.experts))]
    return PageFigure(title, data, layout, "Dotted: where all would be if they were used alike.")


def distribution_figure(spread: Distribution) -> PageFigure | None:
    """A box a kernel: quartiles, and whiskers from the fewest to the most cycles; None where nothing spreads."""
    columns = {name: sorted(v for v in numbers(values) if v is not None) for name, values in spread.values.items()}
    boxes = {name: values for name, values in sorted(columns.items()) if values and values[0] > 0}
    if all(values[0] == values[-1] for values in boxes.values()):
        return None
    quartiles = {name: [_quantile(values, part) for part in (0.25, 0.5, 0.75)] for name, values in boxes.items()}
    data: list[dict[str, Any]] = [
        {
            "type": "box", "orientation": "h", "y": [label(name) for name in boxes],
            "lowerfence": [values[0] for values in boxes.values()],
            "q1": [three[0] for three in quartiles.values()], "median": [three[1] for three in quartiles.values()],
            "q3": [three[2] for three in quartiles.values()],
            "upperfence": [values[-1] for values in boxes.values()],
            "line": {"color": "var(--s1)", "width": 1.5}, "fillcolor": "var(--s1-soft)", "name": "",
            "hoverinfo": "x+y", "xhoverformat": ",.0f", "whiskerwidth": 0.5,
        }
    ]  # fmt: skip
    layout = base_layout(
        len(boxes) * 22 + 90,
        xaxis=log_axis(spread.unit, [v for values in boxes.values() for v in (values[0], values[-1])]),
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "dtick": 1},
        boxgap=0.35,
    )
    note = "Box: quartiles of the labelled designs; whiskers: fewest and most."
    return PageFigure(f"Spread of {spread.unit}: {spread.source}", data, layout, note)


def comparison_figure(measures: Comparison) -> PageFigure:
    """A row a method, a mark a group, spreads as whiskers."""
    data: list[dict[str, Any]] = []
    methods = list(measures.methods)
    for name, means in measures.methods.items():
        same_length(f"{measures.title}, {name}", groups=measures.groups, means=means)
    for number, group in enumerate(measures.groups):
        column = numbers([measures.methods[name][number] for name in methods])
        mark: dict[str, Any] = {
            "type": "scatter", "mode": "markers", "name": label(group), "x": rounded(column),
            "y": [label(name) for name in methods],
            "marker": {"color": series_colour(number), "size": 10, "symbol": SYMBOLS[number % len(SYMBOLS)]},
            "hovertemplate": "%{y}, " + "%{fullData.name}: %{x:.4g}<extra></extra>",
        }  # fmt: skip
        if measures.spread is not None:
            spread = numbers([measures.spread.get(name, [None] * len(means))[number] for name in methods])
            mark["error_x"] = {
                "type": "data",
                "array": rounded([v or 0.0 for v in spread]),
                "width": 3,
                "thickness": 1.2,
            }
        data.append(mark)
    known = [value for means in measures.methods.values() for value in numbers(means) if value is not None]
    layout = base_layout(
        len(methods) * 30 + 120,
        xaxis=_ratio_axis(measures.metric, known)
        if known and 0 < 100 * min(known) < max(known)
        else {"title": {"text": safe(measures.metric)}, "rangemode": "tozero"},
        yaxis={"type": "category", "autorange": "reversed", "dtick": 1},
        showlegend=True,
    )
    return PageFigure(measures.title, data, layout)


def _front_hover(front: Front, cycles: Sequence[float | None]) -> dict[int, str]:
    columns = {resource_label(name): numbers(values) for name, values in front.utilisations.items()}
    columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    predicted = numbers(front.predicted_cycles)
    if predicted:
        same_length(f"Pareto front of {front.kernel}", keys=front.keys, predicted_cycles=predicted)
    return {
        i: "<br>".join(
            [f"<b>{number_text(cycles[i])} cycles</b> ({safe(front.origin)}, {safe(front.source)})"]
            + ([f"predicted {number_text(predicted[i])} cycles"] if predicted else [])
            + [", ".join(f"{safe(name)} {percent_text(column[i])}" for name, column in columns.items())]
            + [key_lines(key)]
        )
        for i, key in enumerate(front.keys)
    }


def _band(curve: SearchCurve, number: int, length: int) -> list[dict[str, Any]]:
    low, high = numbers(curve.low), numbers(curve.high)
    if not low or not high:
        return []
    same_length(f"spread of {curve.name}", best=[0] * length, low=low, high=high)
    edge = {
        "type": "scatter", "mode": "lines", "x": list(range(1, length + 1)), "showlegend": False, "hoverinfo": "skip",
        "legendgroup": str(number), "line": {"shape": "hv", "width": 0, "color": series_colour(number)},
    }  # fmt: skip
    return [
        {**edge, "y": low},
        {**edge, "y": high, "fill": "tonexty", "fillcolor": f"var(--s{number % COLOURS + 1}-soft)"},
    ]


def _quantile(ordered: Sequence[float], part: float) -> float:
    at = part * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def _of_all(drawn: int, known: int) -> str:
    return "" if drawn == known else f"{drawn:,} of {known:,} designs drawn, evenly spread."
