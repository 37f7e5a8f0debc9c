"""What all calls of a function give its arguments: a number, or bounds, where the file holds every call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pycparser import c_ast

from pipeline.kernels.expressions import evaluate
from pipeline.kernels.loop_record import Context
from pipeline.kernels.loops import LoopReader
from pipeline.kernels.reaching import Here
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo
from pipeline.kernels.values import Value, fitted
from pipeline.program.tree import walk

Given: TypeAlias = dict[str, list[tuple[c_ast.FuncCall, Here]]]
"""By function the calls of it that have been read, with their places."""


def calls_in(program: Program, reader: LoopReader) -> Iterator[tuple[c_ast.FuncCall, Context]]:
    """The calls of the file's functions in another's text."""
    if not reader.info.calls.keys() & program.functions.keys():
        return
    for node, context in reader.leaves:
        for part in walk(node):
            named = isinstance(part, c_ast.FuncCall) and isinstance(part.name, c_ast.ID)
            if named and part.name.name in program.functions:
                yield part, context


def give_arguments(function: FunctionInfo, calls: list[tuple[c_ast.FuncCall, Here]]) -> None:
    """Sets what is known of the integer arguments of a function from all calls that there are."""
    for position, symbol in enumerate(function.arguments):
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
