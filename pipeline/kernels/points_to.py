"""Where the pointers of a function may lead, whatever the order of its statements (after Andersen's analysis, 1994).

A variable stands for all that lies in it: of an array of pointers, a struct that holds some or an object that a method
is called on it is known which memory its pointers may lead to, not which of them leads where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import CType
from pipeline.kernels.lvalues import Level, Lvalues, Place, Pointee
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.program.tree import walk


@dataclass(frozen=True, slots=True)
class Pointing:
    """What a call of a function does with pointers: which of its arguments and of the globals those that it gives back
    lead to, and those that it leaves in the memory of an argument or global."""

    arguments: tuple[Symbol, ...]
    returned: frozenset[Symbol] = frozenset()
    kept: Mapping[Symbol, frozenset[Symbol]] = field(default_factory=dict)
    lasting: frozenset[Symbol] = frozenset()
    """What pointers lead to that a global or static variable holds when the function has ended."""


class PointsTo:
    """The pointers of one function; ``known`` tells of those that it calls, None for one that is not known."""

    def __init__(self, program: Program, info: FunctionInfo, known: Callable[[str], Pointing | None]) -> None:
        self.program = program
        self.known = known
        self.lvalues = Lvalues(program, self._returned)
        self.held: dict[Symbol, set[Symbol]] = {}
        """What the pointers that lie in a variable, or in the memory that it names, may lead to."""
        self._edges: list[tuple[tuple[Pointee, ...], tuple[Pointee, ...]]] = []
        self._gives: set[Pointee] = set()
        self._collect(info)
        self._close()
        outer = {symbol for symbol in (*info.arguments, *program.globals)}
        self.pointing = Pointing(
            tuple(info.arguments),
            frozenset(self.all_of(self._gives) & outer),
            {
                symbol: frozenset(kept & outer)
                for symbol, kept in self.held.items()
                if symbol in outer and kept & outer and (symbol.role != "argument" or not kept <= {symbol})
            },
            frozenset(one for s, kept in self.held.items() if s.role in ("global", "static") for one in kept - {s}),
        )

    def objects(self, targets: Iterable[Pointee]) -> set[Symbol]:
        """The variables in whose memory pointers may lead."""
        return {symbol for target in targets for symbol in self._object(target)}

    def all_of(self, targets: Iterable[Pointee]) -> set[Symbol]:
        """These and all that is reached from their memory."""
        todo = list(self.objects(targets))
        found = set(todo)
        while todo:
            for symbol in self.held.get(todo.pop(), ()):
                if symbol not in found:
                    found.add(symbol)
                    todo.append(symbol)
        return found

    def of_place(self, place: Place) -> set[Symbol]:
        """The variables in whose memory a place may lie."""
        if place.symbol is None:
            return self.objects(place.anywhere)
        if place.stray:
            return self.all_of([Pointee(place.symbol, Level.VALUE)])
        through = place.symbol.ctype.kind == "pointer"
        return self.objects([Pointee(place.symbol, Level.VALUE)]) if through else {place.symbol}

    def of_argument(self, node: Any) -> tuple[set[Symbol], set[Symbol]]:
        """The variables in whose memory what is handed over leads, and all that is reached from there."""
        targets = self.lvalues.targets(node)
        return self.objects(targets), self.all_of(targets)

    def _object(self, target: Pointee) -> set[Symbol]:
        symbol, level = target
        if level is Level.REACHED:
            return self.all_of([Pointee(symbol, Level.VALUE)])
        held = self.held.get(symbol)
        if level is Level.ITSELF or not held or symbol.ctype.kind not in ("pointer", "unknown", "int"):
            return {symbol}
        if symbol.role == "argument" and not symbol.writes and not symbol.address_taken:
            return {symbol}  # what it holds lies in the memory that it names
        return {symbol, *held}

    # Reading ------------------------------------------------------------------------------------------------------

    def _collect(self, info: FunctionInfo) -> None:
        for node in walk(info.node.body):
            match node:
                case c_ast.Decl() if node.init is not None:
                    symbol = self.program.symbols.get(id(node))
                    if symbol is not None:
                        self._assigned([Pointee(symbol, Level.ITSELF)], symbol, node.init)
                case c_ast.Assignment():
                    self._stored(node)
                case c_ast.Return() if node.expr is not None and self._carries(info.returns):
                    self._gives |= self.lvalues.targets(node.expr)
                case c_ast.FuncCall():
                    self._called(node)

    def _carries(self, kind: CType) -> bool:
        return kind.kind in ("pointer", "unknown") or self.program.holds_pointers(kind)

    def _stored(self, node: c_ast.Assignment) -> None:
        place = self.lvalues.place(node.lvalue)
        whole = place.symbol if isinstance(node.lvalue, c_ast.ID) else None
        kind = self.program.type_of(node.lvalue)
        if not self._carries(kind) and not _of_pointer(node.rvalue):
            return
        if whole is not None:
            into = [Pointee(whole, Level.ITSELF)]
        elif place.symbol is None:
            into = list(place.anywhere)
        else:
            into = [Pointee(place.symbol, Level.REACHED if place.stray else Level.VALUE)]
        self._assigned(into, whole, node.rvalue)

    def _assigned(self, into: list[Pointee], whole: Symbol | None, value: Any) -> None:
        if whole is not None and not self._carries(whole.ctype):
            if whole.ctype.kind != "int" or not _of_pointer(value):
                return
            self.lvalues.numbers.add(whole)
        targets = self.lvalues.targets(value)
        if targets:
            self._edges.append((tuple(into), tuple(targets)))

    def _called(self, node: c_ast.FuncCall) -> None:
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        found = self.known(name)
        if found is None:
            if name in self.program.functions:  # Recursion: what it keeps may be anything.
                values = node.args.exprs if node.args is not None else []
                every = tuple(Pointee(t.symbol, Level.REACHED) for value in values for t in self.lvalues.targets(value))
                self._edges.append((every, every))
            return
        given = self._given(node, found)
        for keeper, kept in found.kept.items():
            into = [Pointee(target.symbol, Level.REACHED) for target in given.get(keeper, ())]
            value = [Pointee(target.symbol, Level.REACHED) for symbol in kept for target in given.get(symbol, ())]
            if into and value:
                self._edges.append((tuple(into), tuple(value)))

    def _given(self, node: c_ast.FuncCall, found: Pointing) -> dict[Symbol, set[Pointee]]:
        """What stands for the arguments of a function that is called, and for globals."""
        values = node.args.exprs if node.args is not None else []
        given = {symbol: self.lvalues.targets(value) for symbol, value in zip(found.arguments, values, strict=False)}
        for symbol in {*found.kept, *found.returned, *(one for kept in found.kept.values() for one in kept)}:
            if symbol.role != "argument":
                given[symbol] = {Pointee(symbol, Level.ITSELF)}
        return given

    def _returned(self, node: c_ast.FuncCall) -> set[Pointee]:
        found = self.known(node.name.name) if isinstance(node.name, c_ast.ID) else None
        if found is None:
            values = node.args.exprs if node.args is not None else []
            kind = self.program.type_of(node)
            if kind.kind in ("int", "float", "void", "fixed"):
                return set()
            return {Pointee(one.symbol, Level.REACHED) for value in values for one in self.lvalues.targets(value)}
        given = self._given(node, found)
        return {Pointee(one.symbol, Level.REACHED) for symbol in found.returned for one in given.get(symbol, ())}

    def _close(self) -> None:
        changed = True
        while changed:
            changed = False
            for into, value in self._edges:
                kept = self.objects(value)
                for symbol in self.objects(into):
                    held = self.held.setdefault(symbol, set())
                    before = len(held)
                    held |= kept
                    changed = changed or len(held) != before


def _of_pointer(node: Any) -> bool:
    """Whether an expression may be a number that is made of a pointer."""
    return isinstance(node, c_ast.Cast) or (
        isinstance(node, c_ast.BinaryOp) and (_of_pointer(node.left) or _of_pointer(node.right))
    )
