"""When a loop may be strip-mined, its copies moved inwards, its sum split. An answer is a reason or a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.kernels.expressions import same_text
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.symbols import Symbol
from pipeline.synthesis.lowering.flow import VariableFlow, has_loop, holds, mentions, statements
from pipeline.synthesis.lowering.prepare import Prepared

_STEPS = ("p++", "p--", "++", "--")


def unsplittable(prepared: Prepared, record: LoopRecord) -> str | None:
    """Why a loop cannot be strip-mined; None where it can.

    It can where it is a counted ``for`` whose number of iterations is proved, whose variable is set by nothing but its
    header, and which is left by its condition alone.
    """
    key = ("split", record)
    if key not in prepared.memo:
        prepared.memo[key] = _unsplittable(prepared, record)
    answer: str | None = prepared.memo[key]
    return answer


def _unsplittable(prepared: Prepared, record: LoopRecord) -> str | None:
    node, symbol = record.node, record.symbol
    if not isinstance(node, c_ast.For):
        return f"it is a {record.keyword} loop"
    if prepared.readers[record.function].info.gotos:
        return "the function has a goto"
    if record.leaves_early:
        return "it may be left early"
    if record.trip is None or record.trip <= 0:
        return "its number of iterations varies" if record.trip is None else "it has no iteration"
    if symbol is None or not record.steady or not record.step or symbol.role not in ("local", "argument"):
        return "its variable does not move by a fixed step"
    if symbol.ctype.kind != "int" or symbol.ctype.range is None:
        return "its variable is no integer of known width"
    if first_value(prepared, record) is None:
        return "its header does more than count"
    if not _plain_update(prepared, node.next, symbol):
        return "its header does more than count"
    condition = prepared.readers[record.function].reaching.effects.of(node.cond)
    if (
        condition.writes
        or condition.calls
        or symbol in prepared.readers[record.function].reaching.effects.of(node.stmt).writes
    ):
        return "its variable is changed elsewhere"
    return None


def first_value(prepared: Prepared, record: LoopRecord) -> Any:
    """The expression of the first value: a node, the variable's own ``ID`` where the header sets none, or None."""
    init, symbol = record.node.init, record.symbol
    program = prepared.program
    if init is None:
        return c_ast.ID(symbol.name) if symbol is not None else None
    if isinstance(init, c_ast.DeclList):
        decl = init.decls[0]
        if len(init.decls) == 1 and program.symbols.get(id(decl)) is symbol:
            return decl.init
        return None
    if isinstance(init, c_ast.Assignment) and init.op == "=" and isinstance(init.lvalue, c_ast.ID):
        effects = prepared.readers[record.function].reaching.effects.of(init.rvalue)
        if program.symbols.get(id(init.lvalue)) is symbol and not effects.writes:
            return init.rvalue
    return None


def declared_in_header(record: LoopRecord) -> bool:
    """``for (int i = ...``"""
    return isinstance(record.node.init, c_ast.DeclList)


def _plain_update(prepared: Prepared, node: Any, symbol: Symbol) -> bool:
    if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS and isinstance(node.expr, c_ast.ID):
        return prepared.program.symbols.get(id(node.expr)) is symbol
    if isinstance(node, c_ast.Assignment) and isinstance(node.lvalue, c_ast.ID):
        effects = prepared.readers[symbol.function or ""].reaching.effects.of(node.rvalue) if symbol.function else None
        quiet = effects is not None and not effects.writes and not effects.calls
        return quiet and prepared.program.symbols.get(id(node.lvalue)) is symbol
    return False


# Copies of an outer loop moved into the loops inside it ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Jam:
    """An outer loop whose iterations are independent: groups of them may run side by side inside the inner loops.

    ``spread`` are the variables that need one instance a copy, with whether they are declared inside the loop.
    """

    spread: tuple[tuple[Symbol, bool], ...]


def jam(prepared: Prepared, record: LoopRecord) -> Jam | str:
    """How the copies of a loop that holds loops can be moved inwards, or why not."""
    key = ("jam", record)
    if key not in prepared.memo:
        prepared.memo[key] = _jam(prepared, record)
    answer: Jam | str = prepared.memo[key]
    return answer


def _jam(prepared: Prepared, record: LoopRecord) -> Jam | str:
    reason = unsplittable(prepared, record)
    if reason:
        return reason
    flow, program = prepared.flow, prepared.program
    own = record.symbol
    assert own is not None
    body = statements(record.node.stmt)
    whole = flow.of(*body)
    if whole.odd:
        return whole.odd
    if not prepared.analysis.carries_none(record):
        return "its iterations cannot be shown to touch separate elements"
    runs: list[tuple[list[Any], set[Symbol]]] = []
    counters: set[Symbol] = set()
    reason = _level(prepared, record, body, runs, counters, whole)
    if reason:
        return reason
    flows = [flow.of(*run) for run, _ in runs]
    if any(counters & found.writes for found in flows):
        return "a variable of an inner loop is set in the body"
    if any(counters & found.needs - around for found, (_, around) in zip(flows, runs, strict=True)):
        return "a variable of an inner loop is used outside it"
    spread: list[tuple[Symbol, bool]] = []
    declared = _declared(program, record.node.stmt)
    for symbol in sorted(whole.writes - counters, key=lambda item: (item.line, item.name)):
        at = [found for found in flows if symbol in found.touches]
        inner = symbol in declared
        if len(at) == 1 and symbol not in at[0].needs and (inner or symbol in at[0].sets):
            continue
        if symbol in whole.needs:
            return f"{symbol.name} goes from one iteration to the next"
        if not inner and symbol not in whole.sets:
            return f"{symbol.name} may be left from an earlier iteration"
        spread.append((symbol, inner))
    return Jam(tuple(spread))


def _level(
    prepared: Prepared,
    outer: LoopRecord,
    items: list[Any],
    runs: list[tuple[list[Any], set[Symbol]]],
    counters: set[Symbol],
    whole: VariableFlow,
    around: frozenset[Symbol] = frozenset(),
) -> str | None:
    """Collects the loop-free runs and the counters of the loops of a nest; a reason where its shape forbids it."""
    run: list[Any] = []
    found: list[tuple[Any, LoopRecord]] = []
    for item in items:
        target = item
        while isinstance(target, c_ast.Label):
            target = target.stmt
        if isinstance(target, c_ast.For):
            if run:
                runs.append((run, set(around)))
                run = []
            found.append((target, prepared.by_node[id(target)]))
        elif has_loop(item):
            return "a loop inside stands in a branch or block"
        elif not isinstance(item, c_ast.Pragma):
            run.append(item)
    if run:
        runs.append((run, set(around)))
    for node, inner in found:
        reason = unsplittable(prepared, inner)
        if reason:
            return f"of the loop on line {node.coord.line} inside: {reason}"
        counter = inner.symbol
        assert counter is not None
        header = prepared.flow.of(node.init, node.cond, node.next)
        if (
            counter is outer.symbol
            or outer.symbol in header.reads
            or (header.reads & whole.writes) - around - {counter}
        ):
            return f"the bounds of the loop on line {node.coord.line} inside differ between its iterations"
        if prepared.readers[outer.function].reaching.effects.of(node.cond).calls or holds(
            c_ast.ExprList([part for part in (node.cond, node.init) if part is not None]),
            (c_ast.ArrayRef, c_ast.StructRef),
        ):
            return f"the bounds of the loop on line {node.coord.line} inside are read from memory"
        counters.add(counter)
        reason = _level(prepared, outer, statements(node.stmt), runs, counters, whole, around | {counter})
        if reason:
            return reason
    return None


def _declared(program: Any, node: Any) -> set[Symbol]:
    found: set[Symbol] = set()
    if isinstance(node, c_ast.Decl):
        symbol = program.symbols.get(id(node))
        if symbol is not None:
            found.add(symbol)
    for _, child in node.children():
        found |= _declared(program, child)
    return found


# Sums -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reduction:
    """One accumulation of a loop's body, ``target OP= term``."""

    statement: Any
    """The assignment."""
    target: Any
    term: Any
    operator: str
    """``+``, ``-`` or ``*``: how a term enters."""
    element: str
    """C type of the target."""
    symbol: Symbol


def reduction(prepared: Prepared, record: LoopRecord, clause: str | None) -> Reduction | str:
    """The floating-point accumulation of an innermost loop that ``reduction=clause`` is about, or why there is none.

    An empty clause, or None, takes the only one that there is.
    """
    key = ("reduction", (record, clause or ""))
    if key not in prepared.memo:
        prepared.memo[key] = _reduction(prepared, record, clause or "")
    answer: Reduction | str = prepared.memo[key]
    return answer


def _reduction(prepared: Prepared, record: LoopRecord, clause: str) -> Reduction | str:
    reason = unsplittable(prepared, record)
    if reason:
        return reason
    body = record.node.stmt
    if has_loop(body) or holds(body, (c_ast.Break, c_ast.Continue, c_ast.Return, c_ast.Switch, c_ast.Goto)):
        return "its body is not straight-line"
    flow = prepared.flow.of(*statements(body))
    if flow.odd:
        return flow.odd
    found = [
        item
        for assignment in _assignments(body)
        if (item := _accumulation(prepared, assignment)) is not None and clause in ("", item.symbol.name)
    ]
    fitting = [item for item in found if _alone(prepared, record, flow, item)]
    if len(fitting) == 1:
        return fitting[0]
    return f"no single accumulation of {clause or 'one variable'} is found in its body"


def _assignments(node: Any) -> list[c_ast.Assignment]:
    """Assignments that stand as statements, in branches too."""
    match node:
        case c_ast.Assignment():
            return [node]
        case c_ast.Compound():
            return [found for item in node.block_items or [] for found in _assignments(item)]
        case c_ast.If():
            return [found for part in (node.iftrue, node.iffalse) if part is not None for found in _assignments(part)]
    return []


def _accumulation(prepared: Prepared, node: c_ast.Assignment) -> Reduction | None:
    target, term, operator = node.lvalue, node.rvalue, node.op[:-1]
    if node.op == "=":
        if not isinstance(node.rvalue, c_ast.BinaryOp):
            return None
        operator = node.rvalue.op
        if same_text(node.rvalue.left, target):
            term = node.rvalue.right
        elif same_text(node.rvalue.right, target) and operator in ("+", "*"):
            term = node.rvalue.left
        else:
            return None
    if operator not in ("+", "-", "*"):
        return None
    base = target
    while isinstance(base, c_ast.ArrayRef):
        base = base.name
    symbol = prepared.program.symbols.get(id(base)) if isinstance(base, c_ast.ID) else None
    kind = prepared.program.type_of(target)
    if symbol is None or kind.kind != "float" or kind.name not in ("float", "double"):
        return None
    return Reduction(node, target, term, operator, kind.name, symbol)


def _alone(prepared: Prepared, record: LoopRecord, flow: VariableFlow, item: Reduction) -> bool:
    """Whether the target is one element for the whole loop, and nothing else in the body touches it."""
    program = prepared.program
    moving = flow.writes | ({record.symbol} if record.symbol else set())
    at = item.target
    while isinstance(at, c_ast.ArrayRef):
        if any(mentions(at.subscript, symbol, program) for symbol in moving) or holds(
            at.subscript, (c_ast.ArrayRef, c_ast.StructRef, c_ast.FuncCall)
        ):
            return False
        at = at.name
    times = _count(record.node.stmt, item.symbol, program)
    expected = 2 if item.statement.op == "=" else 1
    return times == expected


def _count(node: Any, symbol: Symbol, program: Any) -> int:
    if isinstance(node, c_ast.ID):
        return int(program.symbols.get(id(node)) is symbol)
    return sum(_count(child, symbol, program) for _, child in node.children())
