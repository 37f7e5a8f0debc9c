"""A kernel as the IR alone shows it: for C++, which the C parser cannot read.

Loops come from the IR, their keywords from the source at the loops' positions, sites from pragma lines that stand
before a loop, arrays from what the IR's pointers are used for. What only a syntax tree could say (lower and upper bound
as text, dimensions of an argument) is None.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.graphs.induction import Analysis
from pipeline.graphs.ir import IrFunction, IrModule
from pipeline.graphs.layout import Layout
from pipeline.kernels.model import Argument, Array, Function, Kernel, Loop, Site, SiteKind
from pipeline.project.ir import STEM

CPP_SUFFIXES = (".cpp", ".cc", ".cxx", ".c++")

_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+ACCEL[ \t]+(PIPELINE|PARALLEL|TILE)\b(.*)$", re.IGNORECASE)
_HLS = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+(PIPELINE|UNROLL)\b(.*)$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"auto\{(\w+)\}")
_REDUCTION = re.compile(r"\breduction(?:\s*=\s*(\w*))?", re.IGNORECASE)
_TOP = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+ACCEL[ \t]+kernel\b", re.IGNORECASE)
_LABEL = re.compile(r"(\w+)\s*:(?!:)\s*$")
_COUNTER = re.compile(r"\.\d+$")


def kernel_from_ir(
    source: str, module: IrModule, *, file: str, top: str | None = None, name: str | None = None
) -> Kernel:
    """The kernel that a module shows, with the source for keywords, labels and pragma lines; ``ast`` is None.

    Only functions of the file itself count, not those of its headers. ``top`` may be mangled or not; without it, it is
    the function after ``#pragma ACCEL kernel``, else the one that no other calls, else the last one. Raises
    PipelineError where there is no function, where ``top`` is not there, or where a site has no loop after it.
    """
    functions = [f for f in module.functions if f.file.rsplit(".", 1)[0] == STEM]
    if not functions:
        raise PipelineError("the file defines no function", file=file, fix="give a file with a kernel function")
    names = [f.source_name for f in functions]
    key = {f.name: f.source_name if names.count(f.source_name) == 1 else f.name for f in functions}
    lines = source.split("\n")
    chosen = _top(functions, lines, file, top)
    loops = _loops(functions, key, lines, Layout(module.structs))
    return Kernel(
        name=name or Path(file).name.rsplit(".", 1)[0] or "kernel",
        top=key[chosen.name],
        file=file,
        source=source,
        ast_hash=hashlib.sha256("\n".join(line.strip() for line in lines if line.strip()).encode()).hexdigest(),
        functions=tuple(_signature(f, key) for f in sorted(functions, key=lambda f: (f is not chosen, f.line, f.name))),
        loops=loops,
        sites=_sites(lines, loops, file),
        arrays=_arrays(functions, key, module),
        ast=None,
    )


def _top(functions: list[IrFunction], lines: list[str], file: str, top: str | None) -> IrFunction:
    if top is not None:
        for function in functions:
            if top in (function.name, function.source_name):
                return function
        raise PipelineError(
            f"there is no function {top}", file=file, fix=f"use one of {', '.join(f.source_name for f in functions)}"
        )
    marked = next((number for number, line in enumerate(lines, 1) if _TOP.match(line)), None)
    if marked is not None:
        after = [function for function in functions if function.line > marked]
        if after:
            return min(after, key=lambda function: function.line)
    called = {i.callee for f in functions for i in f.instructions if i.callee and i.callee != f.name}
    roots = [function for function in functions if function.name not in called]
    return max(roots or functions, key=lambda function: function.line)


def _signature(function: IrFunction, key: dict[str, str]) -> Function:
    calls = [i.callee for i in function.instructions if i.callee and not i.callee.startswith("llvm.")]
    return Function(
        name=key[function.name],
        returns=function.type,
        arguments=tuple(
            Argument(a.name, a.type, (None,) if a.type.startswith("ptr") else (), "inout" if a.type == "ptr" else "in")
            for a in function.arguments
        ),
        calls=tuple(dict.fromkeys(key.get(callee, callee) for callee in calls)),
        line=function.line,
    )


def _loops(functions: list[IrFunction], key: dict[str, str], lines: list[str], layout: Layout) -> tuple[Loop, ...]:
    """Loops that stand at a loop keyword, in source order; those that a goto makes are left to the graph."""
    places: list[tuple[int, int, str, IrFunction, int]] = []
    for function in functions:
        for index, ir_loop in enumerate(function.loops):
            keyword = _keyword(lines, ir_loop.line, ir_loop.column)
            if keyword:
                places.append((ir_loop.line, ir_loop.column, keyword, function, index))
    places.sort(key=lambda place: (place[0], place[1], place[3].name))
    counts: dict[str, int] = {}
    ids: dict[tuple[str, int], str] = {}
    for _, _, _, function, index in places:
        name = key[function.name]
        ids[name, index] = f"{name}/loop_{counts.get(name, 0)}"
        counts[name] = counts.get(name, 0) + 1
    analyses = {function.name: Analysis(function, layout) for function in functions}
    positions = sorted({(line, column) for line, column, keyword, _, _ in places if keyword == "for"})
    loops = []
    for line, column, keyword, function, index in places:
        name, ir_loop = key[function.name], function.loops[index]
        trip = analyses[function.name].trip_at(index, keyword)
        parents = []
        parent = ir_loop.parent
        while parent is not None:
            if (name, parent) in ids:
                parents.append(ids[name, parent])
            parent = function.loops[parent].parent
        counter = analyses[function.name].counter(index)
        label = _LABEL.search(lines[line - 1][: column - 1]) or (
            _LABEL.search(lines[line - 2].strip()) if line > 1 and not lines[line - 1][: column - 1].strip() else None
        )
        loop_id = ids[name, index]
        loops.append(
            Loop(
                id=loop_id,
                function=name,
                index=int(loop_id.rsplit("_", 1)[1]),
                file_index=positions.index((line, column)) if keyword == "for" else -1,
                keyword=keyword,
                label=label[1] if label else None,
                parent=parents[0] if parents else None,
                depth=len(parents),
                variable=_COUNTER.sub("", function.instructions[counter[0]].name) if counter else None,
                lower=None,
                upper=None,
                inclusive=False,
                step=counter[1].step if counter else None,
                trip_count=trip.count,
                trip_min=trip.least,
                trip_max=trip.most,
                line=line,
                column=column,
                innermost=not any(other.parent == index for other in function.loops),
            )
        )
    return tuple(loops)


def _keyword(lines: list[str], line: int, column: int) -> str | None:
    if not 0 < line <= len(lines) or column < 1:
        return None
    # Columns count bytes.
    match = re.match(rb"(for|while|do)\b", lines[line - 1].encode()[column - 1 :])
    return match[1].decode() if match else None


def _sites(lines: list[str], loops: tuple[Loop, ...], file: str) -> tuple[Site, ...]:
    sites: dict[str, Site] = {}
    for number, line in enumerate(lines, 1):
        accel, hls = _PRAGMA.match(line), _HLS.match(line)
        match = accel or hls
        placeholder = _PLACEHOLDER.search(match[2]) if match else None
        if match is None or placeholder is None:
            continue
        # A Merlin pragma stands before its loop, a pragma of the HLS tool inside it.
        if accel:
            loop = min((x for x in loops if x.line > number), key=lambda x: (x.line, x.column), default=None)
        else:
            loop = max((x for x in loops if x.line < number), key=lambda x: (x.line, x.column), default=None)
        name = placeholder[1]
        if loop is None or name in sites:
            problem = f"the site {name} stands at no loop" if loop is None else f"the site {name} stands twice"
            raise PipelineError(problem, file=file, line=number, fix="put one pragma per site, before a loop")
        word = match[1].upper()
        reduction = _REDUCTION.search(match[2]) if word == "PARALLEL" else None
        kind = SiteKind.PARALLEL if word == "UNROLL" else SiteKind(word)
        sites[name] = Site(
            name,
            kind,
            loop.id,
            (reduction[1] or "") if reduction else None,
            number,
            "merlin" if accel else "hls",
            False,
        )
    return tuple(sites[name] for name in sorted(sites))


def _arrays(functions: list[IrFunction], key: dict[str, str], module: IrModule) -> tuple[Array, ...]:
    layout = Layout(module.structs)
    arrays: list[Array] = []
    for variable in module.globals:
        if variable.name.startswith("."):
            continue
        element, dims = _dims(variable.type, layout)
        if dims:
            direction = "in" if variable.constant else "inout"
            arrays.append(Array(variable.name, None, element, layout.bits(element), dims, "global", direction, 0))
    for function in functions:
        analysis = Analysis(function, layout)
        uses: dict[int, tuple[str, set[str]]] = {}
        for instruction in function.instructions:
            if instruction.opcode in ("call", "invoke"):
                for operand in instruction.operands:
                    if operand.kind == "argument" and operand.type == "ptr":
                        uses.setdefault(operand.index, ("?", set()))[1].update(("load", "store"))
            if instruction.opcode not in ("load", "store"):
                continue
            store = instruction.opcode == "store"
            target = analysis.target(instruction.operands[int(store)])
            if target is not None and target.base[0] == "argument":
                kind = instruction.operands[0].type if store else instruction.type
                argument_index = int(target.base[1])
                modes = uses.get(argument_index, ("?", set()))[1]
                uses[argument_index] = (kind, modes | {instruction.opcode})
        for argument in function.arguments:
            if argument.index in uses:
                kind, modes = uses[argument.index]
                direction = "inout" if len(modes) == 2 else "in" if "load" in modes else "out"
                arrays.append(
                    Array(
                        argument.name,
                        key[function.name],
                        kind,
                        layout.bits(kind),
                        (None,),
                        "argument",
                        direction,
                        function.line,
                    )
                )
        for index, name, line in function.slots:
            match = re.search(r"= alloca (.*?), align", function.instructions[index].text)
            element, dims = _dims(match[1], layout) if match else ("", ())
            if dims:
                bits = layout.bits(element)
                arrays.append(Array(name, key[function.name], element, bits, dims, "local", "local", line))
    return tuple(arrays)


def _dims(kind: str, layout: Layout) -> tuple[str, tuple[int | None, ...]]:
    dims: list[int | None] = []
    while kind.startswith("[") and (inner := layout.element(kind)) is not None:
        kind = inner[0]
        dims.append(inner[1])
    return kind, tuple(dims)
