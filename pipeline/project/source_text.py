"""The text of a C file: decoded, and with its comments blanked out."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.files import read_plain

MAX_SOURCE_BYTES = 32 * 2**20
"""A C file or header larger than this is refused."""

_LEXEMES = re.compile(
    r'"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|/\*.*?\*/"
    r"|//(?:[^\\\n]+|\\\n|\\)*+"
    r"|/\*",
    re.DOTALL,
)
_SPLICES = re.compile(
    r'"(?:\\.|[^"\\\n])*+"'
    r"|'(?:\\.|[^'\\\n])*+'"
    r"|^[ \t]*#(?:[^\\\n]+|\\\n|\\)*+"
    r"|\\\n",
    re.DOTALL | re.MULTILINE,
)
_DIRECTIVES = re.compile(r"^[ \t]*#(?:[^\\\n]|\\\r?\n|\\)*", re.MULTILINE)
_CONDITION = re.compile(r"^[ \t]*#[ \t]*(if|el|en)", re.MULTILINE)
_NOT_NEWLINE = re.compile(r"[^\n]")
_ODD_SEPARATORS = dict.fromkeys(map(ord, "\f\v\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def read_source(path: Path) -> str:
    """The text of a C file. Raises PipelineError for what is no plain text file of at most ``MAX_SOURCE_BYTES``."""
    return decode(read_plain(path, most=MAX_SOURCE_BYTES, fix="give a C source file"), str(path))


def decode(data: bytes, file: str) -> str:
    """The text of a C file; bytes that are not UTF-8 are read as Latin-1 (they can only stand in comments and strings).

    Raises PipelineError for binary files, for UTF-16 and for files over ``MAX_SOURCE_BYTES``.
    """
    if len(data) > MAX_SOURCE_BYTES:
        raise PipelineError(
            f"file of {len(data)} bytes is larger than the {MAX_SOURCE_BYTES} that are read",
            file=file,
            fix="give the kernel's own C file",
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PipelineError("the file is UTF-16", file=file, fix="save it as UTF-8")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise PipelineError("the file is binary (it holds a NUL byte)", file=file, line=line, fix="give C source text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def plain_lines(text: str) -> str:
    """The text with every end of line as one newline character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_comments(text: str, file: str) -> str:
    """The text with comments blanked out, so that lines and columns stay what they were."""

    def blank(match: re.Match[str]) -> str:
        lexeme = match.group()
        if not lexeme.startswith("/"):
            return lexeme
        if lexeme == "/*":
            line = text.count("\n", 0, match.start()) + 1
            raise PipelineError("comment is never closed", file=file, line=line, fix="add */")
        return _NOT_NEWLINE.sub(" ", lexeme)

    text = plain_lines(text)
    text = _LEXEMES.sub(blank, text).translate(_ODD_SEPARATORS).rstrip()
    if text.endswith("\\"):  # nothing is left to continue with
        text = text.rstrip("\\ \t\n")
    return "\n".join([line.rstrip() for line in text.split("\n")])


def uncommented(text: str) -> str:
    """The text at its own length and with its own lines, with comments blanked out."""
    return _LEXEMES.sub(lambda found: _NOT_NEWLINE.sub(" ", found[0]) if found[0].startswith("/") else found[0], text)


def bare_code(text: str) -> str:
    """The text at its own length, with comments, the insides of strings and preprocessor lines blanked out.

    Ends of lines inside comments and of lines that go on are blanks too, so that a newline is where a line can be put.
    """

    def blank(match: re.Match[str]) -> str:
        lexeme = match.group()
        return " " * len(lexeme) if lexeme.startswith("/") else lexeme[0] + " " * (len(lexeme) - 2) + lexeme[-1:]

    code = _DIRECTIVES.sub(lambda match: " " * len(match.group()), _LEXEMES.sub(blank, text))
    return code.replace("\\\r\n", "   ").replace("\\\n", "  ")


def blanked(text: str) -> str:
    """The text at its own length, with comments and strings blanked out."""
    return _LEXEMES.sub(lambda lexeme: _NOT_NEWLINE.sub(" ", lexeme[0]), text)


def uncut(text: str, start: int, end: int) -> bool:
    """Whether the preprocessor keeps a text at ``end`` where it does at ``start``: no condition around the one goes on
    or ends before the other, or is open there alone."""
    level = 0
    for found in _CONDITION.finditer(blanked(text[:end]), start):
        if found[1] == "if":
            level += 1
        elif level == 0:
            return False
        elif found[1] == "en":
            level -= 1
    return level == 0


def without_splices(text: str) -> str:
    """The text without the backslashes that continue a line of code between two words.

    Every word keeps its line, which a preprocessor would join with the first one. Directives, strings and words that go
    on in the next line stay as they are.
    """
    if "\\\n" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        around = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
        if match.group() != "\\\n" or (len(around) == 2 and not any(letter in " \t\n" for letter in around)):
            return match.group()
        return " \n"

    return _SPLICES.sub(plain, text)


OPENING = dict(zip("([{", ")]}", strict=True))
"""Brackets that open, and what closes each."""


def matching(code: str, at: int) -> int | None:
    """The position after the bracket that closes the one at a position; None where none does.

    ``code`` is bare: without comments and the insides of strings.
    """
    waiting: list[str] = []
    for position in range(at, len(code)):
        letter = code[position]
        if letter in OPENING:
            waiting.append(OPENING[letter])
        elif waiting and letter == waiting[-1]:
            waiting.pop()
            if not waiting:
                return position + 1
        elif letter in ")]}":
            return None
    return None
