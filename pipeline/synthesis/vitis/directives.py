"""Vitis directives as values: parsed from a restricted TCL, so that nothing of it is ever evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import PipelineError

_COMMAND = re.compile(r"set_directive_([a-z][a-z0-9_]*)")
_WORD = re.compile(r'\s+(?:"([^"\\$\[\]{};\n]*)"|\{([^"\\$\[\]{};\n]*)\}|([^\s"\\$\[\]{};]+))')
_OPTION = re.compile(r"-([A-Za-z][A-Za-z0-9_]*)(?:=(.+))?")
_SAFE = re.compile(r"[A-Za-z0-9_./:<>*,+=-]{1,400}")

DIRECTIVES = frozenset(
    {"aggregate", "alias", "allocation", "array_partition", "array_reshape", "bind_op", "bind_storage", "dataflow",
     "dependence", "disaggregate", "expression_balance", "function_instantiate", "inline", "interface", "latency",
     "loop_flatten", "loop_merge", "loop_tripcount", "occurrence", "performance", "pipeline", "protocol", "reset",
     "resource", "stable", "stream", "top", "unroll"}
)  # fmt: skip
"""UG1399, "HLS Optimization Directives", and ``resource`` of Vivado HLS."""
FLAGS = frozenset(
    {"off", "rewind", "enable_flush", "skip_exit_check", "recursive", "region", "register", "force", "cross", "unsafe"}
)
"""Options without a value."""


@dataclass(frozen=True)
class Directive:
    """One directive: ``set_directive_NAME -OPTION VALUE ... OPERAND ...``; a flag has the value None."""

    name: str
    options: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]
    """A location ``function[/label]``, then a variable where the directive takes one."""


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
    if start is None or start[1] not in DIRECTIVES:
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
    options: list[tuple[str, str | None]] = []
    operands: list[str] = []
    place = 0
    while place < len(words):
        option = _OPTION.fullmatch(words[place])
        place += 1
        if option is None:
            if words[place - 1].startswith("-"):
                raise _refused(line, number, f"holds the word {words[place - 1][:60]!r}")
            operands.append(words[place - 1])
        elif option[1] in FLAGS:
            if option[2] in (None, "true", "1"):
                options.append((option[1], None))
            elif option[2] not in ("false", "0"):
                raise _refused(line, number, f"gives the flag -{option[1]} a value")
        elif option[2] is not None:
            options.append((option[1], option[2]))
        elif place < len(words):
            options.append((option[1], words[place]))
            place += 1
        else:
            raise _refused(line, number, f"gives the option -{option[1]} no value")
    if not operands:
        raise _refused(line, number, "names no location")
    return Directive(start[1], tuple(options), tuple(operands))


def _refused(line: str, number: int, why: str) -> PipelineError:
    return PipelineError(f"the directive {line[:80]!r} {why}", file="directives", line=number)
