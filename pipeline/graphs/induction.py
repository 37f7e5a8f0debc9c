"""What the IR alone says of numbers and addresses: linear forms, induction variables, trip counts, array indices.

One walk over a function in reverse postorder gives each integer or pointer a linear form in symbols: phis, arguments
and whatever is not linear (which stands for itself). Then a phi in a loop header whose next value is itself plus a
constant is an induction variable, and the test that leaves a loop gives its trip count. Nothing here looks at the
syntax tree, so the two views check each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.graphs.cfg import IrLoop, reverse_postorder
from pipeline.graphs.ir import Instruction, IrFunction, Operand
from pipeline.graphs.layout import DataLayout, split_types

_MAX_TERMS = 8
"""A linear form with more symbols than this stands for itself, which keeps long sums from costing quadratic time."""

_ITERATION = 1 << 40
"""Symbols from here on stand for the number of iterations so far of the loop whose index is added."""


@dataclass(frozen=True, slots=True)
class LinearForm:
    """``const`` + the sum of coefficient times symbol; a symbol is an instruction's index, or -1 - i for argument i."""

    const: int
    terms: tuple[tuple[int, int], ...] = ()

    def plus(self, other: LinearForm, factor: int = 1) -> LinearForm:
        """This form plus ``factor`` times the other."""
        if not other.terms:
            return LinearForm(self.const + factor * other.const, self.terms)
        merged = dict(self.terms)
        for symbol, coefficient in other.terms:
            merged[symbol] = merged.get(symbol, 0) + factor * coefficient
        return LinearForm(
            self.const + factor * other.const, tuple(sorted((s, c) for s, c in merged.items() if c))
        )  # fmt: skip

    def times(self, factor: int) -> LinearForm:
        """This form times a constant."""
        if not factor:
            return LinearForm(0)
        return LinearForm(self.const * factor, tuple((s, c * factor) for s, c in self.terms))

    def wrapped(self, bits: int) -> LinearForm:
        """The same form modulo 2 ** bits, with numbers of least size: passes write -7 * i as 4294967289 * i."""
        half, full = 1 << (bits - 1), 1 << bits
        numbers = (self.const, *(c for _, c in self.terms))
        if bits == 1 or all(-half <= number < half for number in numbers):
            return self
        terms = ((s, (c + half) % full - half) for s, c in self.terms)
        return LinearForm((self.const + half) % full - half, tuple((s, c) for s, c in terms if c))


@dataclass(frozen=True, slots=True)
class Pointer:
    """An address inside what ``base`` names (``argument``, ``alloca`` or ``global``, and which).

    ``parts`` are the steps from its start, as (bytes, how many of them).
    """

    base: tuple[str, int | str]
    parts: tuple[tuple[int, LinearForm], ...] = ()

    @property
    def offset(self) -> LinearForm:
        """Bytes from the start."""
        total = LinearForm(0)
        for size, count in self.parts:
            total = total.plus(count, size)
        return total


@dataclass(frozen=True, slots=True)
class Induction:
    """A phi that starts at ``start`` and grows by ``step`` in each iteration of a loop (index into the function's)."""

    loop: int
    start: LinearForm
    step: int


@dataclass(frozen=True, slots=True)
class Trip:
    """Iterations of one execution of a loop: exact where constant, else bounds; None where unknown."""

    count: int | None
    least: int | None
    most: int | None


_NUMBER = re.compile(r"-?\d+$")
_GEP = re.compile(r"getelementptr(?: (?:inbounds|nuw|nusw|inrange\([^)]*\)))* (.*)$")
_CONSTANT_GEP = re.compile(
    r"getelementptr(?: (?:inbounds|nuw|nusw|inrange\([^)]*\)))* "
    r"\((.+), ptr @([-$.\w]+), (i\d+ -?\d+(?:, i\d+ -?\d+)*)\)$"
)
_INTEGER = re.compile(r"i(\d+)$")
_INVERSE = {
    "eq": "ne", "ne": "eq", "slt": "sge", "sge": "slt", "sgt": "sle", "sle": "sgt", "ult": "uge", "uge": "ult",
    "ugt": "ule", "ule": "ugt",
}  # fmt: skip
_MIRRORED = {
    "slt": "sgt",
    "sgt": "slt",
    "sle": "sge",
    "sge": "sle",
    "ult": "ugt",
    "ugt": "ult",
    "ule": "uge",
    "uge": "ule",
}
_PREDICATE = re.compile(r"[if]cmp (?:(?:samesign|fast|nnan|ninf|nsz|arcp|contract|afn|reassoc) )*(\w+) ")


def predicate(instruction: Instruction) -> str | None:
    """The predicate of an ``icmp`` or ``fcmp``, such as ``slt``; None for other instructions."""
    match = _PREDICATE.search(instruction.text) if instruction.opcode in ("icmp", "fcmp") else None
    return match[1] if match else None


class InductionAnalysis:
    """Linear forms, induction variables and trip counts of one function."""

    def __init__(self, function: IrFunction, layout: DataLayout) -> None:
        self.function = function
        self.layout = layout
        self.inner_loop = innermost_loops(function)
        """Index of the innermost loop around each block, -1 for none."""
        self._order = reverse_postorder([block.successors for block in function.blocks])
        self._opaque: set[int] = set()
        """Widenings whose narrow value may be negative as signed, so that they are not the identity."""
        while True:
            self._analyse()
            doubtful = {number for number, form in self._widened if not self._is_never_negative(form)}
            if not doubtful:
                break
            self._opaque |= doubtful

    def _analyse(self) -> None:
        function = self.function
        self._linear: dict[int, LinearForm] = {}
        self._pointers: dict[int, Pointer] = {}
        self._widened: list[tuple[int, LinearForm]] = []
        for block in self._order:
            for number in function.blocks[block].instructions:
                self._read(function.instructions[number])
        self.inductions: dict[int, Induction] = {}
        self._of_loop: dict[int, list[int]] = {}
        self._unstable: set[int] = set()
        for loop_number, loop in enumerate(function.loops):
            for number in function.blocks[loop.header].instructions:
                instruction = function.instructions[number]
                if instruction.opcode != "phi":
                    break
                self._recognise(instruction, loop_number, loop)
        self._ranges: dict[int, tuple[int | None, int | None]] = {}
        self.trips = self._trip_counts()

    def _is_never_negative(self, form: LinearForm) -> bool:
        low, _ = self.range(form)
        return low is not None and low >= 0

    # Linear forms -------------------------------------------------------------------------------------------------

    def linear(self, operand: Operand) -> LinearForm | None:
        """The linear form of an integer operand, None for what is no integer."""
        if operand.kind == "instruction":
            return self._linear.get(operand.index)
        if not _INTEGER.match(operand.type):
            return None
        if operand.kind == "argument":
            return LinearForm(0, ((-1 - operand.index, 1),))
        if operand.kind == "constant":
            if _NUMBER.match(operand.text):
                return LinearForm(int(operand.text))
            if operand.text in ("true", "false"):
                return LinearForm(int(operand.text == "true"))
        return None

    def pointer(self, operand: Operand) -> Pointer | None:
        """What a pointer operand points into, None where several things or none are known."""
        if operand.kind == "instruction":
            return self._pointers.get(operand.index)
        if operand.kind == "argument" and operand.type.startswith("ptr"):
            return Pointer(("argument", operand.index))
        if operand.kind == "global":
            return Pointer(("global", operand.text))
        if operand.kind == "constant" and (match := _CONSTANT_GEP.match(operand.text)):
            steps = [Operand("constant", -1, text.split()[-1], "i64") for text in match[3].split(", ")]
            parts = self._steps(match[1], steps)
            return Pointer(("global", match[2]), parts) if parts is not None else None
        return None

    def _read(self, instruction: Instruction) -> None:
        number, opcode = instruction.index, instruction.opcode
        if opcode == "alloca":
            self._pointers[number] = Pointer(("alloca", number))
        elif instruction.type.startswith("ptr"):
            found = self._address(instruction)
            if found is not None:
                self._pointers[number] = found
        elif _INTEGER.match(instruction.type):
            form = self._integer(instruction)
            if form is not None:
                form = form.wrapped(int(instruction.type[1:]))
            if form is None or len(form.terms) > _MAX_TERMS:
                form = LinearForm(0, ((number, 1),))
            self._linear[number] = form

    def _integer(self, instruction: Instruction) -> LinearForm | None:
        opcode, operands = instruction.opcode, instruction.operands
        if opcode in ("sext", "zext", "freeze"):
            form = self.linear(operands[0])
            if opcode == "zext" and form is not None and form.terms:
                if operands[0].type == "i1":
                    return None
                if " nneg " not in instruction.text:
                    # Right only if the narrow value is not negative; checked once ranges are known.
                    if instruction.index in self._opaque:
                        return None
                    self._widened.append((instruction.index, form))
            return form
        if opcode in ("add", "sub", "or", "mul", "shl") and len(operands) == 2:
            left, right = self.linear(operands[0]), self.linear(operands[1])
            if left is None or right is None:
                return None
            if opcode == "add" or (opcode == "or" and "disjoint" in instruction.text):
                return left.plus(right)
            if opcode == "sub":
                return left.plus(right, -1)
            if opcode == "mul":
                if not right.terms:
                    return left.times(right.const)
                return right.times(left.const) if not left.terms else None
            if opcode == "shl" and not right.terms and 0 <= right.const < 64:
                return left.times(1 << right.const)
            return None
        if opcode == "phi" and len(operands) == 1:
            form = self.linear(operands[0])
            return form if form is not None and not form.terms else None
        return None

    def _address(self, instruction: Instruction) -> Pointer | None:
        opcode, operands = instruction.opcode, instruction.operands
        if opcode == "getelementptr":
            base = self.pointer(operands[0])
            if base is None:
                return None
            match = _GEP.search(instruction.text)
            steps = self._steps(split_types(match[1])[0], operands[1:]) if match else None
            parts = (*base.parts, *(steps or ()))
            if steps is None or len(parts) > 2 * _MAX_TERMS:
                return Pointer(base.base, ((1, LinearForm(0, ((instruction.index, 1),))),))
            return Pointer(base.base, parts)
        if opcode == "phi" and operands:
            if len(operands) == 1:
                return self.pointer(operands[0])
            known = [found for found in map(self.pointer, operands) if found is not None]
            if known and len({pointer.base for pointer in known}) == 1:
                return Pointer(known[0].base, ((1, LinearForm(0, ((instruction.index, 1),))),))
            return None
        if opcode == "select" and len(operands) == 3:
            one, other = self.pointer(operands[1]), self.pointer(operands[2])
            if one is not None and other is not None and one.base == other.base:
                return Pointer(one.base, ((1, LinearForm(0, ((instruction.index, 1),))),))
            return None
        if opcode in ("freeze", "bitcast", "addrspacecast"):
            return self.pointer(operands[0])
        return None

    def _steps(self, kind: str, operands: Sequence[Operand]) -> tuple[tuple[int, LinearForm], ...] | None:
        """The steps from the start of something of type ``kind`` that the indices of a getelementptr make."""
        steps: list[tuple[int, LinearForm]] = []
        for number, operand in enumerate(operands):
            index = self.linear(operand)
            if index is None:
                return None
            if number:
                inner = self.layout.element(kind)
                if inner is None:
                    member = self.layout.member(kind, index.const) if not index.terms else None
                    if member is None:
                        return None
                    kind = member[0]
                    steps.append((1, LinearForm(member[1])))
                    continue
                kind = inner[0]
            size = self.layout.size(kind)
            if size is None:
                return None
            steps.append((size, index))
        return tuple((size, index) for size, index in steps if index != LinearForm(0))

    # Induction variables ------------------------------------------------------------------------------------------

    def _recognise(self, phi: Instruction, loop_number: int, loop: IrLoop) -> None:
        starts = [o for o, block in zip(phi.operands, phi.incoming, strict=True) if block not in loop.blocks]
        nexts = [o for o, block in zip(phi.operands, phi.incoming, strict=True) if block in loop.blocks]
        is_pointer = phi.type.startswith("ptr")
        if is_pointer:
            own = self._pointers.get(phi.index)
            forms = [self.pointer(operand) for operand in phi.operands]
            if own is None or any(form is None or form.base != own.base for form in forms):
                self._unstable.add(phi.index)
                return
            pairs = [(self.pointer(s), self.pointer(n)) for s in starts for n in nexts]
            steps = [(s.offset, n.offset) for s, n in pairs if s is not None and n is not None]
        else:
            pairs_of = [(self.linear(s), self.linear(n)) for s in starts for n in nexts]
            steps = [(s, n) for s, n in pairs_of if s is not None and n is not None]
            if len(steps) != len(pairs_of):
                return
        if not steps or len(set(steps)) != 1:
            return
        start, following = steps[0]
        step = following.plus(LinearForm(0, ((phi.index, 1),)), -1)
        if not step.terms and step.const:
            self.inductions[phi.index] = Induction(loop_number, start, step.const)
            self._of_loop.setdefault(loop_number, []).append(phi.index)

    def is_invariant(self, form: LinearForm, loop: IrLoop) -> bool:
        """Whether no symbol of the form is computed inside the loop."""
        return all(s < 0 or self.function.instructions[s].block not in loop.blocks for s, _ in form.terms)

    # Trip counts --------------------------------------------------------------------------------------------------

    def _trip_counts(self) -> list[Trip]:
        trips = [Trip(None, None, None)] * len(self.function.loops)
        for number in sorted(range(len(trips)), key=lambda i: self.function.loops[i].depth):
            trips[number] = trip = self._trip(number, self.function.loops[number])
            self._ranges[_ITERATION + number] = (0, None if trip.most is None else max(trip.most - 1, 0))
            for phi in self._of_loop.get(number, ()):
                self._ranges[phi] = self._induction_range(self.inductions[phi], trip)
        return trips

    def _induction_range(self, induction: Induction, trip: Trip) -> tuple[int | None, int | None]:
        low, high = self.range(induction.start)
        if trip.most is not None:
            reach = induction.step * max(trip.most - 1, 0)
            if induction.step > 0:
                return low, None if high is None else high + reach
            return None if low is None else low + reach, high
        return (low, None) if induction.step > 0 else (None, high)

    def range(self, form: LinearForm) -> tuple[int | None, int | None]:
        """Bounds of a form over all iterations, by intervals; None where one is not known."""
        low: int | None = form.const
        high: int | None = form.const
        for symbol, coefficient in form.terms:
            least, most = self._ranges.get(symbol, (None, None))
            if coefficient < 0:
                least, most = most, least
            low = None if low is None or least is None else low + coefficient * least
            high = None if high is None or most is None else high + coefficient * most
        return low, high

    def _trip(self, number: int, loop: IrLoop) -> Trip:
        blocks = self.function.blocks
        exits = [b for b in sorted(loop.blocks) if any(s not in loop.blocks for s in blocks[b].successors)]
        if len(loop.latches) != 1 or not exits:
            return Trip(None, None, None)
        latch = loop.latches[0]
        passed: tuple[int, int] | None = None
        place = -1
        for block in exits:
            if block in (loop.header, latch):
                found = self._passes(block, number, loop)
                if found is not None and (passed is None or found[1] < passed[1]):
                    passed, place = found, block
        if passed is None:
            return Trip(None, None, None)
        # A test at the end lets one iteration run before it first decides.
        after = 1 if place == latch else 0
        least, most = passed[0] + after, passed[1] + after
        if len(exits) > 1:
            return Trip(None, None, most)
        return Trip(least if least == most else None, least, most)

    def _passes(self, block: int, number: int, loop: IrLoop) -> tuple[int, int] | None:
        """Least and greatest number of times in a row that the test at the end of a block stays in the loop."""
        branch = self.function.instructions[self.function.blocks[block].instructions[-1]]
        if branch.opcode != "br" or len(branch.operands) != 3 or branch.operands[0].kind != "instruction":
            return None
        test = self.function.instructions[branch.operands[0].index]
        relation = predicate(test)
        if test.opcode != "icmp" or relation is None:
            return None
        if branch.operands[2].index not in loop.blocks:
            relation = _INVERSE[relation]
        left, right = (self.linear(operand) for operand in test.operands)
        if left is None or right is None:
            return None
        if self.is_invariant(left, loop):
            left, right = right, left
            relation = _MIRRORED.get(relation, relation)
        own = [s for s, _ in left.terms if s in self.inductions and self.inductions[s].loop == number]
        if len(own) != 1 or not self.is_invariant(right, loop):
            return None
        induction = self.inductions[own[0]]
        coefficient = dict(left.terms)[own[0]]
        rest = left.plus(LinearForm(0, ((own[0], coefficient),)), -1)
        if not self.is_invariant(rest, loop):
            return None
        begin = rest.plus(induction.start, coefficient)
        first = begin.plus(right, -1)
        if relation.startswith("u") and " samesign " not in test.text:
            wrap = self._unsigned_shift(begin, right, test.operands[0].type)
            if wrap is None:
                return None
            first = first.plus(LinearForm(wrap))
        low, high = self.range(first)
        if low is None or high is None:
            return None
        step = coefficient * induction.step
        ends = [_times_true(relation, value, step) for value in (low, high)]
        if relation in ("eq", "ne") and low != high:
            return None
        if ends[0] is None or ends[1] is None:
            return None
        return min(ends[0], ends[1]), max(ends[0], ends[1])

    def _unsigned_shift(self, left: LinearForm, right: LinearForm, kind: str) -> int | None:
        """What makes an unsigned comparison of ``left`` and ``right`` one of ``left - right`` and 0.

        None where a sign is unknown.
        """
        match = _INTEGER.match(kind)
        signs = []
        for form in (left, right):
            low, high = self.range(form)
            if low is None or high is None or (low < 0 <= high):
                return None
            signs.append(low < 0)
        if match is None:
            return None
        return (int(signs[0]) - int(signs[1])) << int(match[1])

    # Accesses -----------------------------------------------------------------------------------------------------

    def target(self, operand: Operand) -> Pointer | None:
        """What a load or store through this pointer touches; None where that is not one known thing."""
        found = self.pointer(operand)
        if found is None or any(symbol in self._unstable for _, count in found.parts for symbol, _ in count.terms):
            return None
        return found

    def is_affine(self, form: LinearForm) -> bool:
        """Whether every symbol is an induction variable or an argument."""
        return all(s < 0 or self.loop_of(s) is not None for s, _ in form.terms)

    def trip_at(self, number: int, keyword: str) -> Trip:
        """The trip count of a loop as its keyword counts: a ``while`` or ``for`` of one block tests before its body."""
        loop, trip = self.function.loops[number], self.trips[number]
        if keyword not in ("for", "while") or loop.latches != (loop.header,):
            return trip
        return Trip(*(None if value is None else value - 1 for value in (trip.count, trip.least, trip.most)))

    def resolved(self, offset: LinearForm, element: int | None) -> LinearForm:
        """The byte offset with what walks through memory in bytes told in iterations instead.

        That is a pointer that is an induction variable, or a number that is one and no multiple of the ``element``
        bytes. It becomes its start and a multiple of the loop's counter, where the loop has one that steps by one, else
        of the number of iterations so far.
        """
        for symbol, coefficient in offset.terms:
            walk = self.inductions.get(symbol)
            if walk is None or not (self._is_pointer(symbol) or (element and coefficient % element)):
                continue
            counter = self.counter(walk.loop)
            if counter is not None and counter[0] == symbol:
                continue
            iteration = LinearForm(0, ((_ITERATION + walk.loop, 1),))
            if counter is not None:
                number, steps = counter
                iteration = LinearForm(0, ((number, 1),)).plus(steps.start, -1).times(steps.step)
            place = self.resolved(walk.start, element).plus(iteration, walk.step)
            offset = offset.plus(LinearForm(0, ((symbol, coefficient),)), -1).plus(place, coefficient)
        return offset

    def loop_of(self, symbol: int) -> int | None:
        """Index of the loop whose induction variable or number of iterations a symbol stands for."""
        if symbol >= _ITERATION:
            return symbol - _ITERATION
        induction = self.inductions.get(symbol)
        return induction.loop if induction else None

    def _is_pointer(self, symbol: int) -> bool:
        return 0 <= symbol < _ITERATION and self.function.instructions[symbol].type.startswith("ptr")

    def counter(self, loop: int) -> tuple[int, Induction] | None:
        """The first integer induction variable of a loop that steps by one, up or down."""
        for symbol in self._of_loop.get(loop, ()):
            if abs(self.inductions[symbol].step) == 1 and not self._is_pointer(symbol):
                return symbol, self.inductions[symbol]
        return None

    def per_iteration(self, index: ArrayIndex) -> list[tuple[int, int, int]]:
        """How far an index moves: (dimension, loop, elements per iteration of that loop), sorted, zeros left out."""
        moves: dict[tuple[int, int], int] = {}
        pending = [(dim, symbol, number) for dim, symbol, number in index.coefficients if symbol >= 0]
        while pending:
            dim, symbol, number = pending.pop()
            loop = self.loop_of(symbol)
            if loop is None:
                continue
            induction = self.inductions.get(symbol)
            moves[dim, loop] = moves.get((dim, loop), 0) + number * (induction.step if induction else 1)
            if induction is None:
                continue
            # A variable that starts at an outer one moves with it.
            pending += [(dim, s, number * c) for s, c in induction.start.terms if s >= 0]
        return [(dim, loop, number) for (dim, loop), number in sorted(moves.items()) if number]


def _times_true(relation: str, first: int, step: int) -> int | None:
    """How often in a row ``first + n * step RELATION 0`` holds from n = 0; None where it would rely on wrapping."""
    kind = relation.removeprefix("s").removeprefix("u") if relation not in ("eq", "ne") else relation
    if kind in ("gt", "ge"):
        first, step, kind = -first, -step, {"gt": "lt", "ge": "le"}[kind]
    if kind == "le":
        first, kind = first - 1, "lt"
    if kind == "lt":
        if first >= 0:
            return 0
        return -(first // step) if step > 0 else None
    if kind == "eq":
        return int(first == 0)
    if first == 0:
        return 0
    return -first // step if step and -first % step == 0 and -first // step > 0 else None


def innermost_loops(function: IrFunction) -> list[int]:
    """Index of the innermost loop around each block, -1 for none."""
    inner = [-1] * len(function.blocks)
    for number in sorted(range(len(function.loops)), key=lambda i: function.loops[i].depth):
        for block in function.loops[number].blocks:
            inner[block] = number
    return inner


@dataclass(frozen=True, slots=True)
class ArrayIndex:
    """A linear address split over an array's dimensions.

    ``coefficients`` holds (dimension, symbol, elements per unit of the symbol), ``offsets`` a constant per dimension.
    Without ``dims`` (an offset that is no whole number of elements, such as a struct's member) there is one dimension,
    in bytes.
    """

    coefficients: tuple[tuple[int, int, int], ...]
    offsets: tuple[int, ...]
    in_bytes: bool


def split_index(
    analysis: InductionAnalysis, address: Pointer, element: int | None, dims: tuple[int | None, ...]
) -> ArrayIndex | None:
    """Splits an address over the dimensions of an array of ``element`` bytes each, outermost dimension first.

    A step of the size of a dimension's stride is an index of that dimension; what else there is, is divided by the
    strides. Constants go where they keep each index inside its dimension. None where the address is not affine.
    """
    strides: list[int] = []
    stride = element or 0
    for length in reversed(dims):
        strides.insert(0, stride)
        stride *= length or 0
    whole = analysis.resolved(address.offset, element)
    if not analysis.is_affine(whole):
        return None
    if not strides or not all(strides) or any(n % strides[-1] for n in (whole.const, *(c for _, c in whole.terms))):
        return ArrayIndex(tuple((0, s, c) for s, c in whole.terms), (whole.const,), True)
    shares = [LinearForm(0)] * len(dims)
    rest = whole
    for size, count in address.parts:
        if (
            size in strides
            and analysis.is_affine(count)
            and analysis.resolved(count.times(size), element) == count.times(size)
        ):
            shares[strides.index(size)] = shares[strides.index(size)].plus(count)
            rest = rest.plus(count, -size)
    for symbol, number in rest.terms:
        left = number
        for dim, size in enumerate(strides):
            share = abs(left) // size * (1 if left > 0 else -1)
            shares[dim] = shares[dim].plus(LinearForm(0, ((symbol, share),)) if share else LinearForm(0))
            left -= share * size
    offsets = [0] * len(dims)
    left = whole.const // strides[-1]
    for dim in range(len(dims) - 1, 0, -1):
        length = dims[dim] or 1
        near = shares[dim].const
        low, high = analysis.range(LinearForm(0, shares[dim].terms))
        if low is not None and high is not None:
            # The one representative that keeps the index between 0 and the length, if there is one.
            near = (left + low) % length - low
        else:
            apart = (left - near) % length
            near += apart - length if apart > length // 2 else apart
        offsets[dim] = near
        left = (left - near) // length
    offsets[0] = left
    coefficients = [(dim, s, c) for dim, form in enumerate(shares) for s, c in form.terms]
    return ArrayIndex(tuple(coefficients), tuple(offsets), False)


def index_text(index: ArrayIndex, names: Mapping[int, str]) -> str:
    """The index as C would write it, such as ``[i][k + 1]``, with ``names`` for the symbols."""
    parts = []
    for dim, constant in enumerate(index.offsets):
        text = ""
        for at, symbol, number in index.coefficients:
            if at == dim:
                sign = (" - " if number < 0 else " + ") if text else ("-" if number < 0 else "")
                text += sign + (f"{abs(number)}*" if abs(number) != 1 else "") + names.get(symbol, f"%{symbol}")
        if constant or not text:
            text += (f" {'-' if constant < 0 else '+'} {abs(constant)}") if text else str(constant)
        parts.append(text)
    return f"[byte {parts[0]}]" if index.in_bytes else "".join(f"[{part}]" for part in parts)
