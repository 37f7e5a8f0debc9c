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
from pipeline.kernels.literals import character, string_length
from pipeline.kernels.scopes import Scopes
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value, constant, fitted
from pipeline.program import Layout


class Types(Scopes):
    """Types by name, tag and expression, and the names that are the same constant everywhere."""

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        super().__init__(layouts)
        self._constants: dict[int, Value | None] = {}
        self._calls = KnownCalls()
        self._holding: dict[tuple[str, int], bool] = {}

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a name that is the same constant everywhere."""
        if isinstance(node, c_ast.StructRef):
            return None
        symbol = self.symbol(node)
        return self.constant_value(symbol) if symbol else None

    def table(self, node: c_ast.ID) -> tuple[CType, Any] | None:
        """The type and initialiser of a constant array or struct."""
        symbol = self.symbol(node)
        if symbol is None or symbol.init is None or symbol.role not in ("global", "static", "local"):
            return None
        return (symbol.ctype, symbol.init) if symbol.ctype.base.const or symbol.ctype.const else None

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

    def holds_pointers(self, kind: CType) -> bool:
        """Whether a pointer is a value of a type or lies within one."""
        while kind.kind == "array" and kind.element is not None:
            kind = kind.element
        if kind.kind != "struct":
            return kind.kind == "pointer"
        key = (kind.tag or kind.name, len(kind.members))
        if key not in self._holding:
            self._holding[key] = False
            self._holding[key] = any(self.holds_pointers(member) for member in self.members(kind).values())
        return self._holding[key]

    def type_of(self, node: Any) -> CType:
        """The type of an expression; ``unknown`` where it is not needed or not derivable."""
        match node:
            case c_ast.ID():
                symbol = self.symbol(node)
                return symbol.ctype if symbol else UNKNOWN
            case c_ast.Constant():
                if node.type.endswith("string"):
                    return array_of(character(node.value), string_length(node.value))
                if node.type == "char":
                    return INT
                return basic(node.type.split())
            case c_ast.Cast():
                return self.ctype(node.to_type)
            case c_ast.ArrayRef():
                return self.type_of(node.name).element or UNKNOWN
            case c_ast.UnaryOp(op="*"):
                return self.type_of(node.expr).element or UNKNOWN
            case c_ast.CompoundLiteral():
                return self.initialised(self.ctype(node.type), node.init)
            case c_ast.UnaryOp(op="&"):
                return pointer_to(self.type_of(node.expr))
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
                return self.members(kind).get(node.field.name, UNKNOWN)
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

    def initialised(self, kind: CType, init: Any) -> CType:
        """The type of what has this initialiser: an array without a length gets one where it can be counted."""
        if kind.kind != "array" or kind.length is not None:
            return kind
        element = kind.element or UNKNOWN
        return array_of(element, self._initialised_length(init, element))

    def _initialised_length(self, init: Any, element: CType) -> int | None:
        if isinstance(init, c_ast.Constant) and init.type.endswith("string"):
            return string_length(init.value)
        if not isinstance(init, c_ast.InitList):
            return None
        if len(init.exprs) == 1 and isinstance(init.exprs[0], c_ast.Constant) and element.kind == "int":
            return self._initialised_length(init.exprs[0], element) or 1
        length = following = 0
        for item in init.exprs:
            value = item
            if isinstance(item, c_ast.NamedInitializer):
                designator, value = item.name[0], item.expr
                place = constant_of(getattr(designator, "expr", designator), self)
                if place is None or len(item.name) > 1:
                    return None
                following = place
            if element.kind == "array" and not isinstance(value, c_ast.InitList):
                return None  # several values without braces may be one row
            if element.kind == "struct" and not (
                isinstance(value, c_ast.InitList) or self.type_of(value).kind == "struct"
            ):
                return None
            following += 1
            length = max(length, following)
        return length

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
            kind = laid_out(kind, self.layouts[tag])
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
        """The members of a struct, those of unnamed ones too; it may have been declared after it was named."""
        found: dict[str, CType] = {}
        for name, member in self.own_members(kind):
            found |= {name: member} if name else self.members(member)
        return found

    def own_members(self, kind: CType) -> tuple[tuple[str, CType], ...]:
        """Its members in order, those without a name as one."""
        return kind.members or (self.tags[0].get(kind.tag or "") or kind).members

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
