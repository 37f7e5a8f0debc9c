"""Which way data moves through each argument and global: ``in``, ``out``, ``inout`` or ``unused``.

An array is ``out`` where every element that is read was written before by the function itself
(:mod:`pipeline.kernels.coverage`), so that what the caller put there does not matter. A scalar argument is ``in``
where it is used at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.kernels.accesses import Access
from pipeline.kernels.coverage import Coverage
from pipeline.kernels.symbols import Symbol


def by_root(accesses: Sequence[Access]) -> dict[Symbol, list[Access]]:
    """The accesses of each object, in the order of the text."""
    found: dict[Symbol, list[Access]] = {}
    for access in accesses:
        for root in access.roots:
            found.setdefault(root, []).append(access)
    return found


def direction(symbol: Symbol, found: Mapping[Symbol, Sequence[Access]], *, jumps: bool) -> str:
    """The direction of an argument or global; with ``jumps`` the order of the text is not that of execution."""
    if symbol.ctype.kind not in ("array", "pointer") and symbol.role == "argument":
        beyond = any(access.write and access.stray for access in found.get(symbol, ()))
        return "inout" if beyond else "in" if symbol in found else "unused"
    return memory_direction(symbol, found, jumps=jumps)


def memory_direction(symbol: Symbol, found: Mapping[Symbol, Sequence[Access]], *, jumps: bool) -> str:
    """The direction of the memory that a name stands for, whatever its type."""
    mine = [access for access in found.get(symbol, ()) if not access.escape]
    stores = [access for access in mine if access.write]
    reads = [access for access in mine if not access.write]
    if not mine:
        return "unused"
    if not stores:
        return "in"
    if not reads:
        return "out"
    if jumps:
        return "inout"
    proof = Coverage([store for store in stores if store.sure], symbol)
    return "out" if all(proof.covers(read) for read in reads) else "inout"
