"""What a source orders the compiler to do beside compiling it: refused, or kept from it.

A source is not trusted. Clang has words that make it fail, load modules or read any file of the machine; none of them
is of a design. Others (``#pragma GCC diagnostic``, ``system_header``) decide what it warns of, and its warnings are how
pragmas of C++ are found: these are blanked in the copy that it is given.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.project.flags import Flags
from pipeline.project.inclusion import inclusions
from pipeline.project.source_text import uncommented

NO_CRASHES = ("-Xclang", "-disable-pragma-debug-crash")
"""Flags under which ``#pragma clang __debug``, whatever macro it comes from, brings nothing down."""

_LOGICAL = re.compile(r"(?:[^\\\n]|\\[ \t]*\n|\\)*")
_SPLICE = re.compile(r"\\[ \t]*\n")
_SUSPECT = re.compile(
    r"__debug|\bmodule\b|\bembed\b|system_header|dependency|diagnostic|__has_"
    r"|^[ \t]*(?:#|%:)[ \t]*\d|\\[ \t]*\n|\?\?[=/]",
    re.MULTILINE,
)
_HASH = r"^[ \t]*(?:#|%:|\?\?=)[ \t]*"
_PRAGMA = rf'(?:{_HASH}pragma[ \t]+|\b_Pragma\s*\(\s*(?:L|u8?|U)?"\s*)'
_REFUSED = (
    (re.compile(rf"{_PRAGMA}clang\s+__debug\b"), "#pragma clang __debug, which is an order to the compiler,"),
    (re.compile(rf"{_PRAGMA}clang\s+module\b"), "#pragma clang module, which makes the compiler load one,"),
    (re.compile(rf"{_HASH}embed\b"), "#embed"),
    (re.compile(r"\b__has_embed\b"), "__has_embed"),
    (re.compile(r"\b__has_include(?:_next)?\s*\(\s*[<\"]\s*(?:[/\\]|[A-Za-z]:)"), "__has_include of an absolute path"),
    (re.compile(rf'{_HASH}\d+[ \t]+"(?:[^"\\]|\\.)*"[ \t]+[1-4]\b'), "a preprocessor's mark of another file"),
)
_FIXES = {
    "#embed": "write the numbers",
    "a preprocessor's mark of another file": "give the source before preprocessing",
}
_TELLS = r"(?:GCC|clang)\s+(?:system_header|dependency{})\b"
_LINE = _HASH + r"pragma[ \t]+" + _TELLS
_OPERATOR = r'\b_Pragma\s*\(\s*"\s*' + _TELLS + r'(?:[^"\\\n]|\\.)*"\s*\)'
_WITHOUT = {
    warnings: (re.compile(_LINE.format(word)), re.compile(_OPERATOR.format(word)))
    for warnings, word in ((False, "|diagnostic"), (True, ""))
}


def without_orders(text: str, file: str, *, warnings: bool = True) -> str:
    """A source's text, at its own length, as the compiler may have it; without ``warnings`` it sets none either.

    Raises PipelineError, with the line, for what orders the compiler to fail, to load or to read what is no source.
    """
    if not _SUSPECT.search(text):
        return text
    line_rule, operator_rule = _WITHOUT[warnings]
    made: list[str] = []
    at, line = 0, 1
    for start, end in _rows(code := uncommented(text)):
        row = _SPLICE.sub("", code[start:end]).replace("??/", "\\")
        line += code.count("\n", at, start)
        for rule, what in _REFUSED:
            if rule.search(row):
                fix = _FIXES.get(what, "take it out")
                raise PipelineError(f"{what} is not supported", file=file, line=line, fix=fix)
        given = text[start:end]
        if line_rule.search(row):
            given = _blank(given)
        elif "_Pragma" in row:
            given = operator_rule.sub(lambda found: _blank(found[0]), given)
        made += [text[at:start], given]
        line += code.count("\n", start, end)
        at = end
    return "".join([*made, text[at:]])


def _rows(code: str) -> Iterator[tuple[int, int]]:
    """Where the lines of a text begin and end, those that a backslash joins as one."""
    at = 0
    while at < len(code):
        found = _LOGICAL.match(code, at)
        assert found is not None
        if "#" in found[0] or "%:" in found[0] or "??" in found[0] or "_Pragma" in found[0] or "__has_" in found[0]:
            yield found.span()
        at = found.end() + 1


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def checked_headers(
    text: str, file: str, folder: Path, flags: Flags, scratch: Path, *, warnings: bool = True
) -> list[str]:
    """Flags under which the compiler reads a source's own headers :func:`without_orders`, which raises for them.

    Copies of those that have any lie in ``scratch``; they keep their names.
    """
    kept: list[dict[str, str]] = []
    folders = [folder, *flags.folders]
    first = "".join(f'#include "{Path(name).absolute()}"\n' for name in flags.includes)
    for one in chain(inclusions(first, "--cflags", folder, folders), inclusions(text, file, folder, folders)):
        given = without_orders(one.text, str(one.own), warnings=warnings)
        if given == one.text:
            continue
        copy = scratch / f"header_{len(kept)}.h"
        copy.write_text(given, encoding="utf-8", errors="surrogateescape", newline="")
        kept.append(
            {"type": "file", "name": os.path.normpath(Path(str(one.own)).absolute()), "external-contents": str(copy)}
        )
    if not kept:
        return []
    overlay = scratch / "headers.json"
    overlay.write_text(json.dumps({"version": 0, "use-external-names": False, "roots": kept}), encoding="utf-8")
    return ["-ivfsoverlay", str(overlay)]
