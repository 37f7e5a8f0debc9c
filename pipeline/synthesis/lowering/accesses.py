"""Which array elements a function reads and writes, with subscripts as linear forms where they are provable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.kernels.loops import Context, LoopReader, LoopRecord
from pipeline.kernels.symbols import Program, Symbol
from pipeline.kernels.values import Value, evaluate

_MATHEMATICS = {
    "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "cos", "cosh", "exp", "exp2", "fabs",
    "floor", "fma", "fmax", "fmin", "fmod", "hypot", "labs", "llabs", "log", "log10", "log2", "pow",
    "round", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
}  # fmt: skip
PURE_CALLS = frozenset(name + suffix for name in _MATHEMATICS for suffix in ("", "f"))
"""Functions of the C library that touch no memory of the kernel."""


@dataclass(frozen=True, slots=True)
class Access:
    """A read or write of memory.

    ``symbol`` None: memory that is not known. ``indices`` None: any element; else one entry a dimension, outermost
    first, None where a subscript is not a provable linear form.
    """

    symbol: Symbol | None
    indices: tuple[Value | None, ...] | None
    write: bool
    loops: tuple[LoopRecord, ...]
    """The loops around it, outermost first."""


def accesses(program: Program, reader: LoopReader) -> list[Access]:
    """All accesses of a function in the order of its text; scalars without an address are left out."""
    return list(_Collector(program, reader).all())


def surrounding(context: Context | None) -> tuple[LoopRecord, ...]:
    """The loops around a place, outermost first."""
    loops: list[LoopRecord] = []
    while context is not None:
        if context.kind == "loop" and context.loop is not None:
            loops.append(context.loop)
        context = context.parent
    return tuple(reversed(loops))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an lvalue lies: object, subscripts that count, all subscripts; ``closed`` once a member is passed."""

    symbol: Symbol | None
    indices: tuple[Any, ...] = ()
    subscripts: tuple[Any, ...] = ()
    closed: bool = False

    def at(self, subscript: Any) -> _Place:
        indices = self.indices if self.closed else (*self.indices, subscript)
        return _Place(self.symbol, indices, (*self.subscripts, subscript), self.closed)


class _Collector:
    def __init__(self, program: Program, reader: LoopReader) -> None:
        self.program = program
        self.reader = reader
        self.context: Context | None = None
        self.loops: tuple[LoopRecord, ...] = ()

    def all(self) -> Iterator[Access]:
        headers = {
            id(part)
            for record in self.reader.records
            for part in (getattr(record.node, "cond", None), getattr(record.node, "next", None))
        }
        for node, context in self.reader.leaves:
            if node is None:
                continue
            # A loop's condition also runs with a value of the variable that no iteration has.
            self.context = None if id(node) in headers else context
            self.loops = surrounding(context)
            yield from self.walk(node)

    def walk(self, node: Any) -> Iterator[Access]:
        """Accesses of evaluating an expression or declaration."""
        match node:
            case None | c_ast.Constant() | c_ast.Pragma() | c_ast.Typename() | c_ast.Typedef():
                return
            case c_ast.UnaryOp(op="sizeof"):
                return
            case c_ast.Decl():
                yield from self.walk(node.init)
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                if symbol is not None and symbol.ctype.kind in ("array", "pointer", "struct", "unknown"):
                    # The name alone: its address or the whole of it goes somewhere.
                    yield from self.both(symbol)
            case c_ast.Assignment():
                yield from self.walk(node.rvalue)
                yield from self.target(node.lvalue, read=node.op != "=")
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                yield from self.target(node.expr, read=True)
            case c_ast.UnaryOp(op="&"):
                place = self.place(node.expr)
                yield from self.subscripts(place)
                if not isinstance(node.expr, c_ast.ID) or place.symbol is None or place.symbol.ctype.kind != "int":
                    yield from self.both(place.symbol)
            case c_ast.ArrayRef() | c_ast.StructRef() | c_ast.UnaryOp(op="*"):
                place = self.place(node)
                yield from self.subscripts(place)
                if self.program.type_of(node).kind in ("array", "pointer", "unknown"):
                    yield from self.both(place.symbol)
                else:
                    yield self.access(place, write=False)
            case c_ast.FuncCall():
                yield from self.walk(node.args)
                if not (isinstance(node.name, c_ast.ID) and node.name.name in PURE_CALLS):
                    yield from self.both(None)
            case _:
                for _, child in node.children():
                    yield from self.walk(child)

    def target(self, node: Any, *, read: bool) -> Iterator[Access]:
        """Accesses of storing to an lvalue."""
        if isinstance(node, c_ast.ID):
            symbol = self.program.symbols.get(id(node))
            if symbol is None or symbol.ctype.kind not in ("int", "float"):
                yield from self.both(symbol)
            return
        place = self.place(node)
        yield from self.subscripts(place)
        if read:
            yield self.access(place, write=False)
        yield self.access(place, write=True)

    def subscripts(self, place: _Place) -> Iterator[Access]:
        """Accesses of working out where an lvalue lies."""
        for subscript in place.subscripts:
            yield from self.walk(subscript)

    def both(self, symbol: Symbol | None) -> Iterator[Access]:
        """Anything may happen to any element."""
        yield Access(symbol, None, False, self.loops)
        yield Access(symbol, None, True, self.loops)

    def access(self, place: _Place, *, write: bool) -> Access:
        """An access with its subscripts as linear forms."""
        if place.symbol is None or self.context is None:
            return Access(place.symbol, None, write, self.loops)
        here = self.reader.here(self.context)
        values = [evaluate(index, here) for index in place.indices]
        return Access(
            place.symbol, tuple(None if value.terms is None else value for value in values), write, self.loops
        )

    def place(self, node: Any) -> _Place:
        """Where an lvalue lies."""
        match node:
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                if symbol is None or (symbol.ctype.kind == "pointer" and not self.steady(symbol)):
                    return _Place(None)
                return _Place(symbol)
            case c_ast.ArrayRef():
                place = self.place(node.name).at(node.subscript)
                # A pointer that is itself an element may point anywhere.
                stray = self.program.type_of(node.name).kind == "pointer" and not isinstance(node.name, c_ast.ID)
                return _Place(None, (), place.subscripts, True) if stray else place
            case c_ast.StructRef():
                place = self.place(node.name)
                stray = node.type == "->" and not isinstance(node.name, c_ast.ID)
                return _Place(None if stray else place.symbol, place.indices, place.subscripts, True)
        # Anything else that gives an address: its parts are subscripts as far as reading goes.
        return _Place(None, (), (node.expr,) if isinstance(node, c_ast.UnaryOp | c_ast.Cast) else (), True)

    @staticmethod
    def steady(symbol: Symbol) -> bool:
        """A pointer argument that is never moved stands for an array of its own."""
        return symbol.role == "argument" and not symbol.writes and not symbol.address_taken
