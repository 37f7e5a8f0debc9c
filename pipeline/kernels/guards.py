"""Conditions under which a place is reached, as far as they are linear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import usual
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.values import Value, difference, fitted

_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Guard:
    """One branch: the conditions that hold in it, ``value == 0`` or ``value >= 0`` each.

    Two guards of one ``place`` are the same branch. Unless ``exact`` there is more to the condition than is said.
    """

    place: int
    depth: int
    """Number of loops around the branch."""
    conditions: tuple[tuple[str, Value], ...]
    exact: bool


def conditions(node: Any, holds: bool, scope: Scope) -> tuple[tuple[tuple[str, Value], ...], bool]:
    """What is known where a condition holds, or does not, and whether that is all of it."""
    found = list(_parts(node, holds, scope))
    return tuple(item for item in found if item is not None), None not in found


def _parts(node: Any, holds: bool, scope: Scope) -> Iterator[tuple[str, Value] | None]:
    match node:
        case c_ast.UnaryOp(op="!"):
            yield from _parts(node.expr, not holds, scope)
        case c_ast.BinaryOp(op="&&" | "||") if (node.op == "&&") == holds:
            yield from _parts(node.left, holds, scope)
            yield from _parts(node.right, holds, scope)
        case c_ast.BinaryOp() if node.op in _NEGATED:
            yield _comparison(node, node.op if holds else _NEGATED[node.op], scope)
        case _:
            yield None


def _comparison(node: c_ast.BinaryOp, operator: str, scope: Scope) -> tuple[str, Value] | None:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    ctype = usual(left.ctype, right.ctype)
    if ctype is None or operator == "!=":
        return None
    left, right = fitted(left, ctype), fitted(right, ctype)
    if left.terms is None or right.terms is None:
        return None
    apart = difference(right, left) if operator in ("<", "<=") else difference(left, right)
    if operator in ("<", ">"):
        apart = Value(None, None, apart.ctype, apart.const - 1, apart.terms)
    return ("==" if operator == "==" else ">="), apart
