"""Vitis directives as values: parsed from a restricted TCL, so that nothing of it is ever evaluated."""

from __future__ import annotations

import re

from pipeline.errors import PipelineError
from pipeline.project.directives import Directive, of_script

_COMMAND = re.compile(r"set_directive_([a-z][a-z0-9_]*)")
_WORD = re.compile(r'\s+(?:"([^"\\$\[\]{};\n]*)"|\{([^"\\$\[\]{};\n]*)\}|([^\s"\\$\[\]{};]+))')
_SAFE = re.compile(r"[A-Za-z0-9_./:<>*,+=-]{1,400}")


def parse_directives(text: str) -> tuple[Directive, ...]:
    """The directives of a text, in order; empty lines and lines that begin with ``#`` are passed over.

    A word is bare, in double quotes or in braces, and holds letters, digits and ``_ . / : < > * , + = -`` alone.
    Raises PipelineError for any other line; substitution, several commands a line and other commands have no place.
    """
    return tuple(
        _directive(line.strip(), number)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.strip().startswith("#")
    )


def _directive(line: str, number: int) -> Directive:
    start = _COMMAND.match(line)
    if start is None:
        raise _refused(line, number, "is no directive of Vitis HLS")
    words: list[str] = []
    position = start.end()
    while position < len(line):
        word = _WORD.match(line, position)
        if word is None:
            raise _refused(line, number, "holds something other than plain words")
        words.append(next(group for group in word.groups() if group is not None))
        position = word.end()
    for word_text in words:
        if not _SAFE.fullmatch(word_text):
            raise _refused(line, number, f"holds the word {word_text[:60]!r}")
    try:
        return of_script(start[1], words)
    except ValueError as error:
        raise _refused(line, number, str(error)) from None


def _refused(line: str, number: int, why: str) -> PipelineError:
    return PipelineError(f"the directive {line[:80]!r} {why}", file="directives", line=number)
