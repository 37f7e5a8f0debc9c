"""Dependence directives, only where the separation of iterations is proved."""

from __future__ import annotations

from pipeline.kernels.accesses import Access
from pipeline.kernels.dependences import enclosing, separate
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.symbols import Symbol
from pipeline.synthesis.lowering import directive
from pipeline.synthesis.lowering.interface import Ports
from pipeline.synthesis.lowering.plan import Plan
from pipeline.synthesis.lowering.prepare import Prepared


def add_dependences(prepared: Prepared, plan: Plan, ports: Ports) -> None:
    """Adds ``dependence ... inter false`` to pipelined loops of the top function.

    The tool may merge a pipelined loop with those around it, so different iterations of all of them together must
    touch different elements. Only arrays that are both read and written in the loop need it.
    """
    function = prepared.kernel.top
    every = prepared.accesses[function]
    if any(access.symbol is None for access in every):
        return
    for record, loop in plan.loops.items():
        if record.function != function or not loop.pipelined:
            continue
        key = ("independent", record)
        if key not in prepared.memo:
            inside = [access for access in every if record in access.loops]
            prepared.memo[key] = [symbol for symbol in _candidates(inside) if _proved(record, symbol, inside)]
        found: list[Symbol] = prepared.memo[key]
        # Inside the function around it the argument is a buffer; its name in the body is the argument's.
        loop.directives += [directive.independent(symbol.name) for symbol in found if _local(symbol, ports)]


def _local(symbol: Symbol, ports: Ports) -> bool:
    return symbol.role != "argument" or symbol in ports.buffers


def _candidates(inside: list[Access]) -> list[Symbol]:
    written = {access.symbol for access in inside if access.write}
    read = {access.symbol for access in inside if not access.write}
    both = [symbol for symbol in written & read if symbol is not None and symbol.ctype.kind == "array"]
    return sorted(both, key=lambda symbol: (symbol.line, symbol.name))


def _proved(record: LoopRecord, symbol: Symbol, inside: list[Access]) -> bool:
    mine = [access for access in inside if access.symbol is symbol]
    return all(
        separate(loop, write, other) for loop in enclosing(record) for write in mine if write.write for other in mine
    )
