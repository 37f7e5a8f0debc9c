"""Who is who in a syntax tree: every name resolved to the object it names, with types and what happens to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.c_types import UNKNOWN, CType, laid_out, library_type
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.type_rules import Types


class Program(Types):
    """The resolved file."""

    def __init__(self, ast: c_ast.FileAST, is_library: Callable[[str], bool], file: str) -> None:
        super().__init__(getattr(ast, "layouts", {}))
        self.file = file
        self.is_library = is_library
        for node in ast.ext:
            self._external(node)

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
                kind = laid_out(kind, self.layouts[node.name])
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
            self.prototypes[node.name] = kind
            if node.name not in self.scopes[0]:
                self.scopes[0][node.name] = Symbol(node.name, kind, "function", None, line)
            return None
        if node.init is not None:
            kind = self.initialised(kind, node.init)
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
            part = node.type
            while isinstance(part, c_ast.ArrayDecl):
                self._expression(part.dim)
                part = part.type
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
                    if node.name in self.current.labels:
                        self.current.goes_back.add(id(node))
            case c_ast.If() | c_ast.While() | c_ast.DoWhile() | c_ast.Switch():
                for child in node:
                    self._statement(child)
            case c_ast.Label():
                if self.current:
                    self.current.labels.add(node.name)
                self._statement(node.stmt)
            case c_ast.Case() | c_ast.Default() | c_ast.Return():
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
            case c_ast.ArrayRef():
                self._expression(node.name)
                self._expression(node.subscript)
                if self.type_of(node.name).element is None and self.type_of(node.subscript).element is not None:
                    node.name, node.subscript = node.subscript, node.name  # i[a] is a[i]
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
        if name not in dict(self.own_members(base.ctype)):
            return  # Of an unnamed union or struct within it.
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
        if self.current is not None:
            self.current.calls[name.name] = None

    def _written(self, node: Any) -> None:
        if isinstance(node, c_ast.ID):
            symbol = self._find(node.name)
            if symbol is not None:
                symbol.writes += 1


def _named(kind: CType, name: str) -> CType:
    return kind if kind.kind == "array" else replace(kind, name=name)
