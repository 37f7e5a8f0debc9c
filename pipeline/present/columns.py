"""Columns of any make as lists, and numbers as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pipeline.errors import PipelineError
from pipeline.present.charts import SHARE, Column, Front, Predictions
from pipeline.terms import Resource

UNKNOWN = "\u2013"
"""What stands for a value that is not known."""


def numbers(column: Column) -> list[float | None]:
    """The values as floats; None, NaN, infinities, a table's missing values and empty cells become None."""
    return [_number(value) for value in _plain(column)]


def _plain(column: Any) -> list[Any]:
    for method in ("to_pylist", "tolist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    return list(column)


def _number(value: Any) -> float | None:
    if value is None or type(value).__name__ == "NAType" or (isinstance(value, str) and not value.strip()):
        return None
    if hasattr(value, "as_py"):
        return _number(value.as_py())
    found = float(value)
    return found if math.isfinite(found) else None


def same_length(chart: str, **columns: Sequence[Any]) -> None:
    """Raises :class:`PipelineError` unless all columns of a chart are equally long."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise PipelineError(f"columns of the chart {chart!r} differ in length: {said}")


def highest_utilisation(front: Front) -> list[float | None]:
    """[N] the utilisation of the fullest resource; None where no resource is known."""
    columns = [numbers(values) for values in front.utilisations.values()]
    same_length(
        f"Pareto front of {front.kernel}", keys=front.keys, **dict(zip(front.utilisations, columns, strict=True))
    )
    highest: list[float | None] = []
    for row in zip(*columns, strict=True) if columns else ((),) * len(front.keys):
        known = [value for value in row if value is not None]
        highest.append(max(known) if known else None)
    return highest


def front_of(x: Sequence[float | None], y: Sequence[float | None]) -> list[int]:
    """Indices of the points that no other one beats in both (less is better), by rising x; of equals the first."""
    known = [(a, b, i) for i, (a, b) in enumerate(zip(x, y, strict=True)) if a is not None and b is not None]
    chosen: list[int] = []
    lowest = math.inf
    for _, b, i in sorted(known):
        if b < lowest:
            chosen.append(i)
            lowest = b
    return chosen


def thinned(count: int, most: int, keep: Sequence[int] = ()) -> list[int]:
    """At most ``most`` of the indices 0..count-1, evenly spread, and those of ``keep``; sorted."""
    if count <= most:
        return list(range(count))
    return sorted({*(i * count // most for i in range(most)), *keep})


MAX_UTILISATION = 1.25
"""Highest utilisation that a chart shows at first: what is far too large for the device would flatten all that fits."""


def compared(target: Predictions) -> tuple[list[int], int]:
    """The designs that a chart of predictions compares, and how many it leaves out as far too large for the device.

    Compared are those whose two values are known, and positive where the axes are logarithmic.
    """
    true, predicted = numbers(target.true), numbers(target.predicted)
    same_length(f"predicted {target.target}, {target.source}", true=true, predicted=predicted)
    pairs = enumerate(zip(true, predicted, strict=True))
    known = [i for i, (a, b) in pairs if a is not None and b is not None and (not target.log or min(a, b) > 0)]
    most = MAX_UTILISATION if target.unit == SHARE else math.inf
    kept = [i for i in known if (true[i] or 0.0) <= most]
    return kept, len(known) - len(kept)


def rmse(true: Sequence[float | None], predicted: Sequence[float | None]) -> float | None:
    """Root mean squared error over the pairs that are known; None without any."""
    squares = [(a - b) ** 2 for a, b in zip(true, predicted, strict=True) if a is not None and b is not None]
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else None


def error_text(true: Sequence[float | None], predicted: Sequence[float | None], *, log: bool) -> str | None:
    """How far off predictions are, for people; None without a known pair.

    What spans decades is told as a factor, the geometric mean of the larger over the smaller of positive pairs; all
    else as the root mean squared error.
    """
    if not log:
        error = rmse(true, predicted)
        return None if error is None else f"RMSE {number_text(error, 3)}"
    pairs = [(a, b) for a, b in zip(true, predicted, strict=True) if a is not None and b is not None and min(a, b) > 0]
    if not pairs:
        return None
    factor = math.exp(math.fsum(abs(math.log(a / b)) for a, b in pairs) / len(pairs))
    return f"off by a factor of {factor:.2f} on average"


def resource_label(name: str) -> str:
    """A resource as its field calls it: ``BRAM`` for ``bram_18k`` and for ``util_bram_18k``."""
    bare = name.removeprefix("util_")
    return next((one.short for one in Resource if bare in (one, one.short.lower())), name)


def short(name: object, most: int = 36) -> str:
    """A name that leaves room for the chart it stands beside: of a long one, its beginning and its end."""
    text = str(name)
    kept = (most - 1) // 2
    return text if len(text) <= most else f"{text[:kept]}\u2026{text[-kept:]}"


def number_text(value: float | None, digits: int = 4) -> str:
    """A number for people: whole ones grouped, others rounded to ``digits`` significant digits, a dash for None."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10**digits or abs(value) < 1e-4:
        return f"{value:,.0f}" if 10**digits <= abs(value) < 1e15 else f"{value:.{digits - 1}e}"
    return f"{value:.{digits}g}"


def percent_text(fraction: float | None) -> str:
    """A fraction as per cent with one decimal, a dash for None."""
    return UNKNOWN if fraction is None or not math.isfinite(fraction) else f"{100 * fraction:.1f} %"


def cell_text(value: Any) -> str:
    """A value for people: numbers grouped or rounded, None a dash, truths as words; not escaped."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return number_text(value) if isinstance(value, float) else str(value)


def count_text(count: Any) -> str:
    """A count, or the range that a pair of them is."""
    if not isinstance(count, tuple):
        return cell_text(count)
    least, most = count
    return cell_text(least) if least == most else f"{cell_text(least)} to {cell_text(most)}"
