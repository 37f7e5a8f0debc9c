"""How far a run has come, in a few words."""

from __future__ import annotations

import re

from pipeline.synthesis.vitis.lines import plain, unstamped
from pipeline.synthesis.vitis.messages import message

_STAGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Running: csim_design\b|CSIM start|Starting C[- ]simulation|-run csim\b", "simulating C"),
        (r"^\[HLS 200-10\] Analyzing design file '(?P<what>[^']*)'", "analysing {what}"),
        (r"Finished Source Code Analysis|\[HLS 200-777\]", "compiling"),
        (r"Starting code transformations", "transforming"),
        (r"Checking synthesizability", "checking synthesizability"),
        (r"Starting hardware synthesis", "synthesising hardware"),
        (r"-- Implementing module '(?P<what>[^']*)'", "scheduling {what}"),
        (r"^\[SCHED 204-11\] Starting", "scheduling"),
        (r"^\[BIND 205-100\] Starting", "binding"),
        (r"-- Generating RTL for (module )?'(?P<what>[^']*)'", "generating RTL of {what}"),
        (r"Finished [Gg]enerating all RTL models", "writing reports"),
        (r"Estimated Fmax:|Finished Command csynth_design\b", "C synthesis ended"),
        (r"Running: cosim_design\b|^\[COSIM 212-\d+\]|-run cosim\b", "simulating RTL"),
        (r"Running: export_design\b|^\[IMPL 213-\d+\]|-run (vivado|package)\b", "exporting"),
        (r"\bLaunched synth_1\b|Waiting for synth_1|Command: synth_design", "synthesising in Vivado"),
        (r"\bLaunched impl_1\b|Waiting for impl_1|Command: route_design", "implementing in Vivado"),
    )
)
_MAY_STAGE = re.compile(r"\[(HLS|SCHED|BIND|COSIM|IMPL|SIM)|Start|Finish|Launch|Waiting|Command|-run |start")


def stage(line: str) -> str | None:
    """What the tool is at, in a few words, where a line of its log shows it; else None."""
    line = unstamped(plain(line))
    found = message(line)
    return stage_of(line if found is None else found.tagged)


def stage_of(text: str) -> str | None:
    """As :func:`stage`, of a plain line or of a message's id and text."""
    if not _MAY_STAGE.search(text):
        return None
    for pattern, name in _STAGES:
        if found := pattern.search(text):
            return name.format(**{key: str(value)[:80] for key, value in found.groupdict().items()})
    return None
