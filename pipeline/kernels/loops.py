"""The loops of a function: nesting, labels and pragmas; each is counted as it is met."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.assured import assurance
from pipeline.kernels.execution import variables
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.pragmas import Pragma, read_pragma
from pipeline.kernels.reaching import Reaching
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo
from pipeline.kernels.trip_counts import TripCounter
from pipeline.kernels.updates import statements
from pipeline.terms import Dialect

_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)


class LoopReader:
    """Reads the loops of one function, in source order."""

    def __init__(self, program: Program, info: FunctionInfo) -> None:
        self.program = program
        self.info = info
        self.records: list[LoopRecord] = []
        self.leaves: list[tuple[Any, Context]] = []
        """Expressions and declarations in the order of the text, with their places."""
        self.reaching = Reaching(program, info)
        self._counter = TripCounter(self.reaching)
        self._headers: set[int] = set()

    def read(self) -> list[LoopRecord]:
        """All loops of the function in source order."""
        root = Context("function", None)
        self._sequence(self.info.node.body.block_items or [], root, None, None)
        return self.records

    def settled(self, leaf: Any) -> bool:
        """Whether each variable has, wherever an expression or declaration names it, the value from before it.

        A loop's condition also runs with a value of the variable that no iteration has; after a comma or && a variable
        may have another value than before the statement.
        """
        inner = leaf.init if isinstance(leaf, c_ast.Decl) else leaf
        if isinstance(inner, c_ast.Assignment) and isinstance(inner.lvalue, c_ast.ID):
            inner = inner.rvalue
        return id(leaf) not in self._headers and not (self.reaching.effects.of(inner).writes and _in_steps(inner))

    def _sequence(self, items: list[Any], outer: Context, loop: LoopRecord | None, body_of: LoopRecord | None) -> None:
        """Statements in order; ``loop`` is the loop around them, ``body_of`` the loop whose body they are."""
        pending: list[Pragma] = []
        leading = True
        for position, item in enumerate(items):
            if isinstance(item, c_ast.Pragma):
                pending.append(read_pragma(item, self.program.file))
                continue
            label, target, inner = _unlabelled(item)
            pending += [read_pragma(node, self.program.file) for node in inner]
            context = Context("block", outer, items=items, position=position)
            if isinstance(target, _LOOPS):
                onto = self._attach(pending, body_of, leading, onto_loop=True)
                self._loop(target, item, label, context, loop, onto)
            else:
                self._attach(pending, body_of, leading, onto_loop=False)
                self._statement(target, context, loop)
            pending = []
            leading = leading and isinstance(item, c_ast.Decl)
        self._attach(pending, body_of, leading, onto_loop=False)

    def _attach(
        self, pragmas: list[Pragma], body_of: LoopRecord | None, leading: bool, *, onto_loop: bool
    ) -> list[Pragma]:
        """Gives pragmas to the loop whose body they stand in; returns those for the loop that follows."""
        following: list[Pragma] = []
        for pragma in pragmas:
            inside = body_of is not None and (pragma.dialect == Dialect.HLS or (leading and not onto_loop))
            if inside and body_of is not None:
                body_of.pragmas.append(pragma)
            elif onto_loop:
                following.append(pragma)
            elif pragma.placeholder:
                raise PipelineError(
                    f"placeholder {pragma.placeholder} stands on no loop",
                    file=pragma.file,
                    line=pragma.line,
                    column=pragma.column,
                    fix="put the pragma on the line before a loop (HLS: first in the loop's body)",
                )
        return following

    def _statement(self, node: Any, context: Context, loop: LoopRecord | None) -> None:
        match node:
            case c_ast.Compound():
                self._sequence(node.block_items or [], context, loop, None)
            case c_ast.If():
                self.leaves.append((node.cond, context))
                self.reaching.conditioned |= variables(node.cond, self.program.symbols)
                for part, holds in ((node.iftrue, True), (node.iffalse, False)):
                    if part is not None:
                        inside = Context("branch", context, node=node.cond, holds=holds)
                        self._sequence(statements(part), inside, loop, None)
            case c_ast.Switch():
                self.leaves.append((node.cond, context))
                inside = Context("switch", context, node=node)
                for item in statements(node.stmt):
                    self._statement(item, inside, loop)
            case c_ast.Case() | c_ast.Default():
                self._sequence(node.stmts or [], Context("branch", context), loop, None)
            case c_ast.Label() | c_ast.For() | c_ast.While() | c_ast.DoWhile():
                self._sequence([node], context, loop, None)
            case c_ast.Return():
                self.leaves.append((node.expr, context))
            case _:
                self.leaves.append((node, context))
                if assurance(node) is not None:
                    self.reaching.conditioned |= variables(node, self.program.symbols)

    def _loop(
        self,
        node: Any,
        statement: Any,
        label: str | None,
        context: Context,
        parent: LoopRecord | None,
        pragmas: list[Pragma],
    ) -> None:
        depth = parent.depth + 1 if parent else 0
        record = LoopRecord(node, self.info.name, len(self.records), label, parent, depth, context, pragmas, statement)
        if parent is not None:
            parent.innermost = False
        self.records.append(record)
        self.reaching.loops[id(node)] = record
        self._counter.count(record)
        inside = Context("loop", context, loop=record)
        self._headers |= {id(part) for part in (node.cond, getattr(node, "next", None)) if part is not None}
        self.leaves.append((getattr(node, "init", None), context))
        if not isinstance(node, c_ast.DoWhile):
            self.leaves.append((node.cond, inside))
        self._sequence(statements(node.stmt), inside, record, record)
        self.leaves.append((getattr(node, "next", None), inside))
        if isinstance(node, c_ast.DoWhile):
            self.leaves.append((node.cond, inside))


def _in_steps(node: Any) -> bool:
    """Whether an expression is evaluated in several steps, one after another."""
    if isinstance(node, c_ast.FuncCall):
        return any(_in_steps(part) for part in (node.args.exprs if node.args is not None else ()))
    if isinstance(node, c_ast.ExprList | c_ast.TernaryOp) or (
        isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||")
    ):
        return True
    return any(_in_steps(child) for child in node)


def _unlabelled(node: Any) -> tuple[str | None, Any, list[c_ast.Pragma]]:
    """A statement without its labels, its nearest label, and pragmas that stand between label and statement."""
    label: str | None = None
    pragmas: list[c_ast.Pragma] = []
    while isinstance(node, c_ast.Label):
        label = node.name
        node = node.stmt
        items = node.block_items if isinstance(node, c_ast.Compound) else None
        if items and len(items) > 1 and all(isinstance(item, c_ast.Pragma) for item in items[:-1]):
            pragmas += items[:-1]
            node = items[-1]
    return label, node, pragmas
