"""How alike two kernels are by what their statements compute, whatever the names, sizes and pragmas.

A statement is taken apart into the terms that it adds up. A term is the array elements that it multiplies or otherwise
combines, with loop variables renamed in order of appearance: ``C[i][j] += alpha * A[i][k] * B[k][j]`` and
``E[p][q] += F[p][r] * G[r][q]`` hold the same term, ``A[i][k] * A[j][k]`` is another. Where results go does not enter,
so that a sum in a scalar and one in place are the same; nor do terms that only hand an element on, such as
``beta * C[i][j]``. A term counts :data:`DEEPER` times more for each loop around it, as the innermost statements are
nearly all of the work. Likeness is the cosine between the counts of two kernels, from 0 to 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

if TYPE_CHECKING:
    from pipeline.kernels.model import Kernel

DEEPER = 10.0
"""What one more loop around a statement multiplies its weight by."""

_ALL_ORDERS = 5
"""Up to so many elements of a term are compared in every order; beyond, in the order of their text."""

Terms = Mapping[str, float]


def terms_of(kernel: Kernel) -> Terms:
    """The weights of a kernel's terms, by their text; empty where no loop reads an array."""
    found: Counter[str] = Counter()
    for node in kernel.ast.ext:
        if isinstance(node, c_ast.FuncDef):
            for term, depth in _terms(node.body, 0):
                found[term] += DEEPER**depth  # type: ignore[assignment]  # a Counter of weights
    return found


def likeness(one: Terms, other: Terms) -> float:
    """The cosine, 0 where either has no term."""
    product = sum(weight * other.get(term, 0.0) for term, weight in one.items())
    sizes = math.hypot(*one.values()) * math.hypot(*other.values())
    return product / sizes if sizes else 0.0


def _terms(node: Any, depth: int) -> Iterator[tuple[str, int]]:
    if isinstance(node, c_ast.For | c_ast.While | c_ast.DoWhile):
        yield from _terms(node.stmt, depth + 1)
    elif isinstance(node, c_ast.Assignment):
        if depth:
            yield from ((term, depth) for part in _added(node.rvalue) if (term := _term(part)))
    elif isinstance(node, c_ast.Decl):
        if depth and node.init is not None:
            yield from ((term, depth) for part in _added(node.init) if (term := _term(part)))
    elif node is not None:
        for child in node:
            yield from _terms(child, depth)


def _added(node: Any) -> Iterator[Any]:
    """The terms of a sum."""
    if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
        yield from _added(node.left)
        yield from _added(node.right)
    elif isinstance(node, c_ast.Cast):
        yield from _added(node.expr)
    elif isinstance(node, c_ast.BinaryOp) and node.op in ("*", "/"):
        # A sum times a scalar is a sum of products: (a + b + c) * 0.25, as stencils are written.
        sides = [side for side in (node.left, node.right) if next(_elements(side), None) is not None]
        yield from _added(sides[0]) if len(sides) == 1 else iter((node,))
    else:
        yield node


def _term(node: Any) -> str:
    """The canonical text of the elements that a term reads; empty where it reads none, or one at the place itself."""
    elements = [tuple(_subscripts(element)) for element in _elements(node)]
    if len(elements) == 1 and all(isinstance(part, c_ast.ID) for part in elements[0]):
        return ""
    orders = permutations(elements) if len(elements) <= _ALL_ORDERS else iter([tuple(elements)])
    return min((_renamed(order) for order in orders), default="")


def _elements(node: Any) -> Iterator[Any]:
    if isinstance(node, c_ast.ArrayRef):
        yield node
    elif node is not None:
        for child in node:
            yield from _elements(child)


def _subscripts(element: Any) -> list[Any]:
    found: list[Any] = []
    while isinstance(element, c_ast.ArrayRef):
        found.insert(0, element.subscript)
        element = element.name
    return found


def _renamed(elements: tuple[tuple[Any, ...], ...]) -> str:
    names: dict[str, str] = {}
    return " ".join("".join(f"[{_subscript(part, names)}]" for part in element) for element in elements)


def _subscript(node: Any, names: dict[str, str]) -> str:
    """The text of a subscript; a sum's parts are sorted, so that 1 + i is i + 1."""
    if isinstance(node, c_ast.ID):
        return names.setdefault(node.name, f"v{len(names)}")
    if isinstance(node, c_ast.Constant):
        return str(node.value)
    if isinstance(node, c_ast.BinaryOp):
        left, right = _subscript(node.left, names), _subscript(node.right, names)
        if node.op == "+":
            left, right = sorted((left, right), reverse=True)
        return f"({left}{node.op}{right})"
    if isinstance(node, c_ast.ArrayRef):
        return "[" + "][".join(_subscript(part, names) for part in _subscripts(node)) + "]"
    return "".join(_subscript(child, names) for child in node)
