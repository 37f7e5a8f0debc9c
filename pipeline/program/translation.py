"""From C files to one program."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pycparser import c_ast, c_parser

from pipeline.errors import PipelineError
from pipeline.program.library import types_used
from pipeline.program.names import check_names
from pipeline.program.parser import ATTRIBUTE, LAYOUT_WORDS, Parser
from pipeline.program.tree import MAX_DEPTH, FileAST, Layout, walk
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.preprocess import Preprocessed, preprocess
from pipeline.project.refusals import Refusal, first_refusal
from pipeline.project.sizes import sizes_of

LIBRARY = "library"
"""What coordinates in the system's declarations have as their file."""
_PARSE_ERROR = re.compile(r"^(?P<file>.*?):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<text>.*)$", re.DOTALL)
_UNKNOWN = re.compile(r"(?:unknown type name|undeclared identifier) '(\w+)'")
_CPP_SIGNS = [
    (re.compile(sign), what)
    for sign, what in (
        (r"^\s*template\s*<", "a C++ template"),
        (r"^\s*(?:class\s+\w+\s*[:{]|namespace\b|using\s+(?:namespace\b|\w+\s*=))", "a C++ declaration"),
        (r"\b(?:ap_u?int|ap_u?fixed|hls::stream|std::\w+)\s*<", "a C++ template type"),
        (r"\b\w+\s*::\s*\w+", "a C++ scope (::)"),
        (r"[(,]\s*(?:const\s+)?[A-Za-z_]\w*(?:\s+[A-Za-z_]\w*)?\s*&\s*[A-Za-z_]\w*\s*[,)\[]", "a C++ reference"),
        (r"^\s*extern\s+\"C", 'extern "C" of C++'),
    )
]
_NESTED = re.compile(r"^(?!.*\b(?:if|for|while|switch|else|do)\b).*\b\w+\s+\**\w+\s*\([^;{}]*\)\s*$")


@dataclass(frozen=True, slots=True)
class Translation:
    """One program, read.

    ``ast`` has coordinates in the user's files; the system's declarations are in none of it but for the types that
    ``types`` holds. ``texts`` are the user's files by name, as they are; ``declared`` are the names used that the
    system's headers declare.
    """

    ast: FileAST
    types: tuple[c_ast.Node, ...]
    texts: Mapping[str, str]
    declared: frozenset[str]
    includes: tuple[str, ...] = ()
    """The system's headers that the user's files include, as ``<math.h>``, in order."""
    refused: Mapping[str, PipelineError] = field(default_factory=dict)
    """Functions that are in the program by name and calls alone, with the reason why they cannot be read."""
    linkage: Mapping[str, str] = field(default_factory=dict)
    """The names that the linker has for functions, where they differ from those of the tree."""
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What names of the text stand for that are none of the program: by function, under "" for all."""
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names that the text declares in each function and for its class, under "" for all; of C++ alone."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """The names of functions with all namespaces, where they differ from those of the tree."""


def read_translation(source: str, *, file: str, flags: Flags = NO_FLAGS, folder: Path | None = None) -> Translation:
    """The program in a C source and the headers that it includes.

    ``file`` names it in messages; headers in quotes are looked for in ``folder`` (by default the file's own). Raises
    PipelineError, with the place, for what cannot be read, for names that nothing declares, and for constructs that no
    later step understands. RecursionError may come out of it where :func:`deep_recursion` gives too little room.
    """
    found = preprocess(source, file=file, flags=flags, folder=folder)
    types, declared = types_used(found.library, found.text)
    text = f'# 1 "{LIBRARY}"\n{types}\n# 1 "0"\n{found.text}' if types else found.text
    parsed = _parse(text, found, file, source, lambda: first_refusal(source, file=file, flags=flags, folder=folder))
    unusual = _place(parsed, found.files, file)
    own: list[c_ast.Node] = []
    library: list[c_ast.Node] = []
    for node in parsed.ext:
        (library if node.coord is not None and node.coord.file == LIBRARY else own).append(node)
    _check_functions(own, file)
    if flags.unsigned_char:
        without_sign(parsed)
    enumerators = {item.name for item in walk(*library) if isinstance(item, c_ast.Enumerator)}
    check_names(c_ast.FileAST(own), declared | enumerators, file)
    tree = FileAST(own)
    if unusual or flags.layout:
        named = {name: part for node in own for name, part in _types_of(node)}
        wanted = "offsetof" in found.text
        members = {name: tuple(_members(named[name])) if wanted else () for name in sorted(named)}
        asked = sizes_of(members, source, file=file, flags=flags, folder=folder)
        tree.layouts = {
            name: Layout(8 * size, 8 * align, {member: 8 * place for member, place in places.items()})
            for name, (size, align, places) in asked.items()
        }
    return Translation(tree, tuple(library), found.texts, declared, found.includes)


def _parse(
    text: str, found: Preprocessed, file: str, source: str, refusal: Callable[[], Refusal | None]
) -> c_ast.FileAST:
    parser = Parser()
    try:
        return parser.parse(text, "0")
    except c_parser.ParseError as error:
        match = _PARSE_ERROR.match(str(error))
        problem, line, column, where = str(error), None, None, file
        if match:
            where = found.files.get(match["file"], file)
            line, column, problem = int(match["line"]), match["column"], match["text"]
        if "At end of input" in problem:
            line = len(source.rstrip().splitlines())
            problem = "the text ends too early: a brace, bracket or semicolon is missing"
        elif line is None:
            # Some errors carry no place; the lexer stands at or just after it.
            line = getattr(parser.clex, "_lineno", None)
            where = found.files.get(parser.clex.filename, file)
            problem = problem.removeprefix(f"{parser.clex.filename}: ")
        if problem.endswith("is not supported"):
            raise PipelineError(
                problem, file=where, line=line, column=int(column) if column else None, fix="rewrite it in plain C"
            ) from None
        nested = _nested(problem, found.texts.get(where, source), line) if parser.inside else None
        if nested is None and "ends too early" not in problem and (said := refusal()) is not None:
            # The compiler says better what is wrong; what it takes and pycparser does not stands where pycparser says.
            where, line, column, problem = said.file, said.line, str(said.column), said.text
        why = nested or _reason(found.texts.get(where, source), line)
        raise PipelineError(
            f"not C that can be read: {problem}" + (f" ({why})" if why else ""),
            file=where,
            line=line,
            column=int(column) if column else None,
            fix=_advice(problem, why),
        ) from None
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # The parser meets some malformed input with whatever breaks inside it.
        raise PipelineError(
            f"not C that can be read ({type(error).__name__} in the parser)", file=file, fix="check the syntax"
        ) from None


def _row(source: str, at: int | None) -> str:
    rows = source.split("\n")
    return rows[at - 1] if at is not None and 0 < at <= len(rows) else ""


def _nested(problem: str, source: str, at: int | None) -> str | None:
    """Whether a brace within a function opens another function (which GNU C has)."""
    if problem != "before: {":
        return None
    head = _row(source, at).partition("{")[0]
    head = head if head.strip() or at is None else _row(source, at - 1)
    return "a function inside a function is not supported" if _NESTED.match(head) else None


def _reason(source: str, at: int | None) -> str | None:
    """What a parse error is probably about, where its line shows it."""
    row = _row(source, at)
    if re.search(r"\bgoto\s*\*", row):
        return "a computed goto is not supported"
    for sign, what in _CPP_SIGNS:
        if sign.search(row):
            return f"{what} in a file that is read as C"
    return None


def _advice(problem: str, why: str | None) -> str:
    if why is not None:
        return "give the file the ending .cpp, by which C++ is known" if "C++" in why else "rewrite it in plain C"
    missing = _UNKNOWN.search(problem)
    if missing is None:
        return "check the syntax there and just before"
    return f"declare {missing[1]} or include its header"


def _place(ast: c_ast.FileAST, files: dict[str, str], file: str) -> bool:
    """Gives coordinates their file's name, and refuses trees that are too deep.

    Returns whether the layout of a type shows in no plain declaration.
    """
    stack: list[tuple[Any, int]] = [(ast, 0)]
    done: set[int] = set()
    unusual = False
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
        if not unusual:
            unusual = _unusual(node)
        stack.extend((child, depth + 1) for child in node)
    return unusual


def _unusual(node: Any) -> bool:
    """Whether the layout of a type shows in no plain declaration."""
    kind = type(node)
    if kind is c_ast.Decl:
        return bool(node.bitsize is not None or node.align or _about_layout(node.quals))
    if kind is c_ast.Struct or kind is c_ast.Union or kind is c_ast.Enum:
        return _about_layout([attribute.name for attribute in node.attributes or ()])
    if kind is c_ast.Typedef:
        return _about_layout(node.quals)
    if kind is c_ast.Pragma:
        return isinstance(node.string, str) and re.match(r"pack\b", node.string) is not None
    return kind is c_ast.BitIntType


def _about_layout(words: list[str] | None) -> bool:
    return any(word.startswith(ATTRIBUTE) and LAYOUT_WORDS.search(word) for word in words or ())


def _check_functions(nodes: list[c_ast.Node], file: str) -> None:
    """Refuses definitions that are no functions, and old-style ones."""
    for node in nodes:
        if not isinstance(node, c_ast.FuncDef):
            continue
        coord = node.decl.coord
        place = {"file": coord.file, "line": coord.line} if coord else {"file": file}
        if node.param_decls:
            raise PipelineError(
                f"function {node.decl.name} declares its arguments in the old style (K&R)",
                **place,
                fix="write the types inside the parentheses",
            )
        declarator = node.decl.type
        if not isinstance(declarator, c_ast.FuncDecl):
            raise PipelineError(
                f"{node.decl.name} has a body and is not declared as a function",
                **place,
                fix=f"write it as TYPE {node.decl.name}(ARGUMENTS) {{ ... }}",
            )
        if isinstance(declarator.type, c_ast.ArrayDecl | c_ast.FuncDecl):
            raise PipelineError(
                f"function {node.decl.name} returns an array or a function", **place, fix="return a value or a pointer"
            )
        for parameter in declarator.args.params if declarator.args is not None else ():
            if isinstance(parameter, c_ast.ID):
                raise PipelineError(
                    f"argument {parameter.name} of function {node.decl.name} has no type",
                    **place,
                    fix="write the types inside the parentheses",
                )


def without_sign(node: c_ast.Node) -> None:
    """Lets ``char`` be ``unsigned char``."""
    for part in walk(node):
        if isinstance(part, c_ast.IdentifierType) and part.names == ["char"]:
            part.names = ["unsigned", "char"]


def _types_of(node: c_ast.Node) -> Iterator[tuple[str, c_ast.Node]]:
    """The types that a declaration of file scope names, as ``sizeof`` takes them, with what stands for each."""
    if isinstance(node, c_ast.Typedef):
        part = node.type
        while isinstance(part, c_ast.TypeDecl):
            part = part.type
        if not isinstance(part, c_ast.FuncDecl) and _complete(part):
            yield node.name, part
    stack: list[Any] = [node.decl if isinstance(node, c_ast.FuncDef) else node]
    while stack:
        part = stack.pop()
        if isinstance(part, c_ast.Struct | c_ast.Union) and part.name and part.decls:
            yield f"{'union' if isinstance(part, c_ast.Union) else 'struct'} {part.name}", part
        if not isinstance(part, c_ast.FuncDecl):
            stack.extend(part)


def _members(node: c_ast.Node) -> Iterator[str]:
    """The members of a struct that have an address, those of unnamed ones within it among them."""
    for member in (node.decls or ()) if isinstance(node, c_ast.Struct | c_ast.Union) else ():
        if isinstance(member, c_ast.Decl) and member.bitsize is None:
            yield from (member.name,) if member.name else _members(member.type)


def _complete(node: c_ast.Node) -> bool:
    if isinstance(node, c_ast.IdentifierType):
        return bool(node.names != ["void"])
    if isinstance(node, c_ast.ArrayDecl):
        return node.dim is not None
    return not (isinstance(node, c_ast.Struct | c_ast.Union) and node.decls is None)
