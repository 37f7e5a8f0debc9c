"""How loops move over arrays: which loop moves which dimension how far, called functions included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pycparser import c_ast

from pipeline.kernels.arguments import calls_in
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Kernel
from pipeline.kernels.symbols import Symbol


@dataclass(slots=True)
class DimensionUse:
    """What meets one dimension of an array."""

    moves: set[tuple[str, int]] = field(default_factory=set)
    """A loop's id and how many elements one iteration moves, 1 at least."""
    neighbours: int = 1
    """The most elements at constant distances that one iteration meets."""


Uses: TypeAlias = Mapping[Symbol, Mapping[int, DimensionUse]]
"""By array, then by dimension from 0."""


def array_uses(kernel: Kernel) -> Uses:
    """The uses of all arrays; what is no provable linear form has none.

    An array that is handed to a function is met there: a row ``a[i]`` from its second dimension on.
    """
    analysis = kernel.analysis
    found: dict[Symbol, dict[int, DimensionUse]] = defaultdict(dict)
    for accesses in analysis.accesses.values():
        together: dict[tuple[object, ...], set[int]] = defaultdict(set)
        for access in accesses:
            if access.symbol is None or access.indices is None or access.path:
                continue
            for dim, value in enumerate(access.indices):
                use = found[access.symbol].setdefault(dim, DimensionUse())
                if value is None or value.terms is None:
                    continue
                for key, by in value.terms.items():
                    if isinstance(key, LoopRecord):
                        use.moves.add((f"{key.function}/loop_{key.index}", max(1, abs(by * (key.step or 1)))))
                met = together[access.symbol, dim, access.loops, frozenset(value.terms.items())]
                met.add(value.const)
                use.neighbours = max(use.neighbours, len(met))
    _hand_back(kernel, found)
    return found


def _hand_back(kernel: Kernel, found: dict[Symbol, dict[int, DimensionUse]]) -> None:
    """Gives callers' arrays what the called functions do to their arguments."""
    program = kernel.analysis.program
    handed: list[tuple[Symbol, Symbol, int]] = []
    for reader in kernel.analysis.readers.values():
        for call, _ in calls_in(program, reader):
            given = call.args.exprs if call.args is not None else []
            for formal, node in zip(program.functions[call.name.name].arguments, given, strict=False):
                dims = 0
                if isinstance(node, c_ast.UnaryOp) and node.op == "&":
                    node, dims = node.expr, -1
                while isinstance(node, c_ast.ArrayRef):
                    node, dims = node.name, dims + 1
                actual = program.symbols.get(id(node))
                if actual is not None and dims >= 0 and formal.ctype.kind in ("array", "pointer"):
                    handed.append((formal, actual, dims))
    for _ in program.functions:
        before = {id(use): (len(use.moves), use.neighbours) for uses in found.values() for use in uses.values()}
        for formal, actual, dims in handed:
            for dim, use in list(found.get(formal, {}).items()):
                mine = found[actual].setdefault(dim + dims, DimensionUse())
                mine.moves |= use.moves
                mine.neighbours = max(mine.neighbours, use.neighbours)
        if before == {id(use): (len(use.moves), use.neighbours) for uses in found.values() for use in uses.values()}:
            return
