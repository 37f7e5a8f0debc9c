"""The values of integer and character literals, and the lengths of strings."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.kernels.c_types import CType, integer
from pipeline.kernels.values import Value, constant

_ESCAPES = {"n": 10, "t": 9, "r": 13, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11, "?": 63, "e": 27}
_ESCAPED = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


@lru_cache(maxsize=4096)
def literal(text: str, kind: str) -> Value | None:
    """The value of an integer or character literal, None for any other."""
    if kind in ("char", "unsigned char", "signed char"):
        return _character(text[text.index("'") + 1 : -1])
    digits = text.replace("'", "").lower()
    stem = digits.rstrip("ul")
    suffix = digits[len(stem) :]
    try:
        if stem.startswith("0x"):
            number, decimal = int(stem, 16), False
        elif stem.startswith("0b"):
            number, decimal = int(stem, 2), False
        elif stem.startswith("0") and len(stem) > 1:
            number, decimal = int(stem, 8), False
        else:
            number, decimal = int(stem, 10), True
    except ValueError:
        return None
    names = ["int", "unsigned int", "long", "unsigned long"]
    if "l" in suffix:
        names = names[2:]
    if "u" in suffix:
        names = [name for name in names if name.startswith("unsigned")]
    elif decimal:
        names = [name for name in names if not name.startswith("unsigned")]
    for name in names:
        ctype = integer(name)
        if ctype.range and number <= ctype.range[1]:
            return constant(number, ctype)
    return None


def _character(body: str) -> Value | None:
    escaped = _ESCAPED.fullmatch(body)
    if escaped is None:
        return constant(ord(body)) if len(body) == 1 and ord(body) < 128 else None
    octal, by_hex, *_, letter = escaped.groups()
    number = int(octal, 8) if octal else int(by_hex, 16) if by_hex else _ESCAPES.get(letter or "", 128)
    # Beyond 127 the value is that of a char, whose sign the flags decide.
    return constant(number) if number < 128 else None


def character(text: str) -> CType:
    """What the elements of a string literal are, by its prefix."""
    return integer({"L": "wchar_t", "u": "unsigned short", "U": "unsigned int"}.get(text.partition('"')[0], "char"))


def string_length(text: str) -> int:
    """Characters of a string literal as the compiler stores it, the NUL at its end among them."""
    prefix, body = text.split('"', 1)
    plain = _ESCAPED.sub(lambda found: chr(int(found[3] or found[4] or "0", 16)), body[:-1])
    return 1 + (len(plain) if prefix in ("L", "u", "U") else len(plain.encode()))


def literal_real(text: str) -> float | None:
    """The value of a floating-point literal, decimal or hexadecimal, before it is rounded to its type."""
    digits = text.replace("'", "").lower()
    try:
        return float.fromhex(digits.rstrip("fl")) if digits.startswith("0x") else float(digits.rstrip("fl"))
    except ValueError:
        return None
