"""C++ expressions as pycparser's nodes."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.program.cpp import vendor
from pipeline.program.cpp.algorithm_loops import looped
from pipeline.program.cpp.algorithms import ALGORITHMS, moved, moves
from pipeline.program.cpp.index import FUNCTIONS, Node, type_text
from pipeline.program.cpp.library_members import members_of_tuple
from pipeline.program.cpp.nodes import (
    TRANSPARENT,
    address,
    bare,
    followed,
    inner,
    listed_values,
    lvalue,
    member,
    parameters,
    simple,
    written,
)
from pipeline.program.cpp.types import CppType, Unreadable, declarator, is_integer, is_signed, typename, width
from pipeline.program.cpp.variables import Closure, Variable

if TYPE_CHECKING:
    from pipeline.program.cpp.unit import Unit

_FLOATING = re.compile(r"(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?[fFlL]?")
_REAL_LIMITS = {
    "float": ("3.402823466e+38f", "1.175494351e-38f"),
    "double": ("1.7976931348623157e+308", "2.2250738585072014e-308"),
}
"""The largest number and the least positive normal one (IEEE 754)."""
_MOST_COPIED = 64
"""An array of more elements is not copied or constructed one by one."""
_MATHEMATICS = frozenset(
    [
        "sqrt",
        "cbrt",
        "pow",
        "exp",
        "exp2",
        "log",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "tanh",
        "floor",
        "ceil",
        "round",
        "trunc",
        "fmod",
        "fmin",
        "fmax",
        "hypot",
        "fabs",
        "ldexp",
        "expm1",
        "log1p",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "erfc",
        "rint",
        "nearbyint",
        "copysign",
    ]
)


class Expressions:
    """Lowers the expressions of one function (or of the globals)."""

    def __init__(self, unit: Unit, name: str) -> None:
        self.unit = unit
        self.index = unit.index
        self.name = name
        self.variables: dict[str, Variable] = {}
        self.closures: dict[str, Closure] = {}
        self.pre: list[c_ast.Node] | None = None
        """Statements that must run before the one that is being lowered; None where none can."""
        self.temporaries = 0
        self.this: c_ast.Node | None = None
        """What ``this`` stands for where a method is read in its caller's place."""

    # Errors and types ---------------------------------------------------------------------------------------------

    def refuse(self, node: Node, what: str, fix: str = "write it in simpler C++") -> PipelineError:
        """The error for a construct that is not supported."""
        coord = self.index.coord(node)
        place = {"file": coord.file, "line": coord.line, "column": coord.column} if coord else {"file": self.unit.file}
        return PipelineError(f"{what} is not supported", fix=fix, **place)

    def type(self, node: Node) -> CppType:
        """The type of an expression or declaration."""
        return self.read_type(type_text(node), node)

    def read_type(self, text: str, node: Node) -> CppType:
        """The type of that text."""
        try:
            return self.index.types.read(text)
        except (Unreadable, IndexError):
            raise self.refuse(node, f"the type {text[:80]}") from None

    def value_type(self, node: Node) -> CppType:
        """The type of an expression's value: what a reference refers to."""
        kind = self.type(node)
        return kind.to if kind.kind == "reference" and kind.to is not None else kind

    # Dispatch -----------------------------------------------------------------------------------------------------

    def lower(self, node: Node) -> c_ast.Node:
        """The expression in C."""
        kind = node.get("kind", "")
        if kind in TRANSPARENT:
            parts = inner(node)
            if not parts:
                raise self.refuse(node, f"this use of {_shown(kind)}")
            return self.lower(parts[-1])
        rule = getattr(self, f"_{kind}", None)
        if rule is None:
            raise self.refuse(node, f"{_shown(kind)}")
        found: c_ast.Node = rule(node)
        return found

    def many(self, nodes: list[Node]) -> list[c_ast.Node]:
        """Expressions in order."""
        return [self.lower(node) for node in nodes]

    def at(self, node: Node) -> Any:
        """The place of a node."""
        return self.index.coord(node)

    # Literals and names -------------------------------------------------------------------------------------------

    def _IntegerLiteral(self, node: Node) -> c_ast.Node:
        return self._number(int(node["value"]), self.type(node), node)

    def _number(self, value: int, kind: CppType, node: Node) -> c_ast.Node:
        words = kind.name.split() if kind.kind == "plain" else ["int"]
        suffix = ("u" if "unsigned" in words else "") + "l" * words.count("long")
        name = " ".join((["unsigned"] if "unsigned" in words else []) + ["long"] * words.count("long") + ["int"])
        text = c_ast.Constant(name, f"{abs(value)}{suffix}", self.at(node))
        return c_ast.UnaryOp("-", text, text.coord) if value < 0 else text

    def _FloatingLiteral(self, node: Node) -> c_ast.Node:
        text = self.index.text_of(node).strip()
        if not _FLOATING.fullmatch(text):
            text = str(node["value"])
        text = text.rstrip("fFlL")
        if not re.search(r"[.eE]", text):
            text += ".0"
        single = self.type(node).name in ("float", "_Float16")
        return c_ast.Constant("float" if single else "double", text + ("f" if single else ""), self.at(node))

    def _CharacterLiteral(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("int", str(node["value"]), self.at(node))

    def _CXXBoolLiteralExpr(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("int", str(int(bool(node["value"]))), self.at(node))

    def _StringLiteral(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("string", str(node["value"]), self.at(node))

    def _CXXNullPtrLiteralExpr(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("int", "0", self.at(node))

    _GNUNullExpr = _ImplicitValueInitExpr = _CXXScalarValueInitExpr = _CXXNullPtrLiteralExpr

    def _PredefinedExpr(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("string", '""', self.at(node))

    def _ConstantExpr(self, node: Node) -> c_ast.Node:
        value = str(node.get("value", ""))
        if re.fullmatch(r"-?\d+", value):
            return self._number(int(value), self.type(node), node)
        return self.lower(inner(node)[-1])

    def _TypeTraitExpr(self, node: Node) -> c_ast.Node:
        return c_ast.Constant("int", str(int(bool(node.get("value")))), self.at(node))

    def _SizeOfPackExpr(self, node: Node) -> c_ast.Node:
        number = node.get(
            "value", self.unit.constants.asked_value(self.index.text_of(node), node, getattr(self, "root", ""))
        )
        if number is None:
            raise self.refuse(node, "sizeof...", "give the number as a template's argument")
        return c_ast.Constant("int", str(number), self.at(node))

    def _DeclRefExpr(self, node: Node) -> c_ast.Node:
        found = node["referencedDecl"]
        kind, name = found.get("kind"), found["id"]
        if kind == "EnumConstantDecl":
            value = self.index.enumerators.get(name)
            if value is None:
                return c_ast.ID(str(found["name"]), self.at(node))
            return self._number(value, CppType("plain", "int"), node)
        if kind in FUNCTIONS:
            return self.unit.function_name(name, found, self.at(node))
        variable = self.variable(name, node)
        return self._named(variable, node)

    def variable(self, name: str, node: Node) -> Variable:
        """The variable of that id."""
        found = self.variables.get(name) or self.unit.global_variable(name)
        if found is None:
            shown = node["referencedDecl"].get("name", "?") if "referencedDecl" in node else "?"
            kind = self.value_type(node)
            if kind.scalar or kind.kind in ("array", "record"):
                self.unit.library.add(str(shown))
                return Variable(str(shown), kind)
            raise self.refuse(node, f"the name {shown}")
        return found

    def _named(self, variable: Variable, node: Node) -> c_ast.Node:
        coord = self.at(node)
        if variable.mode == "same" and variable.same is not None:
            return copy.deepcopy(variable.same)
        name = c_ast.ID(variable.name, coord)
        return c_ast.UnaryOp("*", name, coord) if variable.mode == "pointer" else name

    def _CXXThisExpr(self, node: Node) -> c_ast.Node:
        return copy.deepcopy(self.this) if self.this is not None else c_ast.ID("this", self.at(node))

    # Operators ----------------------------------------------------------------------------------------------------

    def _BinaryOperator(self, node: Node) -> c_ast.Node:
        left, right = inner(node)
        op = node["opcode"]
        if op == ",":
            first, before = self.lower(left), len(self.pre or ())
            last = self.lower(right)
            if self.pre is not None and len(self.pre) > before:
                self.pre.insert(before, first)  # what the last one puts before the statement comes after the first
                return last
            return c_ast.ExprList([first, last], self.at(node))
        if op in (".*", "->*"):
            raise self.refuse(node, "a pointer to a member")
        if op == "=":
            return self.assign(node, left, self.lower(right))
        if op in ("&&", "||"):
            first = self.lower(left)
            return c_ast.BinaryOp(op, first, self.sheltered(right), self.at(node))
        return c_ast.BinaryOp(op, self.lower(left), self.lower(right), self.at(node))

    def sheltered(self, node: Node) -> c_ast.Node:
        """An expression that is not always evaluated: nothing can be put before its statement for it."""
        before, self.pre = self.pre, None
        try:
            return self.lower(node)
        finally:
            self.pre = before

    def assign(self, node: Node, target: Node, value: c_ast.Node) -> c_ast.Node:
        """An assignment, to bits of a number where the target is such."""
        bits = vendor.bits_assigned(self, target, value, self.at(node))
        if bits is not None:
            return bits
        return c_ast.Assignment("=", written(self.lower(target)), value, self.at(node))

    def _CompoundAssignOperator(self, node: Node) -> c_ast.Node:
        left, right = inner(node)
        return c_ast.Assignment(node["opcode"], written(self.lower(left)), self.lower(right), self.at(node))

    def _UnaryOperator(self, node: Node) -> c_ast.Node:
        op = node["opcode"]
        below = self.lower(inner(node)[0])
        if op == "&":
            return address(below)
        if op == "*":
            return followed(below)
        if op in ("++", "--") and node.get("isPostfix"):
            op = f"p{op}"
        if op in ("__extension__", "__real", "__imag"):
            if op == "__extension__":
                return below
            raise self.refuse(node, f"the operator {op}")
        return c_ast.UnaryOp(op, written(below) if op.strip("p") in ("++", "--") else below, self.at(node))

    def _ConditionalOperator(self, node: Node) -> c_ast.Node:
        cond, yes, no = inner(node)
        return c_ast.TernaryOp(self.lower(cond), self.sheltered(yes), self.sheltered(no), self.at(node))

    def _ArraySubscriptExpr(self, node: Node) -> c_ast.Node:
        array, subscript = inner(node)
        if self.type(bare(array)).kind not in ("pointer", "array", "reference") and self.type(array).kind != "pointer":
            array, subscript = subscript, array
        return c_ast.ArrayRef(self.lower(array), self.lower(subscript), self.at(node))

    def _UnaryExprOrTypeTraitExpr(self, node: Node) -> c_ast.Node:
        word = node.get("name", "sizeof")
        if "argType" in node:
            kind = node["argType"]
            of: c_ast.Node = typename(self.read_type(kind.get("desugaredQualType") or kind["qualType"], node))
        else:
            of = self.lower(inner(node)[0])
        if word != "sizeof":
            raise self.refuse(node, word)
        return c_ast.UnaryOp("sizeof", of, self.at(node))

    def _ImplicitCastExpr(self, node: Node) -> c_ast.Node:
        kind, below = node.get("castKind"), inner(node)[-1]
        if kind in ("DerivedToBase", "UncheckedDerivedToBase"):
            return self._to_base(node, below)
        if kind == "BaseToDerived":
            raise self.refuse(node, "a cast to a derived class")
        if kind in ("ConstructorConversion", "UserDefinedConversion"):
            return self.lower(below)
        if kind == "IntegralToBoolean" and self.type(node).name != "_Bool":
            return c_ast.BinaryOp("!=", self.lower(below), c_ast.Constant("int", "0"), self.at(node))
        return self.lower(below)

    def _to_base(self, node: Node, below: Node) -> c_ast.Node:
        value = self.lower(below)
        kind = self.value_type(below)
        pointer = kind.kind == "pointer"
        kind = kind.to if pointer and kind.to is not None else kind
        if kind.kind == "number" or kind.name not in self.index.records:
            return value
        found = followed(value) if pointer else value
        for step in node.get("path", ()):
            record = self.index.records.get(kind.name)
            if record is None:
                break
            base = next((text for text in record.bases if text.split("<")[0].rpartition("::")[2] == step["name"]), None)
            if base is None:
                raise self.refuse(node, f"the base class {step['name']}")
            kind = self.read_type(base, node)
            found = member(found, base_member(kind.name), self.at(node))
        return address(found) if pointer else found

    def _cast(self, node: Node) -> c_ast.Node:
        below = inner(node)[-1]
        target = self.type(node)
        if node.get("castKind") in ("ToVoid",):
            return self.lower(below)
        if target.kind in ("record", "lambda", "reference", "array", "function"):
            return self.lower(below)
        if node.get("castKind") in ("DerivedToBase", "UncheckedDerivedToBase"):
            return self._to_base(node, below)
        value = self.lower(below)
        if isinstance(value, c_ast.Cast) and _same_type(value.to_type, typename(target)):
            return value
        return c_ast.Cast(typename(target, self.at(node)), value, self.at(node))

    _CStyleCastExpr = _CXXStaticCastExpr = _CXXReinterpretCastExpr = _CXXConstCastExpr = _CXXFunctionalCastExpr = _cast
    _BuiltinBitCastExpr = _cast

    # Members ------------------------------------------------------------------------------------------------------

    def _MemberExpr(self, node: Node) -> c_ast.Node:
        below = inner(node)[0]
        name = node.get("referencedMemberDecl")
        coord = self.at(node)
        if name in self.index.enumerators:
            return self._number(self.index.enumerators[name], CppType("plain", "int"), node)
        if name not in self.index.fields:
            variable = self.unit.global_variable(name) if name else None
            if variable is not None:
                return self._named(variable, node)
            kind = self.value_type(below)
            if kind.kind == "number" and (number := vendor.said_of_number(kind, str(node["name"]))) is not None:
                return c_ast.Constant("int", str(number), coord)
            value = self.lower(below)
            return self._member(value, str(node["name"]), bool(node.get("isArrow")), coord)
        field = self.index.fields[name][1]
        value = self.lower(below)
        shown = node.get("name") or field.get("name") or field_name(field)
        found = self._member(value, shown, bool(node.get("isArrow")), coord)
        kind = self.type(field)
        if kind.kind == "reference" and kind.to is not None and kind.to.kind != "array":
            return c_ast.UnaryOp("*", found, coord)
        return found

    def _member(self, value: c_ast.Node, name: str, arrow: bool, coord: Any) -> c_ast.Node:
        if not name:
            return value
        return member(followed(value) if arrow else value, name, coord)

    # Calls --------------------------------------------------------------------------------------------------------

    def _CallExpr(self, node: Node) -> c_ast.Node:
        callee, *given = inner(node)
        target = bare(callee)
        coord = self.at(node)
        if target.get("kind") == "CXXPseudoDestructorExpr":
            return c_ast.EmptyStatement(coord)
        if target.get("kind") == "DeclRefExpr":
            found = target["referencedDecl"]
            if found.get("kind") in FUNCTIONS:
                return self.call(found["id"], found, given, node)
        if target.get("kind") == "MemberExpr":
            return self._CXXMemberCallExpr(node)
        name = self.lower(callee)
        if isinstance(name, c_ast.UnaryOp) and name.op in ("*", "&"):
            name = name.expr
        return c_ast.FuncCall(name, c_ast.ExprList(self.many(given), coord) if given else None, coord)

    _UserDefinedLiteral = _CallExpr

    def call(self, name: str, found: Node, given: list[Node], node: Node, this: c_ast.Node | None = None) -> c_ast.Node:
        """A call of the function with that id; ``found`` is what the tree says of it there."""
        root = self.index.canonical.get(name)
        declared = self.index.functions.get(name)
        coord = self.at(node)
        if root is None or declared is None:
            return self._library_call(str(found.get("name", "?")), given, node)
        definition = self.index.definitions.get(root, declared)
        if definition.get("variadic") or not parameters(definition):
            values = self.many(given)
        else:
            values = self._arguments(definition, given)
        if (place := self._place(root, definition, values, this)) is not None:
            return place
        if this is not None and simple(this) and (value := self.unit.bodies.named_value(root)) is not None:
            kind = self.unit.returns(definition, self)
            if kind.scalar:  # a value, which later changes of the member do not reach
                return c_ast.Cast(typename(kind, coord), self._in_terms(root, [], [], this, value), coord)
        if this is not None:
            values.insert(0, this)
        extra = self.unit.captured(root, self)
        values += extra
        called = self.unit.function_name(name, found, coord)
        result = c_ast.FuncCall(called, c_ast.ExprList(values, coord) if values else None, coord)
        returned = self.unit.returns(definition, self)
        if returned.kind == "reference" and returned.to is not None and not by_value(returned, self):
            if this is not None and self.pre is not None and simple(this) and self.unit.bodies.returns_this(definition):
                self.pre.append(result)
                return followed(copy.deepcopy(this))
            return c_ast.UnaryOp("*", result, coord)
        return result

    def _place(
        self, root: str, definition: Node, values: list[c_ast.Node], this: c_ast.Node | None
    ) -> c_ast.Node | None:
        """What a function that does nothing but name a place names (``T &at(int i) { return v[i]; }``), in the caller's
        terms; None for other functions."""
        value = self.unit.bodies.named_place(root)
        wanted = parameters(definition)
        given = [*values, this] if this is not None else values
        if value is None or len(wanted) != len(values) or not all(simple(item) for item in given):
            return None
        found = self._in_terms(root, wanted, values, this, value)
        return found if lvalue(found) else None

    def _in_terms(
        self, root: str, wanted: list[Node], values: list[c_ast.Node], this: c_ast.Node | None, value: Node
    ) -> c_ast.Node:
        """An expression of a function in its caller's terms; ``values`` are what its parameters are given."""
        scope = Expressions(self.unit, self.name)
        scope.pre, scope.temporaries, scope.this = self.pre, self.temporaries, this
        with self.unit.inside(root):
            for parameter, argument in zip(wanted, values, strict=True):
                kind = scope.type(parameter)
                target = kind.to if kind.kind == "reference" and kind.to is not None else kind
                followed_too = kind.kind == "reference" and not by_value(kind, scope) and target.kind != "array"
                same = followed(argument) if followed_too else argument
                scope.variables[parameter["id"]] = Variable(str(parameter.get("name", "")), target, "same", same)
            found = scope.lower(value)
        self.temporaries = scope.temporaries
        return found

    def _members_made(self, constructor: Node, given: list[Node], target: c_ast.Node) -> list[c_ast.Node] | None:
        """What a constructor that gives members plain values does, in the caller's place; None for other ones."""
        made = self.unit.bodies.members_made(constructor)
        wanted = parameters(constructor)
        if made is None or not simple(target) or len(wanted) != len(given):
            return None
        kinds = [self.type(declared) for declared, _ in made]
        if not all(kind.scalar or kind.kind == "reference" for kind in kinds):
            return None
        values = self._arguments(constructor, given)
        if len(wanted) != len(values) or not all(simple(value) for value in values):
            return None
        root = str(self.index.canonical.get(constructor["id"], constructor["id"]))
        found: list[c_ast.Node] = []
        for (declared, value), kind in zip(made, kinds, strict=True):
            place = member(copy.deepcopy(target), str(declared.get("name", "")), target.coord)
            plain = self._in_terms(root, wanted, copy.deepcopy(values), address(target), value)
            if kind.kind == "reference":
                if not lvalue(plain):
                    return None
                plain = address(plain)
            found.append(c_ast.Assignment("=", place, plain, target.coord))
        return found

    def _arguments(self, definition: Node, given: list[Node]) -> list[c_ast.Node]:
        values: list[c_ast.Node] = []
        wanted = parameters(definition)
        for position, argument in enumerate(given):
            if position >= len(wanted):
                values.append(self.lower(argument))
                continue
            values += self.argument(self.type(wanted[position]), argument)
        return values

    def argument(self, kind: CppType, given: Node) -> list[c_ast.Node]:
        """What is handed over for a parameter of that type: a value, or all that a lambda captures."""
        target = kind.to if kind.kind == "reference" and kind.to is not None else kind
        if target.kind == "lambda":
            self.known_lambda(target, given)
            closure = self.unit.closures.get(target.name)
            return self.unit.captured(closure.method, self) if closure is not None else []
        value = self.lower(given)
        if isinstance(value, c_ast.InitList) and target.kind == "record":
            plain = CppType(target.kind, target.name, arguments=target.arguments)
            value = c_ast.CompoundLiteral(typename(plain), value, [], value.coord)
        if target.kind == "function" or (
            target.kind == "pointer" and target.to is not None and target.to.kind == "function"
        ):
            return [value]
        if kind.kind != "reference" or by_value(kind, self) or target.kind == "array":
            return [value]
        if not lvalue(value):
            value = self.temporary(value, target, given)
        return [address(value)]

    def known_lambda(self, kind: CppType, given: Node) -> None:
        """Makes a lambda known that stands where it is handed over."""
        while kind.name not in self.unit.closures and given.get("kind") != "LambdaExpr":
            parts = inner(given)
            if not parts:
                return
            given = parts[-1]
        if kind.name not in self.unit.closures:
            self.lower(given)

    def temporary(self, value: c_ast.Node, kind: CppType, node: Node) -> c_ast.Node:
        """A variable that holds a value until the statement ends."""
        if self.pre is None:
            raise self.refuse(node, "a temporary object here", "give it a name in a statement of its own")
        name = f"temporary_{self.temporaries}"
        self.temporaries += 1
        coord = self.at(node)
        init = value if not isinstance(value, c_ast.EmptyStatement) else None
        plain = CppType(kind.kind, kind.name, kind.to, kind.length, False, kind.arguments)
        self.pre.append(c_ast.Decl(name, [], [], [], [], declarator(plain, name, coord), init, None, coord))
        return c_ast.ID(name, coord)

    def _library_call(self, name: str, given: list[Node], node: Node) -> c_ast.Node:
        """A call of what the library declares, under the name that C has for it where there is one."""
        coord = self.at(node)
        kinds = [self.value_type(part) for part in given]
        if name in ("min", "max", "lowest") and not given:
            return self._limit(name, self.type(node), node)
        if name in ("min", "max") and len(given) == 2:
            left, right = self.many(given)
            if simple(left) and simple(right):
                op = "<" if name == "min" else ">"
                # The second is given only where it is really less (or greater), as std::min and std::max say.
                cond = c_ast.BinaryOp(op, right, left, coord)
                return c_ast.TernaryOp(cond, copy.deepcopy(right), copy.deepcopy(left), coord)
            return c_ast.FuncCall(self.unit.known(f"std::{name}", coord), c_ast.ExprList([left, right], coord), coord)
        if name in ("min", "max") and len(given) == 1 and (listed := listed_values(given[0])) is not None:
            found, *others = self.many(inner(listed))
            if simple(found) and all(simple(one) for one in others) and 2 ** len(others) <= _MOST_COPIED:
                for one in others:
                    cond = c_ast.BinaryOp(
                        "<" if name == "min" else ">", copy.deepcopy(one), copy.deepcopy(found), coord
                    )
                    found = c_ast.TernaryOp(cond, one, found, coord)
                return found
        if name in ("begin", "end", "cbegin", "cend", "size", "data") and len(given) == 1:
            length = kinds[0].length if kinds[0].kind == "array" else None
            if length is not None:
                whole, number = self.lower(given[0]), c_ast.Constant("int", str(length), coord)
                if name == "size":
                    return number
                by = number if name in ("end", "cend") else c_ast.Constant("int", "0", coord)
                return c_ast.BinaryOp("+", whole, by, coord)
        if name == "clamp" and len(given) == 3:
            value, low, high = self.many(given)
            if simple(value) and simple(low) and simple(high):
                above = c_ast.BinaryOp("<", copy.deepcopy(high), copy.deepcopy(value), coord)
                below = c_ast.BinaryOp("<", copy.deepcopy(value), copy.deepcopy(low), coord)
                return c_ast.TernaryOp(below, low, c_ast.TernaryOp(above, high, value, coord), coord)
        if name in ("move", "forward", "as_const", "ref", "cref", "reg") and len(given) == 1:
            return self.lower(given[0])
        if name in ("recip", "rsqrt") and len(given) == 1:
            one, value = c_ast.Constant("double", "1.0", coord), self.lower(given[0])
            if kinds[0].name in ("float", "_Float16"):
                one = c_ast.Constant("float", "1.0f", coord)
            if name == "rsqrt":
                root = "sqrtf" if kinds[0].name in ("float", "_Float16") else "sqrt"
                value = c_ast.FuncCall(self.unit.known(root, coord), c_ast.ExprList([value], coord), coord)
            return c_ast.Cast(typename(self.value_type(node), coord), c_ast.BinaryOp("/", one, value, coord), coord)
        if name == "swap" and len(given) == 2 and self.pre is not None:
            left, right = self.many(given)
            if simple(left) and simple(right):
                kept = self.temporary(copy.deepcopy(left), kinds[0], node)
                self.pre.append(c_ast.Assignment("=", left, copy.deepcopy(right), coord))
                return c_ast.Assignment("=", right, kept, coord)
        if name in ("make_pair", "make_tuple"):
            kind = self.value_type(node)
            if (names := members_of_tuple(kind)) is not None and len(names) == len(given):
                made = self.temporary(c_ast.EmptyStatement(coord), kind, node)
                assert self.pre is not None
                for word, part in zip(names, given, strict=True):
                    value = self.lower(part)
                    self.pre.append(c_ast.Assignment("=", member(copy.deepcopy(made), word, coord), value, coord))
                return made
        if name == "get" and len(given) == 1 and (names := members_of_tuple(kinds[0])) is not None:
            place = re.search(r"get\s*<\s*(\d+)\s*>", self.index.text_of(inner(node)[0]))
            if place is None or int(place[1]) >= len(names):
                raise self.refuse(node, "this use of std::get", "write the number of the member")
            return member(self.lower(given[0]), names[int(place[1])], coord)
        if moves(name, kinds) and (end := self._moved(name, given, kinds, coord)) is not None:
            return end
        if (result := looped(self, name, given, node)) is not None:
            return result
        if name in ALGORITHMS:
            name = f"std::{name}"
        values = self.many(given)
        single = bool(kinds) and all(
            kind.name in ("float", "_Float16") for kind in kinds if kind.kind == "plain" and not is_integer(kind)
        )
        single = single and any(kind.name in ("float", "_Float16") for kind in kinds)
        if name == "abs" and kinds:
            name = "abs" if is_integer(kinds[0]) else "fabs"
        if name in _MATHEMATICS and single:
            name += "f"
        return c_ast.FuncCall(self.unit.known(name, coord), c_ast.ExprList(values, coord) if values else None, coord)

    def _moved(self, name: str, given: list[Node], kinds: list[CppType], coord: Any) -> c_ast.Node | None:
        """What an algorithm that fills or copies gives, having put what it does before the statement; None where it
        cannot stand there."""
        if self.pre is None or (name.endswith("_n") and not self._counts(given[1])):
            return None
        before = len(self.pre)
        values = self.many(given)
        if name.startswith("fill") and not simple(values[2]):
            values[2] = self.temporary(values[2], kinds[2], given[2])
        if not all(map(simple, values)):
            del self.pre[before:]
            return None
        called, arguments, end = moved(name, values, kinds, coord)
        self.pre.append(c_ast.FuncCall(self.unit.known(called, coord), c_ast.ExprList(arguments, coord), coord))
        return end

    def _counts(self, given: Node) -> bool:
        """Whether a number is surely none below zero, where the library does nothing."""
        found = bare(given)
        kind = self.value_type(found)
        if found.get("kind") == "IntegerLiteral" or (is_integer(kind) and not is_signed(kind)):
            return True
        return found.get("kind") == "ImplicitCastExpr" and self._counts(inner(found)[-1])

    def _limit(self, name: str, kind: CppType, node: Node) -> c_ast.Node:
        """What ``std::numeric_limits<T>`` says."""
        if kind.name in _REAL_LIMITS:
            largest, least = _REAL_LIMITS[kind.name]
            value = c_ast.Constant(kind.name, least if name == "min" else largest, self.at(node))
            return c_ast.UnaryOp("-", value, value.coord) if name == "lowest" else value
        bits = width(kind)
        if bits is None or not is_integer(kind) or bits > 64:
            raise self.refuse(node, f"std::numeric_limits of {kind.name}", "write the number")
        signed = is_signed(kind)
        most = (1 << (bits - signed)) - 1
        # The least number has no literal of its own.
        if name == "max":
            return self._number(most, kind, node)
        one = c_ast.Constant("int", "1", self.at(node))
        return (
            c_ast.BinaryOp("-", self._number(-most, kind, node), one, one.coord)
            if signed
            else self._number(0, kind, node)
        )

    def _CXXMemberCallExpr(self, node: Node) -> c_ast.Node:
        callee, *given = inner(node)
        target = bare(callee)
        if target.get("kind") != "MemberExpr":
            raise self.refuse(node, "a call through a pointer to a member")
        below = inner(target)[0]
        name = target.get("referencedMemberDecl", "")
        declared = self.index.functions.get(name)
        if declared is None:
            return vendor.method(self, node, str(target.get("name", "?")), below, bool(target.get("isArrow")), given)
        this = None
        if declared.get("storageClass") != "static":
            name, declared = self._overrider(name, declared, below, node)
            value = self.lower(below)
            this = value if target.get("isArrow") else self._object(value, below)
        elif not given and not simple(self.lower(below)):
            raise self.refuse(node, "a static method of a value")
        return self.call(name, declared, given, node, this)

    def _overrider(self, name: str, declared: Node, below: Node, node: Node) -> tuple[str, Node]:
        """The method that a call of a virtual one reaches: of an object that is named its class's own, of one behind a
        pointer or reference the only one that there is."""
        if not self.unit.classes.is_virtual(name):
            return name, declared
        thing = bare(below)
        while thing.get("kind") == "ImplicitCastExpr" and thing.get("castKind") == "UncheckedDerivedToBase":
            thing = bare(inner(thing)[-1])
        said = str(thing.get("referencedDecl", thing).get("type", {}).get("qualType", ""))
        named = thing.get("kind") in ("DeclRefExpr", "ArraySubscriptExpr", "MemberExpr") and said[-1:] not in ("&", "*")
        qualified = re.search(rf"::\s*{re.escape(str(declared['name']))}\s*\(", self.index.text_of(node))
        if not named and not qualified and self.unit.classes.is_overridden(name):
            raise self.refuse(node, "a virtual method of an object whose class is not known", "call it on the object")
        if declared.get("pure"):
            raise self.refuse(node, "a virtual method without a body")
        return name, declared

    def _object(self, value: c_ast.Node, node: Node) -> c_ast.Node:
        """A pointer to an object that a method is called on."""
        if not lvalue(value):
            value = self.temporary(value, self.value_type(node), node)
        return address(value)

    def _CXXOperatorCallExpr(self, node: Node) -> c_ast.Node:
        callee, *given = inner(node)
        target = bare(callee)
        found = target.get("referencedDecl", {})
        op = str(found.get("name", "")).removeprefix("operator")
        kinds = [self.value_type(part) for part in given]
        if kinds and kinds[0].kind == "lambda":
            self.known_lambda(kinds[0], given[0])
            return self._closure_call(kinds[0].name, found, given[1:], node)
        declared = self.index.functions.get(found.get("id", ""))
        if declared is None:
            return vendor.operator(self, node, op, given, kinds)
        if declared["kind"] == "CXXMethodDecl":
            if op == "=" and declared.get("isImplicit"):
                return c_ast.Assignment("=", self.lower(given[0]), self.lower(given[1]), self.at(node))
            self._overrider(found["id"], declared, given[0], node)
            this = self._object(self.lower(given[0]), given[0])
            return self.call(found["id"], found, given[1:], node, this)
        return self.call(found["id"], found, given, node)

    def _closure_call(self, name: str, found: Node, given: list[Node], node: Node) -> c_ast.Node:
        closure = self.unit.closures.get(name)
        if closure is None:
            raise self.refuse(node, "a call of this lambda")
        return self.call(found["id"], found, given, node)

    # Objects ------------------------------------------------------------------------------------------------------

    def _CXXConstructExpr(self, node: Node) -> c_ast.Node:
        kind, given = self.type(node), inner(node)
        coord = self.at(node)
        if kind.kind == "number":
            if not given:
                return c_ast.Constant("int", "0", coord)
            if self.type(given[0]).kind == "pointer":
                return vendor.from_text(self, node, kind, given)
            value = self.lower(given[0])
            source = self.value_type(given[0])
            if source.name == kind.name or isinstance(value, c_ast.Constant):
                return value
            return c_ast.Cast(typename(CppType("number", kind.name, arguments=kind.arguments), coord), value, coord)
        if kind.kind == "record" and self.copies(node):
            return self.lower(given[0])
        if kind.kind != "record":
            return self.lower(given[0]) if given else c_ast.Constant("int", "0", coord)
        if self.pre is None:
            raise self.refuse(node, f"an object of {kind.name} made here", "give it a name in a statement of its own")
        made = self.temporary(c_ast.EmptyStatement(coord), kind, node)
        init, after = self.initial(kind, node, made)
        if init is not None:
            self.pre[-1].init = init
        self.pre += after
        return made

    _CXXTemporaryObjectExpr = _CXXConstructExpr

    def copies(self, node: Node) -> bool:
        """Whether a construction copies or moves an object of the same class as it is."""
        given = inner(node)
        if len(given) != 1 or node.get("kind") not in ("CXXConstructExpr", "CXXTemporaryObjectExpr"):
            return False
        kind = self.type(node)
        if self.value_type(given[0]).name != kind.name:
            return False
        constructor = self.constructor(node)
        return (
            constructor is None or bool(constructor.get("isImplicit")) or bool(constructor.get("explicitlyDefaulted"))
        )

    def constructor(self, node: Node) -> Node | None:
        """The user's constructor that a construction calls, None where it is the library's."""
        record = self.index.records.get(self.type(node).name)
        wanted = _plain(node.get("ctorType", {}).get("qualType", ""))
        if record is None:
            return None
        known = [
            (name, self.index.functions[name])
            for name, owner in self.index.owner.items()
            if owner is record and self.index.functions[name]["kind"] == "CXXConstructorDecl"
        ]
        found = [one for one in known if _plain(one[1]["type"]["qualType"]) == wanted]
        if not found:
            # clang may write the one in terms of the template's parameters and the other in those of its arguments.
            fitting = [
                one for one in known if not one[1].get("isImplicit") and len(parameters(one[1])) == len(inner(node)) > 0
            ]
            found = fitting if len(fitting) == 1 else []
        for name, declared in found:
            return self.index.definitions.get(self.index.canonical[name], declared)
        return None

    def initial(self, kind: CppType, node: Node, target: c_ast.Node) -> tuple[c_ast.Node | None, list[c_ast.Node]]:
        """An initialiser for an object of that type, or the statements that make ``target`` one."""
        node = _unwrapped(node)
        word = node.get("kind")
        coord = self.at(node)
        if kind.kind == "record":
            if word in ("CXXConstructExpr", "CXXTemporaryObjectExpr") and not self.copies(node):
                constructor = self.constructor(node)
                if constructor is None:
                    return vendor.constructed(self, kind, node, target)
                if self.unit.idle(constructor, self):
                    return None, []
                if (made := self._members_made(constructor, inner(node), target)) is not None:
                    return None, made
                this = address(target)
                return None, [self.call(constructor["id"], constructor, inner(node), node, this)]
            if word == "CXXConstructExpr":
                return self.lower(inner(node)[0]), []
            if word == "InitListExpr":
                return self._listed(node, target)
            if word == "LambdaExpr":
                return None, []
            if word in ("ImplicitValueInitExpr", "CXXScalarValueInitExpr"):
                return c_ast.InitList([c_ast.Constant("int", "0", coord)], coord), []
            if word == "ConditionalOperator" and self.pre is not None:
                return None, self._chosen(kind, node, target)
            return self.lower(node), []
        if kind.kind == "array":
            if word == "CXXConstructExpr":
                element = kind
                while element.kind == "array" and element.to is not None:
                    element = element.to
                constructor = self.constructor({**node, "type": {"qualType": element.name}})
                if constructor is None or self.unit.idle(constructor, self):
                    return None, []
                elements = self._elements(kind, target)
                if elements is not None:
                    return None, [
                        self.call(constructor["id"], constructor, inner(node), node, address(place))
                        for place in elements
                    ]
                called = self.unit.known(f"{element.name}::{element.name.rpartition('::')[2]}[]", coord)
                return None, [c_ast.FuncCall(called, c_ast.ExprList([target], coord), coord)]
            if word == "InitListExpr":
                return self._listed(node, target)
            if word == "ArrayInitLoopExpr":
                return self._copied(kind, self.lower(inner(inner(node)[0])[0]), node), []
            if word == "ImplicitValueInitExpr":
                return c_ast.InitList([c_ast.Constant("int", "0", coord)], coord), []
            return self.lower(node), []
        if word in ("CXXConstructExpr", "CXXTemporaryObjectExpr") and not inner(node):
            return None, []
        if word == "InitListExpr":
            parts = inner(node)
            return (self.lower(parts[0]) if parts else c_ast.Constant("int", "0", coord)), []
        return self.lower(node), []

    def _chosen(self, kind: CppType, node: Node, target: c_ast.Node) -> list[c_ast.Node]:
        """An object that is one of two: made by a branch, so that each may take statements."""
        cond, *ways = inner(node)
        test = self.lower(cond)
        before, blocks = self.pre, []
        for way in ways:
            self.pre = []
            init, after = self.initial(kind, way, target)
            if isinstance(init, c_ast.InitList):
                init = self.temporary(init, kind, way)
            made = [c_ast.Assignment("=", copy.deepcopy(target), init, self.at(way))] if init is not None else []
            blocks.append(c_ast.Compound([*self.pre, *made, *after], self.at(way)))
        self.pre = before
        return [c_ast.If(test, blocks[0], blocks[1], self.at(node))]

    def _elements(self, kind: CppType, target: c_ast.Node) -> list[c_ast.Node] | None:
        """The elements of an array, row by row; None where there are more than are made one by one."""
        if kind.kind != "array" or kind.to is None:
            return [target]
        found: list[c_ast.Node] = []
        for place in range(kind.length or 0):
            subscript = c_ast.Constant("int", str(place), target.coord)
            below = self._elements(kind.to, c_ast.ArrayRef(copy.deepcopy(target), subscript, target.coord))
            if below is None or len(found) + len(below) > _MOST_COPIED:
                return None
            found += below
        return found

    def _copied(self, kind: CppType, source: c_ast.Node, node: Node) -> c_ast.Node:
        """An array's values, one by one."""
        if kind.kind != "array" or kind.to is None:
            return source
        if not simple(source) or kind.length is None or kind.length > _MOST_COPIED:
            raise self.refuse(node, "a copy of this array", "copy it in a loop")
        items = [
            self._copied(
                kind.to,
                c_ast.ArrayRef(copy.deepcopy(source), c_ast.Constant("int", str(place)), self.at(node)),
                node,
            )
            for place in range(kind.length)
        ]
        return c_ast.InitList(items, self.at(node))

    def _InitListExpr(self, node: Node) -> c_ast.Node:
        made, after = self._listed(node, None)
        if after:
            raise self.refuse(node, "an object with a constructor in a list of values")
        return made

    def _listed(self, node: Node, target: c_ast.Node | None) -> tuple[c_ast.Node, list[c_ast.Node]]:
        """A list of values, and the statements that construct its objects in ``target``."""
        parts, filler = inner(node), None
        if not parts and node.get("array_filler"):
            filler, *parts = (part for part in node["array_filler"] if part)
        coord = self.at(node)
        kind = self.type(node)
        if kind.scalar or kind.kind == "number":
            return (self.lower(parts[0]) if parts else c_ast.Constant("int", "0", coord)), []
        if filler is not None and kind.to is not None and kind.to.kind in ("array", "record"):
            left = (kind.length or 0) - len(parts)
            if left <= _MOST_COPIED:
                parts += [filler] * left
            elif self.initial(kind.to, filler, c_ast.ID("?", coord))[1]:
                raise self.refuse(node, f"a list of more than {_MOST_COPIED} objects with a constructor")
        values: list[c_ast.Node] = []
        after: list[c_ast.Node] = []
        for place, part in enumerate(parts):
            of = self.type(part)
            if part.get("kind") == "CXXDefaultInitExpr" and _says_this(part):
                # What a member has by its declaration may be said by the members before it: they are set by then.
                within = self._within(kind, target, place, part)
                if within is None or not (of.scalar or of.kind == "number"):
                    raise self.refuse(
                        part, "a member whose value is said by others in a list of values", "write it out"
                    )
                self.this, outer = address(copy.deepcopy(target)), self.this
                after.append(c_ast.Assignment("=", within, self.lower(part), coord))
                self.this = outer
                values.append(c_ast.Constant("int", "0", coord))
            elif of.kind in ("array", "record"):
                within = self._within(kind, target, place, part)
                init, then = self.initial(of, part, within or c_ast.ID("?", coord))
                if then and within is None:
                    raise self.refuse(part, "an object with a constructor in a list of values")
                after += then
                values.append(init if init is not None else c_ast.InitList([c_ast.Constant("int", "0", coord)], coord))
            elif part.get("kind") in ("ImplicitValueInitExpr",):
                values.append(c_ast.Constant("int", "0", coord))
            else:
                values.append(self.lower(part))
        if after and not all(map(simple, values)):
            raise self.refuse(node, "an object with a constructor in a list of values that change something")
        return c_ast.InitList(values or [c_ast.Constant("int", "0", coord)], coord), after

    def _within(self, kind: CppType, target: c_ast.Node | None, place: int, node: Node) -> c_ast.Node | None:
        """The part of an object that a value of its list makes, by the value's place; None where it has no name."""
        if target is None or not simple(target):
            return None
        coord = self.at(node)
        if kind.kind == "array":
            return c_ast.ArrayRef(copy.deepcopy(target), c_ast.Constant("int", str(place), coord), coord)
        record = self.index.records.get(kind.name)
        if record is None or record.bases or record.union or place >= len(record.fields):
            return None
        name = record.fields[place].get("name")
        return member(copy.deepcopy(target), str(name), coord) if name else None

    def _CompoundLiteralExpr(self, node: Node) -> c_ast.Node:
        """``(T){1, 2}``, GNU's in C++: an object without a name."""
        kind = self.value_type(node)
        if kind.kind not in ("record", "plain", "pointer", "number"):
            raise self.refuse(node, f"a list of values as {kind.name or 'an array'}", "give it a name")
        value = self.lower(inner(node)[-1])
        if not isinstance(value, c_ast.InitList):
            return value
        plain = CppType(kind.kind, kind.name, arguments=kind.arguments)
        return c_ast.CompoundLiteral(typename(plain), value, [], value.coord)

    def _LambdaExpr(self, node: Node) -> c_ast.Node:
        self.unit.lambda_expression(self, node, "lambda")
        return c_ast.Constant("int", "0", self.at(node))

    def _CXXNewExpr(self, node: Node) -> c_ast.Node:
        raise self.refuse(node, "memory from new", "use an array of fixed size")

    def _CXXThrowExpr(self, node: Node) -> c_ast.Node:
        raise self.refuse(node, "throw", "return a value that says what went wrong")

    def _StmtExpr(self, node: Node) -> c_ast.Node:
        raise self.refuse(node, "a statement expression ({ ... })", "write it as a function")


def _says_this(node: Node) -> bool:
    return node.get("kind") == "CXXThisExpr" or any(map(_says_this, inner(node)))


def by_value(kind: CppType, scope: Expressions) -> bool:
    """Whether a reference is handed over as the value: of a constant plain value, or of one that is given away."""
    to = kind.to
    if to is None or not (to.const or kind.rvalue):
        return False
    return to.scalar or (to.kind == "record" and scope.unit.classes.small(to))


def base_member(name: str) -> str:
    """The member that holds an object's base class."""
    return name


def field_name(field: Node) -> str:
    """The name of a member; one without a name has none."""
    return str(field.get("name", ""))


def _unwrapped(node: Node) -> Node:
    while (
        node.get("kind") in TRANSPARENT
        or (
            node.get("kind") == "ImplicitCastExpr"
            and node.get("castKind") in ("NoOp", "ConstructorConversion", "UserDefinedConversion")
        )
        or (node.get("kind") == "CXXFunctionalCastExpr" and node.get("castKind") == "ConstructorConversion")
    ):
        parts = inner(node)
        if not parts:
            return node
        node = parts[-1]
    return node


def _plain(text: str) -> str:
    return re.sub(r"\s*noexcept(\(.*\))?$", "", text).replace(" ", "")


def _same_type(left: c_ast.Node, right: c_ast.Node) -> bool:
    from pycparser.c_generator import CGenerator

    return bool(CGenerator().visit(left) == CGenerator().visit(right))


def _shown(kind: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.removeprefix("CXX")).lower()
    return f"the C++ construct '{words}'"
