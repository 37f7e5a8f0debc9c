"""What no label of a design can say, whoever made it: a backend, an importer, ours or another package's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from itertools import chain
from typing import Any

from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation

_COUNTS = (
    "cycles", "latency_best", "latency_average", "latency_worst", "interval_min", "interval_max", "slices",
)  # fmt: skip
_CLOCKS = ("clock_target_ns", "clock_estimated_ns")
_PARTS = {"used": Resources, "available": Resources, "published_utilisation": Utilisation}


def unsound(label: object, seconds: object = None) -> str | None:
    """What is wrong with a label, as a clause such as ``cycles nan, which is no number of at least 0``, else None.

    Counts, clocks and seconds are finite numbers of at least 0, counts whole ones, or None where they are not known.
    """
    if not isinstance(label, Label):
        return f"a {type(label).__name__}, where a Label is wanted"
    if not isinstance(label.status, DesignStatus):
        return f"the status {label.status!r}, which is no DesignStatus"
    for part, kind in _PARTS.items():
        held = getattr(label, part)
        if held is not None and not isinstance(held, kind):
            return f"{part} as a {type(held).__name__}, where a {kind.__name__} is wanted"
    for figure, value in chain(_figures(label), [("seconds", seconds)]):
        if value is None:
            continue
        if not (isinstance(value, int | float) and 0 <= value < math.inf):
            return f"{figure} {value!r}, which is no number of at least 0"
        if figure in _COUNTS and value != int(value):
            return f"{figure} {value!r}, which is no whole number"
    return None


def _figures(label: Label) -> Iterator[tuple[str, Any]]:
    for name in (*_COUNTS, *_CLOCKS):
        yield name, getattr(label, name)
    for part in _PARTS:
        if (held := getattr(label, part)) is not None:
            for field in fields(held):
                yield f"{part}.{field.name}", getattr(held, field.name)
