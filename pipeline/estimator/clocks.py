"""A device for any known part at any clock: capacities of the part, stages of its operators by the law of the data."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from pipeline.errors import PipelineError, clock_text
from pipeline.estimator.device import Device, Operator, load_device
from pipeline.estimator.parts import OWN_PARTS, Part, find_part
from pipeline.terms import Dialect, Resource

_SLACK = 1e-9
_BITS_PER_BLOCK = 36
"""Of a BRAM_18K beside another in the buffer of a wide port (UG573: 36 bits wide at 512 deep)."""


@dataclass(frozen=True, slots=True)
class _Known:
    """So many stages were seen, or published, at a usable period on the scale of the data file."""

    x: float
    stages: int
    dsp: int | None


@lru_cache(maxsize=64)
def device_for(part: str, clock_ns: float, uncertainty: float = 0.27) -> Device:
    """What is estimated for a part at a target period, both as asked for.

    ``uncertainty`` is the fraction of the period that the tool keeps back. The part and clock that the operators were
    measured at give the device of :func:`~pipeline.estimator.device.load_device` itself; all others say in
    :attr:`~pipeline.estimator.device.Device.assumed` what is assumed of them. Raises PipelineError for a part that is
    not known, and for a period of which nothing is usable.
    """
    base = load_device()
    if (part.lower(), clock_ns, uncertainty) == (base.part, base.clock_ns, base.clock_uncertainty):
        return base
    found = find_part(part)
    usable = clock_ns * (1 - uncertainty)
    if not (math.isfinite(usable) and usable > 0):
        raise PipelineError(f"nothing of a clock period of {clock_text(clock_ns)} is usable", fix="give a longer one")
    x = usable / _factor(found)
    scaled = {name: _at(name, cost, x) for name, cost in base.operators.items()}
    port = _rules()["port_bytes"].get(found.family, base.memory["port_bytes"])
    return replace(
        base,
        name=found.die,
        part=found.name,
        family=found.family,
        clock_ns=clock_ns,
        clock_uncertainty=uncertainty,
        available=found.available,
        operators={name: cost for name, (cost, _) in scaled.items()},
        memory={**base.memory, "port_bytes": port},
        flows=_flows(base, found, port),
        assumed=_assumed(base, found, clock_ns, x, sorted(name for name, (_, known) in scaled.items() if known)),
    )


def _at(name: str, cost: Operator, x: float) -> tuple[Operator, bool]:
    """An operator at the usable period ``x``, and whether its stages there are known."""
    rules = _rules()
    if name in rules["fixed"]["operators"] or name.rstrip("0123456789") in rules["fixed"]["operators"]:
        return cost, False
    base = load_device()
    if cost.stages == 0:
        return replace(cost, part=round(cost.part * _usable(base) / x)), False
    if cost.stages == 1:
        return replace(cost, stages=_stages(rules["delay"]["others"], x)), False
    home = _Known(_usable(base), cost.stages, None)
    known = sorted((home, *_known(name)), key=lambda one: one.x)
    exact = [one for one in known if _same(one.x, x)]
    if exact:
        stages = exact[0].stages
    else:
        faster = max((one for one in known if one.x <= x), key=lambda one: one.x, default=known[0])
        least = max((one.stages for one in known if one.x > x), default=1)
        stages = max(_stages(faster.stages * faster.x, x), least)
    dsp = next((one.dsp for one in known if one.dsp is not None and stages <= one.stages), cost.dsp)
    return replace(cost, stages=stages, dsp=dsp), bool(exact) and exact[0] is not home


def _usable(device: Device) -> float:
    return device.clock_ns * (1 - device.clock_uncertainty)


def _same(one: float, other: float) -> bool:
    """Whether two usable periods are one but for the digits that the data file gives."""
    return math.isclose(one, other, rel_tol=1e-3)


def _stages(delay: float, x: float) -> int:
    return max(1, math.ceil(delay / x - _SLACK))


def _flows(base: Device, part: Part, port: int) -> dict[str, Any]:
    """The rules of the flows with the area of this part: what Merlin's shell side costs is no part of others."""
    plain = base.flows[Dialect.VITIS_PLAIN]
    buffers = float(math.ceil(8 * port / _BITS_PER_BLOCK))
    merlin = part.family in _rules()["merlin_area"]["families"]
    found = {}
    for name, rules in base.flows.items():
        area = rules.area if merlin else plain.area
        memory = {**area[Resource.BRAM_18K], "ports": buffers}
        found[name] = replace(rules, area={**area, Resource.BRAM_18K: memory})
    return found


def _assumed(base: Device, part: Part, clock_ns: float, x: float, known: list[str]) -> str:
    where = f"{base.part} at {clock_text(base.clock_ns)}"
    if _same(x, _usable(base)):
        stages = f"stages of operators as on {where}"
    elif known:
        stages = f"stages of operators, known for {', '.join(known)}, of all others scaled from other clocks and parts"
    else:
        stages = "stages of operators, scaled from other clocks and parts"
    area = "area and memory constants" if part.family != base.family else "area constants"
    own = f"; capacities as {OWN_PARTS} states them" if part.own else ""
    return f"assumed for {part.name} at {clock_text(clock_ns)}: {stages}; {area} as on {where}{own}"


def _factor(part: Part) -> float:
    rules = _rules()
    return float(rules["factor"][rules["fabric"][part.family]][part.grade])


@cache
def _known(name: str) -> tuple[_Known, ...]:
    return tuple(
        _Known(float(row["x"]), int(row["stages"]), row.get(Resource.DSP))
        for row in _rules()["known"]
        if row["operator"] == name
    )


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data", "stages.toml").read_text(encoding="utf-8"))
