"""Compiler flags for the tool: those that its one line can carry, and what says the same of the others.

The tool splits the line at blanks, and what it makes of quotes differs between TCL and cfg files. A macro whose value
holds any is therefore defined in the file itself, which every compiler reads alike.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping

from pipeline.errors import PipelineError

_FLAG = re.compile(r"(?:-[A-Za-z]|/|[A-Za-z0-9_.])[A-Za-z0-9_./=+,:-]{0,1000}")
_MACRO = re.compile(r"-D(?P<name>[A-Za-z_]\w*(?:\([\w, .]*\))?)=(?P<value>.*)")
_LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|' r"'(?:\\.|[^'\\])*'")
_OWN_HEADER = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"', re.MULTILINE)


def split_flags(text: str, files: Collection[str]) -> tuple[str, str]:
    """The line for the tool, and the ``#define`` lines that stand for what it cannot carry.

    ``text`` is quoted as for a shell; ``files`` are the texts that are compiled with it. An include folder whose path
    the line cannot carry is left out where none of them includes a file of its own. Raises PipelineError for a flag
    that can be had in neither way.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise PipelineError(f"the compiler flags {text[:60]!r}: {str(error).lower()}", fix="close the quote") from None
    line: list[str] = []
    defines: list[str] = []
    for word in words:
        macro = _MACRO.fullmatch(word)
        if _FLAG.fullmatch(word):
            line.append(word)
        elif macro is not None and _one_line(macro["value"]):
            defines.append(f"#define {macro['name']} {macro['value']}\n")
        elif not word.startswith("-I") or any(_OWN_HEADER.search(file) for file in files):
            raise PipelineError(
                f"the compiler flag {word[:60]!r} cannot be handed to the tool",
                fix="use flags and paths of letters, digits and _ . / = + , : - alone",
            )
    return " ".join(line), "".join(defines)


def with_defines(files: Mapping[str, str], names: Collection[str], defines: str) -> dict[str, str]:
    """The files, those of these names with the macros before their first line, which keeps its number."""
    if not defines:
        return dict(files)
    return {name: f'{defines}#line 1 "{name}"\n{text}' if name in names else text for name, text in files.items()}


def _one_line(value: str) -> bool:
    """Whether the text is that of a macro and ends with its line: no control character, comment or open literal."""
    outside = _LITERAL.sub("", value)
    return value.isprintable() and not value.endswith("\\") and not re.search(r"/[/*]|[\"'#]|\?\?", outside)
