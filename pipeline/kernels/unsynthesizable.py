"""What no tool makes a circuit of, found when a kernel is first described: memory at run time, recursion, calls through
pointers (UG1399, "Unsupported C/C++ Constructs")."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.expressions import evaluate
from pipeline.kernels.resolve import Program

_UNSEEN = "or keep it from synthesis with #ifndef __SYNTHESIS__"
_LIBRARY = {
    **dict.fromkeys(
        ("malloc", "calloc", "realloc", "alloca", "aligned_alloc", "strdup", "__builtin_alloca"),
        ("takes memory at run time", f"declare an array of fixed size, {_UNSEEN}"),
    ),
    **dict.fromkeys(
        ("setjmp", "_setjmp", "longjmp", "_longjmp"),
        ("jumps out of functions", "return, and test what is returned"),
    ),
    **dict.fromkeys(
        ("va_start", "__builtin_va_start"), ("reads arguments without a type", "give the function an argument for each")
    ),
    **dict.fromkeys(
        ("fopen", "fclose", "fread", "fwrite", "fscanf", "scanf", "fgets", "getc", "fgetc", "getchar", "gets",
         "time", "clock", "sleep", "usleep", "nanosleep", "gettimeofday", "clock_gettime", "system", "getenv",
         "rand", "srand", "random", "drand48"),
        ("asks the system", f"give it as an argument, {_UNSEEN}"),
    ),
}  # fmt: skip
"""Functions of the C library with what they do and what to do instead. What only prints, the tool leaves out."""


def unsynthesizable(program: Program, top: str) -> PipelineError | None:
    """What to say of the first construct below the top function that cannot become hardware; None for none.

    A call that is a number when it is compiled is none.
    """
    return _Search(program).function(top, ())


class _Search:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.done: set[str] = set()

    def function(self, name: str, callers: tuple[str, ...]) -> PipelineError | None:
        """Looks through a function and those that it calls."""
        self.done.add(name)
        stack: list[Any] = [self.program.functions[name].node.body]
        while stack:
            node = stack.pop()
            found = None
            if isinstance(node, c_ast.FuncCall):
                if evaluate(node, self.program).exact is not None:
                    continue
                found = self._call(node, (*callers, name))
            elif isinstance(node, c_ast.Decl):
                found = self._array(node)
            elif type(node).__name__ == "GenericSelection":
                found = _error(node, "_Generic is not supported", "write the expression that it selects")
            if found is not None:
                return found
            stack.extend(reversed(list(node)))
        return None

    def _call(self, node: c_ast.FuncCall, callers: tuple[str, ...]) -> PipelineError | None:
        symbol = self.program.symbols.get(id(node.name))
        name = node.name.name if isinstance(node.name, c_ast.ID) else None
        if name is None or (symbol is not None and symbol.role != "function"):
            through = f"the pointer {name}" if name is not None else "a pointer"
            return _error(node, f"a call through {through}: hardware has no functions to choose from",
                          "call each function by its name, under a condition")  # fmt: skip
        if name in callers:
            return _error(node, f"{name} calls itself, and hardware has no recursion", "write it as a loop")
        if name in self.program.functions:
            return None if name in self.done else self.function(name, callers)
        if name in _LIBRARY:
            what, instead = _LIBRARY[name]
            return _error(node, f"{name} {what}, which no circuit can", instead)
        return None

    def _array(self, node: c_ast.Decl) -> PipelineError | None:
        """An array whose size is known when the program runs alone."""
        part = node.type
        while isinstance(part, c_ast.ArrayDecl):
            variable = _variable(self.program, part.dim)
            if variable is not None:
                return _error(
                    node,
                    f"the size of {node.name} follows the variable {variable}, and memories have fixed sizes",
                    f"make {variable} a macro or an enumerator, or give {node.name} its greatest size",
                )
            part = part.type
        return None


def _variable(program: Program, node: Any) -> str | None:
    """A variable, no constant, that an expression reads."""
    stack = [node] if node is not None else []
    while stack:
        part = stack.pop()
        symbol = program.symbols.get(id(part)) if isinstance(part, c_ast.ID) else None
        if symbol is not None and symbol.role not in ("constant", "function"):
            return symbol.name if program.constant_value(symbol) is None else None
        if not (isinstance(part, c_ast.UnaryOp) and part.op in ("sizeof", "_Alignof")):
            stack.extend(part)
    return None


def _error(node: Any, problem: str, fix: str) -> PipelineError:
    place = node.coord
    return PipelineError(problem, file=place.file, line=place.line, column=place.column, fix=fix)
