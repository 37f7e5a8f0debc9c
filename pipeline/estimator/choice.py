"""What pragmas ask of a loop, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PipelineChoice(StrEnum):
    """What a PIPELINE site asks for."""

    OFF = "off"
    COARSE = ""
    FLATTEN = "flatten"


class Mode(StrEnum):
    """What becomes of a loop."""

    UNROLLED = "unrolled"
    PIPELINED = "pipelined"
    STAGES = "stages"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class Choice:
    """The pragmas of one loop."""

    pipeline: PipelineChoice = PipelineChoice.OFF
    factor: int = 1
    tile: int = 1
    interval: int = 1
    """The initiation interval that is asked for."""
    off: bool = False
    """Not to be pipelined, by the tool itself neither."""
    flat: bool = False
    """In a function that is pipelined as a whole."""
    whole: bool = True
    """The tool may unroll it of its own accord."""
    flattens: bool = True
    """It may run as one loop with the one around it."""
