"""A device as tools of another version see it: the same fabric, other operators and other decisions."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from pipeline.estimator.device import Device, load_device

_VERSION = re.compile(r"(20[0-9]{2})\.([1-9])")


def for_tool(device: Device, version: str | None) -> Device:
    """The device under a tool version such as ``2018.3``; the same where nothing else is known of that version."""
    found = _VERSION.match(version or "")
    if found is None:
        return device
    for older in _older():
        until = _VERSION.match(older["before"])
        assert until is not None
        if (int(found[1]), int(found[2])) < (int(until[1]), int(until[2])):
            device = _with(device, older)
    return device


def _with(device: Device, older: dict[str, Any]) -> Device:
    base = load_device().operators
    operators = dict(device.operators)
    for name, cost in older["operator"].items():
        # At another clock the stages grow or shrink as those of the newer tool do.
        stages = max(1, round(cost["stages"] * operators[name].stages / base[name].stages))
        operators[name] = replace(operators[name], stages=stages, dsp=cost["dsp"])
    flows = dict(device.flows)
    for name, rules in older["flow"].items():
        known = flows[name]
        area = {resource: {**terms, **rules["area"].get(resource, {})} for resource, terms in known.area.items()}
        flows[name] = replace(known, **{key: value for key, value in rules.items() if key != "area"}, area=area)
    return replace(device, operators=operators, flows=flows)


@cache
def _older() -> tuple[dict[str, Any], ...]:
    text = resources.files(__package__).joinpath("data", "tools.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["older"])
