"""What a function reads and writes, in the order of its text, with subscripts as linear forms where provable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pycparser import c_ast

from pipeline.kernels.expressions import evaluate
from pipeline.kernels.guards import Guard, conditions
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.loops import LoopReader
from pipeline.kernels.lvalues import Level, Place, Pointee
from pipeline.kernels.points_to import PointsTo
from pipeline.kernels.reaching import origin
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value, sum_of

_MATHEMATICS = {
    "abs", "acos", "asin", "atan", "atan2", "cbrt", "ceil", "cos", "cosh", "exp", "exp2", "fabs",
    "floor", "fma", "fmax", "fmin", "fmod", "hypot", "labs", "llabs", "log", "log10", "log2", "pow",
    "round", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
}  # fmt: skip
PURE_CALLS = frozenset(name + suffix for name in _MATHEMATICS for suffix in ("", "f"))
"""Functions of the C library that touch no memory of the kernel."""
_READS = {"memcpy": (1,), "memmove": (1,), "memcmp": (0, 1), "strlen": (0,)}
_WRITES = {"memcpy": (0,), "memmove": (0,), "memset": (0,), "std::fill": (0,)}
_STREAM = "hls::stream<"
"""What calls begin with that read or write a stream, which is their first argument."""
_MEMORY = ("array", "pointer", "unknown")


@dataclass(frozen=True, slots=True)
class Ways:
    """What a function of the file does to the memory of its arguments, to what is reached from there by pointers that
    lie in it, and to globals."""

    arguments: Sequence[str]
    beyond: Sequence[str]
    globals: Sequence[tuple[Symbol, str]]
    anywhere: bool = False
    """It also reads or writes through a pointer of which is not known where it leads."""


class Callees(Protocol):
    """What is known of the functions that are called."""

    def ways(self, name: str) -> Ways | None:
        """What a function of the file does; None for a function that is not known."""
        ...

    def fills(self, name: str, symbol: Symbol, dims: tuple[int | None, ...]) -> bool:
        """Whether a function surely stores all elements of an argument, or global, of these dimensions."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """A read or write of memory or of a variable.

    ``symbol`` is the object, None where it may be any memory; ``roots`` are the objects that it is about as far as
    the text tells. ``indices`` None: any element; else one entry a subscript, outermost first, None where it is not
    a provable linear form. ``path`` names members on the way, the first after ``outer`` subscripts.
    """

    symbol: Symbol | None
    roots: tuple[Symbol, ...]
    indices: tuple[Value | None, ...] | None
    path: tuple[str, ...]
    outer: int
    write: bool
    order: int
    """Position in the order of the text."""
    loops: tuple[LoopRecord, ...]
    """The loops around it, outermost first."""
    guards: tuple[Guard, ...]
    """The branches around it."""
    whole: bool = False
    """By a called function, which may touch all elements."""
    fills: bool = False
    """It stores all elements."""
    escape: bool = False
    """The address goes somewhere: no access by itself, but anything may follow."""
    stray: bool = False
    """Through a pointer that lies in memory or is the value of an expression."""
    sure: bool = True
    """Whether it can be of no other object."""

    @property
    def scalar(self) -> bool:
        """Whether it is of a plain variable."""
        return self.symbol is not None and self.symbol.ctype.kind in ("int", "float")


def accesses(program: Program, reader: LoopReader, points: PointsTo, callees: Callees) -> tuple[Access, ...]:
    """All accesses of a function in the order of its text."""
    return tuple(_Collector(program, reader, points, callees).all())


def surrounding(context: Context | None) -> tuple[LoopRecord, ...]:
    """The loops around a place, outermost first."""
    loops: list[LoopRecord] = []
    while context is not None:
        if context.kind == "loop" and context.loop is not None:
            loops.append(context.loop)
        context = context.parent
    return tuple(reversed(loops))


class _Collector:
    def __init__(self, program: Program, reader: LoopReader, points: PointsTo, callees: Callees) -> None:
        self.program = program
        self.reader = reader
        self.callees = callees
        self.points = points
        self.lvalues = points.lvalues
        self.found: list[Access] = []
        self.context: Context | None = None
        self.header = False
        self.loops: tuple[LoopRecord, ...] = ()
        self.guards: tuple[Guard, ...] = ()
        self.known: dict[int, tuple[tuple[LoopRecord, ...], tuple[Guard, ...]]] = {}

    def all(self) -> list[Access]:
        for node, context in self.reader.leaves:
            if node is None:
                continue
            self.header = not self.reader.settled(node)
            self.context = context
            self.loops, self.guards = self._around(context)
            self._walk(node)
        return self.found

    def _around(self, context: Context | None) -> tuple[tuple[LoopRecord, ...], tuple[Guard, ...]]:
        if context is None:
            return (), ()
        found = self.known.get(id(context))
        if found is None:
            loops, guards = self._around(context.parent)
            if context.kind == "loop" and context.loop is not None:
                loops = (*loops, context.loop)
            elif context.kind in ("branch", "switch"):
                known: tuple[tuple[tuple[str, Value], ...], bool] = ((), False)
                if context.holds is not None and context.parent is not None:
                    known = conditions(context.node, context.holds, self.reader.reaching.here(context.parent))
                guards = (*guards, Guard(id(context), len(loops), *known))
            found = self.known[id(context)] = loops, guards
        return found

    def _walk(self, node: Any) -> None:
        """Accesses of evaluating an expression or declaration."""
        match node:
            case None | c_ast.Constant() | c_ast.Pragma() | c_ast.Typename() | c_ast.Typedef():
                return
            case c_ast.UnaryOp(op="sizeof"):
                return
            case c_ast.Decl():
                self._walk(node.init)
                symbol = self.program.symbols.get(id(node))
                if node.init is not None and symbol is not None and symbol.ctype.kind in ("int", "float"):
                    self._access(Place(symbol), write=True)
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                if symbol is None or symbol.role in ("constant", "function"):
                    return
                if symbol.ctype.kind in _MEMORY:
                    # The name alone: its address or the whole of it goes somewhere.
                    self._escape(symbol)
                else:
                    self._access(Place(symbol), write=False)
            case c_ast.Assignment():
                self._walk(node.rvalue)
                self._store(node.lvalue, read=node.op != "=")
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                self._store(node.expr, read=True)
            case c_ast.UnaryOp(op="&"):
                self._subscripts(node.expr)
                place = self.lvalues.place(node.expr)
                self._escape(place.symbol, () if place.stray else place.path)
            case c_ast.ArrayRef() | c_ast.StructRef() | c_ast.UnaryOp(op="*"):
                self._subscripts(node)
                place, kind = self.lvalues.place(node), self.program.type_of(node).kind
                if kind != "array":
                    self._access(place, write=False)
                if kind in _MEMORY:
                    self._escape(None if place.stray else place.symbol, place.path)
            case c_ast.FuncCall():
                self._call(node)
            case c_ast.TernaryOp():
                self._walk(node.cond)
                for part, holds in ((node.iftrue, True), (node.iffalse, False)):
                    self._guarded(part, id(part), node.cond, holds)
            case c_ast.BinaryOp(op="&&" | "||"):
                self._walk(node.left)
                self._guarded(node.right, id(node), node.left, node.op == "&&")
            case _:
                for child in node:
                    self._walk(child)

    def _guarded(self, node: Any, place: int, condition: Any, holds: bool) -> None:
        """Accesses of a part that is evaluated only where a condition holds, or does not."""
        outer = self.guards
        known: tuple[tuple[tuple[str, Value], ...], bool] = ((), False)
        if self.context is not None and not self.header:
            known = conditions(condition, holds, self.reader.reaching.here(self.context))
        self.guards = (*outer, Guard(place, len(self.loops), *known))
        self._walk(node)
        self.guards = outer

    def _store(self, node: Any, *, read: bool) -> None:
        """Accesses of storing to an lvalue."""
        if isinstance(node, c_ast.ID):
            symbol = self.program.symbols.get(id(node))
            if symbol is None or symbol.ctype.kind == "unknown":
                self._escape(symbol)
            if symbol is None or symbol.ctype.kind in _MEMORY:
                return  # A pointer that moves touches nothing.
        self._subscripts(node)
        place = self.lvalues.place(node)
        if read:
            self._access(place, write=False)
        self._access(place, write=True)

    def _subscripts(self, node: Any) -> None:
        """Accesses of working out where an lvalue lies."""
        match node:
            case c_ast.ArrayRef():
                self._pointer(node.name)
                self._walk(node.subscript)
            case c_ast.StructRef() | c_ast.Cast():
                self._subscripts(node.name if isinstance(node, c_ast.StructRef) else node.expr)
            case c_ast.UnaryOp(op="*"):
                self._pointer(node.expr)
            case c_ast.ID() | None:
                return
            case _:
                self._walk(node)

    def _pointer(self, node: Any) -> None:
        """Accesses of working out a pointer that is followed at once, so that it goes nowhere else."""
        if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
            for part in (node.left, node.right):
                pointer = self.program.type_of(part).kind in ("array", "pointer")
                self._pointer(part) if pointer else self._walk(part)
        elif not isinstance(node, c_ast.ID):
            self._subscripts(node)

    def _escape(self, symbol: Symbol | None, path: tuple[str, ...] = ()) -> None:
        """Anything may happen to any element."""
        roots = () if symbol is None else (symbol,)
        for write in (False, True):
            self._add(symbol, roots, None, Place(symbol, path=path), write, escape=True)

    def _access(self, place: Place, *, write: bool) -> None:
        """An access with its subscripts as linear forms."""
        symbol = place.symbol
        indices: tuple[Value | None, ...] | None = None
        if place.subscripts is not None and not self.header and self.context is not None:
            here = self.reader.reaching.here(self.context)
            values = [evaluate(index, here) for index in place.subscripts]
            indices = tuple(None if value.terms is None else value for value in values)
        elif place.subscripts == ():
            indices = ()
        moving = symbol is not None and symbol.ctype.kind == "pointer" and not _steady(symbol)
        roots = _sorted(self.points.of_place(place))
        if moving and symbol is not None:
            found = origin(self.reader.reaching.value_at(symbol, self.context)) if indices else None
            if found is not None and indices and indices[0] is not None:
                symbol, indices = found[0], (sum_of(found[1], indices[0]), *indices[1:])
                roots, moving = (symbol,), False
            else:
                indices = None
        self._add(None if moving or place.stray else symbol, roots, indices, place, write)

    def _add(
        self,
        symbol: Symbol | None,
        roots: tuple[Symbol, ...],
        indices: tuple[Value | None, ...] | None,
        place: Place,
        write: bool,
        whole: bool = False,
        fills: bool = False,
        escape: bool = False,
        among: Collection[Symbol] = (),
    ) -> None:
        order, loops, guards = len(self.found), self.loops, self.guards
        path, outer, stray = place.path, place.outer, place.stray
        sure = sum(root.ctype.kind != "pointer" or root.role == "argument" for root in among or roots) < 2
        self.found.append(
            Access(symbol, roots, indices, path, outer, write, order, loops, guards, whole, fills, escape, stray, sure)
        )

    def _call(self, node: c_ast.FuncCall) -> None:
        arguments = node.args.exprs if node.args is not None else []
        for argument in arguments:
            self._walk(argument)
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        known = self.callees.ways(name)
        name = name if known is not None else name.removeprefix("__builtin_")
        if (known is None and name in PURE_CALLS) or evaluate(node, self.program).exact is not None:
            return  # A helper that gives a number touches nothing.
        stream = name.startswith(_STREAM)
        touched: list[tuple[Collection[Symbol], str, Place, bool]] = []
        for symbol, way in known.globals if known is not None else ():
            fills = self.callees.fills(name, symbol, symbol.ctype.dims)
            touched.append((self.points.all_of([Pointee(symbol, Level.ITSELF)]), way, Place(None), fills))
        for position, argument in enumerate(arguments):
            objects, beyond = self.points.of_argument(argument)
            if not objects:
                continue
            fills, place = False, self._handed(argument)
            if known is not None:
                there = position < len(known.arguments)
                way = known.arguments[position] if there else "inout"
                fills = way == "out" and self._filled(name, position, argument)
                touched.append((objects, way, place, fills))
                touched.append((beyond, known.beyond[position] if there else "inout", Place(None, stray=True), False))
                continue
            if name in _READS or name in _WRITES:
                way = "out" if position in _WRITES.get(name, ()) else "in"
                fills = way == "out" and self._overwritten(argument, arguments[-1])
            elif stream:
                way = "out" if ("write" in name.rpartition("::")[2]) != (position > 0) else "in"
            else:
                way = "in" if self._points_to_const(argument) else "inout"
            touched.append((objects, way, place, fills))
        for write in (False, True):
            for symbols, way, place, fills in touched:
                if way == "inout" or way == ("out" if write else "in"):
                    for root in _sorted(symbols):
                        filled = write and fills
                        self._add(root, (root,), None, place, write, whole=True, fills=filled, among=symbols)
            if known is not None and known.anywhere:
                self._add(None, (), None, Place(None, stray=True), write, whole=True)
        if not stream:  # what it does beyond that is not known
            self._escape(None)

    def _handed(self, argument: Any) -> Place:
        """The members that lead to what is handed over, where that is an array or the address of a place."""
        node = argument.expr if isinstance(argument, c_ast.UnaryOp) and argument.op == "&" else argument
        if isinstance(node, c_ast.StructRef) and (node is not argument or self.program.type_of(node).kind == "array"):
            found = self.lvalues.place(node)
            return Place(None, None, () if found.stray else found.path, found.outer)
        return Place(None)

    def _filled(self, name: str, position: int, argument: Any) -> bool:
        """Whether a call stores all elements of the array that it is given."""
        symbol = self.program.symbols.get(id(argument))
        formals = self.program.functions[name].arguments
        if symbol is None or symbol.ctype.kind != "array" or position >= len(formals):
            return False
        return self.callees.fills(name, formals[position], symbol.ctype.dims)

    def _overwritten(self, argument: Any, size: Any) -> bool:
        """Whether ``memset`` or ``memcpy`` stores a whole array."""
        symbol = self.program.symbols.get(id(argument))
        length = evaluate(size, self.program).exact
        whole = symbol.ctype.bits if symbol is not None and symbol.ctype.kind == "array" else None
        return whole is not None and length is not None and 8 * length >= whole

    def _points_to_const(self, node: Any) -> bool:
        element = self.program.type_of(node).element
        return element is not None and element.const


def _sorted(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    return tuple(sorted(symbols, key=lambda symbol: (symbol.line, symbol.name)))


def _steady(symbol: Symbol) -> bool:
    """A pointer argument that is never moved stands for an array of its own."""
    return symbol.role == "argument" and not symbol.writes and not symbol.address_taken
