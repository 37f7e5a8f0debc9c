"""What a backend hands on, held to what it was asked for: what does not fit names the backend and its package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from pipeline.errors import PipelineError, counted
from pipeline.reports.unsound import unsound
from pipeline.synthesis.backends.base import Origin
from pipeline.synthesis.backends.registry import BACKENDS

if TYPE_CHECKING:
    from pipeline.design_space.keys import Point
    from pipeline.kernels.model import Kernel
    from pipeline.reports.labels import Label
    from pipeline.synthesis.backends.base import Backend, Farm, Outcome


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
        if outcome.origin not in get_args(Origin):
            raise _wrong(backend.name, f"gave the origin {outcome.origin!r}, which is none, for {outcome.key[:80]}")
        given.add(outcome.key)
        left.pop(outcome.key, None)
        yield outcome
    if left:
        raise _wrong(backend.name, f"gave {counted(len(given), 'outcome')} for {counted(len(asked), 'design')}")


def check_figures(name: str, key: str, label: Label, seconds: float | None = None) -> None:
    """Raises PipelineError, which names the backend, where a label is none (:mod:`pipeline.reports.unsound`)."""
    if (what := unsound(label, seconds)) is not None:
        raise _wrong(name, f"gave {what}, for {key[:80]}")


def _wrong(name: str, what: str) -> PipelineError:
    return PipelineError(
        f"{BACKENDS.called(name)} {what}",
        fix="mend it (docs/backends.md has the laws as tests), or use another --backend",
    )
