"""The system's headers as a kernel needs them: the types that its text uses, and which functions there are.

A header declares hundreds of things and a kernel uses a few. Only types go to the parser, those that the user's text
names and what these are made of; of functions and objects the name is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PART = re.compile(r"[{}();]|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NOISE = re.compile(
    r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|__asm__\s*\([^()]*\)|\b(?:__extension__|_Noreturn|__inline__|__inline)\b"
)
_TAG = re.compile(r"\b(struct|union|enum)\s+([A-Za-z_]\w*)\s*\{")
_ENUM = re.compile(r"\benum\b[^{};]*\{([^{}]*)\}")
_GROUP = re.compile(r"\{[^{}]*\}|\[[^][]*\]")
_POINTER = re.compile(r"\(\s*\*\s*(?:const\s+)?([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class _Declaration:
    text: str
    words: frozenset[str]
    order: int


def types_used(library: str, user: str) -> tuple[str, frozenset[str]]:
    """The declarations of types that a text needs of the library's, in order, and the names used that the library has.

    Both arguments are preprocessed text; the library's without markers.
    """
    if not library.strip():
        return "", frozenset()
    types, objects = _index(library)
    words = set(_WORD.findall(user))
    needed: dict[int, _Declaration] = {}
    todo = [types[word] for word in words if word in types]
    while todo:
        found = todo.pop()
        if found.order not in needed:
            needed[found.order] = found
            todo += [types[word] for word in found.words if word in types]
    text = "\n".join(needed[order].text for order in sorted(needed))
    return text, frozenset(words & (objects | types.keys()))


@lru_cache(maxsize=16)
def _index(library: str) -> tuple[dict[str, _Declaration], frozenset[str]]:
    types: dict[str, _Declaration] = {}
    objects: set[str] = set()
    for order, text in enumerate(_declarations(_NOISE.sub(" ", _without_pragmas(library)))):
        declaration = _Declaration(text, frozenset(_WORD.findall(text)), order)
        flat = text
        for _ in range(8):
            flat, count = _GROUP.subn(" ", flat)
            if not count:
                break
        tags = [tag for _, tag in _TAG.findall(text)]
        enumerators = [
            word for body in _ENUM.findall(text) for item in body.split(",") for word in _WORD.findall(item)[:1]
        ]
        if re.match(r"\s*typedef\b", text):
            names = [pointed[1]] if (pointed := _POINTER.search(flat)) else _declared(flat)
            for name in (*names, *tags, *enumerators):
                types.setdefault(name, declaration)
            continue
        for name in (*tags, *enumerators):
            types.setdefault(name, declaration)
        head, call, _ = flat.partition("(")
        objects.update(_WORD.findall(head)[-1:] if call else _declared(flat))
    return types, frozenset(objects)


def _without_pragmas(text: str) -> str:
    return "\n".join(row for row in text.split("\n") if not row.lstrip().startswith("#"))


def _declarations(text: str) -> list[str]:
    found: list[str] = []
    start = depth = 0
    body = False
    for part in _PART.finditer(text):
        mark = part.group()
        if mark in "{(":
            if mark == "{" and not depth:
                body = text[start : part.start()].rstrip().endswith(")")
            depth += 1
        elif mark in "})":
            depth -= 1
            if mark == "}" and not depth and body:
                found.append(text[start : part.end()].strip())
                start = part.end()
        elif mark == ";" and not depth:
            found.append(text[start : part.end()].strip())
            start = part.end()
    return found


def _declared(flat: str) -> list[str]:
    return [words[-1] for item in flat.rstrip("; \n").split(",") if (words := _WORD.findall(item))]
