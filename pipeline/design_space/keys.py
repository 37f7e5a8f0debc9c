"""Design points and their canonical text, the design key.

A key is ``name-value`` per site, sorted by name as strings (``L10`` before ``L2``), joined with dots; the empty
value is written ``NA`` (the grammar of HLSyn, NeurIPS 2023, and of AutoDSE, TODAES 2022). Numeric text and numbers
are the same value: a key holds no types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import PipelineError

Point = dict[str, int | str]
"""A value per site name."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_START = re.compile(r"(?:\A|\.)([A-Za-z_][A-Za-z0-9_]*)-")
_NEXT_SITE = re.compile(r"\.[A-Za-z_][A-Za-z0-9_]*-")
_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,299})\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EMPTY = "NA"


def value_words(value: int | str) -> str:
    """A site's value for people: ``NA`` for the empty one, as in keys, ``on`` for blanks (a pragma without options)."""
    return _EMPTY if value == "" else str(value).strip() or "on"


_MAX_KEY = 1_000_000


def site_name(text: str) -> str:
    """``text`` if it can name a site (a C identifier); raises :class:`PipelineError` otherwise."""
    if not _NAME.match(text):
        raise PipelineError(f"'{text[:80]}' cannot name a pragma site", fix="use letters, digits and underscores")
    return text


def design_key(point: Mapping[str, int | str]) -> str:
    """The canonical text of a design point.

    ``parse_key(design_key(p)) == p`` up to numeric text becoming numbers. Raises :class:`PipelineError` for names or
    values that a key cannot hold (the text ``NA``, control characters, text that reads as the start of another site).
    """
    parts = []
    for name in sorted(point):
        value = point[name]
        if isinstance(value, str):
            text = value or _EMPTY
            if value == _EMPTY or _CONTROL.search(value) or _NEXT_SITE.search(value):
                raise PipelineError(f"the value {value[:80]!r} of site {name} cannot be written in a design key")
        elif isinstance(value, bool) or not hasattr(value, "__index__"):
            raise PipelineError(f"the value {value!r} of site {name} is neither a whole number nor text")
        else:
            number = int(value)
            if abs(number) >= 10**300:
                raise PipelineError(f"the value of site {name} is too large for a design key")
            text = str(number)
        parts.append(f"{site_name(name)}-{text}")
    return ".".join(parts)


def parse_key(key: str) -> Point:
    """The design point that a key stands for, sorted by name; ``''`` is the point of a kernel without sites.

    Whole numbers become ``int``, ``NA`` becomes ``''``, any other value (three blanks included) stays text.
    Raises :class:`PipelineError` for text that is no key.
    """
    if len(key) > _MAX_KEY:
        raise PipelineError(f"a design key of {len(key)} characters is no key", fix="check the file it came from")
    if not key:
        return {}
    starts = list(_START.finditer(key))
    if not starts or starts[0].start(1) != 0:
        raise _malformed(key, "it does not start with NAME-VALUE")
    point: Point = {}
    ends = [match.start() for match in starts[1:]] + [len(key)]
    for match, end in zip(starts, ends, strict=True):
        name, text = match.group(1), key[match.end() : end]
        if not text:
            raise _malformed(key, f"site {name} has no value (the empty value is written {_EMPTY})")
        if _CONTROL.search(text):
            raise _malformed(key, f"the value of site {name} holds a control character")
        if name in point:
            raise _malformed(key, f"site {name} is given twice")
        point[name] = _value(text)
    return {name: point[name] for name in sorted(point)}


def _value(text: str) -> int | str:
    if text == _EMPTY:
        return ""
    return int(text) if _NUMBER.match(text) else text


def _malformed(key: str, why: str) -> PipelineError:
    shown = key if len(key) <= 120 else key[:117] + "..."
    return PipelineError(f"malformed design key {shown!r}: {why}", fix="a key reads NAME-VALUE.NAME-VALUE")
