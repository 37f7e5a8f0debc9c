"""The hash that version 0.1.0 gave a kernel, so that reports which were stored under it are found.

That version left macros of the C library that its own copy of the headers did not have as plain names (``M_PI``,
``FLT_MAX``), wrote the limits of its copy as plain numbers, and dropped attributes. Where that was another program
(an attribute that changes a layout; ``RAND_MAX``, which was 32767 there) its reports are of another design, and
there is no former hash.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pycparser import c_ast, c_parser

from pipeline.errors import PipelineError
from pipeline.kernels.ast_hash import ast_hash
from pipeline.kernels.model import Kernel
from pipeline.program.library import types_used
from pipeline.program.parser import ATTRIBUTE, LAYOUT_WORDS, Parser
from pipeline.program.translation import LIBRARY
from pipeline.program.tree import walk
from pipeline.project import parse_flags
from pipeline.project.preprocess import preprocess
from pipeline.project.refusals import compile_c

_HEADERS = (
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "limits", "locale", "math", "setjmp", "signal",
    "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string", "time", "wchar",
)  # fmt: skip
_LIMITS = {
    "CHAR_MIN": "-128",
    "SHRT_MIN": "-32768",
    "INT_MIN": "-2147483648",
    "LONG_MIN": "-9223372036854775808L",
}
"""Macros that pycparser's fake headers (2.21) spell in another way than the compiler's, with the same value."""
_KNOWN = frozenset(
    {
        "BUFSIZ", "SEEK_SET", "SEEK_CUR", "SEEK_END", "EXIT_FAILURE", "EXIT_SUCCESS", "CHAR_MAX", "UCHAR_MAX",
        "SHRT_MAX", "USHRT_MAX", "INT_MAX", "UINT_MAX", "LONG_MAX", "ULONG_MAX", "NULL", "EOF", "true", "false", "bool",
        "offsetof", "va_start", "va_end", "va_arg", "va_copy", "complex", "assert",
    }
)  # fmt: skip
"""Macros that those headers have as the compiler's do, or that cannot be told from them."""
_OTHER = frozenset(("RAND_MAX", "FOPEN_MAX", "FILENAME_MAX"))
"""Macros that those headers have with another value."""
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINED = re.compile(r"^#define ([A-Za-z_]\w*)(?!\()\b", re.MULTILINE)


def former_hash(kernel: Kernel) -> str | None:
    """What ``ast_hash`` was in version 0.1.0; None where it is the present one, or where the program was another."""
    project = kernel.project
    if project is None or project.flags.options or project.further:
        return None
    words = {word for text in kernel.texts.values() for word in _WORD.findall(text)}
    if not kernel.includes and not any(word.startswith("__attribute") for word in words):
        return None
    names = sorted((words & _library_macros()) - _KNOWN) if kernel.includes else []
    if _OTHER & set(names):
        return None
    try:
        tree = _former_tree(kernel, names)
    except (PipelineError, c_parser.ParseError, RecursionError):
        return None
    found = None if tree is None else ast_hash(tree, kernel.top)
    return None if found == kernel.ast_hash else found


def _library_macros() -> set[str]:
    """The macros of the C library that stand for a value, as the compiler's headers define them."""
    text = "".join(f"#include <{name}.h>\n" for name in _HEADERS)
    try:
        own = set(_DEFINED.findall(compile_c("", ("-dM", "-E"), file="macros.c")[0].output))
        return set(_DEFINED.findall(compile_c(text, ("-dM", "-E"), file="macros.c")[0].output)) - own
    except PipelineError:
        return set()


def _former_tree(kernel: Kernel, names: list[str]) -> c_ast.FileAST | None:
    """The tree with those macros as plain names and without attributes; None where a layout depended on one."""
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        first = Path(scratch) / "former.h"
        rows = [f"#include <{name}.h>" for name in _HEADERS]
        for name in names:
            rows += [f"#undef {name}", *([f"#define {name} {_LIMITS[name]}"] if name in _LIMITS else [])]
        first.write_text("\n".join(rows) + "\n", encoding="utf-8")
        found = preprocess(kernel.source, file=kernel.file, flags=parse_flags(["-include", str(first)]))
    types, _ = types_used(found.library, found.text)
    tree = Parser().parse(f'# 1 "{LIBRARY}"\n{types}\n# 1 "0"\n{found.text}', "0")
    own = [node for node in tree.ext if node.coord is None or node.coord.file != LIBRARY]
    for node in walk(*own):
        if isinstance(node, c_ast.Pragma) and isinstance(node.string, str) and node.string.startswith("pack"):
            return None
        for field in ("quals", "attributes"):
            kept = getattr(node, field, None)
            if not kept:
                continue
            spelled = [item if isinstance(item, str) else getattr(item, "name", "") for item in kept]
            if any(word.startswith(ATTRIBUTE) and LAYOUT_WORDS.search(word) for word in spelled):
                return None
            setattr(node, field, [k for k, word in zip(kept, spelled, strict=True) if not word.startswith(ATTRIBUTE)])
    return c_ast.FileAST(own)
