"""The figures of a design that can be minimised or bounded, in the units that people ask in."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import PipelineError, nearest
from pipeline.exploration.types import RESOURCES

LATENCIES = {"cycles": 1.0, "ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
"""Units of latency; all but cycles are times, with how many ns they are."""

AREA = "area"
"""The largest utilisation of a design."""

_BLOCKS = {name.lower(): name for name in RESOURCES}
_ALIASES = {"latency": "ns", "time": "ns", "bram_18k": "bram", "dsps": "dsp", "luts": "lut", "ffs": "ff"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a design.

    ``name``   ``cycles``; ``ns``, ``us``, ``ms`` or ``s``: cycles times the clock period; ``lut``, ``ff``, ``dsp`` or
               ``bram``: blocks of the device (BRAM of 18 Kb); ``area``: the largest utilisation
    ``share``  whether a resource counts in percent of the device; ``area`` always does
    """

    name: str
    share: bool = False

    @property
    def text(self) -> str:
        """As it is written in an option: ``cycles``, ``dsp``, ``lut%``."""
        return f"{self.name}%" if self.share else self.name

    @property
    def unit(self) -> str:
        """For people, after a number: ``cycles``, ``ms``, ``DSP``, ``% of the LUT``."""
        if self.name in LATENCIES:
            return self.name
        if self.name == AREA:
            return "% of the device"
        block = _BLOCKS[self.name]
        block = "BRAM (18K)" if block == "BRAM" else block
        return f"% of the {block}" if self.share else block

    @property
    def is_latency(self) -> bool:
        """Whether it is a latency, in cycles or in time."""
        return self.name in LATENCIES

    @property
    def is_time(self) -> bool:
        """Whether it is a time, which needs the clock."""
        return self.is_latency and self.name != "cycles"

    @property
    def place(self) -> int:
        """The place of its resource among utilisations."""
        return RESOURCES.index(_BLOCKS[self.name])


def figure_of(word: str, option: str) -> Figure:
    """The figure that ``cycles``, ``ms``, ``dsp``, ``lut%`` or ``area`` names, in any case.

    Raises PipelineError, which names ``option``, for any other word.
    """
    name = word.strip().lower()
    share = name.endswith("%")
    name = name.removesuffix("%").strip()
    name = _ALIASES.get(name, name)
    known = (*LATENCIES, *_BLOCKS, AREA)
    if name == "uram":
        raise PipelineError(f"{option}: nothing here forecasts URAM", fix=f"name one of {', '.join(known)}")
    if name not in known or (share and name in LATENCIES):
        meant = nearest(name, known)
        raise PipelineError(
            f"{option}: {word.strip()[:40]!r} is no figure of a design",
            fix=(f"did you mean {meant}? " if meant else "")
            + f"it is one of {', '.join(known)}; lut% and the like are percent of the device",
        )
    return Figure(name, share or name == AREA)
