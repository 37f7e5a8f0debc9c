"""Algorithms of the library that fill or copy parts of arrays, as C has them: ``memset``, ``memmove``.

``std::fill`` of another value than zero keeps its name and gets the arguments of ``memset``: where, what and how many
bytes.
Only plain elements are read so; what is not read here stays a call of the library's function.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.program.cpp.index import Node
from pipeline.program.cpp.nodes import bare, simple
from pipeline.program.cpp.types import CppType, is_integer, is_signed, typename

if TYPE_CHECKING:
    from pipeline.program.cpp.expressions import Expressions

ALGORITHMS = frozenset(("fill", "fill_n", "copy", "copy_n", "accumulate", "swap_ranges", "reverse"))


def moved(scope: Expressions, name: str, given: list[Node], node: Node) -> c_ast.Node | None:
    """What ``std::fill``, ``fill_n``, ``copy`` or ``copy_n`` gives, having put what it does before the statement; None
    where that cannot be said in C."""
    if name not in ("fill", "fill_n", "copy", "copy_n") or len(given) != 3 or scope.pre is None:
        return None
    first, second = scope.value_type(given[0]), scope.value_type(given[2])
    element = first.to
    if first.kind != "pointer" or element is None or element.kind != "plain" or not element.scalar:
        return None
    filled = name.startswith("fill")
    if not filled and (second.kind != "pointer" or second.to is None or second.to.name != element.name):
        return None
    if filled and (second.kind != "plain" or not second.scalar):
        return None
    if name.endswith("_n") and not _counts(scope, given[1]):
        return None
    coord, before = scope.at(node), len(scope.pre)
    start, end, last = (_without_zero(scope.lower(part)) for part in given)
    if filled and not simple(last):
        last = scope.temporary(last, second, node)
    if not (simple(start) and simple(end) and simple(last)):
        del scope.pre[before:]
        return None
    count = copy.deepcopy(end) if name.endswith("_n") else _between(start, end, coord)
    plain = CppType("plain", element.name)
    size = c_ast.BinaryOp("*", count, c_ast.UnaryOp("sizeof", typename(plain, coord), coord), coord)
    if not filled:
        called, arguments = "memmove", [last, start, size]
    elif isinstance(last, c_ast.Constant) and _number(last) == 0:
        called, arguments = "memset", [start, c_ast.Constant("int", "0", coord), size]
    else:
        value = last if second.name == element.name else c_ast.Cast(typename(plain, coord), last, coord)
        called, arguments = "std::fill", [start, value, size]
    scope.pre.append(c_ast.FuncCall(scope.unit.known(called, coord), c_ast.ExprList(arguments, coord), coord))
    return c_ast.BinaryOp("+", copy.deepcopy(start if filled else last), copy.deepcopy(count), coord)


def _counts(scope: Expressions, given: Node) -> bool:
    """Whether a number is surely none below zero, where the library does nothing."""
    found = bare(given)
    kind = scope.value_type(found)
    if found.get("kind") == "IntegerLiteral" or (is_integer(kind) and not is_signed(kind)):
        return True
    return found.get("kind") == "ImplicitCastExpr" and _counts(scope, found["inner"][-1])


def _between(first: c_ast.Node, last: c_ast.Node, coord: Any) -> c_ast.Node:
    """How many elements lie between two pointers."""
    (base, before), (other, after) = _terms(first), _terms(last)
    if base == other:
        low, high = [_number(item) for item in before], [_number(item) for item in after]
        if None not in low and None not in high:
            number = sum(item or 0 for item in high) - sum(item or 0 for item in low)
            if number >= 0:
                return c_ast.Constant("int", str(number), coord)
        if after and not any(item != 0 for item in low):
            found = copy.deepcopy(after[0])
            for item in after[1:]:
                found = c_ast.BinaryOp("+", found, copy.deepcopy(item), coord)
            return found
        if len(after) == len(before) + 1 and list(map(_text, before)) == list(map(_text, after[:-1])):
            return copy.deepcopy(after[-1])
    return c_ast.BinaryOp("-", copy.deepcopy(last), copy.deepcopy(first), coord)


def _terms(node: c_ast.Node) -> tuple[str, list[c_ast.Node]]:
    """The text of a pointer, and what is added to it."""
    if isinstance(node, c_ast.BinaryOp) and node.op == "+":
        base, terms = _terms(node.left)
        return base, [*terms, node.right]
    if isinstance(node, c_ast.UnaryOp) and node.op == "&" and isinstance(node.expr, c_ast.ArrayRef):
        base, terms = _terms(node.expr.name)
        return base, [*terms, node.expr.subscript]
    return _text(node), []


def _without_zero(node: c_ast.Node) -> c_ast.Node:
    """A pointer without the zero that is added to it."""
    if isinstance(node, c_ast.BinaryOp) and node.op == "+" and _number(node.right) == 0:
        return node.left
    return node


def _text(node: c_ast.Node) -> str:
    return str(CGenerator().visit(node))


def _number(node: c_ast.Node) -> float | None:
    if not isinstance(node, c_ast.Constant):
        return None
    try:
        return int(node.value.rstrip("uUlL"), 0) if "int" in node.type else float(node.value.rstrip("fFlL"))
    except ValueError:
        return None
