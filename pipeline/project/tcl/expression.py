"""Tcl's expressions: numbers and texts, as expr(n) computes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from pipeline.project.tcl.lists import braced_end, list_of
from pipeline.project.tcl.syntax import Reader
from pipeline.project.tcl.unknown import Raised, Unknown

Value = int | float | str
_MOST_BITS = 4096
_MOST_NESTED = 60
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_OPERATORS = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!=", "eq", "ne", "in", "ni"), ("<=", ">=", "<", ">"),
    ("<<", ">>"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
"""From the loosest to the tightest; ``**`` and what stands before its operand bind tighter."""
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": abs, "ceil": lambda x: float(math.ceil(x)), "double": float, "exp": math.exp,
    "floor": lambda x: float(math.floor(x)), "fmod": math.fmod, "hypot": math.hypot, "int": int, "entier": int,
    "wide": int, "isqrt": math.isqrt, "log": math.log, "log10": math.log10, "max": max, "min": min,
    "pow": lambda x, y: _power(float(x), float(y)), "round": lambda x: math.floor(x + 0.5), "sqrt": math.sqrt,
    "bool": lambda x: int(truth(x)),
}  # fmt: skip


def number(text: Value) -> int | float | None:
    """The number that a text states, None where it states none."""
    if isinstance(text, int | float):
        return text
    plain = text.strip()
    sign = -1 if plain.startswith("-") else 1
    body = plain[1:] if plain[:1] in ("-", "+") else plain
    if len(body) > 400 or not _NUMBER.fullmatch(body):
        return None
    if body[:2].lower() == "0x":
        return sign * int(body, 16)
    if body[:2].lower() == "0b":
        return sign * int(body, 2)
    if body.isdigit():
        return sign * int(body)
    return sign * float(body)


def truth(value: Value) -> bool:
    """Whether the value is true. Raises Raised where it is neither."""
    as_number = number(value)
    if as_number is not None:
        return as_number != 0
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "t", "y"):
        return True
    if word in ("false", "no", "off", "f", "n"):
        return False
    raise Raised(f"expected a boolean and got {word[:40]!r}")


def written(value: Value) -> str:
    """The value as a text."""
    return value if isinstance(value, str) else str(value)


class Expression:
    """An expression that is worked out once. ``substitute`` gives a ``$...``, ``[...]`` or quoted text its value.

    Parts that another one decides about (``&&``, ``||``, ``?:``) are passed over without a substitution.
    """

    def __init__(self, text: str, substitute: Callable[[str, int], tuple[str, int]]) -> None:
        self.text, self.at, self.nested = text, 0, 0
        self.substitute = substitute

    def value(self) -> Value:
        """The value. Raises Raised for what is no expression."""
        found = self._choice(True)
        self._blank()
        if self.at < len(self.text):
            raise Raised(f"{self.text[self.at : self.at + 20]!r} in an expression")
        return found

    def _blank(self) -> None:
        while self.at < len(self.text) and (self.text[self.at].isspace() or self.text.startswith("\\\n", self.at)):
            self.at += 1

    def _next(self, word: str) -> bool:
        self._blank()
        if not self.text.startswith(word, self.at):
            return False
        end = self.at + len(word)
        if word.isalpha() and (self.text[end : end + 1].isalnum() or self.text[end : end + 1] == "_"):
            return False
        if word in ("|", "&", "<", ">", "*") and self.text[end : end + 1] in (word, "=" if word in "<>" else word):
            return False
        self.at = end
        return True

    def _choice(self, live: bool) -> Value:
        self.nested += 1
        if self.nested > _MOST_NESTED:
            raise Raised("an expression is nested too deeply")
        test = self._level(0, live)
        if self._next("?"):
            unknown = isinstance(test, Unknown)
            true = live and not unknown and truth(test)
            one = self._choice(true)
            if not self._next(":"):
                raise Raised("? without : in an expression")
            other = self._choice(live and not unknown and not true)
            test = test if unknown or not live else one if true else other
        self.nested -= 1
        return test

    def _level(self, level: int, live: bool) -> Value:
        if level == len(_OPERATORS):
            return self._before(live)
        left = self._level(level + 1, live)
        while (operator := next((one for one in _OPERATORS[level] if self._next(one)), None)) is not None:
            if operator in ("&&", "||"):
                left = self._logical(operator, left, level, live)
            else:
                right = self._level(level + 1, live)
                if live:
                    left = _computed(operator, left, right)
        return left

    def _logical(self, operator: str, left: Value, level: int, live: bool) -> Value:
        decided = live and not isinstance(left, Unknown) and truth(left) == (operator == "||")
        right = self._level(level + 1, live and not decided)
        if not live:
            return 0
        if decided:
            return int(operator == "||")
        if not isinstance(right, Unknown) and truth(right) == (operator == "||"):
            return int(operator == "||")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return left if isinstance(left, Unknown) else right
        return int(truth(right))

    def _before(self, live: bool) -> Value:
        for sign in ("-", "+", "!", "~"):
            if self._next(sign):
                self.nested += 1
                if self.nested > _MOST_NESTED:
                    raise Raised("an expression is nested too deeply")
                value = self._before(live)
                self.nested -= 1
                if not live or isinstance(value, Unknown):
                    return value
                if sign == "!":
                    return int(not truth(value))
                operand = _number(value)
                if sign == "~":
                    return ~_whole(operand)
                return -operand if sign == "-" else operand
        base = self._operand(live)
        if self._next("**"):
            exponent = self._before(live)
            if live:
                return _computed("**", base, exponent)
        return base

    def _operand(self, live: bool) -> Value:
        self._blank()
        letter = self.text[self.at : self.at + 1]
        if letter == "(":
            self.at += 1
            value = self._choice(live)
            if not self._next(")"):
                raise Raised("a parenthesis is not closed")
            return value
        if letter == "{":
            end = braced_end(self.text, self.at)
            if end < 0:
                raise Raised("a brace is not closed")
            value, self.at = self.text[self.at + 1 : end], end + 1
            return value
        if letter and letter in '$["':
            value, end = self.substitute(self.text, self.at) if live else ("0", self._passed())
            self.at = end
            return value
        if match := _NUMBER.match(self.text, self.at):
            self.at = match.end()
            return number(match[0]) or (0.0 if not match[0].isdigit() and "x" not in match[0].lower() else 0)
        if match := re.compile(r"[A-Za-z_]\w*").match(self.text, self.at):
            self.at = match.end()
            if self._next("("):
                return self._call(match[0], live)
            if match[0].lower() in ("true", "false", "yes", "no", "on", "off"):
                return match[0]
            raise Raised(f"{match[0][:40]!r} in an expression")
        raise Raised("an expression breaks off")

    def _passed(self) -> int:
        """Where what begins here with ``$``, ``[`` or a quote ends."""
        reader = Reader(self.text, 1)
        reader.at = self.at
        if self.text[self.at] == '"':
            reader.word()
        elif self.text[self.at] == "[":
            reader.script()
        else:
            reader.variable()
        return reader.at

    def _call(self, name: str, live: bool) -> Value:
        given: list[Value] = []
        while not self._next(")"):
            given.append(self._choice(live))
            self._next(",")
            if self.at >= len(self.text):
                raise Raised("a parenthesis is not closed")
        if not live:
            return 0
        unknown = next((value for value in given if isinstance(value, Unknown)), None)
        if unknown is not None:
            return unknown
        if name not in _FUNCTIONS:
            return Unknown(f"the function {name[:40]} is not known")
        try:
            return _FUNCTIONS[name](*(value if name == "bool" else _number(value) for value in given))
        except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
            raise Raised(f"{name}: {error}") from None


def _number(value: Value) -> int | float:
    found = number(value)
    if found is None:
        raise Raised(f"expected a number and got {str(value)[:40]!r}")
    return found


def _whole(value: int | float) -> int:
    if not isinstance(value, int):
        raise Raised(f"expected a whole number and got {value}")
    return value


def _power(x: int | float, y: int | float) -> int | float:
    if isinstance(x, int) and isinstance(y, int):
        if y < 0:
            return int(x**y) if abs(x) == 1 else 0
        if x.bit_length() * y > _MOST_BITS:
            raise Raised("a power is too large")
    made = x**y
    if isinstance(made, complex):
        raise Raised("a root of a negative number")
    return made


def _computed(operator: str, left: Value, right: Value) -> Value:
    for value in (left, right):
        if isinstance(value, Unknown):
            return value
    if operator in ("eq", "ne"):
        return int((written(left) == written(right)) == (operator == "eq"))
    if operator in ("in", "ni"):
        return int((written(left) in list_of(written(right))) == (operator == "in"))
    one, two = number(left), number(right)
    if operator in ("==", "!=", "<", ">", "<=", ">="):
        texts = one is None or two is None
        a, b = (written(left), written(right)) if texts else (one, two)
        return int(
            {"==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]  # type: ignore
        )
    x, y = _number(left), _number(right)
    try:
        return _arithmetic(operator, x, y)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise Raised(str(error)) from None


def _arithmetic(operator: str, x: int | float, y: int | float) -> int | float:
    if operator == "**":
        return _power(x, y)
    if operator in ("+", "-", "*"):
        made = x + y if operator == "+" else x - y if operator == "-" else x * y
    elif operator == "/":
        made = x // y if isinstance(x, int) and isinstance(y, int) else x / y
    elif operator == "%":
        made = _whole(x) % _whole(y)
    else:
        a, b = _whole(x), _whole(y)
        if operator == "<<" and (b < 0 or a.bit_length() + b > _MOST_BITS):
            raise Raised("a shift is too far")
        made = {
            "<<": lambda: a << b, ">>": lambda: a >> max(b, 0), "&": lambda: a & b, "^": lambda: a ^ b,
            "|": lambda: a | b,
        }[operator]()  # fmt: skip
    if isinstance(made, int) and made.bit_length() > _MOST_BITS:
        raise Raised("a number is too large")
    return made
