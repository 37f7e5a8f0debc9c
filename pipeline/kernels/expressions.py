"""The value of an expression of the tree at a place."""

from __future__ import annotations

import itertools
import math
import operator
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pycparser import c_ast

from pipeline.kernels.arithmetic import COMPARISONS, binary, pointers
from pipeline.kernels.c_types import INT, CType, integer, offsets, promote, usual
from pipeline.kernels.literals import literal, literal_real
from pipeline.kernels.tables import initialiser
from pipeline.kernels.values import Value, constant, difference, either, fitted, scaled, shifted, unknown


class Scope(Protocol):
    """What evaluation asks of its surroundings."""

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a variable or member at the place of evaluation, None where unknown."""
        ...

    def table(self, node: c_ast.ID) -> tuple[CType, Any] | None:
        """The type and initialiser of a constant array or struct, None for any other object."""
        ...

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        ...

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
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
_MOST_ENTRIES = 1024
"""Entries of a constant table that one question may look at."""
_REAL: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv
}  # fmt: skip
_ROUNDED = {
    "ceil": math.ceil,
    "floor": math.floor,
    "round": lambda value: math.floor(abs(value) + 0.5) * (1 - 2 * (value < 0)),
}
_LARGEST_FLOAT = 3.4e38
_STEPS = {"p++": 0, "p--": 0, "++": 1, "--": -1}


def real(node: Any, scope: Scope) -> float | None:
    """The value of a constant floating-point expression, rounded at each step as IEEE 754 has it, None for others."""
    kind = scope.type_of(node)
    value: float | None = None
    match node:
        case c_ast.Constant() if "float" in node.type or "double" in node.type:
            value = literal_real(node.value)
        case c_ast.Cast():
            value = real(node.expr, scope) if kind.kind == "float" else None
        case c_ast.UnaryOp(op="+" | "-"):
            inner = real(node.expr, scope)
            value = inner if inner is None or node.op == "+" else -inner
        case c_ast.BinaryOp() if kind.kind == "float" and node.op in _REAL:
            left, right = real(node.left, scope), real(node.right, scope)
            if left is not None and right is not None and (right or node.op != "/"):
                value = _REAL[node.op](left, right)
        case c_ast.FuncCall(name=c_ast.ID(name="ceil" | "floor" | "round")) if node.args is not None:
            inner = real(node.args.exprs[0], scope)
            if inner is not None and math.isfinite(inner):
                value = float(_ROUNDED[node.name.name](inner))
            return value
    if value is None and kind.kind == "int":
        exact = evaluate(node, scope).exact
        value = None if exact is None else float(exact)
    if kind.kind == "float" and value is not None:
        if kind.bits == 32:
            return struct.unpack("f", struct.pack("f", value))[0] if abs(value) < _LARGEST_FLOAT else None
        return value if kind.bits == 64 else None
    return value


# One rule per node class ------------------------------------------------------------------------------------------


def _constant(node: c_ast.Constant, scope: Scope) -> Value:
    value = None
    if node.type.endswith(("int", "char")) or "int" in node.type:
        value = literal(node.value, node.type)
    return value or unknown(scope.type_of(node))


def _named(node: c_ast.ID | c_ast.StructRef, scope: Scope) -> Value:
    value = scope.variable(node)
    if value is None and isinstance(node, c_ast.StructRef):
        value = _entry(node, scope)
    return value if value is not None else unknown(scope.type_of(node))


def _element(node: c_ast.ArrayRef, scope: Scope) -> Value:
    value = _entry(node, scope)
    return value if value is not None else unknown(scope.type_of(node))


def _entry(node: Any, scope: Scope) -> Value | None:
    """What a constant table holds there: a number, or from the least to the greatest of all that may be meant."""
    base, steps = node, []
    while isinstance(base, c_ast.ArrayRef) or (isinstance(base, c_ast.StructRef) and base.type == "."):
        steps.append(base)
        base = base.name
    table = scope.table(base) if isinstance(base, c_ast.ID) else None
    kind = scope.type_of(node)
    if table is None or kind.kind != "int":
        return None
    choices: list[Sequence[int | str]] = []
    for step in reversed(steps):
        if isinstance(step, c_ast.StructRef):
            choices.append((step.field.name,))
            continue
        index = evaluate(step.subscript, scope)
        if index.lo is None or index.hi is None or index.hi - index.lo >= _MOST_ENTRIES:
            return None
        choices.append(range(index.lo, index.hi + 1))
    if math.prod(map(len, choices)) > _MOST_ENTRIES:
        return None
    found = [
        initialiser(*table, path, lambda part: evaluate(part, scope).exact) for path in itertools.product(*choices)
    ]
    values = [None if init is None else fitted(evaluate(init, scope), kind).exact for init in found]
    numbers = [value for value in values if value is not None]
    if not numbers or len(numbers) < len(values):
        return None
    return constant(numbers[0], kind) if len(set(numbers)) == 1 else Value(min(numbers), max(numbers), kind)


def _cast(node: c_ast.Cast, scope: Scope) -> Value:
    target = scope.type_of(node)
    source = evaluate(node.expr, scope)
    if source.ctype.kind in ("float", "unknown") and target.kind == "int":
        number = real(node.expr, scope)
        whole = constant(math.trunc(number), target) if number is not None and math.isfinite(number) else None
        # Beyond the type's range C leaves it undefined.
        return whole if whole is not None and fitted(whole, target) == whole else unknown(target)
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
    if node.op in ("sizeof", "_Alignof"):
        kind = scope.sized_type(node.expr)
        bits = kind.bits if node.op == "sizeof" else kind.align
        size = integer("size_t")
        return constant(bits // 8, size) if bits is not None else unknown(size)
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
            bits = offset_of(node, scope)
            return constant(bits // 8, integer("size_t")) if bits is not None else unknown(integer("size_t"))
        given = [evaluate(item, scope) for item in (node.args.exprs if node.args is not None else ())]
        value = scope.called(node.name.name, given)
        if value is not None:
            return value
    return unknown(scope.type_of(node))


def offset_of(node: c_ast.FuncCall, scope: Scope) -> int | None:
    """Bits before the member that ``offsetof`` names; None for layouts that show in no plain declaration."""
    steps, part = [], node.args.exprs[1]
    while not isinstance(part, c_ast.ID):
        steps.append(part)
        part = part.name
    kind, bits = scope.sized_type(node.args.exprs[0]), 0
    for step in (part, *reversed(steps)):
        if isinstance(step, c_ast.ArrayRef):
            index, element = evaluate(step.subscript, scope).exact, kind.element
            if index is None or element is None or element.bits is None:
                return None
            bits, kind = bits + index * element.bits, element
        else:
            name = step.name if isinstance(step, c_ast.ID) else step.field.name
            place = offsets(kind).get(name)
            if place is None:
                return None
            bits, kind = bits + place[0], place[1]
    return bits


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
    pick = extremum(node)
    if pick is not None and apart.hi is not None and apart.hi <= 0:
        return yes if pick == "min" else no
    if pick is not None and apart.lo is not None and apart.lo >= 0:
        return no if pick == "min" else yes
    return lesser_or_greater(pick, yes, no, ctype) if pick is not None else either(yes, no)


def difference_of(left: Any, left_at: Scope, right: Any, right_at: Scope, kind: CType) -> Value:
    """``left - right`` of two expressions, ``right`` as a ``kind``; each may be the least or greatest of others."""
    for node, scope, flipped in ((left, left_at, False), (right, right_at, True)):
        pick = extremum(node)
        if pick is None or evaluate(node, scope).terms is not None:
            continue
        own = scope.type_of(node)
        arms = (node.iftrue, node.iffalse)
        if not own.signed and any((evaluate(arm, scope).lo or -1) < 0 for arm in arms):
            continue  # A negative one becomes a large one.
        one, other = (
            difference_of(left, left_at, arm, right_at, kind)
            if flipped
            else difference_of(arm, left_at, right, right_at, kind)
            for arm in arms
        )
        return lesser_or_greater("min" if (pick == "min") != flipped else "max", one, other, INT)
    return difference(evaluate(left, left_at), fitted(evaluate(right, right_at), kind))


def lesser_or_greater(pick: str, left: Value, right: Value, ctype: CType) -> Value:
    """The least (``min``) or greatest (``max``) of two values."""
    lows = [value.lo for value in (left, right) if value.lo is not None]
    highs = [value.hi for value in (left, right) if value.hi is not None]
    if pick == "min":
        return Value(min(lows) if len(lows) == 2 else None, min(highs, default=None), ctype)
    return Value(max(lows, default=None), max(highs) if len(highs) == 2 else None, ctype)


def extremum(node: Any) -> str | None:
    """``min`` or ``max`` where a conditional picks the lesser or greater of the two it compares."""
    cond = node.cond if isinstance(node, c_ast.TernaryOp) else None
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
    c_ast.ArrayRef: _element,
    c_ast.Cast: _cast,
    c_ast.UnaryOp: _unary,
    c_ast.BinaryOp: _binary,
    c_ast.TernaryOp: _ternary,
    c_ast.FuncCall: _call,
}
