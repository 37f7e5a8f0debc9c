"""Figures in the spellings that tools and people write them: counts, ranges and periods, or that none is stated.

What is written is one of three things: a figure, "not known" in one of its many spellings, or something odd. The odd
is not guessed at: the figure is unknown, and a sentence says what stands there.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import lru_cache

from pipeline.reports.report import UNKNOWN, Range

UNKNOWN_FIGURES = frozenset(
    {
        *("", "-", "--", "?", "undef", "undefined", "unknown", "none", "null", "nil", "na", "n/a", "n.a."),
        *("nan", "-nan", "inf", "+inf", "-inf", "infinity", "infinite", "not available"),
    }
)
"""Spellings of "not known" for a figure, in lower case. ``undef`` and ``?`` are the tools' own, ``inf`` and ``nan``
what C++ prints of a double that holds none."""

_MINUS_ONE = frozenset({-1, 2**32 - 1, 2**64 - 1})
"""-1, and what it looks like once it has been taken for unsigned: the tools' own mark of a count that they do not know.
(``TargetInitiationInterval`` 4294967295 stands in reports of 2018.3 and 2019.1.)"""

LARGEST_COUNT = 2**63 - 1
"""No design runs that long, and tables store 64-bit integers; the very largest is itself a mark of "not known"."""

_LONGEST = 200
"""A figure with the space around it is not longer; bounds the caches below and the arithmetic."""

_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,40})(?:\.[0-9]{0,40})?|[+-]?\.[0-9]{1,40})"
    r"(?P<exponent>[eE][+-]?[0-9]{1,3})?"
    r"(?P<after>.*)",
    re.ASCII | re.DOTALL,
)
_CYCLES = re.compile(r"(?:clock )?(?:cycles?|clks?)\.?", re.IGNORECASE)
_SHARE = re.compile(r"(?<=[0-9])\s*\(\s*[~<]?\s*[0-9.]+\s*%?\s*\)\s*$", re.ASCII)
"""A per cent value in brackets after a count, as tables for people have it."""
UNITS_NS = {"ps": Decimal("1e-3"), "ns": Decimal(1), "us": Decimal(1000), "ms": Decimal(10**6), "s": Decimal(10**9)}
"""Nanoseconds in a unit of time; ``sec`` and a Greek mu are read as well."""

Odd = str | None
"""What is odd about a figure, as the rest of a sentence; None where nothing is."""


def range_in(text: str | None) -> tuple[Range, Odd]:
    """``n`` or ``min ~ max``, whole numbers from 0 below :data:`LARGEST_COUNT`; an end that is odd is unknown."""
    if text is None:
        return UNKNOWN, None
    return _range(text) if len(text) <= _LONGEST else (UNKNOWN, _is(text, "a whole number or a range of them"))


def ordered(low: int | None, high: int | None) -> tuple[Range, Odd]:
    """The range of two ends; unknown where the lower is above the upper, as one of them is then false."""
    if low is not None and high is not None and low > high:
        return UNKNOWN, f"runs from {low} down to {high}"
    return Range(low, high), None


def period_in(text: str | None, unit: str | None = "ns", *, signed: bool = False) -> tuple[float | None, Odd]:
    """The time in a text in nanoseconds, in ``unit`` where it states none itself; >= 0 unless ``signed``."""
    if text is None:
        return None, None
    return _period(text, unit, signed) if len(text) <= _LONGEST else (None, _is(text, "a time"))


def unit_in(text: str) -> str | None:
    """The key of :data:`UNITS_NS` for a unit of time; None for another."""
    bare = text.strip().lower().replace("\u00b5", "u").replace("\u03bc", "u")
    bare = {"sec": "s", "nanoseconds": "ns"}.get(bare, bare)
    return bare if bare in UNITS_NS else None


def is_unknown(text: str) -> bool:
    """Whether a text is a spelling of "not known"."""
    return text.strip().lower() in UNKNOWN_FIGURES


def quoted(text: str) -> str:
    """A text for a message: short, on one line, in ASCII."""
    text = text.strip()
    return ascii(text if len(text) <= 40 else text[:37] + "...")


@lru_cache(maxsize=8192)
def _count(text: str) -> tuple[int | None, Odd]:
    if is_unknown(text):
        return None, None
    expected = "a whole number"
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None, _is(text, expected)
    after = match["after"].strip()
    if after and not _CYCLES.fullmatch(after):
        return None, _is(text, expected)
    number = _value(match)
    if number != number.to_integral_value():
        return None, _is(text, expected)
    value = int(number)
    if value in _MINUS_ONE:
        return None, None
    if value < 0 or value >= LARGEST_COUNT:
        return None, f"is {quoted(text)}, which overflows a count"
    return value, None


@lru_cache(maxsize=8192)
def _range(text: str) -> tuple[Range, Odd]:
    ends = _SHARE.sub("", text).split("~")
    if len(ends) == 1:
        value, odd = _count(ends[0])
        return Range(value, value), odd
    if len(ends) > 2 or not all(end.strip() for end in ends):
        # ``~0`` is the tools' "about 0", and no range.
        return UNKNOWN, _is(text, "a range")
    (low, odd_low), (high, odd_high) = map(_count, ends)
    found, odd = ordered(low, high)
    return found, odd_low or odd_high or odd


@lru_cache(maxsize=8192)
def _period(text: str, unit: str | None, signed: bool) -> tuple[float | None, Odd]:
    if is_unknown(text):
        return None, None
    expected = "a time in ns" if signed else "a time in ns from 0 up"
    match = _NUMBER.fullmatch(text.strip())
    # A comma may be a decimal one, which a count has no use for.
    if match is None or "," in text:
        return None, _is(text, expected)
    stated = unit_in(match["after"]) if match["after"].strip() else unit
    if stated is None:
        return None, f"is {quoted(text)} in a unit that is no unit of time"
    number = _value(match)
    value = float(number * UNITS_NS[stated])
    if number == -1 and not signed:
        return None, None
    if not math.isfinite(value) or (value < 0 and not signed):
        return None, _is(text, expected)
    return value, None


def _value(match: re.Match[str]) -> Decimal:
    return Decimal(match["digits"].replace(",", "") + (match["exponent"] or ""))


def _is(text: str, expected: str) -> str:
    return f"is {quoted(text)}, not {expected}"
