"""Integers as ranges and as linear forms over loop variables, with C's integer semantics.

A value is a constant, or ``constant + sum(coefficient * key)`` over keys with known ranges, or just a range.
Whatever could wrap around or is not provable becomes unknown: nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipeline.kernels.c_types import INT, CType


class Key(Protocol):
    """What a linear form is linear in: a loop's variable or an argument that is never written."""

    @property
    def lo(self) -> int | None:
        """Its least value, None where there is no bound or none is known."""
        ...

    @property
    def hi(self) -> int | None:
        """Its greatest value."""
        ...


@dataclass(frozen=True, slots=True)
class Base:
    """The address of an array's first element. Pointers are linear forms with one of these, in elements."""

    symbol: object
    lo: int | None = None
    hi: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """An integer: its range (None: unbounded) and, where ``terms`` is not None, its linear form ``const + terms``."""

    lo: int | None
    hi: int | None
    ctype: CType
    const: int = 0
    terms: Mapping[Key, int] | None = None

    @property
    def exact(self) -> int | None:
        """The value where there is only one."""
        return self.lo if self.lo is not None and self.lo == self.hi else None


@dataclass(eq=False, slots=True)
class Opaque:
    """A value that is unknown but the same everywhere, such as an argument that is never written."""

    name: str
    ctype: CType
    lo: int | None = field(default=None)
    hi: int | None = field(default=None)


def constant(number: int, ctype: CType = INT) -> Value:
    """A known integer."""
    return Value(number, number, ctype, number, {})


def unknown(ctype: CType) -> Value:
    """Any value of a type. Ranges of 32 bits and more bound nothing worth knowing; narrow ones do."""
    span = ctype.range
    if span is None or ctype.bits is None:
        return Value(None, None, ctype)
    if ctype.bits < 32:
        return Value(span[0], span[1], ctype)
    return Value(None if ctype.signed else 0, None, ctype)


def linear(const: int, terms: Mapping[Key, int], ctype: CType) -> Value:
    """The value of a linear form, its range taken from the ranges of its keys."""
    kept = {key: factor for key, factor in terms.items() if factor}
    lo: int | None = const
    hi: int | None = const
    for key, factor in kept.items():
        low, high = (key.lo, key.hi) if factor > 0 else (key.hi, key.lo)
        lo = None if lo is None or low is None else lo + factor * low
        hi = None if hi is None or high is None else hi + factor * high
    return Value(lo, hi, ctype, const, kept)


def within(value: Value, low: int | None, high: int | None) -> Value:
    """The value without what lies outside of these bounds; itself where nothing would be left."""
    low = value.lo if low is None else low if value.lo is None else max(low, value.lo)
    high = value.hi if high is None else high if value.hi is None else min(high, value.hi)
    if (low, high) == (value.lo, value.hi) or (low is not None and high is not None and low > high):
        return value
    return replace(value, lo=low, hi=high)


def either(left: Value, right: Value) -> Value:
    """One of two values of a type."""
    lows, highs = (left.lo, right.lo), (left.hi, right.hi)
    low = None if None in lows else min(item for item in lows if item is not None)
    high = None if None in highs else max(item for item in highs if item is not None)
    return Value(low, high, left.ctype)


def difference(left: Value, right: Value) -> Value:
    """``left - right`` as a mathematical integer, exact where both are linear in the same keys."""
    if left.terms is not None and right.terms is not None:
        apart = linear(left.const - right.const, merged(left.terms, right.terms, -1), INT)
        return within(apart, subtracted(left.lo, right.hi), subtracted(left.hi, right.lo))
    return Value(subtracted(left.lo, right.hi), subtracted(left.hi, right.lo), INT)


def sum_of(left: Value, right: Value) -> Value:
    """``left + right`` of two linear forms as a mathematical integer."""
    return linear(left.const + right.const, merged(left.terms or {}, right.terms or {}, 1), INT)


def shifted(value: Value, by: int) -> Value:
    """``value + by`` as a mathematical integer."""
    if not by:
        return value
    if value.terms is not None:
        value = replace(value, const=value.const + by)
    return replace(value, lo=added(value.lo, by), hi=added(value.hi, by))


def fitted(value: Value, ctype: CType) -> Value:
    """The value in a type: itself where it surely fits, a wrapped constant, else unknown."""
    if ctype.kind == "pointer":
        return value if value.ctype.kind == "pointer" else unknown(ctype)
    span = ctype.range
    if span is None:
        return unknown(ctype)
    low, high = span
    if value.exact is not None and ctype.name in ("_Bool", "bool"):
        return constant(int(value.exact != 0), ctype)
    if value.exact is not None and not low <= value.exact <= high:
        width = ctype.bits or 32
        number = value.exact & ((1 << width) - 1)
        if ctype.signed and number > high:
            number -= 1 << width
        return constant(number, ctype)
    source = value.ctype.range
    contained = source is not None and source[0] >= low and source[1] <= high
    # Signed arithmetic cannot wrap without undefined behaviour; unsigned arithmetic and narrowing can.
    low_fits = ctype.signed and contained if value.lo is None else value.lo >= low
    if value.hi is None:
        bare = value.terms is not None and value.const == 0 and list(value.terms.values()) == [1]
        high_fits = contained and (ctype.signed or bare)
    else:
        high_fits = value.hi <= high
    if not (low_fits and high_fits):
        return unknown(ctype)
    return Value(value.lo, value.hi, ctype, value.const, value.terms)


def truncated(number: int, by: int) -> int:
    """Division towards zero, as in C."""
    quotient = abs(number) // abs(by)
    return quotient if (number >= 0) == (by > 0) else -quotient


def scaled(value: Value, factor: int) -> Value:
    """``factor * value``."""
    terms = None if value.terms is None else {key: by * factor for key, by in value.terms.items() if factor}
    lo = None if value.lo is None else value.lo * factor
    hi = None if value.hi is None else value.hi * factor
    if factor == 0:
        return constant(0, value.ctype)
    low, high = (lo, hi) if factor > 0 else (hi, lo)
    return Value(low, high, value.ctype, value.const * factor, terms)


def merged(left: Mapping[Key, int], right: Mapping[Key, int], sign: int) -> dict[Key, int]:
    """The terms of ``left + sign * right``."""
    terms = dict(left)
    for key, factor in right.items():
        terms[key] = terms.get(key, 0) + sign * factor
    return terms


def added(left: int | None, right: int | None) -> int | None:
    """``left + right``, None where one is."""
    return None if left is None or right is None else left + right


def subtracted(left: int | None, right: int | None) -> int | None:
    """``left - right``, None where one is."""
    return None if left is None or right is None else left - right
