"""C types as far as costs depend on them: integer or floating point, and how wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pycparser import c_ast


@dataclass(frozen=True, slots=True)
class CType:
    """``kind`` is ``int``, ``float``, ``double``, ``struct`` or ``void``; width in bits."""

    kind: str
    bits: int
    struct: str | None = None


INT = CType("int", 32)
_KNOWN = {"bool": CType("int", 1), "_Bool": CType("int", 1), "size_t": CType("int", 64), "ptrdiff_t": CType("int", 64)}
for _bits in (8, 16, 32, 64):
    _KNOWN[f"int{_bits}_t"] = _KNOWN[f"uint{_bits}_t"] = CType("int", _bits)


class Types:
    """The typedefs and structs of one file."""

    def __init__(self, ast: Any) -> None:
        self._typedefs: dict[str, Any] = {}
        self._structs: dict[str, dict[str, Any]] = {}
        for item in ast.ext:
            if isinstance(item, c_ast.Typedef):
                self._typedefs[item.name] = item.type
            self._collect(item)

    def _collect(self, node: Any) -> None:
        if isinstance(node, (c_ast.Struct, c_ast.Union)) and node.decls:
            fields = {field.name: field.type for field in node.decls if isinstance(field, c_ast.Decl)}
            self._structs[node.name or f"@{id(node)}"] = fields
        if isinstance(node, (c_ast.Decl, c_ast.Typedef, c_ast.TypeDecl, c_ast.ArrayDecl, c_ast.PtrDecl)):
            self._collect(node.type)

    def of(self, node: Any, depth: int = 0) -> CType:
        """The element type of a declaration's type: arrays and pointers are looked through."""
        while isinstance(node, (c_ast.ArrayDecl, c_ast.PtrDecl, c_ast.TypeDecl, c_ast.Typename, c_ast.Decl)):
            node = node.type
        if isinstance(node, (c_ast.Struct, c_ast.Union)):
            return CType("struct", 0, node.name or f"@{id(node)}")
        if not isinstance(node, c_ast.IdentifierType) or depth > 20:
            return INT
        names = node.names
        if len(names) == 1 and names[0] in _KNOWN:
            return _KNOWN[names[0]]
        if len(names) == 1 and names[0] in self._typedefs:
            return self.of(self._typedefs[names[0]], depth + 1)
        if "double" in names:
            return CType("double", 64)
        if "float" in names:
            return CType("float", 32)
        if "void" in names:
            return CType("void", 0)
        if "char" in names:
            return CType("int", 8)
        if "short" in names:
            return CType("int", 16)
        if "long" in names:
            return CType("int", 64)
        return INT

    def shape(self, node: Any, depth: int = 0) -> Any:
        """The declaration's type with typedefs of arrays resolved at the outermost level."""
        inner = node
        while isinstance(inner, c_ast.TypeDecl):
            inner = inner.type
        if isinstance(inner, c_ast.IdentifierType) and len(inner.names) == 1 and depth < 20:
            found = self._typedefs.get(inner.names[0])
            if found is not None and isinstance(found, (c_ast.ArrayDecl, c_ast.PtrDecl)):
                return found
            if isinstance(found, c_ast.TypeDecl) and isinstance(found.type, c_ast.IdentifierType):
                return self.shape(found, depth + 1)
        return node

    def field(self, struct: str | None, name: str) -> Any | None:
        """The declared type of a struct's field, None where unknown."""
        return self._structs.get(struct or "", {}).get(name)


def wider(left: CType, right: CType) -> CType:
    """The type of ``left op right`` by the usual arithmetic conversions, without promotion to int."""
    for kind in ("double", "float"):
        if kind in (left.kind, right.kind):
            return CType(kind, 64 if kind == "double" else 32)
    return left if left.bits >= right.bits else right
