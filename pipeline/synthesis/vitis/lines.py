"""The lines of a log as plain text: without colours, control characters, and what others put in front of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_LINE = 4000
"""Longest part of a line that is looked at, in characters."""

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,512}(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links
    r"|\x1b[ -/]{0,4}[0-~]"
)
_CONTROLS = re.compile(
    # C0 and C1, marks that reorder text or mark its bytes, lone surrogates.
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_BYTE_MARK = re.compile(r"\A(?:[\ufeff\ufffe\ufffd]{1,2}|\xff\xfe|\xfe\xff|\xef\xbb\xbf)")

_DATE = r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{4}/\d\d/\d\d"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: ?[AP]M)?"
_STAMP = re.compile(
    # Times, tags of CI systems and of farms, each followed by what keeps it apart from the line itself.
    rf"(?>(?:{_DATE})[T ]{_CLOCK}(?: \d\d[OE]\+?)?[ \t]"
    rf"|\[(?:(?:{_DATE})[T ])?{_CLOCK}\][: \t]?"
    rf"|{_CLOCK}[ \t]"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w.-]{1,64}(?:\[\d{1,10}\])?: "
    r"|\[[\w+./@:,-]{1,60}\](?:<std(?:out|err)>)?:?[ \t](?!-)"
    r"|[\w.@-]{1,60} *\| |\d{1,6}: |#\d{1,5} \d{1,6}\.\d{1,6} |##\[\w{1,16}\]"
    r"|(?:[\w./@-][\w ./@()-]{0,60}\t){1,2}|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]{1,60}:(?=[A-Z])"
    r"|- (?=[\w.]{1,60} - )|[\w.]{1,60} - (?=[A-Z])"
    r")"
)
_MOST_STAMPS = 6


def each_line(text: str) -> Iterator[str]:
    """The lines of a text with their ends, one at a time; joined they are the text."""
    start, end = 0, len(text)
    while start < end:
        stop = text.find("\n", start) + 1 or end
        yield from text[start:stop].splitlines(keepends=True)
        start = stop


def plain(line: str) -> str:
    """The line without escape sequences, control characters and line end, cut to :data:`MAX_LINE`."""
    line = line[: 4 * MAX_LINE].rstrip()
    if not line.isprintable():
        line = _BYTE_MARK.sub("", line, count=1)
        line = _CONTROLS.sub("", _ESCAPES.sub("", line))
    return line[:MAX_LINE]


def unstamped(line: str) -> str:
    """A plain line without the times, tags and names that a CI system, a farm or a logger put in front of it."""
    for _ in range(_MOST_STAMPS):
        found = _STAMP.match(line)
        if found is None:
            break
        line = line[found.end() :]
    return line
