"""Rules as factors: small tables over few sites, whose product says which points are valid.

A rule over many sites is first split into clauses that each read few. A clause allows a point where it has an answer
and the answer is true, so every split below keeps exactly that set of points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.rule_arrays import Bools, holds_on
from pipeline.design_space.rules import (
    NUMBER_LIMIT,
    ORDERINGS,
    TRUE,
    And,
    Arithmetic,
    Comparisons,
    Const,
    Minus,
    Name,
    Not,
    Options,
    Or,
    Rule,
    all_of,
    any_of,
)

TABLE_CELLS = 1 << 20
"""A clause over more combinations than this stays a rule and gets no table."""
_MAX_CLAUSES = 64

Values = Sequence[int | str]


@dataclass(slots=True)
class Factor:
    """A clause over sites, by their index in ``scope`` (ascending).

    ``table`` has an axis per site of the scope and says which combinations are allowed; it is None where it would be
    larger than :data:`TABLE_CELLS`.
    """

    scope: tuple[int, ...]
    rule: Rule
    table: Bools | None = field(default=None, repr=False)

    def allowed(self, rows: NDArray[np.integer[Any]], names: Sequence[str], values: Sequence[Values]) -> Bools:
        """Which of the encoded points (``[n, sites]`` candidate indices) the clause allows: ``[n]``."""
        columns = [rows[:, site] for site in self.scope]
        if self.table is not None:
            return np.asarray(self.table[tuple(columns)])
        candidates = {names[site]: values[site] for site in self.scope}
        answer = holds_on(self.rule, candidates, {names[s]: c for s, c in zip(self.scope, columns, strict=True)})
        return np.broadcast_to(answer, (len(rows),))

    def restricted(self, fixed: Mapping[int, int], names: Sequence[str], values: Sequence[Values]) -> Bools:
        """The table over the scope's sites that are not in ``fixed`` (site to candidate index)."""
        if self.table is not None:
            return np.asarray(self.table[tuple(fixed.get(site, slice(None)) for site in self.scope)])
        free = [site for site in self.scope if site not in fixed]
        return _table(self.rule, self.scope, free, fixed, names, values)


def factors_of(rules: Iterable[Rule], names: Sequence[str], values: Sequence[Values]) -> list[Factor]:
    """The factors of all rules, one per set of sites read; clauses that always hold are left out."""
    index = {name: site for site, name in enumerate(names)}
    bounds = {name: _bound_of(candidates) for name, candidates in zip(names, values, strict=True)}
    clauses_by_scope: dict[tuple[int, ...], list[Rule]] = {}
    for rule in rules:
        for clause in _clauses(rule, bounds, [_MAX_CLAUSES]):
            scope = tuple(sorted(index[name] for name in clause.names()))
            clauses_by_scope.setdefault(scope, []).append(clause)
    factors = []
    for scope, clauses in sorted(clauses_by_scope.items()):
        rule = all_of(*clauses)
        cells = 1
        for site in scope:
            cells *= len(values[site])
        table = _table(rule, scope, scope, {}, names, values) if cells <= TABLE_CELLS else None
        if table is None or not table.all():
            factors.append(Factor(scope, rule, table))
    return factors


def _table(
    rule: Rule,
    scope: Sequence[int],
    free: Sequence[int],
    fixed: Mapping[int, int],
    names: Sequence[str],
    values: Sequence[Values],
) -> Bools:
    shape = tuple(len(values[site]) for site in free)
    rows: dict[str, NDArray[np.integer[Any]]] = {}
    for site in scope:
        if site in fixed:
            rows[names[site]] = np.asarray(fixed[site], dtype=np.intp)
        else:
            axes = [1] * len(free)
            axes[list(free).index(site)] = len(values[site])
            rows[names[site]] = np.arange(len(values[site]), dtype=np.intp).reshape(axes)
    answer = holds_on(rule, {names[site]: values[site] for site in scope}, rows)
    return np.ascontiguousarray(np.broadcast_to(answer, shape))


# --- clauses ----------------------------------------------------------------------------------------------------------


def _clauses(rule: Rule, bounds: Mapping[str, float | None], budget: list[int]) -> list[Rule]:
    """Rules whose conjunction allows exactly what ``rule`` allows, each over fewer sites where possible."""
    if rule == TRUE:
        return []
    if isinstance(rule, And):
        return [clause for item in rule.items for clause in _clauses(item, bounds, budget)]
    if isinstance(rule, Not):
        inner = rule.operand
        if isinstance(inner, Or):
            return _clauses(And(tuple(Not(item) for item in inner.items)), bounds, budget)
        if isinstance(inner, And) and inner.items:
            return _clauses(Or(tuple(Not(item) for item in inner.items)), bounds, budget)
        if isinstance(inner, Not):
            return _clauses(inner.operand, bounds, budget)
    if isinstance(rule, Or):
        split = _distributed(rule, bounds)
        if split is not None and budget[0] >= len(split):
            budget[0] -= len(split)
            return [clause for part in split for clause in _clauses(part, bounds, budget)]
    return [rule]


def _distributed(rule: Or, bounds: Mapping[str, float | None]) -> list[Rule] | None:
    """``a or (b and c)`` as ``a or b``, ``a or c``.

    Moving an operand past others is sound where it is the last one (it is looked at last anyway) or where neither it
    nor what follows can be without an answer.
    """
    for position in reversed(range(len(rule.items))):
        item = _pushed(rule.items[position])
        if not isinstance(item, And):
            continue
        after = rule.items[position + 1 :]
        if after and not all(_always_defined(part, bounds) for part in (item, *after)):
            continue
        before = rule.items[:position]
        return [any_of(*before, *after, part) for part in item.items]
    return None


def _pushed(rule: Rule) -> Rule:
    """``not (a or b)`` as ``not a and not b``; other rules as they are."""
    if isinstance(rule, Not) and isinstance(rule.operand, Or):
        return And(tuple(Not(item) for item in rule.operand.items))
    return rule


def _bound_of(values: Values) -> float | None:
    """The largest magnitude of a site's values, None where one is text."""
    bound = 0
    for value in values:
        if isinstance(value, str):
            return None
        bound = max(bound, abs(value))
    return float(bound)


def _always_defined(rule: Rule, bounds: Mapping[str, float | None]) -> bool:
    if isinstance(rule, Comparisons):
        left = rule.first
        for op, right in zip(rule.ops, rule.rest, strict=True):
            sides = right.items if isinstance(right, Options) else (right,)
            for side in (left, *sides):
                if _magnitude(side, bounds) is None and (op in ORDERINGS or not isinstance(side, Name | Const)):
                    return False
            left = right
        return True
    if isinstance(rule, And | Or | Not):
        return all(_always_defined(item, bounds) for item in rule.children())
    return isinstance(rule, Name | Const) or _magnitude(rule, bounds) is not None


def _magnitude(rule: Rule, bounds: Mapping[str, float | None]) -> float | None:
    """A bound on the magnitude of a number that always has an answer, else None."""
    result: float | None = None
    if isinstance(rule, Name):
        return bounds[rule.site]
    if isinstance(rule, Const):
        return None if isinstance(rule.value, str) else abs(float(rule.value))
    if isinstance(rule, Minus):
        return _magnitude(rule.operand, bounds)
    if isinstance(rule, Arithmetic) and rule.op in ("+", "-", "*"):
        left, right = _magnitude(rule.left, bounds), _magnitude(rule.right, bounds)
        if left is not None and right is not None:
            result = left * right if rule.op == "*" else left + right
    elif isinstance(rule, Comparisons | Not):
        result = 1.0 if _always_defined(rule, bounds) else None
    return result if result is not None and result < NUMBER_LIMIT / 2 else None
