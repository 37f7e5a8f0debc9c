"""Constants fitted to somebody's reports, as a file that lies over a device's data file.

Only the free constants can be changed: those of the flows, and how many stages operators take.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.estimator.area import TERMS
from pipeline.estimator.device import Device, FlowRules

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Constants:
    """Fitted constants of one flow.

    ``stages_percent`` scales the stages of every operator that takes more than one, as another clock, part or version
    of the tool does. ``rules`` are :class:`~pipeline.estimator.device.FlowRules` by name, ``area`` the constants of
    :data:`~pipeline.estimator.area.TERMS`.
    """

    flow: str
    stages_percent: int
    rules: Mapping[str, int]
    area: Mapping[str, Mapping[str, float]]

    def apply(self, device: Device) -> Device:
        """The device with these constants; its ``calibration`` is their hash."""
        operators = {
            name: replace(item, stages=max(2, round(item.stages * self.stages_percent / 100)))
            if item.stages > 1
            else item
            for name, item in device.operators.items()
        }
        known = device.flows[self.flow]
        area = {name: {**terms, **self.area.get(name, {})} for name, terms in known.area.items()}
        flows = {**device.flows, self.flow: replace(known, **dict(self.rules), area=area)}
        digest = hashlib.sha256((device.calibration + self.to_toml()).encode()).hexdigest()[:8]
        return replace(device, operators=operators, flows=flows, calibration=digest)

    def to_toml(self) -> str:
        """The file's text; the same constants, the same bytes."""
        lines = [f'flow = "{self.flow}"', f"stages_percent = {self.stages_percent}", "", "[rules]"]
        lines += [f"{name} = {value}" for name, value in sorted(self.rules.items())]
        for name, terms in sorted(self.area.items()):
            lines += ["", f"[area.{name}]", *(f"{term} = {value!r}" for term, value in sorted(terms.items()))]
        return "\n".join(lines) + "\n"


def read_constants(path: Path) -> Constants:
    """The constants in a file; PipelineError, with the file, for one that is none."""

    def wrong(problem: str) -> PipelineError:
        return PipelineError(problem, file=str(path), fix="name the constants.toml that Calibrate has written")

    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise wrong(f"the estimator's constants cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(f"the estimator's constants are no TOML: {' '.join(str(error).split())}") from None
    if set(table) != {"flow", "stages_percent", "rules", "area"}:
        raise wrong("a file of constants has the members flow, stages_percent, rules and area")
    names = {field.name for field in fields(FlowRules)} - {"area"}
    rules, area, percent = table["rules"], table["area"], table["stages_percent"]
    if not isinstance(table["flow"], str) or not isinstance(rules, dict) or not isinstance(area, dict):
        raise wrong("flow is not text, or rules or area is not a table")
    for name, value in [("stages_percent", percent), *rules.items()]:
        if name not in names | {"stages_percent"} or type(value) is not int or not 0 <= value <= _LARGEST:
            raise wrong(f"{str(name)[:40]} is no constant, or not a whole number up to {_LARGEST}")
    for resource, terms in area.items():
        if resource not in TERMS or not isinstance(terms, dict) or not set(terms) <= set(TERMS[resource]):
            raise wrong(f"area.{str(resource)[:40]} is no resource, or has terms that are not known")
        for term, value in terms.items():
            if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
                raise wrong(f"area.{resource}.{term} is not a number from 0")
    return Constants(table["flow"], percent, rules, area)


def calibrated(device: Device, path: Path) -> Device:
    """A device with the constants of a file; PipelineError for a file that does not fit it."""
    constants = read_constants(path)
    if constants.flow not in device.flows:
        raise PipelineError(
            f"the constants are for the flow {constants.flow[:40]!r}",
            file=str(path),
            fix=f"use those of one of: {', '.join(sorted(device.flows))}",
        )
    return constants.apply(device)
