"""The values of integer and character literals."""

from __future__ import annotations

from functools import lru_cache

from pipeline.kernels.c_types import integer
from pipeline.kernels.values import Value, constant

_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11, "?": 63}


@lru_cache(maxsize=4096)
def literal(text: str, kind: str) -> Value | None:
    """The value of an integer or character literal, None for any other."""
    if kind in ("char", "unsigned char", "signed char"):
        body = text[text.index("'") + 1 : -1]
        if len(body) == 1:
            return constant(ord(body)) if ord(body) < 128 else None
        if len(body) == 2 and body[0] == "\\" and body[1] in _ESCAPES:
            return constant(_ESCAPES[body[1]])
        return None
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
