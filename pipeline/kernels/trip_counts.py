"""How often a loop runs, counted from its first value, its test and its step; a proof or bounds, no guess."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pycparser import c_ast, c_generator

from pipeline.kernels.c_types import CType, usual
from pipeline.kernels.execution import Execution, Stuck, variables
from pipeline.kernels.expressions import difference_of, evaluate
from pipeline.kernels.jumps import continues, entered, leaves
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.reaching import Here, Reaching
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.updates import FLIPPED, Test, Update, conjuncts, statements
from pipeline.kernels.values import Value, constant, difference, shifted, unknown, within

_MAX_SIMULATED = 4096


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a loop: its test, the update outside the test, whether the variable is steady in the body."""

    test: Test
    update: Update | None
    steady: bool
    stride: Value | None = None
    """What the step adds, where that is not a number."""


class TripCounter:
    """Counts the loops of one function."""

    def __init__(self, reaching: Reaching) -> None:
        self.reaching = reaching
        self.program = reaching.program
        self.effects = reaching.effects
        self._text = c_generator.CGenerator()

    def count(self, record: LoopRecord) -> None:
        """Fills in what a loop's header says: variable, bounds, step, trips, and the values of the variable."""
        node = record.node
        record.leaves_early = leaves(node.stmt, self.effects) or entered(node.stmt, self.reaching.info.gotos)
        record.skips = continues(node.stmt)
        condition = getattr(node, "cond", None)
        if condition is not None:
            self._calculate(record, condition)
        if record.trip is None:
            self._execute(record)

    def _calculate(self, record: LoopRecord, condition: Any) -> None:
        """Counts by first value, step and bound, which may be linear in what is not known."""
        node = record.node
        number = evaluate(condition, Here(self.reaching, Context("nowhere", None))).exact
        if number == 0 and not isinstance(node, c_ast.For):
            trips = 1 if isinstance(node, c_ast.DoWhile) else 0
            self._set_trips(record, trips, trips, exact=True)
            return
        parts = list(conjuncts(condition))
        for test in (test for part in parts for test in self.reaching.updates.tests(part)):
            reading = self._reading(record, test, condition)
            if reading is not None:
                record.symbol = test.symbol
                record.upper = self._text.visit(test.bound) if test.bound is not None else None
                record.inclusive = test.operator in ("<=", ">=")
                record.whole = len(parts) == 1
                self._trips(record, reading)
                return

    def _reading(self, record: LoopRecord, test: Test, condition: Any) -> _Reading | None:
        """How the tested variable moves, None where that is not seen."""
        symbol, node = test.symbol, record.node
        if symbol.address_taken:
            return None
        at_test, body, following = (
            self.effects.of(part) for part in (condition, node.stmt, getattr(node, "next", None))
        )
        if symbol.role in ("global", "static") and (body.calls or at_test.calls or following.calls):
            return None
        in_body, in_next = body.writes.get(symbol, 0), following.writes.get(symbol, 0)
        if at_test.writes.get(symbol, 0) != int(test.step != 0):
            return None
        if in_next == 1 and not in_body:
            update = self.reaching.updates.update(node.next, symbol)
            here = Here(self.reaching, Context("loop", record.context, loop=record))
            stride = self.reaching.updates.stride(node.next, symbol, here) if update is None else None
            return _Reading(test, update, True, stride) if update or stride else None
        if in_next:
            return None
        if not in_body:
            return _Reading(test, None, True) if test.step else None
        if in_body == 1 and not record.skips:
            items = statements(node.stmt)
            for position, item in enumerate(items):
                if symbol in self.effects.of(item).writes:
                    update = self.reaching.updates.update(item, symbol)
                    last = all(isinstance(later, c_ast.Pragma) for later in items[position + 1 :])
                    return _Reading(test, update, last and not test.step) if update else None
        return None

    def _trips(self, record: LoopRecord, reading: _Reading) -> None:
        test, update, node = reading.test, reading.update, record.node
        symbol = test.symbol
        expression, _ = self.reaching.initial(record, symbol)
        record.lower = self._text.visit(expression) if expression is not None else None
        first = self.reaching.first(record, symbol)
        at_test = Context("loop", record.context, loop=record)
        bound = evaluate(test.bound, Here(self.reaching, at_test)) if test.bound is not None else constant(0)
        if reading.stride is not None:
            self._by_strides(record, test, reading.stride, bound)
        if reading.stride is not None or (update is not None and update.operator != "+"):
            return
        step = test.step + (update.number if update else 0)
        record.step = step
        start = first if first is not None else unknown(symbol.ctype)
        head = int(isinstance(node, c_ast.DoWhile))
        offset = (test.step if test.before else 0) + (update.number if head and update else 0)
        tested = shifted(start, offset)
        if step == 0 or not _comparable(test, tested, bound, step):
            return
        apart = difference(bound, tested)
        if apart.terms is None and expression is not None and test.bound is not None:
            entering = Here(self.reaching, Context("branch", record.context, node=node.init))
            by_arms = difference_of(test.bound, Here(self.reaching, at_test), expression, entering, symbol.ctype)
            apart = within(apart, *(None if end is None else end - offset for end in (by_arms.lo, by_arms.hi)))
        least, most = _trip_range(apart, test.operator, step)
        if not _stays_within(tested, bound, test.operator, step, least, most, symbol.ctype):
            return
        if least is not None or most is not None:
            ends = (None if trips is None else trips + head for trips in (least, most))
            self._set_trips(record, *ends, exact=record.whole)
        if reading.steady:
            offset = test.step if test.step and not test.before else 0
            self._steady_range(record, test, tested if not head else start, bound, step, offset, most, head)

    def _by_strides(self, record: LoopRecord, test: Test, stride: Value, bound: Value) -> None:
        """Bounds of the trips where each iteration adds what lies between two numbers of one sign."""
        ways = {("<", 1): (stride.lo, stride.hi), (">", -1): (stride.hi, stride.lo)}
        sign = 1 if (stride.lo or 0) > 0 else -1
        first, kind = self.reaching.first(record, test.symbol), test.symbol.ctype
        slow, fast = ways.get((test.operator[0], sign), (None, None))
        if not slow or slow * sign <= 0 or first is None or test.step or not _comparable(test, first, bound, slow):
            return
        apart = difference(bound, first)
        most = _trip_range(apart, test.operator, slow)[1]
        least = _trip_range(apart, test.operator, slow if fast is None else fast)[0]
        if fast is None:
            least = min(1, least or 0)
        wide = kind.signed and (kind.bits or 0) >= 32
        if not wide and (fast is None or not _stays_within(first, bound, test.operator, fast, least, most, kind)):
            return
        self._set_trips(record, least, most, exact=record.whole)
        slack = 1 if test.operator in ("<", ">") else 0
        if sign > 0:
            record.lo, record.hi = first.lo, None if bound.hi is None else bound.hi - slack
        else:
            record.lo, record.hi = None if bound.lo is None else bound.lo + slack, first.hi
        record.steady = True

    def _set_trips(self, record: LoopRecord, least: int | None, most: int | None, *, exact: bool) -> None:
        if most is None and least is None:
            return
        record.trip_min, record.trip_max = max(least or 0, 0), most
        if record.leaves_early or not exact:
            begun = 1 if isinstance(record.node, c_ast.DoWhile) else 0
            if exact:
                begun = min(1, record.trip_min)
            record.trip_min = min(begun, record.trip_min)
        elif least is not None and least == most:
            record.trip = most

    def _steady_range(
        self,
        record: LoopRecord,
        test: Test,
        tested: Value,
        bound: Value,
        step: int,
        offset: int,
        most: int | None,
        head: int,
    ) -> None:
        """The values the variable takes in the body, from its first value and the last one that passes the test."""
        if most is not None and most + head <= 0:
            return
        first = shifted(tested, offset)
        low, high = first.lo, first.hi
        slack = 0 if test.operator in ("<=", ">=") else 1
        if most is not None and first.exact is not None:
            last: int | None = first.exact + step * (most + head - 1)
        elif head or test.operator not in (("<", "<=") if step > 0 else (">", ">=")):
            last = None
            if most is not None:
                edge = first.hi if step > 0 else first.lo
                last = None if edge is None else edge + step * (most + head - 1)
        elif step > 0:
            last = None if bound.hi is None else bound.hi - slack + offset
        else:
            last = None if bound.lo is None else bound.lo + slack + offset
        record.lo, record.hi = (low, last) if step > 0 else (last, high)
        if record.lo is not None and record.hi is not None and record.lo > record.hi:
            record.lo = record.hi = None
        record.steady = True
        record.start = first
        if not head and test.operator in (("<", "<=") if step > 0 else (">", ">=")):
            record.limit = (test.operator, shifted(bound, offset))

    def _execute(self, record: LoopRecord) -> None:
        """Counts a loop by executing what moves the variables of its condition, and the breaks that these decide."""
        node = record.node
        items = statements(node.stmt)
        breaks: list[Any] = []
        others: list[Any] = []
        for item in items:
            (breaks if self._breaks(item) else others).append(item)
        decided = not any(leaves(item, self.effects) for item in others)
        if self.reaching.info.gotos or (breaks and not decided and record.trip_max is not None):
            return
        for kept in (items, others) if breaks and decided else (others,):
            leaving = record.leaves_early and kept is others
            if leaving and record.trip_max is not None:
                return
            trips = self._iterations(record, kept, breaks if kept is items else [])
            if trips is None:
                continue
            if leaving:
                self._set_trips(record, trips, trips, exact=True)
            else:
                record.trip = record.trip_min = record.trip_max = trips
            return

    def _iterations(self, record: LoopRecord, items: list[Any], breaks: list[Any]) -> int | None:
        """The number of iterations that are begun, None where it depends on more than numbers."""
        node, symbols = record.node, self.program.symbols
        condition, following = getattr(node, "cond", None), getattr(node, "next", None)
        after = following.exprs if isinstance(following, c_ast.ExprList) else [following]
        if condition is None and not breaks:
            return None
        body = [item for item in items if not isinstance(item, c_ast.Pragma)]
        needed = variables(condition, symbols).union(*(variables(item.cond, symbols) for item in breaks))
        kept: set[int] = {id(item) for item in breaks}
        while True:
            more = [
                part
                for part in (*body, *after)
                if id(part) not in kept and any(self.effects.of(part).change(symbol) for symbol in needed)
            ]
            if not more:
                break
            kept |= {id(part) for part in more}
            needed = needed.union(*(variables(part, symbols) for part in more))
        if record.skips and any(id(item) in kept for item in body):
            return None
        moving = self.effects.of(node)
        owned = {symbol for symbol in needed if moving.change(symbol)}
        if any(
            symbol.ctype.kind != "int" or symbol.address_taken or symbol.role not in ("local", "argument")
            for symbol in owned
        ):
            return None
        values = {symbol: first for symbol in owned if (first := self.reaching.first(record, symbol)) is not None}
        here = Here(self.reaching, Context("loop", record.context, loop=record))
        run = Execution(here, symbols, {symbol: first for symbol, first in values.items() if first.exact is not None})
        run.owned |= owned
        run.stores = True
        sliced = [item for item in body if id(item) in kept]
        seen: list[int] = []
        begun = 0
        try:
            while (begun == 0 and isinstance(node, c_ast.DoWhile)) or run.holds(condition):
                begun += 1
                if begun > _MAX_SIMULATED:
                    return None
                now = run.values.get(record.symbol) if record.symbol is not None else None
                if now is not None and now.exact is not None:
                    seen.append(now.exact)
                if any(run.holds(item.cond) if item in breaks else run.run(item) for item in sliced):
                    break
                for part in after:
                    if id(part) in kept:
                        run.run(part)
        except Stuck:
            return None
        self._seen(record, seen, begun)
        return begun

    def _seen(self, record: LoopRecord, seen: list[int], begun: int) -> None:
        """What the values of a loop's variable at the start of its iterations say of it."""
        symbol = record.symbol
        even = all(after - before == record.step for before, after in pairwise(seen))
        if not even:
            record.step = None
        if symbol is None or not seen or len(seen) != begun or not self._kept(record, symbol):
            return
        record.lo, record.hi, record.steady = min(seen), max(seen), True
        if even and record.step:
            record.start = constant(seen[0], symbol.ctype)

    def _breaks(self, node: Any) -> bool:
        """Whether a statement is ``if (...) { ... break; }``, or with return, and leaves the loop there or nowhere."""
        if not isinstance(node, c_ast.If) or node.iffalse is not None:
            return False
        *before, last = statements(node.iftrue) or [None]
        if any(leaves(item, self.effects) or continues(item) for item in before):
            return False
        return isinstance(last, c_ast.Break | c_ast.Return)

    def _kept(self, record: LoopRecord, symbol: Symbol) -> bool:
        """Whether a variable keeps its value in the body, but for what the last statement does."""
        inside = [item for item in statements(record.node.stmt) if not isinstance(item, c_ast.Pragma)]
        changed = self.effects.of(getattr(record.node, "cond", None)).change(symbol)
        in_next = self.effects.of(getattr(record.node, "next", None)).change(symbol)
        last = () if in_next else inside[-1:]
        return not changed and not any(self.effects.of(item).change(symbol) for item in inside if item not in last)


def _comparable(test: Test, tested: Value, bound: Value, step: int) -> bool:
    """Whether the comparison is that of the numbers: no negative one is taken for a large unsigned one."""
    if test.symbol.ctype.kind == "pointer":
        return bound.ctype.kind == "pointer"
    compared = usual(test.ctype, bound.ctype)
    if compared is None:
        return False
    cast = test.ctype is not test.symbol.ctype
    if compared.signed and (test.ctype.signed or not cast):
        return True
    if any(value.lo is None or value.lo < 0 for value in (tested, bound)):
        return False
    if not test.symbol.ctype.signed or step > 0 or test.operator not in (">", ">="):
        return True
    # Counting down, the value that ends the loop is compared too.
    return (bound.lo or 0) + step + (1 if test.operator == ">" else 0) >= 0


def _trip_range(apart: Value, operator: str, step: int) -> tuple[int | None, int | None]:
    """Least and greatest number of passed tests, from ``bound - first tested value``."""
    low, high = apart.lo, apart.hi
    if step < 0:
        low, high = (None if high is None else -high), (None if low is None else -low)
        operator = FLIPPED[operator]
    stride = abs(step)
    if operator in ("<", "<="):
        extra = stride if operator == "<=" else stride - 1
        return (
            None if low is None else max(0, (low + extra) // stride),
            None if high is None else max(0, (high + extra) // stride),
        )
    if operator == "!=":
        if apart.exact is not None and low is not None:
            return (low // stride, low // stride) if low >= 0 and low % stride == 0 else (None, None)
        if stride == 1 and low is not None and low >= 0:
            return low, high
        return None, None
    if operator == "==":
        if apart.exact is None:
            return None, None
        return (1, 1) if apart.exact == 0 else (0, 0)
    # Moving away from the bound: the test fails at once, or never does.
    fails_at_once = low is not None and (low >= 0 if operator == ">" else low > 0)
    return (0, 0) if fails_at_once else (None, None)


def _stays_within(
    tested: Value,
    bound: Value,
    operator: str,
    step: int,
    least: int | None,
    most: int | None,
    ctype: CType,
) -> bool:
    """Whether no tested value leaves the variable's type, so that counting on the number line is right."""
    if ctype.kind == "pointer":
        return True
    span = ctype.range
    if span is None:
        return False
    if tested.lo is not None and tested.lo < span[0]:
        return False
    if tested.hi is not None and tested.hi > span[1]:
        return False
    if most == 0 and least == 0:
        return True
    wide_signed = ctype.signed and (ctype.bits or 0) >= 32
    edge = bound.hi if step > 0 else bound.lo
    if operator in ("!=", "==") or edge is None:
        if wide_signed:
            return True
        if most is not None and tested.exact is not None:
            return span[0] <= tested.exact + step * most <= span[1]
        return abs(step) == 1 and operator in ("<", ">", "!=") and bound.ctype.range == span
    slack = 1 if operator in ("<", ">") else 0
    final = edge + (abs(step) - slack) * (1 if step > 0 else -1)
    if span[0] <= final <= span[1]:
        return True
    return most is not None and tested.exact is not None and span[0] <= tested.exact + step * most <= span[1]
