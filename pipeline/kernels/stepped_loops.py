"""Counts a loop by going through the part of it that its test depends on, where no law counts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycparser import c_ast

from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.reaching import Here, Reaching
from pipeline.kernels.stepping import Left, NotFollowed, Stepper
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.updates import statements
from pipeline.kernels.values import Value

_MOST_ITERATIONS = 4096


def stepped_trips(reaching: Reaching, record: LoopRecord) -> list[dict[Symbol, Value]] | None:
    """The variables that move with the loop's test at the start of each iteration's body; None where it is not told."""
    node, program, effects = record.node, reaching.program, reaching.effects
    condition, following = node.cond, getattr(node, "next", None)
    whole = (condition, node.stmt, following)
    items = statements(node.stmt)
    declared = set(_declared(node.stmt, reaching))
    parts: list[Any] = []
    moving: set[Symbol] = set()
    further = set(_read(condition, reaching))
    while further := {symbol for symbol in further if any(effects.of(part).change(symbol) for part in whole)} - moving:
        moving |= further
        parts = [item for item in items if any(effects.of(item).change(symbol) for symbol in moving)]
        further = {symbol for part in (*parts, following) for symbol in _read(part, reaching)}
    calls = any(effects.of(part).calls for part in whole)
    if (record.skips and parts) or any(
        symbol.address_taken or symbol.ctype.kind != "int" or (calls and symbol.role in ("global", "static"))
        for symbol in moving
    ):
        return None
    known: dict[Symbol, Value] = {}
    for symbol in moving - declared:
        value = reaching.first(record, symbol)
        if value is None or value.exact is None:
            return None
        known[symbol] = value
    stepper = Stepper(program, known, Here(reaching, Context("loop", record.context, loop=record)))
    seen: list[dict[Symbol, Value]] = []
    testing = not isinstance(node, c_ast.DoWhile)
    try:
        while not testing or stepper.truth(condition):
            testing = True
            seen.append({symbol: stepper.known[symbol] for symbol in known})
            if len(seen) > _MOST_ITERATIONS:
                return None
            stepper.run(parts)
            if following is not None:
                stepper.value(following)
    except (NotFollowed, Left):
        return None
    return seen


def _read(node: Any, reaching: Reaching) -> Iterator[Symbol]:
    """The variables that a piece of code names."""
    symbol = reaching.program.symbols.get(id(node))
    if symbol is not None and isinstance(node, c_ast.ID | c_ast.StructRef):
        yield symbol
    for child in node or ():
        yield from _read(child, reaching)


def _declared(node: Any, reaching: Reaching) -> Iterator[Symbol]:
    """The variables that a piece of code declares."""
    if isinstance(node, c_ast.Decl) and id(node) in reaching.program.symbols:
        yield reaching.program.symbols[id(node)]
    for child in node or ():
        yield from _declared(child, reaching)
