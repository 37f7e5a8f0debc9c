"""The user's own ``#pragma HLS`` that every version of the tool stops at.

The front end parses the values of numbers and variables as C (Xilinx/llvm-project, ``ParseXlxPragma.cpp``), so that one
without a value, one that names what nothing declares, and a number that is no constant are errors of the source ("use
of undeclared identifier", HLS 207-3776; "must be a constant integer", HLS 207-5503); as are ``unroll factor`` below 0
and a flag that is given anything but true or false. What it only warns of is not refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from pipeline.errors import nearest
from pipeline.project.directives import FLAGS, NO_VALUE

VARIABLES = ("variable", "port", "cross_variables")
"""Options that name variables."""
_WORD = re.compile(r"[A-Za-z_]\w*")
_FIRST = re.compile(r"[\s&*(]*([A-Za-z_]\w*)")
_OF_C = frozenset(
    {"sizeof", "return", "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "const",
     "volatile", "struct", "union", "enum"}
)  # fmt: skip
_YES = ("true", "1")


def names_in(text: str) -> list[str]:
    """The variables that the value of one of :data:`VARIABLES` is about: the first name of each of a list."""
    found = (_FIRST.match(one) for one in text.split(","))
    return [one[1] for one in found if one is not None and one[1] not in _OF_C]


def refusal(
    options: Sequence[tuple[str, str | None]],
    numbers: Collection[str],
    declared: Collection[str] | None,
    constants: Collection[str],
) -> tuple[str, str] | None:
    """What the tool stops at in the words of a pragma, and what to do; None where it reads them.

    ``numbers`` are the names of options that take one, their values evaluated as far as they are constants.
    ``declared`` holds every name that can be meant, None where that is not known; ``constants`` those of numbers.
    """
    given = dict(options)
    if _is_off(given) and (
        both := next((name for name in ("factor", "skip_exit_check", "cycle") if name in given), None)
    ):
        return f"{both} and off contradict each other", "leave one of them out"
    for name, value in options:
        if value is None:
            continue
        if name in FLAGS or name == "enable_flush":
            if value.lower() not in (*NO_VALUE, *_YES):
                return f"{name}={value[:40]} is neither true nor false", f"write {name} alone, or leave it out"
        elif name in numbers or name in VARIABLES:
            if not value:
                return f"{name}= has no value", f"write {name}=VALUE, or leave it out"
            if name == "factor" and value.startswith("-"):
                return f"factor={value[:40]} is below 0", "write a factor from 1"
            found = _names(name, value, name in numbers, declared, constants)
            if found is not None:
                return found
    return None


def _is_off(given: Mapping[str, str | None]) -> bool:
    return "off" in given and (given["off"] or "").lower() not in NO_VALUE


def _names(
    option: str, value: str, number: bool, declared: Collection[str] | None, constants: Collection[str]
) -> tuple[str, str] | None:
    if declared is None:
        return None
    words = [word for word in _WORD.findall(value) if word not in _OF_C] if number else names_in(value)
    for word in words:
        if word not in declared:
            near = nearest(word, declared)
            return (
                f"{option}={value[:40]} names {word[:40]!r}, which nothing declares",
                f"did you mean {near}?" if near else "declare it, or name what is meant",
            )
    moved = [word for word in words if word not in constants]
    if number and moved and "sizeof" not in value:
        return f"{option}={value[:40]} is no constant, as {moved[0]!r} is a variable", "write a number"
    return None
