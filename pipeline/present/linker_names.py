"""Names as the linker has them, for people: ``_ZN3dsp3FirILi8EE4tapsE`` is ``dsp::Fir<8>::taps``."""

from __future__ import annotations

import re

_PART = re.compile(r"[rVKRO]*(?:L?(?P<length>\d+)|(?P<special>[CD]\d)|S(?P<library>[tabsiod_]|[0-9A-Z]+_))")
_SPECIAL = {"C": "{name}", "D": "~{name}"}
_LITERAL = re.compile(r"L[a-z](n?\d+)E")
_LOCAL = re.compile(r"E(\d+)([A-Za-z_]\w*?)(?:_\d+)?$")
_TAG = re.compile(r"B(\d+)")
_SKIPPED = "..."


def readable(name: str) -> str:
    """The qualified name in an Itanium ABI mangled one, without the types of arguments; what is no such as it is.

    Of template arguments numbers alone are told. Operators and what else has no plain name stay as they are.
    """
    if not name.startswith("_Z"):
        return name
    at, parts = 2, list[str]()
    if name.startswith("Z", at):
        # What is local to a function stands behind it and the types of its arguments.
        local = next((m[2] for m in _LOCAL.finditer(name) if int(m[1]) == len(m[2])), None)
        outer = readable(f"_Z{name[3:]}")
        return name if local is None or outer.startswith("_Z") else f"{outer}::{local}"
    nested = name.startswith("N", at)
    at += nested
    while (found := _PART.match(name, at)) is not None:
        at = found.end()
        if found["length"]:
            parts.append(name[at : at + int(found["length"])])
            at += int(found["length"])
            if (tag := _TAG.match(name, at)) is not None:
                at = tag.end() + int(tag[1])
        elif found["special"] and parts:
            parts.append(_SPECIAL[found["special"][0]].format(name=parts[-1].partition("<")[0]))
        elif found["library"] == "t":
            parts.append("std")
        if name.startswith("I", at) and parts:
            told, at = _arguments(name, at + 1)
            parts[-1] += f"<{told}>"
        if not nested:
            break
    whole = bool(parts) and all(parts) and (not nested or name.startswith("E", at))
    return "::".join(part for part in parts if not part.startswith("_GLOBAL__N_")) if whole else name


def _arguments(name: str, at: int) -> tuple[str, int]:
    """The arguments of a template from behind their ``I``, and where they end."""
    told = []
    while at < len(name) and name[at] != "E":
        if (literal := _LITERAL.match(name, at)) is not None:
            told.append(literal[1].replace("n", "-"))
            at = literal.end()
            continue
        told.append(_SKIPPED)
        at = _behind(name, at)
    return ",".join(told), at + 1


def _behind(name: str, at: int) -> int:
    """The end of one type: identifiers are stepped over, brackets (``N``, ``I``, ``J``, ``X`` to ``E``) counted."""
    depth = 0
    while at < len(name):
        letter = name[at]
        if letter == "E" and not depth:
            return at
        if letter.isdigit():
            length = re.match(r"\d+", name[at:])
            assert length is not None
            at += length.end() + int(length[0])
        elif (literal := _LITERAL.match(name, at)) is not None:
            at = literal.end()
        else:
            depth += (letter in "NIJX") - (letter == "E")
            at += 1
        if not depth and not (at < len(name) and name[at] == "I") and letter not in "PRKVO":
            return at
    return at
