"""What the pictures and the pages show, as plain values.

A column (:data:`Column`) may be a list, a NumPy array, an Arrow column or a pandas series; None and NaN are unknown and
are left out, never drawn as 0. Each value that was measured or estimated carries its ``source``, and the title of each
chart names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Column = Iterable[Any]
"""A list, tuple, NumPy array, Arrow (chunked) array or pandas series."""

SHARE = "fraction of the device"
"""The unit of a utilisation."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predicted against labelled values of one target, N designs."""

    target: str
    """Such as ``perf`` or ``LUT``; one chart a target."""
    source: str
    """Where the true values come from, such as ``hlsyn-v20``."""
    true: Column
    """[N] true values."""
    predicted: Column
    """[N] predicted values."""
    kernels: Sequence[str] = ()
    """[N] kernel of each design, or nothing where there is but one."""
    keys: Sequence[str] = ()
    """[N] design keys, shown on hover."""
    unit: str = ""
    """Unit of both axes, such as :data:`SHARE`."""
    log: bool = False
    """Whether both axes are logarithmic, as for cycles."""


@dataclass(frozen=True, slots=True)
class GateWeights:
    """Mean gate weights of each kernel: one heat map a gate."""

    gate: str
    """Which gate: ``node``, ``block``, ``graph``, or ``granularities`` for the high-level one."""
    kernels: Sequence[str]
    """[K] rows."""
    experts: Sequence[str]
    """[E] columns: expert names, or granularities of the high-level gate."""
    weights: Sequence[Sequence[float | None]]
    """[K][E] in 0..1, each row summing to 1; None where a kernel never reached the gate."""


@dataclass(frozen=True, slots=True)
class ExpertUse:
    """How much each expert of one gate is used over all designs: one bar chart a gate."""

    gate: str
    experts: Sequence[str]
    """[E] names."""
    share: Sequence[float]
    """[E] share in 0..1: mean gate weight, or the part of the designs where the expert weighs most."""
    meaning: str = "mean gate weight"
    """What ``share`` is; the label of the axis."""


@dataclass(frozen=True, slots=True)
class LearningCurves:
    """Curves over epochs on one pair of axes."""

    title: str
    """What was trained on which source, such as ``Loss on hlsyn-v20``."""
    metric: str
    """Label of the vertical axis, such as ``summed MSE``."""
    epochs: Column
    """[N] epoch numbers, the same for all series."""
    series: Mapping[str, Column]
    """Name to [N] values, None where there is none in that epoch."""
    stages: Mapping[str, float] | None = None
    """Name of each stage to the epoch that it starts at; drawn as marks."""
    log: bool = True
    """Whether the vertical axis is logarithmic; falls back to linear where a value is not positive."""


@dataclass(frozen=True, slots=True)
class SearchCurve:
    """Best value so far over the HLS runs spent, by one method."""

    name: str
    """Method, such as ``this search`` or ``random search``."""
    best: Column
    """[N] fewest cycles after 1..N runs, None while no valid design was found."""
    low: Column = ()
    """[N] lower end of the spread over seeds, or nothing."""
    high: Column = ()
    """[N] upper end."""
    baseline: bool = False
    """Whether the method is what the search is compared with; drawn dashed."""


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """Best-so-far curves of one kernel on one source."""

    kernel: str
    source: str
    curves: Sequence[SearchCurve]
    best_known: float | None = None
    """Fewest cycles known of any design of this source, drawn as a line; None unknown."""
    reference: float | None = None
    """Cycles of the reference design, such as the one as written; None unknown."""
    reference_name: str = "reference design"
    """What the reference design is called."""
    metric: str = "cycles"
    """What the curves count; another than cycles is named whole, has a linear axis and is no smaller for a better
    search, such as ``% of searches within 2 % of the best``."""
    unit: str = "cycles"
    """What is minimised, after a number, where the metric is not another: ``cycles``, ``ns``, ``DSP``."""
    note: str = ""
    """What must be said below it, such as that not every method is drawn."""

    @property
    def least(self) -> str:
        """What the curves show, for people."""
        return "fewest cycles so far" if self.unit == "cycles" else f"least so far, {self.unit}"


@dataclass(frozen=True, slots=True)
class Front:
    """The designs of one kernel from one source in the plane of two figures, and their Pareto front.

    The figures are cycles and highest utilisation where ``axes`` names no others.

    Values of two sources need two of these: a tool's front and the estimates are never in one plot.
    """

    kernel: str
    source: str
    """Source of ``cycles`` and ``utilisations``."""
    origin: str
    """How the values came about: measured, replayed, estimated or predicted."""
    keys: Sequence[str]
    """[N] design keys."""
    cycles: Column
    """[N] cycles; a design without is not drawn."""
    utilisations: Mapping[str, Column]
    """Resource name to [N] used / available, a fraction."""
    predicted_cycles: Column = ()
    """[N] cycles that a model predicted for the same design, or nothing; shown on hover beside the value."""
    limit: float | None = 0.8
    """Utilisation above which a design does not count as fitting; drawn as a line. None: no such line."""
    marked: Mapping[str, int] = field(default_factory=dict)
    """Name to place among the designs of those that stand out, such as the one as written."""
    axes: Sequence[tuple[str, Column]] = ()
    """Name and [N] values of the figures that the front is over; of three, the first two are drawn."""
    chosen: Sequence[int] = ()
    """Places of the designs of the front over ``axes``."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Cycles of the labelled designs of each kernel of one source: one row a kernel."""

    source: str
    values: Mapping[str, Column]
    """Kernel to its cycles."""
    unit: str = "cycles"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of several methods on several kernels (or other groups), with its spread over seeds."""

    title: str
    """Such as ``50 random shots on hlsyn-v20``; must name the source."""
    metric: str
    """Label of the axis, such as ``summed MSE``; lower is better unless it says otherwise."""
    groups: Sequence[str]
    """[G] kernels, the mean over them last where there is one."""
    methods: Mapping[str, Sequence[float | None]]
    """Method to [G] means over seeds."""
    spread: Mapping[str, Sequence[float | None]] | None = None
    """Method to [G] standard deviations over seeds."""
