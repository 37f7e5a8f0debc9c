"""C text of a kernel under a plan: the syntax tree written back, loops rewritten on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.symbols import Symbol
from pipeline.synthesis.lowering.directive import UNROLL, LoweredDirective, partition
from pipeline.synthesis.lowering.flow import LOOPS, mentions, statements
from pipeline.synthesis.lowering.plan import LoopPlan, Plan
from pipeline.synthesis.lowering.prepare import Prepared
from pipeline.synthesis.lowering.restructure import declared_in_header, first_value

_INT_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Split:
    """A loop taken apart: its iteration number is ``index``, from the counters of tile, group and copy."""

    record: LoopRecord
    symbol: Symbol
    first: str
    """C text of the first value: a number or the name of what holds it."""
    counter: str
    """C type of the counters."""
    tile: str
    group: str
    copy: str
    index: str
    guarded: bool
    trip: int
    factor: int

    @property
    def value(self) -> str:
        """C text of the loop variable's value."""
        step = self.record.step or 1
        moved = self.index if abs(step) == 1 else f"({self.index}) * {abs(step)}"
        if self.first == "0" and step > 0:
            return moved
        bare = moved if abs(step) != 1 or " " not in moved else f"({moved})"
        return f"{self.first} {'+' if step > 0 else '-'} {bare}"


class Emitter(CGenerator):  # type: ignore[misc]
    """Writes a kernel under a plan.

    ``placed`` collects every directive with its location ``FUNCTION[/LABEL]``; as pragmas they also stand in the text.
    ``locations`` collects the labels of all loops.
    """

    def __init__(
        self,
        prepared: Prepared,
        plan: Plan,
        *,
        pragmas: bool,
        arrays: dict[Symbol, list[LoweredDirective]],
    ) -> None:
        super().__init__()
        self.prepared = prepared
        self.plan = plan
        self.pragmas = pragmas
        self.arrays = arrays
        self.placed: list[tuple[str, LoweredDirective]] = []
        self.locations: dict[str, str] = {}
        self.function = ""
        self.wraps: tuple[tuple[_Split, LoopPlan], ...] = ()
        self.renamed: dict[Symbol, str] = {}
        self.sums: dict[int, str] = {}
        self.copies_written: dict[LoopRecord, int] = {}

    # Directives -----------------------------------------------------------------------------------------------------

    def direct(self, directives: Sequence[LoweredDirective], label: str | None) -> str:
        """Notes directives for a place; their pragma lines where they are written as such."""
        location = self.function if label is None else f"{self.function}/{label}"
        self.placed += [(location, item) for item in directives]
        return "".join(f"{item.pragma()}\n" for item in directives) if self.pragmas else ""

    # Functions and statements ---------------------------------------------------------------------------------------

    def external(self, node: Any) -> str:
        """A declaration, type or pragma outside of functions."""
        self.indent_level = 0
        if isinstance(node, list):
            return f"{self._visit_decl_group(node)};\n"
        if isinstance(node, c_ast.Pragma):
            return self._pragma(node)
        return f"{self.visit(node)};\n"

    def definition(self, decl: Any, body: Any, name: str, head: Sequence[LoweredDirective]) -> str:
        """A function called ``name`` in the text, with directives at its start."""
        self.function = name
        self.indent_level = 0
        text = f"{self.visit(decl)}\n{{\n" + self.direct(head, None)
        self.indent_level = 2
        text += self._statements(body.block_items or []) + "}\n"
        self.indent_level = 0
        return text

    def visit_ID(self, n: Any) -> str:  # noqa: N802
        """A name, or what stands for it in a copy."""
        if self.renamed:
            symbol = self.prepared.program.symbols.get(id(n))
            if symbol in self.renamed:
                return self.renamed[symbol]
        return str(n.name)

    def _generate_stmt(self, n: Any, add_indent: bool = False) -> str:
        if isinstance(n, c_ast.Pragma):
            return self._pragma(n)
        if add_indent:
            return self._block(lambda: self._statements(statements(n)))
        if isinstance(n, LOOPS):
            return self._loop(n)
        if isinstance(n, c_ast.Label):
            return self._labelled(n)
        if isinstance(n, c_ast.Assignment) and id(n) in self.sums:
            return f"{self._make_indent()}{self.sums[id(n)]};\n"
        if isinstance(n, c_ast.Decl):
            return self._declaration(n)
        return str(super()._generate_stmt(n))

    def _statements(self, items: Sequence[Any]) -> str:
        return str(self._generate_body(list(items)))

    def _block(self, inside: Callable[[], str]) -> str:
        indent = self._make_indent()
        self.indent_level += 2
        text = inside()
        self.indent_level -= 2
        return f"{indent}{{\n{text}{indent}}}\n"

    def visit_Case(self, n: Any) -> str:  # noqa: N802
        """A case; its statements are not wrapped, they may run on into the next."""
        return f"case {self._visit_expr(n.expr)}:\n" + self._case(n.stmts)

    def visit_Default(self, n: Any) -> str:  # noqa: N802
        """The default of a switch."""
        return "default:\n" + self._case(n.stmts)

    def _case(self, items: Sequence[Any] | None) -> str:
        self.indent_level += 2
        text = self._statements(items or [])
        self.indent_level -= 2
        return text

    def _pragma(self, n: Any) -> str:
        if id(n) in self.plan.texts:
            text = self.plan.texts[id(n)]
            return f"#pragma {text}\n" if text else ""
        return f"{self.visit(n)}\n"

    def visit_If(self, n: Any) -> str:  # noqa: N802
        """A branch, always with braces: a loop taken apart is more than one statement."""
        text = f"if ({self._visit_expr(_parenthesised(n.cond), allow_comma=True)})\n"
        text += self._generate_stmt(n.iftrue, add_indent=True)
        if n.iffalse is not None:
            text += f"{self._make_indent()}else\n" + self._generate_stmt(n.iffalse, add_indent=True)
        return text

    def _visit_expr(self, n: Any, *, allow_comma: bool = False) -> str:
        if isinstance(n, _Parenthesised):
            return f"({super()._visit_expr(n.node)})"
        return str(super()._visit_expr(n, allow_comma=allow_comma))

    def _declaration(self, n: Any) -> str:
        symbol = self.prepared.program.symbols.get(id(n))
        indent = self._make_indent()
        if symbol is not None and symbol in self.renamed:
            # One instance a copy is declared around the copies; here it only gets its value.
            return f"{indent}{self.renamed[symbol]} = {self._visit_expr(n.init)};\n" if n.init is not None else ""
        text = str(super()._generate_stmt(n))
        return text + (self.direct(self.arrays.get(symbol, []), None) if symbol is not None else "")

    def _labelled(self, n: Any) -> str:
        target, between = _behind(n)
        if isinstance(target, LOOPS):
            record = self.prepared.by_node[id(target)]
            outer = ""
            node = n
            while isinstance(node, c_ast.Label):
                if node.name != record.label:
                    outer += f"{self._make_indent()}{node.name}:\n"
                node = node.stmt
            return "".join(self._pragma(item) for item in between) + outer + self._loop(target)
        return f"{self._make_indent()}{n.name}:\n{self._generate_stmt(n.stmt)}"

    # Loops ----------------------------------------------------------------------------------------------------------

    def _loop(self, node: Any) -> str:
        record = self.prepared.by_node[id(node)]
        plan = self.plan.loops.get(record, LoopPlan())
        label = self._label(record, self.prepared.labels[record])
        if plan.taken_apart:
            return self._taken_apart(record, plan, label)
        indent = self._make_indent()
        body = lambda: self.direct(plan.directives, label) + self._body(statements(node.stmt))  # noqa: E731
        head = f"{indent}{label}:\n{indent}"
        if isinstance(node, c_ast.For):
            parts = [
                "" if part is None else self._visit_expr(part, allow_comma=True)
                for part in (node.init, _parenthesised(node.cond), node.next)
            ]
            return f"{head}for ({parts[0]}; {parts[1]}; {parts[2]})\n" + self._block(body)
        condition = self._visit_expr(_parenthesised(node.cond), allow_comma=True)
        if isinstance(node, c_ast.While):
            return f"{head}while ({condition})\n" + self._block(body)
        return f"{head}do\n" + self._block(body) + f"{indent}while ({condition});\n"

    def _label(self, record: LoopRecord, label: str) -> str:
        self.locations[f"{self.function}/{label}"] = self.prepared.ids[record]
        return label

    def _taken_apart(self, record: LoopRecord, plan: LoopPlan, label: str) -> str:
        split, opening = self._split(record, plan)
        grouped = plan.copies in ("sum", "jam")
        groups = plan.tile if plan.tile else -(-split.trip // split.factor)
        inner = groups if grouped or not plan.tile else groups * plan.factor

        def group() -> str:
            head = self.direct(plan.directives, label)
            if plan.copies == "jam":
                return head + self._jammed(record, plan, split)
            if plan.copies == "sum":
                summed = lambda: self._summed(record, plan, split)  # noqa: E731
                return head + self._wrapped([record.node.stmt], summed)
            body = lambda: self._body(statements(record.node.stmt))  # noqa: E731
            return head + self._one(split, record.node.stmt, extra=body)

        def point() -> str:
            return self._counted(label, split.group, inner, split.counter, group)

        def whole() -> str:
            text = opening
            if plan.tile:
                tiles = -(-split.trip // (plan.tile * split.factor))
                tile_label = self._label(record, self.prepared.name(f"{label}_tile"))
                tiled = lambda: self.direct(plan.tile_directives, tile_label) + point()  # noqa: E731
                text += self._counted(tile_label, split.tile, tiles, split.counter, tiled)
            else:
                text += point()
            return text + self._after(record, split) + self._left_behind(record, plan)

        return self._block(whole)

    def _split(self, record: LoopRecord, plan: LoopPlan) -> tuple[_Split, str]:
        """The counters of a loop that is taken apart, and what has to stand before it."""
        symbol, step, trip = record.symbol, record.step, record.trip
        assert symbol is not None and step is not None and trip is not None
        label = self.prepared.labels[record]
        fresh = self.prepared.name
        start = record.start.exact if record.start is not None else None
        first, opening = str(start), ""
        if start is None or not -_INT_MAX <= start <= _INT_MAX:
            first = fresh(f"{label}_first")
            value = first_value(self.prepared, record)
            kind = symbol.ctype.name
            opening = f"{self._make_indent()}  {kind} {first} = {self._visit_expr(value)};\n"
        elif start < 0:
            first = f"({start})"
        wide = (trip + plan.factor * max(plan.tile, 1)) * abs(step) + abs(start or 0) > _INT_MAX
        tile, group, copy = (fresh(f"{label}_{part}") for part in ("t", "g", "u"))
        grouped = plan.copies in ("sum", "jam")
        index = f"{group} * {plan.factor} + {copy}" if grouped else group
        size = plan.tile * plan.factor
        if plan.tile:
            index = f"{tile} * {size} + {index}"
        whole = size if plan.tile else plan.factor
        return (
            _Split(
                record,
                symbol,
                first,
                "long long" if wide else "int",
                tile,
                group,
                copy,
                index,
                trip % whole != 0,
                trip,
                plan.factor,
            ),
            opening,
        )

    def _counted(self, label: str, counter: str, trip: int, kind: str, body: Callable[[], str]) -> str:
        indent = self._make_indent()
        head = f"{indent}{label}:\n{indent}for ({kind} {counter} = 0; {counter} < {trip}; {counter}++)\n"
        return head + self._block(body)

    def _one(self, split: _Split, *nodes: Any, extra: Callable[[], str] | None = None) -> str:
        """One iteration: the loop variable's value, then the body, left out past the last iteration."""
        guard = f"{self._make_indent()}if ({split.index} < {split.trip})\n"

        def iteration() -> str:
            text = ""
            if any(mentions(node, split.symbol, self.prepared.program) for node in nodes):
                kind = f"{split.symbol.ctype.name} " if declared_in_header(split.record) else ""
                text = f"{self._make_indent()}{kind}{split.symbol.name} = {split.value};\n"
            if extra is not None:
                return text + extra()
            items = [item for node in nodes for item in statements(node)] if len(nodes) == 1 else list(nodes)
            return text + self._statements(items)

        return guard + self._block(iteration) if split.guarded else iteration()

    def _after(self, record: LoopRecord, split: _Split) -> str:
        """The value that the loop variable has when the loop is left."""
        if declared_in_header(record):
            return ""
        step, ctype = record.step or 0, split.symbol.ctype
        indent, name = self._make_indent(), split.symbol.name
        try:
            value = int(split.first.strip("()")) + split.trip * step
        except ValueError:
            sign = "+" if step > 0 else "-"
            text = f"{split.first} {sign} {abs(step) * split.trip}"
        else:
            low, high = ctype.range or (value, value)
            text = str(low + (value - low) % (high - low + 1)) if not low <= value <= high else str(value)
        used = "" if mentions(record.node.stmt, split.symbol, self.prepared.program) else f"{indent}(void) {name};\n"
        return f"{indent}{name} = {text};\n{used}"

    # Copies ---------------------------------------------------------------------------------------------------------

    def _body(self, items: Sequence[Any]) -> str:
        """Statements of a body; inside copies that were moved in, each loop-free run is wrapped in them."""
        if not self.wraps:
            return self._statements(items)
        text, run = "", []
        for item in [*items, None]:
            loop = item is not None and isinstance(_behind(item)[0], LOOPS)
            if isinstance(item, c_ast.Pragma):
                text += self._pragma(item)
                continue
            if item is not None and not loop:
                run.append(item)
                continue
            if run:
                kept = list(run)
                text += self._wrapped(kept, lambda kept=kept: self._statements(kept))  # type: ignore[misc]
                run = []
            if item is not None:
                text += self._generate_stmt(item)
        return text

    def _wrapped(self, nodes: Sequence[Any], inside: Callable[[], str]) -> str:
        """Loop-free code within the copies of all loops that were moved in, outermost first."""
        wraps = self.wraps
        if not wraps:
            return inside()

        def layer(depth: int) -> str:
            if depth == len(wraps):
                self.wraps = ()
                text = inside()
                self.wraps = wraps
                return text
            split, plan = wraps[depth]
            label = self._copies_label(split.record)

            def copy() -> str:
                head = self.direct([UNROLL], label)
                return head + self._one(split, *nodes, extra=lambda: layer(depth + 1))

            return self._counted(label, split.copy, plan.factor, "int", copy)

        return layer(0)

    def _copies_label(self, record: LoopRecord) -> str:
        number = self.copies_written.get(record, 0)
        self.copies_written[record] = number + 1
        label = f"{self.prepared.labels[record]}_copies" + (f"_{number}" if number else "")
        return self._label(record, self.prepared.name(label))

    def _jammed(self, record: LoopRecord, plan: LoopPlan, split: _Split) -> str:
        """The body with this loop's copies around each loop-free run of it."""
        assert plan.jam is not None
        indent = self._make_indent()
        text, after = "", ""
        renamed = dict(self.renamed)
        for symbol, inner in plan.jam.spread:
            name = self.prepared.name(f"{symbol.name}_{self.prepared.labels[record]}")
            text += f"{indent}{symbol.ctype.name} {name}[{plan.factor}];\n"
            text += self.direct([partition(name, "complete", None, 1)], None)
            if not inner and self._used_outside(record, symbol):
                last = (split.trip - 1) % plan.factor
                after += f"{indent}{self.renamed.get(symbol, symbol.name)} = {name}[{last}];\n"
            self.renamed[symbol] = f"{name}[{split.copy}]"
        self.wraps = (*self.wraps, (split, plan))
        text += self._body(statements(record.node.stmt))
        self.wraps = self.wraps[:-1]
        self.renamed = renamed
        return text + after

    def _used_outside(self, record: LoopRecord, symbol: Symbol) -> bool:
        """Whether a variable occurs in the function outside a loop."""

        def occurs(node: Any) -> bool:
            if node is record.node:
                return False
            if isinstance(node, c_ast.ID):
                return self.prepared.program.symbols.get(id(node)) is symbol
            return any(occurs(child) for _, child in node.children())

        return occurs(self.prepared.program.functions[record.function].node.body)

    def _left_behind(self, record: LoopRecord, plan: LoopPlan) -> str:
        """Uses of variables whose every use is now one of their copies, for a compiler that looks for such slips."""
        spread = plan.jam.spread if plan.jam is not None and plan.copies == "jam" else ()
        indent = self._make_indent()
        return "".join(f"{indent}(void) {symbol.name};\n" for symbol, inner in spread if not inner)

    def _summed(self, record: LoopRecord, plan: LoopPlan, split: _Split) -> str:
        """A group of copies whose terms are added as a tree before they enter the sum."""
        found = plan.reduction
        assert found is not None
        indent = self._make_indent()
        terms = self.prepared.name(f"{found.symbol.name}_{self.prepared.labels[record]}")
        neutral = "1" if found.operator == "*" else "0"
        text = f"{indent}{found.element} {terms}[{plan.factor}];\n"
        text += self.direct([partition(terms, "complete", None, 1)], None)
        label = self._copies_label(record)
        self.sums[id(found.statement)] = f"{terms}[{split.copy}] = {self._visit_expr(found.term)}"

        def copy() -> str:
            start = f"{self._make_indent()}{terms}[{split.copy}] = {neutral};\n"
            return self.direct([UNROLL], label) + start + self._one(split, record.node.stmt)

        text += self._counted(label, split.copy, plan.factor, "int", copy)
        del self.sums[id(found.statement)]
        joint = "*" if found.operator == "*" else "+"
        tree = _tree([f"{terms}[{place}]" for place in range(plan.factor)], joint)
        return text + f"{indent}{self.visit(found.target)} {found.operator}= {tree};\n"


class _Parenthesised:
    """An expression that keeps its parentheses: an assignment as a condition would look like a slip."""

    def __init__(self, node: Any) -> None:
        self.node = node


def _parenthesised(node: Any) -> Any:
    return _Parenthesised(node) if isinstance(node, c_ast.Assignment) else node


def _behind(node: Any) -> tuple[Any, list[Any]]:
    """A statement behind its labels, and pragmas between the two."""
    between: list[Any] = []
    while isinstance(node, c_ast.Label):
        node = node.stmt
        items = node.block_items if isinstance(node, c_ast.Compound) else None
        if items and len(items) > 1 and all(isinstance(item, c_ast.Pragma) for item in items[:-1]):
            between += items[:-1]
            node = items[-1]
    return node, between


def _tree(terms: list[str], operator: str) -> str:
    while len(terms) > 1:
        paired = [f"({a} {operator} {b})" for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = paired + (terms[-1:] if len(terms) % 2 else [])
    return terms[0]
