"""From C text to a :class:`~pipeline.kernels.model.Kernel`."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pycparser import c_ast, c_generator, c_parser

from pipeline.errors import PipelineError
from pipeline.kernels.analysis import Analysis
from pipeline.kernels.ast_hash import ast_hash
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Argument, Array, Function, Kernel, Loop, Option, Site
from pipeline.kernels.pragmas import read_pragma
from pipeline.kernels.preprocess import MAX_SOURCE_BYTES, decode, preprocess, system_header_folder
from pipeline.kernels.symbols import FunctionInfo, Program, Symbol

MAX_DEPTH = 500
"""Syntax trees nested deeper than this are refused, so that code walking them may recurse."""
_RECURSION_LIMIT = 20_000

_NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,99}")
_PARSE_ERROR = re.compile(r"^(?P<file>.*?):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<text>.*)$", re.DOTALL)
_CPP_SIGNS = [
    (re.compile(sign, re.MULTILINE), what)
    for sign, what in (
        (r"^\s*template\s*<", "a template"),
        (r"^\s*(?:class\s+\w+\s*[:{]|namespace\b|using\s+(?:namespace\b|\w+\s*=))", "a C++ declaration"),
        (r"\b(?:ap_u?int|ap_u?fixed|hls::stream|std::\w+)\s*<", "a C++ template type"),
        (r"\b\w+\s*::\s*\w+", "a C++ scope (::)"),
        (r"[(,]\s*(?:const\s+)?[A-Za-z_]\w*(?:\s+[A-Za-z_]\w*)?\s*&\s*[A-Za-z_]\w*\s*[,)\[]", "a C++ reference"),
        (r"^\s*extern\s+\"C", 'extern "C"'),
    )
]


def check_name(name: str, file: str | None = None) -> str:
    """The name itself, if it may become part of a path: letters, digits and ``_ . + -``, not first ``.`` or ``-``."""
    if not _NAME.fullmatch(name):
        raise PipelineError(
            f"{name[:100]!r} cannot be a kernel's name",
            file=file,
            fix="use 1 to 100 letters, digits and _ . + -, the first a letter, digit, _ or +",
        )
    return name


def load_kernel(path: str | Path, top: str | None = None, name: str | None = None) -> Kernel:
    """The kernel in a C file. Headers of its own are looked for beside it.

    Raises PipelineError, with file and line where there is one, for what is not a readable C kernel.
    """
    path = Path(path)
    if path.suffix.lower() in (".cpp", ".cc", ".cxx", ".hpp", ".c++"):
        raise PipelineError("C++ is not supported", file=str(path), fix="give the kernel as C in a .c file")
    try:
        if path.is_dir():
            raise PipelineError("this is a folder", file=str(path), fix="give a C file")
        if not path.is_file():
            raise PipelineError("there is no such file", file=str(path), fix="check the path")
        with path.open("rb") as handle:
            data = handle.read(MAX_SOURCE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PipelineError(f"cannot be read: {error}", file=str(path), fix="check the path and its rights") from None
    return read_kernel(decode(data, str(path)), file=str(path), name=name, top=top)


def read_kernel(
    source: str,
    *,
    file: str,
    name: str | None = None,
    top: str | None = None,
    include_folders: Sequence[Path] = (),
) -> Kernel:
    """The kernel in C text.

    ``file`` names the text in messages and says where headers in quotes lie; ``name`` defaults to its stem.
    ``top`` is the top function; without it, it is the function after ``#pragma ACCEL kernel``, else the only one
    (that no other calls), else the one named ``top``, ``kernel_*`` or like the file.
    Raises PipelineError with file, line and reason for what cannot be handled.
    """
    stem = Path(file).name.rsplit(".", 1)[0] if Path(file).name else "kernel"
    name = check_name(name if name is not None else stem, file)
    if not source.strip():
        raise PipelineError("the file is empty", file=file, fix="give a C function with loops")
    if "\0" in source:
        raise PipelineError("the text holds a NUL character", file=file, fix="give C source text")
    with deep_recursion():
        try:
            return _read(source, file, name, top, include_folders, stem)
        except RecursionError:
            raise PipelineError(
                "expressions, statements or initialisers are nested too deeply", file=file, fix="split them up"
            ) from None


def _read(source: str, file: str, name: str, top: str | None, include_folders: Sequence[Path], stem: str) -> Kernel:
    parent = Path(file).parent
    text, files = preprocess(source, file=file, folder=parent, include_folders=include_folders)
    ast = _parse(text, files, file, source)
    _place(ast, files, file)
    library = str(system_header_folder())
    program = Program(ast, lambda name: name.startswith(library), file)
    program.close()
    ast.ext = [node for node in ast.ext if node.coord is None or not node.coord.file.startswith(library)]
    chosen = _top_function(program, ast, top, file, stem)
    order = [chosen, *(function for function in program.functions if function != chosen)]
    analysis = Analysis(program, ast, chosen)
    loops, ids = _loops(program, analysis.records)
    sites = _sites(analysis.records, ids)
    options = _options(ast, {site.name for site in sites}, file)
    ways = analysis.directions
    return Kernel(
        name=name,
        top=chosen,
        file=file,
        source=source,
        ast_hash=ast_hash(ast, chosen),
        functions=tuple(_function(program.functions[function], ways) for function in order),
        loops=loops,
        sites=sites,
        arrays=_arrays(program, order, ways),
        ast=ast,
        options=options,
        analysis=analysis,
    )


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for the parser, which recurses a dozen frames a level; what is too deep even so is refused."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _parse(text: str, files: dict[str, str], file: str, source: str) -> c_ast.FileAST:
    parser = c_parser.CParser()
    try:
        return parser.parse(text, "0")
    except c_parser.ParseError as error:
        found = _PARSE_ERROR.match(str(error))
        problem, line, column, where = str(error), None, None, file
        if found:
            where = files.get(found["file"], file)
            line, column, problem = int(found["line"]), found["column"], found["text"]
        if "At end of input" in problem:
            line = len(source.rstrip().splitlines())
            problem = "the text ends too early: a brace, bracket or semicolon is missing"
        elif line is None:
            # Some errors carry no place; the lexer stands at or just after it.
            line = getattr(parser.clex, "_lineno", None)
            where = files.get(parser.clex.filename, file)
            problem = problem.removeprefix(f"{parser.clex.filename}: ")
        if where.startswith(str(system_header_folder())):
            where, column = file, None
            line = next((n for n, text in enumerate(source.splitlines(), 1) if re.match(r"\s*#\s*include", text)), 1)
            problem = "what stands before this #include is not complete"
        why = _reason(problem, source)
        raise PipelineError(
            f"not C that can be read: {problem}" + (f" ({why})" if why else ""),
            file=where,
            line=line,
            column=int(column) if column else None,
            fix="rewrite it in plain C" if why else "check the syntax there and just before",
        ) from None
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # The parser meets some malformed input with whatever breaks inside it.
        raise PipelineError(
            f"not C that can be read ({type(error).__name__} in the parser)", file=file, fix="check the syntax"
        ) from None


def _reason(problem: str, source: str) -> str | None:
    """What a parse error is probably about, where the text shows it."""
    for sign, what in _CPP_SIGNS:
        found = sign.search(source)
        if found:
            line = source.count("\n", 0, found.start() + len(found.group()) - len(found.group().lstrip())) + 1
            return f"line {line} has {what}: C++ is not supported"
    for word in ("asm", "__asm__", "__asm"):
        if re.search(rf"\b{word}\b", source):
            return "inline assembly is not supported"
    if re.search(r"\(\s*\{", source):
        return "a GNU statement expression ({ ... }) is not supported"
    return None


def _place(ast: c_ast.FileAST, files: dict[str, str], file: str) -> None:
    """Gives coordinates their file's name; refuses trees that are too deep."""
    stack: list[tuple[Any, int]] = [(ast, 0)]
    done: set[int] = set()
    while stack:
        node, depth = stack.pop()
        coord = node.coord
        if coord is not None and id(coord) not in done:
            done.add(id(coord))
            coord.file = files.get(coord.file, coord.file)
        if depth > MAX_DEPTH:
            raise PipelineError(
                f"nested more than {MAX_DEPTH} levels deep",
                file=coord.file if coord is not None else file,
                line=coord.line if coord is not None else None,
                fix="split the expression or statement",
            )
        stack.extend((child, depth + 1) for _, child in node.children())


def _top_function(program: Program, ast: c_ast.FileAST, top: str | None, file: str, stem: str) -> str:
    names = list(program.functions)
    if not names:
        raise PipelineError("no function is defined in the file", file=file, fix="give the kernel's C source")
    if top is not None:
        if top not in program.functions:
            raise PipelineError(
                f"there is no function {top}; the file defines {_listed(names)}", file=file, fix="choose one as --top"
            )
        return top
    marked = False
    pragmas: list[str] = []
    for node in ast.ext:
        if isinstance(node, c_ast.Pragma):
            pragma = read_pragma(node, file)
            marked = marked or (pragma.dialect == "merlin" and pragma.directive == "kernel")
        elif isinstance(node, c_ast.FuncDef):
            if marked:
                pragmas.append(node.decl.name)
            marked = False
        elif not (isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)):
            marked = False
    if len(pragmas) == 1:
        return pragmas[0]
    called = {callee for caller, info in program.functions.items() for callee in info.calls if callee != caller}
    roots = [function for function in names if function not in called]
    for candidates in (names, roots):
        if len(candidates) == 1:
            return candidates[0]
    candidates = pragmas or roots or names
    named = stem.replace("-", "_")
    for wanted in (
        lambda function: function == "top",
        lambda function: function.startswith("kernel_"),
        lambda function: function in (stem, named, f"kernel_{named}"),
    ):
        fitting = [function for function in candidates if wanted(function)]
        if len(fitting) == 1:
            return fitting[0]
    raise PipelineError(f"the top function could be any of {_listed(candidates)}", file=file, fix="name it with --top")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _loops(program: Program, records: dict[str, list[LoopRecord]]) -> tuple[tuple[Loop, ...], dict[int, str]]:
    ids: dict[int, str] = {}
    loops: list[Loop] = []
    for_count = 0
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
                    file_index=for_count if is_for else -1,
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
                )
            )
            for_count += is_for
    return tuple(loops), ids


def _sites(records: dict[str, list[LoopRecord]], ids: dict[int, str]) -> tuple[Site, ...]:
    sites: dict[str, Site] = {}
    taken: dict[tuple[str, str], str] = {}
    for found in records.values():
        for record in found:
            loop = ids[id(record)]
            for pragma in record.pragmas:
                if pragma.placeholder is None or pragma.kind is None:
                    continue
                name = pragma.placeholder
                problem = None
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
                    dialect=pragma.dialect or "merlin",
                    proposed=False,
                )
    return tuple(sites[name] for name in sorted(sites))


def _options(ast: c_ast.FileAST, used: set[str], file: str) -> tuple[Option, ...]:
    """Placeholders of HLS directives that are no loop's; refuses any other that is not in ``used``."""
    found: dict[str, Option] = {}
    stack: list[tuple[Any, str]] = [(ast, "")]
    while stack:
        node, function = stack.pop()
        if isinstance(node, c_ast.FuncDef):
            function = node.decl.name
        if isinstance(node, c_ast.Pragma):
            pragma = read_pragma(node, file)
            for name in pragma.options:
                problem = None
                if name in used or name in found:
                    problem = f"placeholder {name} is used twice"
                elif not function:
                    problem = f"placeholder {name} stands outside functions"
                if problem:
                    raise PipelineError(
                        problem, file=pragma.file, line=pragma.line, column=pragma.column, fix="keep one, in a function"
                    )
                found[name] = Option(name, pragma.directive, function, pragma.line)
            if pragma.placeholder and pragma.placeholder not in used:
                raise PipelineError(
                    f"placeholder {pragma.placeholder} stands on no loop",
                    file=pragma.file,
                    line=pragma.line,
                    column=pragma.column,
                    fix="put the pragma on the line before a loop",
                )
        stack.extend((child, function) for _, child in node.children())
    return tuple(found[name] for name in sorted(found))


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
