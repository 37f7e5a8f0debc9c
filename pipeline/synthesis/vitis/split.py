"""The steps of a run, and a log that holds several appended runs, as one text a run."""

from __future__ import annotations

import re
from enum import IntEnum

from pipeline.synthesis.vitis.lines import each_line, plain, unstamped
from pipeline.synthesis.vitis.messages import Message, message


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
    r"^\s*\*{6}\s+(Vitis HLS|Vivado\(TM\) HLS|vitis-run|v\+\+|xocc)(?=\s)"
    r"|^(Vitis HLS|Vivado\(TM\) HLS) - High-Level Synthesis"
)
_LAUNCHER = re.compile(r"\[(v\+\+|vitis-run) (60-1548|82-31)\]")
_LAUNCHED = re.compile(r"Launching vitis_hls: .* -run (csim|cosim|vivado|package)\b")
_STEP_OF_LAUNCH = {
    "csim": Step.CSIM,
    "cosim": Step.COSIM,
    "vivado": Step.IMPLEMENTATION,
    "package": Step.IMPLEMENTATION,
}

_BEGINS: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (Step.CSIM, re.compile(r"Running: csim_design\b|^\[SIM 211-[24]\]")),
    (
        Step.CSYNTH,
        re.compile(
            r"Running: csynth_design\b|^\[HLS 200-10\] (Analyzing design file|Starting (code transf|hardware syn))"
            r"|^\[HLS 200-777\]|Finished (Source Code Analysis|Checking Synthesizability|Linking|Standard Transforms)"
            r"|^\[SCHED 204-11\] Starting|^\[HLS 214-\d+\]|^\[HLS 207-\d+\]|^\[(v\+\+|XOCC) 60-242\] Creating kernel"
        ),
    ),
    (Step.COSIM, re.compile(r"Running: cosim_design\b|^\[COSIM 212-\d+\]")),
    (Step.IMPLEMENTATION, re.compile(r"Running: export_design\b|^\[IMPL 213-\d+\]|^\[(v\+\+|XOCC) 60-629\] Linking")),
)
_BEGINS_UNSAID: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (Step.COSIM, re.compile(r"^\[(XSIM 43|VRFC 10|USF-XSim \d+|Simtcl 6|Simulator 45)-\d+\]")),
    (
        Step.IMPLEMENTATION,
        re.compile(
            r"^\[(Synth 8|Place 30|Route 35|Opt 31|Vivado 12|IP_Flow 19|BD \d+|Project 1|Runs 36|Vivado_Tcl 4"
            r"|Netlist 29|DRC [A-Z]+|Physopt 32|Timing 38|Constraints 18|Coretcl 2|Labtools\w* \d+|VPL \d+"
            r"|vpl \d+)-\d+\]"
        ),
    ),
)
"""Who speaks only in a later step, for logs that do not state its beginning."""
_VIVADO = re.compile(r"^\s*\*{6} Vivado v\d|^Command: (synth|opt|place|route|link)_design\b|^Starting synth_design\b")
_ENDS: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (Step.CSIM, re.compile(r"Finished Command csim_design\b|^\[SIM 211-3\]")),
    (
        Step.CSYNTH,
        re.compile(
            r"Finished Command csynth_design\b|^\[HLS 200-789\]|^\[(v\+\+|XOCC) 60-594\] Finished kernel compilation"
        ),
    ),
    (Step.COSIM, re.compile(r"Finished Command cosim_design\b")),
    (Step.IMPLEMENTATION, re.compile(r"Finished Command export_design\b")),
)
_WORK = re.compile(r"^\[HLS 200-(1510|1464|1465|2174|1611)\]|^\[SYN 201-201\]")
_PROCESS_END = re.compile(r"^\[HLS 200-112\]")
_RULE = "====="


def step_begun(found: Message) -> Step | None:
    """The step whose work a message shows, or None."""
    tagged = found.tagged
    if (launch := _LAUNCHED.search(tagged, 0, 600)) is not None:
        return _STEP_OF_LAUNCH[launch[1]]
    return next((step for step, pattern in _BEGINS if pattern.search(tagged, 0, 600)), None)


def step_implied(found: Message | None, line: str) -> Step | None:
    """The later step to which a message of another tool belongs, or a plain line of Vivado's; None where neither."""
    if found is None:
        return Step.IMPLEMENTATION if _VIVADO.match(line) else None
    if found.id is None:
        return None
    return next((step for step, pattern in _BEGINS_UNSAID if pattern.search(f"[{found.id}]")), None)


def step_ended(found: Message) -> Step | None:
    """The step whose end a message states, or None."""
    tagged = found.tagged
    return next((step for step, pattern in _ENDS if pattern.search(tagged, 0, 600)), None)


class Runs:
    """Tells, line by line, where another run begins.

    That is where a tool's banner follows work (the banner of a tool that another one launched does not), and where a
    step begins again that has ended, or one that comes before it.
    """

    def __init__(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._worked = False
        self._done = False
        self._ended: Step | None = None

    def begins(self, found: Message | None, line: str) -> bool:
        """Whether the line is the first of another run; ``found`` is the message on it."""
        begun = None if found is None else step_begun(found)
        worked = found is not None and bool(_WORK.match(found.tagged))
        begins = False
        if _BANNER.match(line) or (found is not None and _LAUNCHER.match(found.tagged)):
            begins = self._worked
        elif begun is not None:
            begins = self._worked and (self._done or (self._ended is not None and begun <= self._ended))
        elif worked:
            begins = self._done
        if begins:
            self._restart()
        self._worked = self._worked or begun is not None or worked
        if found is not None:
            ended = step_ended(found)
            if ended is not None:
                self._ended = ended if self._ended is None else max(self._ended, ended)
            self._done = self._done or bool(_PROCESS_END.match(found.tagged))
        return begins


def split_runs(text: str) -> list[str]:
    """The runs of a log, oldest first; joined they are the text again. An empty text gives an empty list."""
    pieces: list[str] = []
    runs = Runs()
    start = position = 0
    rule_at: int | None = None
    for raw in each_line(text):
        line = unstamped(plain(raw))
        if runs.begins(message(line), line):
            # The title stands below a line of '=' in the logs of projects.
            begins = rule_at if rule_at is not None and _BANNER.match(line) else position
            if begins > start:
                pieces.append(text[start:begins])
                start = begins
        rule_at = position if line.startswith(_RULE) else None
        position += len(raw)
    if start < len(text):
        pieces.append(text[start:])
    return pieces
