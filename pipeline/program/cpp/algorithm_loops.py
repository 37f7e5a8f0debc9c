"""Algorithms of the library over parts of arrays, as the loops that they are.

They stand before the statement that calls the algorithm; what it gives is a variable. Only elements that C has are read
so; what is not read here stays a call of the library's function, which has no body.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from pipeline.program.cpp.algorithms import between, place
from pipeline.program.cpp.index import FUNCTIONS, Node
from pipeline.program.cpp.nodes import address, bare, inner, simple
from pipeline.program.cpp.types import CppType, declarator

if TYPE_CHECKING:
    from pipeline.program.cpp.expressions import Expressions

_OPERATORS = {
    "plus": "+", "minus": "-", "multiplies": "*", "divides": "/", "modulus": "%", "bit_and": "&", "bit_or": "|",
    "bit_xor": "^", "less": "<", "greater": ">", "less_equal": "<=", "greater_equal": ">=", "equal_to": "==",
    "not_equal_to": "!=",
}  # fmt: skip
"""The function objects of ``<functional>`` that are operators."""
_INDEX = CppType("plain", "int")
_LONG = CppType("plain", "long")

_Called = Callable[..., c_ast.Node]


def looped(scope: Expressions, name: str, given: list[Node], node: Node) -> c_ast.Node | None:
    """What a call of the library's function ``name`` gives, its loop put before the statement; None where it is not
    read so."""
    rule = _RULES.get((name, len(given)))
    if rule is None or scope.pre is None:
        return None
    before = len(scope.pre)
    try:
        return rule(_Loop(scope, given, node))
    except _NotRead:
        del scope.pre[before:]
        return None


class _NotRead(Exception):
    """An algorithm is given what is not read."""


class _Loop:
    """One call of an algorithm, whose first two values are where its elements begin and end."""

    def __init__(self, scope: Expressions, given: list[Node], node: Node) -> None:
        self.scope = scope
        self.given = given
        self.node = node
        self.coord = scope.at(node)
        self.first = self.pointer(0)
        self.element = self.kind(0)
        last = self.pointer(1)
        count = between(self.first, last, self.coord)
        self.count = count if isinstance(count, c_ast.Constant) else self.kept(count, _LONG)
        self.index = f"index_{scope.temporaries}"
        scope.temporaries += 1

    @property
    def i(self) -> c_ast.ID:
        """The number of the element that the loop is at."""
        return c_ast.ID(self.index, self.coord)

    def kind(self, position: int) -> CppType:
        """The type of the elements that a value points to."""
        kind = self.scope.value_type(self.given[position])
        if kind.kind == "array" and kind.to is not None:
            kind = CppType("pointer", to=kind.to)
        if kind.kind != "pointer" or kind.to is None or kind.to.kind != "plain" or not kind.to.scalar:
            raise _NotRead
        return CppType("plain", kind.to.name)

    def pointer(self, position: int) -> c_ast.Node:
        """A value that points to plain elements."""
        self.kind(position)
        found = self.scope.lower(self.given[position])
        if not simple(found):
            raise _NotRead
        return found

    def value(self, position: int) -> tuple[c_ast.Node, CppType]:
        """A plain value, and its type."""
        kind = self.scope.value_type(self.given[position])
        if kind.kind != "plain" or not kind.scalar:
            raise _NotRead
        found = self.scope.lower(self.given[position])
        plain = CppType("plain", kind.name)
        return (found if isinstance(found, c_ast.Constant) else self.kept(found, plain)), plain

    def kept(self, value: c_ast.Node, kind: CppType) -> c_ast.Node:
        """A variable with that value at first."""
        return self.scope.temporary(value, kind, self.node)

    def at(self, start: c_ast.Node, number: c_ast.Node) -> c_ast.Node:
        """An element, counted from where a part of an array begins."""
        return place(copy.deepcopy(start), copy.deepcopy(number), self.coord)

    def set(self, target: c_ast.Node, value: c_ast.Node) -> c_ast.Node:
        """An assignment."""
        return c_ast.Assignment("=", copy.deepcopy(target), value, self.coord)

    def binary(self, op: str, left: c_ast.Node, right: c_ast.Node) -> c_ast.Node:
        """An operation."""
        return c_ast.BinaryOp(op, copy.deepcopy(left), copy.deepcopy(right), self.coord)

    def number(self, value: int) -> c_ast.Node:
        """A literal."""
        return c_ast.Constant("int", str(value), self.coord)

    def when(self, cond: c_ast.Node, *then: c_ast.Node) -> c_ast.Node:
        """A branch."""
        return c_ast.If(cond, c_ast.Compound(list(then), self.coord), None, self.coord)

    def run(self, *body: c_ast.Node, start: int = 0, count: c_ast.Node | None = None) -> None:
        """Puts the loop before the statement."""
        begin = c_ast.Decl(
            self.index, [], [], [], [], declarator(_INDEX, self.index, self.coord), self.number(start), None, self.coord
        )
        end = self.binary("<", self.i, self.count if count is None else count)
        step = c_ast.UnaryOp("++", self.i, self.coord)
        block = c_ast.Compound(list(body), self.coord)
        assert self.scope.pre is not None
        self.scope.pre.append(c_ast.For(c_ast.DeclList([begin], self.coord), end, step, block, self.coord))

    def after(self, start: c_ast.Node, number: c_ast.Node) -> c_ast.Node:
        """A pointer so many elements on."""
        return self.binary("+", start, number)

    def operation(self, position: int) -> _Called:
        """What applies a function, lambda or function object of the library to values."""
        given = bare(self.given[position])
        kind = self.scope.value_type(self.given[position])
        stem = kind.name.removeprefix("std::").partition("<")[0]
        if kind.kind == "record" and (op := _OPERATORS.get(stem)) is not None:
            return lambda left, right: self.binary(op, left, right)
        if given.get("kind") == "DeclRefExpr" and given["referencedDecl"].get("kind") in FUNCTIONS:
            found = given["referencedDecl"]
            root = self.scope.index.canonical.get(found["id"])
        elif kind.kind == "lambda":
            self.scope.known_lambda(kind, self.given[position])
            closure = self.scope.unit.closures.get(kind.name)
            root, found = (closure.method, {}) if closure is not None else (None, {})
        else:
            root = None
        definition = self.scope.index.definitions.get(root or "")
        if root is None or definition is None:
            raise _NotRead
        wanted = [part for part in inner(definition) if part.get("kind") == "ParmVarDecl"]

        def apply(*values: c_ast.Node) -> c_ast.Node:
            if len(wanted) != len(values):
                raise _NotRead
            arguments: list[c_ast.Node] = []
            for parameter, value in zip(wanted, values, strict=True):
                of = self.scope.type(parameter)
                target = of.to if of.kind == "reference" and of.to is not None else of
                if target.kind != "plain":
                    raise _NotRead
                by_address = of.kind == "reference" and not (target.const or of.rvalue)
                plain = copy.deepcopy(value)
                arguments.append(address(plain) if by_address else plain)
            arguments += self.scope.unit.captured(root, self.scope)
            called = self.scope.unit.function_name(root, found, self.coord)
            return c_ast.FuncCall(called, c_ast.ExprList(arguments, self.coord), self.coord)

        return apply


def _plain(op: str) -> Callable[[_Loop], _Called]:
    return lambda loop: lambda left, right: loop.binary(op, left, right)


def _given(position: int) -> Callable[[_Loop], _Called]:
    return lambda loop: loop.operation(position)


def _accumulated(of: Callable[[_Loop], _Called]) -> Callable[[_Loop], c_ast.Node]:
    def rule(loop: _Loop) -> c_ast.Node:
        apply = of(loop)
        start, kind = loop.value(2)
        total = loop.kept(start, kind) if isinstance(start, c_ast.Constant) else start
        loop.run(loop.set(total, apply(total, loop.at(loop.first, loop.i))))
        return total

    return rule


def _inner_product(loop: _Loop) -> c_ast.Node:
    other = loop.pointer(2)
    start, kind = loop.value(3)
    total = loop.kept(start, kind) if isinstance(start, c_ast.Constant) else start
    product = loop.binary("*", loop.at(loop.first, loop.i), loop.at(other, loop.i))
    loop.run(loop.set(total, loop.binary("+", total, product)))
    return total


def _counted(test: Callable[[_Loop], _Called]) -> Callable[[_Loop], c_ast.Node]:
    def rule(loop: _Loop) -> c_ast.Node:
        apply = test(loop)
        total = loop.kept(loop.number(0), _LONG)
        loop.run(
            loop.when(apply(loop.at(loop.first, loop.i)), loop.set(total, loop.binary("+", total, loop.number(1))))
        )
        return total

    return rule


def _equal_to(position: int) -> Callable[[_Loop], _Called]:
    def test(loop: _Loop) -> _Called:
        value, _ = loop.value(position)
        return lambda element: loop.binary("==", element, value)

    return test


def _found(test: Callable[[_Loop], _Called]) -> Callable[[_Loop], c_ast.Node]:
    def rule(loop: _Loop) -> c_ast.Node:
        apply = test(loop)
        at = loop.kept(loop.count, _LONG)
        hit = apply(loop.at(loop.first, loop.i))
        loop.run(loop.when(hit, loop.set(at, loop.i), c_ast.Break(loop.coord)))
        return loop.after(loop.first, at)

    return rule


def _asked(*, stops_at: bool, gives: bool) -> Callable[[_Loop], c_ast.Node]:
    """Whether all, any or none of the elements fulfil a test: ``gives`` where one's answer is ``stops_at``."""

    def rule(loop: _Loop) -> c_ast.Node:
        apply = loop.operation(2)
        answer = loop.kept(loop.number(int(not gives)), _INDEX)
        hit = apply(loop.at(loop.first, loop.i))
        cond = hit if stops_at else c_ast.UnaryOp("!", hit, loop.coord)
        loop.run(loop.when(cond, loop.set(answer, loop.number(int(gives))), c_ast.Break(loop.coord)))
        return answer

    return rule


def _extreme(of: Callable[[_Loop], _Called], *, least: bool) -> Callable[[_Loop], c_ast.Node]:
    def rule(loop: _Loop) -> c_ast.Node:
        apply = of(loop)
        best = loop.kept(loop.number(0), _INDEX)
        here, before = loop.at(loop.first, loop.i), loop.at(loop.first, best)
        cond = apply(here, before) if least else apply(before, here)
        loop.run(loop.when(cond, loop.set(best, loop.i)), start=1)
        return loop.after(loop.first, best)

    return rule


def _exchanged(loop: _Loop, left: c_ast.Node, right: c_ast.Node) -> list[c_ast.Node]:
    name = f"kept_{loop.scope.temporaries}"
    loop.scope.temporaries += 1
    kept = c_ast.Decl(
        name, [], [], [], [], declarator(loop.element, name, loop.coord), copy.deepcopy(left), None, loop.coord
    )
    return [kept, loop.set(left, copy.deepcopy(right)), loop.set(right, c_ast.ID(name, loop.coord))]


def _reversed(loop: _Loop) -> c_ast.Node:
    last = loop.binary("-", loop.binary("-", loop.count, loop.number(1)), loop.i)
    if isinstance(loop.count, c_ast.Constant):
        half: c_ast.Node = loop.number(int(loop.count.value) // 2)
    else:
        half = loop.binary("/", loop.count, loop.number(2))
    loop.run(*_exchanged(loop, loop.at(loop.first, loop.i), loop.at(loop.first, last)), count=half)
    return c_ast.EmptyStatement(loop.coord)


def _swapped(loop: _Loop) -> c_ast.Node:
    other = loop.pointer(2)
    if loop.kind(2) != loop.element:
        raise _NotRead
    loop.run(*_exchanged(loop, loop.at(loop.first, loop.i), loop.at(other, loop.i)))
    return loop.after(other, loop.count)


def _transformed(loop: _Loop) -> c_ast.Node:
    *sources, to = [loop.pointer(position) for position in range(2, len(loop.given) - 1)]
    apply = loop.operation(len(loop.given) - 1)
    values = [loop.at(start, loop.i) for start in (loop.first, *sources)]
    loop.run(loop.set(loop.at(to, loop.i), apply(*values)))
    return loop.after(to, loop.count)


def _numbered(loop: _Loop) -> c_ast.Node:
    start, kind = loop.value(2)
    value = loop.kept(start, kind) if isinstance(start, c_ast.Constant) else start
    loop.run(
        loop.set(loop.at(loop.first, loop.i), copy.deepcopy(value)),
        loop.set(value, loop.binary("+", value, loop.number(1))),
    )
    return c_ast.EmptyStatement(loop.coord)


def _each(loop: _Loop) -> c_ast.Node:
    loop.run(loop.operation(2)(loop.at(loop.first, loop.i)))
    return c_ast.EmptyStatement(loop.coord)


def _alike(loop: _Loop) -> c_ast.Node:
    other = loop.pointer(2)
    answer = loop.kept(loop.number(1), _INDEX)
    differ = loop.binary("!=", loop.at(loop.first, loop.i), loop.at(other, loop.i))
    loop.run(loop.when(differ, loop.set(answer, loop.number(0)), c_ast.Break(loop.coord)))
    return answer


_RULES: dict[tuple[str, int], Callable[[_Loop], Any]] = {
    ("accumulate", 3): _accumulated(_plain("+")),
    ("accumulate", 4): _accumulated(_given(3)),
    ("inner_product", 4): _inner_product,
    ("count", 3): _counted(_equal_to(2)),
    ("count_if", 3): _counted(_given(2)),
    ("find", 3): _found(_equal_to(2)),
    ("find_if", 3): _found(_given(2)),
    ("all_of", 3): _asked(stops_at=False, gives=False),
    ("any_of", 3): _asked(stops_at=True, gives=True),
    ("none_of", 3): _asked(stops_at=True, gives=False),
    ("min_element", 2): _extreme(_plain("<"), least=True),
    ("max_element", 2): _extreme(_plain("<"), least=False),
    ("min_element", 3): _extreme(_given(2), least=True),
    ("max_element", 3): _extreme(_given(2), least=False),
    ("reverse", 2): _reversed,
    ("swap_ranges", 3): _swapped,
    ("transform", 4): _transformed,
    ("transform", 5): _transformed,
    ("iota", 3): _numbered,
    ("for_each", 3): _each,
    ("equal", 3): _alike,
}
"""How an algorithm of so many values is read; it gives what the call does."""
