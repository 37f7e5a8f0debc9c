"""What a log of the tool says: the verdict on a run, its warnings, and how far it has come."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipeline.reports.labels import Status
from pipeline.synthesis.vitis.messages import (
    GENERIC,
    SPECIFIC,
    Meaning,
    Message,
    WarningKind,
    meaning,
    message,
    place,
    plain_meaning,
    warning_kind,
)
from pipeline.synthesis.vitis.split import STEP_NAMES, Step, split_runs, step_begun, step_ended

__all__ = ["LogWarning", "Verdict", "WarningKind", "split_runs", "stage", "verdict"]

_Place = tuple[str | None, int | None, int | None]

MAX_SENTENCE = 600
"""Longest sentence that is kept, in characters."""
MAX_WARNINGS = 200
"""Most different warnings that are kept of a run; :attr:`Verdict.warnings_seen` counts all."""


@dataclass(frozen=True, slots=True)
class LogWarning:
    """A warning that changes what a label means; ``count`` is how often it stands in the log."""

    kind: WarningKind
    id: str | None
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run's log, and its exit status, say.

    ``ok`` here means that the log shows a C synthesis that ended well; whether there is a report is another
    question. ``reason`` is the sentence of the log that decides, or where none does (``no_verdict``, an exit
    status), a sentence of our own.
    """

    status: Status
    reason: str | None
    step: str
    """The step that decides: setup, csim, csynth, cosim or implementation."""
    csynth: Status | None
    """What became of C synthesis alone; None where the log holds no C synthesis."""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    warnings: tuple[LogWarning, ...] = ()
    warnings_seen: int = 0
    stage: str | None = None
    """The last stage that the log shows."""
    estimated_fmax_mhz: float | None = None
    errors: tuple[str, ...] = ()
    """All different ERROR sentences, in order."""
    tool_version: str | None = None
    """As the banner states it."""


def verdict(text: str, exit_code: int | None = None) -> Verdict:
    """The verdict of a log.

    Args:
        text: the log. Where it holds several appended runs, the last one with a verdict on C synthesis decides, else
            the last one with any verdict, else the last.
        exit_code: of the process that wrote the log: 0, an exit status, minus a signal's number; None where it is
            not known. It counts for the last run only.

    C synthesis went well only where its end is in the log, no error stands before it, and the exit status, where
    known, is 0 (UG1399; ``Finished Command csynth_design`` alone is printed after failures too).
    """
    runs = split_runs(text) or [""]
    found = [_verdict(run, exit_code if number == len(runs) - 1 else None) for number, run in enumerate(runs)]
    synthesised = [one for one in found if one.csynth not in (None, Status.NO_VERDICT)]
    decided = [one for one in found if one.status is not Status.NO_VERDICT]
    return (synthesised or decided or found)[-1]


@dataclass(frozen=True, slots=True)
class _Error:
    meaning: Meaning
    sentence: str
    step: Step


_FMAX = re.compile(r"Estimated Fmax:\s*([0-9.]+)\s*MHz")
_ENDED_WELL = re.compile(
    r"Estimated Fmax:|Loop Constraint Status:"
    # Vivado HLS states neither.
    r"|Finished generating all RTL models|Generating Verilog RTL for",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\bv(20\d\d\.\d(?:\.\d+)?(?:-\S+)?)\b|\bVersion:?\s+(20\d\d\.\d(?:\.\d+)?)\b")
_STEP_DONE = re.compile(r"Finished Command csynth_design\b")
_SIGNALS = {6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}


class _Scan:
    """What the lines of one run show."""

    def __init__(self, text: str) -> None:
        self.step = Step.SETUP
        self.synthesised = False
        """There are lines of C synthesis."""
        self.finished = False
        self.ended_well = False
        self.errors: list[_Error] = []
        self.sentences: dict[str, None] = {}
        self.warnings: dict[tuple[WarningKind, str], LogWarning] = {}
        self.warnings_seen = 0
        self.too_large: str | None = None
        self.stage: str | None = None
        self.fmax: float | None = None
        self.version: str | None = None
        self.last_line = ""
        for line in text.splitlines():
            # Lines with '#' are scripts that the tool echoes.
            if line and not line.isspace() and not line.startswith("#"):
                self._read(line)

    def _read(self, line: str) -> None:
        self.last_line = line.strip()
        begun = step_begun(line)
        if begun is not None:
            self.step = begun
        if begun is Step.CSYNTH or step_ended(line) is Step.CSYNTH:
            self.synthesised = True
        self.finished = self.finished or bool(_STEP_DONE.search(line))
        self.stage = stage(line) or self.stage
        if self.version is None and (match := _VERSION.search(line)):
            self.version = match[1] or match[2]
        found = message(line)
        if found is None:
            told = plain_meaning(line)
            if told is not None:
                self.errors.append(_Error(told, _short(self.last_line), self.step))
        elif found.severity == "ERROR":
            if found.text:
                self.sentences.setdefault(_short(found.sentence))
                self.errors.append(_Error(_error_meaning(found, self.step), _short(found.sentence), self.step))
        else:
            self._read_note(found, line)

    def _read_note(self, found: Message, line: str) -> None:
        if match := _FMAX.search(line):
            self.fmax = _number(match[1])
        self.ended_well = self.ended_well or bool(_ENDED_WELL.search(line))
        kind = warning_kind(found)
        if kind is None:
            return
        self.warnings_seen += 1
        if kind is WarningKind.DESIGN_SIZE:
            self.too_large = _short(found.sentence)
        key = (kind, found.text)
        if (known := self.warnings.get(key)) is not None:
            self.warnings[key] = replace(known, count=known.count + 1)
        elif len(self.warnings) < MAX_WARNINGS:
            self.warnings[key] = LogWarning(kind, found.id, _short(found.text))

    def verdict(
        self, status: Status, reason: str | None, step: Step, csynth: Status | None, place: _Place = (None, None, None)
    ) -> Verdict:
        """The verdict with all that does not depend on it."""
        return Verdict(
            status,
            reason,
            STEP_NAMES[step],
            csynth,
            *place,
            warnings=tuple(self.warnings.values()),
            warnings_seen=self.warnings_seen,
            stage=self.stage,
            estimated_fmax_mhz=self.fmax,
            errors=tuple(self.sentences),
            tool_version=self.version,
        )


def _verdict(text: str, exit_code: int | None) -> Verdict:
    scan = _Scan(text)
    early = [error for error in scan.errors if error.step in (Step.SETUP, Step.CSYNTH)]
    late = [error for error in scan.errors if error.step in (Step.COSIM, Step.IMPLEMENTATION)]
    simulated = [error for error in scan.errors if error.step is Step.CSIM]
    synthesis_ended_well = scan.synthesised and scan.ended_well and not early
    if early and (error := _decides(early)).meaning.status is not Status.NO_VERDICT:
        return _refused(scan, error, early)
    if late:
        error = _decides(late)
        csynth = Status.OK if synthesis_ended_well else None
        return scan.verdict(error.meaning.status, error.sentence, error.step, csynth, _place_of(error.sentence))
    if synthesis_ended_well and exit_code in (0, None):
        return scan.verdict(Status.OK, None, Step.CSYNTH, Status.OK)
    if early or simulated:
        # C simulation says whether the test bench passes, nothing on C synthesis.
        error = _decides(early or simulated)
        csynth = Status.NO_VERDICT if scan.synthesised else None
        return scan.verdict(Status.NO_VERDICT, error.sentence, error.step, csynth, _place_of(error.sentence))
    status, reason = _without_error(scan, exit_code)
    csynth = (Status.OK if synthesis_ended_well else status) if scan.synthesised else None
    return scan.verdict(status, reason, scan.step, csynth)


def _refused(scan: _Scan, error: _Error, errors: list[_Error]) -> Verdict:
    status, sentence, at = error.meaning.status, error.sentence, _place_of(error.sentence)
    if status is Status.SOURCE_SYNTHESIS_FAILED and error.meaning.rank >= GENERIC and scan.too_large is not None:
        status, sentence = Status.DESIGN_TOO_LARGE, scan.too_large
    if status is Status.COMPILE_ERROR and at[0] is None:
        at = next((other for e in errors if (other := _place_of(e.sentence))[0] is not None), at)
    csynth = status if scan.synthesised or error.meaning.rank == SPECIFIC else None
    return scan.verdict(status, sentence, error.step, csynth, at)


def _error_meaning(found: Message, step: Step) -> Meaning:
    known = meaning(found)
    if known is not None:
        return known
    # An error that nothing here knows: in C synthesis it is the tool's refusal of the design.
    status = Status.NO_VERDICT if step in (Step.SETUP, Step.CSIM) else Status.SOURCE_SYNTHESIS_FAILED
    return Meaning(status, SPECIFIC + 1)


def _decides(errors: list[_Error]) -> _Error:
    return min(errors, key=lambda error: (error.meaning.status is Status.NO_VERDICT, error.meaning.rank))


def _without_error(scan: _Scan, exit_code: int | None) -> tuple[Status, str]:
    at = f", last seen {scan.stage}" if scan.stage else ""
    if exit_code is not None and exit_code != 0:
        signal = -exit_code if exit_code < 0 else exit_code - 128
        if signal in (9, 15):
            return Status.KILLED, f"the tool was ended by {_SIGNALS[signal]}{at}"
        if signal in _SIGNALS:
            return Status.SOURCE_SYNTHESIS_FAILED, f"the tool crashed with {_SIGNALS[signal]}{at}"
        if exit_code == 127 and not scan.synthesised:
            return Status.TOOL_MISSING, _short(scan.last_line) or "the command was not found (exit status 127)"
        return Status.NO_VERDICT, f"the tool ended with exit status {exit_code} and no error in its log{at}"
    if not scan.synthesised:
        return Status.NO_VERDICT, "the log holds no run of C synthesis" if scan.last_line else "the log is empty"
    if scan.finished:
        return Status.NO_VERDICT, "C synthesis ended with neither an error nor a result in the log"
    return Status.NO_VERDICT, f"the log breaks off within C synthesis{at}"


def _place_of(sentence: str) -> _Place:
    found = message(sentence)
    return place(found.text if found else sentence)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= MAX_SENTENCE else sentence[: MAX_SENTENCE - 3] + "..."


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


_STAGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Running: csim_design\b|CSIM start|Starting C[- ]simulation|-run csim\b", "simulating C"),
        (r"\[HLS 200-10\] Analyzing design file '(?P<what>[^']*)'", "analysing {what}"),
        (r"Finished Source Code Analysis|\[HLS 200-777\]", "compiling"),
        (r"Starting code transformations", "transforming"),
        (r"Checking synthesizability", "checking synthesizability"),
        (r"Starting hardware synthesis", "synthesising hardware"),
        (r"-- Implementing module '(?P<what>[^']*)'", "scheduling {what}"),
        (r"\[SCHED 204-11\] Starting", "scheduling"),
        (r"\[BIND 205-100\] Starting", "binding"),
        (r"-- Generating RTL for (module )?'(?P<what>[^']*)'", "generating RTL of {what}"),
        (r"Finished Generating all RTL models|Finished generating all RTL models", "writing reports"),
        (r"Estimated Fmax:|Finished Command csynth_design\b", "C synthesis ended"),
        (r"Running: cosim_design\b|\[COSIM 212-\d+\]|-run cosim\b", "simulating RTL"),
        (r"Running: export_design\b|\[IMPL 213-\d+\]|-run (vivado|package)\b", "exporting"),
        (r"\bLaunched synth_1\b|Waiting for synth_1|Command: synth_design", "synthesising in Vivado"),
        (r"\bLaunched impl_1\b|Waiting for impl_1|Command: route_design", "implementing in Vivado"),
    )
)
_MAY_STAGE = re.compile(r"\[(HLS|SCHED|BIND|COSIM|IMPL|SIM)|Start|Finish|Launch|Waiting|Command|-run ")


def stage(line: str) -> str | None:
    """What the tool is at, in a few words, where a line of its log shows it; else None."""
    if not _MAY_STAGE.search(line):
        return None
    for pattern, name in _STAGES:
        if found := pattern.search(line):
            return name.format(**{key: str(value)[:80] for key, value in found.groupdict().items()})
    return None
