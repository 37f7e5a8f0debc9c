"""A C++ translation unit as one program: its functions, those that they reach, types and globals."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.program.cpp.bodies import Bodies
from pipeline.program.cpp.classes import Classes
from pipeline.program.cpp.constants import UnitConstants
from pipeline.program.cpp.expressions import (
    Expressions,
    base_member,
    by_value,
)
from pipeline.program.cpp.function_names import FunctionNames
from pipeline.program.cpp.index import FUNCTIONS, Index, Node, Record, type_text
from pipeline.program.cpp.library_members import library_members
from pipeline.program.cpp.nodes import address, bare, inner, member, nodes_below, parameters
from pipeline.program.cpp.statements import Statements, constants_stored
from pipeline.program.cpp.types import CppType, declarator
from pipeline.program.cpp.variables import Closure, Variable
from pipeline.program.names import of_library
from pipeline.program.tree import LEAVES, walk
from pipeline.project.cpp_tree import Position, begin_of, end_of

_WORD = re.compile(r"[A-Za-z_]\w*")


class Unit:
    """Lowers a unit. ``pragmas`` are offset, line and text of each pragma by the compiler's name of its file.

    A unit that is not ``alone`` is one of several: all that others may call is lowered, and names are what they are in
    every unit.
    """

    def __init__(
        self,
        index: Index,
        file: str,
        pragmas: Mapping[str, list[tuple[Position, str]]],
        macros: Mapping[str, str],
        *,
        alone: bool = True,
    ) -> None:
        self.alone = alone
        self.index = index
        self.file = file
        self.pragmas = pragmas
        self.macros = macros
        self.classes = Classes(index)
        self.bodies = Bodies(index)
        self.constants = UnitConstants(index, macros)
        self._pragma_places: dict[str, list[int]] = {}
        self.library: set[str] = set()
        self.prototypes: dict[str, CppType] = {}
        self.closures: dict[str, Closure] = {}
        self.labels: dict[str, str] = {}
        self.refused: dict[str, PipelineError] = {}
        self._names: dict[str, list[c_ast.ID]] = {}
        self._library_calls: list[c_ast.ID] = []
        self._queue: list[str] = []
        self._seen: set[str] = set()
        self._made: dict[str, c_ast.FuncDef] = {}
        self._idle: dict[str, bool] = {}
        self._lambda_names: dict[str, str] = {}
        self._globals: dict[str, Variable] = {}
        self._global_nodes: dict[str, c_ast.Node] = {}
        self._variables = {node["id"]: (scope, node) for scope, node in index.variables}
        self._failed_calls: dict[str, list[str]] = {}
        self._owners: dict[str, Statements] = {}
        self._declared_names: dict[str, set[str]] = {}
        self._moved: dict[str, set[str]] = {}
        self.function_names = FunctionNames(
            index, self._made, self._names, self._lambda_names, self.closures, alone=alone
        )
        index.types.constants = self.constants.known()

    # Running ------------------------------------------------------------------------------------------------------

    def lower(self) -> None:
        """Lowers all functions of the user's files and what they reach."""
        for node in self.index.roots:
            self._want(self.index.canonical[node["id"]])
        everything = not self.alone or not any(self._candidate(node) for node in self.index.roots)
        for root, node in list(self.index.definitions.items()):
            # An instance of a template that nothing uses is one that the text asks for.
            asked = root in self.index.arguments and root not in self.index.owner and not node.get("isUsed")
            if asked or (everything and not self.index.functions[root].get("isImplicit")):
                self._want(root)
        said = {word for found in self.pragmas.values() for _, text in found for word in _WORD.findall(text)}
        for name, (_, node) in self._variables.items():
            if node.get("name") in said and (node.get("constexpr") or type_text(node).startswith("const ")):
                self.global_variable(name)
        while self._queue:
            name = self._queue.pop(0)
            node = self.index.definitions[name]
            try:
                self._made[name] = self._function(name, node)
            except PipelineError as error:
                self.refused[name] = error
                self._made[name] = self._stub(name, node)

    def _candidate(self, node: Node) -> bool:
        """Whether a function may be the design: one of this file that others can call."""
        begin = begin_of(node)
        own = begin is not None and self.index.names.get(begin.file, begin.file) == self.file
        return own and not self._internal(self.index.canonical[node["id"]]) and not node.get("inline")

    def _internal(self, root: str) -> bool:
        """Whether no other file can call a function: static, or in a namespace without a name."""
        first = self.index.functions[root]
        static = first.get("storageClass") == "static" and root not in self.index.owner
        return static or "_GLOBAL__N_" in str(first.get("mangledName", ""))

    def _want(self, name: str) -> None:
        if name not in self._seen and name in self.index.definitions:
            self._seen.add(name)
            self._queue.append(name)

    def _stub(self, name: str, node: Node) -> c_ast.FuncDef:
        """A function that is refused, with its calls alone, so that it is known who calls whom."""
        calls: list[c_ast.Node] = []
        for part in self.index.walk(node):
            found = part.get("referencedDecl")
            target = found["id"] if found and found.get("kind") in FUNCTIONS else part.get("referencedMemberDecl")
            root = self.index.canonical.get(target or "")
            if root is not None and root in self.index.definitions:
                calls.append(
                    c_ast.FuncCall(self.function_name(root, {}, self.index.coord(node)), None, self.index.coord(node))
                )
        # A method keeps its object: so it is known as one.
        this = [self._this(name, node)] if self._has_object(name, node) else []
        declared = c_ast.FuncDecl(
            c_ast.ParamList(this), declarator(CppType("plain", "void"), "?"), self.index.coord(node)
        )
        coord = self._coord(node)
        declaration = c_ast.Decl("?", [], [], [], [], declared, None, None, coord)
        return c_ast.FuncDef(declaration, None, c_ast.Compound(calls, coord), coord)

    def _coord(self, node: Node) -> Any:
        return self.index.name_coord(node) or self.index.coord(node)

    # Functions ----------------------------------------------------------------------------------------------------

    def function_name(self, name: str, found: Node, coord: Any) -> c_ast.ID:
        """The name of a function, which is decided when all are known."""
        root = self.index.canonical.get(name)
        if root is None:
            return self.known(str(found.get("name", "?")), coord)
        node = c_ast.ID(str(self.index.functions[root].get("name", "?")), coord)
        if root in self.index.definitions or not self.alone:
            self._names.setdefault(root, []).append(node)
            self._want(root)
        return node

    def known(self, name: str, coord: Any, returns: CppType | None = None) -> c_ast.ID:
        """The name of a function of the library."""
        self.library.add(name)
        if returns is not None and returns.kind != "function":
            self.prototypes[name] = returns
        node = c_ast.ID(name, coord)
        self._library_calls.append(node)
        return node

    def returns(self, node: Node, scope: Expressions) -> CppType:
        """What a function returns."""
        if node["kind"] in ("CXXConstructorDecl", "CXXDestructorDecl"):
            return CppType("plain", "void")
        text = str(node["type"].get("qualType", ""))
        after = text.startswith("auto (") and "->" in text
        spelled = text.rpartition("->")[2].strip() if after else text.partition(" (")[0]
        # The tree says what a name of the library stands for where a value of it is given back, not here.
        for part in self.index.walk(node) if node.get("name") == "operator()" else ():
            given = inner(part)[0].get("type", {}) if part.get("kind") == "ReturnStmt" and inner(part) else {}
            if given.get("qualType") == spelled and "desugaredQualType" in given:
                return scope.read_type(given["desugaredQualType"], node)
        if after:
            return scope.read_type(spelled, node)
        kind = scope.read_type(text, node)
        return kind.to if kind.kind == "function" and kind.to is not None else kind

    @contextmanager
    def inside(self, root: str) -> Iterator[None]:
        """Names are read as in that function's body."""
        before = self.index.inside
        self.index.inside = _scopes(self.index.scope.get(root, ""))
        self.index.types.forget()
        try:
            yield
        finally:
            self.index.inside = before
            self.index.types.forget()

    def captured(self, root: str, scope: Expressions) -> list[c_ast.Node]:
        """What a lambda's function is given besides its arguments."""
        closure = next((c for c in self.closures.values() if c.method == root), None)
        if closure is None:
            return []
        values: list[c_ast.Node] = []
        for name, variable in closure.captured:
            outer = scope.variables.get(name)
            if outer is None:
                continue
            value: c_ast.Node = c_ast.ID(outer.name)
            if outer.mode == "same" and outer.same is not None:
                value = outer.same
            elif outer.mode == "pointer":
                value = c_ast.UnaryOp("*", value)
            values.append(address(value) if variable.mode == "pointer" else value)
        if closure.this:
            values.append(c_ast.ID("this"))
        return values

    def lambda_expression(self, scope: Expressions, node: Node, name: str) -> None:
        """Makes a lambda known: its function gets what it uses of its surroundings as further arguments."""
        kind = scope.type(node)
        record = inner(node)[0]
        methods = [
            part for part in inner(record) if part.get("kind") == "CXXMethodDecl" and part.get("name") == "operator()"
        ]
        templates = [part for part in inner(record) if part.get("kind") == "FunctionTemplateDecl"]
        bodies = methods + [
            part
            for found in templates
            for part in inner(found)[1:]
            if part.get("kind") == "CXXMethodDecl" and "mangledName" in part
        ]
        if not bodies:
            raise scope.refuse(
                node, "a lambda with parameters of any type that nothing calls", "call it or take it out"
            )
        written_out = [
            (method, body) for method in bodies for body in inner(method) if body.get("kind") == "CompoundStmt"
        ]
        if not written_out:
            return
        used: dict[str, None] = {}
        written: set[str] = set()
        this = False
        for part in (part for _, body in written_out for part in nodes_below(body)):
            if part.get("kind") == "CXXThisExpr":
                this = True
            found = part.get("referencedDecl")
            if found is not None and found["id"] in scope.variables:
                used[found["id"]] = None
            if part.get("kind") in (
                "BinaryOperator",
                "CompoundAssignOperator",
                "UnaryOperator",
                "CXXOperatorCallExpr",
                "CallExpr",
                "CXXMemberCallExpr",
            ):
                plain = part.get("kind") == "BinaryOperator" and part.get("opcode") != "="
                unary = part.get("kind") == "UnaryOperator" and part.get("opcode") not in ("++", "--", "&")
                if not plain and not unary:
                    written.update(item["referencedDecl"]["id"] for child in inner(part) for item in _leading(child))
        captured: list[tuple[str, Variable]] = []
        copied_from: dict[str, str] = {}
        body = written_out[0][1]
        copies = self._copies(scope, node, body, name, used, written)
        if len(written_out) > 1 and any(copied not in used for copied in copies.values()):
            raise scope.refuse(
                node,
                "a lambda with a variable of its own that is called with several types",
                "write a function for each",
            )
        for item, copied in copies.items():
            used.pop(copied, None)
            own = scope.variables[item]
            steady = own.type.kind == "array" or (own.type.scalar and copied not in written)
            captured.append((item, Variable(own.name, own.type, "value" if steady else "pointer")))
            copied_from[item] = copied
        for item in list(used):
            outer = scope.variables[item]
            if outer.type.kind == "lambda":
                nested = self.closures.get(outer.type.name)
                for below, inside in nested.captured if nested is not None else ():
                    if inside.mode == "pointer":
                        written.add(below)
                    if below not in used and below in scope.variables:
                        used[below] = None
        for item in used:
            outer = scope.variables[item]
            if outer.type.kind == "lambda":
                captured.append((item, Variable(outer.name, outer.type, "lambda")))
                continue
            values = outer.type.scalar and item not in written
            mode = "value" if outer.type.kind == "array" or values else "pointer"
            captured.append((item, Variable(outer.name, outer.type, mode)))
        kept = [(item, variable) for item, variable in captured if variable.mode != "lambda"]
        for number, (method, _) in enumerate(written_out):
            # A lambda that is called with several types is a function for each; all are given the same.
            root = method["id"]
            self.closures[f"{kind.name}#{number}" if number else kind.name] = Closure(root, kept, this, copied_from)
            self._lambda_function(scope, method, name)

    def _lambda_function(self, scope: Expressions, method: Node, name: str) -> None:
        """Makes the function of a lambda known, under a name that no other of its surroundings has."""
        root = method["id"]
        self.index.functions[root] = method
        self.index.canonical[root] = root
        self.index.definitions[root] = method
        self.index.order.setdefault(root, self.index.order.get(getattr(scope, "root", ""), len(self.index.order)))
        self.index.scope[root] = f"{scope.name}::"
        scope_names = {self._lambda_names[r] for r in self._lambda_names if self.index.scope[r] == f"{scope.name}::"}
        numbered = (f"{name}_{number}" for number in itertools.count(2))
        self._lambda_names[root] = (
            name if name not in scope_names else next(n for n in numbered if n not in scope_names)
        )
        if isinstance(scope, Statements):
            self._owners[root] = scope

    def _copies(
        self, scope: Expressions, node: Node, body: Node, name: str, used: Mapping[str, None], written: set[str]
    ) -> dict[str, str]:
        """What a lambda keeps by value, as variables of the scope that it is made in: their ids, and those in its body.

        A variable that nothing changes is its own copy.
        """
        record, *inits = inner(node)
        fields = [part for part in inner(record) if part.get("kind") == "FieldDecl"]
        declared = {part["id"] for part in nodes_below(body) if part.get("kind", "").endswith("Decl")}
        fresh: dict[str, Node] = {}
        for part in nodes_below(body):
            found = part.get("referencedDecl", {})
            if found.get("kind") == "VarDecl" and found["id"] not in (*used, *declared, *self._variables):
                fresh[found["id"]] = found
        made: dict[str, str] = {}
        for kept, init in zip(fields, inits, strict=False):
            value = bare(init)
            while value.get("kind") == "CXXConstructExpr" and len(inner(value)) == 1:
                value = bare(inner(value)[0])
            text = type_text(kept)
            referred = text.endswith("&") or "(&)[" in text
            target = value.get("referencedDecl", {}).get("id")
            if value.get("kind") == "CXXThisExpr" or (referred and target in used):
                continue
            if target in used:
                outer, of = scope.variables[target], target
                if outer.type.kind == "lambda" or outer.type.const or target not in self._changed(scope, written):
                    continue
            else:
                fitting = [one for one, found in fresh.items() if type_text(found) == text]
                if len(fitting) != 1 or referred:
                    if not fresh:
                        continue
                    raise scope.refuse(node, "this list of captures", "capture variables by their names")
                of = fitting[0]
                del fresh[of]
            if scope.pre is None:
                raise scope.refuse(node, "a lambda that keeps a value here", "make it in a statement of its own")
            kind = scope.type(kept)
            kind = CppType(kind.kind, kind.name, kind.to, kind.length, False, kind.arguments)
            taken = {variable.name for variable in scope.variables.values()}
            words = (
                f"{name}_{value.get('referencedDecl', {}).get('name', 'kept')}{n or ''}" for n in itertools.count()
            )
            word = next(one for one in words if one not in taken)
            coord = scope.at(node)
            first = scope._copied(kind, scope.lower(value), node) if kind.kind == "array" else scope.lower(init)
            scope.pre.append(c_ast.Decl(word, [], [], [], [], declarator(kind, word, coord), first, None, coord))
            scope.variables[f"{of} in {word}"] = Variable(word, kind)
            made[f"{of} in {word}"] = of
        return made

    def _changed(self, scope: Expressions, written: set[str]) -> set[str]:
        """The variables that a function may change, or a lambda in it: all that is not only read."""
        root = getattr(scope, "root", "")
        if root not in self._moved:
            found: set[str] = set()
            stack: list[tuple[Node, bool]] = [(self.index.definitions.get(root, {}), False)]
            while stack:
                part, read = stack.pop()
                if part.get("kind") == "DeclRefExpr" and not read:
                    found.add(str(part.get("referencedDecl", {}).get("id")))
                reads = part.get("kind") == "ImplicitCastExpr" and part.get("castKind") == "LValueToRValue"
                # What a lambda takes by reference or value stands beside its body.
                below = inner(part)
                if part.get("kind") == "LambdaExpr":
                    below = [one for one in below if one.get("kind") in ("CXXRecordDecl", "CompoundStmt")]
                stack += [(child, reads) for child in below]
            self._moved[root] = found
        return self._moved[root] | written

    def _function(self, name: str, node: Node) -> c_ast.FuncDef:
        scope = Statements(self, self.function_names.shown(name))
        scope.root = name  # type: ignore[attr-defined]
        self.index.inside = _scopes(self.index.scope.get(name, ""))
        self.index.leave()
        if node.get("variadic"):
            raise scope.refuse(node, "a function with a variable number of arguments")
        if node["kind"] == "CXXDestructorDecl":
            raise scope.refuse(node, "a destructor that is called")
        for part in self.index.walk(node):
            if part.get("kind") == "LabelStmt":
                self.labels[str(part.get("declId"))] = str(part["name"])
        returns = self.returns(node, scope)
        scope.returns = returns
        coord = self._coord(node)
        before_it = len(self._library_calls)
        given: list[c_ast.Node] = []
        owner = self.index.owner.get(name)
        if self._has_object(name, node):
            given.append(self._this(name, node))
        for position, parameter in enumerate(parameters(node)):
            given += self._declared(scope, parameter, position, name)
        closure = next((c for c in self.closures.values() if c.method == name), None)
        if closure is not None:
            outer = self._owners.get(name)
            if outer is not None:
                scope.variables.update({k: v for k, v in outer.variables.items() if v.type.kind == "lambda"})
            for item, variable in closure.captured:
                scope.variables[closure.inside.get(item, item)] = Variable(variable.name, variable.type, variable.mode)
                kind = variable.type if variable.mode == "value" else CppType("pointer", to=variable.type)
                given.append(self._parameter(variable.name, kind, node))
            if closure.this:
                outer_owner = self.index.owner.get(getattr(outer, "root", ""))
                if outer_owner is None:
                    raise scope.refuse(node, "a lambda that captures this here")
                given.append(self._parameter("this", CppType("pointer", to=CppType("record", outer_owner.name)), node))
        before = self._initialisers(scope, node, owner) if node["kind"] == "CXXConstructorDecl" else []
        body = next(part for part in inner(node) if part.get("kind") == "CompoundStmt")
        block = scope.compound(body)
        block.block_items = [*before, *(block.block_items or [])]
        self._declared_names[name] = {variable.name for variable in scope.variables.values()}
        self._keep_apart(self._declared_names[name], self._library_calls[before_it:])
        result = returns
        if returns.kind == "reference" and by_value(returns, scope) and returns.to is not None:
            result = returns.to
        kind_node = c_ast.FuncDecl(c_ast.ParamList(given, coord), declarator(result, "?", coord), coord)
        words = ["static"] if self._internal(name) else []
        inline = ["inline"] if node.get("inline") and owner is None else []
        declaration = c_ast.Decl("?", [], [], words, inline, kind_node, None, None, coord)
        return c_ast.FuncDef(declaration, None, block, self.index.coord(node) or coord)

    def _has_object(self, root: str, node: Node) -> bool:
        """Whether a function is called on an object."""
        return root in self.index.owner and node.get("storageClass") != "static" and root not in self._lambda_names

    def _this(self, root: str, node: Node) -> c_ast.Decl:
        record = CppType("record", self.index.owner[root].name, arguments=())
        return self._parameter("this", CppType("pointer", to=record), node)

    def _parameter(self, name: str, kind: CppType, node: Node) -> c_ast.Decl:
        coord = self._coord(node)
        return c_ast.Decl(
            name, ["const"] if kind.const else [], [], [], [], declarator(kind, name, coord), None, None, coord
        )

    def _declared(self, scope: Statements, node: Node, position: int, root: str) -> list[c_ast.Decl]:
        kind = scope.type(node)
        name = str(node.get("name", f"unnamed_{position}"))
        if any(variable.name == name for variable in scope.variables.values()):
            name = f"{name}_{position}"  # a pack gives all its parameters one name
        target = kind.to if kind.kind == "reference" and kind.to is not None else kind
        mode = "value"
        if target.kind == "lambda":
            closure = self.closures.get(target.name)
            if closure is None or closure.this:
                raise scope.refuse(node, "a lambda that captures this and is handed over")
            scope.variables[node["id"]] = Variable(name, target)
            # It comes with what it captures, as arguments of their own.
            made: list[c_ast.Decl] = []
            for item, variable in closure.captured:
                word = f"{name}_{variable.name}"
                scope.variables[item] = Variable(word, variable.type, variable.mode)
                given = variable.type if variable.mode == "value" else CppType("pointer", to=variable.type)
                made.append(self._parameter(word, given, node))
            return made
        if kind.kind == "reference":
            if by_value(kind, scope) or target.kind == "array":
                kind = target
            elif target.kind != "function":
                mode, kind = "pointer", CppType("pointer", to=target)
            scope.variables[node["id"]] = Variable(name, target, mode)
            return [self._parameter(name, kind, node)]
        if kind.kind == "pointer" and kind.to is not None and not kind.const:
            length = self.constants.extent(node, root)
            if length is not None:
                kind = CppType("array", to=kind.to, length=length)
        scope.variables[node["id"]] = Variable(name, kind)
        return [self._parameter(name, kind, node)]

    def _initialisers(self, scope: Statements, node: Node, owner: Record | None) -> list[c_ast.Node]:
        made: list[c_ast.Node] = []
        coord = self._coord(node)
        this = c_ast.UnaryOp("*", c_ast.ID("this", coord), coord)
        for part in inner(node):
            if part.get("kind") != "CXXCtorInitializer":
                continue
            parts = inner(part)
            scope.pre = []
            if "anyInit" in part and parts:
                field = self.index.fields.get(part["anyInit"]["id"])
                if field is None:
                    continue
                kind = scope.type(field[1])
                target = member(this, str(field[1].get("name", "")), coord)
                if kind.kind == "reference":
                    of = scope.lower(parts[0])
                    values = [one for one in scope.variables.values() if one.mode == "value"]
                    if isinstance(of, c_ast.ID) and any(
                        one.name == of.name and one.type.kind != "array" for one in values
                    ):
                        raise scope.refuse(part, "a member that refers to what the constructor is given by value")
                    made.append(c_ast.Assignment("=", target, address(of), coord))
                    continue
                init, after = scope.initial(kind, parts[0], target)
                if isinstance(init, c_ast.InitList):
                    size = c_ast.UnaryOp("sizeof", target)
                    given = c_ast.ExprList([address(target), c_ast.Constant("int", "0"), size])
                    cleared = c_ast.FuncCall(self.known("memset", coord), given, coord)
                    values = [] if _zeros(init) else self._element_wise(init, target)
                    init, after = None, [*([] if _complete(init, kind) else [cleared]), *values]
                made += scope.pre
                if init is not None:
                    made.append(c_ast.Assignment("=", target, init, coord))
                made += after
            elif "baseInit" in part and parts:
                base = scope.read_type(
                    str(part["baseInit"].get("desugaredQualType") or part["baseInit"]["qualType"]), node
                )
                target = member(this, base_member(base.name), coord)
                _, after = scope.initial(base, parts[0], target)
                made += [*scope.pre, *after]
            elif "delegatingInit" in part and parts and owner is not None:
                _, after = scope.initial(CppType("record", owner.name), parts[0], this)
                made += [*scope.pre, *after]
            scope.pre = None
        return made

    def _element_wise(self, init: c_ast.InitList, target: c_ast.Node) -> list[c_ast.Node]:
        made: list[c_ast.Node] = []
        for position, value in enumerate(init.exprs):
            place = c_ast.ArrayRef(target, c_ast.Constant("int", str(position)), init.coord)
            made += (
                self._element_wise(value, place)
                if isinstance(value, c_ast.InitList)
                else [c_ast.Assignment("=", place, value, init.coord)]
            )
        return made

    def idle(self, constructor: Node, scope: Expressions, depth: int = 0) -> bool:
        """Whether a constructor does nothing that would show."""
        root = str(self.index.canonical.get(constructor["id"], constructor["id"]))
        if root in self._idle:
            return self._idle[root]
        self._idle[root] = depth < 20
        node = self.index.definitions.get(root)
        result = True
        for part in inner(node) if node is not None else []:
            if part.get("kind") == "CompoundStmt" and inner(part):
                result = False
            if part.get("kind") == "CXXCtorInitializer":
                value = inner(part)[-1] if inner(part) else {}
                while value.get("kind") in ("ExprWithCleanups",):
                    value = inner(value)[-1]
                if value.get("kind") != "CXXConstructExpr" or any(
                    p.get("kind") != "CXXDefaultArgExpr" and p.get("kind") != "StringLiteral" for p in inner(value)
                ):
                    result = False
                    continue
                below = scope.constructor(value) if scope.type(value).kind == "record" else None
                if below is not None and not self.idle(below, scope, depth + 1):
                    result = False
        if node is None and constructor.get("explicitlyDefaulted") is None and not constructor.get("isImplicit"):
            result = True
        self._idle[root] = result
        return result

    # Names --------------------------------------------------------------------------------------------------------

    def meanings(self) -> dict[str, dict[str, str]]:
        """What names stand for that no later step sees: parameters of templates by function, enumerators under ""."""
        found = {"": dict(self.index.enumerator_names)}
        for root, name in self.function_names.all().items():
            owner = self.index.owner.get(root)
            of_class = self.index.meanings.get(owner.name, {}) if owner is not None else {}
            if known := of_class | self.index.meanings.get(root, {}):
                found[name] = known
        return found

    def names_declared(self) -> dict[str, frozenset[str]]:
        """The names that each function declares, with the members of its class; under "" those outside functions."""
        found = {"": frozenset(str(node.get("name")) for _, node in self.index.variables)}
        names = self.function_names.all()
        for root, declared in self._declared_names.items():
            owner = self.index.owner.get(root)
            records = [owner, *self.classes.bases(owner)] if owner is not None else []
            members = {str(field.get("name")) for record in records for field in record.fields}
            found[names[root]] = found.get(names[root], frozenset()) | declared | members
        return found

    # Globals and types --------------------------------------------------------------------------------------------

    def global_variable(self, name: str) -> Variable | None:
        """A variable outside functions; it becomes part of the program when it is used."""
        if name in self._globals:
            return self._globals[name]
        found = self._variables.get(name)
        if found is None:
            return None
        scope, node = found
        first = str(node.get("previousDecl", ""))
        if first in self._variables and (known := self.global_variable(first)) is not None:
            self._globals[name] = known  # declared in a class, and defined outside it
            return known
        definition = next((n for s, n in self.index.variables if n.get("previousDecl") == name and "init" in n), node)
        lowering = Statements(self, "")
        self.index.inside, inside = _scopes(scope), self.index.inside
        kind = lowering.type(definition)
        shown = str(node.get("name", "?"))
        if (
            not self.alone
            or any(s != scope and n.get("name") == shown for s, n in self.index.variables)
            or scope.rstrip(":") in self.index.records
        ):
            shown = f"{scope}{shown}"
        self._globals[name] = Variable(shown, kind)
        if definition is not node:
            self._globals[definition["id"]] = self._globals[name]
        parts = [part for part in inner(definition) if not part.get("kind", "").endswith(("Attr", "Comment"))]
        init = None
        if parts and "init" in definition:
            lowering.pre = []
            if kind.kind == "reference" and kind.to is not None:
                target = lowering.lower(parts[-1])
                self._globals[name] = Variable(shown, kind.to, "same", target)
                self.index.inside = inside
                return self._globals[name]
            init, after = lowering.initial(kind, parts[-1], c_ast.ID(shown))
            if after and not lowering.pre and init is None and kind.const:
                init, after = constants_stored(after), []
            if after or lowering.pre:
                # What runs before the program starts is the tool's to refuse or to do; here it is only not a constant.
                init = None
        storage = (
            ["static"] if node.get("storageClass") == "static" and scope.rstrip(":") not in self.index.records else []
        )
        self._global_nodes[name] = lowering.declaration(shown, kind, init, node, storage)
        self.index.inside = inside
        return self._globals[name]

    def pragmas_between(self, file: str, low: int, high: int) -> list[c_ast.Node]:
        """The pragmas of a file between two offsets."""
        found = self.pragmas.get(file, [])
        if file not in self._pragma_places:
            places = [place.offset for place, _ in found]
            self._pragma_places[file] = places if places == sorted(places) else []
        places = self._pragma_places[file]
        if places:  # a header that is read twice has its pragmas twice
            found = found[bisect_left(places, low) : bisect_left(places, high)]
        return [
            c_ast.Pragma(text, self.index.coord_at(place, place.offset))
            for place, text in found
            if low <= place.offset < high
        ]

    def tree(self) -> list[c_ast.Node]:
        """The whole program: types, globals, functions in the order of the text."""
        names = self.function_names.all()
        for root, ids in self._names.items():
            for node in ids:
                if root in names:
                    node.name = names[root]
        declared = [node for root, node in self.index.functions.items() if root not in self.index.owner]
        declared += [node for _, node in self.index.variables]
        self._keep_apart({*names.values(), *(str(node.get("name")) for node in declared)}, self._library_calls)
        functions: list[c_ast.Node] = []
        for root in sorted(self._made, key=lambda root: (self.index.order.get(root, 0), root in self._lambda_names)):
            made = self._made[root]
            _name_function(made, names[root])
            functions.append(made)
        everything = [*self._global_nodes.values(), *functions]
        types = self._types(everything)
        prototypes = [
            c_ast.Decl(name, [], [], [], [], c_ast.FuncDecl(None, declarator(kind, name)), None, None)
            for name, kind in sorted(self.prototypes.items())
        ]
        return [*types, *prototypes, *self._ordered(everything)]

    def _keep_apart(self, names: set[str], calls: list[c_ast.ID]) -> None:
        """Gives functions of the library other names where something of the user's has theirs."""
        for node in calls:
            if node.name in names:
                node.name = of_library(node.name)
                self.library.add(node.name)

    def _ordered(self, nodes: list[c_ast.Node]) -> list[c_ast.Node]:
        """With the pragmas that stand outside functions before the function that follows them."""
        bodies: dict[str, list[tuple[int, int]]] = {}
        for node in self.index.definitions.values():
            begin = begin_of(node)
            if begin is not None:
                bodies.setdefault(begin.file, []).append((begin.offset, end_of(node)))
        outside: dict[str, list[tuple[Position, str]]] = {}
        for file, found in self.pragmas.items():
            ranges = bodies.get(file, [])
            free = [
                (place, text) for place, text in found if not any(low <= place.offset < high for low, high in ranges)
            ]
            if free:
                outside[self.index.names.get(file, file)] = free
        made: list[c_ast.Node] = []
        for node in nodes:
            waiting = (
                outside.get(node.coord.file) if isinstance(node, c_ast.FuncDef) and node.coord is not None else None
            )
            while waiting and waiting[0][0].offset < node.coord.offset:
                place, text = waiting.pop(0)
                made.append(c_ast.Pragma(text, self.index.coord_at(place, place.offset)))
            made.append(node)
        for left in outside.values():
            made += [c_ast.Pragma(text, self.index.coord_at(at, at.offset)) for at, text in left]
        return made

    def _types(self, nodes: list[c_ast.Node]) -> list[c_ast.Node]:
        """The classes that a program names, members before what holds them."""
        made: dict[str, c_ast.Node | None] = {}
        unions: set[str] = set()

        def want(node: c_ast.Node) -> None:
            stack = [node]
            while stack:
                part = stack.pop()
                if isinstance(part, c_ast.Struct) and part.decls is None:
                    define(part.name)
                if type(part) not in LEAVES:
                    stack += part

        def define(name: str) -> None:
            if name in made:
                return
            made[name] = None
            decls = self._members(name)
            for decl in decls:
                want(decl)
            del made[name]
            record = self.index.records.get(name)
            coord = self.index.coord(record.node) if record is not None else None
            kind = c_ast.Struct(name, decls, coord)
            made[name] = c_ast.Decl(None, [], [], [], [], kind, None, None, coord)
            if record is not None and record.union:
                unions.add(name)

        for node in nodes:
            want(node)
        for kind in self.prototypes.values():
            want(declarator(kind, None))
        types = [node for node in made.values() if node is not None]
        for node in (*types, *nodes) if unions else ():
            _as_unions(node, unions)
        return types

    def _members(self, name: str) -> list[c_ast.Node]:
        scope = Expressions(self, "")
        record = self.index.records.get(name)
        members: list[tuple[str, CppType]] = []
        bits: dict[str, c_ast.Node] = {}
        if record is None:
            members = library_members(name, self.index.types.read)
        else:
            self.index.inside = _scopes(f"{record.name}::")
            self.index.types.forget()
            for base in record.bases:
                kind = scope.read_type(base, record.node)
                members.append((base_member(kind.name), kind))
            for field in record.fields:
                kind = scope.type(field)
                if kind.kind == "reference" and kind.to is not None:
                    kind = CppType("pointer", to=kind.to)
                members.append((str(field.get("name", "")), kind))
                if field.get("isBitfield") and inner(field):
                    bits[members[-1][0]] = scope.lower(inner(field)[0])
        return [
            c_ast.Decl(word or None, [], [], [], [], declarator(kind, word or None), None, bits.get(word))
            for word, kind in members
        ]


def _as_unions(node: c_ast.Node, unions: set[str]) -> None:
    """Makes unions of what names some of these classes."""
    for part in walk(node):
        kind = getattr(part, "type", None)
        if isinstance(kind, c_ast.Struct) and kind.name in unions:
            part.type = c_ast.Union(kind.name, kind.decls, kind.coord)


def _name_function(node: c_ast.FuncDef, name: str) -> None:
    node.decl.name = name
    part = node.decl.type.type
    while not isinstance(part, c_ast.TypeDecl):
        part = part.type
    part.declname = name


def _scopes(scope: str) -> list[str]:
    """The scopes around a place, outermost first: ``ns::``, ``ns::C<4>::``."""
    found: list[str] = []
    depth, start = 0, 0
    for position, letter in enumerate(scope):
        depth += (letter == "<") - (letter == ">")
        if letter == ":" and scope[position - 1] == ":" and not depth:
            found.append(scope[: position + 1])
            start = position
    return found if start >= 0 else []


def _leading(node: Node) -> list[Node]:
    """The names that an lvalue or an argument is made of."""
    return [part for part in nodes_below(node) if "referencedDecl" in part and part.get("kind") == "DeclRefExpr"]


def _complete(node: c_ast.Node, kind: CppType) -> bool:
    """Whether a list has a value that is not nought by default for each element of an array."""
    if not isinstance(node, c_ast.InitList):
        return True
    if _zeros(node) or kind.kind != "array" or kind.to is None or len(node.exprs) != kind.length:
        return False
    return all(_complete(item, kind.to) for item in node.exprs)


def _zeros(node: c_ast.Node) -> bool:
    if isinstance(node, c_ast.InitList):
        return all(_zeros(item) for item in node.exprs)
    return isinstance(node, c_ast.Constant) and node.value in ("0", "0.0", "0.0f")
