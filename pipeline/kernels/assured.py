"""What is certain of a variable at a place by the conditions on the way there: branches, assertions, early exits.

A program that breaks an ``assert`` ends there (UG1399 2021.1, "Assertions": such a bound is also one of the hardware);
``__builtin_assume`` and ``__builtin_unreachable`` promise the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import CType, usual
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.jumps import ends
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.updates import FLIPPED, statements
from pipeline.kernels.values import Value, within

NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_ZERO = c_ast.Constant("int", "0")
_PROMISES = ("assert", "__builtin_assume")


def assurance(item: Any) -> tuple[Any, bool] | None:
    """The condition that holds, or does not, wherever execution goes on after a statement."""
    match item:
        case c_ast.FuncCall(name=c_ast.ID()) if item.name.name in _PROMISES and item.args is not None:
            return item.args.exprs[0], True
        case c_ast.If():
            if any(ends(part) for part in statements(item.iftrue)[-1:]):
                return item.cond, False
            if any(ends(part) for part in statements(item.iffalse)[-1:]):
                return item.cond, True
    return None


def comparisons(node: Any, holds: bool) -> Iterator[tuple[Any, str, Any] | None]:
    """What is certain where a condition holds, or does not, as (left, operator, right); None where there is more."""
    match node:
        case c_ast.UnaryOp(op="!"):
            yield from comparisons(node.expr, not holds)
        case c_ast.BinaryOp(op="&&" | "||"):
            if (node.op == "&&") == holds:
                yield from comparisons(node.left, holds)
                yield from comparisons(node.right, holds)
            else:
                yield None
        case c_ast.BinaryOp() if node.op in NEGATED:
            yield node.left, node.op if holds else NEGATED[node.op], node.right
        case _:
            yield node, "!=" if holds else "==", _ZERO


def narrowed(value: Value, symbol: Symbol, node: Any, holds: bool, scope: Scope, symbols: dict[int, Symbol]) -> Value:
    """The value of a variable where a condition holds, or does not."""
    kind = symbol.ctype
    for left, operator, right in filter(None, comparisons(node, holds)):
        for side, other, relation in ((left, right, operator), (right, left, FLIPPED[operator])):
            if symbols.get(id(_bare(side, kind, scope))) is not symbol:
                continue
            bound = evaluate(other, scope)
            compared = usual(scope.type_of(side), bound.ctype)
            if compared is None:
                continue
            if not compared.signed and (bound.lo is None or bound.lo < 0):
                continue
            if not compared.signed and kind.signed:
                # A negative number would be compared as a large one.
                if relation not in ("<", "<=") or bound.hi is None or bound.hi >= 1 << ((kind.bits or 32) - 1):
                    continue
                value = within(value, 0, None)
            value = _related(value, relation, bound)
    return value


def _bare(node: Any, kind: CType, scope: Scope) -> Any:
    """A name without casts that leave all its values as they are."""
    while isinstance(node, c_ast.Cast):
        span, own = scope.type_of(node).range, kind.range
        if span is None or own is None or not span[0] <= own[0] <= own[1] <= span[1]:
            return node
        node = node.expr
    return node


def _related(value: Value, relation: str, bound: Value) -> Value:
    match relation:
        case "<":
            return within(value, None, None if bound.hi is None else bound.hi - 1)
        case "<=":
            return within(value, None, bound.hi)
        case ">":
            return within(value, None if bound.lo is None else bound.lo + 1, None)
        case ">=":
            return within(value, bound.lo, None)
        case "==":
            return within(value, bound.lo, bound.hi)
    if bound.exact is not None and value.lo == bound.exact:
        return within(value, value.lo + 1, None)
    if bound.exact is not None and value.hi == bound.exact:
        return within(value, None, value.hi - 1)
    return value
