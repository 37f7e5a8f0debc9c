"""What no hardware is made of: found where the top function reaches it, when a kernel is first read."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.resolve import Program

_HEAP = frozenset(("malloc", "calloc", "realloc", "free", "alloca", "__builtin_alloca", "aligned_alloc", "strdup"))
_JUMPS = frozenset(("setjmp", "_setjmp", "sigsetjmp", "longjmp", "siglongjmp", "__builtin_setjmp", "__builtin_longjmp"))


def check_hardware(program: Program, top: str) -> None:
    """Raises PipelineError, with the place, for recursion, calls through pointers, memory whose size no constant says,
    and constructs that are not followed, in the top function and what it calls."""
    todo, calls = [top], dict[str, list[c_ast.FuncCall]]()
    while todo:
        name = todo.pop()
        if name not in calls:
            calls[name] = _calls(program, name)
            todo += [call.name.name for call in calls[name] if call.name.name in program.functions]
    _check_recursion(calls, top)


def _calls(program: Program, name: str) -> list[c_ast.FuncCall]:
    """The calls by name in a function, of which each other part is looked at."""
    found: list[c_ast.FuncCall] = []
    stack: list[Any] = [program.functions[name].node.body]
    while stack:
        node = stack.pop()
        match node:
            case c_ast.FuncCall(name=c_ast.ID()):
                symbol, called = program.symbols.get(id(node.name)), node.name.name
                if symbol is not None and symbol.role != "function":
                    raise _refused(node, f"{called} is a pointer to a function", "call the functions by their names")
                if called not in program.functions and called in _HEAP:
                    raise _refused(node, f"{called} asks for memory at run time", "declare an array of a constant size")
                if called not in program.functions and called in _JUMPS:
                    raise _refused(node, f"{called} jumps out of functions", "return a value that says so")
                found.append(node)
            case c_ast.FuncCall():
                raise _refused(node, "a function is called through a pointer", "call the functions by their names")
            case c_ast.GenericSelection():
                raise _refused(node, "_Generic is not supported", "write what it selects")
            case c_ast.Decl(type=c_ast.ArrayDecl()) if "extern" not in (node.storage or []):
                symbol = program.symbols.get(id(node))
                kind = symbol.ctype if symbol is not None and symbol.role in ("local", "static") else None
                while kind is not None and kind.kind == "array":
                    if kind.length is None and kind.element is not None and kind.element.kind != "unknown":
                        raise _refused(
                            node, f"no constant says how long the array {node.name} is", "give it a constant size"
                        )
                    kind = kind.element
        stack.extend(reversed([child for _, child in node.children()]))
    return found


def _check_recursion(calls: dict[str, list[c_ast.FuncCall]], top: str) -> None:
    done: set[str] = set()
    way = {top: iter(calls[top])}
    while way:
        name, left = next(reversed(way.items()))
        call = next(left, None)
        if call is None:
            done.add(name)
            del way[name]
        elif call.name.name in way:
            raise _refused(call, f"{call.name.name} calls itself; hardware has no recursion", "write it as a loop")
        elif call.name.name in calls and call.name.name not in done:
            way[call.name.name] = iter(calls[call.name.name])


def _refused(node: Any, problem: str, fix: str) -> PipelineError:
    place = node.coord
    return PipelineError(
        problem,
        file=place.file if place is not None else None,
        line=place.line if place is not None else None,
        column=place.column if place is not None else None,
        fix=fix,
    )
