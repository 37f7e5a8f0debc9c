"""Iterations of the loops around a place as points: one unknown a loop, counting its iterations from 0.

Conditions and bounds that are linear enter; what is not is left out, which makes the set too large, and said.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import cast

from pipeline.kernels.guards import Guard
from pipeline.kernels.integer_sets import Form, Points, combined, scaled
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.values import Value


@dataclass(slots=True)
class Iterations:
    """The iterations in which a place is reached, added to ``points`` under names of their own."""

    points: Points
    side: int
    """Tells the iterations of one place from those of another."""
    counters: dict[LoopRecord, Hashable] = field(default_factory=dict)
    """The unknown that counts a loop's iterations."""
    variables: dict[LoopRecord, Form] = field(default_factory=dict)
    """The value of a loop's variable in the unknowns; absent where nothing is known of it."""
    exact: set[LoopRecord] = field(default_factory=set)
    """Loops of whose iterations the points have each one and no other, given those around, unless left early."""

    def share(self, other: Iterations, loops: Iterable[LoopRecord]) -> None:
        """Takes these loops to be in the same iteration as in ``other``."""
        for loop in loops:
            self.counters[loop] = other.counters[loop]
            if loop in other.variables:
                self.variables[loop] = other.variables[loop]
            if loop in other.exact:
                self.exact.add(loop)

    def enter(self, loop: LoopRecord) -> None:
        """Adds a loop; those around it that are known have been added before."""
        counter: Hashable = (self.side, loop)
        self.counters[loop] = counter
        self.points.least.append((0, {counter: 1}))
        most = loop.trip_max if loop.trip is None else loop.trip
        if most is not None:
            self.points.least.append((most - 1, {counter: -1}))
        if not loop.steady or not loop.step:
            return
        first = self.form(loop.start)
        if first is None:
            # Where it starts is not known: the variable is an unknown of its own within what bounds it.
            value: Form = (0, {(self.side, loop, "value"): 1})
            self._bounds(value, loop.lo, loop.hi)
        else:
            value = combined(first, (0, {counter: 1}), loop.step)
        self.variables[loop] = value
        limit = self.form(loop.limit[1]) if loop.limit is not None else None
        if loop.trip is None and loop.limit is not None and limit is not None:
            sign = 1 if loop.step > 0 else -1
            apart = scaled(combined(limit, value, -1), sign, 0 if loop.limit[0] in ("<=", ">=") else -1)
            self.points.least.append(apart)
        ended = loop.trip is not None or (limit is not None and loop.whole)
        if first is not None and ended:
            self.exact.add(loop)

    def form(self, value: Value | None) -> Form | None:
        """A linear value in the unknowns; None where it is not linear or a loop's variable is not known here."""
        if value is None or value.terms is None:
            return None
        form: Form = (value.const, {})
        for key, by in value.terms.items():
            if isinstance(key, LoopRecord):
                if key not in self.variables:
                    return None
                form = combined(form, self.variables[key], by)
            else:
                part: Form = (0, {cast("Hashable", key): 1})
                self._bounds(part, key.lo, key.hi)
                form = combined(form, part, by)
        return form

    def keep(self, guard: Guard) -> bool:
        """Adds what a condition says of the iterations; False where it says more than was added."""
        exact = guard.exact
        for operator, value in guard.conditions:
            form = self.form(value)
            if form is None:
                exact = False
            else:
                (self.points.zero if operator == "==" else self.points.least).append(form)
        return exact

    def _bounds(self, form: Form, low: int | None, high: int | None) -> None:
        for bound in (
            None if low is None else scaled(form, 1, -low),
            None if high is None else scaled(form, -1, high),
        ):
            if bound is not None and bound not in self.points.least:
                self.points.least.append(bound)


def same(
    points: Points, left: Iterations, right: Iterations, pairs: Iterable[tuple[Value | None, Value | None]]
) -> bool:
    """Adds that subscripts agree; False where one of a pair is not linear and nothing could be added for it."""
    every = True
    for first, second in pairs:
        one, other = left.form(first), right.form(second)
        if one is None or other is None:
            every = False
        else:
            points.zero.append(combined(one, other, -1))
    return every
