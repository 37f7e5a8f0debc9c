"""C types as far as costs depend on them: integer or floating point, and how wide."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.kernels.c_types import CType as Declared


@dataclass(frozen=True, slots=True)
class CostType:
    """``kind`` is ``int``, ``float``, ``double``, ``struct`` or ``void``; width in bits."""

    kind: str
    bits: int
    declared: Declared | None = None
    """Of a struct: its type as declared."""


INT = CostType("int", 32)


def cost_type(kind: Declared) -> CostType:
    """The type of what a declared type holds: arrays and pointers are looked through."""
    kind = shape(kind)[1]
    if kind.kind == "float":
        return CostType("float" if (kind.bits or 0) <= 32 else "double", 32 if (kind.bits or 0) <= 32 else 64)
    if kind.kind == "struct":
        return CostType("struct", 0, kind)
    if kind.kind == "void":
        return CostType("void", 0)
    if kind.kind not in ("int", "fixed") or not kind.bits:
        return INT
    return CostType("int", 1 if kind.name in ("_Bool", "bool") else kind.bits)


def shape(kind: Declared) -> tuple[tuple[int | None, ...], Declared]:
    """Dimensions outermost first, None for a pointer's, and the type of an element."""
    dims: list[int | None] = []
    while kind.kind in ("array", "pointer") and kind.element is not None:
        dims.append(kind.length if kind.kind == "array" else None)
        kind = kind.element
    return tuple(dims), kind


def is_vector(kind: Declared) -> bool:
    """Whether a type is a vector of the tool's library, which is one word of all its elements (``hls_vector.h``
    aggregates it)."""
    return kind.kind == "struct" and kind.name.startswith("struct hls::vector<")


def wider(left: CostType, right: CostType) -> CostType:
    """The type of ``left op right`` by the usual arithmetic conversions, without promotion to int."""
    for kind in ("double", "float"):
        if kind in (left.kind, right.kind):
            return CostType(kind, 64 if kind == "double" else 32)
    return left if left.bits >= right.bits else right
