"""Who is who in a syntax tree: every name resolved to the object it names, with types and what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
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
from pipeline.kernels.expressions import constant_of, evaluate
from pipeline.kernels.values import Value, constant, fitted
from pipeline.program import Layout


@dataclass(eq=False, slots=True)
class Symbol:
    """One declared object or function."""

    name: str
    ctype: CType
    role: str
    """``argument``, ``local``, ``static``, ``global``, ``constant`` (of an enum) or ``function``."""
    function: str | None
    line: int
    init: Any = None
    number: int | None = None
    """Value of an enum constant."""
    private: bool = False
    """A global that no other file can change."""
    writes: int = 0
    address_taken: bool = False
    members: dict[str, Symbol] = field(default_factory=dict)
    """Members of a struct that are named on their own: variables like any other."""
    parent: Symbol | None = None
    """Of a member: the struct that it is in."""
    given: Value | None = None
    """Of an argument: what all calls in the file give it."""

    def take_address(self) -> None:
        """From here its value may change unseen."""
        self.address_taken = True
        for member in self.members.values():
            member.take_address()


@dataclass(eq=False, slots=True)
class FunctionInfo:
    """A function that has a body."""

    name: str
    node: c_ast.FuncDef
    returns: CType
    arguments: list[Symbol] = field(default_factory=list)
    locals: list[Symbol] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)
    """Names called, in source order."""
    gotos: set[str] = field(default_factory=set)


class Program:
    """The resolved file: ``symbols`` by identity of an ``ID`` or ``Decl`` node, functions and globals by name."""

    def __init__(self, ast: c_ast.FileAST, is_library: Callable[[str], bool], file: str) -> None:
        self.file = file
        self.is_library = is_library
        self.symbols: dict[int, Symbol] = {}
        self.functions: dict[str, FunctionInfo] = {}
        self.globals: list[Symbol] = []
        self.scopes: list[dict[str, Symbol]] = [{}]
        self.types: list[dict[str, CType]] = [{}]
        self.tags: list[dict[str, CType]] = [{}]
        self.current: FunctionInfo | None = None
        self._constants: dict[int, Value | None] = {}
        self._prototypes: dict[str, CType] = {}
        self.layouts: Mapping[str, Layout] = getattr(ast, "layouts", {})
        for node in ast.ext:
            self._external(node)

    # Scope protocol: only what is constant everywhere ------------------------------------------------------------

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a name that is the same constant everywhere."""
        if isinstance(node, c_ast.StructRef):
            return None
        symbol = self.symbol(node)
        return self.constant_value(symbol) if symbol else None

    def symbol(self, node: c_ast.ID) -> Symbol | None:
        """What a name refers to; inside a declaration that is being read, by the scopes that are open."""
        found = self.symbols.get(id(node))
        if found is None and self.scopes:
            found = self._find(node.name)
        return found

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
                if node.type == "string":
                    return array_of(integer("char"), None)
                if node.type == "char":
                    return INT
                return basic(node.type.split())
            case c_ast.Cast():
                return self.ctype(node.to_type)
            case c_ast.ArrayRef():
                return self.type_of(node.name).element or UNKNOWN
            case c_ast.UnaryOp(op="*"):
                return self.type_of(node.expr).element or UNKNOWN
            case c_ast.UnaryOp(op="&"):
                return pointer_to(self.type_of(node.expr))
            case c_ast.UnaryOp(op="sizeof"):
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
            case c_ast.FuncCall(name=c_ast.ID()):
                info = self.functions.get(node.name.name)
                if info is not None:
                    return info.returns
                declared = self._prototypes.get(node.name.name)
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

    # Types -------------------------------------------------------------------------------------------------------

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
            members.append((decl.name or "", self.ctype(decl)))
        kind = struct_of(tag, members, union=word == "union", packed_or_bitfields=odd)
        if file_scope and tag in self.layouts:
            kind = laid_out(kind, *self.layouts[tag])
        if node.name:
            self.tags[-1][tag] = kind
        return kind

    def members(self, kind: CType) -> dict[str, CType]:
        """The members of a struct, which may have been declared after the type was named."""
        return dict(kind.members or (self.tags[0].get(kind.tag or "") or kind).members)

    def _enumerators(self, node: c_ast.Enum) -> None:
        if node.values is None:
            return
        following: int | None = 0
        for item in node.values.enumerators:
            if not isinstance(item, c_ast.Enumerator) or item.name in self.scopes[-1]:
                continue
            number = constant_of(item.value, self) if item.value is not None else following
            owner = self.current.name if self.current else None
            line = item.coord.line if item.coord else 0
            self.scopes[-1][item.name] = Symbol(item.name, INT, "constant", owner, line, number=number)
            following = number + 1 if number is not None else None

    # Declarations and scopes -------------------------------------------------------------------------------------

    def _find(self, name: str) -> Symbol | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def _external(self, node: Any) -> None:
        if isinstance(node, c_ast.FuncDef):
            self._function(node)
        elif isinstance(node, c_ast.Typedef):
            self._typedef(node)
        elif isinstance(node, c_ast.Decl):
            self._declare(node)

    def _typedef(self, node: c_ast.Typedef) -> None:
        kind = library_type(node.name) if node.coord and self.is_library(node.coord.file) else None
        if kind is None:
            kind = self.ctype(node)
            if len(self.types) == 1 and node.name in self.layouts:
                kind = laid_out(kind, *self.layouts[node.name])
            name = f"{node.name}*" if kind.kind == "pointer" else node.name
            kind = _named(kind, name)
        self.types[-1][node.name] = kind

    def _declare(self, node: c_ast.Decl) -> Symbol | None:
        if node.name is None:
            self.ctype(node)
            return None
        kind = self.ctype(node)
        line = node.coord.line if node.coord else 0
        storage = node.storage or []
        if kind.kind == "function":
            self._prototypes[node.name] = kind
            if node.name not in self.scopes[0]:
                self.scopes[0][node.name] = Symbol(node.name, kind, "function", None, line)
            return None
        if kind.kind == "array" and kind.length is None and node.init is not None:
            kind = array_of(kind.element or UNKNOWN, _initialised_length(node.init))
        if self.current is None:
            symbol = self.scopes[0].get(node.name)
            if symbol is None or symbol.role != "global":
                symbol = Symbol(node.name, kind, "global", None, line)
                self.globals.append(symbol)
            if symbol.ctype.bits is None:
                symbol.ctype = kind
            symbol.private = symbol.private or "static" in storage
        elif "extern" in storage:
            found = self.scopes[0].get(node.name)
            symbol = found or Symbol(node.name, kind, "global", None, line)
            if found is None:
                self.globals.append(symbol)
        else:
            role = "static" if "static" in storage else "local"
            symbol = Symbol(node.name, kind, role, self.current.name, line, private=True)
            self.current.locals.append(symbol)
        if node.init is not None:
            symbol.init = node.init
        self.scopes[-1][node.name] = symbol
        self.symbols[id(node)] = symbol
        if node.init is not None:
            self._expression(node.init)
        return symbol

    def _function(self, node: c_ast.FuncDef) -> None:
        declarator = node.decl.type
        line = node.decl.coord.line if node.decl.coord else 0
        if node.param_decls:
            raise PipelineError(
                f"function {node.decl.name} declares its arguments in the old style (K&R)",
                file=node.decl.coord.file if node.decl.coord else self.file,
                line=line,
                fix="write the types inside the parentheses",
            )
        if node.decl.name in self.functions:
            raise PipelineError(
                f"function {node.decl.name} is defined twice", file=node.decl.coord.file, line=line, fix="keep one"
            )
        info = FunctionInfo(node.decl.name, node, self.ctype(declarator.type))
        self.functions[info.name] = info
        self.scopes[0][info.name] = Symbol(info.name, CType("function", "function"), "function", None, line)
        self._open()
        self.current = info
        for parameter in declarator.args.params if declarator.args else []:
            if isinstance(parameter, c_ast.Decl) and parameter.name:
                kind = self.ctype(parameter)
                symbol = Symbol(parameter.name, kind, "argument", info.name, parameter.coord.line, private=True)
                info.arguments.append(symbol)
                self.scopes[-1][symbol.name] = symbol
                self.symbols[id(parameter)] = symbol
        self._statement(node.body)
        self.current = None
        self._close()

    def _open(self) -> None:
        self.scopes.append({})
        self.types.append({})
        self.tags.append({})

    def _close(self) -> None:
        self.scopes.pop()
        self.types.pop()
        self.tags.pop()

    def close(self) -> None:
        """End of reading: from here names are known by their nodes alone."""
        self.globals_by_name = dict(self.scopes[0])
        self.scopes = []

    # Walk --------------------------------------------------------------------------------------------------------

    def _statement(self, node: Any) -> None:
        match node:
            case None:
                return
            case c_ast.Decl():
                self._declare(node)
            case c_ast.Typedef():
                self._typedef(node)
            case c_ast.Compound():
                self._open()
                for item in node.block_items or []:
                    self._statement(item)
                self._close()
            case c_ast.For():
                self._open()
                for part in (node.init, node.cond, node.next, node.stmt):
                    self._statement(part)
                self._close()
            case c_ast.DeclList():
                for item in node.decls:
                    self._statement(item)
            case c_ast.Goto():
                if self.current:
                    self.current.gotos.add(node.name)
            case c_ast.If() | c_ast.While() | c_ast.DoWhile() | c_ast.Switch():
                for child in node:
                    self._statement(child)
            case c_ast.Label() | c_ast.Case() | c_ast.Default() | c_ast.Return():
                for child in node:
                    self._statement(child)
            case _:
                self._expression(node)

    def _expression(self, node: Any) -> None:
        match node:
            case c_ast.ID():
                symbol = self._find(node.name)
                if symbol is not None:
                    self.symbols[id(node)] = symbol
                return
            case c_ast.Assignment():
                self._written(node.lvalue)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                self._written(node.expr)
            case c_ast.UnaryOp(op="&"):
                if isinstance(node.expr, c_ast.ID):
                    symbol = self._find(node.expr.name)
                    if symbol is not None:
                        symbol.take_address()
                elif isinstance(node.expr, c_ast.StructRef):
                    self._expression(node.expr)
                    member = self.symbols.get(id(node.expr))
                    if member is not None:
                        member.take_address()
                    return
            case c_ast.FuncCall():
                if isinstance(node.name, c_ast.ID):
                    self._called(node.name)
                self._expression(node.name)
                if node.args is not None:
                    self._expression(node.args)
                return
            case c_ast.StructRef():
                self._expression(node.name)
                self._member(node)
                return
            case c_ast.NamedInitializer():
                for part in node.name:
                    if not isinstance(part, c_ast.ID):
                        self._expression(part)
                self._expression(node.expr)
                return
            case c_ast.Compound():
                raise PipelineError(
                    "statement expression ({ ... }) is not C",
                    file=node.coord.file if node.coord else self.file,
                    line=node.coord.line if node.coord else None,
                    fix="write it as a function or as plain statements",
                )
            case None | c_ast.Constant() | c_ast.Pragma():
                return
        for child in node:
            self._expression(child)

    def _member(self, node: c_ast.StructRef) -> None:
        """Resolves a member of a variable that is a struct; those of a union share their memory and are left alone."""
        base = self.symbols.get(id(node.name)) if isinstance(node.name, c_ast.ID | c_ast.StructRef) else None
        if base is None or node.type != "." or base.ctype.kind != "struct" or base.ctype.union:
            return
        name = node.field.name
        member = base.members.get(name)
        if member is None:
            kind = self.members(base.ctype).get(name, UNKNOWN)
            if kind.kind not in ("int", "float", "pointer", "struct"):
                return
            member = Symbol(
                f"{base.name}.{name}", kind, base.role, base.function, base.line, private=base.private, parent=base
            )
            member.address_taken = base.address_taken
            base.members[name] = member
        self.symbols[id(node)] = member

    def _called(self, name: c_ast.ID) -> None:
        if name.name in ("asm", "__asm__", "__asm"):
            raise PipelineError(
                "inline assembly is not supported",
                file=name.coord.file if name.coord else self.file,
                line=name.coord.line if name.coord else None,
                fix="write it as C",
            )
        if self.current is not None:
            self.current.calls[name.name] = None

    def _written(self, node: Any) -> None:
        if isinstance(node, c_ast.ID):
            symbol = self._find(node.name)
            if symbol is not None:
                symbol.writes += 1


def _named(kind: CType, name: str) -> CType:
    return kind if kind.kind == "array" else replace(kind, name=name)


def _initialised_length(init: Any) -> int | None:
    """The length that an initialiser gives an array without one, None where it cannot be counted."""
    if not isinstance(init, c_ast.InitList) or any(isinstance(item, c_ast.NamedInitializer) for item in init.exprs):
        return None
    return len(init.exprs)
