"""Where an lvalue lies: the object, the subscripts and the members that lead to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

from pycparser import c_ast

from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol

_ZERO = c_ast.Constant("int", "0")
_ONE = c_ast.Constant("int", "1")
_STEPPED = {"p++": None, "p--": None, "++": "+", "--": "-"}
"""What the pointer has become when it is followed, seen from before the statement."""


class Level(IntEnum):
    """How a pointer comes from a variable: to the variable itself, by its value, or from the memory that it names."""

    ITSELF = 0
    VALUE = 1
    REACHED = 2


class Pointee(NamedTuple):
    """One origin of a pointer."""

    symbol: Symbol
    level: Level


@dataclass(frozen=True, slots=True)
class Place:
    """An object and the way into it.

    ``subscripts`` are expressions, outermost first; None where the form is another. ``path`` names the members on the
    way, of which the first stands after ``outer`` subscripts. ``stray``: a pointer that is itself an element, a member
    or the value of an expression leads there, so that the memory may be any.
    """

    symbol: Symbol | None
    subscripts: tuple[Any, ...] | None = ()
    path: tuple[str, ...] = ()
    outer: int = 0
    stray: bool = False
    anywhere: frozenset[Pointee] = frozenset()
    """Without a symbol: where a pointer of several origins, or one that a function gives, may lead."""

    def at(self, subscript: Any) -> Place:
        """The element with one more subscript."""
        if self.subscripts is None:
            return self
        return replace(
            self, subscripts=(*self.subscripts, subscript), outer=self.outer if self.path else self.outer + 1
        )

    def member(self, name: str) -> Place:
        """The member of that name."""
        return replace(self, path=(*self.path, name))


class Lvalues:
    """Finds places in the tree of one program."""

    def __init__(self, program: Program, returned: Callable[[c_ast.FuncCall], set[Pointee]]) -> None:
        self.program = program
        self.returned = returned
        """Where the pointers may lead that a call gives."""
        self.numbers: set[Symbol] = set()
        """Integers that were made of pointers."""

    def place(self, node: Any) -> Place:
        """Where an lvalue lies."""
        match node:
            case c_ast.ID():
                return Place(self.program.symbols.get(id(node)))
            case c_ast.ArrayRef():
                return self.pointed(node.name, node.subscript)
            case c_ast.UnaryOp(op="*"):
                return self.pointed(node.expr, _ZERO)
            case c_ast.StructRef():
                base = self.pointed(node.name, _ZERO) if node.type == "->" else self.place(node.name)
                return base.member(node.field.name)
            case c_ast.Cast():
                below = self.place(node.expr)
                return Place(below.symbol, None, stray=True, anywhere=below.anywhere)
        return self._anywhere(node)

    def pointed(self, node: Any, subscript: Any) -> Place:
        """What ``node[subscript]`` is."""
        if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
            sides = ((node.left, node.right), (node.right, node.left))[: 2 if node.op == "+" else 1]
            for pointer, offset in sides:
                if self.program.type_of(pointer).kind in ("array", "pointer"):
                    moved = offset if node.op == "+" else c_ast.UnaryOp("-", offset)
                    return self.pointed(pointer, moved if subscript is _ZERO else c_ast.BinaryOp("+", moved, subscript))
        if isinstance(node, c_ast.UnaryOp) and node.op == "&" and subscript is _ZERO:
            return self.place(node.expr)
        if isinstance(node, c_ast.UnaryOp) and node.op in _STEPPED and isinstance(node.expr, c_ast.ID):
            by = _STEPPED[node.op]
            return self.pointed(node.expr, subscript if by is None else c_ast.BinaryOp(by, subscript, _ONE))
        if isinstance(node, c_ast.ID | c_ast.ArrayRef | c_ast.StructRef | c_ast.UnaryOp):
            found = self.place(node).at(subscript)
            if self.program.type_of(node).kind == "pointer" and not isinstance(node, c_ast.ID):
                return replace(found, stray=True)
            return found
        return self._anywhere(node)

    def _anywhere(self, node: Any) -> Place:
        return Place(None, None, stray=True, anywhere=frozenset(self.targets(node)))

    def targets(self, node: Any) -> set[Pointee]:
        """What the pointers of a value may point into: those of an expression, of a struct, of a list of values."""
        match node:
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                if symbol is None or symbol.role in ("constant", "function"):
                    return set()
                if symbol.ctype.kind == "array":
                    return {Pointee(symbol, Level.ITSELF)}
                if symbol.ctype.kind in ("pointer", "unknown") or symbol in self.numbers:
                    return {Pointee(symbol, Level.VALUE)}
                return {Pointee(symbol, Level.REACHED)} if self.program.holds_pointers(symbol.ctype) else set()
            case c_ast.UnaryOp(op="&"):
                return self._of_place(self.place(node.expr))
            case c_ast.ArrayRef() | c_ast.StructRef() | c_ast.UnaryOp(op="*"):
                kind = self.program.type_of(node)
                if kind.kind == "array":
                    return self._of_place(self.place(node))
                if kind.kind != "unknown" and not self.program.holds_pointers(kind):
                    return set()
                place = self.place(node)
                if place.symbol is None:
                    return {Pointee(found.symbol, Level.REACHED) for found in place.anywhere}
                return {Pointee(place.symbol, Level.REACHED)}
            case c_ast.BinaryOp(op="+" | "-"):
                return self.targets(node.left) | self.targets(node.right)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--") | c_ast.Cast() | c_ast.NamedInitializer():
                return self.targets(node.expr)
            case c_ast.TernaryOp():
                return self.targets(node.iftrue) | self.targets(node.iffalse)
            case c_ast.Assignment():
                return self.targets(node.rvalue)
            case c_ast.CompoundLiteral():
                return self.targets(node.init)
            case c_ast.InitList():
                return {found for item in node.exprs for found in self.targets(item)}
            case c_ast.ExprList():
                return self.targets(node.exprs[-1]) if node.exprs else set()
            case c_ast.FuncCall():
                return self.returned(node)
        return set()

    def _of_place(self, place: Place) -> set[Pointee]:
        """What a pointer to a place points into."""
        if place.symbol is None:
            return set(place.anywhere)
        if place.stray:
            return {Pointee(place.symbol, Level.REACHED)}
        through = place.symbol.ctype.kind == "pointer" and place.subscripts != ()
        return {Pointee(place.symbol, Level.VALUE if through else Level.ITSELF)}
