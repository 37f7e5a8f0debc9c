"""Tcl's lists, which are texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.project.tcl.unknown import Raised

_PLAIN = re.compile(r"[^\s{}\[\]$\"\\;#]+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def escaped(text: str, position: int) -> tuple[str, int]:
    """What the backslash at ``position`` stands for, and where the text goes on."""
    letter = text[position + 1 : position + 2]
    if not letter:
        return "\\", position + 1
    if letter == "\n":
        end = position + 2
        while text[end : end + 1] in (" ", "\t"):
            end += 1
        return " ", end
    if letter in _ESCAPES:
        return _ESCAPES[letter], position + 2
    for pattern, base in ((r"x([0-9a-fA-F]{1,2})", 16), (r"u([0-9a-fA-F]{1,4})", 16), (r"([0-7]{1,3})", 8)):
        if found := re.compile(pattern).match(text, position + 1):
            return chr(int(found[1], base)), found.end()
    return letter, position + 2


def braced_end(text: str, position: int) -> int:
    """The place of the brace that closes the one at ``position``; -1 where none does."""
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, position):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
            if depth == 0:
                return found.start()
    return -1


def list_of(text: str) -> list[str]:
    """The elements of a list. Raises Raised for a text that is none."""
    found: list[str] = []
    position, size = 0, len(text)
    while position < size:
        if text[position].isspace():
            position += 1
        elif text[position] == "{":
            end = braced_end(text, position)
            if end < 0:
                raise Raised("unmatched open brace in list")
            found.append(text[position + 1 : end])
            position = end + 1
        else:
            quoted = text[position] == '"'
            position += quoted
            word: list[str] = []
            while position < size and not (text[position] == '"' if quoted else text[position].isspace()):
                if text[position] == "\\":
                    letter, position = escaped(text, position)
                else:
                    letter, position = text[position], position + 1
                word.append(letter)
            position += quoted
            found.append("".join(word))
    return found


def text_of(elements: Iterable[str]) -> str:
    """The list of these elements."""
    return " ".join(map(_element, elements))


def _element(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if "\\" not in text and _balanced(text):
        return "{" + text + "}"
    return re.sub(r"([\s{}\[\]$\"\\;#])", lambda found: {"\n": "\\n"}.get(found[1], "\\" + found[1]), text)


def _balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0
