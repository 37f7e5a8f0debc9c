"""Integer code executed as C executes it, with a limit of steps: helpers called with constants, headers of loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pycparser import c_ast

from pipeline.kernels.arithmetic import binary
from pipeline.kernels.c_types import CType
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.values import Value, constant, fitted, unknown
from pipeline.program.tree import walk

MOST_STEPS = 20_000
"""Statements and expressions that one question may take."""
_DEEPEST = 32
_STEPS = {"p++": "+", "p--": "-", "++": "+", "--": "-"}
_NEXT, _BREAK, _CONTINUE, _RETURN = range(4)


class Stuck(Exception):
    """What comes next depends on what is not known, is not integer code of plain variables, or takes too long."""


class Execution:
    """Plain integer variables while code runs: a scope in which they are numbers.

    ``owned`` are the variables that the code may change; all others are as ``outside`` has them.
    """

    def __init__(self, outside: Scope, symbols: Mapping[int, Symbol], values: dict[Symbol, Value]) -> None:
        self.outside = outside
        self.symbols = symbols
        self.values = values
        self.owned: set[Symbol] = set(values)
        self.left = MOST_STEPS
        self.stores = False
        """Stores to elements of arrays count for nothing."""
        self.result: Value | None = None
        self._plain: dict[int, bool] = {}

    # A scope ------------------------------------------------------------------------------------------------------

    def variable(self, node: Any) -> Value | None:
        """The number that a variable is now."""
        symbol = self.symbols.get(id(node))
        if symbol in self.owned:
            return self.values.get(symbol)
        return self.outside.variable(node)

    def table(self, node: c_ast.ID) -> tuple[CType, Any] | None:
        """The type and initialiser of a constant array or struct."""
        return self.outside.table(node)

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        return self.outside.type_of(node)

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        return self.outside.sized_type(node)

    def called(self, name: str, given: Sequence[Value]) -> Value | None:
        """What a function returns."""
        return self.outside.called(name, given)

    # Running ------------------------------------------------------------------------------------------------------

    def value(self, node: Any) -> Value:
        """Evaluates an expression with what it does to variables. Raises Stuck unless it is a number."""
        self.left -= 1
        if self.left < 0:
            raise Stuck
        if self.is_plain(node):
            return _number(evaluate(node, self))
        match node:
            case c_ast.Assignment(lvalue=c_ast.ArrayRef()) if self.stores and self.is_plain(node.rvalue):
                return self._element(node)
            case c_ast.Assignment():
                right = self.value(node.rvalue)
                return self._store(node.lvalue, right, node.op[:-1])
            case c_ast.UnaryOp() if node.op in _STEPS:
                before = self.value(node.expr)
                after = self._store(node.expr, constant(1), _STEPS[node.op])
                return before if node.op.startswith("p") else after
            case c_ast.UnaryOp(op="!"):
                return constant(int(not self.holds(node.expr)))
            case c_ast.ExprList():
                return [self.value(item) for item in node.exprs][-1]
            case c_ast.BinaryOp(op="&&" | "||"):
                first, decisive = self.holds(node.left), node.op == "||"
                return constant(int(first if first == decisive else self.holds(node.right)))
            case c_ast.BinaryOp():
                left, right = self.value(node.left), self.value(node.right)
                return _number(binary(node.op, left, right))
            case c_ast.TernaryOp():
                return self.value(node.iftrue if self.holds(node.cond) else node.iffalse)
            case c_ast.Cast():
                return _number(fitted(self.value(node.expr), self.type_of(node)))
        raise Stuck

    def holds(self, node: Any) -> bool:
        """Whether a condition holds; one that is not written does."""
        return node is None or self.value(node).exact != 0

    def run(self, node: Any) -> int:
        """Executes a statement; says how it ended."""
        match node:
            case None | c_ast.EmptyStatement() | c_ast.Pragma() | c_ast.Typedef():
                return _NEXT
            case c_ast.Compound():
                return self._sequence(node.block_items or ())
            case c_ast.DeclList():
                return self._sequence(node.decls)
            case c_ast.Decl():
                symbol = self.symbols.get(id(node))
                if symbol is None or symbol.role != "local" or symbol.ctype.kind != "int":
                    raise Stuck
                self.owned.add(symbol)
                self.values.pop(symbol, None)
                if node.init is not None:
                    self.values[symbol] = _number(fitted(self.value(node.init), symbol.ctype))
            case c_ast.If():
                return self.run(node.iftrue if self.holds(node.cond) else node.iffalse)
            case c_ast.For():
                self.run(node.init)
                return self._repeat(node.cond, node.stmt, node.next)
            case c_ast.While():
                return self._repeat(node.cond, node.stmt, None)
            case c_ast.DoWhile():
                ended = self.run(node.stmt)
                if ended in (_NEXT, _CONTINUE):
                    return self._repeat(node.cond, node.stmt, None)
                return _NEXT if ended == _BREAK else ended
            case c_ast.Break():
                return _BREAK
            case c_ast.Continue():
                return _CONTINUE
            case c_ast.Return():
                self.result = None if node.expr is None else self.value(node.expr)
                return _RETURN
            case c_ast.Switch():
                return self._choose(node)
            case c_ast.Label() | c_ast.Goto() | c_ast.Case() | c_ast.Default():
                raise Stuck
            case _:
                self.value(node)
        return _NEXT

    def _sequence(self, items: Sequence[Any]) -> int:
        for item in items:
            ended = self.run(item)
            if ended != _NEXT:
                return ended
        return _NEXT

    def _repeat(self, condition: Any, body: Any, following: Any) -> int:
        while self.holds(condition):
            self.left -= 1
            if self.left < 0:
                raise Stuck
            ended = self.run(body)
            if ended == _RETURN:
                return ended
            if ended == _BREAK:
                break
            self.run(following)
        return _NEXT

    def _choose(self, node: c_ast.Switch) -> int:
        """Executes a switch from the label that fits."""
        chosen = self.value(node.cond).exact
        items = (node.stmt.block_items or []) if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
        if not all(isinstance(item, c_ast.Case | c_ast.Default) for item in items):
            raise Stuck
        labels = [self.value(item.expr).exact if isinstance(item, c_ast.Case) else None for item in items]
        start = labels.index(chosen if chosen in labels else None) if chosen in labels or None in labels else len(items)
        for item in items[start:]:
            ended = self._sequence(item.stmts or ())
            if ended != _NEXT:
                return _NEXT if ended == _BREAK else ended
        return _NEXT

    def _element(self, node: c_ast.Assignment) -> Value:
        """A store to an array, of which no element is a number here: what counts is what the subscripts do."""
        target = node.lvalue
        while isinstance(target, c_ast.ArrayRef):
            if not self.is_plain(target.subscript):
                self.value(target.subscript)
            target = target.name
        if not isinstance(target, c_ast.ID):
            raise Stuck
        return unknown(self.type_of(node.lvalue))

    def _store(self, target: Any, right: Value, operator: str) -> Value:
        symbol = self.symbols.get(id(target))
        if symbol is None or symbol not in self.owned or symbol.address_taken:
            raise Stuck
        if operator:
            right = _number(binary(operator, self.value(target), right))
        self.values[symbol] = stored = _number(fitted(right, symbol.ctype))
        return stored

    def is_plain(self, node: Any) -> bool:
        """Whether evaluating an expression changes nothing."""
        known = self._plain.get(id(node))
        if known is None:
            changes = isinstance(node, c_ast.Assignment | c_ast.ExprList) or (
                isinstance(node, c_ast.UnaryOp) and node.op in _STEPS
            )
            arguments = node.args if isinstance(node, c_ast.FuncCall) else None
            inner = node if arguments is None else arguments.exprs
            known = self._plain[id(node)] = not changes and all(self.is_plain(child) for child in inner)
        return known


class KnownCalls:
    """Calls of a file's functions with numbers, answers remembered."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[int, ...]], Value | None] = {}
        self._depth = 0
        self._left = MOST_STEPS

    def called(
        self, info: FunctionInfo, given: Sequence[Value], outside: Scope, symbols: Mapping[int, Symbol]
    ) -> Value | None:
        """What a function returns for these arguments; None where that is not known or it does more than return."""
        numbers = tuple(value.exact for value in given if value.exact is not None)
        if len(given) != len(info.arguments) or info.returns.kind != "int":
            return None
        if any(symbol.ctype.kind != "int" or symbol.address_taken for symbol in info.arguments):
            return None
        if len(numbers) != len(given):
            return self._formula(info, given, outside, symbols)
        key = (info.name, numbers)
        if key in self._known:
            return self._known[key]
        if self._depth == 0:
            self._left = MOST_STEPS
        if self._depth >= _DEEPEST:
            return None
        values = {symbol: fitted(value, symbol.ctype) for symbol, value in zip(info.arguments, given, strict=True)}
        execution = Execution(outside, symbols, values)
        execution.left = self._left
        self._depth += 1
        result: Value | None = None
        try:
            if execution.run(info.node.body) == _RETURN and execution.result is not None:
                result = fitted(execution.result, info.returns)
        except (Stuck, RecursionError):
            pass
        finally:
            self._depth -= 1
            self._left = min(self._left, execution.left)
        if result is not None or self._depth == 0:
            # Under way, a limit may be what stopped it.
            self._known[key] = result
        return result

    def _formula(
        self, info: FunctionInfo, given: Sequence[Value], outside: Scope, symbols: Mapping[int, Symbol]
    ) -> Value | None:
        """What a function that is one formula makes of values that are ranges, or linear in the caller's variables."""
        items = info.node.body.block_items or []
        if len(items) != 1 or not isinstance(items[0], c_ast.Return) or items[0].expr is None:
            return None
        values = {symbol: fitted(value, symbol.ctype) for symbol, value in zip(info.arguments, given, strict=True)}
        execution = Execution(outside, symbols, values)
        if self._depth >= 2 or not execution.is_plain(items[0].expr):
            return None
        self._depth += 1
        try:
            return fitted(evaluate(items[0].expr, execution), info.returns)
        finally:
            self._depth -= 1


def variables(node: Any, symbols: Mapping[int, Symbol]) -> set[Symbol]:
    """The variables that a piece of code names."""
    named = (symbols.get(id(part)) for part in walk(node))
    return {symbol for symbol in named if symbol is not None and symbol.role not in ("constant", "function")}


def _number(value: Value) -> Value:
    if value.exact is None:
        raise Stuck
    return value
