"""Conditions under which a place is reached, as far as they are linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.kernels.assured import comparisons
from pipeline.kernels.c_types import usual
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.values import Value, difference, fitted


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
    found = [None if part is None else _comparison(*part, scope) for part in comparisons(node, holds)]
    return tuple(item for item in found if item is not None), None not in found


def _comparison(first: Any, operator: str, second: Any, scope: Scope) -> tuple[str, Value] | None:
    left, right = evaluate(first, scope), evaluate(second, scope)
    ctype = usual(left.ctype, right.ctype)
    if ctype is None:
        return None
    left, right = fitted(left, ctype), fitted(right, ctype)
    if left.terms is None or right.terms is None:
        return None
    apart = difference(right, left) if operator in ("<", "<=") else difference(left, right)
    if operator == "!=":
        if apart.hi == 0:
            apart = difference(right, left)
        if apart.lo != 0:
            return None
    if operator in ("<", ">", "!="):
        apart = Value(None, None, apart.ctype, apart.const - 1, apart.terms)
    return ("==" if operator == "==" else ">="), apart
