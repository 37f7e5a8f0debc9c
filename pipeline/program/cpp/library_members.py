"""The classes of the library and of the vendor as designs see them: what a type is, and which members it has."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.program.cpp.types import CppType, Unreadable, width

_DSP = {"dsp48e1": (25, 18, 48), "dsp48e2": (27, 18, 48), "dsp58": (27, 24, 58), "dspcplx": (18, 18, 58)}
"""Widths of a DSP block's ports A, B and C."""


def is_stream(kind: CppType) -> bool:
    """Whether a type is a stream."""
    return kind.kind == "record" and kind.name.startswith("hls::stream<")


def is_vector(kind: CppType) -> bool:
    """Whether a type holds a member ``data`` that is an array of its elements."""
    return kind.kind == "record" and kind.name.startswith(("hls::vector<", "std::array<", "array<"))


def members_of_tuple(kind: CppType) -> list[str] | None:
    """The names of the members of a pair or tuple in order; None for other types."""
    if kind.kind != "record":
        return None
    if kind.name.startswith("std::pair<"):
        return ["first", "second"]
    return [f"item_{place}" for place in range(len(kind.arguments))] if kind.name.startswith("std::tuple<") else None


def dsp_result(name: str) -> list[tuple[str, str]] | None:
    """Members and types of what a DSP block asked for by hand returns (UG1399, "DSP Cascading"); None for others."""
    block, _, last = name.removeprefix("hls::").partition("::")
    if last != "R_t" or block not in _DSP:
        return None
    shape = "std::complex<ap_int<{}>>" if block == "dspcplx" else "ap_int<{}>"
    return [(word, shape.format(bits)) for word, bits in zip(("acout", "bcout", "pcout"), _DSP[block], strict=True)]


def is_pixels(kind: CppType) -> bool:
    """Whether a type is a window or a line buffer, whose member ``val`` has rows and columns."""
    return kind.kind == "record" and kind.name.startswith(("hls::Window<", "hls::LineBuffer<"))


def extent_of_pixels(kind: CppType) -> tuple[int, int] | None:
    """Rows and columns of a window or a line buffer."""
    rows, columns = kind.arguments[:2]
    return (int(rows), int(columns)) if rows.isdigit() and columns.isdigit() else None


def library_members(name: str, read: Callable[[str], CppType]) -> list[tuple[str, CppType]]:
    """The members of a class of the library or the vendor, of those that are known; ``read`` gives a text's type."""
    try:
        kind = read(name)
        if is_stream(kind) or name.startswith("hls::stream_of_blocks<"):
            return [("data", read(kind.arguments[0]))]
        if is_vector(kind) and kind.arguments[1].isdigit():
            return [("data", CppType("array", to=read(kind.arguments[0]), length=int(kind.arguments[1])))]
        if is_pixels(kind) and (extent := extent_of_pixels(kind)) is not None:
            row = CppType("array", to=read(kind.arguments[2]), length=extent[1])
            return [("val", CppType("array", to=row, length=extent[0]))]
        if (block := dsp_result(name)) is not None:
            return [(word, read(of)) for word, of in block]
        if name.startswith("hls::Scalar<"):
            return [("val", CppType("array", to=read(kind.arguments[1]), length=int(kind.arguments[0])))]
        if name.startswith("hls::axis<"):
            data = read(kind.arguments[0])
            sizes = [int(item) if item.lstrip("-").isdigit() else 1 for item in (*kind.arguments[1:4], "0", "0", "0")][
                :3
            ]
            keep = ((width(data) or 32) + 7) // 8
            flags = [
                ("keep", keep),
                ("strb", keep),
                ("user", sizes[0]),
                ("last", 1),
                ("id", sizes[1]),
                ("dest", sizes[2]),
            ]
            return [("data", data), *((word, read(f"ap_uint<{max(bits, 1)}>")) for word, bits in flags)]
        if name.startswith(("hls::split::", "hls::merge::")):
            one, many = (
                read(f"hls::stream<{kind.arguments[0]}>"),
                CppType("array", to=read(f"hls::stream<{kind.arguments[0]}>"), length=int(kind.arguments[1])),
            )
            return [("in", one), ("out", many)] if "split" in name else [("in", many), ("out", one)]
        if (names := members_of_tuple(kind)) is not None:
            return [(word, read(of)) for word, of in zip(names, kind.arguments, strict=True)]
        if name.startswith(("std::complex<", "hls::x_complex<")):
            return [("re", read(kind.arguments[0])), ("im", read(kind.arguments[0]))]
    except (Unreadable, IndexError, ValueError):
        pass
    return []
