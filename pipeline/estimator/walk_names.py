"""Names of a kernel during the walk: arrays, structs, scalars and pointers as they stand at one place of it."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.estimator import linear
from pipeline.estimator.cost_types import CostType, cost_type, is_vector, shape
from pipeline.estimator.device import Device
from pipeline.estimator.nest import Index, Item, Linear, LoopNode, Memory
from pipeline.estimator.pointed import leads_to_many
from pipeline.estimator.walk_values import NOT_KNOWN, Binding, Frame, Open, TimedValue
from pipeline.estimator.written import written
from pipeline.kernels import c_types, values
from pipeline.kernels.c_types import CType
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.loop_record import Context, LoopRecord
from pipeline.kernels.model import Kernel
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Opaque, Value

_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)

FILLS = frozenset({"memset", "std::fill"})
"""Functions that store one value in many places, given where, the value and the bytes."""
TRANSFERS = frozenset({"memcpy", "memmove"}) | FILLS
"""Functions of the C library that are loops in hardware, over what their first argument points to."""

_PLAIN = "write it with the names of arrays, or search without estimates: --backend vitis"


class Names:
    """What names stand for at one place of the walk."""

    def __init__(self, kernel: Kernel, device: Device) -> None:
        self.kernel = kernel
        self.device = device
        self.program = kernel.analysis.program
        self.functions = self.program.functions
        self.readers = kernel.analysis.readers
        self.contexts = {id(node): place for reader in self.readers.values() for node, place in reader.leaves}
        self.records = {id(record.node): record for found in kernel.analysis.records.values() for record in found}
        self.loops = {loop.id: loop for loop in kernel.loops}
        self.written = written(kernel)
        self.looping = self._looping()
        self.arrays = {(array.function, array.name): array for array in kernel.arrays}
        self.memories: dict[str, Memory] = {}
        self.extents: dict[str, tuple[tuple[int | None, ...], int]] = {}
        """Of arrays of structs, by key: dimensions, and how many elements lie side by side in a word."""
        self.declared: dict[str, list[tuple[Symbol, int]]] = {}
        """Of structs, by key: the names that pragmas speak of them by, with the subscripts given before."""
        self.words: dict[str, str | None] = {}
        """Of structs in structs, by key: the outermost ones that are one word each."""
        self.born: dict[str, frozenset[int]] = {}
        """Of structs, by key: the loops around their declaration."""
        self.nodes: dict[int, LoopNode] = {}
        self.scalars: dict[str, TimedValue] = {}
        self.places: dict[Symbol, Binding] = {}
        self.returned: dict[int, Binding | None] = {}
        """By depth of calls what the pointer leads to that a helper returns, None where it is one thing or another."""
        self.stack: list[int] = []
        self.changed: dict[int, set[str]] = {}
        """By loop, the keys of what it may change."""
        self.calls: list[Frame] = []
        self.counters: dict[LoopRecord, Linear] = {}
        self.context: Context | None = None
        self.settled = True
        self.reads: list[tuple[str, Index, int]] = []
        self.open = Open()
        self.operations: dict[tuple[Hashable, ...], int] = {}
        self.pure: set[int] = set()
        """Numbers of operations whose operands are told from all others."""
        self.items: list[list[Item]] = [[]]
        self.touched: dict[str, str] = {}
        self.size = 0
        self.taken_in = 0
        self.instances = 0
        self.guards = 0
        self.side = 1
        """How often an operation happens side by side."""
        self.leaves = False
        self.breaks = False
        """Whether a break here ends the innermost loop."""

    @functools.cached_property
    def many(self) -> frozenset[Symbol]:
        """Pointers that lead to more than one object."""
        return leads_to_many(self.functions, self.program.symbols, TRANSFERS - self.functions.keys())

    def _looping(self) -> set[str]:
        """Functions in which a loop runs, their own or a called one's."""
        found = {record.function for record in self.records.values()} | (TRANSFERS - self.functions.keys())
        while True:
            more = {name for name, info in self.functions.items() if name not in found and found & info.calls.keys()}
            if not more:
                return found
            found |= more

    def _has_loop(self, node: Any) -> bool:
        """Whether a loop stands below a node, in called helpers too."""
        if isinstance(node, _LOOPS):
            return True
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name in self.looping:
            return True
        if isinstance(node, c_ast.Assignment) and node.op == "=" and self._holds_arrays(self.type_of(node.lvalue)):
            return True
        return node is not None and any(self._has_loop(child) for child in node)

    def _holds_arrays(self, kind: CType) -> bool:
        """Whether a type is a struct with an array in it, which is copied in a loop."""
        members = self.program.members(kind).values() if kind.kind == "struct" else ()
        return not is_vector(kind) and any(one.kind == "array" or self._holds_arrays(one) for one in members)

    def _record(self, node: Any) -> LoopRecord:
        return self.records[id(node)]

    def _error(self, node: Any, problem: str, fix: str = _PLAIN) -> PipelineError:
        place = getattr(node, "coord", None)
        return PipelineError(
            problem,
            file=getattr(place, "file", None) or self.kernel.file,
            line=getattr(place, "line", None),
            column=getattr(place, "column", None),
            fix=fix,
        )

    def _declare(self, symbol: Symbol, value: TimedValue | None = None) -> Binding:
        """The object of a declaration: a new one for each call of a helper, of a static one the same for all."""
        if symbol.role == "static" and symbol in self.places:
            return self.places[symbol]
        outer = symbol.role in ("argument", "global") and symbol.function in (None, self.kernel.top)
        dims, inner = shape(symbol.ctype)
        ctype = cost_type(inner)
        known = self.arrays.get((symbol.function if outer or symbol.role != "argument" else "", symbol.name))
        key = symbol.name if outer else f"{symbol.name}@{self.instances}"
        if symbol.ctype.kind == "pointer" and ctype.kind == "struct" and symbol not in self.many:
            # A pointer to one struct: its fields are what is accessed.
            dims = dims[1:]
        place = Binding(key, ctype, bool(dims), (), len(dims))
        self.places[symbol] = place
        if ctype.kind == "struct":
            self.declared[key] = []
            self.born[key] = frozenset() if symbol.role in ("static", "global") else frozenset(self.stack)
            self._as_written(key, symbol, 0)
        if dims and ctype.kind != "struct":
            if known is not None and len(known.dims) == len(dims):
                dims = known.dims
            bits = (known.bits if known is not None else None) or max(ctype.bits, 1)
            role = "local" if symbol.role == "argument" and not outer else symbol.role
            where = known.role if known is not None else role
            direction = known.direction if known is not None else ("inout" if role == "argument" else "local")
            born = frozenset(self.stack) if where == "local" else frozenset[int]()
            self.memories[key] = Memory(key, bits, dims, where, direction, born=born)
            self._as_written(key, symbol, 0)
        elif dims:
            self.extents[key] = (known.dims if known is not None and len(known.dims) == len(dims) else dims), 1
        elif not dims and ctype.kind != "struct":
            self.scalars[key] = replace(value, value=NOT_KNOWN) if value is not None else symbolic(key, ctype)
        elif not dims:
            self._declare_fields(key, ctype)
        return place

    def _declare_fields(self, key: str, struct: CostType) -> None:
        """A scalar for each plain field of a struct, so that a loop knows of those that it is the first to touch."""
        for name, kind in self.program.members(struct.declared).items() if struct.declared is not None else ():
            dims, inner = shape(kind)
            ctype = cost_type(inner)
            if not dims and ctype.kind == "struct":
                self._declare_fields(f"{key}.{name}", ctype)
            elif not dims:
                self.scalars[f"{key}.{name}"] = symbolic(f"{key}.{name}", ctype)

    def _as_written(self, key: str, symbol: Symbol, given: int) -> None:
        """Gives an array what the user's own pragmas say of it, under a name for what ``given`` subscripts pick."""
        if not (self.written.anything or self.kernel.options):
            return
        if key in self.declared:
            # Each member of a struct has a memory of its own, which is split as the array of structs is.
            self.declared[key].append((symbol, given))
            for name in [name for name in self.memories if name.startswith(f"{key}.")]:
                self._as_written(name, symbol, given)
            return
        memory = self.memories.get(key)
        if memory is None:
            return
        owner = symbol.function if symbol.function is not None else self.kernel.top
        partitions = [one for one in self.kernel.options if one.directive == "array_partition"]
        sites = [one for one in partitions if one.variable == symbol.name and one.decides(owner)]
        taken = {site.dim for site in sites}
        found = [item for item in self.written.splits_of(symbol.function, symbol.name) if item.dim not in taken]
        splits = [replace(item, dim=item.dim + given if item.dim else 0) for item in found]
        chosen = [(site, site.dim + given if site.dim else 0) for site in sites]
        ports = self.written.ports_of(symbol.function, symbol.name)
        if splits or chosen or ports is not None:
            self.memories[key] = replace(
                memory,
                splits=tuple(dict.fromkeys((*memory.splits, *splits))),
                ports=ports if ports is not None else memory.ports,
                channel=self.written.channel_of(symbol.function, symbol.name) or memory.channel,
                chosen=tuple(dict.fromkeys((*memory.chosen, *chosen))),
            )

    def _find(self, node: Any) -> Binding | None:
        """What a name stands for."""
        symbol = self._symbol(node)
        return self.places.get(symbol) if symbol is not None else None

    def _symbol(self, node: Any) -> Symbol | None:
        return self.program.symbols.get(id(node)) if isinstance(node, (c_ast.ID, c_ast.Decl)) else None

    def _is_argument(self, key: str) -> bool:
        root = key.split(".", 1)[0]
        return any(item.name == root for item in self.kernel.functions[0].arguments) if self.kernel.functions else False

    # What the analysis knows at this place of the walk ------------------------------------------------------------

    def _stand_at(self, leaf: Any) -> None:
        """From here expressions are those of a leaf of the text."""
        context = self.contexts.get(id(leaf))
        if context is not None:
            self.context = context
            self.settled = self.readers[self.calls[-1].function].settled(leaf)

    def _number(self, node: Any) -> int | None:
        """An integer expression's value at this place of the walk, None where it is not known."""
        return evaluate(node, self).exact

    def _form(self, value: TimedValue) -> Linear:
        """A value in iteration numbers of the nest, where the analysis has it as a linear form."""
        if value.value.terms is None:
            return linear.opaque(value.uses)
        return self._of_nest(value.value, value.uses)

    def _of_nest(self, value: Value, uses: frozenset[int]) -> Linear:
        """A linear form of this function in iteration numbers: what the caller gives stands for its arguments."""
        form = linear.constant(value.const)
        for key, by in (value.terms or {}).items():
            part = linear.opaque(uses)
            if isinstance(key, LoopRecord):
                part = self.counters.get(key, part)
            elif isinstance(key, Opaque):
                part = self.calls[-1].arguments.get(key.name) or linear.symbol(key.name)
            form = linear.add(form, linear.scale(part, by))
        return form

    def variable(self, node: Any) -> Value | None:
        """The value of a variable or member here."""
        symbol = self.program.symbols.get(id(node))
        if symbol is None:
            return None
        if not self.settled or not self.calls:
            return self.program.constant_value(symbol)
        return self.calls[-1].reaching.value_at(symbol, self.context)

    def table(self, node: c_ast.ID) -> tuple[CType, Any] | None:
        """The type and initialiser of a constant array or struct."""
        return self.program.table(node)

    def type_of(self, node: Any) -> CType:
        """The type of an expression."""
        return self.program.type_of(node)

    def sized_type(self, node: Any) -> CType:
        """The type that ``sizeof`` measures."""
        return self.program.sized_type(node)

    def called(self, name: str, given: Sequence[Value]) -> Value | None:
        """What a function of the file returns."""
        return self.program.called(name, given)


def symbolic(key: str, ctype: CostType) -> TimedValue:
    """A variable that nothing has been given yet: the same unknown wherever it is read."""
    return TimedValue(ctype, values.linear(0, {Opaque(key, c_types.INT): 1}, c_types.INT))
