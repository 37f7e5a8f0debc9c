"""Ways out of loops and into them other than by their condition."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.kernels.effects import EffectsReader

_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)
_HOLDERS = (c_ast.Compound, c_ast.If, c_ast.Switch, c_ast.Case, c_ast.Default, c_ast.Label)
"""Statements that hold statements of the same loop."""
_NO_JUMPS = (c_ast.ID, c_ast.Constant)
_LEAVING_CALLS = {
    "exit",
    "abort",
    "_Exit",
    "quick_exit",
    "longjmp",
    "__assert_fail",
    "__builtin_unreachable",
    "__builtin_trap",
}


def leaves(node: Any, effects: EffectsReader, in_loop: bool = False, in_switch: bool = False) -> bool:
    """Whether a body may end its loop other than by the condition: break, return, goto, exit()."""
    kind = type(node)
    if kind is c_ast.Assignment or kind is c_ast.Decl or kind is c_ast.UnaryOp:
        if not effects.of(node).calls:
            return False
    elif kind is c_ast.Return or kind is c_ast.Goto:
        return True
    elif kind is c_ast.Break:
        return not in_loop and not in_switch
    elif kind is c_ast.FuncCall and isinstance(node.name, c_ast.ID) and node.name.name in _LEAVING_CALLS:
        return True
    in_loop = in_loop or kind in _LOOPS
    in_switch = in_switch or kind is c_ast.Switch
    return any(leaves(child, effects, in_loop, in_switch) for child in node if type(child) not in _NO_JUMPS)


def ends(node: Any) -> bool:
    """Whether execution never goes on after a statement."""
    if isinstance(node, c_ast.FuncCall):
        return isinstance(node.name, c_ast.ID) and node.name.name in _LEAVING_CALLS
    return isinstance(node, c_ast.Return | c_ast.Break | c_ast.Continue | c_ast.Goto)


def continues(node: Any) -> bool:
    """Whether a body holds a ``continue`` of its own loop."""
    if isinstance(node, c_ast.Continue):
        return True
    return isinstance(node, _HOLDERS) and any(continues(child) for child in node)


def entered(node: Any, labels: set[str]) -> bool:
    """Whether a body holds one of the labels that a goto names."""
    if not labels:
        return False
    if isinstance(node, c_ast.Label) and node.name in labels:
        return True
    return any(entered(child, labels) for child in node)
