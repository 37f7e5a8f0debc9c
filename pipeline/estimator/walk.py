"""From a kernel's syntax tree to its nest: one walk over its statements and loops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.estimator import linear
from pipeline.estimator.cost_types import cost_type, shape
from pipeline.estimator.device import CYCLE, Device
from pipeline.estimator.library_calls import LibraryCall, library_call
from pipeline.estimator.mean_trips import varying_trips
from pipeline.estimator.nest import WHOLE, Body, Branch, Carried, Index, Linear, LoopNode, Nest, loops_of
from pipeline.estimator.walk_calls import Calls
from pipeline.estimator.walk_names import TRANSFERS
from pipeline.estimator.walk_objects import is_number
from pipeline.estimator.walk_values import (
    CHOSEN,
    FLOATING,
    NOT_KNOWN,
    Binding,
    Frame,
    Open,
    Source,
    Sources,
    TimedValue,
    chosen,
    is_ordered,
    join,
    loops_through,
    whole_cycles,
)
from pipeline.estimator.written import Written, hinted
from pipeline.kernels.c_types import CType
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Kernel, Loop
from pipeline.kernels.own_pragmas import DependencePragma
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.values import linear as form
from pipeline.program.tree import walk as tree_walk
from pipeline.terms import SiteKind

_INDEX = "index the array it points to instead"
_LARGEST_NEST = 20_000
"""Loops and segments of one kernel after taking in its helpers; more is refused, as each point would cost seconds."""

_LONGEST_ROUND = 8
"""Iterations within which a value is looked for that comes back to its scalar over others."""


def _root(node: Any) -> str | None:
    """The name that an lvalue or a pointer begins with."""
    while node is not None and not isinstance(node, c_ast.ID):
        node = getattr(node, "name", None) or getattr(node, "expr", None)
        if isinstance(node, str):
            return None
    return node.name if node is not None else None


def _breaks(node: Any) -> bool:
    """Whether a statement has a break of the loop that it stands in."""
    if node is None or isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile, c_ast.Switch)):
        return False
    return isinstance(node, c_ast.Break) or any(map(_breaks, node))


def _carried(delay: int, via: frozenset[int], distance: int = 1) -> Carried:
    return Carried(delay, loops_through(via), CHOSEN in via, is_ordered(via), FLOATING in via, distance)


def build(kernel: Kernel, device: Device) -> Nest:
    """The nest of a kernel; PipelineError where something in it has no known cost."""
    return _Walker(kernel, device).nest()


class _Walker(Calls):
    def nest(self) -> Nest:
        top = self.functions.get(self.kernel.top)
        if top is None:
            raise PipelineError(f"no function '{self.kernel.top}'", file=self.kernel.file)
        for symbol in (*self.program.globals, *top.arguments):
            self._declare(symbol)
        for symbol in (symbol for info in self.functions.values() for symbol in info.locals):
            if symbol.role == "static" and not shape(symbol.ctype)[0]:
                # It outlives the calls: loops around them hand it on.
                self.instances += 1
                self._declare(symbol)
        self.calls.append(Frame(self.kernel.top, self.readers[self.kernel.top].reaching, {}))
        own = self.written.in_function(self.kernel.top)
        starts = own.pipeline is not None and not own.pipeline.off
        before = dict(self.scalars)
        handed = self._handed_to_the_next_start(top) if starts else set[str]()
        self._statement(top.node.body)
        self._flush()
        carried = self._carry(WHOLE, handed, before)
        for name, memory in self.memories.items():
            if memory.direction == "unused" and name in self.touched:
                # Fields of a struct behind a pointer are not in the kernel's table one by one.
                self.memories[name] = replace(memory, direction=self.touched[name])
        body = tuple(self.items[0])
        whole = self._whole(top, body, carried) if starts else None
        return Nest(self.kernel.top, body, self.memories, self.nodes, own, whole, self.leaves)

    def _handed_to_the_next_start(self, top: FunctionInfo) -> set[str]:
        """Keys of the static and global scalars that the top function changes, each from here on as another start has
        left it."""
        kept = {key.split(".")[0] for symbol in top.arguments if (key := self._key(symbol)) is not None}
        keys = {key for key in self._written(top.node.body) & self.scalars.keys() if key.split(".")[0] not in kept}
        for key in keys:
            value = self.scalars[key]
            source: Source = ("scalar", WHOLE, key)
            self.scalars[key] = TimedValue(
                value.ctype, NOT_KNOWN, value.uses | {WHOLE}, 0, {source: (0, 0, frozenset())}
            )
        return keys

    def _whole(self, top: FunctionInfo, body: Body, carried: tuple[Carried, ...]) -> LoopNode:
        name, line = self.kernel.top, top.node.coord.line
        loop = Loop(
            name, name, -1, -1, "for", None, None, 0, None, None, None, False, 1, None, None, None, line, 1, False
        )
        return LoopNode(WHOLE, loop, name, None, None, None, None, body=body, carried=carried)

    def _flush(self) -> None:
        if not self.open.empty:
            self.items[-1].append(self.open.close())
            self._grow()
        self.open = Open()
        for name, value in self.scalars.items():
            if value.ready:
                self.scalars[name] = replace(value, ready=0)

    def _grow(self) -> None:
        self.size += 1
        if self.size > _LARGEST_NEST:
            raise PipelineError(
                f"more than {_LARGEST_NEST} loops and straight-line parts after taking in helper functions",
                file=self.kernel.file,
                fix="estimate a smaller top function",
            )

    def _statement(self, node: Any) -> None:
        self._stand_at(node)
        if node is None or isinstance(
            node,
            (
                c_ast.Pragma,
                c_ast.EmptyStatement,
                c_ast.Break,
                c_ast.Continue,
                c_ast.Goto,
                c_ast.Typedef,
                c_ast.StaticAssert,
            ),
        ):
            if isinstance(node, c_ast.Goto) and id(node) in self.functions[self.calls[-1].function].goes_back:
                raise self._error(
                    node, f"goto {node.name} goes back, a loop without a trip count", "write it as a for or while loop"
                )
            self.leaves = self.leaves or isinstance(node, (c_ast.Break, c_ast.Continue, c_ast.Goto))
            return
        if isinstance(node, c_ast.Compound):
            for item in node.block_items or ():
                self._statement(item)
        elif isinstance(node, c_ast.DeclList):
            for item in node.decls:
                self._statement(item)
        elif isinstance(node, c_ast.Decl):
            self._local(node)
        elif isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile)):
            self._loop(node)
        elif isinstance(node, c_ast.If):
            condition = self._leaf(node.cond)
            if self.breaks and (_breaks(node.iftrue) or _breaks(node.iffalse)):
                self._decide(condition)
            self._arms([condition], [node.iftrue, node.iffalse])
        elif isinstance(node, c_ast.Switch):
            self._switch(node)
        elif isinstance(node, (c_ast.Case, c_ast.Default)):
            for item in node.stmts or ():
                self._statement(item)
        elif isinstance(node, c_ast.Label):
            self._statement(node.stmt)
        elif isinstance(node, c_ast.Return):
            self.leaves = self.leaves or bool(self.stack or self.guards)
            if node.expr is not None and len(self.calls) > 1:
                self._stand_at(node.expr)
                points = self.functions[self.calls[-1].function].returns.kind == "pointer"
                if points and (place := self._place(node.expr)) is not None:
                    level = len(self.calls)
                    self.returned[level] = place if self.returned.get(level, place) == place else None
                    return
                if (numbers := self._numbers(node.expr)) is not None:
                    self.scalars.update({f"return@{len(self.calls)}{path}": one for path, one in numbers.items()})
                    return
            value = self._leaf(node.expr) if node.expr is not None else None
            if value is not None and len(self.calls) > 1:
                returned = self.functions[self.calls[-1].function].returns
                self.scalars[f"return@{len(self.calls)}"] = self._as(returned, value)
        else:
            self._expression(node)

    def _as(self, kind: CType, value: TimedValue) -> TimedValue:
        """A value as a number of a declared type."""
        return self._cast(value, cost_type(kind)) if kind.kind in ("int", "fixed", "float") else value

    def _leaf(self, node: Any) -> TimedValue:
        """The value of an expression that stands by itself in a statement."""
        self._stand_at(node)
        return self._expression(node)

    def _local(self, decl: Any) -> None:
        symbol = self._symbol(decl)
        if symbol is None:
            return
        initial = decl.init
        value = None
        if initial is not None and not isinstance(initial, c_ast.InitList):
            if symbol.ctype.kind in ("array", "pointer") and not isinstance(initial, c_ast.Constant):
                alias = self._place(initial)
                if alias is not None:
                    self.places[symbol] = alias
                    return
            if self._is_plain(symbol.ctype) and (numbers := self._numbers(initial)) is not None:
                self.instances += 1
                self._put(self._declare(symbol), numbers)
                return
            if self._moves_whole(symbol.ctype, initial) and (source := self._place(initial)) is not None:
                self.instances += 1
                self._copy_whole(initial, source, self._declare(symbol))
                return
            value = self._expression(initial)
            of_numbers = symbol.ctype.kind in ("int", "fixed", "float")
            if of_numbers and is_number(initial):  # The compiler converts it.
                value = replace(value, ctype=cost_type(symbol.ctype))
            else:
                value = self._as(symbol.ctype, value)
        self.instances += 1
        place = self._declare(symbol, value)
        if isinstance(initial, c_ast.InitList) and symbol.role not in ("static", "global"):
            self._initialise(place, symbol.ctype, initial)

    def _switch(self, node: Any) -> None:
        """Cases are compared and chosen one after the other, as by ``if`` and ``else``."""
        value = self._leaf(node.cond)
        items = node.stmt.block_items or () if isinstance(node.stmt, c_ast.Compound) else (node.stmt,)
        conditions: list[TimedValue] = []
        arms: list[Any] = []
        default, same = None, None
        for item in items:
            if isinstance(item, c_ast.Default):
                default, same = item, None
            elif isinstance(item, c_ast.Case):
                taken = self._binary("==", value, self._expression(item.expr))
                same = taken if same is None else self._binary("||", same, taken)
                if item.stmts:
                    conditions.append(same)
                    arms.append(item)
                    same = None
            else:
                self._statement(item)
        breaks, self.breaks = self.breaks, False
        self._arms(conditions, [*arms, default])
        self.breaks = breaks

    def _arms(self, conditions: list[TimedValue], arms: list[Any]) -> None:
        """Arms of which the first is run whose condition holds, the last where none does."""
        before, pointers = dict(self.scalars), dict(self.places)
        after: list[dict[str, TimedValue]] = []
        reached: list[dict[Symbol, Binding]] = []
        looping = any(self._has_loop(arm) for arm in arms)
        bodies: list[Body] = []
        loaded: dict[tuple[str, Index], TimedValue] = {}
        if looping:
            self._flush()
            before = dict(self.scalars)
        else:
            loaded = dict(self.open.loaded)
            self.guards += 1
            self.open.conditional = True
        for arm in arms:
            self.scalars, self.places = dict(before), dict(pointers)
            if looping:
                self.items.append([])
                self._statement(arm)
                self._flush()
                bodies.append(tuple(self.items.pop()))
            else:
                self.open.loaded = dict(loaded)
                self._statement(arm)
            after.append(self.scalars)
            reached.append(self.places)
        self._join_places(arms[0], pointers, reached)
        if looping:
            self.scalars = self._merge(before, after, [replace(condition, ready=0) for condition in conditions])
            self.items[-1].append(Branch(tuple(bodies)))
            self._grow()
            return
        self.guards -= 1
        self.open.loaded = loaded if len(arms) < 2 else {}
        self.scalars = self._merge(before, after, conditions)

    def _join_places(self, node: Any, before: dict[Symbol, Binding], after: list[dict[Symbol, Binding]]) -> None:
        """Where pointers point after branches: into one array, or it is not known what they cost."""
        self.places = {symbol: place for places in after for symbol, place in places.items()}
        for symbol in before:
            found = {places[symbol] for places in after}
            if len(found) > 1:
                found = {self._moved(place, linear.constant(0)) for place in found}
                if len({(place.key, len(place.prefix)) for place in found}) > 1:
                    raise self._error(node, f"the pointer '{symbol.name}' points into one array or another", _INDEX)
                uses = frozenset(loop for place in found for item in place.prefix for loop in item.uses)
                self.places[symbol] = self._moved(found.pop(), linear.opaque(uses))

    def _merge(
        self, before: dict[str, TimedValue], after: list[dict[str, TimedValue]], conditions: list[TimedValue]
    ) -> dict[str, TimedValue]:
        merged = dict(before)
        for name in dict.fromkeys(key for state in after for key in state):
            values = [state[name] for state in after if name in state]
            first = values[0]
            if all(value is first for value in values) and len(values) == len(after):
                merged[name] = first
                continue
            if name not in before:
                merged[name] = first
                continue
            *values, found = values
            for condition, value in zip(reversed(conditions), reversed(values), strict=False):
                if value is not found:
                    select = self._operator("select", value.ctype)
                    found = chosen(self._apply(select, value.ctype, [condition, value, found]))
            merged[name] = found
        return merged

    def _loop(self, node: Any) -> None:
        record = self.records[id(node)]
        loop = self.loops[f"{record.function}/loop_{record.index}"]
        own = self._about_arrays(self.written.on_loop(loop), loop.function)
        varying = varying_trips(record, self.calls[-1].reaching)
        if varying is not None:
            loop = replace(loop, trip_min=varying.least, trip_max=varying.most)
        loop = hinted(loop, own.trips)
        if isinstance(node, c_ast.For):
            self._stand_at(node.init)
            if isinstance(node.init, c_ast.DeclList):
                for decl in node.init.decls:
                    self._local(decl)
            elif node.init is not None:
                self._expression(node.init)
        self._flush()
        number = len(self.nodes)
        sites = {site.kind: site for site in self.kernel.sites if site.loop == loop.id}
        parallel = sites.get(SiteKind.PARALLEL)
        item = LoopNode(
            number,
            loop,
            self.calls[-1].function,
            sites[SiteKind.PIPELINE].name if SiteKind.PIPELINE in sites else None,
            parallel.name if parallel else None,
            sites[SiteKind.TILE].name if SiteKind.TILE in sites else None,
            parallel.reduction if parallel else None,
            own,
            self._flat(),
            mean=varying.mean if varying is not None else None,
        )
        self.nodes[number] = item
        self._grow()
        self.stack.append(number)
        guards, self.guards = self.guards, 0
        written = self.changed[number] = self._written(node)
        before = dict(self.scalars)
        variable = self._variable(record)
        turning = self._turning(record)
        moving = self._move_pointers(record, number, turning)
        for key in written:
            value = self.scalars.get(key)
            if value is None:
                continue
            uses = value.uses | {number}
            if key == variable and loop.step is not None:
                self.scalars[key] = TimedValue(value.ctype, form(0, {record: 1}, NOT_KNOWN.ctype), uses)
            else:
                source: Source = ("scalar", number, key)
                self.scalars[key] = TimedValue(value.ctype, NOT_KNOWN, uses, 0, {source: (0, 0, frozenset())})
        self.counters[record] = self._counter(record, number, variable)
        self.items.append([])
        # The header of a loop that counts by itself costs nothing.
        by_itself = isinstance(node, c_ast.For) and (variable is not None or record.symbol in moving)
        counted = {variable} if by_itself and variable is not None else set()
        condition = getattr(node, "cond", None)
        if condition is not None and (not by_itself or self._loads_by(condition, variable)):
            self._decide(self._leaf(condition))
        breaks, self.breaks = self.breaks, True
        self._statement(node.stmt)
        self.breaks = breaks
        if isinstance(node, c_ast.For) and node.next is not None and not by_itself:
            self._leaf(node.next)
        self._flush()
        self.places.update(moving)
        item.swaps = self._turn(turning, record.trip)
        item.body = tuple(self.items.pop())
        item.below = tuple(loops_of(item.body))
        item.carried = self._carry(number, written - counted, before)
        if variable is not None and variable in self.scalars:
            uses = before[variable].uses if variable in before else frozenset()
            self.scalars[variable] = TimedValue(self.scalars[variable].ctype, NOT_KNOWN, uses)
        self.guards = guards
        self.stack.pop()
        self.items[-1].append(item)

    def _loads_by(self, condition: Any, variable: str | None) -> bool:
        """Whether a condition loads an element that the loop's variable picks."""
        return any(
            isinstance(name, c_ast.ID) and (symbol := self._symbol(name)) is not None and self._key(symbol) == variable
            for part in tree_walk(condition)
            if isinstance(part, c_ast.ArrayRef)
            for name in tree_walk(part.subscript)
        )

    def _decide(self, condition: TimedValue) -> None:
        """Whether the innermost loop goes on is known where this is: its next iteration waits for what is loaded."""
        item = self.nodes[self.stack[-1]]
        compared = 0
        if condition.ctype.bits > 1:
            compared = self.device.cost(self._operator("cmp", condition.ctype)).ticks  # With zero.
        for (kind, read, _), (delay, memory, _) in condition.sources.items():
            key, prefix, _ = self.reads[read] if kind == "read" else ("", (), 0)
            if key in self.changed[item.number] or any(item.number in index.uses for index in prefix):
                # The data of a load leave room in their cycle for logic.
                waits = whole_cycles(memory) + (delay - memory + compared) // CYCLE
                item.decided = max(item.decided, waits)

    def _counter(self, record: LoopRecord, number: int, variable: str | None) -> Linear:
        """A loop's variable in its iterations, as a form of the nest."""
        uses = self.scalars[variable].uses if variable in self.scalars else frozenset({number})
        if record.start is None or record.start.terms is None or not record.step:
            return linear.opaque(uses)
        return linear.add(self._of_nest(record.start, uses), linear.scale(linear.iteration(number), record.step))

    def _about_arrays(self, own: Written, function: str) -> Written:
        """What is written of dependences, about the arrays that a helper's names stand for where it is called."""
        if not own.dependences:
            return own
        info = self.functions[function]
        symbols = {symbol.name: symbol for symbol in (*self.program.globals, *info.locals, *info.arguments)}

        def named(item: DependencePragma) -> DependencePragma:
            symbol = symbols.get(item.variable or "")
            place = self.places.get(symbol) if symbol is not None else None
            return item if place is None else replace(item, variable=place.key.partition("@")[0])

        return replace(own, dependences=tuple(named(item) for item in own.dependences))

    def _variable(self, record: LoopRecord) -> str | None:
        """The key of the scalar that counts a loop."""
        return self._key(record.symbol) if record.symbol is not None else None

    def _key(self, symbol: Symbol) -> str | None:
        """The key of a scalar, or of a member of a struct; None for elements of arrays."""
        members = ""
        while symbol.parent is not None:
            members = f".{symbol.name.rpartition('.')[2]}{members}"
            symbol = symbol.parent
        place = self.places.get(symbol)
        return place.key + members if place is not None and not place.array else None

    def _turning(self, record: LoopRecord) -> dict[Symbol, Binding]:
        """Pointers that a loop gives nothing but the places of other pointers, with where they point at first."""
        given: dict[Symbol, int] = {}
        for part in tree_walk(record.node.stmt):
            symbol = self._symbol(part.lvalue) if isinstance(part, c_ast.Assignment) else None
            if symbol is not None and part.op == "=" and isinstance(part.rvalue, c_ast.ID):
                given[symbol] = given.get(symbol, 0) + 1
        writes = self.calls[-1].reaching.effects.of(record.node).writes
        return {
            symbol: self.places[symbol]
            for symbol, times in given.items()
            if symbol.ctype.kind == "pointer" and symbol in self.places and writes.get(symbol) == times
        }

    def _turn(self, before: dict[Symbol, Binding], trips: int | None) -> dict[str, str]:
        """What arrays change places in an iteration, by key; the pointers then point where they do after the loop."""
        swaps = {place.key: self.places[symbol].key for symbol, place in before.items()}
        if not swaps or set(swaps) != set(swaps.values()) or len(swaps) != len(before):
            return {}
        if any(self.places[symbol].prefix != place.prefix for symbol, place in before.items()):
            return {}
        places = {place.key: place for place in before.values()}
        for symbol, place in before.items():
            for _ in range((trips if trips is not None else 1) % math.lcm(*range(1, len(swaps) + 1))):
                place = places[swaps[place.key]]
            self.places[symbol] = place
        return swaps

    def _move_pointers(
        self, record: LoopRecord, number: int, turning: Mapping[Symbol, Binding]
    ) -> dict[Symbol, Binding]:
        """Lets the pointers that a loop moves point where they do in its iterations; returns where after it."""
        reaching = self.calls[-1].reaching
        after: dict[Symbol, Binding] = {}
        for symbol in reaching.effects.of(record.node).writes:
            place = self.places.get(symbol)
            if symbol.ctype.kind != "pointer" or place is None or not place.rank or symbol in turning:
                continue
            by = reaching.by_iteration(symbol, record)
            moved = linear.scale(linear.iteration(number), by) if by is not None else linear.opaque({number})
            self.places[symbol] = self._moved(place, moved)
            known = by is not None and record.trip is not None
            after[symbol] = self._moved(
                place, linear.constant((by or 0) * (record.trip or 0)) if known else linear.opaque(())
            )
        return after

    def _carry(self, number: int, written: set[str], before: dict[str, TimedValue]) -> tuple[Carried, ...]:
        carried = self._rounds(number, sorted(written & before.keys()))
        for key in sorted(written):
            value = self.scalars.get(key)
            if value is None or key not in before:
                continue
            own = value.sources.get(("scalar", number, key))
            rest: Sources = {
                name: item for name, item in value.sources.items() if name[1] != number or name[0] != "scalar"
            }
            if own is not None:
                carried.append(_carried(own[0], own[2]))
                for name, (delay, memory, via) in before[key].sources.items():
                    rest = join(rest, {name: (delay + own[0], memory, via | own[2] | {number})})
            self.scalars[key] = TimedValue(value.ctype, NOT_KNOWN, value.uses - {number}, 0, rest)
        for key, value in self.scalars.items():
            if number in value.uses:
                self.scalars[key] = replace(value, uses=value.uses - {number})
        return tuple(carried)

    def _rounds(self, number: int, keys: list[str]) -> list[Carried]:
        """What comes back to a scalar over others, by the iterations that it is away the longest way."""
        steps: dict[str, Sources] = {}
        for key in keys:
            sources = self.scalars[key].sources if key in self.scalars else {}
            steps[key] = {name: item for name, item in sources.items() if name[:2] == ("scalar", number)}
        longest: dict[int, Carried] = {}
        for start in keys:
            reached: dict[str, tuple[int, frozenset[int]]] = {start: (0, frozenset())}
            for away in range(1, min(len(keys), _LONGEST_ROUND) + 1):
                following: dict[str, tuple[int, frozenset[int]]] = {}
                for key, sources in steps.items():
                    for (_, _, other), (delay, _, via) in sources.items():
                        if other != key and other in reached:
                            total = reached[other][0] + delay
                            if key not in following or following[key][0] < total:
                                following[key] = total, reached[other][1] | via
                reached = following
                if start in reached:
                    delay, via = reached[start]
                    if away not in longest or longest[away].delay < delay:
                        longest[away] = _carried(delay, via, away)
        return list(longest.values())

    def _written(self, node: Any) -> set[str]:
        """Keys of the scalars and arrays that the loop may change, by its calls too."""
        keys: set[str] = set()
        called: list[str] = []
        stack = [node]
        while stack:
            item = stack.pop()
            if isinstance(item, c_ast.Assignment):
                keys |= self._targets(item.lvalue)
            elif isinstance(item, c_ast.UnaryOp) and item.op in ("++", "--", "p++", "p--", "&"):
                keys |= self._targets(item.expr)
            elif isinstance(item, c_ast.FuncCall) and isinstance(item.name, c_ast.ID):
                called.append(item.name.name)
                arguments = item.args.exprs if item.args is not None else []
                for place, argument in enumerate(arguments):
                    if self._stores_through(item.name.name, place, len(arguments)):
                        keys |= self._targets(argument)
                if self._in_library(item.name.name) is not None:  # An object whose address it gets may stay as it is.
                    stack += [
                        one.expr if isinstance(one, c_ast.UnaryOp) and one.op == "&" else one for one in arguments
                    ]
                    continue
            stack.extend(item)
        for name in called:
            info = self.functions.get(name)
            if info is not None:
                called += [callee for callee in info.calls if callee not in called]
                written = self.readers[name].reaching.effects.of(info.node.body).writes
                shared = (self._key(symbol) for symbol in written if symbol.role in ("global", "static"))
                keys |= {key for key in shared if key is not None}
        return keys

    def _in_library(self, name: str) -> LibraryCall | None:
        """What is known of a function, where it is the library's."""
        return None if name in self.functions else library_call(name)

    def _stores_through(self, name: str, position: int, given: int, within: tuple[str, ...] = ()) -> bool:
        """Whether a function that is given so many arguments may change what one of them points to, itself or by what
        it calls."""
        info = self.functions.get(name)
        known = self._in_library(name)
        if known is not None:
            return known.stores(position, given)
        if info is None and name in TRANSFERS:
            return position == 0
        if info is None or name in within or position >= len(info.arguments):
            return False
        if info.arguments[position].ctype.kind != "pointer":
            return False
        pointer = info.arguments[position].name
        stack = [info.node.body]
        while stack:
            item = stack.pop()
            target = value = None
            if isinstance(item, c_ast.Assignment):
                target, value = item.lvalue, item.rvalue
                if isinstance(target, c_ast.FuncCall) and target.args is not None:  # A member by the library's name.
                    target = c_ast.UnaryOp("*", target.args.exprs[0])
            elif isinstance(item, c_ast.Decl):
                value = item.init
            elif isinstance(item, c_ast.UnaryOp) and item.op in ("++", "--", "p++", "p--"):
                target = item.expr
            elif isinstance(item, c_ast.FuncCall) and isinstance(item.name, c_ast.ID):
                arguments = item.args.exprs if item.args is not None else []
                for place, argument in enumerate(arguments):
                    if _root(argument) == pointer and self._stores_through(
                        item.name.name, place, len(arguments), (*within, name)
                    ):
                        return True
            # Where the pointer itself goes on under another name, that one may be stored through.
            if (not isinstance(target, c_ast.ID) and _root(target) == pointer) or (
                isinstance(value, c_ast.ID) and value.name == pointer
            ):
                return True
            stack.extend(item)
        return False

    def _targets(self, target: Any) -> set[str]:
        """Scalars, or the array, that a store to an lvalue changes."""
        whole = True
        while not isinstance(target, c_ast.ID):
            if isinstance(target, c_ast.FuncCall) and target.args is not None:
                target = target.args.exprs[0]
                continue
            whole = whole and isinstance(target, (c_ast.UnaryOp, c_ast.Cast))
            inner = getattr(target, "name", None) or getattr(target, "expr", None)
            if inner is None:
                return set()
            target = inner
        place = self._find(target)
        if place is None:
            return set()
        if place.ctype.kind != "struct":
            return {place.key} if whole or place.array else set()
        fields = {key for key in self.scalars if key.startswith(f"{place.key}.")}
        return {place.key} | fields if whole or place.array else fields
