"""The value of a variable when execution comes to a place, as far as it can be proved.

Integers are numbers or linear forms in loop variables and arguments; pointers are an array (:class:`Base`) plus a
number of elements. A variable that a loop moves by the same amount in every iteration is linear in the loop's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from pycparser import c_ast

from pipeline.kernels.arithmetic import binary
from pipeline.kernels.assured import assurance, narrowed
from pipeline.kernels.c_types import UNKNOWN, CType, pointer_to
from pipeline.kernels.effects import Effects, EffectsReader
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.jumps import ends
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.updates import UpdateReader, statements
from pipeline.kernels.values import Base, Opaque, Value, difference, either, fitted, linear, shifted, unknown

_MAX_CHAIN = 40


class Reaching:
    """Values of the variables of one function."""

    def __init__(self, program: Program, info: FunctionInfo) -> None:
        self.program = program
        self.info = info
        self.effects = EffectsReader(program)
        self.updates = UpdateReader(program, self.effects)
        self.loops: dict[int, LoopRecord] = {}
        """The loops that have been read so far, by their nodes."""
        self._blocks: dict[int, tuple[list[Any], dict[Symbol | str, list[int]]]] = {}
        """By the id of a list, which is kept so that no other takes it."""
        self._reached: dict[tuple[int, int], Value | None] = {}
        self._opaque: dict[Symbol, Opaque] = {}
        self._given: Mapping[Symbol, Value] = {}
        self._chain = 0
        self.conditioned: set[Symbol] = set()
        """Variables that a condition names which has been read so far."""
        self._narrowing = False

    def here(self, context: Context) -> Here:
        """Evaluation at a place."""
        return Here(self, context)

    def of_call(self, given: Mapping[Symbol, Value]) -> Reaching:
        """The values in one call of the function, which gives arguments these numbers."""
        found = copy(self)
        found._given, found._reached = given, {}
        return found

    def value_at(self, symbol: Symbol, context: Context | None) -> Value | None:
        """The value of a variable when execution comes to a place, None where it cannot be proved."""
        value = self._value(symbol, context)
        if symbol not in self.conditioned or self._narrowing or (value is not None and value.exact is not None):
            return value
        if symbol.ctype.kind != "int" or symbol.address_taken or self.info.gotos:
            return value
        bare = found = value or unknown(symbol.ctype)
        self._narrowing = True
        for node, holds, place in self._conditions(symbol, context):
            found = narrowed(found, symbol, node, holds, Here(self, place), self.program.symbols)
        self._narrowing = False
        return value if found is bare else found

    def _conditions(self, symbol: Symbol, context: Context | None) -> Iterator[tuple[Any, bool, Context]]:
        """What holds, or does not, of a variable's present value, with the places where it is evaluated."""
        while context is not None:
            if context.kind == "block":
                last = self._last_write(context, symbol)
                for position in reversed(self._index(context.items).get("sure", ())):
                    if position < context.position and (last is None or position > last):
                        known = assurance(context.items[position])
                        if known is not None:
                            yield *known, Context("block", context.parent, items=context.items, position=position)
                if last is not None:
                    return
            elif context.loop is not None:
                if self.effects.of(context.loop.node).change(symbol):
                    return
            elif context.node is not None:
                if self.effects.of(context.node).change(symbol):
                    return
                if context.holds is not None and context.parent is not None:
                    yield context.node, context.holds, context.parent
            context = context.parent

    def _value(self, symbol: Symbol, context: Context | None) -> Value | None:
        fixed = self.program.constant_value(symbol)
        if fixed is not None:
            return fixed
        kind = symbol.ctype.kind
        if kind == "array":
            return _start_of(symbol)
        if symbol.address_taken or kind not in ("int", "pointer"):
            return None
        while context is not None:
            match context.kind:
                case "block":
                    found = self._last_write(context, symbol)
                    if found is not None:
                        return self._written_value(symbol, context, found)
                case "loop" if context.loop is not None:
                    loop = context.loop
                    if loop.symbol is symbol and loop.steady:
                        return linear(0, {loop: 1}, symbol.ctype)
                    if self.effects.of(loop.node).change(symbol):
                        return self._moved(symbol, loop)
                case "branch" | "switch":
                    if self.effects.of(context.node).change(symbol):
                        return None
            context = context.parent
        if symbol.role != "argument" or self.info.gotos:
            return None
        if kind == "pointer":
            return _start_of(symbol)
        given = self._given.get(symbol, symbol.given)
        if given is not None and given.exact is not None:
            return given
        opaque = self._opaque.get(symbol)
        if opaque is None:
            bare = symbol.given or unknown(symbol.ctype)
            opaque = self._opaque[symbol] = Opaque(symbol.name, symbol.ctype, bare.lo, bare.hi)
        return linear(0, {opaque: 1}, symbol.ctype)

    def first(self, record: LoopRecord, symbol: Symbol) -> Value | None:
        """A variable's value when a loop is entered."""
        expression, other = self.initial(record, symbol)
        if expression is not None:
            # The other parts of the initialisation may change what this one reads.
            context = Context("branch", record.context, node=record.node.init)
            return fitted(evaluate(expression, Here(self, context)), symbol.ctype)
        return None if other else self.value_at(symbol, record.context)

    def initial(self, record: LoopRecord, symbol: Symbol) -> tuple[Any, bool]:
        """The expression that a loop's header gives a variable at first; whether it writes it in another way."""
        init = getattr(record.node, "init", None)
        if init is None or symbol not in self.effects.of(init).writes:
            return None, False
        parts = init.decls if isinstance(init, c_ast.DeclList) else getattr(init, "exprs", None) or [init]
        expression = None
        for part in parts:
            if symbol in self.effects.of(part).writes:
                if isinstance(part, c_ast.Decl):
                    expression = part.init if self.program.symbols.get(id(part)) is symbol else None
                else:
                    expression = self.updates.assigned(part, symbol)
        return expression, True

    def _index(self, items: list[Any]) -> dict[Symbol | str, list[int]]:
        """The statements of a block that write a variable, call something, or assure something."""
        known = self._blocks.get(id(items))
        index: dict[Symbol | str, list[int]] = known[1] if known is not None else {}
        if known is None:
            self._blocks[id(items)] = items, index
            for position, item in enumerate(items):
                effects = self.effects.of(item)
                for written in effects.writes:
                    index.setdefault(written, []).append(position)
                if effects.calls:
                    index.setdefault("call", []).append(position)
                if assurance(item) is not None:
                    index.setdefault("sure", []).append(position)
        return index

    def _last_write(self, context: Context, symbol: Symbol) -> int | None:
        index = self._index(context.items)
        last = -1
        for key in (symbol, "call") if symbol.role in ("global", "static") else (symbol,):
            positions = index.get(key, [])
            before = bisect_left(positions, context.position)
            if before:
                last = max(last, positions[before - 1])
        return last if last >= 0 else None

    def _written_value(self, symbol: Symbol, context: Context, position: int) -> Value | None:
        """The value that the statement at ``position`` leaves in ``symbol``."""
        item = context.items[position]
        if self.info.gotos or self._chain > _MAX_CHAIN:
            return None
        key = (id(item), id(symbol))
        if key not in self._reached:
            self._chain += 1
            try:
                place = Context("block", context.parent, items=context.items, position=position)
                result = self._left(item, symbol, self.effects.of(item), place)
            finally:
                self._chain -= 1
            if result is not None and result.terms is None and result.lo is None and result.hi is None:
                result = None
            self._reached[key] = result
        return self._reached[key]

    def _left(self, item: Any, symbol: Symbol, effects: Effects, place: Context) -> Value | None:
        while isinstance(item, c_ast.Label):
            item = item.stmt
        if effects.calls and symbol.role in ("global", "static"):
            return None
        if isinstance(item, c_ast.Compound):
            return self._after(item, symbol, place)
        if isinstance(item, c_ast.If):
            return self._joined(item, symbol, place)
        loop = self.loops.get(id(item))
        if loop is not None:
            by = self.by_iteration(symbol, loop)
            counted = by is not None and loop.trip is not None and not loop.leaves_early
            entry = self.first(loop, symbol) if counted else None
            return fitted(shifted(entry, (by or 0) * (loop.trip or 0)), symbol.ctype) if entry is not None else None
        if effects.writes.get(symbol) != 1:
            return None
        expression = None
        if isinstance(item, c_ast.Decl) and self.program.symbols.get(id(item)) is symbol:
            expression = self.updates.given(item.init, symbol)
        elif isinstance(item, c_ast.Assignment):
            expression = self.updates.assigned(item, symbol)
        if expression is not None:
            if self.effects.of(expression).writes:
                return None
            return fitted(evaluate(expression, Here(self, place)), symbol.ctype)
        if isinstance(item, c_ast.Assignment) and self.program.symbols.get(id(item.lvalue)) is symbol:
            before = self.value_at(symbol, place)
            if before is None or len(effects.writes) != 1:
                return None
            return fitted(binary(item.op[:-1], before, evaluate(item.rvalue, Here(self, place))), symbol.ctype)
        update = self.updates.update(item, symbol)
        before = self.value_at(symbol, place) if update is not None and update.operator == "+" else None
        return fitted(shifted(before, update.number), symbol.ctype) if before is not None and update else None

    def _after(self, part: Any, symbol: Symbol, place: Context) -> Value | None:
        """The value at the end of a statement with statements within."""
        items = statements(part)
        return self.value_at(symbol, Context("block", place, items=items, position=len(items)))

    def _joined(self, item: c_ast.If, symbol: Symbol, place: Context) -> Value | None:
        """The value after a branch, of whichever way goes on there."""
        condition = evaluate(item.cond, Here(self, place)).exact
        found: list[Value | None] = []
        for part, holds in ((item.iftrue, True), (item.iffalse, False)):
            ended = any(ends(inner) for inner in statements(part)[-1:])
            if not ended and (condition is None or bool(condition) == holds):
                found.append(self._after(part, symbol, Context("branch", place, node=item.cond, holds=holds)))
        first, *more = found or [None]
        for other in more:
            if first is None or other is None or first.ctype.kind != "int":
                return None
            first = first if difference(first, other).exact == 0 else either(first, other)
        return first

    def by_iteration(self, symbol: Symbol, loop: LoopRecord) -> int | None:
        """What each iteration of a loop adds to a variable; None where it is not the same in all."""
        node = loop.node
        if self.info.gotos or self.effects.of(getattr(node, "cond", None)).change(symbol):
            return None
        total = 0
        following = getattr(node, "next", None)
        for part in (*statements(node.stmt), following):
            effects = self.effects.of(part)
            if not effects.change(symbol):
                continue
            update = self.updates.update(part, symbol)
            steady = effects.writes.get(symbol) == 1 and not (effects.calls and symbol.role in ("global", "static"))
            if update is None or update.operator != "+" or not steady or (loop.skips and part is not following):
                return None
            total += update.number
        return total

    def _moved(self, symbol: Symbol, loop: LoopRecord) -> Value | None:
        """The value at the start of an iteration of a variable that the loop moves evenly."""
        if not loop.steady or not loop.step or loop.start is None or loop.start.terms is None:
            return None
        by = self.by_iteration(symbol, loop)
        if by is None or by % loop.step:
            return None
        entry = self.first(loop, symbol)
        if entry is None or entry.terms is None:
            return None
        factor = by // loop.step
        terms = dict(entry.terms)
        for key, number in ((loop, 1), *((key, -number) for key, number in loop.start.terms.items())):
            terms[key] = terms.get(key, 0) + factor * number
        return fitted(linear(entry.const - factor * loop.start.const, terms, symbol.ctype), symbol.ctype)


def _start_of(symbol: Symbol) -> Value:
    """The address of the first element that an array or a pointer argument stands for."""
    return linear(0, {Base(symbol): 1}, pointer_to(symbol.ctype.element or UNKNOWN))


def origin(value: Value | None) -> tuple[Symbol, Value] | None:
    """The array that a pointer points into and the number of elements from its start."""
    for key, factor in (value.terms or {}).items() if value is not None else ():
        base = None
        if isinstance(key, Base):
            base = key if factor == 1 else None
        elif isinstance(key, LoopRecord) and key.symbol is not None and key.symbol.ctype.kind == "pointer":
            found = origin(key.start)
            base = Base(found[0]) if found is not None and factor == 1 else None
        if base is not None and value is not None and isinstance(base.symbol, Symbol):
            return base.symbol, difference(value, linear(0, {base: 1}, value.ctype))
    return None


class Here:
    """Evaluation at one place of a function."""

    def __init__(self, reaching: Reaching, context: Context) -> None:
        self.reaching = reaching
        self.context = context

    def variable(self, node: Any) -> Value | None:
        """The value of a variable or member there."""
        symbol = self.reaching.program.symbols.get(id(node))
        return self.reaching.value_at(symbol, self.context) if symbol is not None else None

    def table(self, node: c_ast.ID) -> tuple[CType, Any] | None:
        """The type and initialiser of a constant array or struct."""
        return self.reaching.program.table(node)

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        return self.reaching.program.type_of(node)

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        return self.reaching.program.sized_type(node)

    def called(self, name: str, given: Sequence[Value]) -> Value | None:
        """What a function of the file returns."""
        return self.reaching.program.called(name, given)
