"""Changes of a text at places, and what they are as a diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` in place of what stands from ``start`` to ``end``; inserted where the two are one."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all changes made, given in any order; those at one place come in the order given.

    Raises ValueError where two of them overlap.
    """
    found: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < done:
            raise ValueError(f"two changes at position {edit.start}")
        found += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*found, text[done:]])


def unified_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What ``patch -p1`` makes of the texts before those after, by name; empty where nothing differs.

    Both hold the same names. Lines end with a newline alone: a carriage return is part of a line.
    """
    found: list[str] = []
    for name in sorted(after):
        if before[name] == after[name]:
            continue
        old, new = _lines(before[name]), _lines(after[name])
        for row in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
            found.append(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n")
    return "".join(found)


def _lines(text: str) -> Sequence[str]:
    return _LINES.findall(text)
