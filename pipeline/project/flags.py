"""Compiler flags as people write them, and which of them decide how a source reads.

Flags are of three kinds: those that decide what the text means (``-D``, ``-I``, ``-funsigned-char``), which every
reader gets; those that only the tool needs (``-Wall``, ``-O3``); and those that would load or write something
(``-fplugin=``, ``-o``, ``@file``), which are refused.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError

_WITH_VALUE = ("-D", "-U", "-include", "-imacros", "-iquote", "-isystem", "-idirafter", "-I")
"""Flags whose value stands in the same word or in the next one."""
_FOLDERS = ("-I", "-iquote", "-isystem", "-idirafter")
_FILES = ("-include", "-imacros")
_READ = re.compile(
    r"-std=[\w+:]+|-ansi|-f(un)?signed-char|-fsigned-bitfields|-fno-short-enums|-fno-short-wchar"
    r"|-fpack-struct(=\d+)?|-fms-extensions|-undef|-trigraphs"
)
"""Flags without a value of their own that decide how a source reads."""
_LAYOUT = re.compile(
    r"-f(un)?signed-char|-fsigned-bitfields|-fno-short-(enums|wchar)|-fpack-struct(=\d+)?|-fms-extensions"
)
_OTHER_TYPES = re.compile(
    r"-funsigned-bitfields|-fshort-enums|-fshort-wchar|-fshort-double|-fno-signed-(char|bitfields)"
)
"""Flags that give types other sizes or signs, which nothing here knows."""
_FOR_THE_TOOL = re.compile(
    r"-[WOgl][\w=+.,-]*|-w|-pedantic(-errors)?|-pthread|-pipe|-L.+|-f(?!plugin|pass-plugin|module|profile|sanitize)[\w=+.,-]+"
    r"|-m(arch|cpu|tune)=[\w.-]+"
)
_MACRO = re.compile(r"[A-Za-z_]\w*(\([\w, .]*\))?(=.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Flags:
    """Compiler flags: pairs of an option and its value (empty for none), in the order given."""

    options: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.options)

    def __add__(self, other: Flags) -> Flags:
        return Flags(self.options + other.options)

    @property
    def text(self) -> str:
        """The flags as one line that :func:`parse_flags` reads back."""
        return shlex.join(self.words)

    @property
    def words(self) -> tuple[str, ...]:
        """The flags as words of a command, a value joined to ``-D``, ``-U`` and ``-I``."""
        return tuple(_words(self.options))

    @property
    def reading(self) -> tuple[str, ...]:
        """Those that decide how a C source reads, as words; a C++ standard is no matter for C."""
        return tuple(_words([(name, value) for name, value in self.options if _reads(name)]))

    def for_language(self, language: str) -> tuple[str, ...]:
        """As :attr:`reading`, for ``c`` or ``c++``: a standard of the other language is left out."""
        kept = [
            (name, value)
            for name, value in self.options
            if _reads(name) or (language == "c++" and name.startswith("-std="))
            if not (language == "c++" and name.startswith("-std=") and "++" not in name)
        ]
        return tuple(_words(kept))

    @property
    def layout(self) -> tuple[str, ...]:
        """Those that decide sizes and signs of types, which no text shows."""
        return tuple(name for name, _ in self.options if _LAYOUT.fullmatch(name))

    @property
    def unsigned_char(self) -> bool:
        """Whether ``char`` has no sign; the last flag that says so counts."""
        return [name for name, _ in self.options if name.endswith("signed-char")][-1:] == ["-funsigned-char"]

    @property
    def macros(self) -> dict[str, str | None]:
        """What ``-D`` and ``-U`` leave of each name that they mention; None for undefined."""
        found: dict[str, str | None] = {}
        for name, value in self.options:
            macro, equals, text = value.partition("=")
            if name == "-D":
                found[macro] = text if equals else "1"
            elif name == "-U":
                found[value] = None
        return found

    @property
    def folders(self) -> tuple[Path, ...]:
        """Include folders, in the order given."""
        return tuple(Path(value) for name, value in self.options if name in _FOLDERS)

    @property
    def includes(self) -> tuple[str, ...]:
        """Files that ``-include`` and ``-imacros`` read before the source."""
        return tuple(value for name, value in self.options if name in _FILES)

    def without_includes(self) -> Flags:
        """The same without files that are read before the source."""
        return Flags(tuple((name, value) for name, value in self.options if name not in _FILES))

    def absolute(self) -> Flags:
        """The same with folders and files as absolute paths, for a command that runs elsewhere."""
        return self.under(Path.cwd())

    def under(self, folder: Path) -> Flags:
        """The same with folders and files as paths from ``folder`` on, for flags that are written for it."""
        named = (*_FOLDERS, *_FILES)
        return Flags(tuple((name, str(folder / value) if name in named else value) for name, value in self.options))


NO_FLAGS = Flags()


def parse_flags(text: str | Sequence[str], where: str = "--cflags") -> Flags:
    """The flags of a line as a shell would split it, or of words that are split already.

    Raises PipelineError, naming ``where`` they stand, for broken quotes and for flags that are not passed on.
    """
    if isinstance(text, str):
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise PipelineError(f"{where} {text!r}: {str(error).lower()}", fix="close the quote") from None
    else:
        words = list(text)
    options: list[tuple[str, str]] = []
    following = iter(words)
    for spelled in following:
        word = spelled.removeprefix("-") if spelled.startswith("--std=") else spelled
        option = next((name for name in _WITH_VALUE if word.startswith(name)), None)
        if option is not None and (option in ("-D", "-U", "-I") or word == option or word.startswith(f"{option}=")):
            value = word[len(option) :]
            if option not in ("-D", "-U", "-I"):
                value = value.removeprefix("=")
            if not value:
                value = next(following, "")
            if not value or (value.startswith("-") and option not in ("-I",)):
                raise PipelineError(f"{where}: {option} says nothing", fix=f"write {option}VALUE or leave it out")
            if (option == "-D" and not _MACRO.fullmatch(value)) or (option == "-U" and not value.isidentifier()):
                raise PipelineError(f"{where}: {value[:60]!r} is no macro", fix="write -DNAME or -DNAME=VALUE")
            if any(not character.isprintable() for character in value):
                raise PipelineError(f"{where}: {option} with a control character", fix="remove it")
            options.append((option, value))
        elif _OTHER_TYPES.fullmatch(word):
            raise PipelineError(
                f"{where}: {word} gives types other sizes or signs, which is not supported",
                fix="leave it out, and write the types that are meant",
            )
        elif _READ.fullmatch(word) or _FOR_THE_TOOL.fullmatch(word):
            options.append((word, ""))
        else:
            raise PipelineError(
                f"{where}: {word[:60]!r} is no flag that is passed on",
                fix="give -D, -U, -I, -isystem, -include, -std= and flags of warnings and optimisation",
            )
    return Flags(tuple(options))


def _reads(name: str) -> bool:
    if name.startswith("-std="):
        return "++" not in name
    return name in _WITH_VALUE or _READ.fullmatch(name) is not None


def _words(options: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in options:
        if name in ("-D", "-U", "-I"):
            yield name + value
        else:
            yield name
            if value:
                yield value
