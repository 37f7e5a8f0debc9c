"""Algorithms of the library that fill or copy parts of arrays, as C has them: ``memset``, ``memmove``.

``std::fill`` of another value than zero keeps its name and gets the arguments of ``memset``: where, what and how many
bytes.
Only plain elements are read so; what is not read here stays a call of the library's function.
"""

from __future__ import annotations

import copy
from typing import Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.program.cpp.types import CppType, typename

ALGORITHMS = frozenset((
    "fill", "fill_n", "copy", "copy_n", "accumulate", "swap_ranges", "reverse", "inner_product", "count", "count_if",
    "find", "find_if", "all_of", "any_of", "none_of", "min_element", "max_element", "transform", "iota", "for_each",
    "equal", "sort", "stable_sort", "partial_sort", "nth_element", "rotate", "unique", "partial_sum", "lower_bound",
    "upper_bound", "binary_search", "adjacent_difference", "copy_if", "remove_if",
    "generate", "mismatch",
))  # fmt: skip


def moves(name: str, kinds: list[CppType]) -> bool:
    """Whether a call of the library's function ``name``, given values of these types, fills or copies plain items."""
    if name not in ("fill", "fill_n", "copy", "copy_n") or len(kinds) != 3:
        return False
    first, _, last = kinds
    if first.kind != "pointer" or first.to is None or first.to.kind != "plain" or not first.to.scalar:
        return False
    if name.startswith("fill"):
        return last.kind == "plain" and last.scalar
    return last.kind == "pointer" and last.to is not None and last.to.name == first.to.name


def moved(
    name: str, given: list[c_ast.Node], kinds: list[CppType], coord: Any
) -> tuple[str, list[c_ast.Node], c_ast.Node]:
    """For what :func:`moves`, given expressions that change nothing: the function of C with its arguments, and what the
    call gives."""
    start, end, last = map(_without_zero, given)
    count = copy.deepcopy(end) if name.endswith("_n") else between(start, end, coord)
    assert kinds[0].to is not None
    plain = CppType("plain", kinds[0].to.name)
    size = c_ast.BinaryOp("*", count, c_ast.UnaryOp("sizeof", typename(plain, coord), coord), coord)
    to = start if name.startswith("fill") else last
    end_of_it = c_ast.BinaryOp("+", copy.deepcopy(to), copy.deepcopy(count), coord)
    if to is last:
        return "memmove", [last, start, size], end_of_it
    if isinstance(last, c_ast.Constant) and _number(last) == 0:
        return "memset", [start, c_ast.Constant("int", "0", coord), size], end_of_it
    value = last if kinds[2].name == plain.name else c_ast.Cast(typename(plain, coord), last, coord)
    return "std::fill", [start, value, size], end_of_it


def between(first: c_ast.Node, last: c_ast.Node, coord: Any) -> c_ast.Node:
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


def place(start: c_ast.Node, number: c_ast.Node, coord: Any) -> c_ast.Node:
    """The element of an array that lies so many after the one that a pointer points to."""
    start = _without_zero(start)
    if isinstance(start, c_ast.BinaryOp) and start.op == "+":
        return c_ast.ArrayRef(start.left, c_ast.BinaryOp("+", start.right, number, coord), coord)
    if isinstance(start, c_ast.UnaryOp) and start.op == "&" and isinstance(start.expr, c_ast.ArrayRef):
        return place(c_ast.BinaryOp("+", start.expr.name, start.expr.subscript, coord), number, coord)
    return c_ast.ArrayRef(start, number, coord)


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
