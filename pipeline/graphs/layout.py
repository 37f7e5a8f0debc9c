"""Sizes and offsets of LLVM types, read from their printed form, in the x86-64 System V layout."""

from __future__ import annotations

import re
from collections.abc import Mapping

_INTEGER = re.compile(r"i(\d+)$")
_FLOATS = {"half": 2, "bfloat": 2, "float": 4, "double": 8, "fp128": 16}
_SEQUENCE = re.compile(r"([\[<])(\d+) x (.*)[\]>]$")
_MAX_DEPTH = 100


class DataLayout:
    """Sizes, alignments and member offsets in bytes; None where a type has no size that is known here.

    ``structs`` maps the name of a struct, ``%`` included, to its printed body, as in
    :class:`pipeline.graphs.ir.IrModule`.
    """

    def __init__(self, structs: Mapping[str, str]) -> None:
        self._structs = structs
        self._known: dict[str, tuple[int, int] | None] = {}

    def size(self, kind: str) -> int | None:
        """Bytes from one element of an array of this type to the next."""
        found = self._measure(kind, 0)
        return found[0] if found else None

    def bits(self, kind: str) -> int | None:
        """Bits of a value: the integer's own width, 64 for a pointer, 8 times the size of all else."""
        match = _INTEGER.match(kind)
        if match:
            return int(match[1])
        size = self.size(kind)
        return None if size is None else 8 * size

    def element(self, kind: str) -> tuple[str, int] | None:
        """Element type and number of elements of an array or vector type, None for other types."""
        match = _SEQUENCE.match(kind)
        return (match[3], int(match[2])) if match else None

    def member(self, kind: str, index: int) -> tuple[str, int] | None:
        """Type and byte offset of a struct's member, None where it is not known."""
        found = self._members(kind)
        if found is None or not 0 <= index < len(found[0]):
            return None
        members, packed = found
        offset = 0
        for number, member in enumerate(members):
            measure = self._measure(member, 0)
            if measure is None:
                return None
            size, align = measure
            offset = offset if packed else _up(offset, align)
            if number == index:
                return member, offset
            offset += size
        return None

    def _members(self, kind: str) -> tuple[list[str], bool] | None:
        body = self._structs.get(kind, kind).strip()
        packed = body.startswith("<{")
        if packed:
            body = body[1:-1]
        if not body.startswith("{") or not body.endswith("}"):
            return None
        return split_types(body[1:-1]), packed

    def _measure(self, kind: str, depth: int) -> tuple[int, int] | None:
        if kind in self._known:
            return self._known[kind]
        if depth > _MAX_DEPTH:
            return None
        self._known[kind] = None
        self._known[kind] = found = self._measured(kind, depth)
        return found

    def _measured(self, kind: str, depth: int) -> tuple[int, int] | None:
        if kind.startswith("ptr"):
            return 8, 8
        if match := _INTEGER.match(kind):
            size = 1
            while 8 * size < int(match[1]):
                size *= 2
            return size, min(size, 16)
        if kind in _FLOATS:
            return _FLOATS[kind], _FLOATS[kind]
        if kind == "x86_fp80":
            return 16, 16
        if match := _SEQUENCE.match(kind):
            inner = self._measure(match[3], depth + 1)
            if inner is None:
                return None
            size = inner[0] * int(match[2])
            if match[1] == "<":
                size = 1 << max(size - 1, 0).bit_length()
                return size, size
            return size, inner[1]
        members = self._members(kind)
        if members is None:
            return None
        total, align = 0, 1
        for member in members[0]:
            inner = self._measure(member, depth + 1)
            if inner is None:
                return None
            if not members[1]:
                total = _up(total, inner[1])
                align = max(align, inner[1])
            total += inner[0]
        return _up(total, align), align


def split_types(text: str) -> list[str]:
    """Types separated by commas outside brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter in "[{<(":
            depth += 1
        elif letter in "]}>)":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts


def _up(offset: int, align: int) -> int:
    return (offset + align - 1) // align * align
