"""Arrays that lie in structs: of plain variables, of arguments that are handed over by value or by pointer, of globals.

Each is an array of its own, named ``s.a``, for whoever reads of the kernel. Accesses are kept by struct, so that sites
of array_partition are offered for whole arrays alone. What lies in a union shares its memory and goes the union's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.kernels.accesses import Access
from pipeline.kernels.c_types import CType
from pipeline.kernels.model import Array, Kernel
from pipeline.kernels.symbols import Symbol

_Path = tuple[str, ...]


def member_arrays(kernel: Kernel) -> tuple[Array, ...]:
    """The arrays in structs, by variable as :attr:`Kernel.arrays` has them, members in their order."""
    analysis = kernel.analysis
    program = analysis.program
    found: list[Array] = []

    def members(kind: CType, path: _Path, apart: _Path) -> Iterator[tuple[CType, _Path, _Path]]:
        for name, member in program.own_members(kind):
            inner = (*path, name) if name else path
            own = apart if kind.union or apart != path else inner
            if member.kind == "array":
                yield member, inner, own
            elif member.kind == "struct":
                yield from members(member, inner, own)

    def add(symbol: Symbol, function: str) -> None:
        touched = analysis.touched(function, symbol)
        if _struct_of(symbol, touched) is None:
            return
        for kind, path, own in members(symbol.ctype.base, (), ()):
            way = "local" if symbol.role in ("local", "static") else analysis.way(function, symbol, own)
            base, name = kind.base, ".".join((symbol.name, *path))
            found.append(Array(name, symbol.function, base.name, base.bits, kind.dims, symbol.role, way, symbol.line))

    for symbol in program.globals:
        add(symbol, kernel.top)
    for function in kernel.functions:
        info = program.functions[function.name]
        for symbol in (*info.arguments, *info.locals):
            add(symbol, function.name)
    return tuple(found)


def _struct_of(symbol: Symbol, touched: Sequence[Access]) -> CType | None:
    """The one struct that a name stands for: the variable itself, or what an argument points to and is no array."""
    kind = symbol.ctype
    if kind.kind == "struct":
        return kind
    if kind.kind != "pointer" or symbol.role != "argument" or kind.element is None or kind.element.kind != "struct":
        return None
    first = [access.indices[0] for access in touched if access.indices]
    return kind.element if all(index is not None and index.exact == 0 for index in first) else None
