"""Expressions of a kernel: operators, when values are ready and where they are from, accesses to arrays."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.estimator import linear
from pipeline.estimator.cost_types import INT, CostType, cost_type, shape, wider
from pipeline.estimator.device import CYCLE, MULTIPLIERS, WIDTHS
from pipeline.estimator.nest import Chain, ElementAccess, Index, Linear, Memory
from pipeline.estimator.walk_names import symbolic
from pipeline.estimator.walk_objects import Objects, is_number
from pipeline.estimator.walk_values import (
    CHOSEN,
    FLOATING,
    NOT_KNOWN,
    Binding,
    TimedValue,
    after,
    chosen,
    in_order,
    is_ordered,
    is_told,
    join,
    passed,
    told,
)
from pipeline.kernels.arithmetic import binary
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.values import Value, constant, fitted

_MOST_ADDITIONS = 2
"""Of which a product with a constant is made; one of more digits is a multiplier. Assumed."""
_STEPS = {"++": 1, "--": -1, "p++": 1, "p--": -1}
_FLOATING = frozenset({FLOATING})
_COMMUTATIVE = frozenset({"+", "*", "&", "|", "^", "==", "!="})
_COMPARISONS = frozenset({"<", ">", "<=", ">=", "==", "!="})


class ExpressionWalk(Objects, abc.ABC):
    """Evaluates expressions into the open straight-line code."""

    @abc.abstractmethod
    def _call(self, node: Any) -> TimedValue:
        """The value of a call."""

    @abc.abstractmethod
    def _accessed(self, node: c_ast.FuncCall) -> Binding | None:
        """The member that a library's call names, None of another call."""

    @abc.abstractmethod
    def _copy_whole(self, node: Any, source: Binding, target: Binding) -> None:
        """Copies a struct with arrays in it."""

    def _place(self, node: Any) -> Binding | None:
        """What an lvalue or an array expression stands for, subscripts evaluated; None for a plain value."""
        if isinstance(node, c_ast.ID):
            return self._find(node)
        if isinstance(node, c_ast.ArrayRef):
            base = self._place(node.name)
            return self._picked(base, self._expression(node.subscript)) if base is not None else None
        if isinstance(node, c_ast.StructRef):
            return self._field(node)
        if isinstance(node, c_ast.CompoundLiteral):
            return self._unnamed(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            base = self._place(node.expr)
            return self._step(base, linear.constant(0)) if base is not None and base.array else base
        if isinstance(node, c_ast.UnaryOp) and node.op == "&":
            inner = self._place(node.expr)
            if inner is not None and inner.array and inner.prefix:
                return replace(inner, rank=inner.rank + 1, pointing=True)
            return inner
        if isinstance(node, c_ast.Cast):
            return self._place(node.expr)
        if isinstance(node, c_ast.FuncCall):
            called = self.functions.get(getattr(node.name, "name", ""))
            if called is None or called.returns.kind != "pointer":
                return self._accessed(node)
            self._call(node)
            return self.returned.pop(len(self.calls) + 1, None)
        if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS and isinstance(node.expr, c_ast.ID):
            before = self._find(node.expr)
            if before is None or not before.rank:
                return before
            after = self._moved(before, linear.constant(_STEPS[node.op]))
            self._point(node.expr, after)
            return before if node.op.startswith("p") else after
        if isinstance(node, c_ast.Assignment) and isinstance(node.lvalue, c_ast.ID):
            self._assign(node)
            return self._find(node.lvalue)
        if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
            pointer, by = node.left, node.right
            if node.op == "+" and self.type_of(pointer).kind not in ("array", "pointer"):
                pointer, by = by, pointer
            base = self._place(pointer) if self.type_of(pointer).kind in ("array", "pointer") else None
            if base is None or not base.array:
                return None
            offset = self._form(self._expression(by))
            return self._moved(base, offset if node.op == "+" else linear.scale(offset, -1))
        return None

    def _unnamed(self, node: c_ast.CompoundLiteral) -> Binding | None:
        """The array that a compound literal is."""
        dims, inner = shape(self.type_of(node))
        if not dims:
            return None
        ctype, key = cost_type(inner), f"literal@{node.coord.line}:{node.coord.column}"
        self.memories.setdefault(key, Memory(key, max(ctype.bits, 1), dims, "local", "local"))
        return Binding(key, ctype, True, (), len(dims))

    def _picked(self, base: Binding, subscript: TimedValue) -> Binding:
        """The element that a subscript picks, there no sooner than the subscript."""
        sources, ready = join(base.sources, in_order(subscript).sources), max(base.ready, subscript.ready)
        index = self._form(subscript)
        if base.ctype.kind == "struct" and not base.array and index != linear.constant(0):
            base = replace(base, array=True)  # A pointer to structs, of which this is another.
        if not index.affine:
            # What is computed from other values, or in another way, is another subscript.
            from_ = [
                (f"{kind}{number}{name}", delay) for (kind, number, name), (delay, _, _) in subscript.sources.items()
            ]
            index = replace(index, symbols=tuple(sorted([*from_, ("", subscript.number)])))
        return replace(self._step(base, index), ready=ready, sources=sources)

    def _moved(self, base: Binding, by: Linear) -> Binding:
        """Where a pointer points that was moved by so many elements."""
        return replace(self._step(base, by), rank=base.rank, pointing=True)

    def _point(self, node: Any, place: Binding) -> None:
        """Lets a pointer variable point elsewhere."""
        symbol = self._symbol(node)
        if symbol is not None:
            self.places[symbol] = place

    def _operator(self, name: str, ctype: CostType) -> str:
        """The name under which the device lists an operation on this type."""
        if name in ("add", "mul", "div", "cmp", "sqrt", "exp") and ctype.kind in ("double", "float"):
            return f"{ctype.kind[0]}{name}"
        width = next((item for item in WIDTHS if item >= ctype.bits), ctype.bits)
        if name == "mul":
            return self._multiplier(ctype.bits, ctype.bits)
        if name == "div":
            return f"idiv{8 if width <= 8 else 18 if width <= 18 else 32 if width <= 32 else max(64, ctype.bits)}"
        if name in ("add", "cmp"):
            return f"i{name}{width}"
        if name in ("logic", "select"):
            return f"{name}{width}"
        if name in ("load", "store"):
            return f"{name}{min(width, WIDTHS[-1])}"
        return name

    @staticmethod
    def _multiplier(left: int, right: int) -> str:
        """The name under which the device lists a product of integers of so many bits."""
        least, most = sorted((left, right))
        for row, (narrow, wide) in MULTIPLIERS.items():
            if least <= narrow and most <= wide:
                return row
        return f"imul{least}x{most}"

    def _apply(
        self, operator: str, ctype: CostType, values: Iterable[TimedValue], value: Value = NOT_KNOWN
    ) -> TimedValue:
        """An operation on values, which gives ``value``."""
        cost = self.device.cost(operator)
        inputs = list(values)
        uses = _uses(*inputs)
        self.open.operators[operator, uses] += self.side
        ready = after(max((value.ready for value in inputs), default=0), cost)
        self.open.depth = max(self.open.depth, ready)
        marks = _FLOATING if operator[0] in "df" or operator == "icast" else frozenset[int]()
        sources = {
            name: (delay + cost.ticks, memory, via | marks)
            for name, (delay, memory, via) in join(*(value.sources for value in inputs)).items()
        }
        return TimedValue(ctype, value, uses, ready, sources)

    def _cast(self, value: TimedValue, ctype: CostType) -> TimedValue:
        if ctype.kind in ("struct", "void") or value.ctype.kind == ctype.kind or value.ctype.kind in ("struct", "void"):
            return replace(value, ctype=ctype, narrow=value.bits) if ctype.kind not in ("struct", "void") else value
        if value.value.exact is not None and not value.sources:
            return replace(value, ctype=ctype)
        both_float = value.ctype.kind != "int" and ctype.kind != "int"
        return self._apply("fcast" if both_float else "icast", ctype, [value])

    def _expression(self, node: Any) -> TimedValue:
        if isinstance(node, c_ast.Constant):
            return self._constant(node)
        if isinstance(node, c_ast.ID):
            symbol, place = self._symbol(node), self._find(node)
            if symbol is not None and symbol.number is not None:
                return TimedValue(INT, constant(symbol.number))
            if place is None:
                return symbolic(node.name, INT)
            if place.array and self.type_of(node).kind in ("array", "pointer"):
                return TimedValue(INT)  # An address.
            return self._read(node, place)
        if isinstance(node, (c_ast.ArrayRef, c_ast.StructRef)):
            place = self._place(node)
            if place is not None:
                return self._read(node, place)
            base = node
            while isinstance(base, c_ast.StructRef) and base.type == ".":
                base = base.name
            if isinstance(node, c_ast.StructRef) and (part := self._part(node)) is not None and "" in part:
                return part[""]
            if isinstance(base, c_ast.FuncCall):  # A member of what a call gives.
                return replace(self._expression(base), ctype=cost_type(self.type_of(node)), value=NOT_KNOWN)
            raise self._error(node, "an access through an expression that is no named array")
        if isinstance(node, c_ast.Assignment):
            return self._assign(node)
        if isinstance(node, c_ast.BinaryOp):
            if node.op == "-" and self.type_of(node.right).kind in ("array", "pointer"):
                return TimedValue(INT, uses=frozenset(self.stack))  # Of two addresses: it runs along with the loops.
            self.open.conditional = self.open.conditional or node.op in ("&&", "||")
            return self._binary(node.op, self._expression(node.left), self._expression(node.right))
        if isinstance(node, c_ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, c_ast.TernaryOp):
            self.open.conditional = True
            condition, first, second = (self._expression(item) for item in (node.cond, node.iftrue, node.iffalse))
            known = evaluate(node, self) if condition.value.exact is not None else NOT_KNOWN
            return chosen(replace(self._select(condition, first, second), value=known))
        if isinstance(node, c_ast.Cast):
            value, kind = self._expression(node.expr), self.type_of(node)
            known = fitted(value.value, kind) if kind.kind == value.value.ctype.kind == "int" else NOT_KNOWN
            # The compiler converts a number of the text.
            given = (
                replace(value, ctype=cost_type(kind)) if is_number(node.expr) else self._cast(value, cost_type(kind))
            )
            return replace(given, value=known)
        if isinstance(node, c_ast.ExprList):
            value = TimedValue(INT, constant(0))
            for item in node.exprs:
                value = self._expression(item)
            return value
        if isinstance(node, c_ast.FuncCall):
            return self._call(node)
        if isinstance(node, (c_ast.InitList, c_ast.CompoundLiteral, c_ast.NamedInitializer)):
            return TimedValue(INT)
        raise self._error(node, f"an expression of kind {type(node).__name__} has no known cost")

    def _select(self, condition: TimedValue, first: TimedValue, second: TimedValue) -> TimedValue:
        ctype = wider(first.ctype, second.ctype)
        return self._apply(self._operator("select", ctype), ctype, [condition, first, second])

    def _constant(self, node: Any) -> TimedValue:
        value = evaluate(node, self)
        if value.exact is not None:
            return TimedValue(CostType("int", value.ctype.bits or 32), value)
        kind = "float" if node.type == "float" or node.value[-1:] in "fF" else "double"
        if node.type == "string":
            return TimedValue(INT)
        return TimedValue(CostType(kind, 32 if kind == "float" else 64))

    def _binary(self, op: str, left: TimedValue, right: TimedValue) -> TimedValue:
        number = self._numbered(op, left, right)
        if number not in self.pure:
            return replace(self._combined(op, left, right), number=number)
        # The tool computes once what is the same in straight-line code.
        operands = (told(left), left.ctype), (told(right), right.ctype)
        key = op, frozenset(operands) if op in _COMMUTATIVE else operands
        if key not in self.open.results:
            self.open.results[key] = replace(self._combined(op, left, right), number=number)
        return self.open.results[key]

    def _numbered(self, op: str, *values: TimedValue) -> int:
        """The number of an operation on values, the same for the same ones."""
        number = self.operations.setdefault((op, *map(told, values)), len(self.operations) + 1)
        if all(value.number in self.pure if value.number else is_told(value) for value in values):
            self.pure.add(number)
        return number

    def _changed(self, op: str, value: TimedValue) -> TimedValue:
        """Another value, which costs nothing to make of this one."""
        return replace(value, value=NOT_KNOWN, number=self._numbered(op, value))

    def _combined(self, op: str, left: TimedValue, right: TimedValue) -> TimedValue:
        left, right = passed(op, left, right)
        ctype = wider(left.ctype, right.ctype)
        floating = ctype.kind in ("double", "float")
        if floating:
            left, right = self._cast(left, ctype), self._cast(right, ctype)
        known = NOT_KNOWN if floating else binary(op, left.value, right.value)
        # The tool multiplies and divides as many bits as the operands really have.
        held = ctype if floating else CostType("int", max(left.bits, right.bits))
        number = None if floating else right.value.exact
        counts = known.exact is not None or (known.terms is not None and not _of_memory(left, right))
        if op in ("+", "-"):
            if counts:
                return self._free(ctype, known, left, right)
            return self._apply(self._operator("add", ctype), ctype, (left, right))
        if op == "*":
            if counts:
                return self._free(ctype, known, left, right)
            if floating:
                return self._apply(self._operator("mul", ctype), ctype, (left, right), known)
            factor = left.value.exact if number is None else number
            if factor is None:
                return self._apply(self._multiplier(left.bits, right.bits), ctype, (left, right), known)
            additions = _additions(factor)
            if additions > _MOST_ADDITIONS:
                other = left if number is not None else right
                bits = factor.bit_length() + (factor < 0)
                return self._apply(self._multiplier(other.bits, bits), ctype, (left, right), known)
            product = self._free(ctype, known, left, right)  # A shift.
            for _ in range(additions):
                product = self._apply(self._operator("add", ctype), ctype, (product,), known)
            return product
        if op in ("/", "%"):
            if known.exact is not None and number is not None and left.value.exact is not None:
                return TimedValue(ctype, known)
            if number is not None and number > 0 and number & (number - 1) == 0:
                return self._apply(self._operator("logic", ctype), ctype, (left, right), known)
            return self._apply(self._operator("div", held), ctype, (left, right), known)
        if op in _COMPARISONS:
            return self._apply(self._operator("cmp", ctype), CostType("int", 1), (left, right), known)
        if op in ("<<", ">>") and number is not None and 0 <= number < 63:
            shifted = self._free(left.ctype, known, left, right)
            return replace(shifted, narrow=max(1, left.bits - number)) if op == ">>" else shifted
        if op in ("&&", "||"):
            ctype = CostType("int", 1)
        value = self._apply(self._operator("logic", ctype), ctype, (left, right), known)
        if op == "&" and number is not None and number >= 0:
            return replace(value, narrow=min(left.bits, number.bit_length()))
        return value

    @staticmethod
    def _free(ctype: CostType, known: Value, left: TimedValue, right: TimedValue) -> TimedValue:
        """Address arithmetic: counters run along with the loops at no cost."""
        sources = join(left.sources, right.sources)
        return TimedValue(ctype, known, _uses(left, right), max(left.ready, right.ready), sources)

    def _unary(self, node: Any) -> TimedValue:
        if node.op == "sizeof":
            return TimedValue(CostType("int", 64), evaluate(node, self))
        if node.op in ("*", "&"):
            place = self._place(node)
            if place is None:
                if node.op == "&":
                    return TimedValue(INT)
                raise self._error(node, "an access through a pointer that stands for no named array")
            return self._read(node, place) if node.op == "*" else TimedValue(INT)
        if node.op in _STEPS:
            place = self._place(node.expr)
            if place is not None and place.array and place.rank:
                self._place(node)
                return TimedValue(INT)
            old = self._expression(node.expr)
            one = TimedValue(old.ctype, constant(1))
            new = self._binary("+" if _STEPS[node.op] > 0 else "-", old, one)
            if place is not None:
                self._write(place, new)
            return old if node.op.startswith("p") else new
        return self._signed(node.op, self._expression(node.expr))

    def _signed(self, op: str, value: TimedValue) -> TimedValue:
        """A sign, or another operation on one number."""
        value = in_order(value)
        if op == "-" and value.ctype.kind == "int":
            known = binary("-", constant(0), value.value)
            if known.terms is not None:
                return replace(value, value=known)
            return self._apply(self._operator("add", value.ctype), value.ctype, [value], known)
        if op == "!":
            return replace(self._changed("!", value), ctype=CostType("int", 1))
        if op == "-":
            return self._changed("-", value)
        if op == "~":
            return self._apply(self._operator("logic", value.ctype), value.ctype, [value])
        return value

    def _read(self, node: Any, place: Binding) -> TimedValue:
        """The value at a place; ``node`` is what names it, None where nothing does."""
        if place.ctype.kind == "struct" and not place.array:
            return TimedValue(INT)
        if not place.array:
            value = self.scalars.get(place.key) or symbolic(place.key, place.ctype)
            known = evaluate(node, self) if place.ctype.kind == "int" and node is not None else NOT_KNOWN
            return value if known.terms is None and known.exact is None else replace(value, value=known)
        memory = self.memories.get(place.key)
        wide = memory is not None and memory.wide
        loaded = self.open.loaded.get((place.key, place.prefix))
        if loaded is None and wide and memory is not None:
            loaded = self.open.loaded.get((place.key, _word(place.prefix, memory)))
        if loaded is not None:
            return self._with_elements(place, loaded) if wide else loaded
        operator = self._operator("load", place.ctype)
        at_hand = memory is not None and memory.register
        latency = 0 if at_hand else self.device.operators[operator].ticks
        uses = frozenset(loop for index in place.prefix for loop in index.uses)
        if not at_hand:
            self.open.operators[operator, uses] += 1
        number = len(self.reads)
        self.reads.append((place.key, place.prefix, latency))
        ready = place.ready // CYCLE * CYCLE + latency
        # A subscript that is computed delays the read and hands its own sources on.
        sources = {
            name: (delay + latency, memory + latency, via) for name, (delay, memory, via) in place.sources.items()
        }
        sources["read", number, ""] = (latency, latency, frozenset())
        known = evaluate(node, self) if place.ctype.kind == "int" and node is not None else NOT_KNOWN
        # What a loop changes is another value in each of its copies, wherever it lies.
        uses |= frozenset(loop for loop in self.stack if place.key in self.changed[loop])
        if wide:
            whole = place.key.rpartition(".")[0]
            uses |= frozenset(loop for loop in self.stack if whole in self.changed[loop])
        value = TimedValue(place.ctype, known, uses, ready, sources)
        self.open.accesses.append(ElementAccess(place.key, place.prefix, False))
        self._touch(place.key, "in")
        self.open.depth = max(self.open.depth, ready)
        if wide:
            value = self._with_elements(place, value)
        self.open.loaded[place.key, place.prefix] = value
        return value

    def _with_elements(self, place: Binding, value: TimedValue) -> TimedValue:
        """A word as it is after elements of it were given others; an element as it is."""
        if linear.EACH not in place.prefix:
            return value
        given = [
            one
            for (key, prefix), one in self.open.loaded.items()
            if key == place.key and prefix != place.prefix and linear.meets(prefix, place.prefix)
        ]
        if not given:
            return value
        return replace(self._together([value, *given], value.ctype), number=0)

    def _touch(self, key: str, direction: str) -> None:
        self.touched[key] = direction if self.touched.get(key, direction) == direction else "inout"

    def _write(self, place: Binding, value: TimedValue) -> None:
        if not place.array:
            if place.ctype.kind != "struct":
                self.scalars[place.key] = replace(self._cast(value, place.ctype), value=NOT_KNOWN)
            return
        value = self._cast(value, place.ctype)
        operator = self._operator("store", place.ctype)
        array = self.memories.get(place.key)
        at_hand = array is not None and array.register
        latency = 0 if at_hand else self.device.operators[operator].ticks
        if not at_hand:
            self.open.operators[operator, frozenset(loop for index in place.prefix for loop in index.uses)] += 1
        self.open.accesses.append(ElementAccess(place.key, place.prefix, True))
        self._touch(place.key, "out")
        # It ends the cycle that its value comes in.
        ends = max(value.ready, place.ready)
        self.open.depth = max(self.open.depth, ends if at_hand else ends // CYCLE * CYCLE + latency)
        for (kind, number, _), (delay, memory, via) in join(value.sources, place.sources).items():
            if kind == "read":
                marks = self.guards > 0 or CHOSEN in via, is_ordered(via), FLOATING in via
                source, read, _ = self.reads[number]
                # Integer logic ends in the cycle of the store, a floating-point core in the one before it.
                ends = latency if FLOATING in via else 0
                times = delay + ends, memory + ends
                if source == place.key:
                    self.open.chains.append(Chain(source, read, place.prefix, *times, *marks))
                else:
                    across = self.open.across.setdefault((source, place.key), [])
                    across.append(Chain(source, read, place.prefix, *times, *marks, place.key))
        for key in [key for key in self.open.loaded if key[0] == place.key]:
            if array is None or not array.wide or not _stays(key[1], place.prefix):
                del self.open.loaded[key]
        self.open.loaded[place.key, place.prefix] = value

    def _assign(self, node: Any) -> TimedValue:
        if isinstance(node.lvalue, c_ast.ID) and self.type_of(node.lvalue).kind == "pointer":
            return self._assign_pointer(node)
        if node.op == "=" and self._is_plain(self.type_of(node.lvalue)):
            numbers, target = self._numbers(node.rvalue), self._place(node.lvalue)
            if numbers is not None and target is not None:
                self._put(target, numbers)
                return TimedValue(INT)
        if node.op == "=" and self._moves_whole(self.type_of(node.lvalue), node.rvalue):
            source, target = self._place(node.rvalue), self._place(node.lvalue)
            if source is not None and target is not None:
                self._copy_whole(node, source, target)
                return TimedValue(INT)
        value = self._expression(node.rvalue)
        place = self._place(node.lvalue)
        if place is None:
            raise self._error(node, "an assignment through an expression that is no named variable or array")
        if node.op != "=":
            value = self._binary(node.op[:-1], self._read(node.lvalue, place), value)
        self._write(place, value)
        return value

    def _assign_pointer(self, node: Any) -> TimedValue:
        right = node.rvalue
        if node.op != "=":
            right = c_ast.BinaryOp(node.op[:-1], node.lvalue, node.rvalue)
        place = self._place(right)
        if place is None or not place.array:
            raise self._error(node, f"the pointer '{node.lvalue.name}' is given what is no place in a named array")
        self._point(node.lvalue, place)
        return TimedValue(INT)


def _additions(factor: int) -> int:
    """Additions and subtractions of shifted operands that a product with a constant is: the digits of its canonical
    signed form (no two beside each other are other than zero) less one, where all are negative one more."""
    digits, positive = 0, factor == 0
    while factor:
        if factor & 1:
            digit = 2 - (factor & 3)
            digits, positive = digits + 1, positive or digit > 0
            factor -= digit
        factor >>= 1
    return max(digits - positive, 0)


def _word(prefix: Index, memory: Memory) -> Index:
    """The subscripts of the whole word that an element lies in."""
    kept = len(memory.dims)
    return (*prefix[:kept], *(linear.EACH,) * (len(prefix) - kept))


def _stays(held: Index, written: Index) -> bool:
    """Whether what is held of a word is still so, or known to be changed by itself, once an element of it is written:
    the word before, and elements at other constants."""
    if linear.EACH in written or len(held) != len(written):
        return False
    return all(
        one == other or one == linear.EACH or (one.affine and other.affine and not (one.loops or other.loops))
        for one, other in zip(held, written, strict=True)
    )


def _of_memory(*values: TimedValue) -> bool:
    """Whether one of the values comes from a memory: no counter of a loop, whatever it is called where it is used."""
    return any(kind == "read" for value in values for kind, _, _ in value.sources)


def _uses(*values: TimedValue) -> frozenset[int]:
    """The loops that one of the values changes with."""
    return frozenset[int]().union(*(value.uses for value in values))
