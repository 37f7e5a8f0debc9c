"""Which function of a program is the design's top: one rule for C and C++.

A name that is given decides. Without one it is the function after ``#pragma ACCEL kernel``, else one of the first of
these ranks that has any:

1. functions of the kernel's own file that other files can call;
2. such functions of the other files;
3. helpers: what is ``static``, in an unnamed namespace or ``inline``, and functions of headers;
4. benches: ``main``, what takes nothing and is named like a test, and what calls a function of the first rank that
   takes something, and neither takes anything nor touches a variable outside functions: its hardware had no input.

Of its rank it is the one named ``top``, else the only one that no other of them reaches through calls, else the one of
these named ``kernel_*`` or like the file; else the user is asked, as he is where there are but helpers and benches.
Methods are no tops (UG1399: a class is no top; a function makes an object of it and calls it), so none is offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.function_names import plain_name
from pipeline.kernels.pragmas import read_pragma
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import FunctionInfo
from pipeline.kernels.unsynthesizable import unsynthesizable
from pipeline.program.tree import walk
from pipeline.project import Project
from pipeline.project.cpp import CPP_SUFFIXES
from pipeline.terms import Dialect

_OWN, _FURTHER, _HELPER, _BENCH = range(4)
_TEST = re.compile(r"(?:^|_)(?:tb|tests?|testbench|bench)(?:_|$)", re.IGNORECASE)


def top_function(program: Program, ast: c_ast.FileAST, project: Project, whole: Mapping[str, str]) -> str:
    """The name of the top function; ``whole`` has the names with all namespaces, where they differ.

    Raises PipelineError where there is none, where several are left, and for what calls itself or is a method.
    """
    file, functions = project.file, program.functions
    if project.top is not None and functions:
        return _designable(_named(project.top, list(functions), whole, file), functions)
    plain = [name for name, info in functions.items() if not _is_method(info)]
    if not plain:
        for name in functions:
            _designable(name, functions)
        fix = "give the kernel's source, and of templates an instance: template void f<4>(int *);"
        raise PipelineError("no function is defined in the file", file=file, fix=fix)
    ranks = _ranks(program, ast, project)
    marked = [name for name in _marked(ast, file) if name in plain]
    best = min(ranks[name] for name in plain)
    same = marked or [name for name in plain if ranks[name] == best]
    if best != _BENCH and "top" in same:
        return "top"
    roots = [name for name in same if name not in _reached(functions, same)]
    if not roots:
        if (refusal := unsynthesizable(program, same[0])) is not None:
            raise refusal
        roots = same
    # Of helpers beside benches nothing says which is the design.
    doubt = best == _HELPER and not marked
    others = [name for name in plain if ranks[name] == _BENCH] if doubt else []
    others = [name for name in others if name not in _reached(functions, roots)]
    if len(roots) + len(others) == 1:
        return roots[0]
    stem = Path(file).name.rpartition(".")[0].replace("-", "_")
    for wanted in (r"kernel_.*", rf"{re.escape(stem)}|kernel_{re.escape(stem)}"):
        fitting = [name for name in roots if re.fullmatch(wanted, plain_name(name)) and ranks[name] != _BENCH]
        if len(fitting) == 1:
            return fitting[0]
    raise PipelineError(
        f"the top function could be any of {_listed([*roots, *others])}", file=file, fix="name it with --top"
    )


def _named(top: str, names: Sequence[str], whole: Mapping[str, str], file: str) -> str:
    """The function that a user names, with as many of its namespaces, arguments and types as he likes."""
    if top in names:
        return top
    wanted = "::" + top.replace(" ", "").removeprefix("::")
    forms = {name: f"::{whole.get(name, name)}".replace(" ", "") for name in names}
    plain = {name: plain_name(form).partition("(")[0] for name, form in forms.items()}
    fitting = [name for name in names if forms[name].endswith(wanted)]
    fitting = fitting or [name for name in names if plain[name].endswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        said = _listed([whole.get(name, name) for name in fitting])
        raise PipelineError(f"{top} could be any of {said}", file=file, fix="name one of them with --top")
    raise PipelineError(
        f"there is no function {top}; the file defines {_listed(names)}", file=file, fix="choose one as --top"
    )


def _designable(name: str, functions: Mapping[str, FunctionInfo]) -> str:
    if _is_method(functions[name]):
        place = functions[name].node.coord
        raise PipelineError(
            f"{name} is a method, and no top function can be one",
            file=place.file, line=place.line, column=place.column,
            fix="add a function that calls it on an object of its own",
        )  # fmt: skip
    return name


def _is_method(info: FunctionInfo) -> bool:
    return "::" in info.name and bool(info.arguments) and info.arguments[0].name == "this"


def _marked(ast: c_ast.FileAST, file: str) -> list[str]:
    """The functions after ``#pragma ACCEL kernel``; pragmas and prototypes may stand between."""
    found, marked = [], False
    for node in ast.ext:
        if isinstance(node, c_ast.Pragma):
            pragma = read_pragma(node, file)
            marked = marked or (pragma.dialect == Dialect.MERLIN and pragma.directive == "kernel")
        elif not (isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)):
            if marked and isinstance(node, c_ast.FuncDef):
                found.append(node.decl.name)
            marked = False
    return found


def _ranks(program: Program, ast: c_ast.FileAST, project: Project) -> dict[str, int]:
    declared: dict[str, list[c_ast.Decl]] = {}
    for node in ast.ext:
        decl = node.decl if isinstance(node, c_ast.FuncDef) else node
        if isinstance(decl, c_ast.Decl) and isinstance(decl.type, c_ast.FuncDecl):
            declared.setdefault(decl.name, []).append(decl)
    ranks = {}
    for name, info in program.functions.items():
        decls, where = declared[name], str(info.node.decl.coord.file)
        inline = all("inline" in decl.funcspec and "extern" not in decl.storage for decl in decls)
        if name == "main" or (not info.arguments and _TEST.search(name)):
            ranks[name] = _BENCH
        elif where in project.further:
            ranks[name] = _FURTHER
        elif where != project.file and not where.lower().endswith((".c", *CPP_SUFFIXES)):
            ranks[name] = _HELPER
        else:
            ranks[name] = _OWN
        if ranks[name] < _HELPER and (inline or any("static" in decl.storage for decl in decls)):
            ranks[name] = _HELPER
    designs = {name for name, rank in ranks.items() if rank == _OWN and program.functions[name].arguments}
    for name, info in program.functions.items():
        if ranks[name] < _HELPER and not info.arguments and designs & (below := _reached(program.functions, [name])):
            nodes = walk(*(program.functions[one].node.body for one in {name, *below}))
            if not any(symbol.role == "global" for node in nodes if (symbol := program.symbols.get(id(node)))):
                ranks[name] = _BENCH
    return ranks


def _reached(functions: Mapping[str, FunctionInfo], names: Sequence[str]) -> set[str]:
    """What some of these functions reach through calls, but for what calls nothing but itself."""
    reached: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        following = {callee for callee in functions[name].calls if callee in functions and callee != name}
        todo += [callee for callee in following if callee not in reached]
        reached |= following
    return reached


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
