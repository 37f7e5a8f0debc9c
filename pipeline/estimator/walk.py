"""From a kernel's syntax tree to its nest: one walk over its statements and loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.estimator import linear
from pipeline.estimator.device import Device
from pipeline.estimator.nest import Body, Branch, Carried, LoopNode, Nest, loops_of
from pipeline.estimator.syntax import assigned, called, has_loop
from pipeline.estimator.walk_calls import Calls
from pipeline.estimator.walk_values import CHOSEN, Open, Source, Sources, Value, join
from pipeline.kernels.model import Kernel, Loop, SiteKind

_LARGEST_NEST = 20_000
"""Loops and segments of one kernel after taking in its helpers; more is refused, as each point would cost seconds."""


def build(kernel: Kernel, device: Device) -> Nest:
    """The nest of a kernel; PipelineError where something in it has no known cost."""
    return _Walker(kernel, device).nest()


class _Walker(Calls):
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
        return Nest(self.kernel.top, tuple(self.items[0]), self.memories, self.nodes, self.leaves)

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
        if node is None or isinstance(
            node, (c_ast.Pragma, c_ast.EmptyStatement, c_ast.Break, c_ast.Continue, c_ast.Goto, c_ast.Typedef)
        ):
            self.leaves = self.leaves or isinstance(node, (c_ast.Break, c_ast.Continue, c_ast.Goto))
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
            self.leaves = self.leaves or bool(self.stack or self.guards)
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

    def _arms(self, condition: Value, arms: list[Any]) -> None:
        if any(has_loop(arm, self.functions) for arm in arms):
            self._flush()
            bodies: list[Body] = []
            before = dict(self.scalars)
            after: list[dict[str, Value]] = []
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
        self.guards += 1
        self.open.conditional = True
        for arm in arms:
            self.scalars = dict(before)
            self.open.loaded = dict(loaded)
            self._statement(arm)
            after.append(self.scalars)
        self.guards -= 1
        self.open.loaded = loaded if len(arms) < 2 else {}
        self.scalars = self._merge(before, after, condition)

    def _merge(self, before: dict[str, Value], after: list[dict[str, Value]], condition: Value) -> dict[str, Value]:
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
            uses = condition.line.uses.union(*(value.line.uses for value in values))
            self.open.operators[self._operator("select", first.ctype), uses] += 1
            same = all(value.line == first.line for value in values)
            joined = join(condition.sources, *(value.sources for value in values))
            merged[name] = Value(
                first.ctype,
                first.line if same else linear.opaque(uses),
                max([condition.ready, *(value.ready for value in values)]),
                {key: (delay, memory, via | {CHOSEN}) for key, (delay, memory, via) in joined.items()},
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
        guards, self.guards = self.guards, 0
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
                self.scalars[key] = Value(value.ctype, line, 0, {})
            else:
                uses = value.line.uses | {number}
                source: Source = ("scalar", number, key)
                self.scalars[key] = Value(value.ctype, linear.opaque(uses), 0, {source: (0, 0, frozenset())})
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
        item.below = tuple(loops_of(item.body))
        item.carried = self._carry(number, written - counted, before)
        if variable is not None and variable in self.scalars:
            uses = before[variable].line.uses if variable in before else frozenset()
            self.scalars[variable] = Value(self.scalars[variable].ctype, linear.opaque(uses), 0, {})
        self.guards = guards
        self.stack.pop()
        self.items[-1].append(item)
        if isinstance(node, c_ast.For):
            self.scopes.pop()

    def _variable(self, loop: Loop) -> str | None:
        if loop.variable is None:
            return None
        place = self._find(loop.variable)
        return place.key if place is not None and not place.array else None

    def _carry(self, number: int, written: set[str], before: dict[str, Value]) -> tuple[Carried, ...]:
        carried: list[Carried] = []
        for key in sorted(written):
            value = self.scalars.get(key)
            if value is None or key not in before:
                continue
            own = value.sources.get(("scalar", number, key))
            rest: Sources = {
                name: item for name, item in value.sources.items() if name[1] != number or name[0] != "scalar"
            }
            if own is not None:
                carried.append(Carried(key, own[0], own[2] - {CHOSEN}, CHOSEN in own[2]))
                for name, (delay, memory, via) in before[key].sources.items():
                    rest = join(rest, {name: (delay + own[0], memory, via | own[2] | {number})})
            uses = value.line.uses - {number}
            keep = value.line.affine and number not in value.line.uses
            self.scalars[key] = Value(value.ctype, value.line if keep else linear.opaque(uses), 0, rest)
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
        helpers = called(node, self.functions)
        if helpers:
            globals_ = {place.key for place in self.scopes[0].values() if not place.array}
            written = {item for name in helpers for item in assigned(self.functions[name].body)}
            names.update(key for key in globals_ if key in written)
        visit(node)
        return names
