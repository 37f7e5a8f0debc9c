"""Typed reading of the elements of a report: text, counts, ranges and periods.

An odd figure costs that figure and no other: it is unknown, and a sentence with its place says so.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from pipeline.reports.counts import Resources
from pipeline.reports.figures import (
    UNITS_NS,
    is_unknown,
    ordered,
    period_in,
    quoted,
    range_in,
    unit_in,
)
from pipeline.reports.report import UNKNOWN, Range
from pipeline.terms import Resource

UNKNOWN_TEXTS = frozenset({"", "-", "?", "undef", "N/A"})
"""Spellings of "not known" for a text; all of them, and an absent element, are read as None."""

MAX_WARNINGS = 20
"""Most sentences on odd figures that are kept of one report; a last one counts the rest."""

Section = dict[str, etree._Element]
"""Children of an element by tag."""

_NAMES = (
    *("ReportVersion", "Version", "UserAssignments", "unit", "ProductFamily", "Part", "TopModelName"),
    *("TargetClockPeriod", "ClockUncertainty", "FlowTarget", "EstimatedClockPeriod", "AchievedClockPeriod"),
    *("PerformanceEstimates", "PipelineType", "SummaryOfTimingAnalysis", "SummaryOfOverallLatency"),
    *("Best-caseLatency", "Average-caseLatency", "Worst-caseLatency", "Interval-min", "Interval-max"),
    *("PipelineInitiationInterval", "SummaryOfLoopLatency", "SummaryOfViolations", "AreaEstimates", "AreaReport"),
    *("TimingReport", "Resources", "AvailableResources", "ModuleInformation", "Module", "Name", "RTLDesignHierarchy"),
    *("TopModule", "ModuleName", "PragmaReport", *(one.name for one in Resource), "BRAM", "SLICE", "CLB"),
    *("TripCount", "Latency", "IterationLatency", "PipelineII", "PipelineDepth", "InstanceList", "Slack"),
    *("range", "min", "max"),
)


def _plain(tag: str) -> str:
    return tag.replace("_", "").replace("-", "").lower()


_SPELLED = {_plain(name): name for name in _NAMES} | {
    # The multiplier block by its name in each family of devices; all are counted as DSP.
    **{name: Resource.DSP.name for name in ("dsp48", "dsp48e", "dsp48e1", "dsp48e2", "dsp58", "dsps")},
    **{name: Resource.BRAM_18K.name for name in ("bram18", "bram18k")},
    **{f"{one}s": one.name for one in (Resource.FF, Resource.LUT, Resource.URAM)},
}
"""The name of an element by its name in lower case and without separators."""


def name_of(tag: str) -> str:
    """The name under which an element is known, however it is spelt; its own where it is not known."""
    return _SPELLED.get(_plain(tag), tag)


def section(parent: etree._Element | None) -> Section:
    """The children of an element by name, the first of each; empty for None.

    An element of the exact name goes before one of another spelling, and a child before an attribute of the parent.
    One sweep is several times faster than a search for each name.
    """
    if parent is None:
        return {}
    found: Section = {item.tag: item for item in reversed(parent)}
    for tag in list(found):
        if (name := name_of(tag)) != tag:
            found.setdefault(name, found[tag])
    for attribute, text in parent.attrib.items():
        if isinstance(attribute, str) and isinstance(text, str) and (name := name_of(attribute)) not in found:
            found[name] = _as_element(parent, name, text)
    return found


def _as_element(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.Element(name)
    element.text = text
    element.sourceline = parent.sourceline
    return element


def known(text: str | None) -> str | None:
    """The text without surrounding space, or None where it is one of :data:`UNKNOWN_TEXTS`."""
    if not text:
        return None
    text = text.strip()
    return None if text in UNKNOWN_TEXTS else text


def text_of(element: etree._Element | None) -> str | None:
    """The text of an element; None where unknown or for None."""
    return None if element is None else known(_stated(element))


def line_of(element: etree._Element) -> int | None:
    """The line of the file where an element starts, from 1."""
    line = element.sourceline
    return line if isinstance(line, int) else None


class Elements:
    """Reads values out of the elements of one file and keeps what was odd about them.

    Each reader takes None for an element that is absent, and gives the unknown value for it.
    """

    def __init__(self) -> None:
        self._warnings: dict[str, None] = {}
        self._unsaid = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the file, in the order in which it was met, at most :data:`MAX_WARNINGS` and a count."""
        rest = (f"{self._unsaid} more figures are odd",) if self._unsaid else ()
        return (*self._warnings, *rest)

    def warn(self, sentence: str) -> None:
        """Keep a sentence on something odd, once."""
        if sentence not in self._warnings:
            if len(self._warnings) < MAX_WARNINGS:
                self._warnings[sentence] = None
            else:
                self._unsaid += 1

    def unit(self, element: etree._Element | None) -> str | None:
        """The unit of time that a section states, ``ns`` where it states none; None for what is no unit of time."""
        stated = text_of(element)
        if element is None or stated is None:
            return "ns"
        unit = unit_in(stated)
        if unit is None:
            self._odd(element, f"is {quoted(stated)}, which is none of {', '.join(UNITS_NS)}")
        return unit

    def count(self, element: etree._Element | None, *, end: str = "") -> int | None:
        """The whole number >= 0 in an element; of a range its ``end`` (``minimum``, ``maximum``) where one is named."""
        value = self.range(element)
        if value.minimum == value.maximum:
            return value.minimum
        if not end and element is not None:
            self._odd(element, f"is {quoted(_stated(element) or '')}, a range where one number is meant")
        return getattr(value, end) if end else None

    def period(self, element: etree._Element | None, unit: str | None = "ns", *, signed: bool = False) -> float | None:
        """The time in an element in nanoseconds, >= 0 unless ``signed``; ``unit`` is that of a bare number."""
        if element is None:
            return None
        if len(element):
            self._odd(element, "holds elements, not a time")
            return None
        value, odd = period_in(_stated(element), unit, signed=signed)
        if odd is not None:
            self._odd(element, odd)
        return value

    def range(self, element: etree._Element | None) -> Range:
        """``n``, ``min ~ max``, nested ``<range><min/><max/></range>`` or attributes, either end unknown or not."""
        if element is None:
            return UNKNOWN
        parts = section(element) if len(element) or element.attrib else {}
        if "range" in parts or "min" in parts or "max" in parts:
            ends = section(parts["range"]) if "range" in parts else parts
            value, odd = ordered(self.count(ends.get("min"), end="minimum"), self.count(ends.get("max"), end="maximum"))
        elif len(element):
            value, odd = UNKNOWN, "holds elements, not a whole number or a range of them"
        else:
            value, odd = range_in(_stated(element))
        if odd is not None:
            self._odd(element, odd)
        return value

    def resources(self, element: etree._Element | None) -> Resources:
        """Resource counts below a ``Resources`` or ``AvailableResources`` element, whatever the family calls them.

        ``BRAM`` is that of the tools' further reports, which count blocks of 18 Kbit too.
        """
        found = section(element)
        return Resources(
            self.count(_first(found, ("BRAM_18K", "BRAM"))),
            self.count(_first(found, ("DSP", "DSP48E"))),
            self.count(found.get("FF")),
            self.count(found.get("LUT")),
            self.count(found.get("URAM")),
        )

    def _odd(self, element: etree._Element, problem: str) -> None:
        tags = [_short(element.tag)]
        for above in element.iterancestors():
            tags.append(_short(above.tag))
        path = "/".join(reversed(tags[:-1])) or tags[0]
        line = line_of(element)
        place = f" (line {line})" if line else ""
        self.warn(f"{path}{place} {problem}")


def _first(found: Section, names: Iterable[str]) -> etree._Element | None:
    """The first element of these names that states a figure, else the first that is there."""
    there = [found[name] for name in names if name in found]
    return next((item for item in there if not is_unknown(_stated(item) or "")), there[0] if there else None)


def _stated(element: etree._Element) -> str | None:
    """What an element says: its text, else its ``value``."""
    text = element.text
    if (text is None or not text.strip()) and element.attrib:
        value = element.get("value")
        return value if isinstance(value, str) else text
    return text


def _short(tag: str) -> str:
    return tag if len(tag) <= 60 else tag[:57] + "..."
