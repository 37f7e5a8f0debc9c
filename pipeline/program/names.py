"""What a program names and does not have: a later step would refuse it, so it is refused when the program is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.program.tree import walk

_IMPLICIT = frozenset(("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"))
_LIBRARY = frozenset(
    re.split(
        r"\s+",
        """abs labs llabs fabs fabsf fabsl sqrt sqrtf cbrt pow powf exp expf exp2 log logf log2 log10 sin
        sinf cos cosf tan tanf asin acos atan atan2 sinh cosh tanh floor floorf ceil ceilf round roundf
        trunc fmod fmodf fmin fmax fminf fmaxf hypot ldexp frexp modf isnan isinf memcpy memset memmove
        asinh acosh atanh expm1 log1p erf erfc rint nearbyint copysign fma
        memcmp strcmp strncmp strcpy strncpy strlen strcat printf fprintf sprintf snprintf puts putchar
        scanf malloc calloc free exit abort assert rand srand""",
    )
)
"""Functions of the C library that a compiler knows without their header, as old C allows."""


def of_library(name: str) -> str:
    """Another name of a function of the library, which none of the user's has: ``__builtin_sqrt``, ``std::fill``."""
    return f"__builtin_{name}" if {name, name.removesuffix("f")} & _LIBRARY else f"std::{name}"


def check_names(ast: c_ast.FileAST, declared: Iterable[str], file: str) -> None:
    """Raises PipelineError, with the place, for a name that nothing declares.

    ``declared`` are names that the system's headers declare. Functions are looked at where they are called, by
    :func:`missing_function`.
    """
    walk = _Walk(set(declared), file)
    for node in ast.ext:
        walk.external(node)


def missing_function(ast: c_ast.FileAST, top: str, declared: Iterable[str]) -> PipelineError | None:
    """What to say of the first function that is called from the top function, directly or not, and is nowhere."""
    bodies = {node.decl.name: node for node in ast.ext if isinstance(node, c_ast.FuncDef)}
    objects = {node.name for node in ast.ext if isinstance(node, c_ast.Decl) and not _is_function(node)}
    prototypes = {node.name for node in ast.ext if isinstance(node, c_ast.Decl) and _is_function(node)}
    known = {*declared, *bodies, *objects, *_LIBRARY}
    todo, seen = [top], {top}
    while todo:
        own: set[str] = set()
        calls: list[c_ast.ID] = []
        for node in walk(bodies[todo.pop()]):
            if isinstance(node, c_ast.Decl) and node.name and not _is_function(node):
                own.add(node.name)
            elif isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
                calls.append(node.name)
        for call in calls:
            name = call.name
            if name in bodies:
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
            elif name not in known and name not in own and not name.startswith(("__builtin_", "offsetof")):
                place = {"file": call.coord.file, "line": call.coord.line, "column": call.coord.column}
                what = "is declared and defined nowhere" if name in prototypes else "is declared nowhere"
                return PipelineError(
                    f"the function {name} is called and {what}",
                    **place,
                    fix="name the file that defines it with --files, or include its header",
                )
    return None


def _is_function(node: c_ast.Decl) -> bool:
    return isinstance(node.type, c_ast.FuncDecl)


class _Walk:
    """Names by scope; every use of one is looked up."""

    def __init__(self, declared: set[str], file: str) -> None:
        self.file = file
        self.scopes: list[set[str]] = [declared | _IMPLICIT]

    def external(self, node: Any) -> None:
        if isinstance(node, c_ast.FuncDef):
            self.scopes[-1].add(node.decl.name)
            self.declared_type(node.decl.type)
            self.scopes.append(set())
            function = node.decl.type
            for parameter in function.args.params if function.args is not None else []:
                self.statement(parameter)
            self.statement(node.body)
            self.scopes.pop()
        else:
            self.statement(node)

    def statement(self, node: Any) -> None:
        kind = type(node)
        if kind is c_ast.ID:
            name = node.name
            if not any(name in scope for scope in reversed(self.scopes)):
                raise PipelineError(
                    f"{name} is not defined",
                    file=node.coord.file,
                    line=node.coord.line,
                    column=node.coord.column,
                    fix=f"declare it, include its header, or give it as a macro: --cflags -D{name}=VALUE",
                )
        elif kind is c_ast.Decl or kind is c_ast.Typedef:
            if kind is c_ast.Decl and node.name:
                self.scopes[-1].add(node.name)
            self.declared_type(node.type)
            if kind is c_ast.Decl:
                for part in (node.init, node.bitsize, *(node.align or ())):
                    if part is not None:
                        self.statement(part)
        elif kind is c_ast.Compound or kind is c_ast.For:
            self.scopes.append(set())
            for child in node:
                self.statement(child)
            self.scopes.pop()
        elif kind is c_ast.FuncCall:
            if not isinstance(node.name, c_ast.ID):
                self.statement(node.name)
            if node.args is not None and not (isinstance(node.name, c_ast.ID) and node.name.name == "offsetof"):
                self.statement(node.args)
        elif kind is c_ast.StructRef:
            self.statement(node.name)
        elif kind is c_ast.NamedInitializer:
            for part in node.name:
                if not isinstance(part, c_ast.ID):
                    self.statement(part)
            self.statement(node.expr)
        elif kind is c_ast.Typename or kind in _TYPES:
            self.declared_type(node)
        elif kind is not c_ast.Constant and kind is not c_ast.Pragma:
            for child in node:
                self.statement(child)

    def declared_type(self, node: Any) -> None:
        while node is not None:
            kind = type(node)
            if kind is c_ast.ArrayDecl:
                if node.dim is not None:
                    self.statement(node.dim)
            elif kind is c_ast.FuncDecl:
                if node.args is not None:
                    self.scopes.append(set())
                    for parameter in node.args.params:
                        if not isinstance(parameter, c_ast.ID):
                            self.statement(parameter)
                    self.scopes.pop()
            elif kind is c_ast.Struct or kind is c_ast.Union:
                for member in node.decls or ():
                    if isinstance(member, c_ast.Decl):
                        self.declared_type(member.type)
                        if member.bitsize is not None:
                            self.statement(member.bitsize)
                return
            elif kind is c_ast.Enum:
                for item in node.values.enumerators if node.values is not None else ():
                    if isinstance(item, c_ast.Enumerator):
                        if item.value is not None:
                            self.statement(item.value)
                        self.scopes[-1].add(item.name)
                return
            elif kind is c_ast.TypeOf:
                self.statement(node.expr)
                return
            elif kind is c_ast.IdentifierType or kind is c_ast.EllipsisParam:
                return
            node = getattr(node, "type", None)


_TYPES = {c_ast.TypeDecl, c_ast.PtrDecl, c_ast.ArrayDecl, c_ast.FuncDecl, c_ast.Struct, c_ast.Union, c_ast.Enum,
          c_ast.TypeOf, c_ast.IdentifierType}  # fmt: skip
