"""Calls of a kernel: library functions by their cost, helpers taken in where they are called."""

from __future__ import annotations

import abc
import re
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.estimator.cost_types import INT, CostType, cost_type, shape
from pipeline.estimator.library_calls import LibraryCall, library_call
from pipeline.estimator.nest import Call, PortAccess
from pipeline.estimator.walk_expressions import ExpressionWalk
from pipeline.estimator.walk_values import NOT_KNOWN, Binding, Frame, TimedValue, chosen, in_order, join
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import fitted

_DEEPEST_CALL = 40

_FLOAT_CALLS = {
    "sqrt": "sqrt",
    "exp": "exp",
    "exp2": "exp",
    "log": "exp",
    "log2": "exp",
    "log10": "exp",
    "pow": "exp",
    "sin": "exp",
    "cos": "exp",
    "tan": "exp",
    "atan": "exp",
    "atan2": "exp",
    "tanh": "exp",
    "fmax": "cmp",
    "fmin": "cmp",
    "fmod": "div",
    "floor": "add",
    "ceil": "add",
    "round": "add",
    "fabs": "",
}
_FREE_CALLS = frozenset({"assert", "printf", "abs", "labs", "llabs", "__assert_fail", "free"})
_TRANSFERS = frozenset({"memcpy", "memmove", "memset"})


def _of_numbers(name: str, returned: CostType) -> CostType:
    """The type that a library's operations have: the one of that name, else what the call gives."""
    if name in ("float", "double"):
        return CostType(name, 32 if name == "float" else 64)
    bits = re.fullmatch(r"ap_u?(?:int|fixed)<(\d+).*>", name)
    if bits is not None:
        return CostType("int", int(bits[1]))
    return returned if returned.kind not in ("struct", "void") else INT


class Calls(ExpressionWalk):
    """Evaluates calls."""

    @abc.abstractmethod
    def _flush(self) -> None:
        """Closes the open straight-line code."""

    @abc.abstractmethod
    def _grow(self) -> None:
        """Counts one more part of the nest."""

    @abc.abstractmethod
    def _statement(self, node: Any) -> None:
        """Walks a statement."""

    def _call(self, node: Any) -> TimedValue:
        name = node.name.name if isinstance(node.name, c_ast.ID) else None
        if name is None:
            raise self._error(node, "a call through a pointer has no known cost", "call the function by its name")
        arguments = list(node.args.exprs) if node.args else []
        number = evaluate(node, self)
        if number.exact is not None:
            return TimedValue(INT, number)
        if name in self.functions:
            return self._inline(node, name, arguments)
        if name in _TRANSFERS:
            return self._transfer(name, arguments)
        values = [self._expression(item) for item in arguments]
        name = name.removeprefix("__builtin_")
        base = name[:-1] if name.endswith("f") and name[:-1] in _FLOAT_CALLS else name
        if base in _FLOAT_CALLS:
            ctype = CostType("float", 32) if base != name else CostType("double", 64)
            values = [self._cast(value, ctype) for value in values]
            kind = _FLOAT_CALLS[base]
            if not kind:
                return replace(values[0], value=NOT_KNOWN) if values else TimedValue(INT)
            value = self._apply(self._operator(kind, ctype), ctype, map(in_order, values))
            return chosen(value) if kind == "cmp" else value
        if name in _FREE_CALLS:
            return replace(values[0], value=NOT_KNOWN) if values else TimedValue(INT)
        known = library_call(name)
        if known is not None:
            return self._library(node, known, arguments, values)
        own = "define it in the kernel's file"
        core = "it is a core of the tool, which has no estimate: run the tool, --backend vitis"
        raise self._error(node, f"the cost of calling '{name}' is not known", core if name.startswith("hls::") else own)

    def _library(self, node: Any, known: LibraryCall, arguments: list[Any], values: list[TimedValue]) -> TimedValue:
        """A call of a library's type; a FIFO or port answers within the cycle of its neighbours."""
        anew: frozenset[int] = frozenset()
        place = self._place(arguments[0]) if known.port is not None and arguments else None
        if place is not None and known.port is not None:
            # What is read anew is another value in each iteration; it is no copy that iterations share.
            self.open.touches.append(PortAccess(place.key, place.prefix, known.port == "write"))
            anew = frozenset(self.stack)
        returned = cost_type(self.type_of(node))
        ctype = _of_numbers(known.of, returned)
        value = TimedValue(ctype, uses=anew)
        if values:
            value = self._apply_all(known.operations, ctype, [value, *values])
        return replace(value, ctype=returned if returned.kind != "void" else INT)

    def _apply_all(
        self, operations: tuple[tuple[str, int], ...], ctype: CostType, values: list[TimedValue]
    ) -> TimedValue:
        """Operations one after the other, each as often side by side as it says."""
        uses = frozenset(loop for item in values for loop in item.uses)
        ready, sources = max(item.ready for item in values), join(*(item.sources for item in values))
        value = TimedValue(ctype, NOT_KNOWN, uses, ready, sources)
        value = in_order(value)
        for kind, count in operations:
            operator = self._operator(kind, ctype)
            value = self._apply(operator, ctype, [value])
            self.open.operators[operator, uses] += count - 1
        return value

    def _transfer(self, name: str, arguments: list[Any]) -> TimedValue:
        """memcpy and its kin: an element a cycle, unknown where the size is."""
        size = self._number(arguments[2]) if len(arguments) == 3 else None
        place = self._place(arguments[0]) if arguments else None
        self._flush()
        if size is None or place is None:
            self.open.unknown = True
        else:
            self.open.depth = max(1, size * 8 // max(place.ctype.bits, 1)) + self.device.operators["load"].stages
        self._flush()
        return TimedValue(INT)

    def _inline(self, node: Any, name: str, arguments: list[Any]) -> TimedValue:
        if any(frame.function == name for frame in self.calls):
            raise self._error(node, f"'{name}' calls itself; hardware has no recursion", "write it as a loop")
        if len(self.calls) > _DEEPEST_CALL:
            raise self._error(node, f"calls nest deeper than {_DEEPEST_CALL}")
        function = self.functions[name]
        bound: list[tuple[Symbol, Binding | None, TimedValue | None]] = []
        copied: dict[Symbol, Binding] = {}
        for symbol, argument in zip(function.arguments, arguments, strict=False):
            if shape(symbol.ctype)[0]:
                place = self._place(argument)
                if isinstance(argument, c_ast.Constant):  # the name of a stream, or no pointer at all
                    bound.append((symbol, None, None))
                    continue
                if place is None:
                    raise self._error(argument, f"argument '{symbol.name}' of '{name}' is no named array")
                bound.append((symbol, place, None))
            elif self._is_plain(symbol.ctype) and (source := self._struct(argument)) is not None:
                copied[symbol] = source
                bound.append((symbol, None, None))
            else:
                value = self._expression(argument)
                bound.append((symbol, None, self._cast(value, cost_type(symbol.ctype))))
        numbers = {symbol: given.value for symbol, _, given in bound if given is not None}
        numbers = {symbol: fitted(value, symbol.ctype) for symbol, value in numbers.items() if value.exact is not None}
        forms = {symbol.name: self._form(given) for symbol, _, given in bound if given is not None}
        here = self.context, self.settled
        has_loops = name in self.looping
        if has_loops:
            self._flush()
            self.items.append([])
        self.calls.append(Frame(name, self.readers[name].reaching.of_call(numbers), forms))
        self.instances += 1
        for symbol, place, given in bound:
            if place is not None:
                self.places[symbol] = place
                self._as_written(place.key, symbol, len(place.prefix) - place.pointing)
            else:
                place = self._declare(symbol, given)
                if symbol in copied:
                    self._copy(copied[symbol], place)
        self._statement(function.node.body)
        for symbol in (*function.arguments, *function.locals):
            if symbol.role != "static":
                self.places.pop(symbol, None)
        result = self.scalars.pop(f"return@{len(self.calls)}", None)
        self.calls.pop()
        self.context, self.settled = here
        if has_loops:
            self._flush()
            self.items[-2].append(Call(name, tuple(self.items.pop()), self.written.in_function(name)))
            self._grow()
        if result is None:
            return TimedValue(INT, uses=frozenset(self.stack))
        result = replace(result, value=evaluate(node, self) if result.ctype.kind == "int" else NOT_KNOWN)
        return replace(result, ready=0) if has_loops else result
