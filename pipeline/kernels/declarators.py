"""The types that declarators, type names and specifiers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import (
    INT,
    UNKNOWN,
    CType,
    array_of,
    attributed,
    basic,
    integer,
    is_attributed,
    laid_out,
    library_type,
    pointer_to,
    struct_of,
)
from pipeline.kernels.expressions import Scope, constant_of
from pipeline.kernels.scopes import Scopes
from pipeline.kernels.symbols import Symbol
from pipeline.program import Layout


class Declarators:
    """Reads types by what the open ``scopes`` name; ``scope`` gives lengths and enumerators their values.

    ``layouts`` are what the compiler says of types at file scope, by tag or type name.
    """

    def __init__(self, scope: Scope, scopes: Scopes, layouts: Mapping[str, Layout]) -> None:
        self._scope = scope
        self._scopes = scopes
        self._layouts = layouts

    def ctype(self, node: Any) -> CType:
        """The type that a declarator, type name or specifier stands for."""
        match node:
            case c_ast.Typename() | c_ast.Decl() | c_ast.Typedef():
                return self.ctype(node.type)
            case c_ast.TypeDecl():
                kind = self.ctype(node.type)
                if "const" in (node.quals or []) and not kind.const:
                    kind = replace(kind, const=True)
                return attributed(kind, node.quals or [])
            case c_ast.PtrDecl():
                return pointer_to(self.ctype(node.type))
            case c_ast.ArrayDecl():
                length = constant_of(node.dim, self._scope) if node.dim is not None else None
                return array_of(self.ctype(node.type), length)
            case c_ast.IdentifierType():
                if len(node.names) == 1:
                    known = self._scopes.type_named(node.names[0]) or library_type(node.names[0])
                    if known is not None:
                        return known
                return basic(node.names)
            case c_ast.Enum():
                self._enumerators(node)
                return integer("unsigned int")
            case c_ast.Struct() | c_ast.Union():
                return self._record(node)
            case c_ast.FuncDecl():
                return CType("function", "function", None, element=self.ctype(node.type))
            case c_ast.TypeOf():
                return (
                    self.ctype(node.expr)
                    if isinstance(node.expr, c_ast.Typename)
                    else self._scope.sized_type(node.expr)
                )
        return UNKNOWN

    def _record(self, node: Any) -> CType:
        word = "union" if isinstance(node, c_ast.Union) else "struct"
        tag = f"{word} {node.name}" if node.name else word
        if node.decls is None:
            return self._scopes.tagged(tag) or CType("struct", tag, tag=tag)
        members: list[tuple[str, CType]] = []
        file_scope = self._scopes.of_file
        odd = bool(getattr(node, "attributes", None)) or bool(self._layouts and not file_scope)
        for decl in node.decls:
            if not isinstance(decl, c_ast.Decl):
                continue
            odd = odd or decl.bitsize is not None or bool(decl.align) or is_attributed(decl.quals or [])
            members.append((decl.name or "", self.ctype(decl)))
        kind = struct_of(tag, members, union=word == "union", packed_or_bitfields=odd)
        if file_scope and tag in self._layouts:
            kind = laid_out(kind, *self._layouts[tag])
        if node.name:
            self._scopes.tags[-1][tag] = kind
        return kind

    def members(self, kind: CType) -> dict[str, CType]:
        """The members of a struct, which may have been declared after the type was named."""
        return dict(kind.members or (self._scopes.tags[0].get(kind.tag or "") or kind).members)

    def _enumerators(self, node: c_ast.Enum) -> None:
        if node.values is None:
            return
        following: int | None = 0
        for item in node.values.enumerators:
            if not isinstance(item, c_ast.Enumerator) or item.name in self._scopes.names[-1]:
                continue
            number = constant_of(item.value, self._scope) if item.value is not None else following
            line = item.coord.line if item.coord else 0
            self._scopes.names[-1][item.name] = Symbol(
                item.name, INT, "constant", self._scopes.function, line, number=number
            )
            following = number + 1 if number is not None else None

    def typedef(self, node: c_ast.Typedef, library: bool) -> None:
        """Names a type; one of the ``library`` is known by its name."""
        kind = library_type(node.name) if library else None
        if kind is None:
            kind = self.ctype(node)
            if self._scopes.of_file and node.name in self._layouts:
                kind = laid_out(kind, *self._layouts[node.name])
            if kind.kind != "array":
                kind = replace(kind, name=f"{node.name}*" if kind.kind == "pointer" else node.name)
        self._scopes.types[-1][node.name] = kind
