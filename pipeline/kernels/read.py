"""From C text to a :class:`~pipeline.kernels.model.Kernel`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pycparser import c_ast, c_generator

from pipeline.errors import PipelineError
from pipeline.kernels.analysis import Analysis
from pipeline.kernels.ast_hash import ast_hash
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Argument, Array, Function, Kernel, Loop, Option, Site
from pipeline.kernels.own_pragmas import (
    OwnPragma,
    PragmaQuestion,
    directive_pragmas,
    not_in_the_tree,
    own_pragmas,
    placed_pragmas,
)
from pipeline.kernels.pragmas import read_pragma
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo, Symbol
from pipeline.kernels.tops import top_function
from pipeline.kernels.unsynthesizable import unsynthesizable
from pipeline.program import FileAST, Translation, deep_recursion, no_collection, read_translation
from pipeline.program.cpp.read import read_cpp_translation
from pipeline.program.included import includer
from pipeline.program.link import merged
from pipeline.program.names import missing_function
from pipeline.program.translation import LIBRARY
from pipeline.project import NO_FLAGS, Flags, Project
from pipeline.project.cpp import CPP_SUFFIXES, filled_in_cpp
from pipeline.project.cpp_values import CppQuestion, values_in_cpp
from pipeline.project.preprocess import filled_in
from pipeline.project.source_text import plain_lines, read_source
from pipeline.terms import Dialect, SiteKind

_PLAIN = {
    SiteKind.PIPELINE: "HLS pipeline auto{{__PIPE__{}}}",
    SiteKind.PARALLEL: "HLS unroll factor = auto{{__PARA__{}}}",
}
"""Placeholders as published label sets of plain Vitis HLS have them, named after the loop's position."""
_NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,99}")


def check_name(name: str, file: str | None = None) -> str:
    """The name itself, if it may become part of a path: letters, digits and ``_ . + -``, not first ``.`` or ``-``."""
    if not _NAME.fullmatch(name):
        raise PipelineError(
            f"{name[:100]!r} cannot be a kernel's name",
            file=file,
            fix="use 1 to 100 letters, digits and _ . + -, the first a letter, digit, _ or +",
        )
    return name


def load_kernel(
    path: str | Path,
    top: str | None = None,
    name: str | None = None,
    flags: Flags = NO_FLAGS,
    further: Sequence[str] = (),
    project: Project | None = None,
) -> Kernel:
    """The kernel in a C file, read with the compiler's ``flags``. Headers of its own are looked for beside it.

    ``further`` are files that are compiled beside it; a ``project`` brings all that is not given. Raises PipelineError,
    with file and line where there is one, for what is not a readable C kernel.
    """
    path = Path(path)
    return read_kernel(
        read_source(path), file=str(path), name=name, top=top, flags=flags, further=further, whole=True, project=project
    )


def read_kernel(
    source: str,
    *,
    file: str,
    name: str | None = None,
    top: str | None = None,
    include_folders: Sequence[Path] = (),
    flags: Flags = NO_FLAGS,
    further: Sequence[str] = (),
    whole: bool = False,
    project: Project | None = None,
) -> Kernel:
    """The kernel in C text.

    ``file`` names the text in messages and says where headers in quotes lie; ``name`` defaults to its stem.
    ``flags`` are the compiler's, ``include_folders`` are looked through after theirs, ``further`` are paths of files
    that are compiled beside the text. ``top`` is the top function (``tops.py`` has the rule). ``whole`` refuses a
    kernel that calls what is nowhere. A ``project`` brings name, top, flags and further files where they are not given,
    and what else the kernel is to know of it. Raises PipelineError with file, line and reason for what cannot be read.
    """
    stem = Path(file).name.rsplit(".", 1)[0] if Path(file).name else "kernel"
    given = project or Project(file)
    name = check_name(name or given.name or stem, file)
    flags = Flags((flags or given.flags).options + tuple(("-I", str(folder)) for folder in include_folders))
    further = tuple(further) or given.further
    project = replace(given, file=file, flags=flags, further=further, top=top or given.top)
    with deep_recursion(), no_collection():
        try:
            alone = not further
            parts = [_translation(source, file, flags, alone)]
            parts += [_translation(read_source(Path(other)), other, flags, alone) for other in further]
            return _read(merged(parts), source, name, project, whole)
        except RecursionError:
            raise PipelineError(
                "expressions, statements or initialisers are nested too deeply", file=file, fix="split them up"
            ) from None


def _translation(source: str, file: str, flags: Flags, alone: bool) -> Translation:
    if not source.strip():
        raise PipelineError("the file is empty", file=file, fix="give a C function with loops")
    if "\0" in source:
        raise PipelineError("the text holds a NUL character", file=file, fix="give C source text")
    if file.lower().endswith(CPP_SUFFIXES):
        return read_cpp_translation(source, file=file, flags=flags, alone=alone)
    try:
        return read_translation(source, file=file, flags=flags)
    except PipelineError as error:
        whole = includer(Path(file)) if error.file == file else None
        if whole is None:
            raise
        # What is missing here stands in the file that this one is a part of.
        raise PipelineError(
            error.problem, file=file, line=error.line, column=error.column, fix=f"{whole} includes this file: name that"
        ) from None


def _read(found: Translation, source: str, name: str, project: Project, whole: bool) -> Kernel:
    ast, file = found.ast, project.file
    program = Program(FileAST([*found.types, *ast.ext], ast.layouts), lambda where: where == LIBRARY, file)
    program.close()
    chosen = top_function(program, ast, project, found.whole)
    if found.refused:
        if (refusal := _refusal(program, chosen, found.refused)) is not None:
            raise refusal
        ast = FileAST(
            [node for node in ast.ext if not (isinstance(node, c_ast.FuncDef) and node.decl.name in found.refused)],
            ast.layouts,
        )
        program = Program(FileAST([*found.types, *ast.ext], ast.layouts), lambda where: where == LIBRARY, file)
        program.close()
    missing = missing_function(ast, chosen, found.declared) if whole else None
    refused = missing or (unsynthesizable(program, chosen) if whole else None)
    if refused is not None:
        raise refused
    order = [chosen, *(function for function in program.functions if function != chosen)]
    analysis = Analysis(program, ast, chosen)
    loops, ids = _loops(analysis.records, file)
    sites = _sites(analysis.records, ids, file, {loop.id: loop.file_index for loop in loops})
    options = _options(ast, {site.name for site in sites}, file)
    ways = analysis.directions
    pragmas = _own_pragmas(found, analysis, source, project)
    return Kernel(
        name=name,
        top=chosen,
        file=file,
        source=source,
        ast_hash=ast_hash(ast, chosen, project.flags.layout, not_in_the_tree(pragmas)),
        functions=tuple(_function(program.functions[function], ways) for function in order),
        loops=loops,
        sites=sites,
        arrays=_arrays(program, order, ways),
        ast=ast,
        options=options,
        pragmas=pragmas,
        project=project,
        includes=found.includes,
        texts=found.texts,
        analysis=analysis,
        linkage=found.linkage,
    )


def _refusal(program: Program, top: str, refused: Mapping[str, PipelineError]) -> PipelineError | None:
    """Why the top function cannot be read, or one that it calls."""
    todo, seen = [top], {top}
    while todo:
        name = todo.pop()
        if name in refused:
            return refused[name]
        following = [callee for callee in program.functions[name].calls if callee in program.functions]
        todo += [callee for callee in following if callee not in seen]
        seen.update(following)
    return None


def _loops(records: dict[str, list[LoopRecord]], file: str) -> tuple[tuple[Loop, ...], dict[int, str]]:
    ids: dict[int, str] = {}
    loops: list[Loop] = []
    places = _for_places(records)
    for function, found in records.items():
        for record in found:
            ids[id(record)] = loop_id = f"{function}/loop_{record.index}"
            is_for = record.keyword == "for"
            coord = record.node.coord
            loops.append(
                Loop(
                    id=loop_id,
                    function=function,
                    index=record.index,
                    file_index=places[id(record)] if is_for else -1,
                    keyword=record.keyword,
                    label=record.label,
                    parent=ids[id(record.parent)] if record.parent else None,
                    depth=record.depth,
                    variable=record.symbol.name if record.symbol else None,
                    lower=record.lower,
                    upper=record.upper,
                    inclusive=record.inclusive,
                    step=record.step,
                    trip_count=record.trip,
                    trip_min=record.trip_min,
                    trip_max=record.trip_max,
                    line=coord.line,
                    column=coord.column or 1,
                    innermost=record.innermost,
                    file=coord.file if coord.file != file else None,
                )
            )
    return tuple(loops), ids


def _for_places(records: dict[str, list[LoopRecord]]) -> dict[int, int]:
    """The position of each ``for`` loop among those of the text, which has one for all instances of a template."""
    ordered = [record for found in records.values() for record in found if record.keyword == "for"]
    if not any(record.node.coord.file.lower().endswith(CPP_SUFFIXES) for record in ordered):
        return {id(record): number for number, record in enumerate(ordered)}
    files = list(dict.fromkeys(record.node.coord.file for record in ordered))
    where = {
        id(record): (files.index(coord.file), coord.line, coord.column or 1)
        for record in ordered
        if (coord := record.node.coord)
    }
    numbers = {place: number for number, place in enumerate(sorted(set(where.values())))}
    return {name: numbers[place] for name, place in where.items()}


def _sites(
    records: dict[str, list[LoopRecord]], ids: dict[int, str], file: str, positions: dict[str, int]
) -> tuple[Site, ...]:
    sites: dict[str, Site] = {}
    places: dict[str, tuple[str, int, int]] = {}
    taken: dict[tuple[str, str], str] = {}
    for found in records.values():
        for record in found:
            loop = ids[id(record)]
            for pragma in record.pragmas:
                if pragma.placeholder is None or pragma.kind is None:
                    continue
                name = pragma.placeholder
                problem = None
                place = (pragma.file, pragma.line, pragma.column)
                if places.setdefault(name, place) == place and name in sites:
                    continue  # another instance of the same template
                if name in sites:
                    problem = f"placeholder {name} is used twice, first on line {sites[name].line}"
                elif (loop, pragma.kind) in taken:
                    problem = f"loop has two {pragma.kind} placeholders, {taken[loop, pragma.kind]} and {name}"
                if problem:
                    raise PipelineError(
                        problem, file=pragma.file, line=pragma.line, column=pragma.column, fix="keep one"
                    )
                taken[loop, pragma.kind] = name
                sites[name] = Site(
                    name=name,
                    kind=pragma.kind,
                    loop=loop,
                    reduction=pragma.reduction,
                    line=pragma.line,
                    dialect=pragma.dialect or Dialect.MERLIN,
                    proposed=False,
                    file=pragma.file if pragma.file != file else None,
                    plain=pragma.text == _PLAIN.get(pragma.kind, "").format(f"L{positions[loop]}"),
                )
    return tuple(sites[name] for name in sorted(sites))


def _options(ast: c_ast.FileAST, used: set[str], file: str) -> tuple[Option, ...]:
    """Placeholders of HLS directives that are no loop's; refuses any other that is not in ``used``."""
    found: dict[str, Option] = {}
    for node, function, _ in placed_pragmas(ast):
        pragma = read_pragma(node, file)
        problem, fix = None, "keep one, in a function"
        for name in pragma.options:
            if name in used or name in found:
                problem = f"placeholder {name} is used twice"
            elif function is None:
                problem = f"placeholder {name} stands outside functions"
            else:
                found[name] = Option(name, pragma.directive, function, pragma.line)
        if problem is None and pragma.placeholder and pragma.placeholder not in used:
            problem = f"placeholder {pragma.placeholder} stands on no loop"
            fix = "put the pragma on the line before a loop"
        if problem:
            raise PipelineError(problem, file=pragma.file, line=pragma.line, column=pragma.column, fix=fix)
    return tuple(found[name] for name in sorted(found))


def _own_pragmas(found: Translation, analysis: Analysis, source: str, project: Project) -> tuple[OwnPragma, ...]:
    """What the source's own pragmas and the project's directives say."""

    def expand(texts: Sequence[str], file: str) -> Sequence[str]:
        # Macros are those of the file that is compiled; a header's are known to all that include it.
        unit = file if file in project.further else project.file
        text = source if unit == project.file else found.texts[unit]
        fill = filled_in_cpp if unit.lower().endswith(CPP_SUFFIXES) else filled_in
        return fill(texts, text, file=unit, flags=project.flags)

    program, records, file = analysis.program, analysis.records, project.file
    units = (project.file, *project.further)
    plain = not any(unit.lower().endswith(CPP_SUFFIXES) for unit in units)
    own = own_pragmas(
        program, found.ast, records, file, expand,
        ask=None if plain else partial(_asked_of_compiler, found=found, source=source, project=project),
        names=found.names, meanings=found.meanings,
        text_of=lambda name: source if name == project.file else found.texts.get(name),
    )  # fmt: skip
    return own + directive_pragmas(project.directives, program, records, file, expand, found.meanings)


def _asked_of_compiler(
    asked: Sequence[PragmaQuestion], found: Translation, source: str, project: Project
) -> list[tuple[int | None, str | None]]:
    """What the compiler makes of expressions in pragmas of C++, each put in its pragma's place."""
    answers: list[tuple[int | None, str | None]] = [(None, None)] * len(asked)
    texts = {**found.texts, project.file: source}
    units: dict[str, list[tuple[int, CppQuestion]]] = {}
    for number, one in enumerate(asked):
        name = one.pragma.file
        unit = name if name in project.further else project.file
        if name in texts and unit.lower().endswith(CPP_SUFFIXES):
            at, end = _line_of(texts[name], one.pragma.line)
            if not plain_lines(texts[name]).encode()[at:end].lstrip().startswith(b"#"):
                continue  # _Pragma: something else may stand in its line
            units.setdefault(unit, []).append((number, CppQuestion(name, at, end, one.text, one.number)))
    for unit, questions in units.items():
        said = values_in_cpp([question for _, question in questions], texts, file=unit, flags=project.flags)
        for (number, _), answer in zip(questions, said, strict=True):
            function = asked[number].pragma.function or ""
            answers[number] = answer.of(found.linkage.get(function, function)), answer.undeclared
    return answers


def _line_of(text: str, line: int) -> tuple[int, int]:
    """The offsets in bytes of a line and those that it goes on in, without the last end of line."""
    rows = plain_lines(text).encode().split(b"\n")
    at = sum(len(row) + 1 for row in rows[: line - 1])
    end, last = at, line - 1
    while rows[last].endswith(b"\\") and last + 1 < len(rows):
        end += len(rows[last]) + 1
        last += 1
    return at, end + len(rows[last])


def _function(info: FunctionInfo, ways: dict[Symbol, str]) -> Function:
    generator = c_generator.CGenerator()
    return Function(
        name=info.name,
        returns=generator.visit(info.node.decl.type.type).replace(info.name, "").strip() or "void",
        arguments=tuple(
            Argument(symbol.name, _spelled(symbol), symbol.ctype.dims, ways.get(symbol, "unused"))
            for symbol in info.arguments
        ),
        calls=tuple(info.calls),
        line=info.node.decl.coord.line if info.node.decl.coord else 1,
    )


def _spelled(symbol: Symbol) -> str:
    return symbol.ctype.base.name if symbol.ctype.dims else symbol.ctype.name


def _arrays(program: Program, order: Sequence[str], ways: dict[Symbol, str]) -> tuple[Array, ...]:
    arrays: list[Array] = []

    def add(symbol: Symbol, direction: str) -> None:
        if symbol.ctype.kind in ("array", "pointer") and symbol.ctype.base.kind != "function":
            base, dims = symbol.ctype.base, symbol.ctype.dims
            arrays.append(
                Array(symbol.name, symbol.function, base.name, base.bits, dims, symbol.role, direction, symbol.line)
            )

    for symbol in program.globals:
        add(symbol, ways.get(symbol, "unused"))
    for function in order:
        info = program.functions[function]
        for symbol in info.arguments:
            add(symbol, ways.get(symbol, "unused"))
        for symbol in info.locals:
            if symbol.ctype.kind == "array":
                add(symbol, "local")
    return tuple(arrays)
