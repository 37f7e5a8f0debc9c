"""Small questions to clang's nodes and to those of pycparser that they become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycparser import c_ast

from pipeline.program.cpp.index import Node

TRANSPARENT = {
    "ParenExpr", "ExprWithCleanups", "MaterializeTemporaryExpr", "CXXBindTemporaryExpr", "CXXDefaultArgExpr",
    "CXXDefaultInitExpr", "SubstNonTypeTemplateParmExpr", "FullExpr", "CXXStdInitializerListExpr",
    "CXXRewrittenBinaryOperator",
    "CXXInheritedCtorInitExpr",
}  # fmt: skip
"""Kinds of nodes that stand around an expression and change nothing."""


def inner(node: Node) -> list[Node]:
    """The parts of a node that are there."""
    return [child for child in node.get("inner", ()) if child]


def bare(node: Node) -> Node:
    """An expression without what changes nothing."""
    while True:
        kind = node.get("kind")
        parts = inner(node)
        if (kind in TRANSPARENT and parts) or (
            kind == "ImplicitCastExpr"
            and parts
            and node.get("castKind") in ("NoOp", "LValueToRValue", "FunctionToPointerDecay")
        ):
            node = parts[-1]
        elif kind == "CXXConstructExpr" and len(parts) == 1 and node.get("elidable"):
            node = parts[0]
        else:
            return node


def address(node: c_ast.Node) -> c_ast.Node:
    """A pointer to what an expression names."""
    if isinstance(node, c_ast.UnaryOp) and node.op == "*":
        return node.expr
    if isinstance(node, c_ast.TernaryOp):
        return c_ast.TernaryOp(node.cond, address(node.iftrue), address(node.iffalse), node.coord)
    return c_ast.UnaryOp("&", node, node.coord)


def followed(node: c_ast.Node) -> c_ast.Node:
    """What a pointer leads to."""
    if isinstance(node, c_ast.UnaryOp) and node.op == "&":
        return node.expr
    return c_ast.UnaryOp("*", node, node.coord)


def written(node: c_ast.Node) -> c_ast.Node:
    """An expression that names an object as C takes it on the left: one of two by its address."""
    return followed(address(node)) if isinstance(node, c_ast.TernaryOp) and lvalue(node) else node


def member(base: c_ast.Node, name: str, coord: Any) -> c_ast.StructRef:
    """A member of what an expression names."""
    base = written(base)
    if isinstance(base, c_ast.UnaryOp) and base.op == "*":
        if isinstance(base.expr, c_ast.BinaryOp) and base.expr.op == "+":  # (p + i)->m is p[i].m
            element = c_ast.ArrayRef(base.expr.left, base.expr.right, coord)
            return c_ast.StructRef(element, ".", c_ast.ID(name, coord), coord)
        return c_ast.StructRef(base.expr, "->", c_ast.ID(name, coord), coord)
    return c_ast.StructRef(base, ".", c_ast.ID(name, coord), coord)


def simple(node: c_ast.Node) -> bool:
    """Whether an expression may be written twice: it changes nothing."""
    if isinstance(node, c_ast.FuncCall | c_ast.Assignment):
        return False
    if isinstance(node, c_ast.UnaryOp) and node.op in ("p++", "p--", "++", "--"):
        return False
    return all(simple(child) for _, child in node.children())


def lvalue(node: c_ast.Node) -> bool:
    """Whether an expression names an object."""
    if isinstance(node, c_ast.StructRef):
        return node.type == "->" or lvalue(node.name)
    if isinstance(node, c_ast.TernaryOp):  # In C++ one of two objects is an object.
        return lvalue(node.iftrue) and lvalue(node.iffalse)
    return isinstance(node, c_ast.ID | c_ast.ArrayRef) or (isinstance(node, c_ast.UnaryOp) and node.op == "*")


def listed_values(node: Node) -> Node | None:
    """The list of values that stands where an ``std::initializer_list`` is asked for; None for anything else."""
    kind = node.get("kind")
    while kind in ("ExprWithCleanups", "MaterializeTemporaryExpr", "CXXStdInitializerListExpr", "ImplicitCastExpr"):
        node = inner(node)[-1]
        if kind == "CXXStdInitializerListExpr":
            node = bare(node)
            return node if node.get("kind") == "InitListExpr" else None
        kind = node.get("kind")
    return None


def parameters(function: Node) -> list[Node]:
    """The parameters of a function's declaration."""
    return [part for part in function.get("inner", ()) if part.get("kind") == "ParmVarDecl"]


def nodes_below(node: Node) -> Iterator[Node]:
    """All nodes of a body, those of lambdas' functions once."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        children = inner(part)
        if part.get("kind") == "LambdaExpr":
            children = [child for child in children if child.get("kind") != "CompoundStmt"]
        stack.extend(reversed(children))
