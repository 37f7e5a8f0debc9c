"""Sites beside loops in the tool's own terms, proposed where they are asked for: array_partition, inline, burst copies.

A site of array_partition decides one dimension of an array that lives in the design: locals and statics of functions
that the top function reaches, globals, and the top function's arguments where they are memories (not streams, ``axis``,
``ap_fifo``, ``m_axi`` or registers). One that the user has partitioned in all dimensions together has one site for
these. A site of inline decides a function that the top function reaches. What the user has bound otherwise
(array_reshape, ``off``, stream, a pragma that is not understood) is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from pycparser import c_ast

from pipeline.kernels.array_moves import Uses, array_uses
from pipeline.kernels.bursts import burst_sites
from pipeline.kernels.function_names import plain_name, site_word
from pipeline.kernels.model import Kernel, Option
from pipeline.kernels.own_pragmas import ArraySplit, Inline, Interface, OwnPragma, in_force
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.program.tree import walk

Explored = Literal["partition", "inline", "burst"]
EXPLORED: tuple[Explored, ...] = ("partition", "inline", "burst")
"""What can be explored beside loops."""
MAX_OPTIONS = 32
"""Sites of array_partition of one kernel, and of inline; the arrays that stand in the deepest loops have them."""
COMPLETE_LIMIT = 128
"""The longest dimension that is offered as single elements."""
_MEMORIES = ("ap_memory", "bram")


def further_sites(kernel: Kernel, explore: Sequence[Explored], reached: Sequence[str]) -> tuple[Option, ...]:
    """The proposed sites, sorted by name; ``reached`` are the functions that the top function reaches."""
    found: list[Option] = []
    if "partition" in explore:
        found += _partitions(kernel, reached)
    if "inline" in explore:
        found += _inlines(kernel, reached)
    if "burst" in explore:
        found += burst_sites(kernel)[0]
    named: dict[str, Option] = {}
    for option in found:
        name, more = option.name, 2
        while name in named:
            name, more = f"{option.name}_{more}", more + 1
        named[name] = replace(option, name=name)
    return tuple(named[name] for name in sorted(named))


def has_memory_port(kernel: Kernel, variable: str) -> bool | None:
    """Whether an argument of the top function is a memory outside; None where nothing says it."""
    modes = [
        pragma.value.mode
        for pragma in kernel.pragmas
        if isinstance(pragma.value, Interface)
        and pragma.value.port == variable
        and plain_name(pragma.function) == plain_name(kernel.top)
        and pragma.value.mode != "s_axilite"
    ]
    if modes:
        return all(mode in _MEMORIES for mode in modes)
    flow = kernel.project.tool.flow if kernel.project is not None else None
    return None if flow is None else flow == "vivado"


def _partitions(kernel: Kernel, reached: Sequence[str]) -> list[Option]:
    program, uses = kernel.analysis.program, array_uses(kernel)
    top = program.functions[kernel.top]
    groups: dict[tuple[str, int, str], list[tuple[Symbol, FunctionInfo, Any]]] = {}
    places = _declared(kernel)
    for function in reached:
        info = program.functions[function]
        for symbol in info.locals:
            place = places.get(symbol)
            if symbol.ctype.kind == "array" and place is not None and place.coord is not None:
                key = (str(place.coord.file), int(place.coord.line), symbol.name)
                groups.setdefault(key, []).append((symbol, info, place))
    for symbol in (*top.arguments, *program.globals):
        outside = symbol.role == "argument" and has_memory_port(kernel, symbol.name) is False
        if symbol.ctype.kind == "array" and not outside and symbol.role in ("argument", "global", "static"):
            groups.setdefault((kernel.file, symbol.line, symbol.name), []).append((symbol, top, None))
    offered: list[tuple[int, list[Option]]] = []
    for instances in groups.values():
        symbol, info, place = instances[0]
        if len({one.ctype.dims for one, _, _ in instances}) == 1 and symbol in uses:
            depth = max((_depth(kernel, loop) for use in uses[symbol].values() for loop, _ in use.moves), default=0)
            offered.append((depth, list(_dimensions(kernel, symbol, info, place, uses))))
    ranked = [option for _, options in sorted(offered, key=lambda one: -one[0]) for option in options]
    return ranked[:MAX_OPTIONS]


def _declared(kernel: Kernel) -> dict[Symbol, Any]:
    """The declaration that each variable has as a statement of a block."""
    program = kernel.analysis.program
    found: dict[Symbol, Any] = {}
    for node in walk(*(info.node.body for info in program.functions.values())):
        if isinstance(node, c_ast.Compound):
            for item in node.block_items or ():
                for one in item.decls if isinstance(item, c_ast.DeclList) else (item,):
                    symbol = program.symbols.get(id(one)) if isinstance(one, c_ast.Decl) else None
                    if symbol is not None:
                        found[symbol] = one
    return found


def _depth(kernel: Kernel, loop: str) -> int:
    return kernel.loop(loop).depth + 1


def _dimensions(kernel: Kernel, symbol: Symbol, info: FunctionInfo, place: Any, uses: Uses) -> Iterator[Option]:
    """The sites of one array."""
    said = [pragma for pragma in kernel.pragmas if _about(pragma, symbol, info)]
    splits = [pragma.value for pragma in in_force(said) if isinstance(pragma.value, ArraySplit)]
    bound = any(
        not isinstance(pragma.value, ArraySplit)
        or pragma.value.reshape
        or pragma.value.off
        or plain_name(pragma.function) != plain_name(info.name)
        for pragma in said
        if pragma.directive in ("array_partition", "array_reshape", "stream")
    )
    dims = symbol.ctype.dims
    if bound or symbol.ctype.base.stream is not None or not all(dims):
        return
    together = any(split.dim == 0 for split in splits)
    if together and len({split.dim for split in splits}) > 1:
        return
    coord = place.coord if place is not None else info.node.body.coord
    if coord is None:
        return
    owner = "" if symbol.role == "global" else f"{site_word(info.name)}_"
    word = symbol.name if symbol.name.isidentifier() else site_word(symbol.name)
    for dim in (0,) if together else range(1, len(dims) + 1):
        use = uses[symbol].get(dim - 1)
        written = any(split.dim == dim for split in splits)
        size = dims[dim - 1] or 0
        if not written and (size < 2 or use is None or (not use.moves and size > COMPLETE_LIMIT)):
            continue
        yield Option.proposed_at(
            coord, kernel, f"__PART__{owner}{word}_D{dim}", "array_partition", info.name, variable=symbol.name,
            dim=dim, declared=place is not None,
        )  # fmt: skip


def _about(pragma: OwnPragma, symbol: Symbol, info: FunctionInfo) -> bool:
    """Whether a pragma names this array."""
    here = symbol.role == "global" or plain_name(pragma.function) == plain_name(info.name)
    words = (value for name, value in pragma.options if name == "variable" or value is None)
    named = pragma.variable == symbol.name or symbol.name in (*words, *(name for name, _ in pragma.options))
    return here and named


def _inlines(kernel: Kernel, reached: Sequence[str]) -> list[Option]:
    program = kernel.analysis.program
    found: dict[tuple[str, int, int], Option] = {}
    for function in reached:
        coord = program.functions[function].node.body.coord
        if function == kernel.top or coord is None:
            continue
        said = [
            pragma
            for pragma in kernel.pragmas
            if pragma.directive == "inline" and plain_name(pragma.function) == plain_name(function)
        ]
        if all(isinstance(pragma.value, Inline) and not pragma.options[1:] for pragma in said) and not any(
            isinstance(pragma.value, Inline) and pragma.value.recursive for pragma in said
        ):
            found.setdefault(
                (str(coord.file), coord.line, coord.column or 1),
                Option.proposed_at(coord, kernel, f"__INLINE__{site_word(function)}", "inline", function),
            )
    return list(found.values())[:MAX_OPTIONS]
