"""LLVM IR as values: functions, blocks, instructions, operands, calls and natural loops with their source lines.

Structure, types and operands come from llvmlite; llvmlite has no interface to metadata, so the debug location of an
instruction and the first location of a loop's ``!llvm.loop`` are read from the attachments in the printed module,
which lists functions, blocks and instructions in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import PipelineError

PASSES = ("sroa", "simplifycfg", "instcombine", "loop-simplify", "lcssa")
"""What runs on the IR, in this order. sroa takes scalars out of memory; simplifycfg and instcombine remove what the
front end leaves (7,423 to about 3,500 instructions over the suite); loop-simplify gives each loop one header, one
latch and a preheader; lcssa gives values that leave a loop a node of their own. zig's own ``-O1`` pipeline is not used:
it turns loops into memset and distributes them, and then loops of the source are gone."""


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand of an instruction, by what it is.

    ``kind`` is ``instruction``, ``argument``, ``global``, ``function``, ``block``, ``constant`` or ``metadata``; ``index`` is the
    instruction's, argument's or block's number within the function, -1 for the others.
    """

    kind: str
    index: int
    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; ``index`` counts within the function, ``line`` and ``column`` are 0 where unknown."""

    index: int
    block: int
    opcode: str
    type: str
    name: str
    text: str
    operands: tuple[Operand, ...]
    callee: str | None
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """A basic block; ``instructions`` are indices within the function, ``successors`` block indices."""

    index: int
    name: str
    instructions: tuple[int, ...]
    successors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IrLoop:
    """A natural loop: ``blocks`` include those of inner loops. ``line`` is that of the loop keyword, 0 if unknown."""

    header: int
    latches: tuple[int, ...]
    blocks: frozenset[int]
    parent: int | None
    """Index of the enclosing loop in the function's ``loops``."""
    depth: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class IrArgument:
    """A parameter of a function."""

    index: int
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class IrFunction:
    """A defined function."""

    name: str
    line: int
    arguments: tuple[IrArgument, ...]
    blocks: tuple[Block, ...]
    instructions: tuple[Instruction, ...]
    loops: tuple[IrLoop, ...]


@dataclass(frozen=True, slots=True)
class IrGlobal:
    """A global variable."""

    name: str
    type: str
    constant: bool


@dataclass(frozen=True, slots=True)
class IrModule:
    """All defined functions and globals, in the order of the module."""

    functions: tuple[IrFunction, ...]
    globals: tuple[IrGlobal, ...]
    llvm_version: str


@dataclass(slots=True)
class _Lines:
    """The printed module, cut into what each instruction needs."""

    instructions: dict[str, list[list[str]]] = field(default_factory=dict)
    """Function name to blocks to printed instructions."""
    heads: dict[str, str] = field(default_factory=dict)
    locations: dict[str, tuple[int, int]] = field(default_factory=dict)
    loop_starts: dict[str, str] = field(default_factory=dict)
    """Loop metadata id to the id of its first location."""
    subprograms: dict[str, int] = field(default_factory=dict)


_LOCATION = re.compile(r"^(!\d+) = (?:distinct )?!DILocation\(line: (\d+)(?:, column: (\d+))?")
_SUBPROGRAM = re.compile(r"^(!\d+) = (?:distinct )?!DISubprogram\(.*?\bline: (\d+)")
_NODE = re.compile(r"^(!\d+) = distinct !\{(!\d+), (!\d+)")
_DEFINE = re.compile(r'^define .*?@("(?:[^"\\]|\\.)*"|[-$._A-Za-z0-9]+)\(')
_ATTACHED = re.compile(r", !dbg (!\d+)")
_LOOP = re.compile(r", !llvm\.loop (!\d+)")
_CALLEE = re.compile(r'@("(?:[^"\\]|\\.)*"|[-$._A-Za-z0-9]+)\(')


def read_ir(text: str, *, file: str = "module") -> IrModule:
    """Parses, verifies, transforms (:data:`PASSES`) and reads a module.

    Raises PipelineError if llvmlite refuses the text.
    """
    import llvmlite.binding as llvm

    try:
        module = llvm.parse_assembly(text)
        module.verify()
        _transform(llvm, module)
        module.verify()
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
        raise PipelineError(
            f"LLVM refuses the IR: {first}", file=file, fix="use the clang of ziglang==0.15.2"
        ) from error
    lines = _cut(str(module))
    functions = tuple(_function(function, lines) for function in module.functions if not function.is_declaration)
    variables = tuple(
        IrGlobal(
            variable.name, str(variable.global_value_type), " constant " in str(variable).split(" = ", 1)[-1][:120]
        )
        for variable in module.global_variables
    )
    return IrModule(functions, variables, ".".join(str(part) for part in llvm.llvm_version_info))


def _transform(llvm: Any, module: Any) -> None:
    llvm.initialize_all_targets()
    machine = llvm.Target.from_triple("x86_64-unknown-linux-musl").create_target_machine(cpu="x86-64", opt=1)
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1)))


def _cut(text: str) -> _Lines:
    lines = _Lines()
    blocks: list[list[str]] | None = None
    for line in text.splitlines():
        if line.startswith("define "):
            match = _DEFINE.match(line)
            name = match.group(1).strip('"') if match else ""
            blocks = lines.instructions.setdefault(name, [])
            blocks.append([])
            lines.heads[name] = line
        elif line == "}":
            blocks = None
        elif blocks is not None:
            if line.startswith("  ") and len(line) > 2 and line[2] not in " ])":
                blocks[-1].append(line)
            elif line.startswith(("    ", "  ]", "  )")) and not line.lstrip().startswith("#dbg") and blocks[-1]:
                # The rest of a switch or invoke that is printed over several lines.
                blocks[-1][-1] += " " + line.strip()
            elif line and not line.startswith((" ", ";")) and blocks[-1]:
                blocks.append([])
        elif line.startswith("!"):
            if match := _LOCATION.match(line):
                lines.locations[match.group(1)] = (int(match.group(2)), int(match.group(3) or 0))
            elif match := _SUBPROGRAM.match(line):
                lines.subprograms[match.group(1)] = int(match.group(2))
            elif (match := _NODE.match(line)) and match.group(1) == match.group(2):
                lines.loop_starts[match.group(1)] = match.group(3)
    return lines


def _function(function: Any, lines: _Lines) -> IrFunction:
    printed = lines.instructions.get(function.name, [])
    blocks_of = list(function.blocks)
    block_index = {block: i for i, block in enumerate(blocks_of)}
    # A block without a name prints as "%N" in its own listing; its text is not needed, its position is.
    arguments = list(function.arguments)
    argument_index = {argument: i for i, argument in enumerate(arguments)}
    instructions_of = [list(block.instructions) for block in blocks_of]
    flat = [instruction for block in instructions_of for instruction in block]
    instruction_index = {instruction: i for i, instruction in enumerate(flat)}
    if [len(block) for block in printed] != [len(block) for block in instructions_of]:
        raise PipelineError(f"the printed IR of {function.name} does not match its structure", file=function.name)
    texts = [text for block in printed for text in block]

    instructions: list[Instruction] = []
    blocks: list[Block] = []
    loop_marks: dict[int, tuple[int, int]] = {}
    number = 0
    for b, members in enumerate(instructions_of):
        first = number
        successors: tuple[int, ...] = ()
        for value in members:
            text = texts[number]
            opcode = value.opcode
            operands = tuple(
                _operand(operand, instruction_index, argument_index, block_index) for operand in value.operands
            )
            if opcode in ("call", "invoke"):
                match = _CALLEE.search(text)
                callee = match.group(1).strip('"') if match else None
            else:
                callee = None
            attached = _ATTACHED.search(text)
            line, column = lines.locations.get(attached.group(1), (0, 0)) if attached else (0, 0)
            if opcode in ("br", "switch", "invoke", "indirectbr"):
                successors = tuple(dict.fromkeys(o.index for o in operands if o.kind == "block"))
                if (loop := _LOOP.search(text)) is not None:
                    loop_marks[b] = lines.locations.get(lines.loop_starts.get(loop.group(1), ""), (0, 0))
            instructions.append(
                Instruction(number, b, opcode, str(value.type), value.name, _bare(text), operands, callee, line, column)
            )
            number += 1
        blocks.append(Block(b, blocks_of[b].name, tuple(range(first, number)), successors))
    head = _ATTACHED_HEAD.search(lines.heads.get(function.name, ""))
    return IrFunction(
        name=function.name,
        line=lines.subprograms.get(head.group(1), 0) if head else 0,
        arguments=tuple(IrArgument(i, a.name, str(a.type)) for i, a in enumerate(arguments)),
        blocks=tuple(blocks),
        instructions=tuple(instructions),
        loops=tuple(natural_loops([block.successors for block in blocks], loop_marks)),
    )


_ATTACHED_HEAD = re.compile(r"!dbg (!\d+)")
_METADATA = re.compile(r"(, ![a-z][\w.]* !\d+)+$|,? #\d+(?=$|, !)")


def _bare(text: str) -> str:
    """The instruction as a person reads it: without metadata and attribute-group numbers."""
    return _METADATA.sub("", _METADATA.sub("", text)).strip()


def _operand(value: Any, instructions: dict[Any, int], arguments: dict[Any, int], blocks: dict[Any, int]) -> Operand:
    if value in instructions:
        return Operand("instruction", instructions[value], value.name, str(value.type))
    if value in arguments:
        return Operand("argument", arguments[value], value.name, str(value.type))
    kind = value.value_kind.name
    if kind == "basic_block":
        return Operand("block", blocks.get(value, -1), value.name, "label")
    if kind == "function":
        return Operand("function", -1, value.name, "ptr")
    if kind == "global_variable":
        return Operand("global", -1, value.name, "ptr")
    if kind == "metadata_as_value":
        return Operand("metadata", -1, "", "metadata")
    type_name = str(value.type)
    text = str(value)
    return Operand("constant", -1, text[len(type_name) + 1 :] if text.startswith(type_name + " ") else text, type_name)


def _dominators(successors: list[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    """Immediate dominators by Cooper, Harvey and Kennedy (2001), and the reverse postorder of the reachable blocks."""
    order: list[int] = []
    seen = {0}
    stack: list[tuple[int, Iterator[int]]] = [(0, iter(successors[0]))]
    while stack:
        node, rest = stack[-1]
        following = next((s for s in rest if s not in seen), None)
        if following is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(successors[following])))
    order.reverse()
    position = {node: i for i, node in enumerate(order)}
    predecessors: list[list[int]] = [[] for _ in successors]
    for node in order:
        for successor in successors[node]:
            predecessors[successor].append(node)
    immediate = [-1] * len(successors)
    immediate[0] = 0
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            chosen = -1
            for predecessor in predecessors[node]:
                if immediate[predecessor] == -1:
                    continue
                if chosen == -1:
                    chosen = predecessor
                    continue
                other = predecessor
                while chosen != other:
                    while position[chosen] > position[other]:
                        chosen = immediate[chosen]
                    while position[other] > position[chosen]:
                        other = immediate[other]
            if immediate[node] != chosen:
                immediate[node] = chosen
                changed = True
    return immediate, order


def natural_loops(successors: list[tuple[int, ...]], marks: dict[int, tuple[int, int]]) -> list[IrLoop]:
    """The natural loops of a control-flow graph, outer before inner, by position of their headers.

    ``successors[b]`` are the successors of block ``b``, block 0 is the entry; ``marks`` gives the source position that the
    terminator of a block carries for the loop it closes. Loops that share a header are one loop.
    """
    if not successors:
        return []
    immediate, order = _dominators(successors)
    reachable = set(order)
    # Dominance in constant time by intervals of a walk over the dominator tree.
    children: list[list[int]] = [[] for _ in successors]
    for node in order[1:]:
        children[immediate[node]].append(node)
    enter, leave, clock = {}, {}, 0
    walk: list[tuple[int, bool]] = [(0, False)]
    while walk:
        node, done = walk.pop()
        if done:
            leave[node] = clock
            continue
        enter[node] = clock = clock + 1
        walk.append((node, True))
        walk.extend((child, False) for child in reversed(children[node]))
    predecessors: list[list[int]] = [[] for _ in successors]
    latches: dict[int, list[int]] = {}
    for node in order:
        for successor in successors[node]:
            predecessors[successor].append(node)
            if enter[successor] <= enter[node] <= leave[successor]:
                latches.setdefault(successor, []).append(node)
    bodies: dict[int, frozenset[int]] = {}
    for header, ends in latches.items():
        body = {header}
        pending = [end for end in ends if end != header]
        while pending:
            node = pending.pop()
            if node not in body and node in reachable:
                body.add(node)
                pending.extend(predecessors[node])
        bodies[header] = frozenset(body)
    headers = sorted(bodies, key=lambda header: (-len(bodies[header]), header))
    place = {header: i for i, header in enumerate(sorted(headers))}
    parents: dict[int, int | None] = {}
    for header in headers:
        enclosing = [
            other for other in headers if other != header and header in bodies[other] and bodies[header] < bodies[other]
        ]
        parents[header] = min(enclosing, key=lambda other: len(bodies[other]), default=None)
    loops = []
    for header in sorted(headers):
        depth, above = 0, parents[header]
        while above is not None:
            depth, above = depth + 1, parents[above]
        line, column = next((marks[end] for end in sorted(latches[header]) if end in marks), (0, 0))
        parent = parents[header]
        loops.append(
            IrLoop(
                header,
                tuple(sorted(latches[header])),
                bodies[header],
                None if parent is None else place[parent],
                depth,
                line,
                column,
            )
        )
    return loops
