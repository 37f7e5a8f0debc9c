"""Rules evaluated on whole arrays of points at once, with the same answers as on one point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.design_space.rules import (
    NUMBER_LIMIT,
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
    Scalar,
    Undefined,
    apply_arithmetic,
)

Bools = NDArray[np.bool_]
_Array = NDArray[Any]


@dataclass(slots=True)
class _Values:
    """Values of one expression: a number, or a text where ``text`` is above 0; nothing where ``bad``."""

    number: _Array
    text: _Array | None = None
    bad: Bools | None = None


@dataclass(slots=True)
class _Truths:
    """Truth values; ``true`` is False wherever ``bad``."""

    true: Bools
    bad: Bools | None = None


def holds_on(
    rule: Rule, values: Mapping[str, Sequence[int | str]], rows: Mapping[str, NDArray[np.integer[Any]]]
) -> Bools:
    """Where a rule holds.

    ``values`` gives the candidate values of each site that the rule reads, ``rows`` an index into them, of any shapes
    that broadcast. Returns a Boolean array of the broadcast shape of what the rule reads (a scalar array for a
    constant rule); where the rule has no answer it does not hold.
    """
    with np.errstate(all="ignore"):
        return _Evaluator(values, rows).truth(rule).true


class _Evaluator:
    def __init__(self, values: Mapping[str, Sequence[int | str]], rows: Mapping[str, NDArray[np.integer[Any]]]) -> None:
        self.rows = rows
        self.values = values
        self.texts: dict[str, int] = {"": 1}

    def text_id(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts) + 1)

    def constant(self, value: Scalar) -> _Values:
        if isinstance(value, str):
            return _Values(np.int64(0), np.int64(self.text_id(value)))  # type: ignore[arg-type]
        return _Values(np.float64(value) if isinstance(value, float) else np.int64(value))  # type: ignore[arg-type]

    def site(self, name: str) -> _Values:
        candidates, rows = self.values[name], self.rows[name]
        numbers = np.array([0 if isinstance(value, str) else value for value in candidates], dtype=np.int64)
        if not any(isinstance(value, str) for value in candidates):
            return _Values(numbers[rows])
        texts = [self.text_id(value) if isinstance(value, str) else 0 for value in candidates]
        return _Values(numbers[rows], np.array(texts, dtype=np.int64)[rows])

    def truth(self, rule: Rule) -> _Truths:
        if isinstance(rule, And):
            return reduce(_and, [self.truth(item) for item in rule.items])
        if isinstance(rule, Or):
            return reduce(_or, [self.truth(item) for item in rule.items])
        if isinstance(rule, Not):
            inner = self.truth(rule.operand)
            return _good(~inner.true, inner.bad)
        if isinstance(rule, Comparisons):
            return self.comparison(rule)
        value = self.value(rule)
        true = value.number != 0
        if value.text is not None:
            true = np.where(value.text > 0, value.text != self.texts[""], true)
        return _good(np.asarray(true), value.bad)

    def value(self, rule: Rule) -> _Values:
        if isinstance(rule, Const):
            return self.constant(rule.value)
        if isinstance(rule, Name):
            return self.site(rule.site)
        if isinstance(rule, Minus):
            inner = self.value(rule.operand)
            return _Values(-inner.number, None, _join(inner.bad, _is_text(inner)))
        if isinstance(rule, Arithmetic):
            return _arithmetic(rule.op, self.value(rule.left), self.value(rule.right))
        truth = self.truth(rule)
        return _Values(truth.true.astype(np.int64), None, truth.bad)

    def comparison(self, rule: Comparisons) -> _Truths:
        left = self.value(rule.first)
        answer: _Truths | None = None
        for op, operand in zip(rule.ops, rule.rest, strict=True):
            if isinstance(operand, Options):
                items = [self.value(item) for item in operand.items]
                found = reduce(_either, [_equal(left, item) for item in items], np.zeros((), dtype=np.bool_))
                bad = reduce(_join, [item.bad for item in items], left.bad)
                step = _good(np.asarray(found if op == "in" else ~found), bad)
            else:
                right = self.value(operand)
                bad = _join(left.bad, right.bad)
                if op in ("==", "!="):
                    same = _equal(left, right)
                    step = _good(same if op == "==" else ~same, bad)
                else:
                    bad = _join(bad, _join(_is_text(left), _is_text(right)))
                    step = _good(_ORDER[op](left.number, right.number), bad)
                left = right
            answer = step if answer is None else _and(answer, step)
        assert answer is not None
        return answer


_ORDER: dict[str, Any] = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


def _join(left: Bools | None, right: Bools | None) -> Bools | None:
    if left is None or right is None:
        return right if left is None else left
    return left | right


def _good(true: Bools, bad: Bools | None) -> _Truths:
    return _Truths(np.asarray(true) if bad is None else true & ~bad, bad)


def _and(left: _Truths, right: _Truths) -> _Truths:
    bad = left.bad
    if right.bad is not None:
        bad = _join(bad, left.true & right.bad)
    return _Truths(left.true & right.true, bad)


def _or(left: _Truths, right: _Truths) -> _Truths:
    true = left.true | right.true
    bad = left.bad
    if bad is not None:
        true = left.true | (~bad & right.true)
    if right.bad is not None:
        bad = _join(bad, ~left.true & right.bad)
    return _Truths(true, bad)


def _either(left: Bools, right: Bools) -> Bools:
    return left | right


def _is_text(value: _Values) -> Bools | None:
    return None if value.text is None else np.asarray(value.text > 0)


def _equal(left: _Values, right: _Values) -> Bools:
    same = left.number == right.number
    if left.text is None and right.text is None:
        return np.asarray(same)
    left_text = left.text if left.text is not None else np.int64(0)
    right_text = right.text if right.text is not None else np.int64(0)
    # Numbers have text 0 and texts have number 0: both parts equal means the same value.
    return np.asarray((left_text == right_text) & same)


def _arithmetic(op: str, left: _Values, right: _Values) -> _Values:
    a, b = left.number, right.number
    bad = _join(_join(left.bad, right.bad), _join(_is_text(left), _is_text(right)))
    if op == "**":
        return _power(left, right, bad)
    if op in ("/", "//", "%"):
        zero = np.asarray(b == 0)
        if zero.any():
            bad = _join(bad, zero)
            b = np.where(zero, np.ones((), dtype=b.dtype), b)
    result = np.asarray(_OPERATE[op](a, b))
    if result.dtype == np.float64:
        out = ~np.isfinite(result)
    else:
        # A product of int64 may wrap; its float64 cannot, and rounding keeps the order with the limit.
        exact = a.astype(np.float64) * b.astype(np.float64) if op == "*" else result
        out = np.abs(exact) >= NUMBER_LIMIT
    if out.any():
        bad = _join(bad, np.asarray(out))
    return _Values(result, None, bad)


_OPERATE: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.remainder,
}


def _power(left: _Values, right: _Values, bad: Bools | None) -> _Values:
    def one(a: object, b: object) -> tuple[int, bool]:
        try:
            return int(apply_arithmetic("**", _plain(a), _plain(b))), False
        except Undefined:
            return 0, True

    pairs: Any = np.frompyfunc(one, 2, 2)
    numbers, failed = pairs(left.number, right.number)
    return _Values(np.asarray(numbers).astype(np.int64), None, _join(bad, np.asarray(failed).astype(np.bool_)))


def _plain(value: Any) -> float:
    number = value.item() if isinstance(value, np.generic) else value
    assert isinstance(number, int | float)
    return number
