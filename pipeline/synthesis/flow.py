"""A flow: which tool made a report, at which settings. Labels of different flows are never mixed."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.errors import PipelineError, clock_text
from pipeline.synthesis.canonical import canonical_json, sha256_hex
from pipeline.terms import Dialect

"""What the values of a design point mean: ``#pragma ACCEL`` through the Merlin compiler, the plain Vitis HLS set
(where the empty PIPELINE value means no directive at all), or ``#pragma HLS`` handed to the tool."""

SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

DEFAULT_PART = "xcu200-fsgd2104-2-e"
"""Its capacities (BRAM_18K 4,320, DSP 6,840, LUT 1,182,240, FF 2,364,480) are those behind HLSyn's utilisations."""
DEFAULT_CLOCK_NS = 4.0
DEFAULT_UNCERTAINTY = "27%"
"""The default of Vitis HLS (UG1399)."""
DEFAULT_FLOW_TARGET = "vitis"


def check_source(name: str) -> str:
    """The name if it may name a source (it becomes a folder's name); else PipelineError."""
    if not SOURCE_NAME.fullmatch(name) or ".." in name:
        raise PipelineError(
            f"{name!r} is no name for a source",
            fix="use 1 to 64 lower-case letters, digits, '.', '_' and '-', a letter or digit first",
        )
    return name


UNCERTAINTY = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)(%|ns|ps)?", re.ASCII)


def check_uncertainty(text: str, clock_ns: float, option: str) -> None:
    """Raises PipelineError, naming the option, unless the text is a clock uncertainty below the period, or empty.

    The forms are those of ``set_clock_uncertainty`` (UG1399): a percentage of the period, or a time in ns or ps.
    """
    if not text:
        return
    match = UNCERTAINTY.fullmatch(text)
    scale = {"%": clock_ns / 100, "ps": 1e-3}.get(match[2], 1.0) if match else math.inf
    if match is None or not float(match[1]) * scale < clock_ns:
        raise PipelineError(
            f"{option} {text[:40]!r} is no clock uncertainty below the period of {clock_text(clock_ns)}",
            fix="give one such as 27% or 0.5",
        )


@dataclass(frozen=True)
class Flow:
    """A tool and the settings that move its labels. None is what was not recorded.

    ``clock_ns`` is the target period in nanoseconds, ``uncertainty`` as the tool takes it (``27%``, ``1.25``),
    ``settings`` further (name, value) pairs, kept sorted. Raises PipelineError for a bad source name or dialect.
    """

    source: str
    dialect: str
    tool: str
    tool_version: str | None
    part: str | None
    clock_ns: float | None
    uncertainty: str | None
    flow_target: str | None
    settings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_source(self.source)
        if self.dialect not in tuple(Dialect):
            raise PipelineError(f"{self.dialect!r} is no dialect", fix=f"use one of {', '.join(Dialect)}")
        if self.clock_ns is not None:
            if not math.isfinite(self.clock_ns) or self.clock_ns <= 0:
                raise PipelineError(f"a clock period of {self.clock_ns} ns is none", fix="give a positive number")
            object.__setattr__(self, "clock_ns", float(self.clock_ns))
        object.__setattr__(self, "settings", tuple(sorted((str(k), str(v)) for k, v in self.settings)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return sha256_hex(canonical_json(self.to_json()))

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**values, "settings": [list(pair) for pair in self.settings]}

    @staticmethod
    def from_json(value: object) -> Flow:
        """The flow written by :meth:`to_json`; ValueError or PipelineError for anything else."""
        names = [field.name for field in dataclasses.fields(Flow)]
        if not isinstance(value, Mapping) or sorted(value) != sorted(names):
            raise ValueError(f"a flow has the members {', '.join(names)}")
        optional = ("tool_version", "part", "uncertainty", "flow_target")
        if not all(isinstance(value[name], str) for name in ("source", "dialect", "tool")) or not all(
            value[name] is None or isinstance(value[name], str) for name in optional
        ):
            raise ValueError("a member of the flow is not text")
        clock = value["clock_ns"]
        if clock is not None and (isinstance(clock, bool) or not isinstance(clock, int | float)):
            raise ValueError("clock_ns of the flow is not a number")
        settings = value["settings"]
        if not isinstance(settings, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
            for pair in settings
        ):
            raise ValueError("settings of the flow are not pairs of texts")
        return Flow(**{**value, "settings": tuple((pair[0], pair[1]) for pair in settings)})


KNOWN_FLOWS: dict[str, Flow] = {
    # HLSyn (NeurIPS 2023): the Merlin compiler before the HLS tool, at 250 MHz. The part, the uncertainty and the
    # flow target are not recorded with the labels.
    "hlsyn-v18": Flow("hlsyn-v18", Dialect.MERLIN, "Merlin + SDx", "2018.3", None, 4.0, None, None),
    "hlsyn-v20": Flow("hlsyn-v20", Dialect.MERLIN, "Merlin + Vitis HLS", "2020.2", None, 4.0, None, None),
    # HLSFactory's AutoDSE demo: plain Vitis HLS; neither the tool's version nor its clock is recorded.
    "vitis-plain": Flow(
        "vitis-plain",
        Dialect.VITIS_PLAIN,
        "Vitis HLS",
        None,
        None,
        None,
        None,
        None,
        (("config_compile.unsafe_math_optimizations", "true"),),
    ),
    # HLSFactory's HLSyn-Vitis: plain Vitis HLS 2025.1, a U200 at 250 MHz.
    "hlsyn-vitis": Flow(
        "hlsyn-vitis",
        Dialect.VITIS_PLAIN,
        "Vitis HLS",
        "2025.1",
        DEFAULT_PART,
        4.0,
        None,
        None,
        (("config_compile.unsafe_math_optimizations", "true"),),
    ),
}
"""Flows of the published label sets by the name of their source."""

ESTIMATOR_SOURCE = "estimator"
ESTIMATOR_TOOL = "hls-moe-pipeline estimator"
STAND_IN = "stand-in"
"""The source of runs with a program that stands in for the tool."""
IMPORTED = "imported"
"""The tool of reports that a user imports."""


def estimator_flow(
    version: str,
    *,
    part: str = DEFAULT_PART,
    clock_ns: float = DEFAULT_CLOCK_NS,
    uncertainty: str = DEFAULT_UNCERTAINTY,
    flow_target: str = DEFAULT_FLOW_TARGET,
) -> Flow:
    """The flow of the analytical estimator of that version, for a part and clock."""
    return Flow(
        ESTIMATOR_SOURCE,
        Dialect.MERLIN,
        ESTIMATOR_TOOL,
        version,
        part,
        clock_ns,
        uncertainty,
        flow_target,
    )


def imported_flow(
    source: str,
    dialect: str,
    *,
    tool: str = IMPORTED,
    tool_version: str | None = None,
    part: str | None = None,
    clock_ns: float | None = None,
    uncertainty: str | None = None,
    flow_target: str | None = None,
    settings: tuple[tuple[str, str], ...] = (),
) -> Flow:
    """A flow under a name of the user's own; what is not said stays unknown.

    Raises PipelineError for a name that belongs to a published set or to the estimator: what a user imports must
    not pass for theirs.
    """
    if source in KNOWN_FLOWS or source == ESTIMATOR_SOURCE:
        owner = KNOWN_FLOWS[source].tool if source in KNOWN_FLOWS else "the built-in estimator"
        raise PipelineError(
            f"the source name {source!r} belongs to {owner}", fix="choose another name for what you import"
        )
    return Flow(source, dialect, tool, tool_version, part, clock_ns, uncertainty, flow_target, settings)
