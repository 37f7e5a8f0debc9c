"""C types as far as a kernel needs them: kind, width on x86-64, sign, array dimensions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.program import Layout

_MODE = re.compile(r"\b_*mode_*\s*\(\s*_*(\w+?)_*\s*\)")
_MODES = {"QI": 8, "byte": 8, "HI": 16, "SI": 32, "DI": 64, "word": 64, "pointer": 64, "TI": 128, "SF": 32, "DF": 64}
"""Machine modes of GNU C with their width in bits on x86-64 (GCC, "Common Variable Attributes")."""
_VECTOR = re.compile(r"\b_*(?:vector_size|ext_vector_type)_*\b")

_INT = {
    "_Bool": (8, False),
    "char": (8, True),
    "signed char": (8, True),
    "unsigned char": (8, False),
    "short": (16, True),
    "unsigned short": (16, False),
    "int": (32, True),
    "unsigned int": (32, False),
    "long": (64, True),
    "unsigned long": (64, False),
    "long long": (64, True),
    "unsigned long long": (64, False),
    "__int128": (128, True),
    "unsigned __int128": (128, False),
}
_FLOAT = {"float": 32, "double": 64, "long double": 128, "_Float16": 16, "float _Complex": 64, "double _Complex": 128}
_LIBRARY = {
    **{f"int{bits}_t": (bits, True) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": (bits, False) for bits in (8, 16, 32, 64)},
    **{f"int_least{bits}_t": (bits, True) for bits in (8, 16, 32, 64)},
    **{f"uint_least{bits}_t": (bits, False) for bits in (8, 16, 32, 64)},
    "int_fast8_t": (8, True),
    "uint_fast8_t": (8, False),
    **{f"int_fast{bits}_t": (64, True) for bits in (16, 32, 64)},
    **{f"uint_fast{bits}_t": (64, False) for bits in (16, 32, 64)},
    "intmax_t": (64, True),
    "uintmax_t": (64, False),
    "intptr_t": (64, True),
    "uintptr_t": (64, False),
    "size_t": (64, False),
    "ssize_t": (64, True),
    "ptrdiff_t": (64, True),
    "off_t": (64, True),
    "time_t": (64, True),
    "clock_t": (64, True),
    "wchar_t": (32, True),
    "bool": (8, False),
}
"""Integer types of the C library with their width and sign in the x86-64 System V ABI; fake headers say int."""

_WIDE = re.compile(r"ap_(u?)int<(\d+)>")
_FIXED = re.compile(r"ap_(u?)fixed<(\d+),-?\d+[^<>]*>")
STREAM = "struct hls::stream<"
"""What the name of a stream's type begins with; its one member is an element."""
_ORDER = ["unsigned", "signed", "short", "long", "char", "int", "float", "double", "_Complex"]


@dataclass(frozen=True, slots=True)
class CType:
    """A C type.

    ``kind`` is ``int``, ``float``, ``fixed`` (a fixed-point number), ``pointer``, ``array``, ``struct``, ``void``,
    ``function`` or ``unknown``,
    ``name`` is the spelling of the type itself (a typedef's own name where it was used), ``bits`` the width of a value
    (None where not known), ``element`` what a pointer or array holds and ``length`` an array's number of elements.
    """

    kind: str
    name: str
    bits: int | None = None
    signed: bool = True
    element: CType | None = None
    length: int | None = None
    const: bool = False
    align: int | None = None
    members: tuple[tuple[str, CType], ...] = ()
    union: bool = False
    before: tuple[tuple[str, int], ...] = ()
    """Of a struct: the bits before its members, where the compiler was asked."""
    tag: str | None = None
    """Of a struct whose members were not known yet: ``struct NAME``."""

    @property
    def stream(self) -> CType | None:
        """Of a stream (FIFO), or of a pointer or array of them: what it carries. None for any other type."""
        kind = self.base
        return kind.members[0][1] if kind.name.startswith(STREAM) and kind.members else None

    @property
    def base(self) -> CType:
        """The type of an element once all array dimensions and one outer pointer are taken off."""
        kind = self
        if kind.kind == "pointer" and kind.element is not None:
            kind = kind.element
        while kind.kind == "array" and kind.element is not None:
            kind = kind.element
        return kind

    @property
    def dims(self) -> tuple[int | None, ...]:
        """Array dimensions, outermost first; an outer pointer counts as a dimension of unknown length."""
        dims: list[int | None] = []
        kind = self
        if kind.kind == "pointer" and kind.element is not None:
            dims.append(None)
            kind = kind.element
        while kind.kind == "array" and kind.element is not None:
            dims.append(kind.length)
            kind = kind.element
        return tuple(dims)

    @property
    def range(self) -> tuple[int, int] | None:
        """Least and greatest value of an integer type, else None."""
        if self.kind != "int" or self.bits is None:
            return None
        if self.name == "_Bool":
            return (0, 1)
        if self.signed:
            return (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1)
        return (0, (1 << self.bits) - 1)


INT = CType("int", "int", 32, True, align=32)
UNKNOWN = CType("unknown", "?")


def integer(name: str) -> CType:
    """The integer type of that C name, ``int`` where the name is none."""
    bits, signed = _INT.get(name) or _LIBRARY.get(name) or (32, True)
    return CType("int", name, bits, signed, align=bits)


def library_type(name: str) -> CType | None:
    """A typedef of the C library by name, None where it is not an integer type known here."""
    if name in _LIBRARY:
        return integer(name)
    return None


def basic(names: list[str]) -> CType:
    """The type named by basic type words in any order, such as ``long unsigned int``."""
    words = [word for word in names if word not in ("const", "volatile")]
    if words == ["void"]:
        return CType("void", "void", 8, align=8)
    if len(words) == 1 and (wide := _WIDE.fullmatch(words[0])) is not None:
        bits = int(wide[2])
        return CType("int", words[0], bits, not wide[1], align=_rounded(bits))
    if len(words) == 1 and (point := _FIXED.fullmatch(words[0])) is not None:
        bits = int(point[2])
        return CType("fixed", words[0], bits, not point[1], align=_rounded(bits))
    ordered = sorted(words, key=lambda word: _ORDER.index(word) if word in _ORDER else 99)
    spelled = " ".join(ordered)
    if spelled in _FLOAT:
        bits = _FLOAT[spelled]
        return CType("float", spelled, bits, align=min(bits, 128))
    plain = [word for word in ordered if word != "int" or len(ordered) == 1]
    if plain[:1] == ["signed"] and plain != ["signed", "char"]:
        plain = plain[1:] or ["int"]
    if plain == ["unsigned"]:
        plain = ["unsigned", "int"]
    name = " ".join(plain) or "int"
    if name in _INT:
        return integer(name)
    return CType("unknown", " ".join(words) or "?")


def _rounded(bits: int) -> int:
    """The alignment of a number of any width, as clang gives it: the next power of two from 8 to 64."""
    return min(64, max(8, 1 << max(bits - 1, 0).bit_length()))


def pointer_to(element: CType) -> CType:
    """A pointer of 64 bits."""
    return CType("pointer", f"{element.name}*", 64, False, element, align=64)


def array_of(element: CType, length: int | None) -> CType:
    """An array; its width is known where the element's and the length are."""
    bits = element.bits * length if element.bits is not None and length is not None else None
    return CType("array", element.name, bits, element.signed, element, length, align=element.align)


def struct_of(name: str, members: list[tuple[str, CType]], *, union: bool, packed_or_bitfields: bool) -> CType:
    """A struct or union laid out as on x86-64; width unknown where a member's is, or where there are bit-fields."""
    known = not packed_or_bitfields and all(kind.bits is not None and kind.align for _, kind in members)
    if not known or not members:
        return CType("struct", name, None, members=tuple(members), union=union)
    align = max(kind.align or 8 for _, kind in members)
    bits = 0
    for _, kind in members:
        size = kind.bits or 0
        bits = max(bits, size) if union else _up(bits, kind.align or 8) + size
    return CType("struct", name, _up(bits, align), align=align, members=tuple(members), union=union)


def offsets(kind: CType) -> dict[str, tuple[int, CType]]:
    """The bits before each member of a struct, and its type; those of unnamed members within it among them.

    Empty where the members do not lie as their own alignments have it and the compiler was not asked.
    """
    if kind.before:
        known, own = dict(kind.before), _named_members(kind)
        return {name: (place, own[name]) for name, place in known.items() if name in own}
    plain = struct_of(kind.name, list(kind.members), union=kind.union, packed_or_bitfields=False)
    if kind.bits is None or (plain.bits, plain.align) != (kind.bits, kind.align):
        return {}
    found: dict[str, tuple[int, CType]] = {}
    after = 0
    for name, member in kind.members:
        place = 0 if kind.union else _up(after, member.align or 8)
        after = place + (member.bits or 0)
        inner = {word: (place + by, part) for word, (by, part) in offsets(member).items()} if not name else {}
        found |= inner or {name: (place, member)}
    return found


def _named_members(kind: CType) -> dict[str, CType]:
    found: dict[str, CType] = {}
    for name, member in kind.members:
        found |= {name: member} if name else _named_members(member)
    return found


def is_attributed(quals: Sequence[str]) -> bool:
    """Whether a GNU attribute stands among a declaration's qualifiers."""
    return any(word.startswith("__attribute__") for word in quals)


def attributed(kind: CType, quals: Sequence[str]) -> CType:
    """The type that a declaration's attributes make of a type: another width, or a vector, of which no arithmetic is
    known."""
    if not is_attributed(quals):
        return kind
    words = " ".join(quals)
    mode = _MODE.search(words)
    if _VECTOR.search(words) or (mode and mode[1] not in _MODES):
        return CType("unknown", kind.name, None, members=kind.members)
    return replace(kind, bits=_MODES[mode[1]], align=_MODES[mode[1]]) if mode else kind


def laid_out(kind: CType, layout: Layout) -> CType:
    """The type with the layout that the compiler gives it; arrays and pointers have those of their own."""
    if kind.kind in ("array", "pointer", "function"):
        return kind
    return replace(kind, bits=layout.bits, align=layout.align, before=tuple(layout.before.items()))


def _up(bits: int, align: int) -> int:
    return (bits + align - 1) // align * align


def usual(left: CType, right: CType) -> CType | None:
    """The common type of two integer operands (C11 6.3.1.8), None where one is no integer."""
    left_p, right_p = promote(left), promote(right)
    if left_p is None or right_p is None or left_p.bits is None or right_p.bits is None:
        return None
    if left_p.bits != right_p.bits:
        return left_p if left_p.bits > right_p.bits else right_p
    return right_p if left_p.signed and not right_p.signed else left_p


def promote(kind: CType) -> CType | None:
    """Integer promotion, None for what is no integer of known width."""
    if kind.kind != "int" or kind.bits is None:
        return None
    return INT if kind.bits < 32 else kind
