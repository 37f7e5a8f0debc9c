"""Where a statement of C ends in its text, without a parser: the user's text is what is changed, not a tree."""

from __future__ import annotations

import re

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LABEL = re.compile(r"\s*:(?!:)")
_OPENS = dict(zip("([{", ")]}", strict=True))


def matching(code: str, at: int) -> int | None:
    """The position after the bracket that closes the one at a position; None where none does.

    ``code`` is bare: without comments and the insides of strings.
    """
    waiting: list[str] = []
    for position in range(at, len(code)):
        letter = code[position]
        if letter in _OPENS:
            waiting.append(_OPENS[letter])
        elif waiting and letter == waiting[-1]:
            waiting.pop()
            if not waiting:
                return position + 1
        elif letter in ")]}":
            return None
    return None


def statement_end(code: str, at: int) -> int | None:
    """The position after the statement that begins at or behind a position; None where it is not told."""
    at = _skipped(code, at)
    if code.startswith("{", at):
        return matching(code, at)
    word = _WORD.match(code, at)
    if word is None:
        return _simple(code, at)
    end = word.end()
    match word.group():
        case "for" | "while" | "switch" | "if":
            opening = _skipped(code, end)
            closed = matching(code, opening) if code.startswith("(", opening) else None
            inner = statement_end(code, closed) if closed is not None else None
            if inner is None or word.group() != "if":
                return inner
            other = _skipped(code, inner)
            follows = _WORD.match(code, other)
            return statement_end(code, follows.end()) if follows and follows.group() == "else" else inner
        case "do":
            inner = statement_end(code, end)
            return _simple(code, inner) if inner is not None else None
        case "else" | "case" | "default":
            return None
    label = _LABEL.match(code, end)
    return statement_end(code, label.end()) if label else _simple(code, at)


def _skipped(code: str, at: int) -> int:
    blank = _BLANK.match(code, at)
    return blank.end() if blank else at


def _simple(code: str, at: int) -> int | None:
    """The position after the semicolon that ends an expression or declaration."""
    while at < len(code):
        if code[at] in _OPENS:
            closed = matching(code, at)
            if closed is None:
                return None
            at = closed
        elif code[at] == ";":
            return at + 1
        elif code[at] in ")]}":
            return None
        else:
            at += 1
    return None
