"""Several translation units as one program: what the linker would make of them, as one tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.errors import PipelineError
from pipeline.program.names import of_library
from pipeline.program.translation import Translation
from pipeline.program.tree import FileAST, walk


def merged(parts: Sequence[Translation]) -> Translation:
    """One program of all parts, in their order.

    What several of them declare alike (through a header) stands once, at its first place. Raises PipelineError, with
    both places, where two of them mean different things by one name.
    """
    if len(parts) == 1:
        return parts[0]
    parts = _library_apart(_overloads_apart(parts))
    generator = CGenerator()
    seen: dict[str, tuple[str, c_ast.Node]] = {}
    nodes: list[c_ast.Node] = []
    types: dict[str, c_ast.Node] = {}
    for part in parts:
        for node in part.types:
            types.setdefault(generator.visit(node), node)
        for node in part.ast.ext:
            name = _name(node)
            text = generator.visit(node)
            if name is None:
                nodes.append(node)
                continue
            known = seen.get(name)
            if known is not None and known[0] == text and _repeats(node):
                continue
            if known is not None and known[0] != text and not (_announces(node) or _announces(known[1])):
                first = known[1].coord
                raise PipelineError(
                    f"{name} means something else than in {first.file}:{first.line}",
                    file=node.coord.file,
                    line=node.coord.line,
                    fix="give one of the two another name",
                )
            if known is None or not _announces(node):
                seen[name] = (text, node)
            nodes.append(node)
    layouts = {name: layout for part in parts for name, layout in part.ast.layouts.items()}
    texts = {name: text for part in reversed(parts) for name, text in part.texts.items()}
    declared = frozenset().union(*(part.declared for part in parts))
    includes = dict.fromkeys(name for part in parts for name in part.includes)
    refused = {name: error for part in parts for name, error in part.refused.items()}
    linkage = {name: linked for part in parts for name, linked in part.linkage.items()}
    meanings: dict[str, dict[str, str]] = {}
    for part in reversed(parts):
        for function, meant in part.meanings.items():
            meanings.setdefault(function, {}).update(meant)
    names: dict[str, frozenset[str]] = {}
    for part in parts:
        for function, words in part.names.items():
            names[function] = names.get(function, frozenset()) | words
    return Translation(
        FileAST(nodes, layouts), tuple(types.values()), texts, declared, tuple(includes), refused, linkage, meanings,
        names,
    )  # fmt: skip


def _overloads_apart(parts: Sequence[Translation]) -> list[Translation]:
    """The parts with one name for one function of C++, and another for each overload: a unit that sees one alone does
    not tell its parameters."""
    given: dict[str, set[str]] = {}
    for part in parts:
        for name, linked in part.linkage.items():
            given.setdefault(linked, set()).add(name)
    names = {linked: max(found, key=len) for linked, found in given.items()}
    owners: dict[str, set[str]] = {}
    for linked, name in names.items():
        owners.setdefault(name, set()).add(linked)
    for part in parts:
        for function, linked in list(_linked(part)):
            if len(owners[names[linked]]) > 1:
                shown = (
                    CGenerator()._generate_type(one.type, emit_declname=False).replace(" ", "")
                    for one in function.args or ()
                )
                names[linked] = f"{names[linked]}({','.join(shown)})"
                owners.setdefault(names[linked], set()).add(linked)
    return [_renamed(part, {n: names[k] for n, k in part.linkage.items() if names[k] != n}) for part in parts]


def _library_apart(parts: Sequence[Translation]) -> list[Translation]:
    """The parts with other names for functions of the C++ library where another part has one of that name; a function
    that C calls and links by the name of the C library's takes its place."""
    given = {name: linked for part in parts for name, linked in part.linkage.items()}
    made = {node.decl.name for part in parts for node in part.ast.ext if isinstance(node, c_ast.FuncDef)}
    taken = {name for name in made if given.get(name, name) != name or of_library(name).startswith("std::")}
    return [
        _renamed(part, {name: of_library(name) for name in taken & part.declared - part.linkage.keys()})
        if part.linkage
        else part
        for part in parts
    ]


def _linked(part: Translation) -> Iterator[tuple[c_ast.FuncDecl, str]]:
    """The functions that a unit declares, by the linker's names."""
    for node in part.ast.ext:
        found = node.decl if isinstance(node, c_ast.FuncDef) else node
        if isinstance(found, c_ast.Decl) and isinstance(found.type, c_ast.FuncDecl) and found.name in part.linkage:
            yield found.type, part.linkage[found.name]


def _renamed(part: Translation, names: Mapping[str, str]) -> Translation:
    """A unit with other names for functions; its tree is changed."""
    if not names:
        return part
    for node in walk(part.ast):
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
            node.name.name = names.get(node.name.name, node.name.name)
        elif isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl) and node.name in names:
            kind = node.type
            while not isinstance(kind, c_ast.TypeDecl):
                kind = kind.type
            node.name = kind.declname = names[node.name]
    told: dict[str, Any] = {
        what: {names.get(name, name): value for name, value in getattr(part, what).items()}
        for what in ("refused", "linkage", "meanings", "names")
    }
    return replace(part, declared=part.declared | set(names.values()), **told)


def _name(node: c_ast.Node) -> str | None:
    """What a declaration of file scope names, None for pragmas and the like."""
    if isinstance(node, c_ast.FuncDef):
        return str(node.decl.name)
    if isinstance(node, c_ast.Decl | c_ast.Typedef):
        if node.name:
            return str(node.name)
        kind = node.type
        if isinstance(kind, c_ast.Struct | c_ast.Union | c_ast.Enum) and kind.name:
            return f"{type(kind).__name__.lower()} {kind.name}"
    return None


def _repeats(node: c_ast.Node) -> bool:
    """Whether a declaration may stand in several units alike: anything but a function that other units can call, unless
    C++ has it in each of them, as it has methods, instances of templates and what is ``inline``."""
    if isinstance(node, c_ast.FuncDef):
        name = str(node.decl.name)
        return (
            "static" in (node.decl.storage or [])
            or "inline" in (node.decl.funcspec or [])
            or bool({"<", ":"} & {*name})
        )
    return True


def _announces(node: c_ast.Node) -> bool:
    """Whether a declaration only says that something is defined elsewhere."""
    if not isinstance(node, c_ast.Decl):
        return False
    return isinstance(node.type, c_ast.FuncDecl) or "extern" in (node.storage or []) or node.init is None
