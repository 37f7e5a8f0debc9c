"""C++ and the C that its program prints as, both compiled and run on the same numbers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from pipeline.program import deep_recursion
from pipeline.program.cpp.read import read_cpp_translation
from pipeline.project.compiler import zig
from pipeline.project.cpp import VENDOR_HEADERS

_NUMBER = re.compile(r"ap_(u?)int<(\d+)>")


def printed(source: str, file: str = "kernel.cpp") -> str:
    """The program of a C++ text as C that a compiler takes: names without signs, numbers of any width as _BitInt."""
    with deep_recursion():
        found = read_cpp_translation(source, file=file)
        for error in found.refused.values():
            raise error
        nodes = [node for node in found.ast.ext if not isinstance(node, c_ast.Pragma)]
        for node in nodes:
            _plain(node)
        heads = [CGenerator().visit(node.decl) + ";" for node in nodes if isinstance(node, c_ast.FuncDef)]
        types = [CGenerator().visit(node) + ";" for node in nodes if not isinstance(node, c_ast.FuncDef)]
        bodies = [CGenerator().visit(node) for node in nodes if isinstance(node, c_ast.FuncDef)]
    return "\n".join(["#include <math.h>", "#include <stdlib.h>", "#include <string.h>", *types, *heads, *bodies])


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _plain(node: Any) -> None:
    if isinstance(node, c_ast.IdentifierType):
        match = _NUMBER.fullmatch(node.names[0])
        if match is not None:  # a signed bit needs two
            bits = max(int(match[2]), 1 if match[1] else 2)
            node.names = (["unsigned"] if match[1] else []) + [f"_BitInt({bits})"]
    elif isinstance(node, c_ast.ID | c_ast.Struct | c_ast.Decl) and node.name:
        node.name = _word(node.name)
    elif isinstance(node, c_ast.TypeDecl) and node.declname:
        node.declname = _word(node.declname)
    for _, child in node.children():
        _plain(child)
    if isinstance(node, c_ast.FuncDef):
        node.decl.storage, node.decl.funcspec = [], []


def outputs(source: str, harness: str, folder: Path) -> tuple[str, str]:
    """What ``harness`` (C that both languages take, with ``main``) prints with the C++ text and with its program."""
    (folder / "a.cpp").write_text(f'{source}\nextern "C" {{\n#include <stdio.h>\n#include <stdlib.h>\n}}\n{harness}')
    (folder / "b.c").write_text(f"{printed(source)}\n#include <stdio.h>\n{harness}")
    environment = {"ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig"), "HOME": str(folder)}
    said = []
    for compiler, name, more in (("c++", "a.cpp", [f"-I{VENDOR_HEADERS}", "-std=gnu++17"]), ("cc", "b.c", ["-std=gnu2x"])):
        program = folder / name.replace(".", "_")
        command = [zig(), compiler, "-w", "-O1", "-fno-sanitize=all", *more, str(folder / name), "-o", str(program), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        said.append(subprocess.run([str(program)], capture_output=True, text=True, check=True, timeout=60).stdout)
    return said[0], said[1]
