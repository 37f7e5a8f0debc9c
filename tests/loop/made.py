"""Runs made by hand, for what reads runs and needs no loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.exploration import Proposal
from pipeline.loop.measured import MeasuredDesign
from pipeline.loop.record import Run

USED = {"bram_18k": 0.1, "dsp": 0.2, "ff": 0.1, "lut": 0.3, "uram": None}
FULL = {**USED, "lut": 1.7}


def ran(key: str, cycles: int | None = 1000, *, kernel: str = "k", number: int = 1, **result: Any) -> Run:
    """A run of a design that fits; what is told of its proposal begins with ``expected_``."""
    told = {name.removeprefix("expected_"): result.pop(name) for name in [*result] if name.startswith("expected_")}
    design = MeasuredDesign(kernel, key, {}, "vitis-2024.1", "synthesised", "ok", None, True, cycles, 3.0, USED)
    return Run(number, Proposal(key, (0,), "", 0.0, **told), replace(design, **result))


def failed(key: str, *, kernel: str = "k", **result: Any) -> Run:
    """A run of a design that the tool refuses."""
    return ran(key, None, kernel=kernel, **{"status": "compile_error", "usable": False, **result})
