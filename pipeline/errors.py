"""The one kind of error that users see: a single line that says where, what and what to do."""

from __future__ import annotations

import contextlib
import difflib
import math
import re
from collections.abc import Iterable
from pathlib import Path

# C0 and C1 controls, DEL, line separators, and what turns or hides text (Unicode TR36): none may act on a terminal.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def printable(text: str, *, lines: bool = False) -> str:
    """The text with control characters, and what else acts on a terminal, written as escapes such as ``\\x1b``.

    Tabs stay, and line breaks where ``lines``.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = "\t\n" if lines else "\t"
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] in kept else _escaped(found[0]), text)


def _escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def shortened(name: str, most: int = 400) -> str:
    """The name, without its middle where it is longer than ``most`` characters."""
    return name if len(name) <= most else f"{name[: most // 3]}...{name[-most // 2 :]}"


def plain_number(value: float, digits: int = 4, *, grouped: bool = True) -> str:
    """A number for people, with at least so many digits where it has them and never as a power of ten.

    >>> plain_number(1234567.0), plain_number(0.000123456), plain_number(40.0)
    ('1,234,567', '0.0001235', '40')
    """
    if not math.isfinite(value):
        return str(value)
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0) if value else 0
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return text if grouped else text.replace(",", "")


def clock_text(period: float) -> str:
    """A clock period in ns for people; the frequency stands beside one that people ask for as such.

    >>> clock_text(4.0), clock_text(3.333333)
    ('4 ns', '3.333 ns (300 MHz)')
    """
    if not (math.isfinite(period) and period > 0):
        return f"{period:g} ns"
    # To the picosecond, as labels for two periods are told apart.
    text = plain_number(period, max(4, 4 + math.floor(math.log10(period))))
    short = math.isclose(float(text.replace(",", "")), period, rel_tol=1e-9)
    return f"{text} ns" if short else f"{text} ns ({plain_number(1000 / period, 5)} MHz)"


def counted(count: int, word: str) -> str:
    """So many of a thing, as ``1 run`` and ``1,234 runs``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody who wrote ``word`` may have meant; None where none is like it."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def nearest_file(path: Path, endings: tuple[str, ...], but: Iterable[Path] = ()) -> Path | None:
    """The file beside where ``path`` says that one is, with one of the endings, that somebody may have meant.

    Names are compared without their ending; ``but`` are files that are meant as they are.
    """
    known = set(but)
    with contextlib.suppress(OSError):
        beside = [one for one in path.parent.iterdir() if one.name.lower().endswith(endings) and one not in known]
        by_stem = {one.stem: one for one in sorted(beside, reverse=True)}
        if (meant := nearest(path.stem, by_stem)) is not None:
            return by_stem[meant]
    return None


class PipelineError(Exception):
    """A problem with an input or the environment, told in one line.

    ``str(error)`` reads ``file:line:column: problem; fix`` with the parts that are known, and holds no control
    character. Line and column count from 1.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem = printable(" ".join(problem.split()))
        self.file = file
        self.line = line
        self.column = column
        self.fix = printable(" ".join(fix.split())) if fix else None
        super().__init__(str(self))

    def __str__(self) -> str:
        place = printable(shortened(self.file or ""))
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}; {self.fix}" if self.fix else text

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries by pickle; keyword arguments are lost without this.
        return (_rebuild, (type(self), self.problem, self.file, self.line, self.column, self.fix))


def _rebuild(
    kind: type[PipelineError],
    problem: str,
    file: str | None,
    line: int | None,
    column: int | None,
    fix: str | None,
) -> PipelineError:
    return kind(problem, file=file, line=line, column=column, fix=fix)
