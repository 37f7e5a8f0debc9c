"""How often a loop runs whose bounds follow the loops around it: a triangle half of its square on average.

Bounds that are linear in the loops around are calculated with, all others that are numbers then are executed as C
executes them (``for (i = 0; i < n; i += 2 * len)`` within ``for (len = 1; len < n; len <<= 1)``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pycparser import c_ast

from pipeline.kernels.execution import Execution, Stuck, variables
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.reaching import Here, Reaching
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value, constant

_MOST = 10_000
"""Iterations of the loops around that are gone through."""
_STEPS = 20_000
"""Statements and expressions that are executed for one loop."""

_ENDS = {"<": 0, "<=": 1, ">": 0, ">=": 1}


@dataclass(frozen=True, slots=True)
class Trips:
    """Iterations of one execution of a loop, over all executions of the loops around it."""

    least: int
    mean: float
    most: int


class _Unknown(Exception):
    pass


def varying_trips(record: LoopRecord, reaching: Reaching) -> Trips | None:
    """The iterations of a loop by the iterations of the loops that its bounds follow, exact.

    None for a loop whose bounds are numbers or follow anything else, that may be left early, and where those iterate
    too often.
    """
    if record.trip is not None:
        return None
    around: list[LoopRecord] = []
    outer = record.parent
    while outer is not None:
        around.insert(0, outer)
        outer = outer.parent
    nest = _Nest(reaching, record)
    executions = total = most = 0
    least: int | None = None
    try:
        needed = nest.needed(record, around)
        for values in nest.iterations([loop for loop in around if loop in needed], {}):
            executions += 1
            if executions > _MOST:
                return None
            trips = len(nest.run(record, values))
            total, most, least = total + trips, max(most, trips), min(trips, trips if least is None else least)
    except _Unknown:
        return None
    return None if least is None else Trips(least, total / executions, most)


@dataclass(slots=True)
class _Nest:
    """Loops of one function, iteration by iteration."""

    reaching: Reaching
    record: LoopRecord
    left: int = _STEPS
    known: dict[tuple[LoopRecord, tuple[tuple[str, int], ...]], list[int]] = field(default_factory=dict)

    def needed(self, record: LoopRecord, around: list[LoopRecord]) -> set[LoopRecord]:
        """The loops around whose variables its bounds follow, theirs too; how often others run weighs nothing, unless
        that varies."""
        needed: set[LoopRecord] = set()
        for loop in (record, *reversed(around)):
            if loop is not record and loop.trip is None:
                needed.add(loop)
            if loop is record or loop in needed:
                for value in (loop.start, loop.limit[1] if loop.limit is not None else None):
                    needed |= {key for key in (value.terms or {}) if isinstance(key, LoopRecord)} if value else set()
                named = self._named(loop)
                needed |= {one for one in around if one is not loop and one.symbol in named}
        return needed

    def iterations(self, loops: list[LoopRecord], values: dict[LoopRecord, int]) -> Iterator[dict[LoopRecord, int]]:
        """The values of the loops' variables, iteration by iteration."""
        if not loops:
            yield values
            return
        first, *rest = loops
        for value in self.run(first, values):
            yield from self.iterations(rest, {**values, first: value})

    def run(self, loop: LoopRecord, values: dict[LoopRecord, int]) -> Sequence[int]:
        """The values of a loop's variable, given those of the loops around."""
        if loop.leaves_early or loop.keyword == "do":
            raise _Unknown
        if loop.steady and loop.step and loop.whole and loop.start is not None and loop.limit is not None:
            start, limit = _value(loop.start, values), _value(loop.limit[1], values)
            if start is not None and limit is not None and loop.limit[0] in _ENDS:
                return range(start, limit + _ENDS[loop.limit[0]] * (1 if loop.step > 0 else -1), loop.step)
        return self._executed(loop, values)

    def _named(self, loop: LoopRecord) -> set[Symbol]:
        """The variables of a loop's header."""
        symbols = self.reaching.program.symbols
        parts = (getattr(loop.node, name, None) for name in ("init", "cond", "next"))
        return set[Symbol]().union(*(variables(part, symbols) for part in parts if part is not None))

    def _executed(self, loop: LoopRecord, values: dict[LoopRecord, int]) -> list[int]:
        node, named = loop.node, self._named(loop)
        outside = {one.symbol: value for one, value in values.items() if one.symbol in named and one.symbol is not None}
        key = loop, tuple(sorted((symbol.name, value) for symbol, value in outside.items()))
        if key in self.known:
            return self.known[key]
        body = self.reaching.effects.of(node.stmt)
        if not isinstance(node, c_ast.For) or node.cond is None or any(body.change(one) for one in named):
            raise _Unknown
        moved = self.reaching.effects.of(node.next)
        here = Here(self.reaching, Context("loop", loop.context, loop=loop))
        run = Execution(here, self.reaching.program.symbols, {one: constant(value) for one, value in outside.items()})
        run.owned |= {one for one in named if moved.change(one) and one.role == "local"}
        run.left = self.left
        found: list[int] = []
        try:
            run.run(node.init)
            while run.holds(node.cond):
                now = run.values.get(loop.symbol) if loop.symbol is not None else None
                found.append(now.exact if now is not None and now.exact is not None else 0)
                run.run(node.next)
        except (Stuck, RecursionError):
            raise _Unknown from None
        finally:
            self.left = run.left
        self.known[key] = found
        return found


def _value(value: Value, values: dict[LoopRecord, int]) -> int | None:
    if value.terms is None or any(not isinstance(key, LoopRecord) or key not in values for key in value.terms):
        return None
    return value.const + sum(by * values[key] for key, by in value.terms.items() if isinstance(key, LoopRecord))
