"""Calls of the library's types: complex numbers and vectors number by number, streams, others by their cost."""

from __future__ import annotations

import abc
import re
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.estimator import linear
from pipeline.estimator.cost_types import INT, CostType, cost_type
from pipeline.estimator.library_calls import COMPLEX, VECTOR, library_call
from pipeline.estimator.nest import PortAccess
from pipeline.estimator.walk_expressions import ExpressionWalk
from pipeline.estimator.walk_objects import Numbers
from pipeline.estimator.walk_values import NOT_KNOWN, Binding, TimedValue, in_order, join
from pipeline.kernels.values import constant

FLOAT_CALLS = {
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
_OF_COMPLEX = frozenset({"real", "imag", "conj", "proj", "norm", "abs", "arg", *FLOAT_CALLS})
_COMPLEX_AGAIN = (_OF_COMPLEX | {"polar"}) - {"real", "imag", "norm", "abs", "fabs", "arg"}
"""Functions of complex numbers; those of them that give one."""


def of_numbers(name: str, returned: CostType) -> CostType:
    """The type that a library's operations have: the one of that name, else what the call gives."""
    if name in ("float", "double"):
        return CostType(name, 32 if name == "float" else 64)
    bits = re.fullmatch(r"ap_u?(?:int|fixed)<(\d+).*>", name)
    if bits is not None:
        return CostType("int", int(bits[1]))
    return returned if returned.kind not in ("struct", "void") else INT


class LibraryCalls(ExpressionWalk, abc.ABC):
    """Evaluates calls of the library's types."""

    def _is_object(self, node: Any) -> bool:
        kind = self.type_of(node)
        if self._is_plain(kind):
            return True
        # The front end does not say what the library's functions give, nor in full what lambdas do.
        name = getattr(node.name, "name", "") if isinstance(node, c_ast.FuncCall) else ""
        if name in self.functions:
            return kind.kind == "struct" and not self.program.members(kind)
        if _word(name) not in _COMPLEX_AGAIN:
            return False
        return _word(name) == "polar" or any(map(self._is_object, node.args.exprs if node.args is not None else ()))

    def _result(self, node: c_ast.FuncCall) -> Numbers | None:
        name = str(getattr(node.name, "name", "")).removeprefix("__builtin_")
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
        target = self._object(_changed(arguments[0])) if known.changes and arguments else None
        at_hand = target is not None and _changed(arguments[0]) is arguments[0] and self._numbers_at(target)
        given = [self._get(target)] if at_hand and target is not None and not known.begins else []
        given += [self._given(one) for one in arguments[1 if known.begins else len(given) :]]
        of = name.rpartition("::")[0]
        if known.begins:
            result = begun(of, given)
        elif known.sign and given:
            if self._counts(name):
                given = [given[0], {"": TimedValue(INT, constant(1))}]
            result = self._computed(of, known.sign, given)
        else:
            values = [one for numbers in given for one in numbers.values()]
            inner = cost_type(returned)
            ctype = of_numbers(known.of, inner)
            value = TimedValue(ctype)
            if values:
                value = self._apply_all(known.operations, ctype, [value, *values])
            result = {path: replace(value, ctype=one if one.kind != "void" else INT) for path, one in paths.items()}
        if target is not None:
            self._put(target, result)
        return given[0] if arguments[1:] and self._counts(name) else result

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
        if word != "polar" and not any(map(self._is_object, arguments)):
            return None
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
        return {path: self._function(FLOAT_CALLS[word], *values) for path in (".re", ".im")}

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


def _word(name: str) -> str:
    """The name of a function of complex numbers without its library's."""
    return name.removeprefix("__builtin_").removeprefix("std::").removeprefix("hls::").removeprefix("x_")


def _changed(node: Any) -> Any:
    """The object that is changed by what changes it and gives it on, as ``(a += b) *= c`` does."""
    while isinstance(node, c_ast.FuncCall) and node.args is not None:
        known = library_call(getattr(node.name, "name", ""))
        if known is None or not known.changes or known.begins:
            break
        node = node.args.exprs[0]
    return node


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
