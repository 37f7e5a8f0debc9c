"""Calls of a kernel: library functions by their cost, helpers taken in where they are called."""

from __future__ import annotations

import abc
import math
import re
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.estimator import linear
from pipeline.estimator.cost_types import INT, CostType, cost_type, shape
from pipeline.estimator.library_calls import COMPLEX, VECTOR, library_call
from pipeline.estimator.nest import Call, Linear, LoopNode, PortAccess
from pipeline.estimator.walk_expressions import ExpressionWalk
from pipeline.estimator.walk_names import FILLS, TRANSFERS
from pipeline.estimator.walk_objects import Numbers
from pipeline.estimator.walk_values import NOT_KNOWN, Binding, Frame, TimedValue, chosen, in_order, join
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.model import Loop
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import constant, fitted

_DEEPEST_CALL = 40
_TAKEN_APART = 64
"""An array of fewer elements with constant subscripts becomes registers (UG1399 2020.2, "config_array_partition",
auto_promotion_threshold)."""
_MOST_CALLS = 10_000
"""Helpers taken in, each once a call; calls that double at every level would take minutes without an end."""

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
_OF_COMPLEX = frozenset({"real", "imag", "conj", "proj", "norm", "abs", "arg", *_FLOAT_CALLS}) - {
    "fmax",
    "fmin",
    "fmod",
}
_COMPLEX_AGAIN = (_OF_COMPLEX | {"polar"}) - {"real", "imag", "norm", "abs", "fabs", "arg"}
"""Functions of complex numbers; those of them that give one."""
_OBJECTS = ("hls::", "std::complex<", "std::operator", "polar", "std::polar")
_FREE_CALLS = frozenset({"assert", "printf", "abs", "labs", "llabs", "__assert_fail", "free"})


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
        name = name.removeprefix("__builtin_")
        if name in TRANSFERS:
            return self._transfer(node, name, arguments)
        if any(map(self._is_object, arguments)) or name.startswith(_OBJECTS):
            numbers = self._of_library(node, name, arguments)
            if numbers is not None:
                return numbers[""] if "" in numbers else self._together(numbers.values())
        values = [self._expression(item) for item in arguments]
        base = name[:-1] if name.endswith("f") and name[:-1] in _FLOAT_CALLS else name
        if base in _FLOAT_CALLS:
            ctype = CostType("float", 32) if base != name else CostType("double", 64)
            values = [self._cast(value, ctype) for value in values]
            kind = _FLOAT_CALLS[base]
            if not kind:
                return self._changed(name, values[0]) if values else TimedValue(INT)
            value = self._apply(self._operator(kind, ctype), ctype, map(in_order, values))
            return chosen(value) if kind == "cmp" else value
        if name in _FREE_CALLS:
            return self._changed(name, values[0]) if values else TimedValue(INT)
        known = library_call(name)
        if known is not None:
            returned = cost_type(self.type_of(node))
            ctype = _of_numbers(known.of, returned)
            value = self._apply_all(known.operations, ctype, [TimedValue(ctype), *values])
            return replace(value, ctype=returned if returned.kind != "void" else INT)
        own = "write it as a loop" if name.startswith("std::") else "define it in the kernel's file"
        core = "it is a core of the tool, which has no estimate: run the tool, --backend vitis"
        raise self._error(node, f"the cost of calling '{name}' is not known", core if name.startswith("hls::") else own)

    def _is_object(self, node: Any) -> bool:
        if self._is_plain(self.type_of(node)):
            return True
        # The front end does not say what these give.
        name = getattr(node.name, "name", "") if isinstance(node, c_ast.FuncCall) else ""
        if name in self.functions or _word(name) not in _COMPLEX_AGAIN:
            return False
        return _word(name) == "polar" or any(map(self._is_object, node.args.exprs if node.args is not None else ()))

    def _result(self, node: c_ast.FuncCall) -> Numbers | None:
        name = node.name.name.removeprefix("__builtin_")
        return self._of_library(node, name, list(node.args.exprs) if node.args else [])

    def _accessed(self, node: c_ast.FuncCall) -> Binding | None:
        known = library_call(getattr(node.name, "name", ""))
        arguments = node.args.exprs if node.args is not None else []
        if known is None or not known.member or len(arguments) != 1:
            return None
        base = self._object(arguments[0])
        return self._numbers_at(base).get(known.member) if base is not None else None

    def _object(self, node: Any) -> Binding | None:
        """The object that a pointer leads to."""
        if self.type_of(node).kind != "pointer":
            return None
        place = self._place(node)
        return self._step(place, linear.constant(0)) if place is not None and place.array and place.rank else place

    def _given(self, node: Any) -> Numbers:
        """The numbers of an argument, of what it points to where that is an object."""
        kind = self.type_of(node)
        if kind.kind == "pointer" and kind.element is not None and self._is_plain(kind.element):
            place = self._object(node)
            if place is not None:
                return self._get(place)
        numbers = self._numbers(node)
        return numbers if numbers is not None else {"": self._expression(node)}

    def _of_library(self, node: Any, name: str, arguments: list[Any]) -> Numbers | None:
        """What a call of a library's function gives, number by number; None where its cost is not known."""
        if name.startswith("std::operator"):
            # Of a number and an object: the object's class has it.
            kinds = [self.type_of(one) for one in arguments]
            owner = next((kind.name.removeprefix("struct ") for kind in kinds if kind.kind == "struct"), "std")
            name = f"{owner}::{name.removeprefix('std::')}"
        known = library_call(name)
        if known is None:
            return self._of_complex(name, arguments)
        returned = self.type_of(node)
        paths = self._paths(returned) or {"": cost_type(returned)}
        if known.port is not None:
            return self._through_port(known.port == "write", arguments, paths)
        if known.member:
            return self._of_member(known.member, arguments)
        target = self._object(arguments[0]) if known.changes and arguments else None
        given = [self._given(one) for one in (arguments[1:] if known.begins else arguments)]
        of = name.rpartition("::")[0]
        if known.begins:
            result = begun(of, given)
        elif known.sign and given:
            if arguments[1:] and self._counts(name):
                given = given[:1]
            elif known.sign in ("+", "-") and known.changes and len(given) == 1:
                given = [*given, {"": TimedValue(INT, constant(1))}]
            result = self._computed(of, known.sign, given)
        else:
            values = [one for numbers in given for one in numbers.values()]
            inner = cost_type(returned)
            ctype = _of_numbers(known.of, inner)
            value = TimedValue(ctype)
            if values:
                value = self._apply_all(known.operations, ctype, [value, *values])
            result = {path: replace(value, ctype=one if one.kind != "void" else INT) for path, one in paths.items()}
        if target is not None:
            self._put(target, result)
        return result

    @staticmethod
    def _counts(name: str) -> bool:
        """Whether an operator counts up or down, whose second argument has no meaning."""
        return name.endswith(("operator++", "operator--"))

    def _through_port(self, writes: bool, arguments: list[Any], paths: dict[str, CostType]) -> Numbers:
        """A stream or port, which answers within the cycle of its neighbours."""
        place = self._place(arguments[0]) if arguments else None
        values = [one for item in arguments[1:] if writes for one in self._given(item).values()]
        if place is not None:
            self.open.touches.append(PortAccess(place.key, place.prefix, writes))
        # What is read anew is another value in each iteration; it is no copy that iterations share.
        anew = frozenset(self.stack) if place is not None else frozenset[int]()
        value = self._together([TimedValue(INT, uses=anew), *values])
        found = {path: replace(value, ctype=one if one.kind != "void" else INT) for path, one in paths.items()}
        for item in arguments[1:] if not writes else ():
            target = self._object(item)
            if target is None:
                self._expression(item)
            elif target.ctype.kind == "struct":
                self._put(target, dict.fromkeys(self._numbers_at(target), value))
            else:
                self._write(target, replace(value, ctype=target.ctype))
        return found

    def _of_member(self, member: str, arguments: list[Any]) -> Numbers:
        """A number of an object, read or given a value."""
        target = self._object(arguments[0])
        if target is None:
            return {"": self._given(arguments[0]).get(member, TimedValue(INT))}
        place = self._numbers_at(target)[member]
        if len(arguments) > 1:
            value = self._expression(arguments[1])
            self._write(place, value)
            return {"": value}
        return {"": self._read(None, place)}

    def _computed(self, of: str, sign: str, given: list[Numbers]) -> Numbers:
        """An operator of C on numbers, complex numbers or vectors of them, as the operations that it is made of."""
        if (vector := VECTOR.fullmatch(of)) is not None:
            outside, self.side = self.side, self.side * int(vector["length"])
            inner = [{path.removeprefix(".data"): one for path, one in numbers.items()} for numbers in given]
            found = self._computed(vector["of"], sign, inner)
            self.side = outside
            return {f".data{path}": one for path, one in found.items()}
        if COMPLEX.fullmatch(of) is not None or any("" not in numbers for numbers in given):
            return self._computed_complex(sign, given)
        values = [numbers[""] for numbers in given]
        return {"": self._binary(sign, *values[:2]) if len(values) > 1 else self._signed(sign, values[0])}

    def _computed_complex(self, sign: str, given: list[Numbers]) -> Numbers:
        """The same on complex numbers, one of which may be real."""
        op = self._binary
        (a, b), *others = [(one.get(".re", one.get("")), one.get(".im")) for one in given]
        if a is None or (others and others[0][0] is None):
            return dict.fromkeys((".re", ".im"), self._together(v for numbers in given for v in numbers.values()))
        if not others:
            return {".re": self._signed(sign, a), ".im": self._signed(sign, b) if b is not None else TimedValue(INT)}
        (c, d), zero = others[0], TimedValue(INT, constant(0))
        assert c is not None
        if sign == "*":
            if b is None or d is None:
                real, whole = (a, (c, d)) if b is None else (c, (a, b))
                return {path: op("*", one, real) for path, one in zip((".re", ".im"), whole, strict=True) if one}
            return {
                ".re": op("-", op("*", a, c), op("*", b, d)),
                ".im": op("+", op("*", a, d), op("*", b, c)),
            }
        if sign == "/":
            if d is None:
                return {".re": op("/", a, c), ".im": op("/", b, c) if b is not None else zero}
            size = op("+", op("*", c, c), op("*", d, d))
            if b is None:
                real, imaginary = op("*", a, c), self._signed("-", op("*", a, d))
            else:
                real = op("+", op("*", a, c), op("*", b, d))
                imaginary = op("-", op("*", b, c), op("*", a, d))
            return {".re": op("/", real, size), ".im": op("/", imaginary, size)}
        if b is None and d is not None:
            last = self._signed("-", d) if sign == "-" else d
        else:
            last = op(sign, b, d) if b is not None and d is not None else b if b is not None else zero
        return {".re": op(sign, a, c), ".im": last}

    def _of_complex(self, name: str, arguments: list[Any]) -> Numbers | None:
        """A function of complex numbers."""
        word, op = _word(name), self._binary
        if word == "polar":
            size, angle = (*(self._expression(one) for one in arguments), TimedValue(INT, constant(0)))[:2]
            return {path: op("*", size, self._function("exp", angle)) for path in (".re", ".im")}
        if word not in _OF_COMPLEX:
            return None
        first, *others = [self._given(one) for one in arguments]
        real, imaginary = first.get(".re", first.get("")), first.get(".im")
        if real is None or imaginary is None:
            real = imaginary = self._together(first.values())
        if word in ("real", "imag"):
            return {"": real if word == "real" else imaginary}
        if word in ("conj", "proj"):
            return {".re": real, ".im": self._signed("-", imaginary) if word == "conj" else imaginary}
        if word in ("norm", "abs", "fabs"):
            norm = op("+", op("*", real, real), op("*", imaginary, imaginary))
            return {"": norm if word == "norm" else self._function("sqrt", norm)}
        if word == "arg":
            return {"": self._function("exp", real, imaginary)}
        if word == "exp":
            size = self._function("exp", real)
            return {path: op("*", size, self._function("exp", imaginary)) for path in (".re", ".im")}
        values = [real, imaginary, *(one for numbers in others for one in numbers.values())]
        return {path: self._function(_FLOAT_CALLS[word], *values) for path in (".re", ".im")}

    def _function(self, kind: str, *values: TimedValue) -> TimedValue:
        """A function of numbers, which is computed in floating point."""
        ctype = values[0].ctype if values[0].ctype.kind in ("float", "double") else CostType("float", 32)
        cast = [self._cast(one, ctype) for one in values]
        return self._apply(self._operator(kind, ctype), ctype, map(in_order, cast))

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


def _word(name: str) -> str:
    """The name of a function of complex numbers without its library's."""
    return name.removeprefix("__builtin_").removeprefix("std::").removeprefix("hls::").removeprefix("x_")


def begun(of: str, given: list[Numbers]) -> Numbers:
    """What an object of the library's class ``of`` is that is made from these: another, its parts, or one number for
    all elements."""
    if len(given) == 1 and "" not in given[0]:
        return given[0]
    if (vector := VECTOR.fullmatch(of)) is not None:
        return {f".data{path}": one for path, one in begun(vector["of"], given).items()}
    zero = TimedValue(INT, constant(0))
    numbers = [one.get("", zero) for one in given] or [zero]
    if COMPLEX.fullmatch(of) is not None:
        real, imaginary = (*numbers, zero)[:2]
        return {".re": real, ".im": imaginary}
    return {"": numbers[0]}
