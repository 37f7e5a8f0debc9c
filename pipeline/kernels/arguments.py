"""What all calls of a function give its arguments: a number, or bounds, where the file holds every call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pycparser import c_ast

from pipeline.kernels.loop_record import Context
from pipeline.kernels.loops import LoopReader
from pipeline.kernels.symbols import Program
from pipeline.kernels.values import Value, evaluate, fitted


def calls_in(reader: LoopReader, name: str) -> Iterator[tuple[c_ast.FuncCall, Context]]:
    """The calls of a function in another's text."""
    if name not in reader.info.calls:
        return
    for node, context in reader.leaves:
        stack = [node]
        while stack:
            part = stack.pop()
            if part is None:
                continue
            if isinstance(part, c_ast.FuncCall) and isinstance(part.name, c_ast.ID) and part.name.name == name:
                yield part, context
            stack.extend(child for child in part)


def give_arguments(program: Program, name: str, top: str, callers: Sequence[LoopReader]) -> None:
    """Sets what is known of the integer arguments of a function; nothing of the top function's, which others call.

    ``callers`` have been read. Where a caller has not, as under recursion, nothing is known.
    """
    info = program.functions[name]
    read = {reader.info.name for reader in callers}
    if name == top or any(name in other.calls and other.name not in read for other in program.functions.values()):
        return
    calls = [(call, reader.reaching.here(context)) for reader in callers for call, context in calls_in(reader, name)]
    for position, symbol in enumerate(info.arguments):
        if symbol.ctype.kind != "int" or not calls:
            continue
        given: list[Value] = []
        for call, here in calls:
            arguments = call.args.exprs if call.args is not None else []
            if position < len(arguments):
                given.append(fitted(evaluate(arguments[position], here), symbol.ctype))
        lows, highs = [value.lo for value in given], [value.hi for value in given]
        if len(given) == len(calls):
            low = None if None in lows else min(item for item in lows if item is not None)
            high = None if None in highs else max(item for item in highs if item is not None)
            symbol.given = Value(low, high, symbol.ctype, low or 0, {} if low is not None and low == high else None)
