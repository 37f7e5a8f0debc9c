"""One program graph from the two views: the kernel's syntax tree and its IR, joined."""

from __future__ import annotations

import math
import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.induction import ArrayIndex, InductionAnalysis, Pointer, index_text, predicate, split_index
from pipeline.graphs.ir import PASSES, Instruction, IrFunction, IrModule, Operand
from pipeline.graphs.join import MISSING_FUNCTION, join_loops
from pipeline.graphs.layout import DataLayout
from pipeline.graphs.schema import EDGE_KINDS, EDGES, NODE_KINDS, NODES
from pipeline.kernels.model import Kernel, Loop

_LONGEST_TEXT = 240
_NO_NODE = ("llvm.lifetime.", "llvm.dbg.", "llvm.assume", "llvm.experimental.noalias")
"""Calls that only tell the compiler something."""


def build_graph(kernel: Kernel, module: IrModule, *, compiler: str = "") -> ProgramGraph:
    """The program graph of a kernel and its IR; ``compiler`` is recorded in ``about``.

    Values of pragmas do not enter. What one view has and the other has not is recorded, not refused: a loop without an
    IR loop says why in ``reason``, an IR loop without one in the source (a ``goto``) is a loop node of its own.
    """
    builder = _Builder(kernel, module)
    about = {
        "ast_hash": kernel.ast_hash,
        "compiler": compiler,
        "llvm": module.llvm_version,
        "passes": ",".join(PASSES),
    }
    return ProgramGraph(kernel.name, kernel.top, builder.nodes(), builder.edges(), about)


_MOST_BITS = 2**31 - 1
"""What the column has room for: a wider object, of 256 MiB, has none."""


class _Builder:
    """Collects rows kind by kind; a node's id is its row, kinds in the order of NODE_KINDS."""

    def __init__(self, kernel: Kernel, module: IrModule) -> None:
        self.kernel = kernel
        self.module = module
        self.layout = DataLayout(module.structs)
        self._by_id = {loop.id: loop for loop in kernel.loops}
        self._bits: dict[str, int | None] = {}
        self._rows: dict[str, dict[str, list[Any]]] = {kind: defaultdict(list) for kind in NODE_KINDS}
        self._count = dict.fromkeys(NODE_KINDS, 0)
        self._edges: dict[str, dict[str, list[Any]]] = {kind: defaultdict(list) for kind in EDGE_KINDS}

        names = [function.source_name for function in module.functions]
        self.key_of = {f.name: f.source_name if names.count(f.source_name) == 1 else f.name for f in module.functions}
        self.key_of |= {linked: name for name, linked in kernel.linkage.items() if linked in self.key_of}
        self.ir = {self.key_of[function.name]: function for function in module.functions}
        declared = [function.name for function in kernel.functions]
        known = list(dict.fromkeys([*declared, *self.ir]))
        self.members = {f.name: _kept(f) for f in module.functions}
        external = sorted(
            {
                i.callee
                for f in module.functions
                for block in self.members[f.name]
                for i in block
                if i.callee and i.callee not in self.key_of
            }
        )
        self.function_number = {name: i for i, name in enumerate([*known, *external])}
        self.functions = known
        self.external = external

        by_function: dict[str, list[Loop]] = {}
        for loop in kernel.loops:
            by_function.setdefault(loop.function, []).append(loop)
        self.joined: dict[str, int] = {}
        self.reasons: dict[str, str] = {}
        for name, loops in by_function.items():
            found, missing = join_loops(loops, self.ir.get(name))
            self.joined |= found
            self.reasons |= missing
        # Offsets of ids: what comes from declarations is counted before any row is made.
        self.loop_at = len(self.function_number)
        loop_ids = [loop.id for loop in kernel.loops]
        self.loop_number = {loop_id: self.loop_at + i for i, loop_id in enumerate(loop_ids)}
        self.variables = {self.loop_number[loop.id]: loop.variable for loop in kernel.loops}
        self.loop_of_ir: dict[tuple[str, int], int] = {}
        joined_back = {(self._loop(loop_id).function, index): loop_id for loop_id, index in self.joined.items()}
        self.only_ir: list[tuple[str, int]] = []
        for name, function in self.ir.items():
            for index in range(len(function.loops)):
                loop_id = joined_back.get((name, index))
                if loop_id is None:
                    self.loop_of_ir[name, index] = self.loop_at + len(loop_ids) + len(self.only_ir)
                    self.only_ir.append((name, index))
                else:
                    self.loop_of_ir[name, index] = self.loop_number[loop_id]
        self.array_at = self.loop_at + len(loop_ids) + len(self.only_ir)
        self.site_at = self.array_at + len(kernel.arrays)
        self.block_at = self.site_at + len(kernel.sites)
        self.instruction_at = self.block_at + sum(len(f.blocks) for f in module.functions)
        kept = sum(len(block) for blocks in self.members.values() for block in blocks)
        self.variable_at = self.instruction_at + kept
        self.analyses = {name: InductionAnalysis(function, self.layout) for name, function in self.ir.items()}
        self._array_places()

        self._functions()
        self._loops()
        self._arrays()
        self._sites()
        self._bodies()

    def _loop(self, loop_id: str) -> Loop:
        return self._by_id[loop_id]

    def bits(self, kind: str) -> int | None:
        """Width of an LLVM type, None for ``void`` and what is not known."""
        if kind not in self._bits:
            self._bits[kind] = None if kind in ("void", "label") else self.layout.bits(kind)
        return self._bits[kind]

    def node(self, kind: str, **values: Any) -> None:
        """One more row of a kind; every row of a kind names the same columns."""
        columns = self._rows[kind]
        if (values.get("bits") or 0) > _MOST_BITS:
            values["bits"] = None
        for key, value in values.items():
            columns[key].append(value)
        self._count[kind] += 1

    def edge(self, kind: str, source: int, target: int, **values: Any) -> None:
        """One more edge of a kind; every edge of a kind names the same columns."""
        columns = self._edges[kind]
        columns["source"].append(source)
        columns["target"].append(target)
        for key, value in values.items():
            columns[key].append(value)

    # What the syntax tree gives -----------------------------------------------------------------------------------

    def _functions(self) -> None:
        lines = {function.name: function.line for function in self.kernel.functions}
        returns = {function.name: function.returns for function in self.kernel.functions}
        for name in self.functions:
            function = self.ir.get(name)
            self.node(
                "function", name=name, type=returns.get(name), function=name, depth=0,
                line=lines.get(name) or (function.line if function else 0) or None,
                role="top" if name == self.kernel.top else "helper", reason=None if function else MISSING_FUNCTION,
            )  # fmt: skip
        for name in self.external:
            self.node("function", name=name, type=None, function=name, depth=0, line=None, role="external", reason=None)

    def _loops(self) -> None:
        inner = {loop.parent for loop in self.kernel.loops}
        for loop in self.kernel.loops:
            number = self.loop_number[loop.id]
            count, least, most = loop.trip_count, loop.trip_min, loop.trip_max
            index = self.joined.get(loop.id)
            if index is not None and count is None:
                trip = self.analyses[loop.function].trip_at(index, loop.keyword)
                count = trip.count
                least = trip.least if least is None else least
                most = trip.most if most is None else most
            parent = self.loop_number[loop.parent] if loop.parent else None
            self.node(
                "loop", name=loop.id, text=_head(loop), function=loop.function, loop=parent, depth=loop.depth,
                line=loop.line, column=loop.column, role=loop.keyword, trip_count=count, trip_min=least,
                trip_max=most, innermost=loop.id not in inner,
                reason=self.reasons.get(loop.id),
                for_index=loop.file_index if loop.keyword == "for" and loop.file_index >= 0 else None,
            )  # fmt: skip
            self.edge("within", number, parent if parent is not None else self.function_number[loop.function])
        numbers: dict[str, int] = {}
        for name, index in self.only_ir:
            ir_loop = self.ir[name].loops[index]
            trip = self.analyses[name].trips[index]
            parent = None if ir_loop.parent is None else self.loop_of_ir[name, ir_loop.parent]
            count_here = numbers[name] = numbers.get(name, -1) + 1
            self.node(
                "loop", name=f"{name}/ir_loop_{count_here}", text=None, function=name, loop=parent, depth=ir_loop.depth,
                line=ir_loop.line or None, column=ir_loop.column or None, role="goto", trip_count=trip.count,
                trip_min=trip.least, trip_max=trip.most,
                innermost=not any(other.parent == index for other in self.ir[name].loops), for_index=None, reason=None,
            )  # fmt: skip
            number = self.loop_of_ir[name, index]
            self.edge("within", number, parent if parent is not None else self.function_number[name])

    def _arrays(self) -> None:
        for array in self.kernel.arrays:
            self.node(
                "array", name=array.name, type=array.element, bits=array.bits, function=array.function, depth=0,
                line=array.line, role=array.role, dims=list(array.dims), direction=array.direction,
            )  # fmt: skip

    def _sites(self) -> None:
        for number, site in enumerate(self.kernel.sites):
            loop = self._loop(site.loop)
            node = self.loop_number[site.loop]
            self.node(
                "site", name=site.name, function=loop.function, loop=node, depth=loop.depth, line=site.line,
                site_kind=site.kind.value, dialect=site.dialect, reduction=site.reduction is not None,
            )  # fmt: skip
            self.edge("site", self.site_at + number, node)

    def _array_places(self) -> None:
        """Arrays of the source by where the IR keeps them: (function, base) or the name of a global."""
        self.arguments: dict[tuple[str, str], int] = {}
        self.locals: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.globals: dict[str, int] = {}
        for number, array in enumerate(self.kernel.arrays):
            if array.role == "argument" and array.function:
                self.arguments[array.function, array.name] = number
            elif array.role == "static" and array.function:
                self.globals.setdefault(f"{array.function}.{array.name}", number)
            elif array.function is None:
                self.globals.setdefault(array.name, number)
            else:
                self.locals.setdefault((array.function, array.name), []).append((number, array.line))
        self.slots = {
            (name, index): (variable, line)
            for name, function in self.ir.items()
            for index, variable, line in function.slots
        }

    def _array_at(self, name: str, pointer: Pointer | None) -> int | None:
        """Number of the source's array that an address points into."""
        if pointer is None:
            return None
        kind, what = pointer.base
        if kind == "argument":
            return self.arguments.get((name, self.ir[name].arguments[int(what)].name))
        if kind == "global":
            # A local array that is only read becomes the constant that it is initialised with.
            _, _, local = str(what).partition(f"__const.{self.ir[name].name}.")
            return self.globals.get(str(what), self.local(name, local, 0) if local else None)
        slot = self.slots.get((name, int(what)))
        return None if slot is None else self.local(name, *slot)

    def local(self, function: str, name: str, line: int) -> int | None:
        """Number of a local array by name and line; without its line where the function has one of that name alone."""
        found = self.locals.get((function, name), [])
        exact = [number for number, at in found if at == line]
        return exact[0] if len(exact) == 1 else found[0][0] if len(found) == 1 else None

    # What the IR gives --------------------------------------------------------------------------------------------

    def _bodies(self) -> None:
        blocks_before, instructions_before, variables = self.block_at, self.instruction_at, self.variable_at
        globals_at: dict[str, int] = {}
        for name, function in self.ir.items():
            body = _Body(self, name, function, blocks_before, instructions_before, variables, globals_at)
            body.declare()
            blocks_before += len(function.blocks)
            instructions_before += body.kept
            variables += body.declared
        for variable in self.module.globals:
            globals_at[variable.name] = variables
            variables += 1
            self.node(
                "variable", name=variable.name, type=variable.type, bits=self.bits(variable.type), function=None,
                block=None, loop=None, depth=0, line=None, column=None,
                role="constant" if variable.constant else "global",
            )  # fmt: skip
            array = self.globals.get(variable.name)
            if array is not None:
                self.edge("storage", globals_at[variable.name], self.array_at + array)
        self.constant_at = variables
        blocks_before, instructions_before, variables = self.block_at, self.instruction_at, self.variable_at
        for name, function in self.ir.items():
            body = _Body(self, name, function, blocks_before, instructions_before, variables, globals_at)
            body.connect()
            blocks_before += len(function.blocks)
            instructions_before += body.kept
            variables += body.declared

    # Tables -------------------------------------------------------------------------------------------------------

    def nodes(self) -> pa.Table:
        """The node table."""
        total = sum(self._count.values())
        tables = [_table(NODES, kind, self._rows[kind], self._count[kind]) for kind in NODE_KINDS]
        table = pa.concat_tables(tables).set_column(
            0, NODES.field("id"), pa.chunked_array([pa.array(range(total), pa.int32())])
        )
        return table.combine_chunks().cast(NODES)

    def edges(self) -> pa.Table:
        """The edge table."""
        tables = [_table(EDGES, kind, self._edges[kind], len(self._edges[kind]["source"])) for kind in EDGE_KINDS]
        return pa.concat_tables(tables).combine_chunks()


class _Body:
    """Nodes and edges of one IR function, whose blocks, instructions and variables begin at given ids."""

    def __init__(
        self,
        builder: _Builder,
        name: str,
        function: IrFunction,
        block_at: int,
        instruction_at: int,
        variable_at: int,
        globals_at: Mapping[str, int],
    ) -> None:
        self.builder, self.name, self.function = builder, name, function
        self.block_at, self.globals_at = block_at, globals_at
        self.analysis = builder.analyses[name]
        self.members = builder.members[function.name]
        self.number: dict[int, int] = {}
        self.variable: dict[int, int] = {}
        variable_at += len(function.arguments)
        for block in self.members:
            for instruction in block:
                self.number[instruction.index] = instruction_at + len(self.number)
                if instruction.type != "void":
                    self.variable[instruction.index] = variable_at + len(self.variable)
        self.argument_at = variable_at - len(function.arguments)
        self.kept = len(self.number)
        self.declared = len(function.arguments) + len(self.variable)
        self.depths = {i: _depth(function, i) for i in range(-1, len(function.loops))}

    def _loop_node(self, block: int) -> int | None:
        inner = self.analysis.inner_loop[block]
        return None if inner < 0 else self.builder.loop_of_ir[self.name, inner]

    def declare(self) -> None:
        """Rows of blocks, instructions and variables."""
        builder, function = self.builder, self.function
        headers = {loop.header for loop in function.loops}
        latches = {latch for loop in function.loops for latch in loop.latches}
        for argument in function.arguments:
            builder.node(
                "variable", name=argument.name, type=argument.type, bits=builder.bits(argument.type),
                function=self.name, block=None, loop=None, depth=0, line=function.line or None, column=None,
                role="argument",
            )  # fmt: skip
        for block, members in zip(function.blocks, self.members, strict=True):
            loop = self._loop_node(block.index)
            depth = self.depths[self.analysis.inner_loop[block.index]]
            roles = [
                role
                for role, has in (
                    ("entry", block.index == 0),
                    ("header", block.index in headers),
                    ("latch", block.index in latches),
                    ("exit", not block.successors),
                )
                if has
            ]
            node = self.block_at + block.index
            lines = [i.line for i in members if i.line]
            builder.node(
                "block", name=block.name, function=self.name, block=node, loop=loop, depth=depth,
                line=min(lines, default=None), role=" ".join(roles) or "body",
            )  # fmt: skip
            for i in members:
                kind = i.type if i.type != "void" else (i.operands[0].type if i.opcode == "store" else "void")
                builder.node(
                    "instruction", name=f"%{i.name}" if i.name else None, text=_short(i.text), opcode=i.opcode,
                    detail=i.callee or predicate(i), type=kind, bits=builder.bits(kind), function=self.name, block=node,
                    loop=loop, depth=depth, line=i.line or None, column=i.column or None,
                )  # fmt: skip
                if i.type != "void":
                    builder.node(
                        "variable", name=f"%{i.name}", type=i.type, bits=builder.bits(i.type), function=self.name,
                        block=node, loop=loop, depth=depth, line=i.line or None, column=i.column or None, role="result",
                    )  # fmt: skip

    def connect(self) -> None:
        """Edges, and the constants as they are met."""
        builder, function = self.builder, self.function
        arrays = builder.array_at
        builder.edge("entry", builder.function_number[self.name], self.block_at)
        for index, ir_loop in enumerate(function.loops):
            builder.edge("entry", builder.loop_of_ir[self.name, index], self.block_at + ir_loop.header)
        for argument in function.arguments:
            array = builder.arguments.get((self.name, argument.name))
            if array is not None:
                builder.edge("storage", self.argument_at + argument.index, arrays + array)
        for block, members in zip(function.blocks, self.members, strict=True):
            node = self.block_at + block.index
            loop = self._loop_node(block.index)
            builder.edge("within", node, loop if loop is not None else builder.function_number[self.name])
            header = self._header_above(block.index)
            if header is not None:
                builder.edge("header", node, self.block_at + header)
            for position, successor in enumerate(block.successors):
                builder.edge("successor", node, self.block_at + successor, position=position)
            self._members(block.index, members, node, loop)
            for position, successor in enumerate(block.successors):
                builder.edge(
                    "control", self.number[members[-1].index], self.number[self.members[successor][0].index],
                    position=position,
                )  # fmt: skip

    def _header_above(self, block: int) -> int | None:
        inner = self.analysis.inner_loop[block]
        if inner < 0:
            return None
        loop = self.function.loops[inner]
        if loop.header != block:
            return loop.header
        return None if loop.parent is None else self.function.loops[loop.parent].header

    def _members(self, block: int, members: Iterable[Instruction], node: int, loop: int | None) -> None:
        builder = self.builder
        constants: dict[tuple[str, str], int] = {}
        depth = self.depths[self.analysis.inner_loop[block]]
        order = 0
        before: int | None = None
        for instruction in members:
            own = self.number[instruction.index]
            builder.edge("member", node, own, position=order)
            order += 1
            if before is not None:
                builder.edge("control", before, own, position=0)
            before = own
            if instruction.index in self.variable:
                result = self.variable[instruction.index]
                builder.edge("data", own, result, position=0)
                builder.edge("member", node, result, position=order)
                order += 1
                slot = builder.slots.get((self.name, instruction.index))
                array = builder.local(self.name, *slot) if slot else None
                if array is not None:
                    builder.edge("storage", result, builder.array_at + array)
            callee_operand = len(instruction.operands) - 1 if instruction.callee else -1
            for position, operand in enumerate(instruction.operands):
                if position == callee_operand:
                    number = builder.function_number[builder.key_of.get(operand.text, operand.text)]
                    builder.edge("call", own, number, position=0)
                    continue
                used = self._operand_node(operand)
                if used is None and operand.kind == "constant":
                    key = (operand.type, operand.text)
                    used = constants.get(key)
                    if used is None:
                        used = constants[key] = builder.constant_at + builder._count["constant"]
                        builder.node(
                            "constant", text=_short(operand.text), type=operand.type, bits=builder.bits(operand.type),
                            value=_value(operand), function=self.name, block=node, loop=loop, depth=depth,
                        )  # fmt: skip
                        builder.edge("member", node, used, position=order)
                        order += 1
                if used is not None:
                    builder.edge("data", used, own, position=position)
            if instruction.opcode == "load":
                self._access(instruction, instruction.operands[0], "load")
            elif instruction.opcode == "store":
                self._access(instruction, instruction.operands[1], "store")
            elif instruction.opcode in ("call", "invoke"):
                self._call(instruction)

    def _operand_node(self, operand: Operand) -> int | None:
        if operand.kind == "instruction":
            return self.variable.get(operand.index)
        if operand.kind == "argument":
            return self.argument_at + operand.index
        if operand.kind == "global":
            return self.globals_at.get(operand.text)
        if operand.kind == "function":
            return self.builder.function_number.get(self.builder.key_of.get(operand.text, operand.text))
        return None

    # Accesses -----------------------------------------------------------------------------------------------------

    def _access(self, instruction: Instruction, operand: Operand, mode: str) -> None:
        builder = self.builder
        address = self.analysis.target(operand)
        number = builder._array_at(self.name, address)
        if address is None or number is None:
            return
        array = builder.kernel.arrays[number]
        element = array.bits // 8 if array.bits and array.bits % 8 == 0 else None
        index = split_index(self.analysis, address, element, array.dims)
        affine = index is not None
        text = index_text(index, self._names(index)) if index else None
        builder.edge(
            "access", self.number[instruction.index], builder.array_at + number, mode=mode, affine=affine, text=text
        )
        if index is not None:
            for dim, loop, coefficient in self.analysis.per_iteration(index):
                builder.edge(
                    "index", self.number[instruction.index], builder.loop_of_ir[self.name, loop],
                    dim=None if index.in_bytes else dim, coefficient=coefficient,
                )  # fmt: skip

    def _names(self, index: ArrayIndex) -> dict[int, str]:
        names = {}
        for _, symbol, _ in index.coefficients:
            if symbol < 0:
                names[symbol] = self.function.arguments[-1 - symbol].name
                continue
            loop = self.analysis.loop_of(symbol)
            if symbol not in self.analysis.inductions:
                names[symbol] = "iteration"
                continue
            name = re.sub(r"(?<=.)\.\d+$", "", self.function.instructions[symbol].name)
            variable = (
                self.builder.variables.get(self.builder.loop_of_ir[self.name, loop]) if loop is not None else None
            )
            if variable and re.fullmatch(re.escape(variable) + r"\d+", name):
                name = variable
            names[symbol] = name
        return names

    def _call(self, instruction: Instruction) -> None:
        builder = self.builder
        if instruction.callee is None:
            return
        callee_name = builder.key_of.get(instruction.callee)
        callee = builder.ir.get(callee_name) if callee_name else None
        for position, operand in enumerate(instruction.operands[:-1]):
            if not operand.type.startswith("ptr"):
                continue
            given = builder._array_at(self.name, self.analysis.target(operand))
            if given is None:
                continue
            if callee is None or callee_name is None:
                builder.edge(
                    "access", self.number[instruction.index], builder.array_at + given, mode="call", affine=False,
                    text=None,
                )  # fmt: skip
            elif position < len(callee.arguments):
                taken = builder.arguments.get((callee_name, callee.arguments[position].name))
                if taken is not None:
                    builder.edge("binding", builder.array_at + given, builder.array_at + taken, position=position)


def _depth(function: IrFunction, loop: int) -> int:
    """Number of loops around a block whose innermost loop is given, -1 for none."""
    return 0 if loop < 0 else function.loops[loop].depth + 1


def _kept(function: IrFunction) -> list[list[Instruction]]:
    return [
        [
            instruction
            for number in block.instructions
            if not ((instruction := function.instructions[number]).callee or "").startswith(_NO_NODE)
        ]
        for block in function.blocks
    ]


def _table(schema: pa.Schema, kind: str, columns: Mapping[str, list[Any]], count: int) -> pa.Table:
    arrays = []
    for field in schema:
        if field.name == "kind":
            arrays.append(pa.repeat(pa.scalar(kind, pa.string()), count))
        elif field.name == "id":
            arrays.append(pa.repeat(pa.scalar(0, pa.int32()), count))
        elif field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type))
        else:
            arrays.append(pa.nulls(count, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _head(loop: Loop) -> str:
    """The head of a loop as C would write it."""
    if loop.keyword != "for" or loop.variable is None:
        return loop.keyword
    first = f"{loop.variable} = {'...' if loop.lower is None else loop.lower}"
    down = loop.step is not None and loop.step < 0
    sign = (">" if down else "<") + ("=" if loop.inclusive else "")
    bound = f"{loop.variable} {sign} {loop.upper}" if loop.upper is not None else "..."
    step = "..."
    if loop.step is not None:
        step = f"{loop.variable} {'-' if down else '+'}= {abs(loop.step)}"
        step = f"{loop.variable}{'--' if down else '++'}" if abs(loop.step) == 1 else step
    return f"for ({first}; {bound}; {step})"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 4] + " ..."


def _value(operand: Operand) -> float | None:
    text = operand.text
    if text in ("true", "false"):
        return float(text == "true")
    try:
        if text.startswith("0x") and operand.type in ("float", "double"):
            number = struct.unpack(">d", int(text[2:], 16).to_bytes(8, "big"))[0]
        elif re.fullmatch(r"-?\d+(\.\d+(e[-+]?\d+)?)?", text):
            number = float(text)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
