"""C++ statements as pycparser's nodes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pycparser import c_ast
from pycparser.ast_transforms import fix_switch_cases

from pipeline.program.cpp.expressions import Expressions, by_value
from pipeline.program.cpp.index import Node
from pipeline.program.cpp.library_members import is_vector, members_of_tuple
from pipeline.program.cpp.nodes import address, bare, inner, listed_values, lvalue, member, simple
from pipeline.program.cpp.types import CppType, declarator
from pipeline.program.cpp.variables import Variable
from pipeline.project.cpp_tree import begin_of, end_of

if TYPE_CHECKING:
    from pipeline.program.cpp.unit import Unit

_DECLARATIONS = (
    "TypedefDecl",
    "TypeAliasDecl",
    "UsingDecl",
    "UsingDirectiveDecl",
    "StaticAssertDecl",
    "EmptyDecl",
    "NamespaceAliasDecl",
    "CXXRecordDecl",
    "EnumDecl",
    "FunctionDecl",
    "TypeAliasTemplateDecl",
    "UsingEnumDecl",
)


class Statements(Expressions):
    """Lowers the statements of one function."""

    def __init__(self, unit: Unit, name: str) -> None:
        super().__init__(unit, name)
        self.returns: CppType | None = None

    def block(self, node: Node | None, low: int | None = None) -> c_ast.Compound:
        """A statement as a block. ``low``: pragmas from that offset on stand in it, before its first statement."""
        if not node:
            return c_ast.Compound([])
        if node.get("kind") == "CompoundStmt":
            return self.compound(node)
        begin = begin_of(node)
        items: list[c_ast.Node] = []
        if begin is not None and low is not None:
            items += self.unit.pragmas_between(begin.file, low, begin.offset)
        items += self.statement(node)
        coord = self.at(node)
        return c_ast.Compound(items, coord)

    def compound(self, node: Node) -> c_ast.Compound:
        """A block with its pragmas."""
        begin = begin_of(node)
        items: list[c_ast.Node] = []
        at = begin.offset if begin is not None else 0
        file = begin.file if begin is not None else ""
        for child in inner(node):
            start = begin_of(child)
            if start is not None and start.file == file and start.offset >= at:
                items += self.unit.pragmas_between(file, at, start.offset)
                at = max(at, end_of(child))
            items += self.statement(child)
        items += self.unit.pragmas_between(file, at, end_of(node))
        return c_ast.Compound(items, self.at(node))

    def statement(self, node: Node) -> list[c_ast.Node]:
        """A statement, with what must run before it."""
        before, self.pre = self.pre, []
        kind = node.get("kind", "")
        rule = getattr(self, f"_do_{kind}", None)
        made: list[c_ast.Node]
        if rule is not None:
            made = rule(node)
        else:
            value = self.lower(node)
            if isinstance(value, c_ast.UnaryOp) and value.op == "*" and isinstance(value.expr, c_ast.FuncCall):
                value = value.expr  # what a call refers to is not looked at
            unused = isinstance(value, c_ast.ID | c_ast.BinaryOp) and simple(value)
            idle = isinstance(value, c_ast.EmptyStatement) or (self.pre and unused)
            made = [] if idle else [value]
        made = [*self.pre, *made]
        self.pre = before
        return made

    def one(self, node: Node) -> c_ast.Node:
        """A statement as one node."""
        made = self.statement(node)
        if len(made) == 1:
            return made[0]
        return c_ast.Compound(made, self.at(node)) if made else c_ast.EmptyStatement(self.at(node))

    def _do_CompoundStmt(self, node: Node) -> list[c_ast.Node]:
        return [self.compound(node)]

    def _do_NullStmt(self, node: Node) -> list[c_ast.Node]:
        return [c_ast.EmptyStatement(self.at(node))]

    def _do_AttributedStmt(self, node: Node) -> list[c_ast.Node]:
        return self.statement(inner(node)[-1])

    def _do_BreakStmt(self, node: Node) -> list[c_ast.Node]:
        return [c_ast.Break(self.at(node))]

    def _do_ContinueStmt(self, node: Node) -> list[c_ast.Node]:
        return [c_ast.Continue(self.at(node))]

    def _do_GotoStmt(self, node: Node) -> list[c_ast.Node]:
        name = self.unit.labels.get(node.get("targetLabelDeclId", ""), "label")
        return [c_ast.Goto(name, self.at(node))]

    def _do_LabelStmt(self, node: Node) -> list[c_ast.Node]:
        made = self.statement(inner(node)[-1])
        begin, start = begin_of(node), begin_of(inner(node)[-1])
        pragmas = self.unit.pragmas_between(begin.file, begin.offset, start.offset) if begin and start else []
        last = made[-1] if made else c_ast.EmptyStatement(self.at(node))
        if pragmas:
            last = c_ast.Compound([*pragmas, last], last.coord)
        return [*made[:-1], c_ast.Label(str(node["name"]), last, self.at(node))]

    def _do_ReturnStmt(self, node: Node) -> list[c_ast.Node]:
        parts = inner(node)
        if not parts:
            return [c_ast.Return(None, self.at(node))]
        kind = self.returns
        if kind is not None and kind.kind == "reference" and not by_value(kind, self):
            return [c_ast.Return(address(self.lower(parts[0])), self.at(node))]
        if kind is not None and kind.kind == "record":
            made = c_ast.ID("result", self.at(node))
            init, after = self.initial(kind, parts[0], made)
            if after or isinstance(init, c_ast.InitList):
                assert self.pre is not None
                name = f"result_{self.temporaries}"
                self.temporaries += 1
                for call in after:
                    _rename(call, "result", name)
                self.pre.append(self.declaration(name, kind, init, node))
                self.pre += after
                init = c_ast.ID(name, self.at(node))
            return [c_ast.Return(init, self.at(node))]
        return [c_ast.Return(self.lower(parts[0]), self.at(node))]

    # Declarations -------------------------------------------------------------------------------------------------

    def declaration(
        self, name: str, kind: CppType, init: c_ast.Node | None, node: Node, storage: list[str] | None = None
    ) -> c_ast.Decl:
        """A declaration of a variable."""
        coord = self.index.name_coord(node) or self.at(node)
        quals = ["const"] if kind.const else []
        return c_ast.Decl(name, quals, [], storage or [], [], declarator(kind, name, coord), init, None, coord)

    def _do_DeclStmt(self, node: Node) -> list[c_ast.Node]:
        made: list[c_ast.Node] = []
        for part in inner(node):
            if part.get("kind") == "VarDecl":
                found = self.variable_declared(part)
                assert self.pre is not None
                made += [*self.pre, *found]
                self.pre = []
            elif part.get("kind") == "DecompositionDecl":
                made += self._bindings(part)
            elif part.get("kind") not in _DECLARATIONS:
                raise self.refuse(part, f"a declaration of this kind ({part.get('kind')})")
            elif not self.index.declare_local(part):
                raise self.refuse(part, f"a second class named {part.get('name')}", "give it another name")
        return made

    def variable_declared(self, node: Node) -> list[c_ast.Node]:
        """The nodes of a local variable."""
        name, kind = str(node.get("name", f"unnamed_{self.temporaries}")), self.type(node)
        if node.get("storageClass") == "extern":
            self.variables[node["id"]] = Variable(name, kind)
            return []
        parts = [part for part in inner(node) if not part.get("kind", "").endswith(("Attr", "Comment", "BindingDecl"))]
        value = parts[-1] if parts and "init" in node else None
        if value is not None and kind.kind == "pointer" and kind.to is not None and kind.to.name == "value_type":
            kind = self._iterator(value) or kind
        storage = ["static"] if node.get("storageClass") == "static" or node.get("tls") else []
        if kind.kind == "lambda":
            found = value
            while found is not None and found.get("kind") != "LambdaExpr":
                below = inner(found)
                found = below[-1] if below else None
            if found is None:
                raise self.refuse(node, "a lambda that is made elsewhere")
            self.unit.lambda_expression(self, found, name)
            self.variables[node["id"]] = Variable(name, kind)
            return []
        if kind.kind == "reference" and kind.to is not None:
            return self._reference(node, name, kind, value)
        if kind.kind == "record" and kind.name.startswith("std::function"):
            raise self.refuse(node, "std::function", "call the function by its name")
        if (
            kind.kind == "record"
            and kind.name.startswith(("hls::read_lock<", "hls::write_lock<"))
            and value is not None
        ):
            return self._lock(node, name, kind, value)
        if not storage and self.unit.classes.is_destroyed(kind):
            raise self.refuse(
                node, f"an object of {kind.name}, whose destructor does something,", "call a method for it"
            )
        self.variables[node["id"]] = Variable(name, kind)
        if value is None:
            return [self.declaration(name, kind, None, node, storage)]
        init, after = self.initial(kind, value, c_ast.ID(name, self.at(node)))
        if kind.kind == "record" and kind.name.startswith("hls::task"):
            return after
        if not after:
            return [self.declaration(name, kind, init, node, storage)]
        if (
            not storage
            and kind.const
            and init is None
            and not self.pre
            and (init := constants_stored(after)) is not None
        ):
            return [self.declaration(name, kind, init, node)]
        if storage and init is None and not self.pre and (init := constants_stored(after)) is not None:
            return [self.declaration(name, _written(kind), init, node, storage)]  # it is there from reset on
        if storage:  # made once, when control comes here first
            flag = CppType("plain", "int")
            made_name, coord = f"{name}_is_made", self.at(node)
            first = c_ast.Assignment("=", c_ast.ID(made_name, coord), c_ast.Constant("int", "1", coord), coord)
            then = c_ast.Compound([first, *(self.pre or []), *after], coord)
            self.pre = []
            after = [
                self.declaration(made_name, flag, None, node, storage),
                c_ast.If(c_ast.UnaryOp("!", c_ast.ID(made_name, coord), coord), then, None, coord),
            ]
        return [self.declaration(name, _written(kind), init, node, storage), *after]

    def _iterator(self, value: Node) -> CppType | None:
        """The pointer that an iterator of an array of the library is, whose type has a name that nothing declares."""
        called = bare(bare(value).get("inner", [{}])[0])
        of = self.value_type(inner(called)[0]) if called.get("kind") == "MemberExpr" and inner(called) else None
        if of is None or not is_vector(of):
            return None
        return CppType("pointer", to=self.read_type(of.arguments[0], value))

    def _bindings(self, node: Node) -> list[c_ast.Node]:
        """The object behind a structured binding, which its names are members or elements of."""
        made = self.variable_declared({**node, "name": f"bound_{self.temporaries}"})
        self.temporaries += 1
        made = [*(self.pre or []), *made]
        self.pre = []
        self._bind(node)
        return made

    def _bind(self, node: Node) -> None:
        """Makes the names of a structured binding known, whose object is a variable."""
        whole = self.variables[node["id"]]
        bindings = [part for part in inner(node) if part.get("kind") == "BindingDecl"]
        for place, binding in enumerate(bindings):
            expression = inner(binding)[-1]
            if inner(binding)[0].get("kind") == "VarDecl":
                names = members_of_tuple(whole.type)
                if names is None:
                    raise self.refuse(node, f"a structured binding of {whole.type.name}", "name the members one by one")
                base = self._named(whole, node)
                same: c_ast.Node = member(base, names[place], self.at(node))
            else:
                same = self.lower(expression)
            self.variables[binding["id"]] = Variable(str(binding["name"]), self.value_type(expression), "same", same)

    def _reference(self, node: Node, name: str, kind: CppType, value: Node | None) -> list[c_ast.Node]:
        to = kind.to
        if value is None or to is None:
            raise self.refuse(node, "a reference to nothing")
        target = self.lower(value)
        if lvalue(target) and _steady(target, self):
            self.variables[node["id"]] = Variable(name, to, "same", target)
            return []
        if not lvalue(target):
            plain = CppType(to.kind, to.name, to.to, to.length, to.const, to.arguments)
            self.variables[node["id"]] = Variable(name, plain)
            return [self.declaration(name, plain, target, node)]
        if to.kind == "array" and to.to is not None:
            self.variables[node["id"]] = Variable(name, CppType("pointer", to=to.to))
            return [self.declaration(name, CppType("pointer", to=to.to), target, node)]
        self.variables[node["id"]] = Variable(name, to, "pointer")
        return [self.declaration(name, CppType("pointer", to=to), address(target), node)]

    def _lock(self, node: Node, name: str, kind: CppType, value: Node) -> list[c_ast.Node]:
        """What is locked of a stream of blocks: the block itself."""
        given = inner(bare(value))
        if not given:
            raise self.refuse(node, kind.name)
        self.variables[node["id"]] = Variable(name, kind, "same", member(self.lower(given[0]), "data", self.at(node)))
        return []

    # Branches and loops -------------------------------------------------------------------------------------------

    def _do_IfStmt(self, node: Node) -> list[c_ast.Node]:
        parts = inner(node)
        before: list[c_ast.Node] = []
        if node.get("hasInit"):
            before += self.statement(parts.pop(0))
        if node.get("hasVar"):
            before += self.statement(parts.pop(0))
        cond, yes = parts[0], parts[1]
        no = parts[2] if node.get("hasElse") and len(parts) > 2 else None
        if node.get("isConstexpr"):
            chosen = yes if str(cond.get("value")) in ("1", "true", "True", "-1") else no
            if "value" in cond:
                return [*before, *([self.block(chosen)] if chosen and chosen.get("kind") != "NullStmt" else [])]
        test = self.lower(cond)
        extra, self.pre = self.pre or [], []
        then = self.block(yes, end_of(cond))
        other = None
        if no is not None:
            other = self.one(no) if no.get("kind") == "IfStmt" else self.block(no, end_of(yes))
        found: c_ast.Node = c_ast.If(test, then, other, self.at(node))
        made = [*before, *extra, found]
        return [c_ast.Compound(made, self.at(node))] if before else made

    def _test(self, node: Node | None) -> c_ast.Node | None:
        """A loop's condition or step, before which nothing can be put."""
        return self.sheltered(node) if node else None

    def _do_ForStmt(self, node: Node) -> list[c_ast.Node]:
        init, variable, cond, step, body = node["inner"]
        before: list[c_ast.Node] = []
        start: c_ast.Node | None = None
        if init:
            made = self.statement(init)
            declared = [part for part in made if isinstance(part, c_ast.Decl)]
            if declared and len(declared) == len(made):
                start = c_ast.DeclList(declared, self.at(init))
            elif len(made) == 1:
                start = made[0]
            elif made:
                before = made
        found = (
            c_ast.For(start, None, self._test(step), self._until(node, variable, cond, body), self.at(node))
            if variable
            else c_ast.For(start, self._test(cond), self._test(step), self._body(node, body), self.at(node))
        )
        return [c_ast.Compound([*before, found], self.at(node))] if before else [found]

    def _body(self, node: Node, body: Node) -> c_ast.Node:
        begin = begin_of(node)
        return self.block(body, begin.offset if begin is not None else None)

    def _until(self, node: Node, variable: Node, cond: Node, body: Node) -> c_ast.Node:
        """The body of a loop whose condition declares a variable: made, asked and left at its beginning."""
        coord = self.at(node)
        made = self.statement(variable)
        leave = c_ast.If(c_ast.UnaryOp("!", self.lower(cond), coord), c_ast.Break(coord), None, coord)
        return c_ast.Compound([*made, *(self.pre or []), leave, self._body(node, body)], coord)

    def _do_WhileStmt(self, node: Node) -> list[c_ast.Node]:
        if node.get("hasVar"):
            variable, cond, body = inner(node)
            always = c_ast.Constant("int", "1", self.at(node))
            return [c_ast.While(always, self._until(node, variable, cond, body), self.at(node))]
        cond, body = inner(node)
        return [c_ast.While(self._test(cond), self._body(node, body), self.at(node))]

    def _do_DoStmt(self, node: Node) -> list[c_ast.Node]:
        body, cond = inner(node)
        made = self._body(node, body)
        return [c_ast.DoWhile(self._test(cond), made, self.at(node))]

    def _do_SwitchStmt(self, node: Node) -> list[c_ast.Node]:
        *declared, cond, body = inner(node)
        before = [made for part in declared for made in self.statement(part)]
        test = self.lower(cond)
        found = fix_switch_cases(c_ast.Switch(test, self.block(body), self.at(node)))
        return [c_ast.Compound([*before, found], self.at(node))] if before else [found]

    def _do_CaseStmt(self, node: Node) -> list[c_ast.Node]:
        if node.get("isGNURange"):
            raise self.refuse(node, "a GNU range (first ... last)")
        parts = inner(node)
        made = self.statement(parts[-1]) if len(parts) > 1 else []
        return [c_ast.Case(self.lower(parts[0]), made[:1], self.at(node)), *made[1:]]

    def _do_DefaultStmt(self, node: Node) -> list[c_ast.Node]:
        parts = inner(node)
        made = self.statement(parts[-1]) if parts else []
        return [c_ast.Default(made[:1], self.at(node)), *made[1:]]

    def _do_CXXForRangeStmt(self, node: Node) -> list[c_ast.Node]:
        coord = self.at(node)
        first, ranged, _, _, _, _, variable, body = node["inner"]
        before = self.statement(first) if first else []
        over = inner(ranged)[0]
        value = inner(over)[-1]
        kind = self.value_type(value)
        listed = listed_values(value)
        if listed is not None:
            name, kind = f"listed_{self.temporaries}", self.type(listed)
            self.temporaries += 1
            length, array = kind.length or 0, c_ast.ID(name, coord)
            init, after = self.initial(kind, listed, array)
            if after:
                kind = _written(kind)
            before += [self.declaration(name, kind, init, node), *after]
        elif kind.kind == "array" and kind.length is not None:
            length, array = kind.length, self.lower(value)
        elif is_vector(kind) and kind.arguments[1].isdigit():
            length, array = int(kind.arguments[1]), member(self.lower(value), "data", coord)
        else:
            return self._over_iterators(node, before)
        declared = inner(variable)[0]
        name = str(declared.get("name", f"bound_{self.temporaries}"))
        self.temporaries += "name" not in declared
        counter = f"{name}_index"
        element = c_ast.ArrayRef(array, c_ast.ID(counter, coord), coord)
        of = self.type(declared)
        items: list[c_ast.Node] = []
        if of.kind == "reference" and of.to is not None and simple(element):
            self.variables[declared["id"]] = Variable(name, of.to, "same", element)
        else:
            plain = of.to if of.kind == "reference" and of.to is not None else of
            self.variables[declared["id"]] = Variable(name, plain)
            items.append(self.declaration(name, plain, element, declared))
        self._bind(declared)
        inside = self._body(node, body)
        block = c_ast.Compound([*items, *(inside.block_items or [])], inside.coord)
        start = self.declaration(counter, CppType("plain", "int"), c_ast.Constant("int", "0", coord), node)
        end = c_ast.BinaryOp("<", c_ast.ID(counter, coord), c_ast.Constant("int", str(length), coord), coord)
        step = c_ast.UnaryOp("++", c_ast.ID(counter, coord), coord)
        found = c_ast.For(c_ast.DeclList([start], coord), end, step, block, coord)
        return [*before, found]

    def _over_iterators(self, node: Node, before: list[c_ast.Node]) -> list[c_ast.Node]:
        """A loop over a class with a begin and an end of its own, as the compiler writes it out."""
        coord = self.at(node)
        _, ranged, begin, end, cond, step, variable, body = node["inner"]
        ends = self.statement(ranged) + self.statement(begin) + self.statement(end)
        made = self.statement(variable)
        inside = self._body(node, body)
        block = c_ast.Compound([*made, *(inside.block_items or [])], inside.coord)
        found = c_ast.For(None, self._test(cond), self._test(step), block, coord)
        return [c_ast.Compound([*before, *ends, found], coord)]

    def _do_CXXTryStmt(self, node: Node) -> list[c_ast.Node]:
        raise self.refuse(node, "try", "return a value that says what went wrong")

    def _do_GCCAsmStmt(self, node: Node) -> list[c_ast.Node]:
        raise self.refuse(node, "inline assembly", "write it as C++")

    def _do_CXXDeleteExpr(self, node: Node) -> list[c_ast.Node]:
        raise self.refuse(node, "delete", "use an array of fixed size")


def constants_stored(made: list[c_ast.Node]) -> c_ast.InitList | None:
    """The list of values that does what statements do which store constants in members; None for other statements."""
    values: list[c_ast.Node] = []
    for node in made:
        value = plain = node.rvalue if isinstance(node, c_ast.Assignment) and node.op == "=" else None
        while isinstance(plain, c_ast.Cast) or (isinstance(plain, c_ast.UnaryOp) and plain.op == "-"):
            plain = plain.expr
        place = node.lvalue if value is not None else None
        path: list[c_ast.Node] = []
        while isinstance(place, c_ast.StructRef) and place.type == ".":
            path.insert(0, c_ast.ID(place.field.name, place.coord))
            place = place.name
        if not isinstance(plain, c_ast.Constant) or not path or not isinstance(place, c_ast.ID):
            return None
        values.append(c_ast.NamedInitializer(path, value, node.coord))
    return c_ast.InitList(values, made[0].coord)


def _written(kind: CppType) -> CppType:
    """The type of an object that statements make: what is constant in C++ is written here."""
    return replace(kind, const=False, to=_written(kind.to) if kind.kind == "array" and kind.to is not None else kind.to)


def _steady(node: c_ast.Node, scope: Expressions) -> bool:
    """Whether an expression names the same object wherever it is written: no subscript that changes, no pointer."""
    if isinstance(node, c_ast.ID):
        return True
    if isinstance(node, c_ast.StructRef):
        return _steady(node.name, scope) and (
            node.type == "." or (isinstance(node.name, c_ast.ID) and node.name.name == "this")
        )
    if isinstance(node, c_ast.ArrayRef):
        return _steady(node.name, scope) and isinstance(node.subscript, c_ast.Constant)
    if isinstance(node, c_ast.UnaryOp) and node.op == "*" and isinstance(node.expr, c_ast.ID):
        return node.expr.name == "this" or any(
            v.mode == "pointer" and v.name == node.expr.name for v in scope.variables.values()
        )
    return False


def _rename(node: c_ast.Node, old: str, new: str) -> None:
    if isinstance(node, c_ast.ID) and node.name == old:
        node.name = new
    for _, child in node.children():
        _rename(child, old, new)
