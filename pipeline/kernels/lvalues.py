"""Where an lvalue lies: the object, the subscripts and the members that lead to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pycparser import c_ast

from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol

_ZERO = c_ast.Constant("int", "0")
_ONE = c_ast.Constant("int", "1")
_STEPPED = {"p++": None, "p--": None, "++": "+", "--": "-"}
"""What the pointer has become when it is followed, seen from before the statement."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object and the way into it.

    ``subscripts`` are expressions, outermost first; None where the form is another. ``path`` names the members on the
    way, of which the first stands after ``outer`` subscripts. ``stray``: a pointer that is itself an element, a member
    or the value of an expression leads there, so that the memory may be any.
    """

    symbol: Symbol | None
    subscripts: tuple[Any, ...] | None = ()
    path: tuple[str, ...] = ()
    outer: int = 0
    stray: bool = False

    def at(self, subscript: Any) -> Place:
        """The element with one more subscript."""
        if self.subscripts is None:
            return self
        return replace(
            self, subscripts=(*self.subscripts, subscript), outer=self.outer if self.path else self.outer + 1
        )

    def member(self, name: str) -> Place:
        """The member of that name."""
        return replace(self, path=(*self.path, name))


class Lvalues:
    """Finds places in the tree of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def place(self, node: Any) -> Place:
        """Where an lvalue lies."""
        match node:
            case c_ast.ID():
                return Place(self.program.symbols.get(id(node)))
            case c_ast.ArrayRef():
                return self.pointed(node.name, node.subscript)
            case c_ast.UnaryOp(op="*"):
                return self.pointed(node.expr, _ZERO)
            case c_ast.StructRef():
                base = self.pointed(node.name, _ZERO) if node.type == "->" else self.place(node.name)
                return base.member(node.field.name)
            case c_ast.Cast():
                return Place(self.place(node.expr).symbol, None, stray=True)
        return self._anywhere(node)

    def pointed(self, node: Any, subscript: Any) -> Place:
        """What ``node[subscript]`` is."""
        if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
            sides = ((node.left, node.right), (node.right, node.left))[: 2 if node.op == "+" else 1]
            for pointer, offset in sides:
                if self.program.type_of(pointer).kind in ("array", "pointer"):
                    moved = offset if node.op == "+" else c_ast.UnaryOp("-", offset)
                    return self.pointed(pointer, moved if subscript is _ZERO else c_ast.BinaryOp("+", moved, subscript))
        if isinstance(node, c_ast.UnaryOp) and node.op == "&" and subscript is _ZERO:
            return self.place(node.expr)
        if isinstance(node, c_ast.UnaryOp) and node.op in _STEPPED and isinstance(node.expr, c_ast.ID):
            by = _STEPPED[node.op]
            return self.pointed(node.expr, subscript if by is None else c_ast.BinaryOp(by, subscript, _ONE))
        if isinstance(node, c_ast.ID | c_ast.ArrayRef | c_ast.StructRef | c_ast.UnaryOp):
            found = self.place(node).at(subscript)
            if self.program.type_of(node).kind == "pointer" and not isinstance(node, c_ast.ID):
                return replace(found, stray=True)
            return found
        return self._anywhere(node)

    def _anywhere(self, node: Any) -> Place:
        roots = self.roots(node)
        return Place(next(iter(roots)) if len(roots) == 1 else None, None, stray=True)

    def roots(self, node: Any) -> set[Symbol]:
        """Arrays that a pointer expression may point into."""
        match node:
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                return {symbol} if symbol is not None and symbol.ctype.kind in ("array", "pointer") else set()
            case c_ast.UnaryOp(op="&"):
                base = self.place(node.expr).symbol
                return {base} if base is not None else set()
            case c_ast.ArrayRef() | c_ast.StructRef():
                base = self.place(node).symbol
                pointing = self.program.type_of(node).kind in ("array", "pointer")
                return {base} if base is not None and pointing else set()
            case c_ast.BinaryOp(op="+" | "-"):
                return self.roots(node.left) | self.roots(node.right)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                return self.roots(node.expr)
            case c_ast.TernaryOp():
                return self.roots(node.iftrue) | self.roots(node.iffalse)
            case c_ast.Cast():
                return self.roots(node.expr)
            case c_ast.Assignment():
                return self.roots(node.rvalue)
            case c_ast.FuncCall() if self.program.type_of(node).kind == "pointer" and node.args is not None:
                return set().union(*map(self.roots, node.args.exprs))  # It may give back what it was given.
        return set()


def targets(lvalues: Lvalues, pointers: list[Symbol], nodes: list[Any]) -> dict[Symbol, set[Symbol]]:
    """Local pointers and the arrays that they may point into, by all that ``nodes`` assign to them."""
    found: dict[Symbol, set[Symbol]] = {}
    if not pointers:
        return found
    edges: list[tuple[Symbol, Symbol]] = []
    stack = list(nodes)
    while stack:
        part = stack.pop()
        if part is None:
            continue
        target, value = None, None
        if isinstance(part, c_ast.Decl):
            target, value = lvalues.program.symbols.get(id(part)), part.init
        elif isinstance(part, c_ast.Assignment) and isinstance(part.lvalue, c_ast.ID):
            target, value = lvalues.program.symbols.get(id(part.lvalue)), part.rvalue
        if target is not None and target.ctype.kind == "pointer" and value is not None:
            edges += [(target, root) for root in lvalues.roots(value)]
        stack.extend(child for child in part)
    changed = True
    while changed:
        changed = False
        for target, root in edges:
            reached = found.setdefault(target, set())
            before = len(reached)
            reached |= {root} | found.get(root, set())
            changed = changed or len(reached) != before
    return found
