"""The values of integer and character literals."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.kernels.c_types import CType, integer
from pipeline.kernels.values import Value, constant

_ESCAPES = {"n": 10, "t": 9, "r": 13, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11, "?": 63, "e": 27}
_UNIT = re.compile(r"\\([0-7]{1,3})|\\x([0-9a-fA-F]+)|\\[uU]([0-9a-fA-F]+)|\\(.)|(.)", re.DOTALL)
_STRING = re.compile(r'(u8|[LuU])?"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WIDE = {"L": "wchar_t", "u": "unsigned short", "U": "unsigned int"}
"""What an element of a literal with a prefix is, on x86-64."""


def units(body: str, wide: bool) -> list[int]:
    """The elements of what stands between the quotes, those of a plain literal as bytes of UTF-8."""
    found: list[int] = []
    for octal, hexadecimal, point, escape, plain in _UNIT.findall(body):
        if octal or hexadecimal:
            found.append(int(octal, 8) if octal else int(hexadecimal, 16))
            continue
        code = int(point, 16) if point else _ESCAPES.get(escape, ord(escape)) if escape else ord(plain)
        found += [code] if wide or code < 128 else list(chr(code).encode())
    return found


def string(text: str) -> tuple[CType, list[int]]:
    """What the elements of a string literal (or of adjacent ones) are, and their values with the NUL at the end."""
    parts = [(match[1] or "", match[2]) for match in _STRING.finditer(text)]
    prefix = next((prefix for prefix, _ in parts if prefix in _WIDE), "")
    element = integer(_WIDE.get(prefix, "char"))
    return element, [*(unit for _, body in parts for unit in units(body, bool(prefix))), 0]


@lru_cache(maxsize=4096)
def literal(text: str, kind: str) -> Value | None:
    """The value of an integer or character literal, None for any other."""
    if kind in ("char", "unsigned char", "signed char"):
        prefix, _, body = text[:-1].partition("'")
        found = units(body, prefix in _WIDE)
        if prefix in _WIDE:
            return constant(found[0], integer(_WIDE[prefix])) if len(found) == 1 else None
        if len(found) > 1 or prefix:  # several have the value that each compiler gives them
            return constant(found[0]) if len(found) == 1 and found[0] < 128 else None
        return constant(found[0] if found[0] < 128 or kind == "unsigned char" else found[0] - 256)
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
