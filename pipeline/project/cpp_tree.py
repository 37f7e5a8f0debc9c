"""clang's JSON of a translation unit, read while clang still writes it, and where its nodes stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

_NEXT = b"\n    },\n"
"""Where a declaration at the top ends and another follows: a string has no line ends, so nothing else looks so."""

_LEAST = 2**15
"""The shortest piece in which an end is looked for: many short ones would take longer."""


_LINE, _FILE = re.compile(rb'"line": (\d+)'), re.compile(rb'"file": "((?:[^"\\]|\\.)*)"')

MOST_LEVELS = 1_000
"""A tree that is deeper is not read: clang indents every line by its depth, so that its text grows by the square."""
_DEEP = b"\n" + b" " * (4 * MOST_LEVELS)


class TooDeep(Exception):
    """A tree is nested deeper than :data:`MOST_LEVELS`; ``file`` as the compiler names it, and ``line``."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__(file, line)
        self.file = file
        self.line = line


class Position(NamedTuple):
    """A place: the file as the compiler names it, line and column in bytes from 1, offset in bytes."""

    file: str
    line: int
    column: int
    offset: int


class TreeReader:
    """Takes the text in pieces. ``root`` is then the tree, None where it cannot be read; every place in it has its
    file and line, which clang names only where they change. ``files`` are those that the tree has anything of.
    """

    def __init__(self) -> None:
        self.root: dict[str, Any] | None = None
        self.files: dict[str, None] = {}
        self._file, self._line = "", 0

    def take(self, pieces: Iterable[bytes]) -> None:
        """Reads a whole text; what was read of another before is forgotten. Raises :class:`TooDeep`."""
        self.root = None
        self.files = {}
        self._file, self._line = "", 0
        left: list[bytes] = []
        sound = True
        for piece in pieces:
            if not sound:
                continue
            if (deep := piece.find(_DEEP)) >= 0:
                raise self._too_deep(b"".join((*left, piece[:deep])))
            at = piece.rfind(_NEXT) if len(piece) >= _LEAST else -1
            if at < 0:  # A seam may hide an end, which the next piece has another of.
                left.append(piece)
                continue
            end = b"]" if self.root is not None else b"]}"
            sound = self._declarations((*left, piece[: at + len(_NEXT) - 2], end))
            left = [piece[at + len(_NEXT) :]]
        if self.root is not None:
            left = [b"".join(left).rstrip().removesuffix(b"}")]
        if not sound or not self._declarations(left):
            self.root = None

    def _too_deep(self, text: bytes) -> TooDeep:
        lines, files = _LINE.findall(text), _FILE.findall(text)
        file = files[-1].decode("utf-8", errors="replace") if files else self._file
        return TooDeep(file, int(lines[-1]) if lines else self._line)

    def _declarations(self, text: Iterable[bytes]) -> bool:
        """Some declarations and the end of a list; before the first of all, the text has the root's beginning."""
        begin = b"" if self.root is None else b"["
        try:
            found = json.loads(b"".join((begin, *text)).decode("utf-8", errors="replace"))
            if self.root is None:
                self.root = found
                found = found.get("inner", [])
            else:
                self.root["inner"] += found
        except (ValueError, RecursionError, KeyError, AttributeError, TypeError):
            return False
        self._fill(found)
        return True

    def _fill(self, nodes: list[dict[str, Any]]) -> None:
        file, line, files = self._file, self._line, self.files
        stack = nodes[::-1]
        while stack:
            node = stack.pop()
            if not node:
                continue
            places = [node["loc"]] if "loc" in node else []
            if "range" in node:
                places += node["range"].values()
            for place in places:
                for value in (place,) if "offset" in place else place.values():
                    if type(value) is not dict or "offset" not in value:
                        continue
                    if "file" in value:
                        file = value["file"]
                        files[file] = None
                    else:
                        value["file"] = file
                    if "line" in value:
                        line = value["line"]
                    else:
                        value["line"] = line
            # "inner" comes first, and the stack turns the order around.
            if "array_filler" in node:
                stack += node["array_filler"][::-1]
            if "inner" in node:
                stack += node["inner"][::-1]
        self._file, self._line = file, line


def begin_of(node: dict[str, Any]) -> Position | None:
    """Where a node begins, or what it declares is named; for what a macro makes, where the macro is used."""
    return (_position(node["range"]["begin"]) if "range" in node else None) or at_of(node)


def at_of(node: dict[str, Any]) -> Position | None:
    """Where the name of what a node declares stands."""
    return _position(node["loc"]) if "loc" in node else None


def end_of(node: dict[str, Any]) -> int:
    """The offset after a node's last token, 0 where it is not known."""
    if "range" not in node:
        return 0
    end = node["range"]["end"]
    end = end.get("expansionLoc", end)
    return int(end["offset"] + end.get("tokLen", 0)) if "offset" in end else 0


def _position(value: dict[str, Any]) -> Position | None:
    value = value.get("expansionLoc", value)
    if "offset" not in value:
        return None
    return Position(value["file"], value["line"], value["col"], value["offset"])
