"""Integer expressions as ranges and as linear forms over loop variables, with C's integer semantics.

A value is a constant, or ``constant + sum(coefficient * key)`` over keys with known ranges, or just a range.
Whatever could wrap around or is not provable becomes unknown: nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from pycparser import c_ast

from pipeline.kernels.c_types import INT, CType, integer, promote, usual


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


class Scope(Protocol):
    """What evaluation asks of its surroundings."""

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a variable or member at the place of evaluation, None where unknown."""
        ...

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        ...

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        ...


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


def difference(left: Value, right: Value) -> Value:
    """``left - right`` as a mathematical integer, exact where both are linear in the same keys."""
    if left.terms is not None and right.terms is not None:
        return linear(left.const - right.const, _merge(left.terms, right.terms, -1), INT)
    return Value(_sub(left.lo, right.hi), _sub(left.hi, right.lo), INT)


def sum_of(left: Value, right: Value) -> Value:
    """``left + right`` of two linear forms as a mathematical integer."""
    return linear(left.const + right.const, _merge(left.terms or {}, right.terms or {}, 1), INT)


def shifted(value: Value, by: int) -> Value:
    """``value + by`` as a mathematical integer."""
    if not by:
        return value
    if value.terms is not None:
        return linear(value.const + by, value.terms, value.ctype)
    return Value(None if value.lo is None else value.lo + by, None if value.hi is None else value.hi + by, value.ctype)


def fitted(value: Value, ctype: CType) -> Value:
    """The value in a type: itself where it surely fits, a wrapped constant, else unknown."""
    if ctype.kind == "pointer":
        return value if value.ctype.kind == "pointer" else unknown(ctype)
    span = ctype.range
    if span is None:
        return unknown(ctype)
    low, high = span
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


def evaluate(node: Any, scope: Scope) -> Value:
    """The value of an integer expression; unknown for what is no integer or cannot be proved."""
    rule = _RULES.get(type(node))
    return rule(node, scope) if rule else unknown(scope.type_of(node))


def constant_of(node: Any, scope: Scope) -> int | None:
    """The value of a constant expression, None where it is none."""
    return evaluate(node, scope).exact


_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11, "?": 63}


@lru_cache(maxsize=4096)
def literal(text: str, kind: str) -> Value | None:
    """The value of an integer or character literal, None for any other."""
    if kind in ("char", "unsigned char", "signed char"):
        body = text[text.index("'") + 1 : -1]
        if len(body) == 1:
            return constant(ord(body)) if ord(body) < 128 else None
        if len(body) == 2 and body[0] == "\\" and body[1] in _ESCAPES:
            return constant(_ESCAPES[body[1]])
        return None
    digits = text.replace("'", "").lower()
    stem = digits.rstrip("ul")
    suffix = digits[len(stem) :]
    try:
        if stem.startswith("0x"):
            number, decimal = int(stem, 16), False
        elif stem.startswith("0b"):
            number, decimal = int(stem, 2), False
        elif stem.startswith("0") and len(stem) > 1:
            number, decimal = int(stem, 8), False
        else:
            number, decimal = int(stem, 10), True
    except ValueError:
        return None
    names = ["int", "unsigned int", "long", "unsigned long"]
    if "l" in suffix:
        names = names[2:]
    if "u" in suffix:
        names = [name for name in names if name.startswith("unsigned")]
    elif decimal:
        names = [name for name in names if not name.startswith("unsigned")]
    for name in names:
        ctype = integer(name)
        if ctype.range and number <= ctype.range[1]:
            return constant(number, ctype)
    return None


_STEPS = {"p++": 0, "p--": 0, "++": 1, "--": -1}


# One rule per node class ------------------------------------------------------------------------------------------


def _constant(node: c_ast.Constant, scope: Scope) -> Value:
    value = None
    if node.type.endswith(("int", "char")) or "int" in node.type:
        value = literal(node.value, node.type)
    return value or unknown(scope.type_of(node))


def _named(node: c_ast.ID | c_ast.StructRef, scope: Scope) -> Value:
    value = scope.variable(node)
    return value if value is not None else unknown(scope.type_of(node))


def _cast(node: c_ast.Cast, scope: Scope) -> Value:
    target = scope.type_of(node)
    source = evaluate(node.expr, scope)
    if source.ctype.kind != "int" or target.kind != "int":
        return unknown(target)
    return fitted(source, target)


def _unary(node: c_ast.UnaryOp, scope: Scope) -> Value:
    if node.op == "&":
        return _address(node, scope)
    if node.op in _STEPS:
        # The scope gives the value before the statement.
        before = evaluate(node.expr, scope)
        return fitted(shifted(before, _STEPS[node.op]), scope.type_of(node))
    if node.op == "sizeof":
        bits = scope.sized_type(node.expr).bits
        size = integer("size_t")
        return constant(bits // 8, size) if bits is not None else unknown(size)
    ctype = promote(scope.type_of(node.expr))
    if node.op in ("+", "-", "~") and ctype is not None:
        value = evaluate(node.expr, scope)
        if node.op == "+":
            return fitted(value, ctype)
        if node.op == "-":
            return fitted(_scaled(value, -1), ctype)
        return fitted(constant(~value.exact), ctype) if value.exact is not None else unknown(ctype)
    if node.op == "!":
        value = evaluate(node.expr, scope)
        if value.exact is not None:
            return constant(int(value.exact == 0))
        return Value(0, 1, INT)
    return unknown(scope.type_of(node))


def _binary(node: c_ast.BinaryOp, scope: Scope) -> Value:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    operator = node.op
    if operator in ("&&", "||"):
        return _logical(operator, left, right)
    if "pointer" in (left.ctype.kind, right.ctype.kind):
        return _pointers(operator, left, right)
    shift = operator in ("<<", ">>")
    ctype = promote(left.ctype) if shift else usual(left.ctype, right.ctype)
    if ctype is None:
        return Value(0, 1, INT) if operator in _COMPARE else unknown(scope.type_of(node))
    if shift:
        return _shift(operator, left, right, ctype)
    left, right = fitted(left, ctype), fitted(right, ctype)
    if operator in _COMPARE:
        return _comparison(operator, left, right)
    rule = _ARITHMETIC.get(operator)
    if rule is None:
        return unknown(ctype)
    result = rule(left, right, ctype)
    return fitted(Value(result.lo, result.hi, ctype, result.const, result.terms), ctype)


def _pointers(operator: str, left: Value, right: Value) -> Value:
    """Arithmetic with one or two pointers, in elements."""
    both = left.ctype.kind == right.ctype.kind
    if both and left.terms is not None and right.terms is not None:
        if operator == "-":
            return fitted(difference(left, right), integer("ptrdiff_t"))
        return _comparison(operator, left, right) if operator in _COMPARE else unknown(INT)
    if not both and operator in ("+", "-"):
        pointer, number = (left, right) if left.ctype.kind == "pointer" else (right, left)
        if pointer.terms is not None and number.terms is not None and (operator == "+" or pointer is left):
            merged = _merge(pointer.terms, number.terms, 1 if operator == "+" else -1)
            return linear(pointer.const + (1 if operator == "+" else -1) * number.const, merged, pointer.ctype)
        return unknown(pointer.ctype)
    return Value(0, 1, INT) if operator in _COMPARE else unknown(INT)


def _address(node: c_ast.UnaryOp, scope: Scope) -> Value:
    """``&a[k]``."""
    if not isinstance(node.expr, c_ast.ArrayRef):
        return unknown(scope.type_of(node))
    array, number = evaluate(node.expr.name, scope), evaluate(node.expr.subscript, scope)
    if array.ctype.kind != "pointer":
        return unknown(scope.type_of(node))
    return _pointers("+", array, number)


def _ternary(node: c_ast.TernaryOp, scope: Scope) -> Value:
    condition = evaluate(node.cond, scope).exact
    if condition is not None:
        return evaluate(node.iftrue if condition else node.iffalse, scope)
    yes, no = evaluate(node.iftrue, scope), evaluate(node.iffalse, scope)
    ctype = usual(yes.ctype, no.ctype)
    if ctype is None:
        return unknown(scope.type_of(node))
    yes, no = fitted(yes, ctype), fitted(no, ctype)
    apart = difference(yes, no)
    if apart.exact == 0:
        return yes
    pick = _extremum(node)
    if pick == "min":
        if apart.hi is not None and apart.hi <= 0:
            return yes
        if apart.lo is not None and apart.lo >= 0:
            return no
        return Value(_least(yes.lo, no.lo), _known_least(yes.hi, no.hi), ctype)
    if pick == "max":
        if apart.hi is not None and apart.hi <= 0:
            return no
        if apart.lo is not None and apart.lo >= 0:
            return yes
        return Value(_known_most(yes.lo, no.lo), _most(yes.hi, no.hi), ctype)
    return Value(_least(yes.lo, no.lo), _most(yes.hi, no.hi), ctype)


def _extremum(node: c_ast.TernaryOp) -> str | None:
    """``min`` or ``max`` where the conditional picks the lesser or greater of the two it compares."""
    cond = node.cond
    if not isinstance(cond, c_ast.BinaryOp) or cond.op not in ("<", "<=", ">", ">="):
        return None
    straight = same_text(cond.left, node.iftrue) and same_text(cond.right, node.iffalse)
    crossed = same_text(cond.left, node.iffalse) and same_text(cond.right, node.iftrue)
    if not straight and not crossed:
        return None
    return "min" if (cond.op in ("<", "<=")) == straight else "max"


def same_text(left: Any, right: Any) -> bool:
    """Whether two expressions are the same tree."""
    if type(left) is not type(right):
        return False
    if any(getattr(left, name) != getattr(right, name) for name in left.attr_names):
        return False
    mine, theirs = left.children(), right.children()
    return len(mine) == len(theirs) and all(same_text(a, b) for (_, a), (_, b) in zip(mine, theirs, strict=True))


_RULES: dict[type, Callable[[Any, Scope], Value]] = {
    c_ast.Constant: _constant,
    c_ast.ID: _named,
    c_ast.StructRef: _named,
    c_ast.Cast: _cast,
    c_ast.UnaryOp: _unary,
    c_ast.BinaryOp: _binary,
    c_ast.TernaryOp: _ternary,
}


def _logical(operator: str, left: Value, right: Value) -> Value:
    truths = [None if value.exact is None else value.exact != 0 for value in (left, right)]
    decisive = operator == "||"
    if decisive in truths:
        return constant(int(decisive))
    if None in truths:
        return Value(0, 1, INT)
    return constant(int(not decisive))


_COMPARE = ("<", "<=", ">", ">=", "==", "!=")


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
        return fitted(_scaled(left, 1 << amount), ctype)
    return (
        Value(None if left.lo is None else left.lo >> amount, None if left.hi is None else left.hi >> amount, ctype)
        if left.exact is None
        else constant(left.exact >> amount, ctype)
    )


def _add(left: Value, right: Value, ctype: CType) -> Value:
    if left.terms is not None and right.terms is not None:
        return linear(left.const + right.const, _merge(left.terms, right.terms, 1), ctype)
    return Value(_plus(left.lo, right.lo), _plus(left.hi, right.hi), ctype)


def _subtract(left: Value, right: Value, ctype: CType) -> Value:
    return difference(left, right)


def _multiply(left: Value, right: Value, ctype: CType) -> Value:
    if left.exact is not None:
        return _scaled(right, left.exact)
    if right.exact is not None:
        return _scaled(left, right.exact)
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


def truncated(number: int, by: int) -> int:
    """Division towards zero, as in C."""
    quotient = abs(number) // abs(by)
    return quotient if (number >= 0) == (by > 0) else -quotient


def _or_constant(lo: int | None, hi: int | None, ctype: CType) -> Value:
    return constant(lo, ctype) if lo is not None and lo == hi else Value(lo, hi, ctype)


def _scaled(value: Value, factor: int) -> Value:
    if value.terms is not None:
        return linear(value.const * factor, {key: by * factor for key, by in value.terms.items()}, value.ctype)
    lo = None if value.lo is None else value.lo * factor
    hi = None if value.hi is None else value.hi * factor
    if factor == 0:
        return constant(0, value.ctype)
    return Value(lo, hi, value.ctype) if factor > 0 else Value(hi, lo, value.ctype)


def _merge(left: Mapping[Key, int], right: Mapping[Key, int], sign: int) -> dict[Key, int]:
    merged = dict(left)
    for key, factor in right.items():
        merged[key] = merged.get(key, 0) + sign * factor
    return merged


def _plus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def _sub(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left - right


def _least(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else min(left, right)


def _most(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else max(left, right)


def _known_least(left: int | None, right: int | None) -> int | None:
    return min((number for number in (left, right) if number is not None), default=None)


def _known_most(left: int | None, right: int | None) -> int | None:
    return max((number for number in (left, right) if number is not None), default=None)


@dataclass(eq=False, slots=True)
class Opaque:
    """A value that is unknown but the same everywhere, such as an argument that is never written."""

    name: str
    ctype: CType
    lo: int | None = field(default=None)
    hi: int | None = field(default=None)
