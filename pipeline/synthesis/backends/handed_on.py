"""What a backend hands on, held to what it was asked for: what does not fit names the backend and its package."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError, counted
from pipeline.synthesis.backends.registry import BACKENDS

if TYPE_CHECKING:
    from pipeline.design_space.keys import Point
    from pipeline.kernels.model import Kernel
    from pipeline.reports.labels import Label
    from pipeline.synthesis.backends.base import Backend, Farm, Outcome

_COUNTS = (
    "cycles", "latency_best", "latency_average", "latency_worst", "interval_min", "interval_max", "slices",
)  # fmt: skip
_CLOCKS = ("clock_target_ns", "clock_estimated_ns")
_PARTS = ("used", "available", "published_utilisation")


def outcomes_of(
    backend: Backend, kernel: Kernel | None, designs: Sequence[tuple[str, Point | None]], farm: Farm | None = None
) -> Iterator[Outcome]:
    """``backend.outcomes``. Raises PipelineError for a backend that loses a design, hands on one that it was not asked
    for, or gives a figure that no design has (:func:`check_figures`)."""
    left = dict.fromkeys(key for key, point in designs if point is not None)
    asked, given = {key for key, _ in designs}, set[str]()
    for outcome in backend.outcomes(kernel, designs, farm):
        if outcome.key not in asked:
            raise _wrong(backend.name, f"gave an outcome for a design that was not asked for ({outcome.key[:80]})")
        check_figures(backend.name, outcome.key, outcome.label, outcome.seconds)
        given.add(outcome.key)
        left.pop(outcome.key, None)
        yield outcome
    if left:
        raise _wrong(backend.name, f"gave {counted(len(given), 'outcome')} for {counted(len(asked), 'design')}")


def check_figures(name: str, key: str, label: Label, seconds: float | None = None) -> None:
    """Raises PipelineError, which names the backend, where a figure is no finite number of at least 0, or no count."""
    for figure, value in chain(_figures(label), [("seconds", seconds)]):
        if value is None:
            continue
        if not (isinstance(value, int | float) and 0 <= value < math.inf):
            raise _wrong(name, f"gave {figure} {value!r}, which is no number of at least 0, for {key[:80]}")
        if figure in _COUNTS and value != int(value):
            raise _wrong(name, f"gave {figure} {value!r}, which is no whole number, for {key[:80]}")


def _figures(label: Label) -> Iterator[tuple[str, Any]]:
    for name in (*_COUNTS, *_CLOCKS):
        yield name, getattr(label, name)
    for part in _PARTS:
        if (held := getattr(label, part)) is not None:
            for field in fields(held):
                yield f"{part}.{field.name}", getattr(held, field.name)


def _wrong(name: str, what: str) -> PipelineError:
    return PipelineError(
        f"{BACKENDS.called(name)} {what}",
        fix="mend it (docs/backends.md has the laws as tests), or use another --backend",
    )
