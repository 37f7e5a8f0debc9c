"""What a piece of code leaves in its variables, found by going through it step by step with known integers.

Where no law gives a number, a program may still: ``half(48)``, two counters that run towards each other, a counter
that wraps. Nothing is guessed: what is not a known integer, or takes too many steps, is :class:`NotFollowed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pycparser import c_ast

from pipeline.kernels.arithmetic import binary
from pipeline.kernels.c_types import CType
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.values import Value, constant, fitted, shifted

MOST_STEPS = 20_000
"""Statements after which one question is given up."""
_DEEPEST = 40
_STEPS = ("p++", "p--", "++", "--")


class NotFollowed(Exception):
    """The code does what cannot be followed with known integers alone."""


class Resolved(Scope, Protocol):
    """A program with its names resolved."""

    symbols: dict[int, Symbol]
    functions: dict[str, FunctionInfo]


class Left(Exception):
    """A statement left by ``break``, ``continue`` or ``return``."""

    def __init__(self, way: str, value: Value | None = None) -> None:
        super().__init__(way)
        self.way = way
        self.value = value


@dataclass(slots=True)
class Steps:
    """How far one question may still go."""

    left: int = MOST_STEPS
    deep: int = 0

    def take(self) -> None:
        """One more step; :class:`NotFollowed` where there is none left."""
        self.left -= 1
        if self.left < 0 or self.deep > _DEEPEST:
            raise NotFollowed


class Stepper:
    """Goes through statements; ``known`` holds the variables that it reads and writes, ``around`` gives all others."""

    def __init__(
        self, program: Resolved, known: Mapping[Symbol, Value], around: Scope, steps: Steps | None = None
    ) -> None:
        self.program = program
        self.known = dict(known)
        self.around = around
        self.steps = steps or Steps()

    # What evaluation asks -----------------------------------------------------------------------------------------

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a variable now."""
        symbol = self.program.symbols.get(id(node))
        if symbol is not None and symbol in self.known:
            return self.known[symbol]
        return self.around.variable(node)

    def called(self, node: c_ast.FuncCall, given: Sequence[Value]) -> Value | None:
        """The value that a call returns, None where it is not known."""
        self.steps.deep += 1
        try:
            return called_value(self.program, node, given, self.steps)
        finally:
            self.steps.deep -= 1

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        return self.program.type_of(node)

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        return self.program.sized_type(node)

    # Expressions --------------------------------------------------------------------------------------------------

    def value(self, node: Any) -> Value:
        """The value of an expression, after which its side effects are done."""
        if not writes(node):
            return evaluate(node, self)
        match node:
            case c_ast.Assignment():
                value = self.value(node.rvalue)
                if node.op != "=":
                    value = binary(node.op[:-1], self.value(node.lvalue), value)
                return self._assign(node.lvalue, value)
            case c_ast.UnaryOp() if node.op in _STEPS:
                before = self.value(node.expr)
                after = self._assign(node.expr, shifted(before, 1 if "+" in node.op else -1))
                return before if node.op.startswith("p") else after
            case c_ast.BinaryOp(op="&&" | "||"):
                if self.truth(node.left) == (node.op == "||"):
                    return constant(int(node.op == "||"))
                return constant(int(self.truth(node.right)))
            case c_ast.BinaryOp():
                left = self.value(node.left)
                return binary(node.op, left, self.value(node.right))
            case c_ast.ExprList():
                return [self.value(item) for item in node.exprs][-1]
        raise NotFollowed

    def truth(self, node: Any) -> bool:
        """Whether a condition holds."""
        number = self.value(node).exact
        if number is None:
            raise NotFollowed
        return number != 0

    def _assign(self, target: Any, value: Value) -> Value:
        symbol = self.program.symbols.get(id(target))
        if symbol is None or symbol not in self.known:
            raise NotFollowed
        result = self.known[symbol] = fitted(value, symbol.ctype)
        return result

    # Statements ---------------------------------------------------------------------------------------------------

    def run(self, items: Iterable[Any]) -> None:
        """Executes statements in order; :class:`Left` where they are left early."""
        for item in items:
            self._statement(item)

    def _statement(self, node: Any) -> None:
        self.steps.take()
        match node:
            case None | c_ast.EmptyStatement() | c_ast.Pragma() | c_ast.Typedef():
                return
            case c_ast.Compound():
                self.run(node.block_items or [])
            case c_ast.DeclList():
                self.run(node.decls)
            case c_ast.Decl():
                self._declaration(node)
            case c_ast.If():
                self._statement(node.iftrue if self.truth(node.cond) else node.iffalse)
            case c_ast.For():
                self._statement(node.init)
                self._loop(node, node.cond, node.next, first=True)
            case c_ast.While():
                self._loop(node, node.cond, None, first=True)
            case c_ast.DoWhile():
                self._loop(node, node.cond, None, first=False)
            case c_ast.Return():
                raise Left("return", self.value(node.expr) if node.expr is not None else None)
            case c_ast.Break():
                raise Left("break")
            case c_ast.Continue():
                raise Left("continue")
            case c_ast.Assignment() | c_ast.UnaryOp() | c_ast.ExprList():
                self.value(node)
            case _:
                raise NotFollowed

    def _declaration(self, node: c_ast.Decl) -> None:
        symbol = self.program.symbols.get(id(node))
        if symbol is None or symbol.role != "local" or symbol.address_taken or symbol.ctype.kind != "int":
            raise NotFollowed
        if node.init is None:
            # Nobody may read it before it is written, when all of its bits are known.
            self.known[symbol] = Value(None, None, symbol.ctype)
        else:
            self.known[symbol] = fitted(self.value(node.init), symbol.ctype)

    def _loop(self, node: Any, condition: Any, following: Any, *, first: bool) -> None:
        while not first or condition is None or self.truth(condition):
            first = True
            try:
                self._statement(node.stmt)
            except Left as left:
                if left.way == "break":
                    return
                if left.way == "return":
                    raise
            self._statement(following)


def called_value(
    program: Resolved, node: c_ast.FuncCall, given: Sequence[Value], steps: Steps | None = None
) -> Value | None:
    """What a call of a function of the program returns for these arguments, None where it cannot be told.

    The function may do anything that only reads its arguments and constants; a value that is a range or a form in the
    caller's variables is carried through where no decision hangs on it.
    """
    info = program.functions.get(node.name.name) if isinstance(node.name, c_ast.ID) else None
    if info is None or info.returns.kind != "int" or info.gotos:
        return None
    if len(given) != len(info.arguments) or any(
        symbol.address_taken or symbol.ctype.kind != "int" for symbol in info.arguments
    ):
        return None
    known = {symbol: fitted(value, symbol.ctype) for symbol, value in zip(info.arguments, given, strict=True)}
    try:
        Stepper(program, known, _Constants(program), steps).run([info.node.body])
    except Left as left:
        return fitted(left.value, info.returns) if left.way == "return" and left.value is not None else None
    except NotFollowed:
        return None
    return None


class _Constants:
    """What a function sees beside its own variables: constants of the program."""

    def __init__(self, program: Resolved) -> None:
        self.program = program
        self.type_of = program.type_of
        self.sized_type = program.sized_type
        self.called = program.called

    def variable(self, node: c_ast.ID | c_ast.StructRef) -> Value | None:
        """The value of a name that is the same constant everywhere."""
        symbol = self.program.symbols.get(id(node))
        own = symbol is not None and symbol.role in ("argument", "local")
        return None if own and symbol is not None and not symbol.ctype.const else self.program.variable(node)


def writes(node: Any) -> bool:
    """Whether evaluating an expression changes a variable in the text itself, calls left aside."""
    if isinstance(node, c_ast.Assignment) or (isinstance(node, c_ast.UnaryOp) and node.op in _STEPS):
        return True
    return any(writes(child) for child in node) if node is not None else False
