"""Typed reading of the elements of a report: text, counts, ranges and decimals, or one clear error."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lxml import etree

from pipeline.errors import PipelineError
from pipeline.reports.report import UNKNOWN, Range, Resources

UNKNOWN_TEXTS = frozenset({"", "-", "?", "undef"})
"""Spellings of "not known" in csynth.xml; all of them, and an absent element, are read as None."""

LARGEST_COUNT = 2**63 - 1
"""Counts beyond this are refused: no design runs that long, and tables store 64-bit integers."""

MALFORMED_FIX = "synthesise the design again, or remove the file"

Section = dict[str, etree._Element]
"""Children of an element by tag."""

_COUNT = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{0,30})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_LONGEST_VALUE = 200
"""A value with the space around it is not longer; bounds the caches below."""


def section(parent: etree._Element | None) -> Section:
    """The children of an element by tag, the first of each; empty for None.

    One sweep is several times faster than a search for each tag.
    """
    return {} if parent is None else {item.tag: item for item in reversed(parent)}


def known(text: str | None) -> str | None:
    """The text without surrounding space, or None where it is one of :data:`UNKNOWN_TEXTS`."""
    if not text:
        return None
    text = text.strip()
    return None if text in UNKNOWN_TEXTS else text


def text_of(element: etree._Element | None) -> str | None:
    """The text of an element; None where unknown or for None."""
    return None if element is None else known(element.text)


def line_of(element: etree._Element) -> int | None:
    """The line of the file where an element starts, from 1."""
    line = element.sourceline
    return line if isinstance(line, int) else None


class Elements:
    """Reads values out of the elements of one file and words the errors for it.

    Each reader takes None for an element that is absent, and gives the unknown value for it.
    """

    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, element: etree._Element, problem: str) -> PipelineError:
        """The error for an element, naming its line and its path below the root."""
        tags = [_short(element.tag)]
        for above in element.iterancestors():
            tags.append(_short(above.tag))
        path = "/".join(reversed(tags[:-1])) or tags[0]
        return PipelineError(f"{path} {problem}", file=self.file, line=line_of(element), fix=MALFORMED_FIX)

    def unit(self, element: etree._Element | None, expected: str) -> str | None:
        """The unit a section states. Raises PipelineError for another than expected."""
        stated = text_of(element)
        if element is not None and stated is not None and stated != expected:
            raise self.refuse(element, f"is {_quote(stated)}, and only {expected!r} is read")
        return stated

    def count(self, element: etree._Element | None) -> int | None:
        """The whole number >= 0 in an element. Raises PipelineError for anything else that is known."""
        if element is None:
            return None
        value = None if len(element) else _range_in(element.text)
        if value is None or value.minimum != value.maximum or "~" in (element.text or ""):
            raise self._not_a(element, "a whole number from 0 to 2**63 - 1")
        return value.minimum

    def decimal(self, element: etree._Element | None, *, signed: bool = False) -> float | None:
        """The finite number in an element, >= 0 unless ``signed``. Raises PipelineError for anything else."""
        if element is None:
            return None
        value = math.nan if len(element) else _decimal_in(element.text)
        if value is not None and (not math.isfinite(value) or (value < 0 and not signed)):
            raise self._not_a(element, "a number" if signed else "a number from 0 up")
        return value

    def range(self, element: etree._Element | None) -> Range:
        """``n``, ``min ~ max`` or nested ``<range><min/><max/></range>``, either end unknown or not.

        Raises PipelineError where an end is neither a whole number >= 0 nor unknown.
        """
        if element is None:
            return UNKNOWN
        if len(element):
            nested = section(element).get("range")
            if nested is not None:
                ends = section(nested)
                return Range(self.count(ends.get("min")), self.count(ends.get("max")))
            value = None
        else:
            value = _range_in(element.text)
        if value is None:
            raise self._not_a(element, "a whole number from 0 to 2**63 - 1 or a range of them")
        return value

    def resources(self, element: etree._Element | None) -> Resources:
        """Resource counts below a ``Resources`` or ``AvailableResources`` element; DSP48E (to 2020.1) is DSP."""
        found = section(element)
        return Resources(
            self.count(found.get("BRAM_18K")),
            self.count(found.get("DSP") if "DSP" in found else found.get("DSP48E")),
            self.count(found.get("FF")),
            self.count(found.get("LUT")),
            self.count(found.get("URAM")),
        )

    def _not_a(self, element: etree._Element, expected: str) -> PipelineError:
        if len(element):
            return self.refuse(element, f"holds elements, not {expected}")
        return self.refuse(element, f"is {_quote((element.text or '').strip())}, not {expected}")


def _range_in(text: str | None) -> Range | None:
    """The range in a text, unknown ends as None; None for what is no range."""
    if text is None:
        return UNKNOWN
    return _cached_range(text) if len(text) <= _LONGEST_VALUE else None


@lru_cache(maxsize=8192)
def _cached_range(text: str) -> Range | None:
    stated = known(text)
    if stated is None:
        return UNKNOWN
    low, tilde, high = stated.partition("~")
    ends: list[int | None] = []
    for end in (low, high) if tilde else (low,):
        if not end.strip():
            return None
        digits = known(end)
        if digits is not None and (not _COUNT.fullmatch(digits) or int(digits) > LARGEST_COUNT):
            return None
        ends.append(None if digits is None else int(digits))
    return Range(ends[0], ends[-1])


def _decimal_in(text: str | None) -> float | None:
    """The number in a text, NaN for what is none; None where unknown."""
    if text is None:
        return None
    return _cached_decimal(text) if len(text) <= _LONGEST_VALUE else math.nan


@lru_cache(maxsize=8192)
def _cached_decimal(text: str) -> float | None:
    stated = known(text)
    if stated is None:
        return None
    return float(stated) if _DECIMAL.fullmatch(stated) else math.nan


def _short(tag: str) -> str:
    return tag if len(tag) <= 60 else tag[:57] + "..."


def _quote(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:37] + "...")
