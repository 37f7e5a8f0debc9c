"""What a name refers to: by its node, or by the scopes that are open while a program is read."""

from __future__ import annotations

from collections.abc import Mapping

from pycparser import c_ast

from pipeline.kernels.c_types import CType
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.program import Layout


class Scopes:
    """``symbols`` by identity of an ``ID`` or ``Decl`` node, functions and globals by name."""

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        self.symbols: dict[int, Symbol] = {}
        self.functions: dict[str, FunctionInfo] = {}
        self.globals: list[Symbol] = []
        self.scopes: list[dict[str, Symbol]] = [{}]
        self.types: list[dict[str, CType]] = [{}]
        self.tags: list[dict[str, CType]] = [{}]
        self.current: FunctionInfo | None = None
        self.layouts = layouts
        self.prototypes: dict[str, CType] = {}

    def symbol(self, node: c_ast.ID) -> Symbol | None:
        """What a name refers to; inside a declaration that is being read, by the scopes that are open."""
        found = self.symbols.get(id(node))
        if found is None and self.scopes:
            found = self._find(node.name)
        return found

    def _find(self, name: str) -> Symbol | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None
