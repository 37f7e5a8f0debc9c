"""Questions to a syntax tree that need no more than the tree."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast


def literal(node: Any) -> int | None:
    """The value of an integer or character constant; None for any other."""
    text = node.value
    if node.type == "char":
        return ord(text[1]) if len(text) == 3 else 0
    if "int" not in node.type:
        return None
    text = text.rstrip("uUlL")
    try:
        if text[:2] in ("0x", "0X", "0b", "0B"):
            return int(text, 0)
        return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)
    except ValueError:
        return None


def fold(op: str, left: int, right: int) -> int | None:
    """``left op right`` as C computes it on integers; None where it is not defined or not arithmetic."""
    if op in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if op == "/" else left - quotient * right
    if op in ("<<", ">>"):
        if not 0 <= right < 128:
            return None
        return left << right if op == "<<" else left >> right
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    return None


def called(node: Any, functions: dict[str, Any]) -> set[str]:
    """Functions of the file that are called below a node, through others too."""
    found: set[str] = set()

    def visit(item: Any) -> None:
        if item is None:
            return
        if isinstance(item, c_ast.FuncCall) and isinstance(item.name, c_ast.ID):
            name = item.name.name
            if name in functions and name not in found:
                found.add(name)
                visit(functions[name].body)
        for child in item:
            visit(child)

    visit(node)
    return found


def assigned(node: Any) -> set[str]:
    """Names of the variables that are assigned to below a node."""
    names: set[str] = set()

    def visit(item: Any) -> None:
        if item is None:
            return
        target = None
        if isinstance(item, c_ast.Assignment):
            target = item.lvalue
        elif isinstance(item, c_ast.UnaryOp) and item.op in ("++", "--", "p++", "p--"):
            target = item.expr
        if isinstance(target, c_ast.ID):
            names.add(target.name)
        for child in item:
            visit(child)

    visit(node)
    return names


def has_loop(node: Any, functions: dict[str, Any]) -> bool:
    """Whether a loop stands below a node, in called helpers too."""

    def visit(item: Any) -> bool:
        if item is None:
            return False
        if isinstance(item, (c_ast.For, c_ast.While, c_ast.DoWhile)):
            return True
        return any(visit(child) for child in item)

    return visit(node) or any(visit(functions[name].body) for name in called(node, functions))
