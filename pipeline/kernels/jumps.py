"""Ways out of loops and into them other than by their condition."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

_LEAVING_CALLS = {"exit", "abort", "_Exit", "quick_exit", "longjmp", "__assert_fail"}


def leaves(node: Any, in_loop: bool = False, in_switch: bool = False) -> bool:
    """Whether a body may end its loop other than by the condition: break, return, goto, exit()."""
    match node:
        case None | c_ast.ID() | c_ast.Constant():
            return False
        case c_ast.Return() | c_ast.Goto():
            return True
        case c_ast.Break():
            return not in_loop and not in_switch
        case c_ast.FuncCall(name=c_ast.ID()) if node.name.name in _LEAVING_CALLS:
            return True
        case c_ast.For() | c_ast.While() | c_ast.DoWhile():
            in_loop = True
        case c_ast.Switch():
            in_switch = True
    return any(leaves(child, in_loop, in_switch) for _, child in node.children())


def continues(node: Any) -> bool:
    """Whether a body holds a ``continue`` of its own loop."""
    match node:
        case None | c_ast.For() | c_ast.While() | c_ast.DoWhile():
            return False
        case c_ast.Continue():
            return True
    return any(continues(child) for _, child in node.children())


def entered(node: Any, labels: set[str]) -> bool:
    """Whether a body holds one of the labels that a goto names."""
    if not labels:
        return False
    if isinstance(node, c_ast.Label) and node.name in labels:
        return True
    return any(entered(child, labels) for _, child in node.children())
