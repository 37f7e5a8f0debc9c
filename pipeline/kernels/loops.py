"""The loops of a function: nesting, pragmas and trip counts proved from the syntax tree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast, c_generator

from pipeline.errors import PipelineError
from pipeline.kernels.c_types import CType, usual
from pipeline.kernels.pragmas import Pragma, read_pragma
from pipeline.kernels.symbols import FunctionInfo, Program, Symbol
from pipeline.kernels.values import Opaque, Value, constant, difference, evaluate, fitted, linear, unknown

_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)
_KEYWORDS = {c_ast.For: "for", c_ast.While: "while", c_ast.DoWhile: "do"}
_MAX_SIMULATED = 4096
_MAX_CHAIN = 40
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!=", "==": "=="}
_LEAVING_CALLS = {"exit", "abort", "_Exit", "quick_exit", "longjmp", "__assert_fail"}


@dataclass(eq=False, slots=True)
class LoopRecord:
    """A loop while it is read. As a key of linear forms it stands for its variable's value in the body."""

    node: Any
    function: str
    index: int
    label: str | None
    parent: LoopRecord | None
    depth: int
    context: Context
    pragmas: list[Pragma] = field(default_factory=list)
    statement: Any = None
    """The loop with its labels."""
    symbol: Symbol | None = None
    lower: str | None = None
    upper: str | None = None
    inclusive: bool = False
    step: int | None = None
    trip: int | None = None
    trip_min: int | None = None
    trip_max: int | None = None
    lo: int | None = None
    hi: int | None = None
    steady: bool = False
    """The variable keeps one value during an iteration, so that it can be reasoned with in the body."""
    start: Value | None = None
    """The variable's value in the first iteration, where ``steady``."""
    limit: tuple[str, Value] | None = None
    """What the variable's value keeps to in every iteration (``<``, 8), where the loop's condition says so."""
    whole: bool = False
    """The condition is ``limit`` alone: the loop ends by it or, where ``leaves_early``, before."""
    leaves_early: bool = False
    skips: bool = False
    """The body holds a ``continue`` of this loop."""
    innermost: bool = True

    @property
    def keyword(self) -> str:
        """``for``, ``while`` or ``do``."""
        return _KEYWORDS[type(self.node)]


@dataclass(eq=False, slots=True)
class Context:
    """A place in a function: position in a list of statements, or inside a loop, branch or switch."""

    kind: str
    parent: Context | None
    node: Any = None
    items: list[Any] = field(default_factory=list)
    position: int = 0
    loop: LoopRecord | None = None
    holds: bool | None = None
    """Of a branch: whether the condition ``node`` held; None where there is no condition to tell."""


@dataclass(slots=True)
class Effects:
    """What executing a subtree may do to plain variables."""

    writes: dict[Symbol, int] = field(default_factory=dict)
    calls: bool = False

    def add(self, other: Effects) -> None:
        """Takes in what another subtree does."""
        for symbol, count in other.writes.items():
            self.writes[symbol] = self.writes.get(symbol, 0) + count
        self.calls = self.calls or other.calls


@dataclass(frozen=True, slots=True)
class _Update:
    """A change of a variable by one step: ``+ number`` or, for other operators, ``variable OP number``."""

    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class _Test:
    """One comparison of a loop's condition."""

    symbol: Symbol
    operator: str
    bound: Any
    """Expression, or None for a comparison with 0 that is not written."""
    step: int
    """What evaluating the test adds to the variable."""
    before: bool
    """Whether it is added before the comparison."""


class LoopReader:
    """Reads the loops of one function, in source order."""

    def __init__(self, program: Program, info: FunctionInfo) -> None:
        self.program = program
        self.info = info
        self.records: list[LoopRecord] = []
        self.leaves: list[tuple[Any, Context]] = []
        """Expressions and declarations in the order of the text, with their places."""
        self._effects: dict[int, Effects] = {}
        self._blocks: dict[int, dict[Symbol | str, list[int]]] = {}
        self._reached: dict[tuple[int, int], Value | None] = {}
        self._opaque: dict[Symbol, Opaque] = {}
        self._text = c_generator.CGenerator()
        self._chain = 0

    def read(self) -> list[LoopRecord]:
        """All loops of the function in source order."""
        root = Context("function", None)
        self._sequence(self.info.node.body.block_items or [], root, None, None)
        return self.records

    # Structure -----------------------------------------------------------------------------------------------------

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
            inside = body_of is not None and (pragma.dialect == "hls" or (leading and not onto_loop))
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
                for part, holds in ((node.iftrue, True), (node.iffalse, False)):
                    if part is not None:
                        inside = Context("branch", context, node=node.cond, holds=holds)
                        self._sequence(_statements(part), inside, loop, None)
            case c_ast.Switch():
                self.leaves.append((node.cond, context))
                inside = Context("switch", context, node=node)
                for item in _statements(node.stmt):
                    self._statement(item, inside, loop)
            case c_ast.Case() | c_ast.Default():
                self._sequence(node.stmts or [], Context("branch", context), loop, None)
            case c_ast.Label() | c_ast.For() | c_ast.While() | c_ast.DoWhile():
                self._sequence([node], context, loop, None)
            case c_ast.Return():
                self.leaves.append((node.expr, context))
            case _:
                self.leaves.append((node, context))

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
        self._count(record)
        inside = Context("loop", context, loop=record)
        self.leaves.append((getattr(node, "init", None), context))
        if not isinstance(node, c_ast.DoWhile):
            self.leaves.append((node.cond, inside))
        self._sequence(_statements(node.stmt), inside, record, record)
        self.leaves.append((getattr(node, "next", None), inside))
        if isinstance(node, c_ast.DoWhile):
            self.leaves.append((node.cond, inside))

    # What a subtree does to variables ------------------------------------------------------------------------------

    def effects(self, node: Any) -> Effects:
        """Writes to plain variables and calls below a node, remembered per statement."""
        if node is None:
            return Effects()
        found = self._effects.get(id(node))
        if found is not None:
            return found
        result = Effects()
        match node:
            case c_ast.ID() | c_ast.Constant():
                return result
            case c_ast.Decl():
                symbol = self.program.symbols.get(id(node))
                if symbol is not None:
                    result.writes[symbol] = 1
            case c_ast.Assignment(lvalue=c_ast.ID()) | c_ast.UnaryOp(op="p++" | "p--" | "++" | "--", expr=c_ast.ID()):
                name = node.lvalue if isinstance(node, c_ast.Assignment) else node.expr
                symbol = self.program.symbols.get(id(name))
                if symbol is not None:
                    result.writes[symbol] = 1
            case c_ast.FuncCall():
                result.calls = True
        for _, child in node.children():
            result.add(self.effects(child))
        self._effects[id(node)] = result
        return result

    def _changes(self, effects: Effects, symbol: Symbol) -> bool:
        if symbol in effects.writes:
            return True
        return effects.calls and symbol.role in ("global", "static")

    # The value of a variable at a place ----------------------------------------------------------------------------

    def value_at(self, symbol: Symbol, context: Context | None) -> Value | None:
        """The value of a variable when execution comes to a place, None where it cannot be proved."""
        fixed = self.program.constant_value(symbol)
        if fixed is not None:
            return fixed
        if symbol.address_taken or symbol.ctype.kind != "int":
            return None
        while context is not None:
            match context.kind:
                case "block":
                    found = self._last_write(context, symbol)
                    if found is not None:
                        return self._written_value(symbol, context, found)
                case "loop" if context.loop is not None:
                    loop = context.loop
                    if loop.symbol is symbol and loop.steady:
                        return linear(0, {loop: 1}, symbol.ctype)
                    if self._changes(self.effects(loop.node), symbol):
                        return None
                case "branch" | "switch":
                    if self._changes(self.effects(context.node), symbol):
                        return None
            context = context.parent
        if symbol.role == "argument" and not self.info.gotos:
            opaque = self._opaque.get(symbol)
            if opaque is None:
                bare = unknown(symbol.ctype)
                opaque = self._opaque[symbol] = Opaque(symbol.name, symbol.ctype, bare.lo, bare.hi)
            return linear(0, {opaque: 1}, symbol.ctype)
        return None

    def _last_write(self, context: Context, symbol: Symbol) -> int | None:
        index = self._blocks.get(id(context.items))
        if index is None:
            index = self._blocks[id(context.items)] = {}
            for position, item in enumerate(context.items):
                effects = self.effects(item)
                for written in effects.writes:
                    index.setdefault(written, []).append(position)
                if effects.calls:
                    index.setdefault("call", []).append(position)
        last = -1
        for key in (symbol, "call") if symbol.role in ("global", "static") else (symbol,):
            positions = index.get(key, [])
            before = bisect_left(positions, context.position)
            if before:
                last = max(last, positions[before - 1])
        return last if last >= 0 else None

    def _written_value(self, symbol: Symbol, context: Context, position: int) -> Value | None:
        """The value given by the statement at ``position`` where it is a plain assignment of ``symbol``."""
        item = context.items[position]
        if self.info.gotos or self._chain > _MAX_CHAIN:
            return None
        key = (id(item), id(symbol))
        if key in self._reached:
            return self._reached[key]
        expression = None
        effects = self.effects(item)
        if effects.writes.get(symbol) == 1 and not (effects.calls and symbol.role in ("global", "static")):
            if isinstance(item, c_ast.Decl) and self.program.symbols.get(id(item)) is symbol:
                expression = item.init
            elif isinstance(item, c_ast.Assignment):
                expression = self._assigned(item, symbol)
        result = None
        if expression is not None and len(effects.writes) == effects.writes[symbol]:
            self._chain += 1
            try:
                place = Context("block", context.parent, items=context.items, position=position)
                result = fitted(evaluate(expression, _Here(self, place)), symbol.ctype)
            finally:
                self._chain -= 1
            if result.terms is None and result.exact is None and result.lo is None and result.hi is None:
                result = None
        self._reached[key] = result
        return result

    def _assigned(self, node: Any, symbol: Symbol) -> Any:
        """The expression that a chain of plain assignments gives to ``symbol``."""
        while isinstance(node, c_ast.Assignment) and node.op == "=":
            if not isinstance(node.lvalue, c_ast.ID):
                return None
            if self.program.symbols.get(id(node.lvalue)) is symbol:
                value = node.rvalue
                while isinstance(value, c_ast.Assignment) and value.op == "=":
                    value = value.rvalue
                return value
            node = node.rvalue
        return None

    def here(self, context: Context) -> _Here:
        """Evaluation at a place."""
        return _Here(self, context)

    # Trip counts ---------------------------------------------------------------------------------------------------

    def _count(self, record: LoopRecord) -> None:
        node = record.node
        body = self.effects(node.stmt)
        record.leaves_early = self._leaves(node.stmt) or self._entered_by_goto(node.stmt)
        record.skips = _continues(node.stmt)
        condition = getattr(node, "cond", None)
        if condition is None:
            return
        number = evaluate(condition, _Here(self, Context("nowhere", None))).exact
        if number == 0 and not isinstance(node, c_ast.For):
            trips = 1 if isinstance(node, c_ast.DoWhile) else 0
            self._set_trips(record, trips, trips, exact=True)
            return
        conjuncts = list(_conjuncts(condition))
        options = [
            option
            for conjunct in conjuncts
            for test in self._tests(conjunct)
            if (option := self._option(record, test, body, condition)) is not None
        ]
        if not options:
            return
        test, update, steady = options[0]
        record.symbol = test.symbol
        record.upper = self._text.visit(test.bound) if test.bound is not None else None
        record.inclusive = test.operator in ("<=", ">=")
        record.whole = len(conjuncts) == 1
        self._trips(record, test, update, steady, whole=record.whole)

    def _option(
        self, record: LoopRecord, test: _Test, body: Effects, condition: Any
    ) -> tuple[_Test, _Update | None, bool] | None:
        """How the tested variable moves: its update outside the test and whether it is steady in the body."""
        symbol = test.symbol
        if symbol.address_taken or symbol.ctype.kind != "int":
            return None
        node = record.node
        if symbol.role in ("global", "static") and (
            body.calls or self.effects(condition).calls or self.effects(getattr(node, "next", None)).calls
        ):
            return None
        in_condition = self.effects(condition).writes.get(symbol, 0)
        in_body = body.writes.get(symbol, 0)
        in_next = self.effects(getattr(node, "next", None)).writes.get(symbol, 0)
        if in_condition != int(test.step != 0):
            return None
        if in_next == 1 and not in_body:
            update = self._update_in(node.next, symbol)
            return (test, update, True) if update else None
        if in_next:
            return None
        if not in_body:
            return (test, None, True) if test.step else None
        if in_body == 1 and not record.skips:
            items = _statements(node.stmt)
            for position, item in enumerate(items):
                if symbol in self.effects(item).writes:
                    update = self._update_in(item, symbol)
                    last = all(isinstance(later, c_ast.Pragma) for later in items[position + 1 :])
                    return (test, update, last and not test.step) if update else None
        return None

    def _update_in(self, node: Any, symbol: Symbol) -> _Update | None:
        """The step that an expression (or one part of a comma expression) makes."""
        parts = node.exprs if isinstance(node, c_ast.ExprList) else [node]
        for part in parts:
            if symbol not in self.effects(part).writes:
                continue
            match part:
                case c_ast.UnaryOp(op="p++" | "++"):
                    return _Update("+", 1)
                case c_ast.UnaryOp(op="p--" | "--"):
                    return _Update("+", -1)
                case c_ast.Assignment(lvalue=c_ast.ID()) if self.program.symbols.get(id(part.lvalue)) is symbol:
                    return self._assignment_step(part, symbol)
            return None
        return None

    def _assignment_step(self, node: c_ast.Assignment, symbol: Symbol) -> _Update | None:
        operator, amount = node.op[:-1], node.rvalue
        if node.op == "=":
            value = node.rvalue
            if not isinstance(value, c_ast.BinaryOp):
                return None
            operator = value.op
            if isinstance(value.left, c_ast.ID) and self.program.symbols.get(id(value.left)) is symbol:
                amount = value.right
            elif (
                operator in ("+", "*")
                and isinstance(value.right, c_ast.ID)
                and self.program.symbols.get(id(value.right)) is symbol
            ):
                amount = value.left
            else:
                return None
        number = evaluate(amount, self.program).exact
        if number is None:
            return None
        if operator == "-":
            return _Update("+", -number)
        if operator in ("<<", ">>"):
            if not 0 <= number < 31:
                return None
            return _Update("*" if operator == "<<" else ">>", 1 << number if operator == "<<" else number)
        if operator == "/" and number <= 0:
            return None
        return _Update(operator, number) if operator in ("+", "*", "/") else None

    def _tests(self, node: Any) -> Iterator[_Test]:
        """The readings of a condition as a comparison of one variable."""
        stepped = self._stepped(node)
        if stepped is not None:
            yield _Test(stepped[0], "!=", None, stepped[1], stepped[2])
            return
        if not isinstance(node, c_ast.BinaryOp) or node.op not in _FLIPPED:
            return
        for side, other, operator in ((node.left, node.right, node.op), (node.right, node.left, _FLIPPED[node.op])):
            stepped = self._stepped(side)
            if stepped is not None and stepped[0] not in self.effects(other).writes:
                yield _Test(stepped[0], operator, other, stepped[1], stepped[2])

    def _stepped(self, node: Any) -> tuple[Symbol, int, bool] | None:
        """``i``, ``i--`` or ``--i`` as (variable, step, step comes first)."""
        step, before = 0, False
        if isinstance(node, c_ast.UnaryOp) and node.op in ("p++", "p--", "++", "--"):
            step, before = (1 if "+" in node.op else -1), not node.op.startswith("p")
            node = node.expr
        if not isinstance(node, c_ast.ID):
            return None
        symbol = self.program.symbols.get(id(node))
        return (symbol, step, before) if symbol is not None and symbol.ctype.kind == "int" else None

    def _first(self, record: LoopRecord, symbol: Symbol) -> Value | None:
        """The variable's value when the loop is entered."""
        node = record.node
        init = getattr(node, "init", None)
        if init is not None and symbol in self.effects(init).writes:
            parts = init.decls if isinstance(init, c_ast.DeclList) else getattr(init, "exprs", None) or [init]
            expression = None
            for part in parts:
                if symbol in self.effects(part).writes:
                    if isinstance(part, c_ast.Decl):
                        expression = part.init if self.program.symbols.get(id(part)) is symbol else None
                    else:
                        expression = self._assigned(part, symbol)
            if expression is None:
                return None
            record.lower = self._text.visit(expression)
            # The other parts of the initialisation may change what this one reads.
            others = Context("branch", record.context, node=init)
            return fitted(evaluate(expression, _Here(self, others)), symbol.ctype)
        return self.value_at(symbol, record.context)

    def _trips(self, record: LoopRecord, test: _Test, update: _Update | None, steady: bool, *, whole: bool) -> None:
        symbol = test.symbol
        node = record.node
        first = self._first(record, symbol)
        at_test = Context("loop", record.context, loop=record)
        bound = evaluate(test.bound, _Here(self, at_test)) if test.bound is not None else constant(0)
        if update is not None and update.operator != "+":
            if first is not None and first.exact is not None and bound.exact is not None and not test.step:
                self._simulate(record, test, update, first.exact, bound, steady, whole=whole)
            return
        step = test.step + (update.number if update else 0)
        record.step = step
        start = first if first is not None else unknown(symbol.ctype)
        tested = _shifted(start, test.step if test.before else 0)
        head = 0
        if isinstance(node, c_ast.DoWhile):
            head = 1
            tested = _shifted(tested, update.number if update else 0)
        compared = usual(symbol.ctype, bound.ctype)
        if compared is None or step == 0:
            return
        if not compared.signed and any(value.lo is None or value.lo < 0 for value in (tested, bound)):
            return
        span = symbol.ctype.range
        least, most = _trip_range(difference(bound, tested), test.operator, step)
        if span is None or not _stays_within(tested, bound, test.operator, step, span, least, most, symbol.ctype):
            return
        if least is None and most is None:
            pass
        else:
            self._set_trips(
                record,
                None if least is None else least + head,
                None if most is None else most + head,
                exact=whole,
            )
        if steady:
            offset = test.step if test.step and not test.before else 0
            self._steady_range(record, test, tested if not head else start, bound, step, offset, most, head)

    def _set_trips(self, record: LoopRecord, least: int | None, most: int | None, *, exact: bool) -> None:
        if most is None and least is None:
            return
        record.trip_min, record.trip_max = max(least or 0, 0), most
        if record.leaves_early or not exact:
            begun = 1 if isinstance(record.node, c_ast.DoWhile) else 0
            if exact:
                begun = min(1, record.trip_min)
            record.trip_min = min(begun, record.trip_min)
        elif least is not None and least == most:
            record.trip = most

    def _steady_range(
        self,
        record: LoopRecord,
        test: _Test,
        tested: Value,
        bound: Value,
        step: int,
        offset: int,
        most: int | None,
        head: int,
    ) -> None:
        """The values the variable takes in the body, from its first value and the last one that passes the test."""
        if most is not None and most + head <= 0:
            return
        first = _shifted(tested, offset)
        low, high = first.lo, first.hi
        slack = 0 if test.operator in ("<=", ">=") else 1
        if most is not None and first.exact is not None:
            last: int | None = first.exact + step * (most + head - 1)
        elif head or test.operator not in (("<", "<=") if step > 0 else (">", ">=")):
            last = None
            if most is not None:
                edge = first.hi if step > 0 else first.lo
                last = None if edge is None else edge + step * (most + head - 1)
        elif step > 0:
            last = None if bound.hi is None else bound.hi - slack + offset
        else:
            last = None if bound.lo is None else bound.lo + slack + offset
        record.lo, record.hi = (low, last) if step > 0 else (last, high)
        if record.lo is not None and record.hi is not None and record.lo > record.hi:
            record.lo = record.hi = None
        record.steady = True
        record.start = first
        if not head and test.operator in (("<", "<=") if step > 0 else (">", ">=")):
            record.limit = (test.operator, _shifted(bound, offset))

    def _simulate(
        self,
        record: LoopRecord,
        test: _Test,
        update: _Update,
        value: int,
        bound: Value,
        steady: bool,
        *,
        whole: bool,
    ) -> None:
        """Counts a loop whose variable is multiplied, divided or shifted by going through its values."""
        span = test.symbol.ctype.range
        compared = usual(test.symbol.ctype, bound.ctype)
        limit = bound.exact
        if span is None or compared is None or limit is None or (limit < 0 and not compared.signed):
            return
        seen: list[int] = []
        testing = not isinstance(record.node, c_ast.DoWhile)
        while True:
            if value < 0 and not compared.signed:
                return
            if testing and not _holds(value, test.operator, limit):
                break
            testing = True
            seen.append(value)
            if len(seen) > _MAX_SIMULATED:
                return
            following = _stepped_value(value, update)
            if not span[0] <= following <= span[1] or following == value:
                return
            value = following
        self._set_trips(record, len(seen), len(seen), exact=whole)
        if steady and seen:
            record.lo, record.hi, record.steady = min(seen), max(seen), True

    # Ways out and in -----------------------------------------------------------------------------------------------

    def _leaves(self, node: Any, in_loop: bool = False, in_switch: bool = False) -> bool:
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
        return any(self._leaves(child, in_loop, in_switch) for _, child in node.children())

    def _entered_by_goto(self, node: Any) -> bool:
        if not self.info.gotos:
            return False
        if isinstance(node, c_ast.Label) and node.name in self.info.gotos:
            return True
        return any(self._entered_by_goto(child) for _, child in node.children())


class _Here:
    """Evaluation at one place of a function."""

    def __init__(self, reader: LoopReader, context: Context) -> None:
        self.reader = reader
        self.context = context

    def variable(self, node: c_ast.ID) -> Value | None:
        symbol = self.reader.program.symbols.get(id(node))
        return self.reader.value_at(symbol, self.context) if symbol is not None else None

    def type_of(self, node: Any) -> CType:
        return self.reader.program.type_of(node)

    def sized_type(self, node: Any) -> CType:
        return self.reader.program.sized_type(node)


def _statements(node: Any) -> list[Any]:
    """The statements of a body, braces or not."""
    if node is None or isinstance(node, c_ast.EmptyStatement):
        return []
    if isinstance(node, c_ast.Compound):
        return node.block_items or []
    return [node]


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


def _conjuncts(node: Any) -> Iterator[Any]:
    if isinstance(node, c_ast.BinaryOp) and node.op == "&&":
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    else:
        yield node


def _continues(node: Any) -> bool:
    """Whether a body holds a ``continue`` of its own loop."""
    match node:
        case None | c_ast.For() | c_ast.While() | c_ast.DoWhile():
            return False
        case c_ast.Continue():
            return True
    return any(_continues(child) for _, child in node.children())


def _shifted(value: Value, by: int) -> Value:
    if not by:
        return value
    if value.terms is not None:
        return linear(value.const + by, value.terms, value.ctype)
    return Value(None if value.lo is None else value.lo + by, None if value.hi is None else value.hi + by, value.ctype)


def _trip_range(apart: Value, operator: str, step: int) -> tuple[int | None, int | None]:
    """Least and greatest number of passed tests, from ``bound - first tested value``."""
    low, high = apart.lo, apart.hi
    if step < 0:
        low, high = (None if high is None else -high), (None if low is None else -low)
        operator = _FLIPPED[operator]
    stride = abs(step)
    if operator in ("<", "<="):
        extra = stride if operator == "<=" else stride - 1
        return (
            None if low is None else max(0, (low + extra) // stride),
            None if high is None else max(0, (high + extra) // stride),
        )
    if operator == "!=":
        if apart.exact is not None and low is not None:
            return (low // stride, low // stride) if low >= 0 and low % stride == 0 else (None, None)
        if stride == 1 and low is not None and low >= 0:
            return low, high
        return None, None
    if operator == "==":
        if apart.exact is None:
            return None, None
        return (1, 1) if apart.exact == 0 else (0, 0)
    # Moving away from the bound: the test fails at once, or never does.
    fails_at_once = low is not None and (low >= 0 if operator == ">" else low > 0)
    return (0, 0) if fails_at_once else (None, None)


def _stays_within(
    tested: Value,
    bound: Value,
    operator: str,
    step: int,
    span: tuple[int, int],
    least: int | None,
    most: int | None,
    ctype: CType,
) -> bool:
    """Whether no tested value leaves the variable's type, so that counting on the number line is right."""
    if tested.lo is not None and tested.lo < span[0]:
        return False
    if tested.hi is not None and tested.hi > span[1]:
        return False
    if most == 0 and least == 0:
        return True
    wide_signed = ctype.signed and (ctype.bits or 0) >= 32
    edge = bound.hi if step > 0 else bound.lo
    if operator in ("!=", "==") or edge is None:
        if wide_signed:
            return True
        if most is not None and tested.exact is not None:
            return span[0] <= tested.exact + step * most <= span[1]
        return abs(step) == 1 and operator in ("<", ">", "!=") and bound.ctype.range == span
    slack = 1 if operator in ("<", ">") else 0
    final = edge + (abs(step) - slack) * (1 if step > 0 else -1)
    if span[0] <= final <= span[1]:
        return True
    return most is not None and tested.exact is not None and span[0] <= tested.exact + step * most <= span[1]


def _holds(value: int, operator: str, bound: int) -> bool:
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "!=": value != bound,
        "==": value == bound,
    }[operator]


def _stepped_value(value: int, update: _Update) -> int:
    if update.operator == "*":
        return value * update.number
    if update.operator == ">>":
        return value >> update.number
    quotient = abs(value) // update.number
    return quotient if value >= 0 else -quotient
