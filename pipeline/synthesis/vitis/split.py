"""A log that holds several appended runs, as one text a run."""

from __future__ import annotations

import re
from enum import IntEnum


class Step(IntEnum):
    """The steps of a run in the order in which a script takes them."""

    SETUP = 0
    CSIM = 1
    CSYNTH = 2
    COSIM = 3
    IMPLEMENTATION = 4


STEP_NAMES = {
    Step.SETUP: "setup",
    Step.CSIM: "csim",
    Step.CSYNTH: "csynth",
    Step.COSIM: "cosim",
    Step.IMPLEMENTATION: "implementation",
}

_BANNER = re.compile(
    r"^\*{6}\s+(Vitis HLS|Vivado\(TM\) HLS|vitis-run|v\+\+)\b"
    r"|^(Vitis HLS|Vivado\(TM\) HLS) - High-Level Synthesis"
    r"|^INFO: \[(v\+\+|vitis-run) (60-1548|82-31)\]"
)
_BEGINS: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (Step.CSIM, re.compile(r"Running: csim_design\b|\[SIM 211-[24]\]")),
    (
        Step.CSYNTH,
        re.compile(
            r"Running: csynth_design\b|\[HLS 200-10\] (Analyzing design file|Starting (code transf|hardware syn))"
            r"|\[HLS 200-777\]|Finished (Source Code Analysis|Checking Synthesizability|Linking|Standard Transforms)"
            r"|\[SCHED 204-11\] Starting|\[HLS 214-\d+\]|\[HLS 207-\d+\]"
        ),
    ),
    (Step.COSIM, re.compile(r"Running: cosim_design\b|\[COSIM 212-\d+\]")),
    (Step.IMPLEMENTATION, re.compile(r"Running: export_design\b|\[IMPL 213-\d+\]")),
)
_ENDS: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (Step.CSIM, re.compile(r"Finished Command csim_design\b|\[SIM 211-3\]")),
    (Step.CSYNTH, re.compile(r"Finished Command csynth_design\b|\[HLS 200-789\]")),
    (Step.COSIM, re.compile(r"Finished Command cosim_design\b")),
    (Step.IMPLEMENTATION, re.compile(r"Finished Command export_design\b")),
)
_WORK = re.compile(r"\[HLS 200-(1510|1464|1465|2174)\]|\[SYN 201-201\]|\[HLS 200-1611\]")
_PROCESS_END = re.compile(r"\[HLS 200-112\]")


def step_begun(line: str) -> Step | None:
    """The step whose work the line shows, or None."""
    for step, pattern in _BEGINS:
        if pattern.search(line):
            return step
    return None


def step_ended(line: str) -> Step | None:
    """The step whose end the line states, or None."""
    for step, pattern in _ENDS:
        if pattern.search(line):
            return step
    return None


def split_runs(text: str) -> list[str]:
    """The runs of a log, oldest first; joined they are the text again. An empty text gives an empty list.

    A new run begins where a tool's banner follows work (the banner of a tool that another one launched does not),
    and where a step begins again that has ended, or one that comes before it.
    """
    runs: list[str] = []
    start = position = 0
    worked = False
    done = False
    ended: Step | None = None
    rule_at: int | None = None
    for line in text.splitlines(keepends=True):
        begins = None
        if _BANNER.search(line):
            if worked:
                # The title stands below a line of '=' in the logs of projects.
                begins = rule_at if rule_at is not None else position
        elif (step := step_begun(line)) is not None:
            if worked and (done or (ended is not None and step <= ended)):
                begins = position
        elif done and _WORK.search(line):
            begins = position
        if begins is not None and begins > start:
            runs.append(text[start:begins])
            start, worked, done, ended = begins, False, False, None
        if step_begun(line) is not None or _WORK.search(line):
            worked = True
        if (step := step_ended(line)) is not None:
            ended = step if ended is None else max(ended, step)
        done = done or bool(_PROCESS_END.search(line))
        rule_at = position if line.startswith("=====") else None
        position += len(line)
    if start < len(text):
        runs.append(text[start:])
    return runs
