"""Tcl's text as commands of words: the dozen rules of Tcl(n), nothing evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.project.tcl.lists import braced_end, escaped
from pipeline.project.tcl.unknown import Refused

_NAME = re.compile(r"(?:::)?\w+(?:::\w+)*|::")
_BLANKS = " \t\r\f\v"
_MOST_NESTED = 60


@dataclass(frozen=True, slots=True)
class TclVariable:
    """``$name``, or ``$name(index)``."""

    name: str
    index: tuple[Part, ...] | None


@dataclass(frozen=True, slots=True)
class Script:
    """``[script]``."""

    text: str
    line: int


Part = str | TclVariable | Script


@dataclass(frozen=True, slots=True)
class Word:
    """Parts that are put together; ``expand`` for ``{*}``, ``braced`` for a text that nothing is done to."""

    parts: tuple[Part, ...]
    braced: bool = False
    expand: bool = False


@dataclass(frozen=True, slots=True)
class TclCommand:
    """One command: its words and the line that it begins on."""

    words: tuple[Word, ...]
    line: int


@lru_cache(maxsize=2048)
def commands(text: str, line: int = 1) -> tuple[TclCommand, ...]:
    """The commands of a script whose first line is ``line``. Raises Refused, with the line, for what is no Tcl."""
    reader = Reader(text, line)
    found = []
    while (command := reader.command()) is not None:
        found.append(command)
    return tuple(found)


@lru_cache(maxsize=4096)
def parts_of(text: str, line: int) -> tuple[Part, ...]:
    """The parts of a text that is substituted as between quotes."""
    return Reader(text, line).parts("")


class Reader:
    """A place ``at`` in a text, and what begins there."""

    def __init__(self, text: str, line: int, depth: int = 0) -> None:
        self.text, self.first, self.at, self.depth = text, line, 0, depth
        self._counted = (0, line)

    @property
    def line(self) -> int:
        """The line of the place."""
        at, line = self._counted if self._counted[0] <= self.at else (0, self.first)
        self._counted = (self.at, line + self.text.count("\n", at, self.at))
        return self._counted[1]

    def command(self) -> TclCommand | None:
        """The next command, None at the end."""
        while True:
            self.blank(_BLANKS + "\n;")
            if self.at >= len(self.text):
                return None
            if self.text[self.at] != "#":
                break
            end = re.compile(r"(?:[^\\\n]|\\.)*", re.DOTALL).match(self.text, self.at)
            self.at = end.end() if end else len(self.text)
            if self.text[self.at : self.at + 1] == "\\":
                self.at += 1
        line = self.line
        words: list[Word] = []
        while self.at < len(self.text) and self.text[self.at] not in "\n;":
            words.append(self.word())
            self.blank(_BLANKS)
        self.at += 1
        return TclCommand(tuple(words), line)

    def blank(self, letters: str) -> None:
        """Passes over these letters and joined lines."""
        while self.at < len(self.text):
            if self.text[self.at] in letters:
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            else:
                break

    def word(self) -> Word:
        """The word that begins here."""
        expand = self.text.startswith("{*}", self.at) and self.text[self.at + 3 : self.at + 4] not in (
            "", " ", "\t", "\n", ";",
        )  # fmt: skip
        if expand:
            self.at += 3
        letter = self.text[self.at]
        if letter == "{":
            end = braced_end(self.text, self.at)
            if end < 0:
                raise Refused("a brace is not closed", self.line)
            inner = self.text[self.at + 1 : end]
            self.at = end + 1
            return Word((re.sub(r"\\\n[ \t]*", " ", inner),) if inner else (), braced=True, expand=expand)
        if letter == '"':
            line = self.line
            self.at += 1
            parts = self.parts('"')
            if self.text[self.at : self.at + 1] != '"':
                raise Refused("a quote is not closed", line)
            self.at += 1
            return Word(parts, expand=expand)
        return Word(self.parts(" \t\r\f\v\n;"), expand=expand)

    def parts(self, ends: str) -> tuple[Part, ...]:
        """Parts up to a letter of ``ends``, or to the end."""
        found: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                found.append("".join(plain))
                plain.clear()

        while self.at < len(self.text) and self.text[self.at] not in (ends or "\0"):
            letter = self.text[self.at]
            if letter == "\\":
                if self.text.startswith("\\\n", self.at) and " " in ends:
                    break
                written, self.at = escaped(self.text, self.at)
                plain.append(written)
            elif letter == "$" and (part := self.variable()) is not None:
                flush()
                found.append(part)
            elif letter == "[":
                flush()
                found.append(self.script())
            else:
                plain.append(letter)
                self.at += 1
        flush()
        return tuple(found)

    def variable(self) -> TclVariable | None:
        """The variable that begins here with ``$``; None for a lone one."""
        if self.text.startswith("${", self.at):
            end = self.text.find("}", self.at)
            if end < 0:
                raise Refused("${ is not closed", self.line)
            name = self.text[self.at + 2 : end]
            self.at = end + 1
            array = re.fullmatch(r"(.*)\((.*)\)", name, re.DOTALL)
            return TclVariable(array[1], (array[2],)) if array else TclVariable(name, None)
        match = _NAME.match(self.text, self.at + 1)
        if match is None:
            return None
        self.at = match.end()
        if self.text[self.at : self.at + 1] != "(":
            return TclVariable(match[0], None)
        line = self.line
        self.at += 1
        index = self.parts(")")
        if self.text[self.at : self.at + 1] != ")":
            raise Refused("an index is not closed", line)
        self.at += 1
        return TclVariable(match[0], index)

    def script(self) -> Script:
        """The script in brackets: its commands are passed over to find its end."""
        if self.depth > _MOST_NESTED:
            raise Refused("brackets are nested too deeply", self.line)
        line, start = self.line, self.at + 1
        inner = Reader(self.text, line, self.depth + 1)
        inner._counted = (self.at, line)
        inner.at = start
        while True:
            inner.blank(_BLANKS + "\n;")
            if inner.at >= len(self.text):
                raise Refused("a bracket is not closed", line)
            if self.text[inner.at] == "]":
                break
            inner._bracketed()
        self.at = inner.at + 1
        return Script(self.text[start : inner.at], line)

    def _bracketed(self) -> None:
        """Passes over a word within brackets."""
        if self.text[self.at] in '{"':
            self.word()
        else:
            before = self.at
            self.parts(" \t\r\f\v\n;]")
            if self.at == before:
                self.at += 1
