"""Calls of a kernel: library functions by their cost, helpers taken in where they are called."""

from __future__ import annotations

import abc
import math
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.estimator import linear
from pipeline.estimator.cost_types import INT, CostType, cost_type, shape
from pipeline.estimator.nest import Call, Linear, LoopNode
from pipeline.estimator.walk_expressions import ExpressionWalk
from pipeline.estimator.walk_library import FLOAT_CALLS, LibraryCalls
from pipeline.estimator.walk_names import FILLS, TRANSFERS
from pipeline.estimator.walk_objects import Numbers
from pipeline.estimator.walk_values import NOT_KNOWN, Binding, Frame, TimedValue, chosen, in_order
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.model import Loop
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import fitted

_DEEPEST_CALL = 40
_TAKEN_APART = 64
"""An array of fewer elements with constant subscripts becomes registers (UG1399 2020.2, "config_array_partition",
auto_promotion_threshold)."""
_MOST_CALLS = 10_000
"""Helpers taken in, each once a call; calls that double at every level would take minutes without an end."""

_SAID = {"printf", "fprintf", "puts", "fputs", "putchar", "putc", "fputc", "fflush", "perror"}
"""What a program says to whoever runs it: no hardware is made of it."""
_FREE_CALLS = frozenset({"assert", "abs", "labs", "llabs", "__assert_fail", "free", *_SAID})


def _bytes(ctype: CostType) -> int | None:
    """Bytes of an element in memory, None where they are not known."""
    if ctype.declared is not None:
        return (ctype.declared.bits or 0) // 8 or None
    return 1 << max(0, ctype.bits - 1).bit_length() >> 3 or 1


def _element(place: Binding, index: Linear) -> Binding:
    """The element of an array that ``index`` reaches in its last dimension."""
    if not place.array:
        return place
    whole = place.rank > 1 and bool(index.uses)
    for left in range(place.rank, 0, -1):
        at = index if left == 1 else linear.opaque(index.uses) if whole else linear.constant(0)
        place = ExpressionWalk._step(place, at)
    return place


class Calls(LibraryCalls):
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
        name = name.removeprefix("__builtin_")
        if name in TRANSFERS:
            return self._transfer(node, name, arguments)
        numbers = self._of_library(node, name, arguments)
        if numbers is not None:
            return numbers[""] if "" in numbers else self._together(numbers.values())
        values = [self._expression(item) for item in arguments]
        base = name[:-1] if name.endswith("f") and name[:-1] in FLOAT_CALLS else name
        if base in FLOAT_CALLS:
            ctype = CostType("float", 32) if base != name else CostType("double", 64)
            values = [self._cast(value, ctype) for value in values]
            kind = FLOAT_CALLS[base]
            if not kind:
                return self._changed(name, values[0]) if values else TimedValue(INT)
            value = self._apply(self._operator(kind, ctype), ctype, map(in_order, values))
            return chosen(value) if kind == "cmp" else value
        if name in _FREE_CALLS:
            return self._changed(name, values[0]) if values else TimedValue(INT)
        own = "write it as a loop" if name.startswith("std::") else "define it in the kernel's file"
        core = "it is a core of the tool, which has no estimate: run the tool, --backend vitis"
        raise self._error(node, f"the cost of calling '{name}' is not known", core if name.startswith("hls::") else own)

    def _transfer(self, node: Any, name: str, arguments: list[Any]) -> TimedValue:
        """memcpy and its kin: a loop over the elements, unknown where the size is."""
        size = self._number(arguments[2]) if len(arguments) == 3 else None
        source = self._place(arguments[1]) if len(arguments) == 3 and name not in FILLS else None
        if name in FILLS and len(arguments) == 3:
            self._expression(arguments[1])
        target = self._place(arguments[0]) if arguments else None
        moved = [place for place in (source, target) if place is not None]
        each = [_bytes(place.ctype) for place in moved]
        if size is None or target is None or (source is None and name not in FILLS) or None in each:
            self._flush()
            self.open.unknown = True
            self._flush()
            return TimedValue(INT)
        count = max(-(-size // (one or 1)) for one in each)
        inner = max(self._words(place.ctype) for place in moved)
        if count * inner <= 1:
            if count:
                self._transport(source, target, linear.constant(0), linear.constant(0))
            return TimedValue(INT)
        self._moving_loop(node, name, source, target, count, inner)
        return TimedValue(INT)

    def _copy_whole(self, node: Any, source: Binding, target: Binding) -> None:
        """A struct with arrays in it: a loop over the elements of the largest, the others side by side."""
        inner = self._words(target.ctype)
        if self._numbers_at(source) and self._numbers_at(target):
            self._put(target, self._get(source))
        elif inner > 1:
            self._moving_loop(node, "copy", source, target, 1, inner)
        else:
            self._transport(source, target, linear.constant(0), linear.constant(0))

    def _moving_loop(
        self, node: Any, name: str, source: Binding | None, target: Binding, count: int, inner: int
    ) -> None:
        """A loop that moves ``count`` elements, of ``inner`` elements each where they are structs with arrays."""
        self._flush()
        number, function = len(self.nodes), self.calls[-1].function
        loop = Loop(
            f"{function}/{name}", function, -1, -1, "for", name, None, len(self.stack), None, None, None, False, 1,
            *(count * inner,) * 3, node.coord.line, node.coord.column or 1, True,
        )  # fmt: skip
        # A struct's arrays are found by constants, as which the tool takes small ones apart.
        apart = name == "copy" and count * inner < _TAKEN_APART
        item = self.nodes[number] = LoopNode(
            number, loop, function, None, None, None, None, flat=self._flat(), apart=apart
        )
        self._grow()
        self.stack.append(number)
        self.changed[number] = {target.key}
        guards, self.guards = self.guards, 0
        self.items.append([])
        along, anywhere = linear.iteration(number), linear.opaque({number})
        outer = along if inner == 1 else anywhere if count > 1 else linear.constant(0)
        self._transport(source, target, outer, along if count == 1 else anywhere)
        self._flush()
        item.body = tuple(self.items.pop())
        self.guards = guards
        self.stack.pop()
        for key, value in self.scalars.items():
            if number in value.uses:
                self.scalars[key] = replace(value, uses=value.uses - {number})
        self.items[-1].append(item)

    def _flat(self) -> bool:
        """Whether a function around is pipelined as a whole, as written."""
        around = (self.written.in_function(frame.function).pipeline for frame in self.calls)
        return any(own is not None and not own.off for own in around)

    def _words(self, ctype: CostType) -> int:
        """Elements of the largest member of a struct, 1 for a number."""
        most = 1
        if ctype.declared is not None and self._is_plain(ctype.declared):
            return most
        for kind in self.program.members(ctype.declared).values() if ctype.declared is not None else ():
            dims, inner = shape(kind)
            most = max(most, math.prod(size or 1 for size in dims) * self._words(cost_type(inner)))
        return most

    def _transport(self, source: Binding | None, target: Binding, outer: Linear, inner: Linear) -> None:
        """Moves one element, a struct's members side by side; of a member that is an array the one at ``inner``."""
        source = _element(source, outer) if source is not None else None
        target = _element(target, outer)
        if target.ctype.kind != "struct":
            value = self._read(None, source) if source is not None else TimedValue(INT)
            self._write(target, replace(value, ctype=target.ctype))  # Bits are moved, nothing is converted.
            return
        if (places := self._numbers_at(target)) and (source is None or self._numbers_at(source)):
            moved = self._get(source) if source is not None else dict.fromkeys(places, TimedValue(INT))
            self._put(target, moved)
            return
        declared = target.ctype.declared
        for name, kind in self.program.members(declared).items() if declared is not None else ():
            same = source is not None and source.ctype.declared is not None
            one = self._member(source, name, kind) if source is not None and same else source
            self._transport(one, self._member(target, name, kind), inner, inner)

    def _inline(self, node: Any, name: str, arguments: list[Any]) -> TimedValue:
        if any(frame.function == name for frame in self.calls):
            raise self._error(node, f"'{name}' calls itself; hardware has no recursion", "write it as a loop")
        if len(self.calls) > _DEEPEST_CALL:
            raise self._error(node, f"calls nest deeper than {_DEEPEST_CALL}")
        self.taken_in += 1
        if self.taken_in > _MOST_CALLS:
            raise self._error(node, f"more than {_MOST_CALLS} calls of helpers", "estimate a smaller top function")
        function = self.functions[name]
        bound: list[tuple[Symbol, Binding | None, TimedValue | None]] = []
        copied: dict[Symbol, Numbers] = {}
        for symbol, argument in zip(function.arguments, arguments, strict=False):
            if shape(symbol.ctype)[0]:
                place = self._place(argument)
                if isinstance(argument, c_ast.Constant):  # the name of a stream, or no pointer at all
                    bound.append((symbol, None, None))
                    continue
                if place is None:
                    raise self._error(argument, f"argument '{symbol.name}' of '{name}' is no named array")
                bound.append((symbol, place, None))
            elif self._is_plain(symbol.ctype) and (numbers := self._numbers(argument)) is not None:
                copied[symbol] = numbers
                bound.append((symbol, None, None))
            else:
                value = self._expression(argument)
                bound.append((symbol, None, self._cast(value, cost_type(symbol.ctype))))
        known = {symbol: given.value for symbol, _, given in bound if given is not None}
        known = {symbol: fitted(value, symbol.ctype) for symbol, value in known.items() if value.exact is not None}
        forms = {symbol.name: self._form(given) for symbol, _, given in bound if given is not None}
        here = self.context, self.settled
        has_loops = name in self.looping
        if has_loops:
            self._flush()
            self.items.append([])
        self.calls.append(Frame(name, self.readers[name].reaching.of_call(known), forms))
        self.instances += 1
        self.returned.pop(len(self.calls), None)
        for symbol, place, given in bound:
            if place is not None:
                self.places[symbol] = place
                self._as_written(place.key, symbol, len(place.prefix) - place.pointing)
            else:
                place = self._declare(symbol, given)
                if symbol in copied:
                    self._put(place, copied[symbol])
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
