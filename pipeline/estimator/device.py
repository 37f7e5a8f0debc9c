"""Devices and operator costs, read from the data files beside this module."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.terms import Resource

CYCLE = 1000
"""Ticks of a cycle: what is shorter than one is told in them."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Cost of one unit: cycles from operands to result, DSP blocks, flip-flops, LUTs."""

    stages: int
    dsp: int
    ff: float
    lut: float
    part: int = 0
    """Of logic without a register of its own: thousandths of the usable period, so that several share a cycle."""

    @property
    def ticks(self) -> int:
        """Thousandths of cycles from operands to result."""
        return CYCLE * self.stages + self.part


@dataclass(frozen=True, slots=True)
class FlowRules:
    """Constants of a flow; the data file says what each one is and where it is from."""

    carried_cycles: int
    flattens: int
    element_sums_apart: int
    copy_cycles: int
    copies_overlap: int
    tile_cycles: int
    offchip_cycles: int
    small_loop: int
    max_partitions: int
    scattered_words: int
    widest_partition: int
    partition_beyond: int
    area: Mapping[str, Mapping[str, float]]
    """By resource and term, see :data:`pipeline.estimator.area.TERMS`."""


@dataclass(frozen=True, slots=True)
class Device:
    """An FPGA with what its operators and memories cost at one clock; units as in the data file."""

    name: str
    part: str
    family: str
    clock_ns: float
    clock_uncertainty: float
    """Fraction of the period."""
    available: Resources
    operators: Mapping[str, Operator]
    """By operator name; those whose area grows with the width end in it, as in ``iadd32``."""
    memory: Mapping[str, int]
    control: Mapping[str, int]
    flows: Mapping[str, FlowRules]
    """By dialect of points."""
    assumed: str = ""
    """What of these costs is assumed, in a sentence; empty at the part and clock that they were measured at."""
    calibration: str = ""
    """Hash of the fitted constants that lie over the data file, empty for none."""
    arrays: dict[tuple[int, int, int], tuple[int, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Blocks and LUTs of arrays by words, bits and partitions, as far as :mod:`pipeline.estimator.area` was asked."""

    def cost(self, name: str) -> Operator:
        """The operator of that name, of any width; KeyError for one that the data file has no row of.

        What is wider than the last row is scaled from it, **assumed**: LUTs and the delay of an addition or comparison
        by the width; DSP blocks, LUTs and flip-flops of a product (``imul40x100``) or quotient by the product of its
        operands' widths; a product takes a stage more for each doubling of the wider one, a quotient one a bit.
        """
        listed = self.operators.get(name)
        if listed is not None:
            return listed
        kind, digits = name.rstrip("0123456789x"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
        widths = [int(part) for part in digits.split("x")]
        wide = max(widths)
        if kind in ("imul", "idiv"):
            last = self.operators[f"{kind}64"]
            times = min(widths) * wide / 64**2
            doubled = math.ceil(math.log2(max(wide / 64, 1)))
            stages = last.stages + doubled if kind == "imul" else math.ceil(last.stages * (wide + 4) / 68)
            return Operator(stages, math.ceil(last.dsp * times), last.ff * times, last.lut * times)
        last = self.operators[f"{kind}{WIDTHS[-1]}"]
        times = wide / WIDTHS[-1]
        delay = round(last.part * times) if kind in ("iadd", "icmp") else last.part
        if delay > CYCLE:
            return replace(last, stages=-(-delay // CYCLE), part=0, lut=last.lut * times)
        return replace(last, part=delay, lut=last.lut * times)

    @property
    def longest_add(self) -> int:
        """Ticks of the slowest addition."""
        return max(self.operators[name].ticks for name in ("dadd", "fadd", "iadd64"))


WIDTHS = (1, 8, 16, 18, 32, 64, 128)
MULTIPLIERS: Mapping[str, tuple[int, int]] = {
    "imul8": (8, 10),
    "imul18": (18, 18),
    "imul32": (32, 32),
    "imul64": (64, 66),
}
"""Bits of the narrower and the wider operand that a row stands for: those that it was measured on, where it was."""
_DATA = "data"


@cache
def load_device(name: str = "xcu200") -> Device:
    """The device of that name; PipelineError with the known names if there is none."""
    known: list[str] = []
    folder = resources.files(__package__).joinpath(_DATA)
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        table = tomllib.loads(entry.read_text(encoding="utf-8"))
        devices: dict[str, Any] = table.get("device", {})
        if name in devices:
            return _device(name, table)
        known.extend(sorted(devices))
    raise PipelineError(f"unknown device '{name}'", fix=f"use one of: {', '.join(known)}")


def _device(name: str, table: dict[str, Any]) -> Device:
    row = table["device"][name]
    operators: dict[str, Operator] = {}
    for key, cost in table["operator"].items():
        if "lut_per_bit" in cost:
            for width in WIDTHS:
                delay = cost["delay_ns"] + cost["delay_ns_per_bit"] * width
                part = round(CYCLE * delay / (row["clock_ns"] * (1 - row["clock_uncertainty"])))
                lut = cost["lut_per_bit"] * width
                operators[f"{key}{width}"] = Operator(cost["stages"], cost[Resource.DSP], cost[Resource.FF], lut, part)
        else:
            operators[key] = Operator(cost["stages"], cost[Resource.DSP], cost[Resource.FF], cost[Resource.LUT])
    return Device(
        name=name,
        part=row["part"],
        family=table["family"],
        clock_ns=row["clock_ns"],
        clock_uncertainty=row["clock_uncertainty"],
        available=Resources(*(row[name] for name in Resource)),
        operators=operators,
        memory=table["memory"],
        control=table["control"],
        flows={name: FlowRules(**rules) for name, rules in table["flow"].items()},
    )
