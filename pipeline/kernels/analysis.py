"""All that is worked out of a kernel beyond its text: loops, accesses, directions, dependences. Once a kernel."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.kernels.accesses import Access, Ways, accesses
from pipeline.kernels.arguments import Given, calls_in, give_arguments
from pipeline.kernels.coverage import Coverage
from pipeline.kernels.dependences import Dependence, carries_none, dependences
from pipeline.kernels.directions import by_root, direction, memory_direction
from pipeline.kernels.jumps import leaves
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.loops import LoopReader
from pipeline.kernels.points_to import Pointing, PointsTo
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol

_MOST_PAIRS = 20_000


class Analysis:
    """What is known of one program, with answers remembered.

    ``readers`` hold the loops of each function, ``accesses`` what it reads and writes in the order of its text,
    ``directions`` the way of data through each argument, and through globals as the top function uses them.
    """

    def __init__(self, program: Program, ast: c_ast.FileAST, top: str) -> None:
        self.program = program
        self.ast = ast
        self.top = top
        self.readers = {name: LoopReader(program, info) for name, info in program.functions.items()}
        order = _callees_first(program)
        self._read_loops(order)
        self.records = {name: reader.records for name, reader in self.readers.items()}
        self.accesses: dict[str, tuple[Access, ...]] = {}
        self.directions: dict[Symbol, str] = {}
        self.anywhere: set[str] = set()
        """Functions with a pointer of which is not known where it leads: directions there are ``inout``."""
        self._touched: dict[str, dict[Symbol, list[Access]]] = {}
        self._answers: dict[object, Any] = {}
        self._pointing: dict[str, Pointing] = {}
        for name in order:
            reader = self.readers[name]
            points = PointsTo(program, reader.info, self._pointing.get)
            self._pointing[name] = points.pointing
            self.accesses[name] = accesses(program, reader, points, self)
            self._touched[name] = by_root(self.accesses[name])
            if any(not access.roots and not access.escape for access in self.accesses[name]):
                self.anywhere.add(name)
            for symbol in reader.info.arguments:
                self.directions[symbol] = self.way(name, symbol)
        for symbol in program.globals:
            self.directions[symbol] = self.way(top, symbol)

    def _read_loops(self, callees_first: list[str]) -> None:
        """Reads the loops of all functions, callers first: a function can count with what all calls give it.

        Nothing is given to the top function, which others call, nor under recursion, where a call is not read yet.
        """
        position = {name: place for place, name in enumerate(callees_first)}
        unsure = {self.top}
        for name, info in self.program.functions.items():
            unsure |= {called for called in info.calls if position.get(called, -1) >= position[name]}
        calls: Given = {}
        for name in reversed(callees_first):
            reader = self.readers[name]
            if name not in unsure:
                give_arguments(reader.info, calls.get(name, []))
            reader.read()
            for call, context in calls_in(self.program, reader):
                calls.setdefault(call.name.name, []).append((call, reader.reaching.here(context)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Names are resolved by the identity of nodes, which no copy keeps.
        return analyse, (self.ast, self.top, self.program.file)

    def touched(self, name: str, symbol: Symbol) -> list[Access]:
        """The accesses of an object in a function, in the order of the text."""
        return self._touched[name].get(symbol, [])

    def way(self, name: str, symbol: Symbol, path: tuple[str, ...] = ()) -> str:
        """The direction of an argument or global in a function, or of what lies in it at ``path``."""
        memory = symbol.ctype.kind in ("array", "pointer") or self.program.holds_pointers(symbol.ctype)
        if name in self.anywhere and memory:
            return "inout"
        if symbol in self._pointing[name].lasting:
            return "inout"
        mine = [one for one in self.touched(name, symbol) if all(map(str.__eq__, one.path, path))]
        found = direction(symbol, {symbol: mine} if mine else {}, jumps=bool(self.readers[name].info.gotos))
        # What stores somewhere in the whole need not store here.
        stores = (one for one in mine if one.write and one.symbol is symbol and not one.escape)
        stored = any(one.path == path or not one.whole for one in stores)
        return "inout" if path and found == "out" and not stored else found

    def ways(self, name: str) -> Ways | None:
        """What a function of the file does; None for a function that is not known."""
        info = self.program.functions.get(name)
        if info is None:
            return None
        if name not in self.accesses:
            # Recursion: what it does may be anything.
            every = ["inout"] * len(info.arguments)
            return Ways(every, every, [])
        touched, jumps = self._touched[name], bool(info.gotos)
        ways: dict[bool, list[str]] = {}
        for stray in (False, True):
            some = {s: [one for one in touched.get(s, ()) if one.stray is stray] for s in info.arguments}
            ways[stray] = [memory_direction(symbol, some, jumps=jumps) for symbol in info.arguments]
        used = [symbol for symbol in touched if symbol.role == "global"]
        effects = [(symbol, self.way(name, symbol)) for symbol in used]
        return Ways(ways[False], ways[True], effects, name in self.anywhere)

    def fills(self, name: str, symbol: Symbol, dims: tuple[int | None, ...]) -> bool:
        """Whether a function surely stores all elements of an argument, or global, of these dimensions."""
        key = ("fills", name, symbol, dims)
        if key not in self._answers:
            self._answers[key] = self._fills(name, symbol, dims)
        return bool(self._answers[key])

    def _fills(self, name: str, symbol: Symbol, dims: tuple[int | None, ...]) -> bool:
        stores = [
            access
            for access in self._touched.get(name, {}).get(symbol, ())
            if access.write and access.sure and not access.escape
        ]
        reader = self.readers[name]
        *before, _ = reader.info.node.body.block_items or [None]
        if not stores or not dims or any(leaves(item, reader.reaching.effects) for item in before):
            return False
        end = Access(symbol, (symbol,), None, (), 0, False, len(self.accesses[name]), (), (), whole=True)
        return Coverage(stores, symbol, dims).covers(end)

    def outlives(self, name: str, symbol: Symbol) -> bool:
        """Whether a pointer to the memory of an argument may stay when the function has ended, or is given back."""
        found = self._pointing[name]
        return symbol in found.lasting | found.returned or any(symbol in kept for kept in found.kept.values())

    def carries_none(self, loop: LoopRecord) -> bool:
        """Whether no two iterations of a loop touch one element of memory with a write among the two."""
        key = ("carries none", loop)
        if key not in self._answers:
            self._answers[key] = carries_none(loop, self.accesses[loop.function])
        return bool(self._answers[key])

    def carried(self, loop: LoopRecord) -> tuple[Dependence, ...]:
        """The dependences through memory and plain variables that a loop carries, by their places in the text.

        Raises ValueError where the loop has more than 20,000 pairs of accesses to compare.
        """
        key = ("carried", loop)
        if key not in self._answers:
            mine = [access for access in self.accesses[loop.function] if loop in access.loops]
            if sum(access.write for access in mine) * len(mine) > _MOST_PAIRS:
                raise ValueError("too many accesses")
            self._answers[key] = tuple(
                found for first in mine for second in mine for found in dependences(first, second) if found.loop is loop
            )
        answer: tuple[Dependence, ...] = self._answers[key]
        return answer


def analyse(ast: c_ast.FileAST, top: str, file: str) -> Analysis:
    """The analysis of a tree that was read before."""
    program = Program(ast, lambda name: False, file)
    program.close()
    return Analysis(program, ast, top)


def _callees_first(program: Program) -> list[str]:
    """Functions so that callees come before callers; in a cycle the order is that of the text."""
    order: list[str] = []
    state: dict[str, int] = {}
    for root in program.functions:
        stack: list[tuple[str, int]] = [(root, 0)]
        while stack:
            name, position = stack.pop()
            if position == 0:
                if name in state:
                    continue
                state[name] = 1
            calls = [call for call in program.functions[name].calls if call in program.functions]
            while position < len(calls) and calls[position] in state:
                position += 1
            if position < len(calls):
                stack.append((name, position + 1))
                stack.append((calls[position], 0))
            else:
                order.append(name)
    return order
