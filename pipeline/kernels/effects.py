"""What executing a piece of code may do to plain variables, members of local structs among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol
from pipeline.program.tree import LEAVES


@dataclass(slots=True)
class Effects:
    """Variables that are written, with the number of places, and whether anything is called."""

    writes: dict[Symbol, int] = field(default_factory=dict)
    calls: bool = False

    def add(self, other: Effects) -> None:
        """Takes in what another subtree does."""
        for symbol, count in other.writes.items():
            self.writes[symbol] = self.writes.get(symbol, 0) + count
        self.calls = self.calls or other.calls

    def write(self, symbol: Symbol) -> None:
        """Adds a write of a variable, which is one of its members too."""
        self.writes[symbol] = self.writes.get(symbol, 0) + 1
        for member in symbol.members.values():
            self.write(member)

    def change(self, symbol: Symbol) -> bool:
        """Whether the variable may have another value afterwards."""
        return symbol in self.writes or (self.calls and symbol.role in ("global", "static"))


_NONE = Effects()


class EffectsReader:
    """Effects of the subtrees of one program, remembered."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[int, Effects] = {}

    def of(self, node: Any) -> Effects:
        """The effects of a subtree; the result is shared and not to be changed."""
        if node is None:
            return _NONE
        kind = type(node)
        if kind in LEAVES:
            return _NONE
        found = self._known.get(id(node))
        if found is not None:
            return found
        result = Effects()
        written = None
        if kind is c_ast.Decl:
            written = node
        elif kind is c_ast.Assignment:
            written = node.lvalue
        elif kind is c_ast.UnaryOp and node.op in ("p++", "p--", "++", "--"):
            written = node.expr
        elif kind is c_ast.FuncCall:
            result.calls = True
        symbol = self.program.symbols.get(id(written)) if written is not None else None
        if symbol is not None:
            result.write(symbol)
        for child in node:
            inner = self.of(child)
            if inner is not _NONE:
                result.add(inner)
        if not result.writes and not result.calls:
            result = _NONE
        self._known[id(node)] = result
        return result
