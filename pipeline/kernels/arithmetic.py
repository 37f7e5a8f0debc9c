"""C's operators on values."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.kernels.c_types import INT, CType, integer, promote, usual
from pipeline.kernels.values import (
    Value,
    added,
    constant,
    difference,
    fitted,
    linear,
    merged,
    scaled,
    truncated,
    unknown,
    within,
)

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def binary(operator: str, left: Value, right: Value) -> Value:
    """``left OP right``."""
    if operator in ("&&", "||"):
        return _logical(operator, left, right)
    if "pointer" in (left.ctype.kind, right.ctype.kind):
        return pointers(operator, left, right)
    shift = operator in ("<<", ">>")
    ctype = promote(left.ctype) if shift else usual(left.ctype, right.ctype)
    if ctype is None:
        return Value(0, 1, INT) if operator in COMPARISONS else unknown(INT)
    if shift:
        return _shift(operator, left, right, ctype)
    left, right = fitted(left, ctype), fitted(right, ctype)
    if operator in COMPARISONS:
        return _comparison(operator, left, right)
    rule = _ARITHMETIC.get(operator)
    if rule is None:
        return unknown(ctype)
    result = rule(left, right, ctype)
    span = ctype.range
    if ctype.signed and result.exact is not None and span and not span[0] <= result.exact <= span[1]:
        return unknown(ctype)  # C leaves it undefined.
    return fitted(Value(result.lo, result.hi, ctype, result.const, result.terms), ctype)


def pointers(operator: str, left: Value, right: Value) -> Value:
    """Arithmetic with one or two pointers, in elements."""
    both = left.ctype.kind == right.ctype.kind
    if both and left.terms is not None and right.terms is not None:
        if operator == "-":
            return fitted(difference(left, right), integer("ptrdiff_t"))
        return _comparison(operator, left, right) if operator in COMPARISONS else unknown(INT)
    if not both and operator in ("+", "-"):
        pointer, number = (left, right) if left.ctype.kind == "pointer" else (right, left)
        if pointer.terms is not None and number.terms is not None and (operator == "+" or pointer is left):
            sign = 1 if operator == "+" else -1
            terms = merged(pointer.terms, number.terms, sign)
            return linear(pointer.const + sign * number.const, terms, pointer.ctype)
        return unknown(pointer.ctype)
    return Value(0, 1, INT) if operator in COMPARISONS else unknown(INT)


def _logical(operator: str, left: Value, right: Value) -> Value:
    truths = [None if value.exact is None else value.exact != 0 for value in (left, right)]
    decisive = operator == "||"
    if decisive in truths:
        return constant(int(decisive))
    if None in truths:
        return Value(0, 1, INT)
    return constant(int(not decisive))


def _comparison(operator: str, left: Value, right: Value) -> Value:
    apart = difference(left, right)
    lo, hi = apart.lo, apart.hi
    below, above = hi is not None and hi < 0, lo is not None and lo > 0
    not_above, not_below = hi is not None and hi <= 0, lo is not None and lo >= 0
    equal = apart.exact == 0
    yes, no = {
        "<": (below, not_below),
        "<=": (not_above, above),
        ">": (above, not_above),
        ">=": (not_below, below),
        "==": (equal, below or above),
        "!=": (below or above, equal),
    }[operator]
    return constant(1) if yes else constant(0) if no else Value(0, 1, INT)


def _shift(operator: str, left: Value, right: Value, ctype: CType) -> Value:
    amount = right.exact
    left = fitted(left, ctype)
    if amount is None or not 0 <= amount < (ctype.bits or 0):
        return unknown(ctype)
    if operator == "<<":
        return fitted(scaled(left, 1 << amount), ctype)
    return (
        Value(None if left.lo is None else left.lo >> amount, None if left.hi is None else left.hi >> amount, ctype)
        if left.exact is None
        else constant(left.exact >> amount, ctype)
    )


def _add(left: Value, right: Value, ctype: CType) -> Value:
    if left.terms is not None and right.terms is not None:
        total = linear(left.const + right.const, merged(left.terms, right.terms, 1), ctype)
        return within(total, added(left.lo, right.lo), added(left.hi, right.hi))
    return Value(added(left.lo, right.lo), added(left.hi, right.hi), ctype)


def _subtract(left: Value, right: Value, ctype: CType) -> Value:
    return difference(left, right)


def _multiply(left: Value, right: Value, ctype: CType) -> Value:
    if left.exact is not None:
        return scaled(right, left.exact)
    if right.exact is not None:
        return scaled(left, right.exact)
    if None in (left.lo, left.hi, right.lo, right.hi):
        return unknown(ctype)
    corners = [a * b for a in (left.lo, left.hi) for b in (right.lo, right.hi) if a is not None and b is not None]
    return Value(min(corners), max(corners), ctype)


def _divide(left: Value, right: Value, ctype: CType) -> Value:
    by = right.exact
    if by is None or by <= 0:
        return unknown(ctype)
    return _or_constant(None if left.lo is None else truncated(left.lo, by),
                        None if left.hi is None else truncated(left.hi, by), ctype)  # fmt: skip


def _remainder(left: Value, right: Value, ctype: CType) -> Value:
    by = right.exact
    if by is None or by <= 0:
        return unknown(ctype)
    if left.exact is not None:
        return constant(left.exact - by * truncated(left.exact, by), ctype)
    if left.lo is not None and left.lo >= 0:
        if left.hi is not None and left.hi < by:
            return left
        return Value(0, by - 1, ctype)
    return Value(1 - by, by - 1, ctype)


def _and(left: Value, right: Value, ctype: CType) -> Value:
    if left.exact is not None and right.exact is not None:
        return constant(left.exact & right.exact, ctype)
    for mask in (left.exact, right.exact):
        if mask is not None and mask >= 0:
            return Value(0, mask, ctype)
    return unknown(ctype)


def _or(left: Value, right: Value, ctype: CType) -> Value:
    if left.exact is not None and right.exact is not None:
        return constant(left.exact | right.exact, ctype)
    return unknown(ctype)


def _xor(left: Value, right: Value, ctype: CType) -> Value:
    if left.exact is not None and right.exact is not None:
        return constant(left.exact ^ right.exact, ctype)
    return unknown(ctype)


_ARITHMETIC: dict[str, Callable[[Value, Value, CType], Value]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "&": _and,
    "|": _or,
    "^": _xor,
}


def _or_constant(lo: int | None, hi: int | None, ctype: CType) -> Value:
    return constant(lo, ctype) if lo is not None and lo == hi else Value(lo, hi, ctype)
