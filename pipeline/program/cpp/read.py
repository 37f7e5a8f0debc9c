"""From C++ files to one program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from itertools import accumulate
from pathlib import Path

from pipeline.program.cpp.index import Index
from pipeline.program.cpp.unit import Unit
from pipeline.program.translation import Translation, without_sign
from pipeline.program.tree import FileAST
from pipeline.project.cpp import CppTree, library, read_cpp
from pipeline.project.cpp_tree import Position
from pipeline.project.cpp_values import values_in_cpp
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.source_text import plain_lines, read_source

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+((?:[^\\\n]|\\\n)+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def read_cpp_translation(source: str, *, file: str, flags: Flags = NO_FLAGS, alone: bool = True) -> Translation:
    """The program in a C++ source and the headers that it includes, in pycparser's nodes; ``alone``: all of it.

    ``file`` names it in messages and says where headers in quotes lie. Functions that are refused are in
    ``refused`` of the translation, by name; their bodies are not in the tree. Raises PipelineError, with the place,
    for what the compiler refuses.
    """
    found = read_cpp(source, file=file, flags=flags)
    names = {found.source: file}
    texts = {file: source} | _headers(found, names)
    index = Index(found.root, {name: plain_lines(text) for name, text in texts.items()}, names, library())
    unit = Unit(index, file, _pragmas(found, index), _macros(texts, flags), alone=alone)
    unit.constants.ask = partial(values_in_cpp, texts=texts, file=file, flags=flags)
    unit.lower()
    tree = unit.tree()
    names_of = unit.function_names.all()
    refused = {names_of[root]: error for root, error in unit.refused.items()}
    linkage = {name: str(index.functions[root].get("mangledName", name)) for root, name in names_of.items()}
    for root, name in names_of.items():
        definition = index.definitions.get(root)
        if definition is not None and "mangledName" in definition:
            linkage[name] = str(definition["mangledName"])
    meanings, declared = unit.meanings(), unit.names_declared()
    whole = {name: unit.function_names.whole_name(root, name) for root, name in names_of.items()}
    index.forget()
    found_tree = FileAST(tree)
    if flags.unsigned_char:
        without_sign(found_tree)
    return Translation(
        found_tree,
        (),
        texts,
        frozenset(unit.library),
        found.includes,
        refused=refused,
        linkage=linkage,
        meanings=meanings,
        names=declared,
        whole=whole,
    )


def _headers(found: CppTree, names: Mapping[str, str]) -> dict[str, str]:
    """The texts of the user's headers, as far as the tree has anything of them."""
    others = library()
    # A header without a guard, such as assert.h, is read anew and so not among those compiled ahead.
    return {
        name: read_source(Path(name))
        for name in found.files
        if name not in names and not name.startswith(others) and Path(name).is_file()
    }


def _pragmas(found: CppTree, index: Index) -> dict[str, list[tuple[Position, str]]]:
    """Place and text of the pragmas that are for the tool, by the compiler's name of the file."""
    back = {name: place for place, name in index.names.items()}
    made: dict[str, list[tuple[Position, str]]] = {}
    lines = {file: text.split("\n") for file, text in index.texts.items()}
    starts = {file: [0, *accumulate(len(row.encode()) + 1 for row in rows)] for file, rows in lines.items()}
    for file, line, _ in found.pragmas:
        rows = lines.get(file, ())
        if not 0 < line <= len(rows):
            continue
        row = rows[line - 1]
        at = line
        while row.endswith("\\") and at < len(rows):
            row = row[:-1] + " " + rows[at]
            at += 1
        word = re.match(r"\s*#\s*pragma\s+(.*)", _COMMENT.sub(" ", row))
        quoted = re.search(r'_Pragma\s*\(\s*"((?:[^"\\]|\\.)*)"', row)
        if word is None and quoted is None:
            continue
        said = (
            word[1].strip() if word is not None else quoted[1].replace('\\"', '"').strip() if quoted is not None else ""
        )
        offset = starts[file][line - 1]
        start = len(row) - len(row.lstrip())
        name = back.get(file, file)
        made.setdefault(name, []).append((Position(name, line, start + 1, offset + start), said))
    return made


def _macros(texts: Mapping[str, str], flags: Flags) -> dict[str, str]:
    """The macros that stand for a text, the last definition of each."""
    found: dict[str, str] = {}
    for text in reversed(list(texts.values())):
        for name, value in _DEFINE.findall(plain_lines(text)):
            found[name] = _COMMENT.sub(" ", value).replace("\\\n", " ").strip()
    return found | {name: value for name, value in flags.macros.items() if value is not None}
