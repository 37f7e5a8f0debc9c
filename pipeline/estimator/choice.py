"""What pragmas ask of a loop, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pipeline(StrEnum):
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

    pipeline: Pipeline = Pipeline.OFF
    factor: int = 1
    tile: int = 1
