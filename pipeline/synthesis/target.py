"""What designs are made for: part, clock, uncertainty, flow target; what was asked for, and what is the default."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from pipeline.errors import PipelineError, clock_text
from pipeline.reports.labels import bare_part
from pipeline.synthesis.flow import (
    DEFAULT_CLOCK_NS,
    DEFAULT_FLOW_TARGET,
    DEFAULT_PART,
    DEFAULT_UNCERTAINTY,
    ESTIMATOR_SOURCE,
    IMPORTED,
    STAND_IN,
    UNCERTAINTY,
    Flow,
)

_CLOCK = re.compile(r"(\d{1,6}(?:\.\d{1,9})?|\.\d{1,9}) ?(ps|ns|us|khz|mhz|ghz)?", re.ASCII | re.IGNORECASE)
_NS = {"ps": 1e-3, "ns": 1.0, "us": 1e3}
_MHZ = {"khz": 1e-3, "mhz": 1.0, "ghz": 1e3}
LONGEST_NS = 1000.0
_AMBIGUOUS = 50.0
"""From here on a number without a unit is a frequency as likely as a period."""


def parse_clock(text: str, option: str) -> float:
    """A target period in ns, from the forms of ``create_clock -period`` (UG1399): ``4``, ``4ns``, ``250MHz``.

    Rounded to a femtosecond. Raises PipelineError, naming the option, for any other text, and for what is no period
    above 0 and at most 1,000 ns.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is not None and float(found[1]) > 0:
        number, unit = float(found[1]), (found[2] or "ns").lower()
        period = round(number * _NS[unit] if unit in _NS else 1000 / (number * _MHZ[unit]), 6)
        if not found[2] and number >= _AMBIGUOUS and not option.lower().endswith("ns"):
            raise PipelineError(f"{option} {text[:40]!r} may be ns or MHz", fix=f"write {number:g}ns or {number:g}MHz")
        if 0 < period <= LONGEST_NS:
            return period
    raise PipelineError(
        f"{option} {text[:40]!r} is no clock",
        fix=f"give a period such as 4, 4ns or 3.33, or a frequency such as 250MHz; {LONGEST_NS:g} ns at most",
    )


def clock_option(period: float) -> str:
    """The shortest text that :func:`parse_clock` reads as this period in ns: ``4ns``, ``300MHz``."""
    texts = f"{period:g}ns", f"{1000 / period:g}MHz"
    return next((text for text in texts if parse_clock(text, "--clock") == period), f"{period:.9f}".rstrip("0") + "ns")


def uncertainty_fraction(text: str | None, clock_ns: float) -> float:
    """The part of a period that the tool keeps back, of a text that ``check_uncertainty`` has passed.

    The tool's own default where there is none.
    """
    found = UNCERTAINTY.fullmatch(text or DEFAULT_UNCERTAINTY)
    if found is None:
        return math.nan
    number = float(found[1])
    if found[2] == "%":
        return number / 100
    return number * (1e-3 if found[2] == "ps" else 1.0) / clock_ns


@dataclass(frozen=True)
class Target:
    """Part and clock that designs are for, as asked; None is what nobody asked for, and the default stands for it.

    ``clock_ns`` is the period, ``uncertainty`` as the tool takes it.
    """

    part: str | None = None
    clock_ns: float | None = None
    uncertainty: str | None = None
    flow_target: str | None = None

    @property
    def complete(self) -> Target:
        """With the defaults for what nobody asked."""
        return Target(
            self.part or DEFAULT_PART,
            self.clock_ns or DEFAULT_CLOCK_NS,
            DEFAULT_UNCERTAINTY if self.uncertainty is None else self.uncertainty,
            self.flow_target or DEFAULT_FLOW_TARGET,
        )

    def difference(self, flow: Flow) -> str | None:
        """How labels of a flow are for something else than was asked, in words; None where they are not.

        What a flow does not record counts as the default: the published sets were made near it.
        """
        clock = self.clock_ns or DEFAULT_CLOCK_NS
        there_at = flow.clock_ns or DEFAULT_CLOCK_NS
        pairs: tuple[tuple[str, object, object, object], ...] = (
            ("part", self.part, flow.part, DEFAULT_PART),
            ("clock", self.clock_ns, flow.clock_ns, DEFAULT_CLOCK_NS),
            ("flow target", self.flow_target, flow.flow_target, DEFAULT_FLOW_TARGET),
        )
        for name, asked, there, usual in pairs:
            if asked is not None and _plain(asked) != _plain(usual if there is None else there):
                return _unlike(name, asked, there)
        if self.uncertainty is not None:
            wanted = uncertainty_fraction(self.uncertainty, clock)
            if not math.isclose(wanted, uncertainty_fraction(flow.uncertainty, there_at), abs_tol=1e-4):
                return _unlike("clock uncertainty", self.uncertainty or "of the tool", flow.uncertainty)
        return None

    def over(self, flow: Flow) -> Flow:
        """The flow with what was asked in the place of its own."""
        return replace(
            flow,
            part=self.part or flow.part,
            clock_ns=self.clock_ns or flow.clock_ns,
            uncertainty=flow.uncertainty if self.uncertainty is None else self.uncertainty or None,
            flow_target=self.flow_target or flow.flow_target,
        )


def _plain(value: object) -> object:
    return bare_part(value) if isinstance(value, str) else round(value, 3) if isinstance(value, float) else value


def _unlike(name: str, asked: object, there: object) -> str:
    wanted = clock_text(asked) if isinstance(asked, float) else asked
    if there is None:
        return f"record no {name}, and {wanted} was asked for"
    return f"are for the {name} {clock_text(there) if isinstance(there, float) else there}, not {wanted}"


def whole(flow: Flow) -> Flow:
    """The flow with this project's defaults for what it does not record."""
    return replace(
        flow,
        part=flow.part or DEFAULT_PART,
        clock_ns=flow.clock_ns or DEFAULT_CLOCK_NS,
        uncertainty=flow.uncertainty or DEFAULT_UNCERTAINTY,
        flow_target=flow.flow_target or DEFAULT_FLOW_TARGET,
    )


def same_target(one: Flow, other: Flow) -> bool:
    """Whether the labels of two flows are for the same part and clock; what neither records is the same."""
    return (_plain(one.part), _plain(one.clock_ns)) == (_plain(other.part), _plain(other.clock_ns))


def teaches(flow: Flow, other: Flow) -> bool:
    """Whether labels of a flow show how designs of another behave, though their sources have two names.

    Both are runs of one tool in one dialect, for the same part and clock, what is not recorded counting as the default
    (the published sets were made there), and of the same version where both record one.
    """
    one, two = whole(flow), whole(other)
    versions = {version for version in (flow.tool_version, other.tool_version) if version is not None}
    # Reports that a user imports name a version and no tool.
    stated = None not in (flow.tool_version, other.tool_version)
    alike = flow.tool == other.tool or (stated and IMPORTED in (flow.tool, other.tool))
    apart = {flow.source, other.source} & {ESTIMATOR_SOURCE, STAND_IN}
    return alike and not apart and flow.dialect == other.dialect and same_target(one, two) and len(versions) <= 1


def made_for(flow: Flow) -> str:
    """What a flow's figures are for, for people: ``xc7z020-clg484-1 at 10 ns, uncertainty 27%, flow target vitis``.

    A part or clock that is not recorded is said to be none; of the other two what is recorded is said.
    """
    part = flow.part or "a part that is not recorded,"
    if flow.clock_ns is None:
        return f"{part.removesuffix(',')} at a clock that is not recorded"
    kept = f", uncertainty {flow.uncertainty}" if flow.uncertainty is not None else ""
    aim = f", flow target {flow.flow_target}" if flow.flow_target is not None else ""
    return f"{part} at {clock_text(flow.clock_ns)}{kept}{aim}"
