"""C++ and the C that its program prints as, both compiled and run on the same numbers."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import llvmlite.binding as llvm
from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.kernels.accesses import PURE_CALLS
from pipeline.program import deep_recursion
from pipeline.program.cpp.read import read_cpp_translation
from pipeline.project.ir import compile_to_ir

_HEAD = """#include <math.h>
#include <stdlib.h>
#include <string.h>
#define std_3a_3afill(to, value, bytes) do { \\
    for (unsigned long each = 0; each < (bytes) / sizeof *(to); each++) (to)[each] = (value); } while (0)"""
_OF_C = PURE_CALLS | {"memcpy", "memmove", "memset"}
_NUMBER = re.compile(r"ap_(u?)int<(\d+)>")


def printed(source: str, file: str = "kernel.cpp") -> str:
    """The program of a C++ text as C that a compiler takes: names without signs, numbers of any width as _BitInt."""
    with deep_recursion():
        found = read_cpp_translation(source, file=file)
        for error in found.refused.values():
            raise error
        nodes = [node for node in found.ast.ext if not isinstance(node, c_ast.Pragma)]
        made = {str(node.decl.name) for node in nodes if isinstance(node, c_ast.FuncDef)}
        for node in nodes:
            _plain(node, made)
        heads = [CGenerator().visit(node.decl) + ";" for node in nodes if isinstance(node, c_ast.FuncDef)]
        types = [CGenerator().visit(node) + ";" for node in nodes if not isinstance(node, c_ast.FuncDef)]
        bodies = [CGenerator().visit(node) for node in nodes if isinstance(node, c_ast.FuncDef)]
    return "\n".join([_HEAD, *types, *heads, *bodies])


def _word(name: str, made: set[str]) -> str:
    if name in made & _OF_C:  # the headers of C declare another
        return f"own_{name}"
    return re.sub(r"\W", lambda match: f"_{ord(match.group()):x}", name)


def _plain(node: Any, made: set[str]) -> None:
    if isinstance(node, c_ast.IdentifierType):
        match = _NUMBER.fullmatch(node.names[0])
        if match is not None:  # a signed bit needs two
            bits = max(int(match[2]), 1 if match[1] else 2)
            node.names = (["unsigned"] if match[1] else []) + [f"_BitInt({bits})"]
    elif isinstance(node, c_ast.ID | c_ast.Struct | c_ast.Decl) and node.name:
        node.name = _word(node.name, made)
    elif isinstance(node, c_ast.TypeDecl) and node.declname:
        node.declname = _word(node.declname, made)
    for _, child in node.children():
        _plain(child, made)
    if isinstance(node, c_ast.FuncDef):
        node.decl.storage, node.decl.funcspec = [], []


def results(source: str, top: str, runs: list[tuple[list[int], int]]) -> tuple[list[Any], list[Any]]:
    """What ``top(int a[], int b[], int n)`` gives with the C++ text and with its program, on arrays and a number."""
    return of_text(source, top, runs), of_program(source, top, runs)


def of_text(source: str, top: str, runs: list[tuple[list[int], int]]) -> list[Any]:
    """What the C++ text gives: compiled to LLVM IR and run in this process."""
    return _run(compile_to_ir(source, file="kernel.cpp", language="c++"), top, runs)


def of_program(source: str, top: str, runs: list[tuple[list[int], int]]) -> list[Any]:
    """What the program of the C++ text gives, printed as C and run as :func:`of_text` does."""
    return _run(compile_to_ir(printed(source), file="kernel.c"), top, runs)


def _run(text: str, top: str, runs: list[tuple[list[int], int]]) -> list[Any]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    machine = llvm.Target.from_default_triple().create_target_machine()
    found: list[Any] = []
    with llvm.create_mcjit_compiler(module, machine) as engine:
        engine.finalize_object()
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
        call = kind(engine.get_function_address(top))
        for values, number in runs:
            first = (ctypes.c_int * len(values))(*values)
            second = (ctypes.c_int * len(values))()
            result = call(ctypes.addressof(first), ctypes.addressof(second), number)
            found.append((result, list(first), list(second)))
    return found
