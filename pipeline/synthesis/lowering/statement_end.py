"""Where a statement of C ends in its text, without a parser: the user's text is what is changed, not a tree."""

from __future__ import annotations

import re

from pipeline.project.source_text import OPENING, matching

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LABEL = re.compile(r"\s*:(?!:)")


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
        if code[at] in OPENING:
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
