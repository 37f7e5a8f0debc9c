"""What a log of the tool says: the verdict on a run, and its warnings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.vitis.lines import each_line, plain, unstamped
from pipeline.synthesis.vitis.meanings import (
    GENERIC,
    LIKELY,
    OF_THE_DESIGN,
    SPECIFIC,
    UNKNOWN,
    WRAPPER,
    Meaning,
    meaning,
    nested,
    plain_meaning,
    status_in,
    tcl_error,
    warned,
)
from pipeline.synthesis.vitis.messages import Message, WarningKind, message, place, warning_kind
from pipeline.synthesis.vitis.split import (
    STEP_NAMES,
    Runs,
    Step,
    split_runs,
    step_begun,
    step_ended,
    step_implied,
)
from pipeline.synthesis.vitis.stages import stage, stage_of
from pipeline.synthesis.vitis.versions import NUMBER

__all__ = ["LogWarning", "Verdict", "WarningKind", "split_runs", "stage", "verdict"]

_Place = tuple[str | None, int | None, int | None]

MAX_SENTENCE = 600
"""Longest sentence that is kept, in characters."""
MAX_KEPT = 200
"""Most different warnings, and most different errors, that are kept of a run."""


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
    status), a sentence of our own. With ``ok`` it is None, or the error of a setting that was not applied. Sentences
    hold no control characters.
    """

    status: DesignStatus
    reason: str | None
    step: str
    """The step that decides: setup, csim, csynth, cosim or implementation."""
    csynth: DesignStatus | None
    """What became of C synthesis alone; None where the log holds no C synthesis."""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    warnings: tuple[LogWarning, ...] = ()
    warnings_seen: int = 0
    """All that were seen, also those beyond :data:`MAX_KEPT` different ones."""
    stage: str | None = None
    """The last stage that the log shows."""
    estimated_fmax_mhz: float | None = None
    errors: tuple[str, ...] = ()
    """The different ERROR sentences, in order, but for those of settings that were not applied."""
    tool_version: str | None = None
    """As the banner states it, else as paths and links in the log show it."""


def verdict(text: str, exit_code: int | None = None) -> Verdict:
    """The verdict of a log.

    Args:
        text: the log. Where it holds several appended runs, the last one with a verdict on C synthesis decides, else
            the last one with any verdict, else the last. Where cosimulation or export failed in a later run, that is
            the status, and ``csynth`` the verdict on C synthesis.
        exit_code: of the process that wrote the log: 0, an exit status, minus a signal's number; None where it is
            not known. It counts for the last run only.

    C synthesis went well only where its end is in the log, no error stands before it, and the exit status, where
    known, is 0 (UG1399; ``Finished Command csynth_design`` alone is printed after failures too). Time is linear in
    the length of the log; beyond the text, memory is bounded.
    """
    found = _Found()
    scan, runs = _Scan(), Runs()
    for raw in each_line(text):
        line = unstamped(plain(raw))
        if not line or line.isspace():
            continue
        said = message(line)
        if runs.begins(said, line):
            found.add(_verdict(scan, None))
            scan = _Scan(scan.version)
        scan.read(line, said)
    found.add(_verdict(scan, exit_code))
    return found.verdict(exit_code)


_LATER = (STEP_NAMES[Step.COSIM], STEP_NAMES[Step.IMPLEMENTATION])


class _Found:
    """The verdicts of the runs of a log, as far as one of them may decide."""

    def __init__(self) -> None:
        self._last: Verdict | None = None
        self._decided: Verdict | None = None
        self._synthesised: Verdict | None = None
        self._later: Verdict | None = None

    def add(self, one: Verdict) -> None:
        self._last = one
        if one.csynth not in (None, DesignStatus.NO_VERDICT):
            self._synthesised, self._later = one, None
        if one.status is not DesignStatus.NO_VERDICT:
            self._decided = one
        if one.csynth is None and one.reason is not None and one.step in _LATER:
            self._later = one if one.errors or one.status is not DesignStatus.NO_VERDICT else None

    def verdict(self, exit_code: int | None) -> Verdict:
        assert self._last is not None
        best = self._synthesised or self._decided or self._last
        if best.status is DesignStatus.OK:
            if self._later is not None:
                return replace(
                    self._later, csynth=DesignStatus.OK, warnings=best.warnings, warnings_seen=best.warnings_seen
                )
            if exit_code not in (0, None) and best is not self._last:
                return self._last
        return best


@dataclass(frozen=True, slots=True)
class _Error:
    meaning: Meaning
    sentence: str
    step: Step
    formal: bool
    """A message of the tool, and not a line of another program or a quotation."""
    id: str | None
    order: int
    after: bool
    """C synthesis had ended well, and no later step had begun."""

    @property
    def status(self) -> DesignStatus:
        return status_in(self.step, self.meaning)

    @property
    def in_synthesis(self) -> bool:
        return self.step in (Step.SETUP, Step.CSYNTH) and not self.after

    @property
    def of_surroundings(self) -> bool:
        status = self.meaning.status
        return status is not None and status not in OF_THE_DESIGN and self.meaning.rank < GENERIC

    @property
    def sort_key(self) -> tuple[int, int, int]:
        # An unknown error of the script decides only where nothing else says more.
        weak = self.step is Step.SETUP and self.meaning.status is None
        return (2 if self.meaning.rank >= WRAPPER else int(weak), self.meaning.rank, self.order)


_FMAX = re.compile(r"Estimated Fmax:\s*([0-9.]{1,20})\s*MHz")
_ENDED_WELL = re.compile(r"Estimated Fmax:|Loop Constraint Status:")
_RTL_WRITTEN = re.compile(r"^\[VLOG 209-307\]|Generating (Verilog RTL|RTL Verilog) for")
_OF_VITIS = re.compile(r"^\[(HLS (200-(1510|777|789|790|1470|2161|2005)|214-\d+|207-\d+)|v\+\+ \d+-\d+|vitis-run .*)\]")
_STEP_DONE = re.compile(r"Finished Command csynth_design\b")
_PROCESS_END = re.compile(r"^\[(HLS 200-112|Common 17-206)\]")
_PASSED = re.compile(r"co-?simulation finished: PASS", re.IGNORECASE)
_TRACE = re.compile(r"^\s*(while executing|invoked from within)\s*$")
_SIGNALS = {6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
_KILLS = (9, 15)

_NUMBER = f"({NUMBER})"
_VERSIONS = tuple(
    re.compile(pattern)
    for pattern in (
        # The tool's own banner.
        rf"(?:^\s*\*{{6}}\s+(?:Vitis HLS|Vivado\(TM\) HLS|vitis-run|v\+\+|xocc|sds\w*\+*)\s|\*{{4}} HLS Build\b"
        rf"|^(?:Vitis HLS|Vivado\(TM\) HLS)\b|Compiler Version string:|Compiler Release\b).{{0,200}}?\bv?{_NUMBER}"
        rf"|^\s*Version:?\s+{_NUMBER}",
        # Any banner: of Vivado, of a part of the tool.
        rf"\bv{_NUMBER}",
        # Folders of the installation, links into the documentation.
        rf"(?:Vitis_HLS|Vivado_HLS|Vitis|Vivado|SDx|SDAccel)[/\\]{_NUMBER}(?=[/\\])"
        rf"|[/\\]{_NUMBER}[/\\](?:Vitis_HLS|Vitis|Vivado)\b|Doc_Version={_NUMBER}(?=%)|rdoc\?v={_NUMBER}(?=;)",
    )
)
_MAY_BE_VERSION = re.compile(r"2\d{3}\.\d")


class _Scan:
    """What the lines of one run show."""

    def __init__(self, earlier_version: str | None = None) -> None:
        self.step = Step.SETUP
        self.synthesised = False
        """There are lines of C synthesis."""
        self.finished = False
        self.errors: dict[tuple[object, ...], _Error] = {}
        self.sentences: dict[str, None] = {}
        self.warnings: dict[tuple[WarningKind, str], LogWarning] = {}
        self.warnings_seen = 0
        self.settings: list[Message] = []
        self.too_large: str | None = None
        self.stage: str | None = None
        self.fmax: float | None = None
        self.last_line = ""
        # The banner's, that of another banner, a path's; last that of the run before in the same log.
        self._versions: list[str | None] = [None, None, None, earlier_version]
        self._told_well = False
        self._rtl_written = False
        self._ended = False
        self._vitis = False
        self._previous: tuple[str, bool] = ("", False)
        self.passed = False
        """Cosimulation has."""
        self._step_over = False

    @property
    def ended_well(self) -> bool:
        """C synthesis says that it has ended well; Vivado HLS does not, so what follows its RTL must show it."""
        beyond = self._ended or self.finished or self.step > Step.CSYNTH
        return self._told_well or (self._rtl_written and (beyond or not self._vitis))

    @property
    def version(self) -> str | None:
        return next((version for version in self._versions if version is not None), None)

    def read(self, line: str, found: Message | None) -> None:
        if line.startswith("#"):
            # Scripts that the tool echoes.
            return
        self.last_line = line.strip()
        self._read_version(line)
        if found is None:
            self._read_plain(line)
        else:
            self._read_message(line, found)
        self._previous = (line, found is not None)

    def _read_version(self, line: str) -> None:
        if self._versions[0] is None and _MAY_BE_VERSION.search(line):
            for number, pattern in enumerate(_VERSIONS):
                if self._versions[number] is None and (match := pattern.search(line, 0, 1000)):
                    self._versions[number] = next(group for group in match.groups() if group)

    def _read_plain(self, line: str) -> None:
        if _RTL_WRITTEN.search(line):
            self._rtl_written = True
        if "High-Level Synthesis" in line and "Vitis HLS" in line:
            self._vitis = True
        self.stage = stage_of(line) or self.stage
        self._imply(step_implied(None, line))
        if _TRACE.match(line):
            above, told = self._previous
            if not told and above and not above.startswith((" ", '"', "\t", "#")):
                self._note(tcl_error(above), above.strip(), formal=False)
            self._note(Meaning(None, WRAPPER), line.strip(), formal=False)
            return
        said = plain_meaning(line)
        if said is not None:
            # Tools in front of the HLS tool print errors of a compiler and go on; once it works they are its own.
            if said.rank >= WRAPPER and self.step is not Step.SETUP:
                said = replace(said, rank=LIKELY)
            self._note(said, self.last_line, formal=False)

    def _imply(self, step: Step | None) -> None:
        # Cosimulation starts Vivado too.
        over = self.step is Step.SETUP or self._step_over or (self.step is Step.CSYNTH and self.ended_well)
        if step is not None and self.step < step and over:
            self.step = step
            self._step_over = False

    def _read_message(self, line: str, found: Message) -> None:
        tagged = found.tagged
        begun, ended = step_begun(found), step_ended(found)
        if begun is not None:
            self._step_over = self._step_over and begun is self.step
            self.step = begun
        else:
            self._imply(step_implied(found, line))
        self._step_over = self._step_over or ended is self.step
        self.synthesised = self.synthesised or Step.CSYNTH in (begun, ended)
        self.finished = self.finished or bool(_STEP_DONE.search(tagged, 0, 600))
        self.stage = stage_of(tagged) or self.stage
        self._vitis = self._vitis or bool(_OF_VITIS.match(tagged))
        if found.severity != "ERROR":
            self._read_note(found, tagged)
        elif found.text:
            self._keep_sentence(found.sentence)
            quoted = nested(found)
            if quoted is not None and quoted.text:
                found = quoted
            told = meaning(found)
            if told == Meaning(None, UNKNOWN) and self.step is Step.CSYNTH and (found.id or "").startswith("Common "):
                # What all tools share starts, loads and writes; of the design it says nothing.
                told = Meaning(DesignStatus.NO_VERDICT, UNKNOWN)
            self._note(told, found.sentence, formal=True, id=found.id)

    def _read_note(self, found: Message, tagged: str) -> None:
        if match := _FMAX.search(tagged):
            self.fmax = _number(match[1])
        self._told_well = self._told_well or bool(_ENDED_WELL.search(tagged, 0, 600))
        self._rtl_written = self._rtl_written or bool(_RTL_WRITTEN.search(tagged, 0, 600))
        self._ended = self._ended or bool(_PROCESS_END.match(tagged))
        self.passed = self.passed or bool(_PASSED.search(tagged, 0, 600))
        if found.severity != "INFO" and (told := warned(found)) is not None:
            self._note(told, found.sentence, formal=False)
        kind = warning_kind(found)
        if kind is None:
            return
        if kind is WarningKind.DESIGN_SIZE:
            self.too_large = _short(found.sentence)
        self._warn(kind, found)

    def _warn(self, kind: WarningKind, found: Message) -> None:
        self.warnings_seen += 1
        key = (kind, _short(found.text))
        if (known := self.warnings.get(key)) is not None:
            self.warnings[key] = replace(known, count=known.count + 1)
        elif len(self.warnings) < MAX_KEPT:
            self.warnings[key] = LogWarning(kind, found.id, _short(found.text))

    def _keep_sentence(self, sentence: str) -> None:
        if len(self.sentences) < MAX_KEPT:
            self.sentences.setdefault(_short(sentence))

    def _note(self, told: Meaning, sentence: str, *, formal: bool, id: str | None = None) -> None:
        after = self.step is Step.CSYNTH and self.ended_well and self.finished
        located = told.status is DesignStatus.COMPILE_ERROR and place(sentence)[0] is not None
        # Of each kind the first one is kept: it is the one that may decide.
        key = (self.step, told, formal, after, located, id is None)
        if key not in self.errors:
            self.errors[key] = _Error(told, _short(sentence), self.step, formal, id, len(self.errors), after)
        if self.step is Step.SETUP and formal and not self.synthesised and len(self.settings) < MAX_KEPT:
            found = message(sentence)
            if found is not None:
                self.settings.append(found)

    def of_settings(self) -> list[_Error]:
        """Errors of the script that C synthesis has shown to be harmless, as it ended well all the same."""
        if not (self.synthesised and self.ended_well):
            return []
        return [
            error
            for error in self.errors.values()
            if error.in_synthesis
            and (
                (
                    error.step is Step.SETUP
                    and error.status in (DesignStatus.NO_VERDICT, DesignStatus.LICENCE, DesignStatus.TOOL_MISSING)
                )
                or (not error.formal and error.meaning.status not in (DesignStatus.DISK_FULL, DesignStatus.KILLED))
            )
        ]

    def name_settings(self) -> str | None:
        """Makes warnings of the settings that were not applied; the first one's sentence, or None."""
        for found in self.settings:
            self._warn(WarningKind.SETTING_NOT_APPLIED, found)
            self.sentences.pop(_short(found.sentence), None)
        return _short(self.settings[0].sentence) if self.settings else None

    def verdict(
        self,
        status: DesignStatus,
        reason: str | None,
        step: Step,
        csynth: DesignStatus | None,
        place: _Place = (None, None, None),
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


def _verdict(scan: _Scan, exit_code: int | None) -> Verdict:
    harmless = scan.of_settings()
    errors = [error for error in scan.errors.values() if error not in harmless]
    if scan.passed or exit_code == 0:
        # What a test bench, or a program beside the tool, prints.
        errors = [
            error
            for error in errors
            if error.step < Step.COSIM
            or error.of_surroundings
            or error.id is not None
            or (error.formal and not scan.passed)
        ]
    early = [error for error in errors if error.in_synthesis]
    late = [error for error in errors if error.step in (Step.COSIM, Step.IMPLEMENTATION)]
    after = [error for error in errors if error.after]
    simulated = [error for error in errors if error.step is Step.CSIM and not scan.synthesised]
    ended_well = scan.synthesised and scan.ended_well and not early
    csynth = DesignStatus.OK if ended_well else None
    signal = _signal(exit_code)
    if early and (error := _decides(early)).status is not DesignStatus.NO_VERDICT:
        return _refused(scan, error, early)
    if late and ((error := _decides(late)).meaning.rank < WRAPPER or signal is None):
        return _decided(scan, error, late, csynth)
    if broken := [error for error in after if error.of_surroundings]:
        return _decided(scan, _decides(broken), broken, csynth)
    if ended_well and exit_code in (0, None):
        return scan.verdict(DesignStatus.OK, scan.name_settings(), Step.CSYNTH, DesignStatus.OK)
    if (early or after or simulated) and signal is None:
        telling = early or after or simulated
        return _decided(
            scan, _decides(telling), telling, csynth or (DesignStatus.NO_VERDICT if scan.synthesised else None)
        )
    status, reason = _without_error(scan, exit_code)
    return scan.verdict(status, reason, scan.step, (csynth or status) if scan.synthesised else None)


def _decided(scan: _Scan, error: _Error, errors: list[_Error], csynth: DesignStatus | None) -> Verdict:
    sentence = _telling(error, errors)
    status = DesignStatus.NO_VERDICT if error.after and not error.of_surroundings else error.status
    return scan.verdict(status, sentence, error.step, csynth, place(sentence))


def _refused(scan: _Scan, error: _Error, errors: list[_Error]) -> Verdict:
    status, sentence = error.status, _telling(error, errors)
    if status is DesignStatus.SOURCE_SYNTHESIS_FAILED and error.meaning.rank >= GENERIC and scan.too_large is not None:
        status, sentence = DesignStatus.DESIGN_TOO_LARGE, scan.too_large
    csynth = status if scan.synthesised or error.meaning.rank == SPECIFIC else None
    return scan.verdict(status, sentence, error.step, csynth, place(sentence))


def _telling(error: _Error, errors: list[_Error]) -> str:
    """The sentence of an error; the compiler's line with the place, where it only says that compiling failed."""
    if error.meaning.status is DesignStatus.COMPILE_ERROR and place(error.sentence)[0] is None:
        for other in errors:
            if (
                other.step is error.step
                and other.meaning.status is DesignStatus.COMPILE_ERROR
                and place(other.sentence)[0]
            ):
                return other.sentence
    return error.sentence


def _decides(errors: list[_Error]) -> _Error:
    return min(errors, key=lambda error: error.sort_key)


def _signal(exit_code: int | None) -> int | None:
    if not exit_code:
        return None
    number = -exit_code if exit_code < 0 else exit_code - 128
    return number if number in _SIGNALS else None


def _without_error(scan: _Scan, exit_code: int | None) -> tuple[DesignStatus, str]:
    at = f", last seen {scan.stage}" if scan.stage else ""
    signal = _signal(exit_code)
    if signal in _KILLS:
        return DesignStatus.KILLED, f"the tool was ended by {_SIGNALS[signal]}{at}"
    if signal is not None:
        return status_in(scan.step, Meaning(None, GENERIC)), f"the tool crashed with {_SIGNALS[signal]}{at}"
    if exit_code is not None and exit_code != 0:
        if exit_code == 127 and not scan.synthesised:
            return DesignStatus.TOOL_MISSING, _short(scan.last_line) or "the command was not found (exit status 127)"
        return DesignStatus.NO_VERDICT, f"the tool ended with exit status {exit_code} and no error in its log{at}"
    if not scan.synthesised:
        return DesignStatus.NO_VERDICT, "the log holds no run of C synthesis" if scan.last_line else "the log is empty"
    if scan.finished:
        return DesignStatus.NO_VERDICT, "C synthesis ended with neither an error nor a result in the log"
    return DesignStatus.NO_VERDICT, f"the log breaks off within C synthesis{at}"


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= MAX_SENTENCE else sentence[: MAX_SENTENCE - 3] + "..."


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
