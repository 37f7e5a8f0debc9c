"""How statements and conditions move one variable: the readings of ``i += 2``, ``--n``, ``(int)i < 16``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import CType
from pipeline.kernels.effects import EffectsReader
from pipeline.kernels.expressions import Scope, evaluate
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value, fitted, scaled

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "==": "=="}
_COUNTED = ("int", "pointer")


@dataclass(frozen=True, slots=True)
class Update:
    """A change of a variable by one step: ``variable OP number``; only steps of ``+`` are counted without a run."""

    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a loop's condition."""

    symbol: Symbol
    operator: str
    bound: Any
    """Expression, or None for a comparison with 0 that is not written."""
    step: int
    """What evaluating the test adds to the variable."""
    before: bool
    """Whether it is added before the comparison."""
    ctype: CType
    """The type in which the variable is compared, before the usual conversions."""


class UpdateReader:
    """Reads updates and tests of one program."""

    def __init__(self, program: Program, effects: EffectsReader) -> None:
        self.program = program
        self.effects = effects

    def _names(self, node: Any, symbol: Symbol) -> bool:
        return self.program.symbols.get(id(node)) is symbol

    def update(self, node: Any, symbol: Symbol) -> Update | None:
        """The step that a statement or expression makes, in a part of it perhaps (``*p++ = 0``)."""
        if symbol not in self.effects.of(node).writes:
            return None
        match node:
            case c_ast.UnaryOp(op="p++" | "++") if self._names(node.expr, symbol):
                return Update("+", 1)
            case c_ast.UnaryOp(op="p--" | "--") if self._names(node.expr, symbol):
                return Update("+", -1)
            case c_ast.Assignment() if self._names(node.lvalue, symbol):
                return self._assignment(node, symbol)
            case c_ast.BinaryOp(op="&&" | "||") | c_ast.TernaryOp():
                return None
            case c_ast.Assignment() | c_ast.BinaryOp() | c_ast.UnaryOp() | c_ast.ArrayRef() | c_ast.ExprList():
                parts = [child for child in node if symbol in self.effects.of(child).writes]
                return self.update(parts[0], symbol) if len(parts) == 1 else None
        return None

    def stride(self, node: Any, symbol: Symbol, scope: Scope) -> Value | None:
        """What ``i += len`` adds to a variable, within the bounds that are known where it stands."""
        for part in node.exprs if isinstance(node, c_ast.ExprList) else (node,):
            if isinstance(part, c_ast.Assignment) and self._names(part.lvalue, symbol):
                operator, amount = self._step(part, symbol) or ("", None)
                if operator in ("+", "-"):
                    by = evaluate(amount, scope)
                    return by if operator == "+" else scaled(by, -1)
        return None

    def _assignment(self, node: c_ast.Assignment, symbol: Symbol) -> Update | None:
        operator, amount = self._step(node, symbol) or ("", None)
        number = evaluate(amount, self.program).exact if operator in ("+", "-", "*", "/", "<<", ">>") else None
        if number is None:
            return None
        return Update("+", -number) if operator == "-" else Update(operator, number)

    def _step(self, node: c_ast.Assignment, symbol: Symbol) -> tuple[str, Any] | None:
        """``i OP= amount`` or ``i = i OP amount`` as (operator, amount)."""
        operator, amount = node.op[:-1], node.rvalue
        if node.op == "=":
            value = node.rvalue
            while isinstance(value, c_ast.Cast) and _holds(self.program.type_of(value), symbol.ctype):
                value = value.expr
            if not isinstance(value, c_ast.BinaryOp):
                return None
            operator = value.op
            if self._names(value.left, symbol):
                amount = value.right
            elif operator in ("+", "*") and self._names(value.right, symbol):
                amount = value.left
            else:
                return None
        return operator, amount

    def assigned(self, node: Any, symbol: Symbol) -> Any:
        """The expression that a chain of plain assignments gives to ``symbol``."""
        while isinstance(node, c_ast.Assignment) and node.op == "=":
            if not isinstance(node.lvalue, c_ast.ID | c_ast.StructRef):
                return None
            if self._names(node.lvalue, symbol):
                return self.given(node.rvalue, symbol)
            node = node.rvalue
        return None

    def given(self, value: Any, symbol: Symbol) -> Any:
        """What a chain of plain assignments ends in; None where one of them hands on another value than it is given."""
        kinds = []
        while isinstance(value, c_ast.Assignment) and value.op == "=":
            kinds.append(self.program.type_of(value.lvalue))
            value = value.rvalue
        if all(_holds(kind, symbol.ctype) for kind in kinds):
            return value
        known = evaluate(value, self.program)
        same = known.exact is not None and all(fitted(known, kind).exact == known.exact for kind in kinds)
        return value if same else None

    def tests(self, node: Any) -> Iterator[Test]:
        """The readings of a condition as a comparison of one variable."""
        stepped = self._stepped(node)
        if stepped is not None and stepped[0].ctype.kind == "int":
            yield Test(stepped[0], "!=", None, *stepped[1:])
            return
        if not isinstance(node, c_ast.BinaryOp) or node.op not in FLIPPED:
            return
        for side, other, operator in ((node.left, node.right, node.op), (node.right, node.left, FLIPPED[node.op])):
            stepped = self._stepped(side)
            if stepped is not None and stepped[0] not in self.effects.of(other).writes:
                yield Test(stepped[0], operator, other, *stepped[1:])

    def _stepped(self, node: Any) -> tuple[Symbol, int, bool, CType] | None:
        """``i``, ``i--`` or ``--i`` as (variable, step, step comes first, type); casts that keep all bits too."""
        if isinstance(node, c_ast.Cast):
            found, kind = self._stepped(node.expr), self.program.type_of(node)
            if found is None or kind.kind != "int" or found[3].kind != "int":
                return None
            return (*found[:3], kind) if (kind.bits or 0) >= (found[3].bits or 0) > 0 else None
        step, before = 0, False
        if isinstance(node, c_ast.UnaryOp) and node.op in ("p++", "p--", "++", "--"):
            step, before = (1 if "+" in node.op else -1), not node.op.startswith("p")
            node = node.expr
        symbol = self.program.symbols.get(id(node)) if isinstance(node, c_ast.ID | c_ast.StructRef) else None
        if symbol is None or symbol.ctype.kind not in _COUNTED:
            return None
        return symbol, step, before, symbol.ctype


def _holds(kind: CType, ctype: CType) -> bool:
    """Whether what goes through one type reaches another as if it had not."""
    if kind.kind == "pointer" or kind.name in ("_Bool", "bool"):
        return kind.kind == ctype.kind == "pointer"
    return kind.kind == ctype.kind == "int" and (kind.bits or 0) >= (ctype.bits or 65)


def conjuncts(node: Any) -> Iterator[Any]:
    """The parts that a condition joins by ``&&``."""
    if isinstance(node, c_ast.BinaryOp) and node.op == "&&":
        yield from conjuncts(node.left)
        yield from conjuncts(node.right)
    else:
        yield node


def statements(node: Any) -> list[Any]:
    """The statements of a body, braces or not."""
    if node is None or isinstance(node, c_ast.EmptyStatement):
        return []
    if isinstance(node, c_ast.Compound):
        return node.block_items or []
    return [node]
