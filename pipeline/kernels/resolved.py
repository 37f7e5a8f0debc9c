"""A file whose names are resolved: its functions, its globals, and what each name in it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import UNKNOWN, CType, pointer_to
from pipeline.kernels.declarators import Declarators
from pipeline.kernels.expression_types import expression_type
from pipeline.kernels.expressions import constant_of, evaluate
from pipeline.kernels.scopes import Scopes
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.values import Value, constant, fitted
from pipeline.program import Layout


class Program:
    """A file's functions and globals, by name and in its order; what a name in it refers to, by the name's node.

    :func:`pipeline.kernels.resolve.resolved` fills it. As a scope it knows only what is constant everywhere.
    """

    def __init__(self, file: str, layouts: Mapping[str, Layout]) -> None:
        self.file = file
        self.symbols: dict[int, Symbol] = {}
        """By identity of an ``ID``, ``StructRef`` or ``Decl`` node."""
        self.functions: dict[str, FunctionInfo] = {}
        self.globals: list[Symbol] = []
        self.returned: dict[str, CType] = {}
        """What functions return that are declared, by name."""
        self.scopes = Scopes()
        """Those that are open while the file is read; afterwards the file's own."""
        self.reading = True
        self.declarators = Declarators(self, self.scopes, layouts)
        self._constants: dict[int, Value | None] = {}

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a name that is the same constant everywhere."""
        if isinstance(node, c_ast.StructRef):
            return None
        symbol = self.symbol(node)
        return self.constant_value(symbol) if symbol else None

    def symbol(self, node: c_ast.ID) -> Symbol | None:
        """What a name refers to; inside a declaration that is being read, by the scopes that are open."""
        found = self.symbols.get(id(node))
        return self.scopes.named(node.name) if found is None and self.reading else found

    def constant_value(self, symbol: Symbol) -> Value | None:
        """The value of an enum constant, or of an integer that nothing in this file or another can change."""
        if symbol.number is not None:
            return constant(symbol.number)
        if id(symbol) in self._constants:
            return self._constants[id(symbol)]
        self._constants[id(symbol)] = None
        fixed = symbol.ctype.const or (symbol.private and not self.reading and not symbol.writes)
        value = None
        if fixed and not symbol.address_taken and symbol.ctype.kind == "int" and symbol.init is not None:
            value = evaluate(symbol.init, self)
            if value.exact is None:
                value = None
        if value is None:
            del self._constants[id(symbol)]
        else:
            self._constants[id(symbol)] = value = fitted(value, symbol.ctype)
        return value

    def constant_at(self, node: Any, local: Iterable[Symbol]) -> int | None:
        """The value of an expression from outside the text where these locals are seen, None where it has none."""
        names = self.scopes.names
        names.append({symbol.name: symbol for symbol in local})
        self.reading = True
        try:
            return constant_of(node, self)
        finally:
            self.reading = False
            names.pop()

    def type_of(self, node: Any) -> CType:
        """The type of an expression; ``unknown`` where it is not needed or not derivable."""
        return expression_type(node, self)

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof node`` measures; an array argument is a pointer."""
        if isinstance(node, c_ast.Typename):
            return self.ctype(node)
        kind = self.type_of(node)
        if isinstance(node, c_ast.ID) and kind.kind == "array":
            symbol = self.symbol(node)
            if symbol is not None and symbol.role == "argument":
                return pointer_to(kind.element or UNKNOWN)
        return kind

    def ctype(self, node: Any) -> CType:
        """The type that a declarator, type name or specifier stands for."""
        return self.declarators.ctype(node)

    def members(self, kind: CType) -> dict[str, CType]:
        """The members of a struct, which may have been declared after the type was named."""
        return self.declarators.members(kind)
