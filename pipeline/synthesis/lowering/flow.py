"""What a piece of code does to plain variables: which it needs from before, which it surely sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.accesses import PURE_CALLS
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol

LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)


@dataclass(slots=True)
class VariableFlow:
    """Effects of code on plain variables (integers and floating point).

    ``needs``: read before this code has surely set them. ``sets``: surely set when the code is left. ``odd``: why the
    order of executions cannot be changed (a jump, a call, a pointer), None where nothing speaks against it.
    """

    needs: set[Symbol] = field(default_factory=set)
    sets: set[Symbol] = field(default_factory=set)
    writes: set[Symbol] = field(default_factory=set)
    reads: set[Symbol] = field(default_factory=set)
    odd: str | None = None

    def then(self, other: VariableFlow) -> VariableFlow:
        """This code, then the other."""
        return VariableFlow(
            self.needs | (other.needs - self.sets),
            self.sets | other.sets,
            self.writes | other.writes,
            self.reads | other.reads,
            self.odd or other.odd,
        )

    def either(self, other: VariableFlow) -> VariableFlow:
        """This code or the other."""
        joined = self.then(other)
        joined.needs, joined.sets = self.needs | other.needs, self.sets & other.sets
        return joined

    @property
    def touches(self) -> set[Symbol]:
        """All variables that occur."""
        return self.reads | self.writes


class FlowReader:
    """Flows of syntax trees of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def of(self, *nodes: Any) -> VariableFlow:
        """The flow of statements or expressions one after another."""
        result = VariableFlow()
        for node in nodes:
            result = result.then(self._node(node))
        return result

    def _node(self, node: Any) -> VariableFlow:
        match node:
            case None | c_ast.Constant() | c_ast.Pragma() | c_ast.EmptyStatement() | c_ast.Typename():
                return VariableFlow()
            case c_ast.UnaryOp(op="sizeof"):
                return VariableFlow()
            case c_ast.ID():
                return self._read(node)
            case c_ast.Decl():
                return self._declared(node)
            case c_ast.Assignment():
                return self._assigned(node)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                return self.of(node.expr).then(self._written(node.expr))
            case c_ast.UnaryOp(op="&" | "*"):
                return self.of(node.expr).then(VariableFlow(odd="a pointer is used"))
            case c_ast.TernaryOp():
                return self.of(node.cond).then(self.of(node.iftrue).either(self.of(node.iffalse)))
            case c_ast.BinaryOp(op="&&" | "||"):
                return self.of(node.left).then(self.of(node.right).either(VariableFlow()))
            case c_ast.StructRef():
                return self.of(node.name)
            case c_ast.FuncCall():
                name = node.name.name if isinstance(node.name, c_ast.ID) else "a function"
                known = name in PURE_CALLS and name not in self.program.functions
                return self.of(node.args).then(VariableFlow(odd=None if known else f"{name} is called"))
            case c_ast.If():
                return self.of(node.cond).then(self.of(node.iftrue).either(self.of(node.iffalse)))
            case c_ast.For():
                body = self.of(node.stmt, node.next)
                return self.of(node.init, node.cond).then(body.either(VariableFlow()))
            case c_ast.Compound():
                return self.of(*(node.block_items or []))
            case c_ast.DeclList():
                return self.of(*node.decls)
            case c_ast.Label():
                return self.of(node.stmt)
            case c_ast.BinaryOp() | c_ast.UnaryOp() | c_ast.Cast() | c_ast.ArrayRef() | c_ast.ExprList():
                return self.of(*(child for _, child in node.children() if not isinstance(child, c_ast.Typename)))
            case c_ast.InitList():
                return self.of(*node.exprs)
        # Nobody asks further of code that is not understood.
        return VariableFlow(odd=f"a {type(node).__name__} statement")

    def _symbol(self, node: c_ast.ID) -> Symbol | None:
        symbol = self.program.symbols.get(id(node))
        return symbol if symbol is not None and symbol.role not in ("function", "constant") else None

    def _read(self, node: c_ast.ID) -> VariableFlow:
        symbol = self._symbol(node)
        if symbol is None or symbol.ctype.kind == "array":
            return VariableFlow()
        return VariableFlow(needs={symbol}, reads={symbol})

    def _written(self, node: Any) -> VariableFlow:
        if not isinstance(node, c_ast.ID):
            return VariableFlow()
        symbol = self._symbol(node)
        if symbol is None:
            return VariableFlow(odd="a name is not resolved")
        odd = None
        if symbol.ctype.kind not in ("int", "float"):
            odd = f"{symbol.name} is written as a whole"
        elif symbol.address_taken or symbol.role in ("global", "static"):
            odd = f"{symbol.name} may be used elsewhere"
        return VariableFlow(sets={symbol}, writes={symbol}, odd=odd)

    def _declared(self, node: c_ast.Decl) -> VariableFlow:
        symbol = self.program.symbols.get(id(node))
        if symbol is None:
            return VariableFlow(odd="a type or function is declared")
        before = self.of(node.init)
        if symbol.ctype.kind not in ("int", "float"):
            return before.then(VariableFlow(odd=f"{symbol.name} is declared inside"))
        odd = f"{symbol.name} is static" if symbol.role != "local" else None
        odd = odd or (f"the address of {symbol.name} is taken" if symbol.address_taken else None)
        # Without an initialiser the value is any; that counts as set, for nobody may rely on the old one.
        return before.then(VariableFlow(sets={symbol}, writes={symbol}, odd=odd))

    def _assigned(self, node: c_ast.Assignment) -> VariableFlow:
        target = node.lvalue
        before = self.of(node.rvalue)
        if not isinstance(target, c_ast.ID):
            return before.then(self.of(target))
        if node.op != "=":
            before = before.then(self.of(target))
        return before.then(self._written(target))


def statements(node: Any) -> list[Any]:
    """The statements of a body, braces or not."""
    if node is None or isinstance(node, c_ast.EmptyStatement):
        return []
    return list(node.block_items or []) if isinstance(node, c_ast.Compound) else [node]


def has_loop(node: Any) -> bool:
    """Whether there is a loop at or below a node."""
    return isinstance(node, LOOPS) or any(has_loop(child) for _, child in node.children())


def mentions(node: Any, symbol: Symbol, program: Program) -> bool:
    """Whether a variable's name occurs below a node."""
    if isinstance(node, c_ast.ID):
        return program.symbols.get(id(node)) is symbol
    return node is not None and any(mentions(child, symbol, program) for _, child in node.children())


def holds(node: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a node of one of these classes stands at or below a node."""
    return isinstance(node, kinds) or any(holds(child, kinds) for _, child in node.children())
