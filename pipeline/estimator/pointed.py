"""Pointers from which others than what they point to are reached: they lead to an array, whatever declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycparser import c_ast

from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.program.tree import walk

_STEPS = ("++", "--", "p++", "p--")


def leads_to_many(
    functions: Mapping[str, FunctionInfo], symbols: Mapping[int, Symbol], moves: frozenset[str]
) -> frozenset[Symbol]:
    """Variables that are stepped, added to or given a subscript other than 0, that one of the functions ``moves`` takes
    more than one object from, or whose value another such variable is given.
    """
    found: set[Symbol] = set()
    given: list[tuple[Symbol | None, Symbol]] = []
    """What is given, to what."""

    def of(node: Any) -> Symbol | None:
        while isinstance(node, c_ast.Cast):
            node = node.expr
        return symbols.get(id(node)) if isinstance(node, (c_ast.ID, c_ast.Decl)) else None

    def add(*nodes: Any) -> None:
        found.update(symbol for symbol in map(of, nodes) if symbol is not None)

    def is_one(size: Any) -> bool:
        if not isinstance(size, c_ast.UnaryOp) or size.op != "sizeof":
            return False
        symbol = of(size.expr)
        return symbol is None or symbol.ctype.kind != "array"

    for info in functions.values():
        for node in walk(info.node.body):
            if isinstance(node, c_ast.ArrayRef) and not _is_zero(node.subscript):
                add(node.name)
            elif isinstance(node, c_ast.UnaryOp) and node.op in _STEPS:
                add(node.expr)
            elif isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
                add(node.left, node.right)
            elif isinstance(node, (c_ast.Assignment, c_ast.Decl)):
                to, value = (node, node.init) if isinstance(node, c_ast.Decl) else (node.lvalue, node.rvalue)
                if isinstance(node, c_ast.Assignment) and node.op != "=":
                    add(to)
                elif (symbol := of(to)) is not None:
                    given.append((of(value), symbol))
            elif isinstance(node, c_ast.FuncCall) and node.args is not None:
                name = getattr(node.name, "name", None)
                called = functions.get(name) if isinstance(name, str) else None
                for place, argument in enumerate(node.args.exprs):
                    if called is not None and place < len(called.arguments):
                        given.append((of(argument), called.arguments[place]))
                    elif name in moves and not is_one(node.args.exprs[-1]):
                        add(argument)
    before = -1
    while len(found) > before:
        before = len(found)
        found.update(value for value, to in given if value is not None and to in found)
    return frozenset(found)


def _is_zero(node: Any) -> bool:
    return isinstance(node, c_ast.Constant) and node.value == "0"
