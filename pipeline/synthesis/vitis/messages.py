"""The messages of the tool: one line each, with a severity, mostly an id, and a text; and what warnings change.

Ids are those of Vivado HLS and Vitis HLS 2015.4 to 2026.1 (seen in public logs, and UG1448 "HLS guidance"). What
errors mean is told by :mod:`pipeline.synthesis.vitis.meanings`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_SEARCHED = 1500
"""Longest part of a text that is searched for words, in characters: patterns with two gaps take its square."""

_SEVERITIES = r"CRITICAL WARNING|FATAL[_ ]ERROR|FATAL|ERROR|ERR|WARNING|INFO|@E|@W|@I"
_LINE = re.compile(
    rf"(?P<severity>{_SEVERITIES})(?::|(?=\s+\[))\s*"
    r"(?:\[(?P<id>[A-Za-z][A-Za-z0-9+_-]{0,40}(?: [A-Z]{2,20})?[ -][0-9][0-9-]{0,20})\]\s*)?(?P<text>.*)"
)
_BEFORE = re.compile(
    # Dots and signs of a progress bar; the name of a program, where a whole message follows.
    rf"[.\s>|*]*(?:[\w./@-]{{1,60}}(?:\[\d{{1,10}}\])?: (?=(?:{_SEVERITIES}): \[))?"
)
_SEVERITY = {
    "@E": "ERROR",
    "@W": "WARNING",
    "@I": "INFO",
    "ERR": "ERROR",
    "FATAL": "ERROR",
    "FATAL_ERROR": "ERROR",
    "FATAL ERROR": "ERROR",
}

_FACILITIES = {
    "8": "Synth", "12": "Vivado", "17": "Common", "19": "IP_Flow", "30": "Place", "31": "Opt", "35": "Route",
    "200": "HLS", "201": "SYN", "203": "XFORM", "204": "SCHED", "205": "BIND", "206": "RTGEN", "207": "HLS",
    "208": "VHDL", "209": "VLOG", "211": "SIM", "212": "COSIM", "213": "IMPL", "214": "HLS",
}  # fmt: skip
"""Who says what, by the first number of an id. Tools that pass messages on write their own name in its place."""
_PASSING_ON = frozenset({"v++", "XOCC", "xocc", "vitis-run", "VPL", "vpl", "SDSoC", "SDS", "SdsCompiler"})
_OLD_FACILITIES = {
    "HLS": "200", "SYNCHK": "200", "SYN": "201", "XFORM": "203", "SCHED": "204", "BIND": "205", "RTGEN": "206",
    "SYSC": "207", "VHDL": "208", "VLOG": "209", "RTMG": "210", "SIM": "211", "COSIM": "212", "IMPL": "213",
    "ANALYSIS": "214",
}  # fmt: skip
"""Before 2016 ids had one number: ``[HLS-70]`` is ``[HLS 200-70]``."""

_PLACES = (
    re.compile(r"\(([^()\s][^()]{0,500}?):(\d{1,9})(?::(\d{1,9}))?\)\s*$"),
    re.compile(r"[:\s]\s*((?:[A-Za-z]:)?[^\s:()]{1,500}\.[A-Za-z]+):(\d{1,9})(?::(\d{1,9}))?\s*$"),
    re.compile(r"^\s*((?:[A-Za-z]:)?[^\s:()]{1,500}\.[A-Za-z]+):(\d{1,9})(?::(\d{1,9}))?:\s"),
    re.compile(r"\(((?:[A-Za-z]:)?[^()\s:]{1,500}\.[A-Za-z]+):(\d{1,9})(?::(\d{1,9}))?\)"),
    re.compile(r"\s((?:[A-Za-z]:)?[^\s:()]{1,500}\.[A-Za-z]+):(\d{1,9}):(\d{1,9}): (?:fatal )?error:"),
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
    SETTING_NOT_APPLIED = "setting_not_applied"
    """A command of the script failed, and synthesis went on without it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the tool.

    ``id`` is in the form of today, whoever passes the message on: ``HLS 200-70`` for ``[HLS 200-70]``, ``[v++ 200-70]``
    and ``[HLS-70]``. ``text`` is what follows the id, ``sentence`` the line from its severity on.
    """

    severity: str
    id: str | None
    text: str
    sentence: str

    @property
    def tagged(self) -> str:
        """Id and text, as patterns look for them."""
        return f"[{self.id}] {self.text}" if self.id else self.text


def message(line: str) -> Message | None:
    """The message on a plain line of a log, or None where the line is none."""
    start = _BEFORE.match(line)
    assert start is not None
    found = _LINE.match(line, start.end())
    if found is None:
        return None
    severity = _SEVERITY.get(found["severity"], found["severity"])
    identity = found["id"] and _today(found["id"])
    return Message(severity, identity, found["text"].strip(), line[start.end() :].strip())


def _today(identity: str) -> str:
    name, _, number = identity.rpartition(" ") if " " in identity else identity.partition("-")
    if "-" not in number and name in _OLD_FACILITIES:
        number = f"{_OLD_FACILITIES[name]}-{number}"
    if name in _PASSING_ON:
        name = _FACILITIES.get(number.partition("-")[0], name)
    return f"{name} {number}"


def place(text: str) -> tuple[str | None, int | None, int | None]:
    """File, line and column (from 1) that a message names; None where it does not, or names line 0."""
    for pattern in _PLACES:
        if (found := pattern.search(text)) and int(found[2]) > 0:
            return found[1], int(found[2]), int(found[3]) if found[3] else None
    return None, None, None


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
        if pattern.search(found.text, 0, MAX_SEARCHED):
            return kind
    return None
