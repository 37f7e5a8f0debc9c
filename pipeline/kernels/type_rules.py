"""The types of a program's declarations and expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    promote,
    struct_of,
    usual,
)
from pipeline.kernels.execution import KnownCalls
from pipeline.kernels.expressions import constant_of, evaluate
from pipeline.kernels.literals import literal, string
from pipeline.kernels.scopes import Scopes
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value, constant, fitted
from pipeline.program import Layout

_LONGEST = 4096
"""Entries of a table that are looked at for the range of their values."""

_PLAIN = ("int", "float", "pointer")
"""Kinds of what takes one expression of an initialiser, with or without braces."""


class Types(Scopes):
    """Types by name, tag and expression, and the names that are the same constant everywhere."""

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        super().__init__(layouts)
        self._constants: dict[int, Value | None] = {}
        self._calls = KnownCalls()

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a name that is the same constant everywhere."""
        if isinstance(node, c_ast.StructRef):
            return None
        symbol = self.symbol(node)
        return self.constant_value(symbol) if symbol else None

    def called(self, name: str, given: Sequence[Value]) -> Value | None:
        """What a function of the file, read before, returns for numbers; None where unknown or it does more."""
        info = self.functions.get(name)
        if info is None or info is self.current:
            return None
        return self._calls.called(info, given, self, self.symbols)

    def constant_value(self, symbol: Symbol) -> Value | None:
        """The value of an enum constant, or of an integer that nothing in this file or another can change."""
        if symbol.number is not None:
            return constant(symbol.number)
        if id(symbol) in self._constants:
            return self._constants[id(symbol)]
        self._constants[id(symbol)] = None
        fixed = symbol.ctype.const or (symbol.private and not self.scopes and not symbol.writes)
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

    def type_of(self, node: Any) -> CType:
        """The type of an expression; ``unknown`` where it is not needed or not derivable."""
        match node:
            case c_ast.ID():
                symbol = self.symbol(node)
                return symbol.ctype if symbol else UNKNOWN
            case c_ast.Constant():
                if node.type.endswith("string"):
                    element, found = string(node.value)
                    return array_of(element, len(found))
                if node.type.endswith("char"):
                    value = literal(node.value, node.type)
                    return value.ctype if value is not None else INT
                return basic(node.type.split())
            case c_ast.Cast():
                return self.ctype(node.to_type)
            case c_ast.ArrayRef():
                return self.type_of(node.name).element or UNKNOWN
            case c_ast.UnaryOp(op="*"):
                return self.type_of(node.expr).element or UNKNOWN
            case c_ast.UnaryOp(op="&"):
                return pointer_to(self.type_of(node.expr))
            case c_ast.CompoundLiteral():
                kind = self.ctype(node.type)
                if kind.kind == "array" and kind.length is None:
                    kind = array_of(kind.element or UNKNOWN, self.initialised_length(node.init, kind.element))
                return kind
            case c_ast.UnaryOp(op="sizeof" | "_Alignof"):
                return integer("size_t")
            case c_ast.UnaryOp(op="!"):
                return INT
            case c_ast.UnaryOp():
                kind = self.type_of(node.expr)
                return kind if node.op in ("p++", "p--", "++", "--") else promote(kind) or kind
            case c_ast.BinaryOp():
                if node.op in ("<", "<=", ">", ">=", "==", "!=", "&&", "||"):
                    return INT
                left, right = self.type_of(node.left), self.type_of(node.right)
                if node.op in ("<<", ">>"):
                    return promote(left) or left
                if left.kind == "float" or right.kind == "float":
                    return max(left, right, key=lambda kind: (kind.kind == "float", kind.bits or 0))
                for kind in (left, right):
                    if kind.kind in ("pointer", "array"):
                        return kind
                return usual(left, right) or UNKNOWN
            case c_ast.Assignment():
                return self.type_of(node.lvalue)
            case c_ast.TernaryOp():
                yes, no = self.type_of(node.iftrue), self.type_of(node.iffalse)
                return usual(yes, no) or (yes if yes.kind != "unknown" else no)
            case c_ast.StructRef():
                kind = self.type_of(node.name)
                if node.type == "->":
                    kind = kind.element or UNKNOWN
                return self._member_type(kind, node.field.name) or UNKNOWN
            case c_ast.ExprList():
                return self.type_of(node.exprs[-1]) if node.exprs else UNKNOWN
            case c_ast.FuncCall(name=c_ast.ID(name="offsetof")):
                return integer("size_t")
            case c_ast.FuncCall(name=c_ast.ID()):
                info = self.functions.get(node.name.name)
                if info is not None:
                    return info.returns
                declared = self.prototypes.get(node.name.name)
                return declared.element or UNKNOWN if declared is not None else UNKNOWN
        return UNKNOWN

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
                length = constant_of(node.dim, self) if node.dim is not None else None
                return array_of(self.ctype(node.type), length)
            case c_ast.IdentifierType():
                if len(node.names) == 1:
                    for scope in reversed(self.types):
                        if node.names[0] in scope:
                            return scope[node.names[0]]
                    known = library_type(node.names[0])
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
                return self.ctype(node.expr) if isinstance(node.expr, c_ast.Typename) else self.sized_type(node.expr)
        return UNKNOWN

    def _record(self, node: Any) -> CType:
        word = "union" if isinstance(node, c_ast.Union) else "struct"
        tag = f"{word} {node.name}" if node.name else word
        if node.decls is None:
            for scope in reversed(self.tags):
                if tag in scope:
                    return scope[tag]
            return CType("struct", tag, tag=tag)
        members: list[tuple[str, CType]] = []
        file_scope = len(self.tags) == 1
        odd = bool(getattr(node, "attributes", None)) or bool(self.layouts and not file_scope)
        for decl in node.decls:
            if not isinstance(decl, c_ast.Decl):
                continue
            odd = odd or decl.bitsize is not None or bool(decl.align) or is_attributed(decl.quals or [])
            kind = self.ctype(decl)
            members.append((decl.name or "", kind if decl.bitsize is None else self._bit_field(kind, decl.bitsize)))
        kind = struct_of(tag, members, union=word == "union", packed_or_bitfields=odd)
        if file_scope and tag in self.layouts:
            kind = laid_out(kind, *self.layouts[tag])
        if node.name:
            self.tags[-1][tag] = kind
        return kind

    def _bit_field(self, kind: CType, size: Any) -> CType:
        """The type of a bit-field: what it holds wraps at its width."""
        width = constant_of(size, self)
        if kind.kind != "int" or not width or width > (kind.bits or 0):
            return UNKNOWN
        return kind if kind.range == (0, 1) else replace(kind, bits=width)

    def members(self, kind: CType) -> dict[str, CType]:
        """The members of a struct, which may have been declared after the type was named."""
        return dict(kind.members or (self.tags[0].get(kind.tag or "") or kind).members)

    def _member_type(self, kind: CType, name: str) -> CType | None:
        """The type of a member, those of unnamed structs and unions within among them."""
        members = self.members(kind)
        if name in members:
            return members[name]
        inner = (self._member_type(part, name) for part_name, part in self._listed(kind) if not part_name)
        return next((found for found in inner if found is not None), None)

    def _listed(self, kind: CType) -> tuple[tuple[str, CType], ...]:
        return kind.members or (self.tags[0].get(kind.tag or "") or kind).members

    def offset(self, kind: CType, name: str) -> tuple[int, CType] | None:
        """Where a member of a struct lies, in bits, and its type; None where the compiler alone knows."""
        whole = kind if kind.members else self.tags[0].get(kind.tag or "") or kind
        for (part_name, part), at in zip(whole.members, whole.offsets, strict=False):
            if part_name == name:
                return at, part
            inner = self.offset(part, name) if not part_name else None
            if inner is not None:
                return at + inner[0], inner[1]
        return None

    def initialised_length(self, init: Any, element: CType | None) -> int | None:
        """The length that an initialiser gives an array without one, None where it cannot be counted."""
        if isinstance(init, c_ast.Constant) and init.type.endswith("string"):
            return len(string(init.value)[1])
        if not isinstance(init, c_ast.InitList):
            return None
        if len(init.exprs) == 1 and isinstance(init.exprs[0], c_ast.Constant) and element and element.kind == "int":
            return self.initialised_length(init.exprs[0], None) or 1
        places = self._placed(init)
        if places is None:
            return None
        if element is None or element.kind in ("array", "struct", "unknown"):
            # Elements of a row or struct may stand without braces of their own.
            whole = (c_ast.InitList, c_ast.CompoundLiteral)
            if any(not isinstance(item, whole) and self.type_of(item).kind != "struct" for _, item in places):
                return None
        return 1 + max((place for place, _ in places), default=-1)

    def _placed(self, init: c_ast.InitList) -> list[tuple[int, Any]] | None:
        """The expressions of an initialiser with their places in the array, None where a designator says no number."""
        found: list[tuple[int, Any]] = []
        place: int | None = 0
        for item in init.exprs:
            value = item
            if isinstance(item, c_ast.NamedInitializer):
                which = item.name[0]
                which = which.expr if isinstance(which, c_ast.ArrayDesignator) else which
                place = constant_of(which, self) if len(item.name) == 1 else None
                value = item.expr
            if place is None:
                return None
            found.append((place, value))
            place += 1
        return found

    def entry(self, node: Any, subscripts: Sequence[int | None]) -> Value | None:
        """An entry of a table that is the same everywhere; where a subscript is unknown, the range of all it may be.

        ``node`` is the element of the table that ``subscripts`` (outermost first) lead to.
        """
        parts: list[Any] = []
        while isinstance(node, c_ast.ArrayRef) or (isinstance(node, c_ast.StructRef) and node.type == "."):
            parts.append(node)
            node = node.name
        symbol = self.symbol(node) if isinstance(node, c_ast.ID) else None
        if symbol is None or symbol.init is None or not parts or not symbol.ctype.base.const or symbol.address_taken:
            return None
        if symbol.ctype.kind == "pointer" or symbol.role == "argument":
            return None
        items, kind, left = [symbol.init], symbol.ctype, list(subscripts)
        for part in reversed(parts):
            if isinstance(part, c_ast.ArrayRef):
                if kind.kind != "array" or kind.length is None:
                    return None
                element = kind.element or UNKNOWN
                chosen = self._elements(items, element, kind.length, left.pop(0))
                kind = element
            else:
                chosen = self._fields(items, kind, part.field.name)
                kind = self.members(kind).get(part.field.name, UNKNOWN)
            if chosen is None:
                return None
            items = chosen
        if kind.kind != "int":
            return None
        values = [fitted(constant(0) if item is None else evaluate(item, self), kind) for item in items]
        known = [value.exact for value in values if value.exact is not None]
        if not known or len(known) != len(values):
            return None
        return Value(min(known), max(known), kind) if min(known) != max(known) else constant(known[0], kind)

    def _elements(self, items: list[Any], element: CType, length: int, subscript: int | None) -> list[Any] | None:
        """What an element is set to, or each element that it may be; None for zero."""
        found: list[Any] = []
        for init in items:
            if init is None:
                found.append(None)
                continue
            placed = self._placed(init) if isinstance(init, c_ast.InitList) else None
            if placed is None or length > _LONGEST:
                return None
            if element.kind not in _PLAIN and not all(isinstance(item, c_ast.InitList) for _, item in placed):
                return None
            table = dict(placed)
            found += [table.get(at) for at in (range(length) if subscript is None else (subscript,))]
            if subscript is not None and not 0 <= subscript < length:
                return None
        return found

    def _fields(self, items: list[Any], kind: CType, name: str) -> list[Any] | None:
        """What a member is set to, in each of the structs; None for zero."""
        names = [member for member, _ in self._listed(kind)]
        if kind.union or name not in names or "" in names:
            return None
        found: list[Any] = []
        for init in items:
            if init is None:
                found.append(None)
                continue
            if not isinstance(init, c_ast.InitList):
                return None
            at, table = 0, {}
            for item in init.exprs:
                value = item
                if isinstance(item, c_ast.NamedInitializer):
                    if len(item.name) != 1 or not isinstance(item.name[0], c_ast.ID) or item.name[0].name not in names:
                        return None
                    at, value = names.index(item.name[0].name), item.expr
                if at >= len(names):
                    return None
                braced = isinstance(value, c_ast.InitList) or self._listed(kind)[at][1].kind in _PLAIN
                if not braced and names[at] != name:
                    return None
                table[names[at]] = value
                at += 1
            found.append(table.get(name))
        return found

    def _enumerators(self, node: c_ast.Enum) -> None:
        if node.values is None:
            return
        following: int | None = 0
        for item in node.values.enumerators:
            # One that is declared within an expression is met again when its scope is closed.
            if not isinstance(item, c_ast.Enumerator) or not self.scopes or item.name in self.scopes[-1]:
                continue
            number = constant_of(item.value, self) if item.value is not None else following
            owner = self.current.name if self.current else None
            line = item.coord.line if item.coord else 0
            self.scopes[-1][item.name] = Symbol(item.name, INT, "constant", owner, line, number=number)
            following = number + 1 if number is not None else None
