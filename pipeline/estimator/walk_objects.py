"""Objects of several numbers during the walk: structs, complex numbers, vectors, each number with a time of its own.

Structs are taken apart into their members, each a scalar or an array, as the tool does with all but the arguments of
the top function, which stay one word with the arrays in them side by side (UG1399, "Structs"). So is a vector of the
tool's library wherever it lies (``hls_vector.h`` aggregates it): its elements are read, written and computed together.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from pycparser import c_ast

from pipeline.estimator import linear
from pipeline.estimator.cost_types import INT, CostType, cost_type, is_vector, shape
from pipeline.estimator.nest import Linear, Memory
from pipeline.estimator.walk_names import Names
from pipeline.estimator.walk_values import Binding, TimedValue, chosen, join
from pipeline.kernels.c_types import CType

Numbers: TypeAlias = "dict[str, TimedValue]"
"""The numbers of an object by the members that lead to each (``.v.re``); the elements of a word are one. The path of a
single number is empty."""
_WIDEST = 4_096
"""Bits of a word at a port; the arrays in a larger struct are memories. Assumed."""
PLACES = (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.UnaryOp)


class Objects(Names, abc.ABC):
    """Reads, writes, copies and begins objects of several numbers."""

    @abc.abstractmethod
    def _place(self, node: Any) -> Binding | None:
        """What an lvalue or an array expression stands for."""

    @abc.abstractmethod
    def _expression(self, node: Any) -> TimedValue:
        """The value of an expression."""

    @abc.abstractmethod
    def _read(self, node: Any, place: Binding) -> TimedValue:
        """The value at a place."""

    @abc.abstractmethod
    def _write(self, place: Binding, value: TimedValue) -> None:
        """Gives a place a value."""

    @abc.abstractmethod
    def _select(self, condition: TimedValue, first: TimedValue, second: TimedValue) -> TimedValue:
        """One of two values, as a condition says."""

    @abc.abstractmethod
    def _is_object(self, node: Any) -> bool:
        """Whether an expression is an object of nothing but numbers."""

    @abc.abstractmethod
    def _result(self, node: c_ast.FuncCall) -> Numbers | None:
        """What a call of a library's function gives."""

    @staticmethod
    def _step(base: Binding, index: Linear) -> Binding:
        """The element that a subscript picks."""
        prefix = base.prefix
        if base.pointing:
            *prefix_, last = prefix
            prefix, index = tuple(prefix_), linear.add(last, index)
        return replace(base, prefix=(*prefix, index), rank=max(base.rank - 1, 0), pointing=False)

    # Types ----------------------------------------------------------------------------------------------------------

    def _paths(self, kind: CType) -> dict[str, CostType]:
        """The numbers of a type that holds nothing else, with their types; empty for other types."""
        found: dict[str, CostType] = {}
        for name, one in self.program.members(kind).items() if kind.kind == "struct" else ():
            dims, inner = shape(one)
            if dims and not (is_vector(kind) and one.kind == "array"):
                return {}
            if inner.kind == "struct":
                below = self._paths(inner)
                if not below:
                    return {}
                found.update({f".{name}{path}": ctype for path, ctype in below.items()})
            elif inner.kind in ("int", "fixed", "float"):
                found[f".{name}"] = cost_type(inner)
            else:
                return {}
        return found

    def _is_plain(self, kind: CType) -> bool:
        """Whether a type is an object of nothing but numbers, and such objects."""
        return kind.kind == "struct" and bool(self._paths(kind))

    def _moves_whole(self, kind: CType, source: Any) -> bool:
        """Whether a struct that has arrays in it is given the value of a place."""
        return kind.kind == "struct" and isinstance(source, PLACES) and not self._is_plain(kind)

    # Members --------------------------------------------------------------------------------------------------------

    def _field(self, node: Any) -> Binding | None:
        base = self._place(node.name)
        if base is None:
            return None
        declared = base.ctype.declared
        kind = self.program.members(declared).get(node.field.name) if declared is not None else None
        if kind is None:
            raise self._error(node, f"the type of field '{node.field.name}' is not known")
        return self._member(base, node.field.name, kind)

    def _member(self, base: Binding, name: str, kind: CType) -> Binding:
        """A field of a struct, or of the elements of an array of structs."""
        dims, inner = shape(kind)
        ctype = cost_type(inner)
        key = f"{base.key}.{name}"
        if (dims or base.array) and key not in self.memories and key not in self.extents:
            self._reserve(key, base, dims, ctype)
        return Binding(key, ctype, bool(dims) or base.array, base.prefix, len(dims), False, base.ready, base.sources)

    def _reserve(self, key: str, base: Binding, dims: tuple[int | None, ...], ctype: CostType) -> None:
        """Gives a member that is an array, or one of an array of structs, its memory or its dimensions."""
        parent = self.arrays.get((self.kernel.top, base.key)) or self.arrays.get((None, base.key))
        outer, side = self.extents.get(base.key, ((), 1))
        if base.array and base.key not in self.extents:
            outer = parent.dims if parent is not None else ()
        if base.array and base.key not in self.extents and len(outer) != len(base.prefix):
            outer = (None,) * len(base.prefix)
        packed = [size or 1 for size in dims if self._aggregates(base)]
        for size in packed:
            side *= size
        words = outer if packed else (*outer, *dims)
        if ctype.kind == "struct":
            self.extents[key] = words, side
            self.declared[key] = self.declared.get(base.key, [])
            self.words[key] = self.words.get(base.key, base.key if base.array else None)
            return
        role = parent.role if parent is not None else "local"
        direction = parent.direction if parent is not None else "local"
        if parent is None and self._is_argument(base.key):
            role, direction = "argument", "inout"
        wide = bool(packed) or self._in_word(base.key)
        word = self.words.get(base.key, base.key) if role == "argument" and base.array and words == outer else None
        born = self.born.get(base.key.partition(".")[0], frozenset())
        self.memories[key] = Memory(
            key, max(ctype.bits, 1) * side, words, role, direction, wide=wide, word=word, born=born
        )
        for symbol, given in self.declared.get(base.key, ()):
            self._as_written(key, symbol, given)

    def _aggregates(self, base: Binding) -> bool:
        """Whether the arrays in a struct lie side by side in its word."""
        declared = base.ctype.declared
        if declared is None or is_vector(declared):
            return declared is not None
        return base.array and 0 < (declared.bits or 0) <= _WIDEST and self._is_argument(base.key)

    def _in_word(self, key: str) -> bool:
        """Whether a struct is part of a word with others of its kind."""
        return self.extents.get(key, ((), 1))[1] > 1

    def _numbers_at(self, place: Binding) -> dict[str, Binding]:
        """Where the numbers of an object are; empty where it has arrays whose elements are no word."""
        found: dict[str, Binding] = {}
        declared = place.ctype.declared
        for name, kind in self.program.members(declared).items() if declared is not None else ():
            member = self._member(place, name, kind)
            dims, inner = shape(kind)
            if dims and not (self._aggregates(place) and None not in dims):
                return {}
            for _ in dims:
                member = self._step(member, linear.EACH)
            if inner.kind == "struct":
                below = self._numbers_at(member)
                if not below:
                    return {}
                found.update({f".{name}{path}": one for path, one in below.items()})
            else:
                found[f".{name}"] = member
        return found

    # Values ---------------------------------------------------------------------------------------------------------

    def _get(self, place: Binding) -> Numbers:
        """The numbers of the object at a place."""
        return {path: self._read(None, one) for path, one in self._numbers_at(place).items()}

    def _put(self, place: Binding, numbers: Numbers) -> None:
        """Gives an object numbers; those that are not there stay as they are."""
        for path, one in self._numbers_at(place).items():
            if path in numbers:
                self._write(one, numbers[path])

    def _numbers(self, node: Any) -> Numbers | None:
        """The numbers of the object that an expression is, evaluated; None where it is none of numbers alone."""
        kind = self.type_of(node)
        if not self._is_object(node):
            return None
        if isinstance(node, c_ast.FuncCall):
            if getattr(node.name, "name", None) not in self.functions:
                return self._result(node)
            self._expression(node)
            before = f"return@{len(self.calls) + 1}."
            return {
                key[len(before) - 1 :]: self.scalars.pop(key) for key in list(self.scalars) if key.startswith(before)
            }
        if isinstance(node, c_ast.CompoundLiteral) and isinstance(node.init, c_ast.InitList):
            place = Binding(f"literal@{node.coord.line}:{node.coord.column}", cost_type(kind), False)
            self._initialise(place, kind, node.init)
            return self._get(place)
        if isinstance(node, c_ast.TernaryOp):
            self.open.conditional = True
            condition = self._expression(node.cond)
            first, second = self._numbers(node.iftrue), self._numbers(node.iffalse)
            if first is None or second is None:
                return None
            return {
                path: chosen(self._select(condition, one, second[path]))
                for path, one in first.items()
                if path in second
            }
        if isinstance(node, c_ast.Assignment):
            self._expression(node)
            return self._numbers(node.lvalue)
        if isinstance(node, c_ast.ExprList) and node.exprs:
            for item in node.exprs[:-1]:
                self._expression(item)
            return self._numbers(node.exprs[-1])
        if isinstance(node, c_ast.Cast):
            return self._numbers(node.expr)
        found = self._place(node) if isinstance(node, PLACES) else None
        if found is not None:
            return self._get(found)
        return self._part(node) if isinstance(node, c_ast.StructRef) else None

    def _part(self, node: c_ast.StructRef) -> Numbers | None:
        """A member of what a call gives; None where that is not known number by number."""
        whole = self._numbers(node.name) if node.type == "." else None
        at = f".{node.field.name}"
        if whole is None:
            return None
        return {path[len(at) :]: one for path, one in whole.items() if path == at or path.startswith(f"{at}.")}

    @staticmethod
    def _together(values: Iterable[TimedValue], ctype: CostType = INT) -> TimedValue:
        """What is there once all of some values are."""
        given = list(values)
        uses = frozenset(loop for one in given for loop in one.uses)
        ready = max((one.ready for one in given), default=0)
        return TimedValue(ctype, uses=uses, ready=ready, sources=join(*(one.sources for one in given)))

    # Beginnings -----------------------------------------------------------------------------------------------------

    def _initialise(self, place: Binding, kind: CType, listed: c_ast.InitList) -> None:
        """Gives the members of a plain struct, or the elements of an array, what a list of values says; constants of an
        array are there from the start.
        """
        names = list(self.program.members(kind)) if self._is_plain(kind) else []
        at = 0
        for item in listed.exprs or ():
            named = item.name[0] if isinstance(item, c_ast.NamedInitializer) else None
            given = item.expr if isinstance(item, c_ast.NamedInitializer) else item
            if isinstance(named, c_ast.ID) and named.name in names:
                at = names.index(named.name)
            elif named is not None:
                at = self._number(named) or 0
            if names and at < len(names):
                inner = self.program.members(kind)[names[at]]
                self._give(self._member(place, names[at], inner), inner, given)
            elif kind.kind == "array" and kind.element is not None and not is_number(given):
                self._give(self._step(place, linear.constant(at)), kind.element, given)
            at += 1

    def _give(self, place: Binding, kind: CType, given: Any) -> None:
        if isinstance(given, c_ast.InitList):
            self._initialise(place, kind, given)
        elif kind.kind == "struct":
            if (numbers := self._numbers(given)) is not None:
                self._put(place, numbers)
        else:
            value = self._expression(given)
            if not place.array or value.value.exact is None:
                self._write(place, value)


def is_number(node: Any) -> bool:
    """Whether an expression is a constant with a sign or a cast at most."""
    while isinstance(node, (c_ast.Cast, c_ast.UnaryOp)):
        node = node.expr
    return isinstance(node, c_ast.Constant)
