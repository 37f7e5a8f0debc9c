"""From a kernel's syntax tree to its nest: one walk, helpers taken in where they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.estimator import linear
from pipeline.estimator.ctypes import INT, CType, Types, wider
from pipeline.estimator.device import Device
from pipeline.estimator.nest import (
    Access,
    Body,
    Branch,
    Call,
    Carried,
    Chain,
    Index,
    Item,
    Linear,
    LoopNode,
    Memory,
    Nest,
    Segment,
)
from pipeline.kernels.model import Kernel, Loop, SiteKind

_DEEPEST_CALL = 40
_LARGEST_NEST = 20_000
"""Loops and segments of one kernel after taking in its helpers; more is refused, as each point would cost seconds."""

_FLOAT_CALLS = {
    "sqrt": "sqrt",
    "exp": "exp",
    "exp2": "exp",
    "log": "exp",
    "log2": "exp",
    "log10": "exp",
    "pow": "exp",
    "sin": "exp",
    "cos": "exp",
    "tan": "exp",
    "atan": "exp",
    "atan2": "exp",
    "tanh": "exp",
    "fmax": "cmp",
    "fmin": "cmp",
    "fmod": "div",
    "floor": "add",
    "ceil": "add",
    "round": "add",
    "fabs": "",
}
_FREE_CALLS = frozenset({"assert", "printf", "abs", "labs", "llabs", "__assert_fail", "free"})
_TRANSFERS = frozenset({"memcpy", "memmove", "memset"})
_COMPARISONS = frozenset({"<", ">", "<=", ">=", "==", "!="})

# Where a value comes from: ("scalar", loop, name) or ("read", number of the read).
_Source: TypeAlias = tuple[str, int, str]
_Sources: TypeAlias = "dict[_Source, tuple[int, int, frozenset[int]]]"


@dataclass(slots=True)
class _Value:
    """An expression's type, what is known of it, when it is ready (cycles in its segment) and its sources."""

    ctype: CType
    line: Linear
    ready: int
    sources: _Sources


@dataclass(slots=True)
class _Place:
    """What a name stands for: a scalar (``dims`` None) or part of an array."""

    key: str
    ctype: CType
    array: bool
    prefix: Index = ()
    rank: int = 0
    """Subscripts that are left to give, 0 for unknown pointers."""


class _Open:
    """A segment under construction."""

    def __init__(self) -> None:
        self.operators: Counter[str] = Counter()
        self.depth = 0
        self.unknown = False
        self.accesses: list[Access] = []
        self.chains: list[Chain] = []
        self.loaded: dict[tuple[str, Index], _Value] = {}

    @property
    def empty(self) -> bool:
        return not (self.operators or self.accesses or self.depth or self.unknown)

    def close(self) -> Segment:
        return Segment(
            dict(sorted(self.operators.items())),
            None if self.unknown else self.depth,
            tuple(dict.fromkeys(self.accesses)),
            tuple(dict.fromkeys(self.chains)),
        )


def build(kernel: Kernel, device: Device) -> Nest:
    """The nest of a kernel; PipelineError where something in it has no known cost."""
    return _Walker(kernel, device).nest()


class _Walker:
    def __init__(self, kernel: Kernel, device: Device) -> None:
        self.kernel = kernel
        self.device = device
        self.types = Types(kernel.ast)
        self.functions = {item.decl.name: item for item in kernel.ast.ext if isinstance(item, c_ast.FuncDef)}
        self.loop_of = self._match_loops()
        self.arrays = {(array.function, array.name): array for array in kernel.arrays}
        self.enums: dict[str, int] = {}
        self.memories: dict[str, Memory] = {}
        self.nodes: dict[int, LoopNode] = {}
        self.scalars: dict[str, _Value] = {}
        self.scopes: list[dict[str, _Place]] = [{}]
        self.stack: list[int] = []
        self.calls: list[str] = []
        self.reads: list[tuple[str, Index, int]] = []
        self.open = _Open()
        self.items: list[list[Item]] = [[]]
        self.touched: dict[str, str] = {}
        self.size = 0
        self.instances = 0

    # -- set-up ---------------------------------------------------------------------------------

    def _match_loops(self) -> dict[int, Loop]:
        found: dict[int, Loop] = {}
        table = {(loop.function, loop.index): loop for loop in self.kernel.loops}
        for name, function in self.functions.items():
            counter = 0

            def visit(node: Any, name: str = name) -> None:
                nonlocal counter
                if isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile)):
                    loop = table.get((name, counter))
                    if loop is None:
                        raise self._error(node, f"loop {counter} of function '{name}' is not in the kernel's table")
                    found[id(node)] = loop
                    counter += 1
                for child in node or ():
                    visit(child)

            visit(function.body)
        return found

    def _error(self, node: Any, problem: str, fix: str | None = None) -> PipelineError:
        place = getattr(node, "coord", None)
        return PipelineError(
            problem,
            file=self.kernel.file,
            line=getattr(place, "line", None),
            column=getattr(place, "column", None),
            fix=fix,
        )

    def nest(self) -> Nest:
        for item in self.kernel.ast.ext:
            if isinstance(item, c_ast.Decl):
                self._enumerators(item.type)
                if not isinstance(item.type, (c_ast.FuncDecl, c_ast.Struct, c_ast.Union, c_ast.Enum)):
                    self._declare(item, None, "global", value=None)
            elif isinstance(item, c_ast.Typedef):
                self._enumerators(item.type)
        top = self.functions.get(self.kernel.top)
        if top is None:
            raise PipelineError(f"no function '{self.kernel.top}'", file=self.kernel.file)
        self.scopes.append({})
        for parameter in self._parameters(top):
            self._declare(parameter, self.kernel.top, "argument", value=None)
        self.calls.append(self.kernel.top)
        self._statement(top.body)
        self._flush()
        for name, memory in self.memories.items():
            if memory.direction == "unused" and name in self.touched:
                # Fields of a struct behind a pointer are not in the kernel's table one by one.
                self.memories[name] = replace(memory, direction=self.touched[name])
        return Nest(self.kernel.top, tuple(self.items[0]), self.memories, self.nodes)

    @staticmethod
    def _parameters(function: Any) -> list[Any]:
        arguments = function.decl.type.args
        return [item for item in (arguments.params if arguments else ()) if isinstance(item, c_ast.Decl)]

    def _enumerators(self, node: Any) -> None:
        while isinstance(node, (c_ast.TypeDecl, c_ast.PtrDecl, c_ast.ArrayDecl)):
            node = node.type
        if not isinstance(node, c_ast.Enum) or node.values is None:
            return
        value = -1
        for item in node.values.enumerators:
            known = self._number(item.value) if item.value is not None else value + 1
            value = known if known is not None else value + 1
            self.enums[item.name] = value

    # -- names ----------------------------------------------------------------------------------

    def _dims(self, node: Any) -> tuple[tuple[int | None, ...], Any]:
        dims: list[int | None] = []
        node = self.types.shape(node)
        while isinstance(node, (c_ast.ArrayDecl, c_ast.PtrDecl)):
            size = self._number(node.dim) if isinstance(node, c_ast.ArrayDecl) and node.dim is not None else None
            dims.append(size)
            node = self.types.shape(node.type)
        return tuple(dims), node

    def _declare(self, decl: Any, function: str | None, role: str, value: _Value | None) -> _Place:
        dims, inner = self._dims(decl.type)
        ctype = self.types.of(inner)
        known = self.arrays.get((function, decl.name)) or (
            self.arrays.get((None, decl.name)) if role == "global" else None
        )
        key = decl.name if role in ("argument", "global") else f"{decl.name}@{self.instances}"
        if dims and isinstance(self.types.shape(decl.type), c_ast.PtrDecl) and ctype.kind == "struct":
            # A pointer to one struct: its fields are what is accessed.
            dims = dims[1:]
        place = _Place(key, ctype, bool(dims), (), len(dims))
        self.scopes[-1][decl.name] = place
        if dims and ctype.kind != "struct":
            if known is not None and len(known.dims) == len(dims):
                dims = known.dims
            bits = (known.bits if known is not None else None) or max(ctype.bits, 1)
            static = "static" in (decl.storage or [])
            where = known.role if known is not None else ("static" if static else role)
            direction = known.direction if known is not None else ("inout" if role == "argument" else "local")
            self.memories[key] = Memory(key, bits, dims, where, direction)
        elif not dims and ctype.kind != "struct":
            self.scalars[key] = value or _Value(ctype, linear.symbol(key), 0, {})
        return place

    def _find(self, name: str) -> _Place | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def _place(self, node: Any) -> _Place | None:
        """What an lvalue or an array expression stands for, subscripts evaluated; None for a plain value."""
        if isinstance(node, c_ast.ID):
            return self._find(node.name)
        if isinstance(node, c_ast.ArrayRef):
            base = self._place(node.name)
            if base is None:
                return None
            index = self._expression(node.subscript)
            return replace(base, prefix=(*base.prefix, index.line), rank=max(base.rank - 1, 0))
        if isinstance(node, c_ast.StructRef):
            return self._field(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            base = self._place(node.expr)
            if base is not None:
                return self._step(base, linear.constant(0)) if base.array else base
            return self._pointer(node.expr, dereference=True)
        if isinstance(node, c_ast.UnaryOp) and node.op == "&":
            inner = self._place(node.expr)
            if inner is not None and inner.array and inner.prefix:
                return replace(inner, rank=inner.rank + 1)
            return inner
        if isinstance(node, c_ast.Cast):
            return self._place(node.expr)
        if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-"):
            return self._pointer(node, dereference=False)
        return None

    def _step(self, base: _Place, index: Linear) -> _Place:
        return replace(base, prefix=(*base.prefix, index), rank=max(base.rank - 1, 0))

    def _pointer(self, node: Any, dereference: bool) -> _Place | None:
        """``a + k`` as a place: the last subscript moves by k."""
        if not (isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-")):
            return None
        base = self._find(node.left.name) if isinstance(node.left, c_ast.ID) else None
        if base is None or not base.array:
            return None
        offset = self._expression(node.right).line
        sign = 1 if node.op == "+" else -1
        moved = linear.add(linear.constant(0), offset, sign)
        stepped = self._step(base, moved)
        return stepped if dereference else replace(stepped, rank=stepped.rank + 1)

    def _field(self, node: Any) -> _Place | None:
        base = self._place(node.name)
        if base is None:
            return None
        kind = self.types.field(base.ctype.struct, node.field.name)
        if kind is None:
            raise self._error(node, f"the type of field '{node.field.name}' is not known")
        dims, inner = self._dims(kind)
        ctype = self.types.of(inner)
        key = f"{base.key}.{node.field.name}"
        if (dims or base.array) and ctype.kind != "struct" and key not in self.memories:
            parent = self.arrays.get((self.kernel.top, base.key)) or self.arrays.get((None, base.key))
            outer: tuple[int | None, ...] = parent.dims if parent is not None and base.array else ()
            if base.array and len(outer) != len(base.prefix):
                outer = (None,) * len(base.prefix)
            role = parent.role if parent is not None else "local"
            direction = parent.direction if parent is not None else "local"
            if parent is None and self._is_argument(base.key):
                role, direction = "argument", "inout"
            self.memories[key] = Memory(key, max(ctype.bits, 1), (*outer, *dims), role, direction)
        elif not dims and not base.array and ctype.kind != "struct" and key not in self.scalars:
            self.scalars[key] = _Value(ctype, linear.symbol(key), 0, {})
        return _Place(key, ctype, bool(dims) or base.array, base.prefix, len(dims))

    def _is_argument(self, key: str) -> bool:
        root = key.split(".", 1)[0]
        return any(item.name == root for item in self.kernel.functions[0].arguments) if self.kernel.functions else False

    # -- constants ------------------------------------------------------------------------------

    def _number(self, node: Any) -> int | None:
        """A constant expression's value, None where it is none."""
        if isinstance(node, c_ast.Constant):
            return _literal(node)
        if isinstance(node, c_ast.ID):
            if node.name in self.enums:
                return self.enums[node.name]
            place = self._find(node.name)
            value = self.scalars.get(place.key) if place is not None and not place.array else None
            return value.line.constant if value is not None and linear.is_number(value.line) else None
        if isinstance(node, c_ast.UnaryOp):
            if node.op == "sizeof":
                ctype = self.types.of(node.expr)
                return max(ctype.bits // 8, 1) if ctype.kind != "struct" else None
            inner = self._number(node.expr)
            return None if inner is None else {"-": -inner, "+": inner, "~": ~inner}.get(node.op)
        if isinstance(node, c_ast.Cast):
            return self._number(node.expr)
        if isinstance(node, c_ast.BinaryOp):
            left, right = self._number(node.left), self._number(node.right)
            if left is None or right is None:
                return None
            return _fold(node.op, left, right)
        return None

    # -- statements -----------------------------------------------------------------------------

    def _flush(self) -> None:
        if not self.open.empty:
            self.items[-1].append(self.open.close())
            self._grow()
        self.open = _Open()
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
        if node is None or isinstance(
            node, (c_ast.Pragma, c_ast.EmptyStatement, c_ast.Break, c_ast.Continue, c_ast.Goto, c_ast.Typedef)
        ):
            return
        if isinstance(node, c_ast.Compound):
            self.scopes.append({})
            for item in node.block_items or ():
                self._statement(item)
            self.scopes.pop()
        elif isinstance(node, c_ast.DeclList):
            for item in node.decls:
                self._statement(item)
        elif isinstance(node, c_ast.Decl):
            self._enumerators(node.type)
            self._local(node)
        elif isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile)):
            self._loop(node)
        elif isinstance(node, c_ast.If):
            condition = self._expression(node.cond)
            self._arms(condition, [node.iftrue, node.iffalse])
        elif isinstance(node, c_ast.Switch):
            condition = self._expression(node.cond)
            arms = node.stmt.block_items or () if isinstance(node.stmt, c_ast.Compound) else (node.stmt,)
            self._arms(condition, [*arms, None])
        elif isinstance(node, (c_ast.Case, c_ast.Default)):
            for item in node.stmts or ():
                self._statement(item)
        elif isinstance(node, c_ast.Label):
            self._statement(node.stmt)
        elif isinstance(node, c_ast.Return):
            value = self._expression(node.expr) if node.expr is not None else None
            if value is not None and len(self.calls) > 1:
                self.scalars[f"return@{len(self.calls)}"] = value
        else:
            self._expression(node)

    def _local(self, decl: Any) -> None:
        if isinstance(decl.type, c_ast.FuncDecl) or decl.name is None:
            return
        initial = decl.init
        value = None
        if initial is not None and not isinstance(initial, c_ast.InitList):
            dims, _ = self._dims(decl.type)
            if dims and not isinstance(initial, c_ast.Constant):
                alias = self._place(initial)
                if alias is not None:
                    self.scopes[-1][decl.name] = alias
                    return
            value = self._expression(initial)
        self.instances += 1
        self._declare(decl, self.calls[-1], "local", value=value)

    def _arms(self, condition: _Value, arms: list[Any]) -> None:
        if any(_has_loop(arm, self.functions) for arm in arms):
            self._flush()
            bodies: list[Body] = []
            before = dict(self.scalars)
            after: list[dict[str, _Value]] = []
            for arm in arms:
                self.scalars = dict(before)
                self.items.append([])
                self._statement(arm)
                self._flush()
                bodies.append(tuple(self.items.pop()))
                after.append(self.scalars)
            self.scalars = self._merge(before, after, replace(condition, ready=0))
            self.items[-1].append(Branch(tuple(bodies)))
            self._grow()
            return
        before = dict(self.scalars)
        loaded = dict(self.open.loaded)
        after = []
        for arm in arms:
            self.scalars = dict(before)
            self.open.loaded = dict(loaded)
            self._statement(arm)
            after.append(self.scalars)
        self.open.loaded = loaded if len(arms) < 2 else {}
        self.scalars = self._merge(before, after, condition)

    def _merge(self, before: dict[str, _Value], after: list[dict[str, _Value]], condition: _Value) -> dict[str, _Value]:
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
            self.open.operators[self._operator("select", first.ctype)] += 1
            uses = condition.line.uses.union(*(value.line.uses for value in values))
            same = all(value.line == first.line for value in values)
            merged[name] = _Value(
                first.ctype,
                first.line if same else linear.opaque(uses),
                max([condition.ready, *(value.ready for value in values)]),
                _join(condition.sources, *(value.sources for value in values)),
            )
        return merged

    def _loop(self, node: Any) -> None:
        loop = self.loop_of[id(node)]
        if isinstance(node, c_ast.For):
            self.scopes.append({})
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
            self.calls[-1],
            sites[SiteKind.PIPELINE].name if SiteKind.PIPELINE in sites else None,
            parallel.name if parallel else None,
            sites[SiteKind.TILE].name if SiteKind.TILE in sites else None,
            parallel.reduction if parallel else None,
        )
        self.nodes[number] = item
        self._grow()
        self.stack.append(number)
        written = self._written(node)
        before = dict(self.scalars)
        variable = self._variable(loop)
        for key in written:
            value = self.scalars.get(key)
            if value is None:
                continue
            if key == variable and loop.step is not None:
                first = value.line
                line = linear.add(first, linear.scale(linear.iteration(number), loop.step))
                self.scalars[key] = _Value(value.ctype, line, 0, {})
            else:
                uses = value.line.uses | {number}
                source: _Source = ("scalar", number, key)
                self.scalars[key] = _Value(value.ctype, linear.opaque(uses), 0, {source: (0, 0, frozenset())})
        self.items.append([])
        if isinstance(node, c_ast.For) and variable is not None:
            counted = {variable}
        else:
            counted = set()
            if getattr(node, "cond", None) is not None:
                self._expression(node.cond)
        self._statement(node.stmt)
        if isinstance(node, c_ast.For) and node.next is not None and not counted:
            self._expression(node.next)
        self._flush()
        item.body = tuple(self.items.pop())
        item.carried = self._carry(number, written - counted, before)
        if variable is not None and variable in self.scalars:
            uses = before[variable].line.uses if variable in before else frozenset()
            self.scalars[variable] = _Value(self.scalars[variable].ctype, linear.opaque(uses), 0, {})
        self.stack.pop()
        self.items[-1].append(item)
        if isinstance(node, c_ast.For):
            self.scopes.pop()

    def _variable(self, loop: Loop) -> str | None:
        if loop.variable is None:
            return None
        place = self._find(loop.variable)
        return place.key if place is not None and not place.array else None

    def _carry(self, number: int, written: set[str], before: dict[str, _Value]) -> tuple[Carried, ...]:
        carried: list[Carried] = []
        for key in sorted(written):
            value = self.scalars.get(key)
            if value is None or key not in before:
                continue
            own = value.sources.get(("scalar", number, key))
            rest: _Sources = {
                name: item for name, item in value.sources.items() if name[1] != number or name[0] != "scalar"
            }
            if own is not None:
                carried.append(Carried(key, own[0], own[2]))
                for name, (delay, memory, via) in before[key].sources.items():
                    rest = _join(rest, {name: (delay + own[0], memory, via | own[2] | {number})})
            uses = value.line.uses - {number}
            keep = value.line.affine and number not in value.line.uses
            self.scalars[key] = _Value(value.ctype, value.line if keep else linear.opaque(uses), 0, rest)
        for key in list(self.scalars):
            value = self.scalars[key]
            if number in value.line.uses:
                self.scalars[key] = replace(value, line=linear.opaque(value.line.uses - {number}))
        return tuple(carried)

    def _written(self, node: Any) -> set[str]:
        """Keys of the scalars that the loop may change."""
        names: set[str] = set()

        def visit(item: Any) -> None:
            if item is None:
                return
            target = None
            if isinstance(item, c_ast.Assignment):
                target = item.lvalue
            elif isinstance(item, c_ast.UnaryOp) and item.op in ("++", "--", "p++", "p--", "&"):
                target = item.expr
            elif isinstance(item, c_ast.FuncCall) and isinstance(item.name, c_ast.ID):
                for argument in item.args.exprs if item.args else ():
                    _add(argument)
            if target is not None:
                _add(target)
            for child in item:
                visit(child)

        def _add(target: Any) -> None:
            while isinstance(target, (c_ast.UnaryOp, c_ast.Cast)):
                target = target.expr
            if isinstance(target, c_ast.ID):
                place = self._find(target.name)
                if place is not None and not place.array:
                    names.add(place.key)
            elif isinstance(target, c_ast.StructRef):
                root = target
                while isinstance(root, (c_ast.StructRef, c_ast.ArrayRef)):
                    root = root.name
                base = self._find(root.name) if isinstance(root, c_ast.ID) else None
                if base is not None:
                    names.update(key for key in self.scalars if key.startswith(base.key + "."))

        # Plain arguments of a call are only read; pointers and globals may change.
        called = _called(node, self.functions)
        if called:
            globals_ = {place.key for place in self.scopes[0].values() if not place.array}
            written = {item for name in called for item in _assigned(self.functions[name].body)}
            names.update(key for key in globals_ if key in written)
        visit(node)
        return names

    # -- expressions ----------------------------------------------------------------------------

    def _operator(self, name: str, ctype: CType) -> str:
        """The name under which the device lists an operation on this type."""
        if name in ("add", "mul", "div", "cmp", "sqrt", "exp") and ctype.kind in ("double", "float"):
            return f"{ctype.kind[0]}{name}"
        width = next((item for item in (1, 8, 16, 18, 32, 64, 128) if item >= ctype.bits), 128)
        if name in ("mul", "div"):
            return f"i{name}{8 if width <= 8 else 18 if width <= 18 else 32 if width <= 32 else 64}"
        if name in ("add", "cmp"):
            return f"i{name}{width}"
        if name in ("logic", "select"):
            return f"{name}{width}"
        return name

    def _apply(self, operator: str, ctype: CType, line: Linear, values: Iterable[_Value]) -> _Value:
        stages = self.device.operators[operator].stages
        self.open.operators[operator] += 1
        inputs = list(values)
        ready = max((value.ready for value in inputs), default=0) + stages
        self.open.depth = max(self.open.depth, ready)
        sources = {
            name: (delay + stages, memory, via)
            for name, (delay, memory, via) in _join(*(value.sources for value in inputs)).items()
        }
        return _Value(ctype, line, ready, sources)

    def _cast(self, value: _Value, ctype: CType) -> _Value:
        if ctype.kind in ("struct", "void") or value.ctype.kind == ctype.kind or value.ctype.kind in ("struct", "void"):
            return replace(value, ctype=ctype) if ctype.kind not in ("struct", "void") else value
        if linear.is_number(value.line) and not value.sources:
            return replace(value, ctype=ctype)
        both_float = value.ctype.kind != "int" and ctype.kind != "int"
        return self._apply("fcast" if both_float else "icast", ctype, linear.opaque(value.line.uses), [value])

    def _expression(self, node: Any) -> _Value:
        if isinstance(node, c_ast.Constant):
            return self._constant(node)
        if isinstance(node, c_ast.ID):
            if node.name in self.enums:
                return _Value(INT, linear.constant(self.enums[node.name]), 0, {})
            place = self._find(node.name)
            if place is None:
                return _Value(INT, linear.symbol(node.name), 0, {})
            return self._read(place)
        if isinstance(node, (c_ast.ArrayRef, c_ast.StructRef)):
            place = self._place(node)
            if place is None:
                raise self._error(node, "an access through an expression that is no named array")
            return self._read(place)
        if isinstance(node, c_ast.Assignment):
            return self._assign(node)
        if isinstance(node, c_ast.BinaryOp):
            return self._binary(node.op, self._expression(node.left), self._expression(node.right))
        if isinstance(node, c_ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, c_ast.TernaryOp):
            condition, first, second = (self._expression(item) for item in (node.cond, node.iftrue, node.iffalse))
            ctype = wider(first.ctype, second.ctype)
            uses = condition.line.uses | first.line.uses | second.line.uses
            operator = self._operator("select", ctype)
            return self._apply(operator, ctype, linear.opaque(uses), [condition, first, second])
        if isinstance(node, c_ast.Cast):
            return self._cast(self._expression(node.expr), self.types.of(node.to_type))
        if isinstance(node, c_ast.ExprList):
            value = _Value(INT, linear.constant(0), 0, {})
            for item in node.exprs:
                value = self._expression(item)
            return value
        if isinstance(node, c_ast.FuncCall):
            return self._call(node)
        if isinstance(node, (c_ast.InitList, c_ast.CompoundLiteral, c_ast.NamedInitializer)):
            return _Value(INT, linear.opaque(()), 0, {})
        raise self._error(node, f"an expression of kind {type(node).__name__} has no known cost")

    def _constant(self, node: Any) -> _Value:
        value = _literal(node)
        if value is not None:
            return _Value(INT if "long" not in node.type else CType("int", 64), linear.constant(value), 0, {})
        kind = "float" if node.type == "float" or node.value[-1:] in "fF" else "double"
        if node.type == "string":
            return _Value(INT, linear.opaque(()), 0, {})
        return _Value(CType(kind, 32 if kind == "float" else 64), linear.opaque(()), 0, {})

    def _binary(self, op: str, left: _Value, right: _Value) -> _Value:
        ctype = wider(left.ctype, right.ctype)
        floating = ctype.kind in ("double", "float")
        if floating:
            left, right = self._cast(left, ctype), self._cast(right, ctype)
        uses = left.line.uses | right.line.uses
        line = linear.opaque(uses)
        if op in ("+", "-"):
            if not floating:
                line = linear.add(left.line, right.line, 1 if op == "+" else -1)
                if line.affine:
                    return self._free(ctype, line, left, right)
            return self._apply(self._operator("add", ctype), ctype, line, (left, right))
        if op == "*":
            if not floating:
                line = linear.multiply(left.line, right.line)
                if line.affine:
                    return self._free(ctype, line, left, right)
                if any(linear.is_number(item.line) for item in (left, right)):
                    # A constant factor becomes shifts and additions.
                    return self._apply(self._operator("add", ctype), ctype, line, (left, right))
            return self._apply(self._operator("mul", ctype), ctype, line, (left, right))
        if op in ("/", "%"):
            number = right.line.constant if linear.is_number(right.line) else None
            if not floating and number is not None and linear.is_number(left.line) and number != 0:
                folded = _fold(op, left.line.constant, number)
                return _Value(ctype, linear.constant(folded or 0), 0, {})
            if not floating and number is not None and number > 0 and number & (number - 1) == 0:
                return self._apply(self._operator("logic", ctype), ctype, line, (left, right))
            return self._apply(self._operator("div", ctype), ctype, line, (left, right))
        if op in _COMPARISONS:
            name = self._operator("cmp", ctype)
            return self._apply(name, CType("int", 1), line, (left, right))
        if op == "<<" and linear.is_number(right.line) and 0 <= right.line.constant < 63:
            shifted = linear.scale(left.line, 1 << right.line.constant)
            return self._free(left.ctype, shifted, left, right)
        if op == ">>" and linear.is_number(right.line):
            return self._free(left.ctype, line, left, right)
        if op in ("&&", "||"):
            ctype = CType("int", 1)
        return self._apply(self._operator("logic", ctype), ctype, line, (left, right))

    @staticmethod
    def _free(ctype: CType, line: Linear, left: _Value, right: _Value) -> _Value:
        """Address arithmetic: counters run along with the loops at no cost."""
        return _Value(ctype, line, max(left.ready, right.ready), _join(left.sources, right.sources))

    def _unary(self, node: Any) -> _Value:
        if node.op == "sizeof":
            return _Value(CType("int", 64), linear.constant(self._number(node) or 0), 0, {})
        if node.op in ("*", "&"):
            place = self._place(node)
            if place is None:
                if node.op == "&":
                    return _Value(INT, linear.opaque(()), 0, {})
                raise self._error(node, "an access through a pointer that stands for no named array")
            return self._read(place) if node.op == "*" else _Value(INT, linear.opaque(()), 0, {})
        if node.op in ("++", "--", "p++", "p--"):
            place = self._place(node.expr)
            if place is not None:
                self._keep_pointer(node.expr, place)
            old = self._expression(node.expr)
            sign = 1 if "++" in node.op else -1
            one = _Value(old.ctype, linear.constant(1), 0, {})
            new = self._binary("+" if sign > 0 else "-", old, one)
            if place is not None:
                self._write(place, new)
            return old if node.op.startswith("p") else new
        value = self._expression(node.expr)
        if node.op == "-" and value.ctype.kind == "int":
            line = linear.scale(value.line, -1)
            if line.affine:
                return replace(value, line=line)
            return self._apply(self._operator("add", value.ctype), value.ctype, line, [value])
        if node.op == "!":
            return replace(value, ctype=CType("int", 1), line=linear.opaque(value.line.uses))
        if node.op == "-":
            return replace(value, line=linear.opaque(value.line.uses))
        if node.op == "~":
            line = linear.opaque(value.line.uses)
            return self._apply(self._operator("logic", value.ctype), value.ctype, line, [value])
        return value

    def _read(self, place: _Place) -> _Value:
        if place.ctype.kind == "struct" and not place.array:
            return _Value(INT, linear.opaque(()), 0, {})
        if not place.array:
            value = self.scalars.get(place.key)
            return value if value is not None else _Value(place.ctype, linear.symbol(place.key), 0, {})
        known = self.open.loaded.get((place.key, place.prefix))
        if known is not None:
            return known
        latency = self.device.operators["load"].stages
        self.open.operators["load"] += 1
        uses = frozenset(loop for index in place.prefix for loop in index.uses)
        # A subscript that is computed delays the read and hands its own sources on.
        number = len(self.reads)
        self.reads.append((place.key, place.prefix, latency))
        ready = latency
        value = _Value(place.ctype, linear.opaque(uses), ready, {("read", number, ""): (latency, latency, frozenset())})
        self.open.accesses.append(Access(place.key, place.prefix, False))
        self._touch(place.key, "in")
        self.open.depth = max(self.open.depth, ready)
        self.open.loaded[place.key, place.prefix] = value
        return value

    def _touch(self, key: str, direction: str) -> None:
        self.touched[key] = direction if self.touched.get(key, direction) == direction else "inout"

    def _write(self, place: _Place, value: _Value) -> None:
        if not place.array:
            if place.ctype.kind != "struct":
                self.scalars[place.key] = self._cast(value, place.ctype)
            return
        value = self._cast(value, place.ctype)
        stages = self.device.operators["store"].stages
        self.open.operators["store"] += 1
        self.open.accesses.append(Access(place.key, place.prefix, True))
        self._touch(place.key, "out")
        self.open.depth = max(self.open.depth, value.ready + stages)
        for (kind, number, _), (delay, memory, _via) in value.sources.items():
            if kind == "read" and self.reads[number][0] == place.key:
                self.open.chains.append(
                    Chain(place.key, self.reads[number][1], place.prefix, delay + stages, memory + stages)
                )
        for key in [key for key in self.open.loaded if key[0] == place.key]:
            del self.open.loaded[key]
        self.open.loaded[place.key, place.prefix] = value

    def _keep_pointer(self, node: Any, place: _Place) -> None:
        if place.array and place.rank and isinstance(node, c_ast.ID):
            raise self._error(node, f"the pointer '{node.name}' changes", "index the array it points to instead")

    def _assign(self, node: Any) -> _Value:
        value = self._expression(node.rvalue)
        place = self._place(node.lvalue)
        if place is None:
            raise self._error(node, "an assignment through an expression that is no named variable or array")
        self._keep_pointer(node.lvalue, place)
        if node.op != "=":
            value = self._binary(node.op[:-1], self._read(place), value)
        self._write(place, value)
        return value

    # -- calls ----------------------------------------------------------------------------------

    def _call(self, node: Any) -> _Value:
        name = node.name.name if isinstance(node.name, c_ast.ID) else None
        if name is None:
            raise self._error(node, "a call through a pointer has no known cost", "call the function by its name")
        arguments = list(node.args.exprs) if node.args else []
        if name in self.functions:
            return self._inline(node, name, arguments)
        if name in _TRANSFERS:
            return self._transfer(name, arguments)
        values = [self._expression(item) for item in arguments]
        base = name[:-1] if name.endswith("f") and name[:-1] in _FLOAT_CALLS else name
        if base in _FLOAT_CALLS:
            ctype = CType("float", 32) if base != name else CType("double", 64)
            values = [self._cast(value, ctype) for value in values]
            uses = frozenset(loop for value in values for loop in value.line.uses)
            kind = _FLOAT_CALLS[base]
            if not kind:
                return replace(values[0], line=linear.opaque(uses)) if values else _Value(INT, linear.opaque(()), 0, {})
            return self._apply(self._operator(kind, ctype), ctype, linear.opaque(uses), values)
        if name in _FREE_CALLS:
            return values[0] if values else _Value(INT, linear.opaque(()), 0, {})
        raise self._error(node, f"the cost of calling '{name}' is not known", "define it in the kernel's file")

    def _transfer(self, name: str, arguments: list[Any]) -> _Value:
        """memcpy and its kin: an element a cycle, unknown where the size is."""
        size = self._number(arguments[2]) if len(arguments) == 3 else None
        place = self._place(arguments[0]) if arguments else None
        if size is None and arguments and isinstance(arguments[-1], c_ast.UnaryOp) and arguments[-1].op == "sizeof":
            named = self._place(arguments[-1].expr)
            memory = self.memories.get(named.key) if named is not None else None
            size = memory.words * memory.bits // 8 if memory is not None and memory.words is not None else None
        self._flush()
        if size is None or place is None:
            self.open.unknown = True
        else:
            self.open.depth = max(1, size * 8 // max(place.ctype.bits, 1)) + self.device.operators["load"].stages
        self._flush()
        return _Value(INT, linear.opaque(()), 0, {})

    def _inline(self, node: Any, name: str, arguments: list[Any]) -> _Value:
        if name in self.calls:
            raise self._error(node, f"'{name}' calls itself; hardware has no recursion", "write it as a loop")
        if len(self.calls) > _DEEPEST_CALL:
            raise self._error(node, f"calls nest deeper than {_DEEPEST_CALL}")
        function = self.functions[name]
        parameters = self._parameters(function)
        bound: list[tuple[Any, _Place | None, _Value | None]] = []
        for parameter, argument in zip(parameters, arguments, strict=False):
            dims, _ = self._dims(parameter.type)
            if dims:
                place = self._place(argument)
                if place is None:
                    raise self._error(argument, f"argument '{parameter.name}' of '{name}' is no named array")
                bound.append((parameter, place, None))
            else:
                value = self._expression(argument)
                bound.append((parameter, None, self._cast(value, self.types.of(parameter.type))))
        has_loops = _has_loop(function.body, self.functions)
        if has_loops:
            self._flush()
            self.items.append([])
        outer = self.scopes
        self.scopes = [self.scopes[0], {}]
        self.calls.append(name)
        self.instances += 1
        for parameter, place, given in bound:
            if place is not None:
                self.scopes[-1][parameter.name] = place
            else:
                self._declare(parameter, name, "local", given)
        self._statement(function.body)
        result = self.scalars.pop(f"return@{len(self.calls)}", None)
        self.calls.pop()
        self.scopes = outer
        if has_loops:
            self._flush()
            self.items[-2].append(Call(name, tuple(self.items.pop())))
            self._grow()
        if result is None:
            return _Value(INT, linear.opaque(self.stack), 0, {})
        return replace(result, ready=0) if has_loops else result


def _join(*groups: _Sources) -> _Sources:
    joined: _Sources = {}
    for group in groups:
        for name, item in group.items():
            if name not in joined or joined[name][0] < item[0]:
                joined[name] = item
    return joined


def _literal(node: Any) -> int | None:
    text = node.value
    if node.type == "char":
        return ord(text[1]) if len(text) == 3 else 0
    if "int" not in node.type:
        return None
    text = text.rstrip("uUlL")
    try:
        if text[:2] in ("0x", "0X", "0b", "0B"):
            return int(text, 0)
        return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)
    except ValueError:
        return None


def _fold(op: str, left: int, right: int) -> int | None:
    if op in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if op == "/" else left - quotient * right
    if op in ("<<", ">>"):
        if not 0 <= right < 128:
            return None
        return left << right if op == "<<" else left >> right
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    return None


def _called(node: Any, functions: dict[str, Any]) -> set[str]:
    """Functions of the file that are called below a node, through others too."""
    found: set[str] = set()

    def visit(item: Any) -> None:
        if item is None:
            return
        if isinstance(item, c_ast.FuncCall) and isinstance(item.name, c_ast.ID):
            name = item.name.name
            if name in functions and name not in found:
                found.add(name)
                visit(functions[name].body)
        for child in item:
            visit(child)

    visit(node)
    return found


def _assigned(node: Any) -> set[str]:
    names: set[str] = set()

    def visit(item: Any) -> None:
        if item is None:
            return
        target = None
        if isinstance(item, c_ast.Assignment):
            target = item.lvalue
        elif isinstance(item, c_ast.UnaryOp) and item.op in ("++", "--", "p++", "p--"):
            target = item.expr
        if isinstance(target, c_ast.ID):
            names.add(target.name)
        for child in item:
            visit(child)

    visit(node)
    return names


def _has_loop(node: Any, functions: dict[str, Any]) -> bool:
    """Whether a loop stands below a node, in called helpers too."""

    def visit(item: Any) -> bool:
        if item is None:
            return False
        if isinstance(item, (c_ast.For, c_ast.While, c_ast.DoWhile)):
            return True
        return any(visit(child) for child in item)

    return visit(node) or any(visit(functions[name].body) for name in _called(node, functions))
