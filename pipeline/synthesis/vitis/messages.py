"""What the messages of the tool mean: by their ids first, by their wording where an id is not known.

Ids are those of Vivado HLS and Vitis HLS 2016.4 to 2025.2 (seen in public logs, and UG1448 "HLS guidance").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from pipeline.reports.labels import Status

_LINE = re.compile(
    r"(?P<severity>CRITICAL WARNING|ERROR|WARNING|INFO|@E|@W|@I)(?::|(?=\s+\[))\s*"
    r"(?:\[(?P<id>[A-Za-z+_-]+[ -][0-9][0-9-]*)\]\s*)?(?P<text>.*)"
)
_BEFORE = re.compile(r"[.\s]*(?:\[?[\d:., T+-]{8,}Z?\]?\s+)?")
"""What may precede a message on its line: dots of a progress bar, or the time."""
_SEVERITY = {"@E": "ERROR", "@W": "WARNING", "@I": "INFO"}

_PLACES = (
    re.compile(r"\(([^()\s][^()]*?):(\d+)(?::(\d+))?\)\s*$"),
    re.compile(r"[:\s]\s*((?:[A-Za-z]:)?[^\s:()]+\.[A-Za-z]+):(\d+)(?::(\d+))?\s*$"),
    re.compile(r"^\s*((?:[A-Za-z]:)?[^\s:()]+\.[A-Za-z]+):(\d+)(?::(\d+))?:\s"),
    re.compile(r"\(((?:[A-Za-z]:)?[^()\s:]+\.[A-Za-z]+):(\d+)(?::(\d+))?\)"),
)


class WarningKind(StrEnum):
    """How a warning changes what a label means."""

    PRAGMA_IGNORED = "pragma_ignored"
    PIPELINE_NOT_APPLIED = "pipeline_not_applied"
    UNROLL_NOT_APPLIED = "unroll_not_applied"
    PARTITION_NOT_APPLIED = "partition_not_applied"
    FLATTEN_NOT_APPLIED = "flatten_not_applied"
    II_VIOLATION = "ii_violation"
    TIMING = "timing"
    DESIGN_SIZE = "design_size"
    OUT_OF_BOUND = "out_of_bound"
    CONSTRAINT_NOT_MET = "constraint_not_met"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the tool; ``sentence`` is the line from its severity on, ``text`` what follows the id."""

    severity: str
    id: str | None
    text: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error says about a run. Of several, the lowest rank decides, then the first."""

    status: Status
    rank: int


SPECIFIC, LIKELY, GENERIC, WRAPPER = range(4)


def message(line: str) -> Message | None:
    """The message on a line of a log, or None where the line is none."""
    start = _BEFORE.match(line)
    assert start is not None
    found = _LINE.match(line, start.end())
    if found is None:
        return None
    severity = _SEVERITY.get(found["severity"], found["severity"])
    identity = (
        " ".join(found["id"].replace("-", " ", 1).split()) if found["id"] and " " not in found["id"] else found["id"]
    )
    return Message(severity, identity, found["text"].strip(), line[start.end() :].strip())


def place(text: str) -> tuple[str | None, int | None, int | None]:
    """File, line and column (from 1) that a message names; None where it does not, or names line 0."""
    for pattern in _PLACES:
        if (found := pattern.search(text)) and int(found[2]) > 0:
            return found[1], int(found[2]), int(found[3]) if found[3] else None
    return None, None, None


_ERROR_IDS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(pattern), Meaning(status, rank))
    for pattern, status, rank in (
        (r"HLS 214-157|SYN 201-102", Status.TOP_NOT_FOUND, SPECIFIC),
        (r"HLS 200-1023", Status.PART_NOT_INSTALLED, SPECIFIC),
        (r"HLS 214-274", Status.PRAGMA_CONFLICT, SPECIFIC),
        (r"XFORM 203-504", Status.UNROLL_REFUSED, SPECIFIC),
        (r"Common 17-345|Common 17-348|Common 17-349", Status.LICENCE, SPECIFIC),
        (r"HLS 200-1995", Status.DESIGN_TOO_LARGE, SPECIFIC),
        (r"HLS 207-\d+", Status.COMPILE_ERROR, SPECIFIC),
        (r"(HLS|v\+\+) (200-1715|200-70)|HLS 200-478", Status.SOURCE_SYNTHESIS_FAILED, GENERIC),
        (
            r"v\+\+ 60-\d+|vitis-run 60-\d+|MERCC-?.*|HLS 200-1912|Common 17-39|Vivado 12-13638",
            Status.NO_VERDICT,
            WRAPPER,
        ),
    )
)

_ERROR_WORDS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), Meaning(status, rank))
    for pattern, status, rank in (
        (r"no space left on device|disk (is )?full|disk quota exceeded|ENOSPC", Status.DISK_FULL, SPECIFIC),
        (r"(?<![\w/.'-])licen[cs](e|es|ing)(?![\w/.'-])|\bFLEXnet\b|\bFlexLM\b", Status.LICENCE, SPECIFIC),
        (
            r"out of memory|bad_alloc|cannot allocate memory|not enough (free )?memory|memory exhausted",
            Status.KILLED,
            SPECIFIC,
        ),
        (
            r"top[ -](level )?function\b.*\b(not found|not defined|does not exist|cannot be found)"
            r"|(cannot|can't|could not|failed to|unable to) find (the )?top\b|no function named",
            Status.TOP_NOT_FOUND,
            SPECIFIC,
        ),
        (
            r"\b(part|device)\b.*\b(is not installed|isn't installed|not available|isn't available|not found|unknown|"
            r"invalid|does not exist|not supported)"
            r"|(cannot|can't|could not|unable to) (find|load|open) (the )?(target )?(part|device)\b"
            r"|(invalid|unknown|unsupported) (part|device)\b|no (part|device)s? match",
            Status.PART_NOT_INSTALLED,
            SPECIFIC,
        ),
        (r"(pragma|directive)s?\b.*\bconflict|conflict\w*\b.*\b(pragma|directive)", Status.PRAGMA_CONFLICT, SPECIFIC),
        (
            r"stop unrolling|(cannot|can't|unable to|refus\w+ to|failed to) (completely )?unroll",
            Status.UNROLL_REFUSED,
            SPECIFIC,
        ),
        (
            r"(design|code|function|loop|array)( \S+)* (is )?too (large|big|complex)|design size|too many instructions"
            r"|exceed\w* .*\b(maximum|limit|number) .*\b(instruction|operation|design)",
            Status.DESIGN_TOO_LARGE,
            SPECIFIC,
        ),
        (r"(command|executable)( \S+)* not found|cannot find (the )?(tool|executable)", Status.TOOL_MISSING, LIKELY),
        (r"\btime(d)? ?out\b|time limit", Status.TIMEOUT, LIKELY),
        (
            r"compil\w+ error|error\w* .*(compiling|during compilation)|syntax error|undeclared|file not found"
            r"|cannot find (the )?(design|source|include) file",
            Status.COMPILE_ERROR,
            LIKELY,
        ),
        (
            r"^pre-?synthesis failed|^error in opt|problem during source synthesis|failed due to earlier errors",
            Status.SOURCE_SYNTHESIS_FAILED,
            GENERIC,
        ),
    )
)

_PLAIN_LINES: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"\bline \d+:\s+\d+\s+Killed\b|^Killed\s*$|^\[\d+\].*\bKilled\b"), Meaning(Status.KILLED, SPECIFIC)),
    (re.compile(r"^slurmstepd:.*\b(oom|OUT_OF_MEMORY)|oom-kill", re.IGNORECASE), Meaning(Status.KILLED, SPECIFIC)),
    (
        re.compile(
            r"terminate called after throwing .*bad_alloc|what\(\):\s+std::bad_alloc|^LLVM ERROR: out of memory"
        ),
        Meaning(Status.KILLED, SPECIFIC),
    ),
    (re.compile(r"No space left on device|Disk quota exceeded"), Meaning(Status.DISK_FULL, SPECIFIC)),
    (
        re.compile(r"\.(c|cc|cpp|cxx|h|hh|hpp):\d+(:\d+)?: (fatal )?error: ", re.IGNORECASE),
        # Tools in front of the HLS tool print such lines and go on.
        Meaning(Status.COMPILE_ERROR, WRAPPER),
    ),
    (
        re.compile(r"(vitis_hls|vitis-run|v\+\+|vivado_hls)(['\"]?: | )(command )?not found", re.IGNORECASE),
        Meaning(Status.TOOL_MISSING, SPECIFIC),
    ),
    (
        re.compile(r"Segmentation fault|\bAbnormal program termination\b|^LLVM ERROR: |Aborted\s+\(core dumped\)"),
        Meaning(Status.SOURCE_SYNTHESIS_FAILED, LIKELY),
    ),
    (
        re.compile(r"^(Pre-synthesis failed|Error in opt)\b"),
        Meaning(Status.SOURCE_SYNTHESIS_FAILED, GENERIC),
    ),
    (re.compile(r"^\s+while executing\s*$"), Meaning(Status.NO_VERDICT, WRAPPER)),
)


def meaning(found: Message) -> Meaning | None:
    """What an error says by its id, else by its wording; None where neither is known."""
    if found.id is not None:
        for pattern, known in _ERROR_IDS:
            if pattern.fullmatch(found.id):
                # A wrapper quotes the error that it wraps; a generic id may come with a telling text.
                if known.rank >= GENERIC and (told := _worded(found.text)) and told.rank < known.rank:
                    return told
                return known
    return _worded(found.text)


def plain_meaning(line: str) -> Meaning | None:
    """What a line that is no message says: the words of the shell, of the loader, of a compiler."""
    for pattern, known in _PLAIN_LINES:
        if pattern.search(line):
            return known
    return None


def _worded(text: str) -> Meaning | None:
    for pattern, known in _ERROR_WORDS:
        if pattern.search(text, 0, 2000):
            return known
    return None


_WARNING_IDS = {
    WarningKind.PRAGMA_IGNORED: "HLS 207-5514|HLS 207-5516|HLS 207-5584|HLS 200-1986",
    WarningKind.PIPELINE_NOT_APPLIED: "HLS 214-189|SCHED 204-65",
    WarningKind.UNROLL_NOT_APPLIED: "HLS 214-187|HLS 200-936|XFORM 203-503",
    WarningKind.PARTITION_NOT_APPLIED: "HLS 214-253|XFORM 203-105",
    WarningKind.FLATTEN_NOT_APPLIED: "HLS 200-960|XFORM 203-542",
    WarningKind.II_VIOLATION: "HLS 200-(880|885|448|875|878)|SCHED 204-6[89]",
    WarningKind.TIMING: "HLS 200-(871|1016|886|1015)|SCHED 204-2[0-9]",
    WarningKind.DESIGN_SIZE: "HLS 200-1995",
    WarningKind.OUT_OF_BOUND: "HLS 214-167",
    WarningKind.CONSTRAINT_NOT_MET: "HLS 200-790",
}
_WARNING_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _WARNING_IDS.items()}
_WARNING_WORDS = (
    (
        WarningKind.PRAGMA_IGNORED,
        r"(pragma|directive)s?\b.*\b(ignor|invalid|unknown|not (been )?applied|skipped)"
        r"|ignor\w+\b.*\b(pragma|directive)",
    ),
    (
        WarningKind.PIPELINE_NOT_APPLIED,
        r"unable to satisfy pipeline|pipeline .*(removed|not applied)|(cannot|can't) (be )?pipeline",
    ),
    (WarningKind.UNROLL_NOT_APPLIED, r"(cannot|can't|unable to|not) (completely )?unroll"),
    (
        WarningKind.PARTITION_NOT_APPLIED,
        r"partition\w*\b.*\b(ignor|not applied|cannot|failed)|(cannot|can't) partition",
    ),
    (WarningKind.FLATTEN_NOT_APPLIED, r"(cannot|can't|unable to) flatten"),
    (WarningKind.II_VIOLATION, r"\bII violation|unable to (schedule|enforce) .*\bII\b|unable to achieve .*\bII\b"),
    (
        WarningKind.TIMING,
        r"timing violation|exceeds the (target|effective)|cannot meet (the )?(target )?(clock|timing)",
    ),
    (WarningKind.OUT_OF_BOUND, r"out[ -]of[ -]bound"),
)
_WARNING_WORD_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WARNING_WORDS)


def warning_kind(found: Message) -> WarningKind | None:
    """How a warning, or the loop constraint status, changes a label's meaning; None where it does not."""
    if found.id == "HLS 200-790":
        return WarningKind.CONSTRAINT_NOT_MET if "NOT satisfied" in found.text else None
    if found.severity not in ("WARNING", "CRITICAL WARNING"):
        return None
    if found.id is not None:
        for kind, pattern in _WARNING_PATTERNS.items():
            if pattern.fullmatch(found.id):
                return kind
    for kind, pattern in _WARNING_WORD_PATTERNS:
        if pattern.search(found.text):
            return kind
    return None
