"""Values as text that TCL and the tool's cfg files read as exactly that value, or not at all."""

from __future__ import annotations

import re

from pipeline.errors import PipelineError

_BARE = re.compile(r"[A-Za-z0-9_./:%=,+-]+")
_CFG = re.compile(r"[A-Za-z0-9_./:%=,+<>*() -]+")


class Quoted(str):
    """Text that may stand in a script as it is. Templates refuse anything else."""

    __slots__ = ()


def tcl_word(value: object, *, option_value: bool = False) -> Quoted:
    """The value as one TCL word that substitutes to the same text and does nothing else.

    Whatever is not plainly harmless is written as ``\\uXXXX``, so the script is ASCII and no character of the value
    can end the word, start a substitution or be read in another encoding. Raises PipelineError for control
    characters, for characters beyond the basic plane (TCL 8.6 has no spelling for them) and for a leading ``-``,
    which commands take for an option, unless the word is an ``option_value``.
    """
    text = str(value)
    if any(ord(letter) > 0xFFFF or 0xD800 <= ord(letter) <= 0xDFFF or not letter.isprintable() for letter in text):
        raise PipelineError(f"the value {text[:60]!r} holds characters that cannot be handed to TCL")
    if text.startswith("-") and not option_value:
        raise PipelineError(f"the value {text[:60]!r} would be taken for an option", fix="begin it with another letter")
    if _BARE.fullmatch(text):
        return Quoted(text)
    return Quoted('"' + "".join(c if c == " " or _BARE.fullmatch(c) else f"\\u{ord(c):04x}" for c in text) + '"')


def tcl_value(value: object) -> Quoted:
    """The value as the word after an option: as :func:`tcl_word`, and it may begin with ``-``."""
    return tcl_word(value, option_value=True)


def cfg_value(value: object) -> Quoted:
    """The value as the right side of a line of a cfg file, as it is.

    Raises PipelineError for anything that could end the line, start a comment or a section, or be trimmed: a cfg
    file has no quoting.
    """
    text = str(value)
    if not is_cfg_value(text):
        raise PipelineError(f"the value {text[:60]!r} cannot be written in a cfg file of the tool")
    return Quoted(text)


def is_cfg_value(text: str) -> bool:
    """Whether a text can be the right side of a line of a cfg file."""
    return _CFG.fullmatch(text) is not None and text == text.strip() and "  " not in text


def cfg_words(value: object) -> Quoted:
    """Words of a command line as the right side of a line of a cfg file: who gets them takes the quotes away.

    Raises PipelineError as :func:`cfg_value` does.
    """
    text = str(value)
    cfg_value(text.replace("'", ""))
    return Quoted(text)


def tcl_option(value: object) -> Quoted:
    """An option's name, with its dash."""
    text = str(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text):
        raise PipelineError(f"{text[:60]!r} is no name of an option")
    return Quoted(f"-{text}")
