"""The user's script or configuration file with a design's directives in the place of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project.component import with_moved
from pipeline.synthesis.vitis.directives import parse_directives

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.project.directives import Directive

DIRECTIVES = "directives.tcl"
"""What holds a design's directives in the tool's own words."""
_SYNTHESIS = re.compile(r"^([ \t]*)csynth_design\b", re.MULTILINE)
_SOLUTION = re.compile(r"^[ \t]*open_(?:solution|component)\b", re.MULTILINE)
_KEY = re.compile(r"[ \t]*(?:syn\.|part[ \t]*=|clock[ \t]*=|freqhz[ \t]*=|flow_target[ \t]*=)")


def own_directives(kernel: Kernel) -> str:
    """The directives of a kernel's project as the tool takes them, a line each."""
    found = {(one.file, one.line, one.text): None for one in kernel.pragmas if one.beside}
    return "".join(f"{text}\n" for _, _, text in found)


def with_directives(
    kernel: Kernel, texts: Mapping[Path, str], folder: Path, directives: str, beside: str
) -> tuple[dict[Path, str], list[str]]:
    """The files of ``texts`` changed for a design, and what was not possible.

    ``texts`` are the script and what it sources, by place; ``folder`` holds the whole project, ``directives`` are the
    design's, a command each, which a file ``beside`` in that folder holds too. A script has its own directives
    commented out and sources that file before ``csynth_design``; a configuration file has other ``syn.directive``
    lines. Places below the folder that are named from the root are named from the script instead.
    """
    project = kernel.project
    assert project is not None and project.script is not None
    script = Path(os.path.normpath(Path(project.script).absolute()))
    changed = dict(texts)
    notes: list[str] = []
    for place, text in texts.items():
        up = os.path.relpath(folder, place.parent)
        for before, here in project.moved:
            text = with_moved(text, before, here)
        changed[place] = text.replace(f"{folder}/", "" if up == "." else f"{up}/")
    if directives == own_directives(kernel):
        return changed, notes
    rows: dict[Path, set[int]] = {}
    for item in project.directives:
        if item.file is not None and item.line is not None:
            rows.setdefault(Path(os.path.normpath(Path(item.file).absolute())), set()).add(item.line)
    for place, numbers in rows.items():
        if place in changed:
            changed[place] = _without(changed[place], numbers, notes, place.name)
    if script.suffix.lower() in (".cfg", ".ini"):
        lines = [_configured(one) for one in parse_directives(directives)]
        changed[script] = _with_keys(changed[script], lines)
        return changed, notes
    if not directives.strip():
        return changed, notes
    where = os.path.relpath(folder / beside, script.parent)
    command = f"source [file join [file dirname [info script]] {where}]"
    at = _before_synthesis(changed[script])
    if at is None:
        notes.append(f"{script.name} opens no solution, or several: source {beside} in yours before csynth_design")
    else:
        changed[script] = f"{changed[script][:at]}{command}\n{changed[script][at:]}"
    return changed, notes


def _before_synthesis(text: str) -> int | None:
    """Where the command begins, on a line of its own and outside braces, that first makes the tool run; the end of the
    text where none does. None where no solution is open there, or it is not clear which."""
    synthesis = _SYNTHESIS.search(text)
    limit = synthesis.start() if synthesis is not None else len(text)
    depth, at, found = 0, 0, 0
    for line in text.splitlines(keepends=True):
        if at > limit:
            break
        if depth <= 0:
            found = at
        if not line.lstrip().startswith("#"):
            depth += line.count("{") - line.count("}")
        at += len(line)
    if synthesis is None:
        found = len(text) if text.endswith("\n") else -1
    opened = [match.start() for match in _SOLUTION.finditer(text)]
    return found if len(opened) == 1 and opened[0] < found else None


def _without(text: str, numbers: set[int], notes: list[str], name: str) -> str:
    """A text with the directives that begin on these lines (from 1) put out of action."""
    lines = text.split("\n")
    for number in sorted(numbers):
        row = lines[number - 1] if number <= len(lines) else ""
        blank = row[: len(row) - len(row.lstrip())]
        if row.lstrip().startswith("syn.directive."):
            last = number
            while lines[last - 1].rstrip().endswith("\\") and last < len(lines):
                last += 1
            for place in range(number - 1, last):
                lines[place] = f"{blank}# {lines[place].lstrip()}".rstrip("\\ ")
        elif row.lstrip().startswith("set_directive_") and ";" not in row.rstrip(" \t\r;"):
            # A comment goes on where its line ends in a backslash.
            lines[number - 1] = f"{blank}# {row.lstrip()}"
        else:
            notes.append(f"the directive at {name}:{number} stays, as it does not have its line to itself")
    return "\n".join(lines)


def _configured(item: Directive) -> str:
    """A directive as a line of a configuration file (UG1399)."""
    options = [name if value is None else f"{name}={value}" for name, value in item.options]
    return f"syn.directive.{item.name}={' '.join([*item.operands, *options])}"


def _with_keys(text: str, added: list[str]) -> str:
    """A configuration file with further lines behind the last that says something of synthesis."""
    lines = text.split("\n")
    last = max((number for number, line in enumerate(lines) if _KEY.match(line)), default=len(lines) - 1)
    while last < len(lines) - 1 and lines[last].rstrip().endswith("\\"):
        last += 1
    return "\n".join([*lines[: last + 1], *added, *lines[last + 1 :]])
