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
_SIGNS = frozenset({"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "~"})
_COMPARISONS = frozenset({"<", ">", "<=", ">=", "==", "!="})
_REDUCED = {"add": "add", "mult": "mul", "and": "logic", "or": "logic", "xor": "logic", "min": "cmp", "max": "cmp"}
VECTOR = re.compile(r"hls::vector<(?P<of>.+),(?P<length>\d+)>(?:::(?P<method>.+))?")
COMPLEX = re.compile(r"(?:std::complex|hls::x_complex)<(?P<of>.+)>(?:::(?P<method>.+))?")
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
    sign: str = ""
    """The operator of C that it is on each number, or on complex numbers; empty where it is none."""
    changes: bool = False
    """Its first argument is the object that it gives what comes out."""
    begins: bool = False
    """What that object was before does not matter."""
    member: str = ""
    """The number of the object that it reads, or gives a value where one is given."""

    def stores(self, position: int, given: int) -> bool:
        """Whether it changes what the argument there points to, of so many that it is given."""
        if self.port is not None:
            return self.port == "read" and position > 0
        return position == 0 and (self.changes or (bool(self.member) and given > 1))


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
    if (found := VECTOR.fullmatch(name) or COMPLEX.fullmatch(name)) is not None and found["method"] is not None:
        return _of_object(name, found["of"], found["method"])
    if (found := _BLOCK.fullmatch(name)) is not None:
        return LibraryCall(operations=(("mul", 1), ("add", 1)), of="int") if "mul" in found["method"] else None
    if name.startswith(_FREE_TYPES):
        return LibraryCall()
    return None


def _of_object(name: str, of: str, word: str) -> LibraryCall | None:
    """The cost of a method or operator of vectors and complex numbers."""
    if word in ("vector", "complex", "x_complex", "operator="):
        return LibraryCall(of=of, changes=True, begins=True)
    if word in ("real", "imag"):
        return LibraryCall(of=of, member=f".{word[:2]}")
    if word in ("operator++", "operator--"):
        return LibraryCall(of=of, sign=word[-1], changes=True)
    sign = word.removeprefix("operator")
    vector = VECTOR.fullmatch(name)
    if sign != word and sign in _COMPARISONS:
        return LibraryCall(operations=(("cmp", int(vector["length"]) if vector is not None else 2),), of=of)
    if sign != word and sign.removesuffix("=") in _SIGNS:
        return LibraryCall(of=of, sign=sign.removesuffix("="), changes=sign.endswith("="))
    reduced = _REDUCED.get(word.removeprefix("reduce_")) if word.startswith("reduce_") else None
    if vector is not None and reduced is not None:
        return LibraryCall(operations=((reduced, 1),) * max(int(vector["length"]) - 1, 1), of=of)
    return None
