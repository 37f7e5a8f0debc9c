"""The sign of a plain ``char``, as flags of the compiler decide it."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.program.translation import Translation
from pipeline.project.flags import Flags


def signed(found: Translation, flags: Flags) -> Translation:
    """The program with each plain ``char`` written as the unsigned one where the flags make it that."""
    if flags.unsigned_char:
        stack: list[Any] = [found.ast, *found.types]
        while stack:
            node = stack.pop()
            if isinstance(node, c_ast.IdentifierType) and node.names == ["char"]:
                node.names = ["unsigned", "char"]
            elif isinstance(node, c_ast.Constant) and node.type == "char":
                node.type = "unsigned char"
            stack.extend(child for _, child in node.children())
    return found
