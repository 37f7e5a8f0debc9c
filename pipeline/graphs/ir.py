"""LLVM IR as values: functions, blocks, instructions, operands, calls and natural loops with their source lines.

Structure, types and operands come from llvmlite; llvmlite has no interface to metadata, so the debug location of an
instruction, the first location of a loop's ``!llvm.loop`` and the source name of a stack slot are read from the
printed module, which lists functions, blocks and instructions in the same order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import PipelineError
from pipeline.graphs.cfg import IrLoop, is_irreducible, natural_loops

PASSES = ("sroa", "simplifycfg", "instcombine", "loop-simplify", "lcssa")
"""What runs on the IR, in this order. sroa takes scalars out of memory; simplifycfg and instcombine remove what the
front end leaves (7,423 to about 3,500 instructions over the suite); loop-simplify gives each loop one header, one
latch and a preheader; lcssa gives values that leave a loop a node of their own. zig's own ``-O1`` pipeline is not used:
it turns loops into memset and distributes them, and then loops of the source are gone."""


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand of an instruction, by what it is.

    ``kind`` is ``instruction``, ``argument``, ``global``, ``function``, ``block``, ``constant`` or ``metadata``;
    ``index`` is the instruction's, argument's or block's number within the function, -1 for the others. ``text`` is the
    name without ``%`` or ``@``, or the constant as printed.
    """

    kind: str
    index: int
    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; ``index`` counts within the function, ``line`` and ``column`` are 0 where unknown.

    ``operands`` are in LLVM's order. ``incoming`` holds, for a phi, the block that each operand comes from.
    """

    index: int
    block: int
    opcode: str
    type: str
    name: str
    text: str
    operands: tuple[Operand, ...]
    incoming: tuple[int, ...]
    callee: str | None
    """Name of the function that a call or invoke names, None for a call through a pointer."""
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Block:
    """A basic block; ``instructions`` are indices within the function, ``successors`` block indices.

    The successors of a conditional branch are the taken one, then the other; of a switch the default, then the cases.
    """

    index: int
    name: str
    instructions: tuple[int, ...]
    successors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IrArgument:
    """A parameter of a function."""

    index: int
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class IrFunction:
    """A defined function.

    ``source_name`` is the name in the source (``name`` may be mangled), ``file`` the base name of the file it stands
    in. ``slots`` gives, per ``alloca`` that a source variable lives in, its instruction index, the variable's name and
    line.
    """

    name: str
    source_name: str
    file: str
    line: int
    type: str
    arguments: tuple[IrArgument, ...]
    blocks: tuple[Block, ...]
    instructions: tuple[Instruction, ...]
    loops: tuple[IrLoop, ...]
    slots: tuple[tuple[int, str, int], ...]
    irreducible: bool
    """True where a cycle is entered at several places, so that no natural loop stands for it."""
    repeats: frozenset[tuple[int, int]]
    """Line and column of each loop keyword that the front end made a back edge for, before any pass ran."""


@dataclass(frozen=True, slots=True)
class IrGlobal:
    """A global variable."""

    name: str
    type: str
    constant: bool


@dataclass(frozen=True, slots=True)
class IrModule:
    """All defined functions and globals, in the order of the module; ``structs`` maps a named type to its body."""

    functions: tuple[IrFunction, ...]
    globals: tuple[IrGlobal, ...]
    structs: dict[str, str]
    llvm_version: str


@dataclass(slots=True)
class _Printed:
    """One function's printed form."""

    head: str
    blocks: list[list[str]] = field(default_factory=lambda: [[]])
    slots: list[tuple[str, str]] = field(default_factory=list)
    """Printed pointer and id of the variable's metadata, for each declared variable."""


@dataclass(slots=True)
class _Lines:
    """The printed module, cut into what each instruction needs."""

    functions: list[_Printed] = field(default_factory=list)
    locations: dict[str, tuple[int, int]] = field(default_factory=dict)
    loop_starts: dict[str, str] = field(default_factory=dict)
    """Loop metadata id to the id of its first location."""
    subprograms: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """Id to name, line and the id of its file."""
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, tuple[str, int]] = field(default_factory=dict)
    structs: dict[str, str] = field(default_factory=dict)
    globals: list[IrGlobal] = field(default_factory=list)


_LOCATION = re.compile(r"!DILocation\(line: (\d+)(?:, column: (\d+))?")
_SUBPROGRAM = re.compile(r'!DISubprogram\(name: "((?:[^"\\]|\\.)*)".*?\bfile: (!\d+)(?:, line: (\d+))?')
_FILE = re.compile(r'!DIFile\(filename: "((?:[^"\\]|\\.)*)"')
_VARIABLE = re.compile(r'!DILocalVariable\(name: "((?:[^"\\]|\\.)*)".*?(?:\bline: (\d+))')
_NODE = re.compile(r"^(!\d+) = distinct !\{(!\d+), (!\d+)")
_DECLARE = re.compile(r"^\s+#dbg_declare\(ptr (%\S+), (!\d+),")
_STRUCT = re.compile(r"^(%\S+|%\"[^\"]*\") = type (.*)$")
_GLOBAL = re.compile(r'^@("(?:[^"\\]|\\.)*"|[-$._\w]+) = (.*?)\b(global|constant) (.*)$')
_ATTACHED = re.compile(r", !dbg (!\d+)")
_ATTACHED_HEAD = re.compile(r"!dbg (!\d+)")
_LOOP = re.compile(r", !llvm\.loop (!\d+)")
_RESULT = re.compile(r'^\s*(%"(?:[^"\\]|\\.)*"|%[-$._\w]+) = ')
_METADATA = re.compile(r"(?:, ![a-zA-Z][\w.]* !\d+|,? #\d+)+$")


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
    before = _marked_headers(text)
    lines = _cut(str(module))
    defined = [function for function in module.functions if not function.is_declaration]
    if len(defined) != len(lines.functions):
        raise PipelineError("the printed IR does not match its structure", file=file, fix="use llvmlite==0.47.0")
    constants: dict[Any, Operand] = {}
    functions = []
    for function, printed in zip(defined, lines.functions, strict=True):
        functions.append(_function(function, printed, lines, constants, before.get(function.name, {}), file))
        printed.blocks.clear()
    return IrModule(
        tuple(functions), tuple(lines.globals), lines.structs, ".".join(str(part) for part in llvm.llvm_version_info)
    )


_MARKED = re.compile(
    r"^define [^\n]*?@(?P<function>\"(?:[^\"\\]|\\.)*\"|[-$.\w]+)\("
    r"|^  br (?:i1 [^,]+, )?label %(?P<header>\"(?:[^\"\\]|\\.)*\"|[-$.\w]+)[^\n]*, !llvm\.loop (?P<loop>!\d+)"
    r"|^(?P<node>!\d+) = distinct !\{!\d+, (?P<start>!\d+)"
    r"|^(?P<place>!\d+) = !DILocation\(line: (?P<line>\d+)(?:, column: (?P<column>\d+))?",
    re.MULTILINE,
)


def _marked_headers(text: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Function to header block to the position of its loop's keyword, in a module that no pass has touched.

    A pass may drop the mark of a loop when it folds the latch away, but the header keeps its name.
    """
    marked: dict[str, dict[str, str]] = {}
    starts: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}
    current: dict[str, str] = {}
    for match in _MARKED.finditer(text):
        match match.lastgroup:
            case "function":
                current = marked.setdefault(_unquoted(match["function"]), {})
            case "loop":
                current[_unquoted(match["header"])] = match["loop"]
            case "start":
                starts[match["node"]] = match["start"]
            case _:
                places[match["place"]] = (int(match["line"]), int(match["column"] or 0))
    return {
        function: {header: places.get(starts.get(loop, ""), (0, 0)) for header, loop in headers.items()}
        for function, headers in marked.items()
        if headers
    }


def _transform(llvm: Any, module: Any) -> None:
    llvm.initialize_all_targets()
    machine = llvm.Target.from_triple("x86_64-unknown-linux-musl").create_target_machine(cpu="x86-64", opt=1)
    passes = llvm.create_new_module_pass_manager()
    if any(b"alwaysinline" in attribute for function in module.functions for attribute in function.attributes):
        # Operators of the vendor's numbers: as calls they would keep counters in memory.
        passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1)))


def _cut(text: str) -> _Lines:
    lines = _Lines()
    blocks: list[list[str]] | None = None
    for line in text.split("\n"):
        if blocks is not None:
            if line == "}":
                blocks = None
            elif line.startswith("  ") and line[2:3] not in (" ", "]", ")", ""):
                blocks[-1].append(line)
            elif line.startswith("  "):
                if not line.startswith("    #dbg"):
                    # The rest of a switch, invoke or landingpad that is printed over several lines.
                    blocks[-1][-1] += " " + line.strip()
                elif match := _DECLARE.match(line):
                    lines.functions[-1].slots.append((match[1], match[2]))
            elif line and line[0] != ";" and blocks[-1]:
                blocks.append([])
        elif line.startswith("!"):
            _metadata(line, lines)
        elif line.startswith("define "):
            lines.functions.append(_Printed(line))
            blocks = lines.functions[-1].blocks
        elif line.startswith("%"):
            if match := _STRUCT.match(line):
                lines.structs[match[1]] = match[2]
        elif line.startswith("@") and (match := _GLOBAL.match(line)):
            kind = _first_type(match[4])
            lines.globals.append(IrGlobal(_unquoted(match[1]), kind, match[3] == "constant"))
    return lines


def _metadata(line: str, lines: _Lines) -> None:
    name, _, body = line.partition(" = ")
    if match := _LOCATION.search(body):
        lines.locations[name] = (int(match[1]), int(match[2] or 0))
    elif (match := _NODE.match(line)) and match[1] == match[2]:
        lines.loop_starts[match[1]] = match[3]
    elif match := _VARIABLE.search(body):
        lines.variables[name] = (match[1], int(match[2]))
    elif match := _SUBPROGRAM.search(body):
        lines.subprograms[name] = (match[1], int(match[3] or 0), match[2])
    elif match := _FILE.search(body):
        lines.files[name] = re.split(r"[/\\]", match[1])[-1]


def _first_type(text: str) -> str:
    """The type that a text begins with, brackets balanced."""
    depth = 0
    for at, letter in enumerate(text):
        if letter in "[{<(":
            depth += 1
        elif letter in "]}>)":
            depth -= 1
        elif letter in " ," and depth == 0:
            return text[:at]
    return text


def _unquoted(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name


def _function(
    function: Any,
    printed: _Printed,
    lines: _Lines,
    constants: dict[Any, Operand],
    before: dict[str, tuple[int, int]],
    file: str,
) -> IrFunction:
    blocks_of = list(function.blocks)
    members_of = [list(block.instructions) for block in blocks_of]
    if [len(block) for block in printed.blocks] != [len(block) for block in members_of]:
        raise PipelineError(
            f"the printed IR of {function.name} does not match its structure", file=file, fix="use llvmlite==0.47.0"
        )
    arguments = tuple(IrArgument(i, a.name, str(a.type)) for i, a in enumerate(function.arguments))
    known: dict[Any, Operand] = {}
    for argument, value in zip(arguments, function.arguments, strict=True):
        known[value] = Operand("argument", argument.index, argument.name, argument.type)
    for i, value in enumerate(blocks_of):
        known[value] = Operand("block", i, value.name or str(i), "label")
    # Results first, because a phi may use what comes later.
    numbers: dict[str, int] = {}
    flat: list[tuple[Any, str]] = []
    for members, texts in zip(members_of, printed.blocks, strict=True):
        for value, text in zip(members, texts, strict=True):
            match = _RESULT.match(text)
            name = match[1] if match else ""
            if name:
                numbers[name] = len(flat)
            known[value] = Operand("instruction", len(flat), _unquoted(name[1:]), str(value.type))
            flat.append((value, text))

    instructions: list[Instruction] = []
    blocks: list[Block] = []
    marks: dict[int, tuple[int, int]] = {}
    number = 0
    for b, members in enumerate(members_of):
        first = number
        successors: tuple[int, ...] = ()
        for value in members:
            text = flat[number][1]
            opcode = value.opcode
            operands = tuple(_operand(operand, known, constants) for operand in value.operands)
            callee = None
            incoming: tuple[int, ...] = ()
            if opcode in ("call", "invoke", "callbr") and operands and operands[-1].kind == "function":
                callee = operands[-1].text
            elif opcode == "phi":
                incoming = tuple(known[block].index for block in value.incoming_blocks)
            attached = _ATTACHED.search(text)
            line, column = lines.locations.get(attached[1], (0, 0)) if attached else (0, 0)
            targets = [operand.index for operand in operands if operand.kind == "block"]
            if targets:
                # LLVM keeps the operands of a conditional branch as condition, false target, true target.
                if opcode == "br":
                    targets.reverse()
                successors = tuple(dict.fromkeys(targets))
                if (loop := _LOOP.search(text)) is not None:
                    marks[b] = lines.locations.get(lines.loop_starts.get(loop[1], ""), (0, 0))
            instructions.append(
                Instruction(
                    number,
                    b,
                    opcode,
                    known[value].type,
                    known[value].text,
                    _METADATA.sub("", text).strip(),
                    operands,
                    incoming,
                    callee,
                    line,
                    column,
                )
            )
            number += 1
        blocks.append(Block(b, blocks_of[b].name or str(b), tuple(range(first, number)), successors))
    head = _ATTACHED_HEAD.search(printed.head)
    source_name, line, file_id = lines.subprograms.get(head[1] if head else "", (function.name, 0, ""))
    slots = tuple(
        (numbers[pointer], *lines.variables[variable])
        for pointer, variable in printed.slots
        if pointer in numbers and variable in lines.variables
    )
    graph = [block.successors for block in blocks]
    named = {block.index: before[block.name] for block in blocks if block.name in before}
    return IrFunction(
        name=function.name,
        source_name=source_name,
        file=lines.files.get(file_id, ""),
        line=line,
        type=_first_type(str(function.global_value_type)),
        arguments=arguments,
        blocks=tuple(blocks),
        instructions=tuple(instructions),
        loops=tuple(natural_loops(graph, marks, named)),
        slots=slots,
        irreducible=is_irreducible(graph),
        repeats=frozenset(before.values()),
    )


_KINDS = {"function": "function", "global_variable": "global", "global_alias": "global", "basic_block": "block"}


def _operand(value: Any, known: dict[Any, Operand], constants: dict[Any, Operand]) -> Operand:
    found = known.get(value) or constants.get(value)
    if found is not None:
        return found
    kind = value.value_kind.name
    if kind in _KINDS:
        operand = Operand(_KINDS[kind], -1, value.name, "ptr")
    elif kind == "metadata_as_value":
        operand = Operand("metadata", -1, "", "metadata")
    else:
        type_name = str(value.type)
        operand = Operand("constant", -1, str(value).removeprefix(type_name + " "), type_name)
    constants[value] = operand
    return operand
