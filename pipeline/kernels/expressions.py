"""The value of an expression of the tree at a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pycparser import c_ast

from pipeline.kernels.arithmetic import COMPARISONS, binary, pointers
from pipeline.kernels.c_types import INT, CType, integer, promote, usual
from pipeline.kernels.literals import literal
from pipeline.kernels.values import Value, constant, difference, fitted, scaled, shifted, unknown


class Scope(Protocol):
    """What evaluation asks of its surroundings."""

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a variable or member at the place of evaluation, None where unknown."""
        ...

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        ...

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        ...

    def entry(self, node: Any, subscripts: Sequence[int | None]) -> Value | None:
        """An entry of a table of constants, or the range of those it may be; None where unknown."""
        ...

    def offset(self, kind: CType, name: str) -> tuple[int, CType] | None:
        """Where a member lies in a struct, in bits, and its type."""
        ...

    def called(self, name: str, given: Sequence[Value]) -> Value | None:
        """What a function of the file returns for these arguments, None where unknown or where it does more."""
        ...


def evaluate(node: Any, scope: Scope) -> Value:
    """The value of an integer expression; unknown for what is no integer or cannot be proved."""
    rule = _RULES.get(type(node))
    return rule(node, scope) if rule else unknown(scope.type_of(node))


def constant_of(node: Any, scope: Scope) -> int | None:
    """The value of a constant expression, None where it is none."""
    return evaluate(node, scope).exact


_NUMBERS = ("int", "pointer")
_STEPS = {"p++": 0, "p--": 0, "++": 1, "--": -1}


# One rule per node class ------------------------------------------------------------------------------------------


def _constant(node: c_ast.Constant, scope: Scope) -> Value:
    value = None
    if node.type.endswith(("int", "char")) or "int" in node.type:
        value = literal(node.value, node.type)
    return value or unknown(scope.type_of(node))


def _named(node: c_ast.ID | c_ast.StructRef, scope: Scope) -> Value:
    value = scope.variable(node)
    if value is None and not isinstance(node, c_ast.ID):
        return _entry(node, scope)
    return value if value is not None else unknown(scope.type_of(node))


def _entry(node: c_ast.ArrayRef | c_ast.StructRef, scope: Scope) -> Value:
    """``n[1]``, ``layer[2].width``: of tables of constants."""
    subscripts: list[int | None] = []
    part: Any = node
    while isinstance(part, c_ast.ArrayRef | c_ast.StructRef):
        if isinstance(part, c_ast.ArrayRef):
            subscripts.insert(0, evaluate(part.subscript, scope).exact)
        part = part.name
    value = scope.entry(node, subscripts) if isinstance(part, c_ast.ID) else None
    return value if value is not None else unknown(scope.type_of(node))


def _cast(node: c_ast.Cast, scope: Scope) -> Value:
    target = scope.type_of(node)
    source = evaluate(node.expr, scope)
    if source.ctype.kind != "int" or target.kind != "int":
        return unknown(target)
    return fitted(source, target)


def _unary(node: c_ast.UnaryOp, scope: Scope) -> Value:
    if node.op == "&":
        return _address(node, scope)
    if node.op in _STEPS:
        # The scope gives the value before the statement.
        before = evaluate(node.expr, scope)
        return fitted(shifted(before, _STEPS[node.op]), scope.type_of(node))
    if node.op == "sizeof":
        bits = scope.sized_type(node.expr).bits
        size = integer("size_t")
        return constant(bits // 8, size) if bits is not None else unknown(size)
    if node.op == "_Alignof":
        kind, size = scope.sized_type(node.expr), integer("size_t")
        return constant(kind.align // 8, size) if kind.align else unknown(size)
    ctype = promote(scope.type_of(node.expr))
    if node.op in ("+", "-", "~") and ctype is not None:
        value = evaluate(node.expr, scope)
        if node.op == "+":
            return fitted(value, ctype)
        if node.op == "-":
            return fitted(scaled(value, -1), ctype)
        return fitted(constant(~value.exact), ctype) if value.exact is not None else unknown(ctype)
    if node.op == "!":
        value = evaluate(node.expr, scope)
        if value.exact is not None:
            return constant(int(value.exact == 0))
        return Value(0, 1, INT)
    return unknown(scope.type_of(node))


def _binary(node: c_ast.BinaryOp, scope: Scope) -> Value:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    integers = left.ctype.kind in _NUMBERS and right.ctype.kind in _NUMBERS
    if not integers and node.op not in ("&&", "||", *COMPARISONS):
        return unknown(scope.type_of(node))
    return binary(node.op, left, right)


def _call(node: c_ast.FuncCall, scope: Scope) -> Value:
    if isinstance(node.name, c_ast.ID):
        if node.name.name == "offsetof":
            at = _offset(scope.sized_type(node.args.exprs[0]), node.args.exprs[1], scope)
            size = integer("size_t")
            return constant(at[0] // 8, size) if at is not None else unknown(size)
        given = [evaluate(item, scope) for item in (node.args.exprs if node.args is not None else ())]
        value = scope.called(node.name.name, given)
        if value is not None:
            return value
    return unknown(scope.type_of(node))


def _offset(kind: CType, part: Any, scope: Scope) -> tuple[int, CType] | None:
    """Where a designator of ``offsetof`` leads, in bits, and the type that it has there."""
    match part:
        case c_ast.ID():
            return scope.offset(kind, part.name)
        case c_ast.StructRef():
            base = _offset(kind, part.name, scope)
            found = scope.offset(base[1], part.field.name) if base is not None else None
            return (base[0] + found[0], found[1]) if base is not None and found is not None else None
        case c_ast.ArrayRef():
            base, number = _offset(kind, part.name, scope), evaluate(part.subscript, scope).exact
            element = base[1].element if base is not None and base[1].kind == "array" else None
            if base is None or number is None or element is None or element.bits is None:
                return None
            return base[0] + number * element.bits, element
    return None


def _address(node: c_ast.UnaryOp, scope: Scope) -> Value:
    """``&a[k]``."""
    if not isinstance(node.expr, c_ast.ArrayRef):
        return unknown(scope.type_of(node))
    array, number = evaluate(node.expr.name, scope), evaluate(node.expr.subscript, scope)
    if array.ctype.kind != "pointer":
        return unknown(scope.type_of(node))
    return pointers("+", array, number)


def _ternary(node: c_ast.TernaryOp, scope: Scope) -> Value:
    condition = evaluate(node.cond, scope).exact
    yes, no = evaluate(node.iftrue, scope), evaluate(node.iffalse, scope)
    ctype = usual(yes.ctype, no.ctype)
    if condition is not None:
        chosen = yes if condition else no
        return fitted(chosen, ctype) if ctype is not None else chosen
    if ctype is None:
        return unknown(scope.type_of(node))
    yes, no = fitted(yes, ctype), fitted(no, ctype)
    apart = difference(yes, no)
    if apart.exact == 0:
        return yes
    pick = _extremum(node)
    if pick == "min":
        if apart.hi is not None and apart.hi <= 0:
            return yes
        if apart.lo is not None and apart.lo >= 0:
            return no
        return Value(_least(yes.lo, no.lo), _known_least(yes.hi, no.hi), ctype)
    if pick == "max":
        if apart.hi is not None and apart.hi <= 0:
            return no
        if apart.lo is not None and apart.lo >= 0:
            return yes
        return Value(_known_most(yes.lo, no.lo), _most(yes.hi, no.hi), ctype)
    return Value(_least(yes.lo, no.lo), _most(yes.hi, no.hi), ctype)


def _extremum(node: c_ast.TernaryOp) -> str | None:
    """``min`` or ``max`` where the conditional picks the lesser or greater of the two it compares."""
    cond = node.cond
    if not isinstance(cond, c_ast.BinaryOp) or cond.op not in ("<", "<=", ">", ">="):
        return None
    straight = same_text(cond.left, node.iftrue) and same_text(cond.right, node.iffalse)
    crossed = same_text(cond.left, node.iffalse) and same_text(cond.right, node.iftrue)
    if not straight and not crossed:
        return None
    return "min" if (cond.op in ("<", "<=")) == straight else "max"


def same_text(left: Any, right: Any) -> bool:
    """Whether two expressions are the same tree."""
    if type(left) is not type(right):
        return False
    if any(getattr(left, name) != getattr(right, name) for name in left.attr_names):
        return False
    mine, theirs = left.children(), right.children()
    return len(mine) == len(theirs) and all(same_text(a, b) for (_, a), (_, b) in zip(mine, theirs, strict=True))


_RULES: dict[type, Callable[[Any, Scope], Value]] = {
    c_ast.Constant: _constant,
    c_ast.ID: _named,
    c_ast.StructRef: _named,
    c_ast.ArrayRef: _entry,
    c_ast.Cast: _cast,
    c_ast.UnaryOp: _unary,
    c_ast.BinaryOp: _binary,
    c_ast.TernaryOp: _ternary,
    c_ast.FuncCall: _call,
}


def _least(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else min(left, right)


def _most(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else max(left, right)


def _known_least(left: int | None, right: int | None) -> int | None:
    return min((number for number in (left, right) if number is not None), default=None)


def _known_most(left: int | None, right: int | None) -> int | None:
    return max((number for number in (left, right) if number is not None), default=None)
