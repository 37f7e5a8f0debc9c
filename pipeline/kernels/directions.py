"""Which way data moves through each argument and global: ``in``, ``out``, ``inout`` or ``unused``.

An array is ``out`` where every element that is read was written before by the function itself, so that what the
caller put there does not matter. This is proved for indices that are linear in loop variables: a read is covered

- by a store that comes before it in the text, is executed whenever the read is, and whose loops sweep the index;
- or by a store of an earlier iteration of a loop around both, if the iterations without such a predecessor are
  covered in turn (``p[j - 1]`` after ``p[0] = ...`` in the loop that stores ``p[j]``).

Where an index is not linear (``a[b[i]]``, a position found by a ``while`` loop) nothing can be proved; then a store to
the array earlier in the text counts as covering, which is a convention and not a proof; so does a called function
that only writes the array. Members of structs are told apart by name; a struct passed on whole is ``inout`` where it
is both read and written. A scalar argument is ``in`` where it is used at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.loops import Context, LoopReader, LoopRecord
from pipeline.kernels.symbols import Program, Symbol
from pipeline.kernels.values import Key, Value, evaluate

_MAX_SPLITS = 4
_MAX_STEPS = 20_000
"""Comparisons of a read with a store after which an array counts as not proved."""
_READS = {"memcpy": (1,), "memmove": (1,), "memcmp": (0, 1), "strlen": (0,)}
_WRITES = {"memcpy": (0,), "memmove": (0,), "memset": (0,)}


@dataclass(frozen=True, slots=True)
class Linear:
    """An index: ``const + sum(factor * key)``."""

    const: int
    terms: tuple[tuple[Key, int], ...]

    def bound(self, bindings: dict[Key, int]) -> Linear:
        """With some keys replaced by numbers."""
        if not any(key in bindings for key, _ in self.terms):
            return self
        const = self.const + sum(factor * bindings[key] for key, factor in self.terms if key in bindings)
        return Linear(const, tuple((key, factor) for key, factor in self.terms if key not in bindings))


@dataclass(slots=True)
class _Access:
    """One read or store of an array."""

    store: bool
    order: int
    indices: tuple[Linear | None, ...]
    path: tuple[str, ...]
    """Names of the struct members that lead to the element."""
    whole: bool
    """All elements, as far as a called function goes."""
    record: bool
    """The array's elements are structs."""
    loops: tuple[LoopRecord, ...]
    branches: frozenset[int]


@dataclass(slots=True)
class _Summary:
    accesses: dict[Symbol, list[_Access]] = field(default_factory=dict)
    used: set[Symbol] = field(default_factory=set)
    jumps: bool = False
    """The function has a goto: the order of its text is not that of its execution."""


def directions(program: Program, readers: dict[str, LoopReader], top: str) -> dict[Symbol, str]:
    """The direction of every argument of every function, and of globals as the top function uses them."""
    ways: dict[Symbol, str] = {}
    summaries: dict[str, _Summary] = {}
    for name in _callees_first(program):
        summary = _Collector(program, readers[name], ways, summaries).collect()
        summaries[name] = summary
        for symbol in program.functions[name].arguments:
            ways[symbol] = _direction(symbol, summary)
    for symbol in program.globals:
        ways[symbol] = _direction(symbol, summaries[top])
    return ways


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


def _direction(symbol: Symbol, summary: _Summary) -> str:
    if symbol.ctype.kind not in ("array", "pointer") and symbol.role == "argument":
        return "in" if symbol in summary.used else "unused"
    accesses = summary.accesses.get(symbol, [])
    reads = [access for access in accesses if not access.store]
    stores = [access for access in accesses if access.store]
    if not accesses:
        return "unused"
    if not stores:
        return "in"
    if not reads:
        return "out"
    if summary.jumps:
        return "inout"
    proof = _Proof(stores)
    return "out" if all(proof.covers(read, {}, _MAX_SPLITS) for read in reads) else "inout"


@dataclass(frozen=True, slots=True)
class _Place:
    """An lvalue: its array, index expressions outermost first (None: not of that form), and members on the way."""

    symbol: Symbol | None
    indices: list[Any] | None
    path: tuple[str, ...]

    def at(self, index: Any) -> _Place:
        return _Place(self.symbol, None if self.indices is None else [*self.indices, index], self.path)


_NOWHERE = _Place(None, None, ())
_ZERO = c_ast.Constant("int", "0")


# Collecting accesses ------------------------------------------------------------------------------------------------


class _Collector:
    """Accesses of one function in the order of the text, its calls included."""

    def __init__(
        self,
        program: Program,
        reader: LoopReader,
        ways: dict[Symbol, str],
        summaries: dict[str, _Summary],
    ) -> None:
        self.program = program
        self.reader = reader
        self.ways = ways
        self.summaries = summaries
        self.result = _Summary(jumps=bool(reader.info.gotos))
        self.order = 0
        self.aliases: dict[Symbol, set[Symbol]] = {}
        self.context = Context("nowhere", None)
        self.loops: tuple[LoopRecord, ...] = ()
        self.branches: frozenset[int] = frozenset()

    def collect(self) -> _Summary:
        self._find_aliases()
        for node, context in self.reader.leaves:
            if node is None:
                continue
            self.context = context
            self.loops, self.branches = _surroundings(context)
            self._read(node)
        return self.result

    def _find_aliases(self) -> None:
        """Local pointers and the arrays they may point into."""
        pointers = [symbol for symbol in self.reader.info.locals if symbol.ctype.kind == "pointer"]
        if not pointers:
            return
        edges: list[tuple[Symbol, Symbol]] = []
        for node, _ in self.reader.leaves:
            stack = [node]
            while stack:
                part = stack.pop()
                if part is None:
                    continue
                target, value = None, None
                if isinstance(part, c_ast.Decl):
                    target, value = self.program.symbols.get(id(part)), part.init
                elif isinstance(part, c_ast.Assignment) and isinstance(part.lvalue, c_ast.ID):
                    target, value = self.program.symbols.get(id(part.lvalue)), part.rvalue
                if target is not None and target.ctype.kind == "pointer" and value is not None:
                    edges += [(target, root) for root in self._roots(value)]
                stack.extend(child for _, child in part.children())
        changed = True
        while changed:
            changed = False
            for target, root in edges:
                found = self.aliases.setdefault(target, set())
                before = len(found)
                found |= {root} | self.aliases.get(root, set())
                changed = changed or len(found) != before

    def _roots(self, node: Any) -> set[Symbol]:
        """Arrays that a pointer expression may point into."""
        match node:
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                return {symbol} if symbol is not None and symbol.ctype.kind in ("array", "pointer") else set()
            case c_ast.UnaryOp(op="&"):
                base = self._place(node.expr).symbol
                return {base} if base is not None else set()
            case c_ast.ArrayRef() | c_ast.StructRef():
                base = self._place(node).symbol
                pointing = self.program.type_of(node).kind in ("array", "pointer")
                return {base} if base is not None and pointing else set()
            case c_ast.BinaryOp(op="+" | "-"):
                return self._roots(node.left) | self._roots(node.right)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                return self._roots(node.expr)
            case c_ast.TernaryOp():
                return self._roots(node.iftrue) | self._roots(node.iffalse)
            case c_ast.Cast():
                return self._roots(node.expr)
            case c_ast.Assignment():
                return self._roots(node.rvalue)
        return set()

    def _place(self, node: Any) -> _Place:
        """The array an element belongs to, its index expressions and the members on the way."""
        match node:
            case c_ast.ID():
                return _Place(self.program.symbols.get(id(node)), [], ())
            case c_ast.ArrayRef():
                return self._place(node.name).at(node.subscript)
            case c_ast.UnaryOp(op="*"):
                return self._pointed(node.expr)
            case c_ast.StructRef():
                place = self._pointed(node.name) if node.type == "->" else self._place(node.name)
                return _Place(place.symbol, place.indices, (*place.path, node.field.name))
            case c_ast.Cast():
                return _Place(self._place(node.expr).symbol, None, ())
        roots = self._roots(node)
        return _Place(next(iter(roots)) if len(roots) == 1 else None, None, ())

    def _pointed(self, node: Any) -> _Place:
        """What ``*node`` is an element of."""
        if isinstance(node, c_ast.BinaryOp) and node.op == "+":
            for pointer, offset in ((node.left, node.right), (node.right, node.left)):
                if self.program.type_of(pointer).kind in ("array", "pointer"):
                    return self._place(pointer).at(offset)
        if isinstance(node, c_ast.ID | c_ast.ArrayRef | c_ast.StructRef):
            return self._place(node).at(_ZERO)
        roots = self._roots(node)
        return _Place(next(iter(roots)) if len(roots) == 1 else None, None, ())

    def _record(self, place: _Place, store: bool, whole: bool = False) -> None:
        symbol, indices = place.symbol, place.indices
        if symbol is None or symbol.role in ("constant", "function"):
            return
        self.result.used.add(symbol)
        here = self.reader.here(self.context)
        linear: list[Linear | None] = []
        for index in indices if indices is not None else [None]:
            linear.append(_linear(evaluate(index, here)) if index is not None else None)
        self.order += 1
        for target in {symbol, *self.aliases.get(symbol, ())}:
            known = tuple(linear) if target is symbol else (None,)
            path = place.path if target is symbol else ()
            record = target.ctype.base.kind == "struct"
            self.result.accesses.setdefault(target, []).append(
                _Access(store, self.order, known, path, whole, record, self.loops, self.branches)
            )

    def _read(self, node: Any) -> None:
        """Records what evaluating an expression or declaration reads and stores."""
        match node:
            case None | c_ast.Constant() | c_ast.Pragma() | c_ast.Typename() | c_ast.Typedef():
                return
            case c_ast.Decl():
                if node.init is not None:
                    self._read(node.init)
            case c_ast.ID():
                symbol = self.program.symbols.get(id(node))
                if symbol is not None:
                    self.result.used.add(symbol)
                    if symbol.ctype.kind not in ("array", "pointer") and symbol.role == "global":
                        self._record(_Place(symbol, [], ()), False)
            case c_ast.Assignment():
                self._read(node.rvalue)
                self._read_indices(node.lvalue)
                place = self._element(node.lvalue)
                if node.op != "=":
                    self._record(place, False)
                self._record(place, True)
            case c_ast.UnaryOp(op="p++" | "p--" | "++" | "--"):
                self._read_indices(node.expr)
                place = self._element(node.expr)
                self._record(place, False)
                self._record(place, True)
            case c_ast.UnaryOp(op="sizeof"):
                return
            case c_ast.UnaryOp(op="&"):
                self._read_indices(node.expr)
                base = self._place(node.expr).symbol
                if base is not None:
                    self.result.used.add(base)
            case c_ast.ArrayRef() | c_ast.StructRef() | c_ast.UnaryOp(op="*"):
                self._read_indices(node)
                if self.program.type_of(node).kind != "array":
                    self._record(self._element(node), False)
            case c_ast.FuncCall():
                self._call(node)
            case c_ast.TernaryOp():
                self._read(node.cond)
                outer = self.branches
                for part in (node.iftrue, node.iffalse):
                    self.branches = outer | {id(part)}
                    self._read(part)
                self.branches = outer
            case c_ast.BinaryOp(op="&&" | "||"):
                self._read(node.left)
                outer = self.branches
                self.branches = outer | {id(node)}
                self._read(node.right)
                self.branches = outer
            case _:
                for _, child in node.children():
                    self._read(child)

    def _element(self, node: Any) -> _Place:
        """The array that an lvalue is an element of; plain variables count only where they are global."""
        place = self._place(node)
        base = place.symbol
        if base is None:
            return _NOWHERE
        if base.ctype.kind not in ("array", "pointer"):
            self.result.used.add(base)
            return place if base.role == "global" else _NOWHERE
        if place.indices == []:
            # The pointer itself moves; what it points to is not touched.
            self.result.used.add(base)
            return _NOWHERE
        return place

    def _read_indices(self, node: Any) -> None:
        match node:
            case c_ast.ArrayRef():
                self._read_indices(node.name)
                self._read(node.subscript)
            case c_ast.StructRef():
                self._read_indices(node.name)
            case c_ast.UnaryOp(op="*"):
                self._read(node.expr)
            case c_ast.Cast():
                self._read_indices(node.expr)
            case c_ast.ID() | None:
                return
            case _:
                self._read(node)

    def _call(self, node: c_ast.FuncCall) -> None:
        arguments = node.args.exprs if node.args is not None else []
        for argument in arguments:
            self._read(argument)
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        info = self.program.functions.get(name)
        effects: list[tuple[set[Symbol], str]] = []
        for position, argument in enumerate(arguments):
            roots = self._roots(argument)
            if not roots:
                continue
            if info is not None:
                parameters = info.arguments
                # A function that is still being read (recursion) may do anything.
                way = self.ways.get(parameters[position], "inout") if position < len(parameters) else "inout"
            elif name in _READS or name in _WRITES:
                way = "out" if position in _WRITES.get(name, ()) else "in"
            elif self._points_to_const(argument):
                way = "in"
            else:
                way = "inout"
            effects.append((roots, way))
        called = self.summaries.get(name)
        for symbol in called.accesses if called is not None else ():
            if symbol.role == "global":
                effects.append(({symbol}, _direction(symbol, called) if called is not None else "inout"))
        for store in (False, True):
            for roots, way in effects:
                if way == "inout" or way == ("out" if store else "in"):
                    for root in roots:
                        self._record(_Place(root, None, ()), store, whole=True)

    def _points_to_const(self, node: Any) -> bool:
        element = self.program.type_of(node).element
        return element is not None and element.const


def _surroundings(context: Context | None) -> tuple[tuple[LoopRecord, ...], frozenset[int]]:
    loops: list[LoopRecord] = []
    branches: set[int] = set()
    while context is not None:
        if context.kind == "loop" and context.loop is not None:
            loops.append(context.loop)
        elif context.kind in ("branch", "switch"):
            branches.add(id(context))
        context = context.parent
    return tuple(reversed(loops)), frozenset(branches)


def _linear(value: Value) -> Linear | None:
    if value.terms is None:
        return None
    return Linear(value.const, tuple(value.terms.items()))


# Proof that a read sees only what was stored before -----------------------------------------------------------------


class _Proof:
    """Whether reads of one array see only what its stores wrote; gives up after a bounded number of steps."""

    def __init__(self, stores: list[_Access]) -> None:
        self.stores = stores
        self.steps = 0

    def covers(self, read: _Access, bindings: dict[Key, int], splits: int) -> bool:
        """Whether every instance of the read, in iterations that agree with ``bindings``, follows a store to it."""
        if read.whole or any(index is None for index in read.indices):
            return not read.record and any(store.order < read.order for store in self.stores)
        for store in self.stores:
            if not store.branches <= read.branches:
                continue
            if store.whole:
                if not store.record and store.order < read.order:
                    return True
                continue
            if len(store.indices) != len(read.indices) or store.path != read.path:
                continue
            common = _common(read.loops, store.loops)
            levels: list[int | None] = [None] if store.order < read.order else []
            levels += list(range(len(common)))
            for level in levels:
                self.steps += 1
                if self.steps > _MAX_STEPS:
                    return False
                rest = _rest(read, store, common, level, bindings)
                if rest is not None and len(rest) <= splits:
                    parts = ({**bindings, key: number} for key, number in rest)
                    if all(self.covers(read, part, splits - 1) for part in parts):
                        return True
        return False


def _common(left: tuple[LoopRecord, ...], right: tuple[LoopRecord, ...]) -> list[LoopRecord]:
    shared: list[LoopRecord] = []
    for mine, theirs in zip(left, right, strict=False):
        if mine is not theirs:
            break
        shared.append(mine)
    return shared


def _rest(
    read: _Access, store: _Access, common: list[LoopRecord], level: int | None, bindings: dict[Key, int]
) -> list[tuple[Key, int]] | None:
    """Iterations (key, value) in which ``store`` did not yet write what ``read`` reads; None where not provable.

    Level None: the store of the same iteration of all common loops. Level n: of an earlier iteration of the n-th.
    """
    kept = len(common) if level is None else level
    free = store.loops[kept:]
    if any(loop.leaves_early or loop.skips or not _swept(loop) for loop in free):
        return None
    solved: dict[LoopRecord, Linear] = {}
    for read_index, store_index in zip(read.indices, store.indices, strict=True):
        assert read_index is not None
        if store_index is None:
            return None
        wanted = read_index.bound(bindings)
        if level is None and _within_dense(wanted, store_index, free, bindings):
            continue
        if not _solve(wanted, store_index, free, bindings, solved):
            return None
    rest: list[tuple[Key, int]] = []
    for position, loop in enumerate(free):
        solution = solved.get(loop)
        if solution is None:
            if level is not None and position == 0:
                # The index does not depend on the carrying loop: any earlier iteration will do, the first has none.
                if loop in bindings and bindings[loop] == _values(loop)[0]:
                    return None
                if loop not in bindings:
                    rest.append((loop, _values(loop)[0]))
            continue
        lacking = _lacking(loop, solution, carried=level is not None and position == 0, bindings=bindings)
        if lacking is None:
            return None
        rest += lacking
    return rest


def _swept(loop: LoopRecord) -> bool:
    """Whether the values of the loop's variable are known one by one."""
    return (
        loop.steady
        and loop.start is not None
        and loop.start.exact is not None
        and loop.step is not None
        and loop.trip is not None
        and loop.trip > 0
    )


def _values(loop: LoopRecord) -> range:
    assert loop.start is not None and loop.start.exact is not None and loop.step and loop.trip is not None
    return range(loop.start.exact, loop.start.exact + loop.step * loop.trip, loop.step)


def _solve(
    read: Linear,
    store: Linear,
    free: tuple[LoopRecord, ...],
    bindings: dict[Key, int],
    solved: dict[LoopRecord, Linear],
) -> bool:
    """Finds which iteration of the free loops stores the element that is read, one array dimension at a time."""
    own = sorted(
        ((key, factor) for key, factor in store.terms if key in free), key=lambda item: abs(item[1]), reverse=True
    )
    fixed = Linear(store.const, tuple((key, factor) for key, factor in store.terms if key not in free)).bound(bindings)
    terms = dict(read.terms)
    for key, factor in fixed.terms:
        terms[key] = terms.get(key, 0) - factor
    terms = {key: factor for key, factor in terms.items() if factor}
    const = read.const - fixed.const
    for place, (key, factor) in enumerate(own):
        part = {name: by // factor for name, by in terms.items() if by % factor == 0}
        terms = {name: by for name, by in terms.items() if by % factor}
        last = place == len(own) - 1
        if last:
            if const % factor:
                return False
            number = const // factor
        else:
            # The nearest multiple leaves the least for the loops that move the index less.
            number = _nearest(const, factor)
        const -= number * factor
        assert isinstance(key, LoopRecord)
        solution = Linear(number, tuple(part.items()))
        if solved.setdefault(key, solution) != solution:
            return False
    return not terms and const == 0


def _within_dense(read: Linear, store: Linear, free: tuple[LoopRecord, ...], bindings: dict[Key, int]) -> bool:
    """Whether the free loops store every index of an interval that holds the one read (``8 * i + j``, j below 8)."""
    low = high = store.const
    width = 1
    own = [(_values(key), factor) for key, factor in store.terms if isinstance(key, LoopRecord) and key in free]
    for values, factor in sorted(own, key=lambda item: abs(item[1] * item[0].step)):
        ends = sorted((factor * values[0], factor * values[-1]))
        if abs(factor * values.step) > width:
            return False
        low, high = low + ends[0], high + ends[1]
        width += ends[1] - ends[0]
    shared = Linear(0, tuple((key, factor) for key, factor in store.terms if key not in free)).bound(bindings)
    terms = dict(read.terms)
    for key, factor in shared.terms:
        terms[key] = terms.get(key, 0) - factor
    least = most = read.const - shared.const
    for key, factor in terms.items():
        if not factor:
            continue
        if key.lo is None or key.hi is None:
            return False
        ends = sorted((factor * key.lo, factor * key.hi))
        least, most = least + ends[0], most + ends[1]
    return bool(own) and low <= least and most <= high


def _nearest(number: int, by: int) -> int:
    quotient, remainder = divmod(number, abs(by))
    if 2 * remainder > abs(by):
        quotient += 1
    return quotient if by > 0 else -quotient


def _lacking(
    loop: LoopRecord, wanted: Linear, *, carried: bool, bindings: dict[Key, int]
) -> list[tuple[Key, int]] | None:
    """Iterations of the read whose wanted iteration of ``loop`` does not exist or does not come before."""
    values = _values(loop)
    if not wanted.terms:
        if wanted.const not in values:
            return None
        if not carried:
            return []
        here = bindings.get(loop)
        if here is None:
            earlier = values.index(wanted.const)
            return [(loop, value) for value in values[: earlier + 1]] if earlier < _MAX_SPLITS else None
        return [] if here in values and values.index(wanted.const) < values.index(here) else None
    if len(wanted.terms) != 1:
        return None
    (key, factor) = wanted.terms[0]
    if not isinstance(key, LoopRecord) or not _swept(key):
        return None
    if carried and (key is not loop or factor != 1 or wanted.const == 0 or (wanted.const > 0) == (values.step > 0)):
        return None
    reads = _values(key)
    # The wanted values form an arithmetic progression too: only its ends can fall outside.
    span = range(min(values), max(values) + 1)
    if (factor * reads.step) % values.step or (factor * reads[0] + wanted.const - values[0]) % values.step:
        return None
    lacking: list[tuple[Key, int]] = []
    for side in (reads, reads[::-1]):
        for value in side:
            if factor * value + wanted.const in span:
                break
            if (key, value) in lacking:
                break
            lacking.append((key, value))
            if len(lacking) > _MAX_SPLITS:
                return None
    return lacking
