"""What all figures of the page share: layout, axes, dots, lines and texts in Plotly's JSON schema."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.present.columns import short

KEY_WIDTH = 56
"""Characters of a design key on one line of a hover box."""
COLOURS = 7
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star")
"""One a colour, so that no series is told by its colour alone."""


def base_layout(height: int, *, xaxis: Mapping[str, Any], yaxis: Mapping[str, Any], **further: Any) -> dict[str, Any]:
    """A layout of ``height`` pixels whose two axes extend the common one; ``further`` goes in as it is."""
    axis: dict[str, Any] = {
        "title": {"font": {"size": 13}, "standoff": 10},
        "gridcolor": "var(--rule)", "linecolor": "var(--faint)", "zeroline": False, "automargin": True,
        "ticks": "outside", "tickcolor": "var(--rule)", "ticklen": 5,
    }  # fmt: skip
    return {
        "height": height,
        "margin": {"l": 56, "r": 16, "t": 28, "b": 48},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "var(--ink)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "bgcolor": "var(--card)", "bordercolor": "var(--faint)", "align": "left",
            "font": {"color": "var(--ink)", "size": 12}, "namelength": 40,
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "var(--faint)", "activecolor": "var(--accent)"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "showlegend": False,
        "xaxis": {**axis, **xaxis, "title": {**axis["title"], **xaxis.get("title", {})}},
        "yaxis": {**axis, **yaxis, "title": {**axis["title"], **yaxis.get("title", {})}},
        **further,
    }  # fmt: skip


def log_axis(title: str, values: Sequence[float | None], *, counts: bool = True) -> dict[str, Any]:
    """A logarithmic axis around the positive ones of ``values``; ticks of ``counts`` are spelt 20k and 1M.

    Where values lie so close that no round number of a decade is among them, ticks are at even steps.
    """
    positive = [value for value in values if value is not None and value > 0]
    # Below 1 the spelling would be 100m.
    counts = counts and min(positive, default=1.0) >= 1
    axis: dict[str, Any] = {"title": {"text": safe(title)}, "type": "log", "tickformat": "~s" if counts else "~g"}
    if positive:
        low, high = math.log10(min(positive)), math.log10(max(positive))
        rim = max(0.05 * (high - low), 0.03)
        # What counts has no tick below 1.
        start = max(low - rim, -0.02) if counts else low - rim
        axis["range"] = [round(start, 6), round(high + rim, 6)]
        if high - low < 0.8:
            # Plotly would draw digits of a decade alone, and between 12,000 and 14,000 there is none.
            axis |= {"tickmode": "array", "tickvals": even_steps(10**start, 10 ** (high + rim))}
        else:
            # Plotly labels each of 1..9 in a decade unless told otherwise, which crowds axes of many decades.
            axis["dtick"] = "D2" if high - low < 2 else max(1, math.ceil((high - low) / 7))
    return axis


def even_steps(low: float, high: float) -> list[float]:
    """Two to six round numbers from ``low`` to ``high``, evenly apart."""
    width = (high - low) / 2.5
    size = 10.0 ** math.floor(math.log10(width))
    step = next(size * factor for factor in (5, 2, 1) if size * factor <= width)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def shared_axis(title: str, values: Sequence[float | None], log: bool) -> dict[str, Any]:
    """An axis whose range depends on ``values`` alone, so that two of the same values have the same one."""
    if log:
        return {"range": [0.0, 1.0], **log_axis(title, values)}
    known = [value for value in values if value is not None] or [0.0, 1.0]
    rim = 0.05 * ((max(known) - min(known)) or 1.0)
    return {"title": {"text": safe(title)}, "range": [min(known) - rim, max(known) + rim]}


def dots(
    name: str,
    members: Sequence[int],
    x: Sequence[float | None],
    y: Sequence[float | None],
    hover: Mapping[int, str],
    *,
    color: str,
    size: int,
    opacity: float,
    symbol: str = "circle",
) -> dict[str, Any]:
    """A mark for each of ``members``, which are indices of ``x``, ``y`` and ``hover``."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(name),
        "x": rounded([x[i] for i in members]),
        "y": rounded([y[i] for i in members]),
        "hovertext": [hover[i] for i in members],
        "hoverinfo": "text",
        "marker": {"color": color, "size": size, "opacity": opacity, "symbol": symbol},
    }


def level_line(axis: str, value: float) -> dict[str, Any]:
    """A dotted line across the plot at ``value`` (data units) of the axis ``x`` or ``y``."""
    along, other = ("y", "x") if axis == "y" else ("x", "y")
    return {
        "type": "line", f"{along}ref": axis, f"{other}ref": "paper", f"{along}0": value, f"{along}1": value,
        f"{other}0": 0, f"{other}1": 1, "layer": "below",
        "line": {"color": "var(--faint)", "width": 1.2, "dash": "dot"},
    }  # fmt: skip


def remark(
    text: str, *, x: float, y: float, xref: str, yref: str, anchor: str = "right", side: str = "bottom"
) -> dict[str, Any]:
    """A few faint words in the plot; on a logarithmic axis the place is the logarithm."""
    return {
        "text": label(text), "x": x, "y": y, "xref": xref, "yref": yref, "xanchor": anchor, "yanchor": side,
        "showarrow": False, "font": {"size": 11, "color": "var(--faint)"},
    }  # fmt: skip


def series_colour(number: int) -> str:
    """The colour of series ``number``, counted from 0."""
    return f"var(--s{number % COLOURS + 1})"


def whole_ticks(longest: int) -> dict[str, Any]:
    """What an axis that counts 1..``longest`` needs so that no tick stands at a fraction."""
    return {"dtick": 1} if longest <= 10 else {"tickformat": ",d"}


def rounded(column: Sequence[float | None], digits: int = 6) -> list[float | None]:
    """Six digits are more than a screen shows, and halve the page."""
    return [None if value is None else float(f"{value:.{digits}g}") for value in column]


def safe(text: object) -> str:
    """Plotly reads a few tags and entities in every text."""
    return html.escape(str(text), quote=False)


def label(name: object) -> str:
    """A name at an axis, in a legend or beside a line: safe, and short enough to leave room for the chart."""
    return safe(short(name))


def key_lines(key: str) -> str:
    """A design key over several lines of the hover box, broken at its dots."""
    lines, line = [], ""
    for part in str(key).split("."):
        if line and len(line) + len(part) >= KEY_WIDTH:
            lines.append(line)
            line = ""
        line += f".{part}" if line or lines else part
    return "<br>".join(safe(text) for text in [*lines, line])
