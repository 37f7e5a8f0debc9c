"""What a run is made of: files, the commands to run on them, and where the results land."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Further(StrEnum):
    """Steps beyond C synthesis, each with a result of its own."""

    CSIM = "csim"
    """C simulation: the test bench passes."""
    COSIM = "cosim"
    """RTL simulation: cycles as measured."""
    EXPORT = "export"
    """Vivado synthesis, out of context: resources and clock after it."""
    IMPLEMENT = "implement"
    """Vivado synthesis, placement and routing, out of context: resources and clock of the routed design."""


@dataclass(frozen=True)
class Command:
    """One start of the tool; ``argv[0]`` is the absolute path of the executable."""

    step: str
    """``csynth``, or the value of a :class:`Further`."""
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One design, ready to run.

    ``files`` are texts by relative name. ``report`` is where csynth.xml lands, relative to the run's folder.
    ``results`` are patterns, relative too, of what a further step leaves behind and is worth keeping.
    """

    files: Mapping[str, str]
    commands: tuple[Command, ...]
    report: str
    top: str
    part: str
    results: Mapping[str, tuple[str, ...]]
