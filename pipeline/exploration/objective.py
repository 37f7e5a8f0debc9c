"""What is searched for: what is minimised, and which designs count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import PipelineError, plain_number
from pipeline.exploration.figures import AREA, LATENCIES, Figure
from pipeline.exploration.types import RESOURCES, SearchOutcome
from pipeline.terms import LEARNED

GOALS = ("cycles", "ns", "sum", "weighted", "pareto")

FRONT = (Figure("cycles"), Figure(AREA, share=True))
"""The axes of a front where nobody chose any."""

_ROUNDING = 1e-9
"""Counts come from shares of the device: a limit that is met exactly is met."""


@dataclass(frozen=True, slots=True)
class Term:
    """So many times a figure of a design."""

    weight: float
    figure: Figure

    @property
    def text(self) -> str:
        """``10*dsp``, or the figure alone where the weight is 1."""
        return self.figure.text if self.weight == 1 else f"{self.weight:g}*{self.figure.text}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a figure of a design may be, that value included."""

    figure: Figure
    most: float

    @property
    def text(self) -> str:
        """``dsp=100``, ``lut=40%``, ``latency=1ms``."""
        name = self.figure.name
        if self.figure.is_time:
            return f"latency={plain_number(self.most, 6, grouped=False)}{name}"
        return f"{name}={plain_number(self.most, 6, grouped=False)}{'%' if self.figure.share else ''}"


@dataclass(frozen=True)
class Objective:
    """What is searched for: the least cost among designs that keep to all limits.

    ``goal``        ``cycles``: latency in clock cycles; ``ns``: latency times the clock period; ``sum``: the sum of
                    ``terms``; ``weighted``: log2 cycles plus ``weights[r]`` per whole device of resource r; ``pareto``:
                    the front over ``axes``
    ``limit``       a design is valid where every known utilisation is below it (0.8 as in HLSyn, NeurIPS 2023: 0.80
                    itself is not valid)
    ``weights``     doublings of latency that a whole device of the resource is worth; used by ``weighted`` alone
    ``terms``       what ``sum`` adds; cycles, times and blocks in units of their own, which the weights make one
    ``axes``        the two or three figures of ``pareto``
    ``limits``      the most of single figures, inclusive; a design whose figure is not known does not keep to them
    ``capacities``  blocks of each resource that the device has (:meth:`on`), by the names in :data:`RESOURCES`
    ``clock_ns``    the clock that was asked for: a time counts at it, or at a design's estimated one where that is
                    slower; None where only the latter is known

    Raises PipelineError for an unknown goal, a limit that is not positive, or weights that cannot be meant.
    """

    goal: str = "cycles"
    limit: float = 0.8
    weights: Mapping[str, float] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    axes: tuple[Figure, ...] = FRONT
    limits: tuple[Limit, ...] = ()
    capacities: Mapping[str, float] = field(default_factory=dict)
    clock_ns: float | None = None

    def __post_init__(self) -> None:
        if self.goal not in GOALS:
            raise PipelineError(f"there is no objective {self.goal!r}", fix=f"use one of {', '.join(GOALS)}")
        if not self.limit > 0:
            raise PipelineError(f"a utilisation limit of {self.limit} lets no design through", fix="give 0.8 or so")
        unknown = sorted(set(self.weights) - set(RESOURCES))
        if unknown or any(not math.isfinite(weight) or weight < 0 for weight in self.weights.values()):
            raise PipelineError(
                f"weights {dict(self.weights)} of the objective", fix=f"give numbers of at least 0 for {RESOURCES}"
            )
        if (self.goal == "sum") != bool(self.terms) or any(not 0 < term.weight < math.inf for term in self.terms):
            raise PipelineError(
                f"an objective that adds {' + '.join(term.text for term in self.terms) or 'nothing'}",
                fix="give weights above 0, as in cycles + 10*dsp",
            )
        if not 2 <= len(self.axes) <= 3 or len(set(self.axes)) < len(self.axes):
            raise PipelineError(
                f"a front over {', '.join(axis.text for axis in self.axes) or 'nothing'}",
                fix="name two or three axes, as in pareto(cycles,dsp)",
            )

    @property
    def counted(self) -> list[Figure]:
        """The figures that count blocks of the device, for which its capacities are needed."""
        figures = [limit.figure for limit in self.limits] + [term.figure for term in self.terms]
        return [figure for figure in figures if not figure.is_latency and not figure.share]

    def on(self, capacities: Mapping[str, float | None], clock_ns: float | None) -> Objective:
        """The objective for a device with so many blocks and a clock of that period in ns.

        Raises PipelineError where blocks are counted of which the device is not known to have any.
        """
        known = {name: float(there) for name, there in capacities.items() if there}
        for figure in self.counted:
            if RESOURCES[figure.place] not in known:
                raise PipelineError(
                    f"how many {figure.unit} the device has is not known",
                    fix=f"give percent of the device ({figure.name}%), or name a --part that is known",
                )
        return replace(self, capacities=known, clock_ns=clock_ns)

    @property
    def text(self) -> str:
        """As it is written in an option, without the limits."""
        if self.goal == "sum":
            return " + ".join(term.text for term in self.terms)
        if self.goal == "pareto" and self.axes != FRONT:
            return f"pareto({','.join(axis.text for axis in self.axes)})"
        return self.goal

    @property
    def limits_text(self) -> str:
        """The limits as they are written in an option; empty where there are none."""
        return ",".join(limit.text for limit in self.limits)

    @property
    def unit(self) -> str:
        """What values of the objective count, for people after a number; under ``pareto`` that of the first axis."""
        if self.goal == "pareto":
            return self.axes[0].unit
        if self.goal == "sum":
            only = self.terms[0]
            if len(self.terms) == 1 and only.weight == 1:
                return only.figure.unit
            return f"({self.text})"
        return "(weighted)" if self.goal == "weighted" else self.goal

    @property
    def dimensions(self) -> int:
        """Costs per design: the axes of ``pareto``, else 1."""
        return len(self.axes) if self.goal == "pareto" else 1

    @property
    def minimised(self) -> tuple[Figure, ...]:
        """The figures that a ``sum`` or a front is made of, without which a design is not valid."""
        if self.goal == "sum":
            return tuple(term.figure for term in self.terms)
        return tuple(axis for axis in self.axes if axis.name != AREA) if self.goal == "pareto" else ()

    @property
    def offset(self) -> float:
        """What is added to a ``sum`` before its logarithm: 1 where it may be 0, as no latency is in it."""
        return 0.0 if any(term.figure.is_latency for term in self.terms) else 1.0

    def clock_of(self, outcome: SearchOutcome) -> float | None:
        """The clock period in ns at which a design's time counts; None where none is known."""
        return max((clock for clock in (outcome.clock_ns, self.clock_ns) if clock is not None), default=None)

    def scale(self, figure: Figure) -> float:
        """Units of the figure that one of it is worth: ns, the whole device, or a cycle."""
        if figure.is_latency:
            return 1.0 / LATENCIES[figure.name]
        return 100.0 if figure.share else self.capacities.get(RESOURCES[figure.place], math.nan)

    def figure(self, figure: Figure, outcome: SearchOutcome) -> float | None:
        """A figure of a design in its unit, None where it is not known."""
        if figure.is_latency:
            clock = self.clock_of(outcome) if figure.is_time else 1.0
            return None if outcome.cycles is None or clock is None else outcome.cycles * clock * self.scale(figure)
        if figure.name == AREA:
            used = max((share for share in outcome.utilisation if share is not None), default=None)
        else:
            used = outcome.utilisation[figure.place]
        return None if used is None else used * self.scale(figure)

    def is_valid(self, outcome: SearchOutcome) -> bool:
        """Whether the run gave a latency and the design keeps to all limits."""
        return bool(outcome.usable and outcome.cycles is not None and not self.broken(outcome))

    def broken(self, outcome: SearchOutcome) -> list[str]:
        """The limits that a design does not keep to, each as a clause for people; empty where it keeps to all."""
        told = [
            f"{name} {plain_number(100 * used, 3)}% against below {plain_number(100 * self.limit, 3)}%"
            for name, used in zip(LEARNED, outcome.utilisation, strict=True)
            if used is not None and used >= self.limit
        ]
        told += [f"{figure.text} is not known" for figure in self.minimised if self.figure(figure, outcome) is None]
        for limit in self.limits:
            found = self.figure(limit.figure, outcome)
            if found is None:
                most = f"{plain_number(limit.most, 6)} {limit.figure.unit}"
                told.append(f"{limit.figure.name} is not known, at most {most} asked for")
            elif not found <= limit.most * (1 + _ROUNDING):
                most = plain_number(limit.most, 6)
                told.append(f"{plain_number(found)} {limit.figure.unit} against at most {most}")
        return told

    def overshoot(self, outcome: SearchOutcome) -> float:
        """By what factor a design misses the limit that it misses by most, 1 at a limit; infinity where not known."""
        shares = [used / self.limit for used in outcome.utilisation if used is not None]
        found = [(self.figure(limit.figure, outcome), limit.most) for limit in self.limits]
        if not outcome.usable or outcome.cycles is None or any(value is None for value, _ in found):
            return math.inf
        return max([0.0, *shares, *(value / max(most, 1e-12) for value, most in found if value is not None)])

    def costs(self, outcome: SearchOutcome) -> tuple[float, ...]:
        """The costs of a valid outcome, ``dimensions`` numbers, less is better.

        log2 cycles, log2 ns, log2 of the sum, log2 cycles plus weighted utilisations, or a cost an axis: log2 of
        latency, shares of the device as fractions. Raises PipelineError for an outcome without latency, or without a
        figure that is minimised.
        """
        if outcome.cycles is None:
            raise PipelineError(f"design {outcome.key} has no latency ({outcome.status})")
        latency = math.log2(max(outcome.cycles, 1.0))
        if self.goal == "ns":
            return (latency + math.log2(self._clock(outcome)),)
        if self.goal == "weighted":
            pairs = zip(RESOURCES, outcome.utilisation, strict=True)
            return (latency + sum(self.weights.get(name, 0.0) * (used or 0.0) for name, used in pairs),)
        if self.goal == "sum":
            return (math.log2(max(self.value(outcome) + self.offset, 1e-12)),)
        if self.goal == "pareto":
            return tuple(self._axis(axis, latency, outcome) for axis in self.axes)
        return (latency,)

    def value(self, outcome: SearchOutcome) -> float:
        """The objective of a design in its :attr:`unit`; under ``pareto`` that of the first axis."""
        if self.goal == "sum":
            return sum(term.weight * self._known(term.figure, outcome) for term in self.terms)
        if self.goal == "pareto":
            return self._known(self.axes[0], outcome)
        if self.goal == "weighted":
            return self.costs(outcome)[0]
        return self._known(Figure(self.goal), outcome)

    def rank(self, outcome: SearchOutcome) -> tuple[float, ...]:
        """What orders valid designs, the best first: the costs, then the cycles."""
        return (*self.costs(outcome), float(outcome.cycles or 0.0))

    def _axis(self, axis: Figure, latency: float, outcome: SearchOutcome) -> float:
        if axis.is_latency:
            return latency + (math.log2(self._clock(outcome)) if axis.is_time else 0.0)
        if axis.name == AREA:
            return max((used for used in outcome.utilisation if used is not None), default=0.0)
        return self._known(replace(axis, share=True), outcome) / 100.0

    def _clock(self, outcome: SearchOutcome) -> float:
        if (clock := self.clock_of(outcome)) is None:
            raise PipelineError(
                f"design {outcome.key} has no known clock period", fix="search for cycles, or use reports with one"
            )
        return clock

    def _known(self, figure: Figure, outcome: SearchOutcome) -> float:
        if figure.is_time:
            self._clock(outcome)
        found = self.figure(figure, outcome)
        if found is None:
            raise PipelineError(
                f"design {outcome.key} has no known {figure.text}", fix="minimise another figure, or use other reports"
            )
        return found
