"""What calls of the vendor's and the standard library's types cost, by the names that a C++ kernel's reader gives them.

Rough where the tool's own cores decide: a stream or a port takes one access a cycle (UG1399, "Using HLS Streams"), what
only moves bits or registers is free, and vectors and complex numbers are as many operations as they hold numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_READS = frozenset({"read", "read_nb", "read_dep", "read_unaligned", "valid"})
_WRITES = frozenset({"write", "write_nb", "write_dep", "write_unaligned"})
_PORTS = ("hls::stream<", "hls::burst_maxi<", "hls::ap_port<")
_FREE_TYPES = (
    "ap_int<",
    "ap_uint<",
    "ap_fixed<",
    "ap_ufixed<",
    "ap_shift_reg<",
    "std::ostream::",
    "std::basic_ostream<",
)
_FREE = frozenset({
    "fence", "print", "hls::print", "std::operator<<", "ap_wait", "ap_wait_n", "ap_wait_until", "endl", "setw",
    "setprecision", "exit", "abort",
})  # fmt: skip
_BITS = {
    **dict.fromkeys(("clz", "clzl", "clzll", "ctz", "ctzl", "ctzll", "ffs", "ffsl", "ffsll"), (("logic", 2),)),
    **dict.fromkeys(("popcount", "popcountl", "popcountll"), (("add", 2), ("add", 1))),
    **dict.fromkeys(("parity", "parityl", "parityll"), (("logic", 1),)),
    **dict.fromkeys(("bswap16", "bswap32", "bswap64", "expect"), ()),
}
"""Built-in functions on bits; trees of small operations, assumed to cost about as much as so many whole ones."""
_OPERATIONS = {
    "+": "add", "-": "add", "*": "mul", "/": "div", "%": "div", "&": "logic", "|": "logic", "^": "logic",
    "<": "cmp", ">": "cmp", "<=": "cmp", ">=": "cmp", "==": "cmp", "!=": "cmp",
}  # fmt: skip
_REDUCED = {"add": "add", "mult": "mul", "and": "logic", "or": "logic", "xor": "logic", "min": "cmp", "max": "cmp"}
_COMPLEX = {
    "+": (("add", 2),), "-": (("add", 2),), "*": (("mul", 4), ("add", 2)), "/": (("mul", 6), ("add", 3), ("div", 2)),
    "norm": (("mul", 2), ("add", 1)),
}  # fmt: skip
_VECTOR = re.compile(r"hls::vector<(?P<of>.+),(?P<length>\d+)>::(?P<method>.+)")
_OF_COMPLEX = re.compile(r"(?:std::complex|hls::x_complex)<(?P<of>.+)>::(?P<method>.+)")
_BLOCK = re.compile(r"hls::dsp(?:48e1|48e2|58|cplx)::(?:cascade|acc)<.*>::(?P<method>\w+)")


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """The cost of a call: the port that its first argument is, or operations one after the other."""

    port: str | None = None
    """``read`` or ``write``; None where the object is no port."""
    operations: tuple[tuple[str, int], ...] = ()
    """Kind and how many side by side, in order."""
    of: str = ""
    """The C++ type of the numbers, empty for the type of the result."""


def library_call(name: str) -> LibraryCall | None:
    """The cost of the function of that name; None where it is not known."""
    if name in _FREE:
        return LibraryCall()
    if name in _BITS:
        return LibraryCall(operations=_BITS[name])
    if name in ("std::min", "std::max"):
        return LibraryCall(operations=(("cmp", 1), ("select", 1)))
    method = name.rpartition("::")[2]
    if name.startswith(_PORTS):
        return LibraryCall("read" if method in _READS else "write" if method in _WRITES else None)
    if (found := _VECTOR.fullmatch(name)) is not None:
        length, word = int(found["length"]), found["method"]
        sign = word.removeprefix("operator")
        operation = _OPERATIONS.get(sign) or _OPERATIONS.get(sign.removesuffix("="))
        if word.startswith("operator") and operation is not None:
            return LibraryCall(operations=((operation, length),), of=found["of"])
        reduced = _REDUCED.get(word.removeprefix("reduce_")) if word.startswith("reduce_") else None
        if reduced is not None:
            return LibraryCall(operations=((reduced, 1),) * max(length - 1, 1), of=found["of"])
        return LibraryCall() if word in ("vector", "operator=") else None
    if (found := _OF_COMPLEX.fullmatch(name)) is not None:
        word = found["method"].removeprefix("operator").removesuffix("=") or "="
        if word in ("real", "imag", "complex", "x_complex", "="):
            return LibraryCall()
        return LibraryCall(operations=_COMPLEX[word], of=found["of"]) if word in _COMPLEX else None
    if (found := _BLOCK.fullmatch(name)) is not None:
        return LibraryCall(operations=(("mul", 1), ("add", 1)), of="int") if "mul" in found["method"] else None
    if name.startswith(_FREE_TYPES):
        return LibraryCall()
    return None
