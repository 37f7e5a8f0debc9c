"""What names of a function stand for in the C that it becomes, and what lambdas are given of their surroundings."""

from __future__ import annotations

from dataclasses import dataclass, field

from pycparser import c_ast

from pipeline.program.cpp.types import CppType


@dataclass(slots=True)
class Variable:
    """What a name stands for: the value itself, what a pointer leads to, or another expression."""

    name: str
    type: CppType
    mode: str = "value"
    """``value``, ``pointer`` or ``same``."""
    same: c_ast.Node | None = None


@dataclass(slots=True)
class Closure:
    """A lambda: its function, and what it is given of its surroundings."""

    method: str
    captured: list[tuple[str, Variable]]
    """Id and name in the surroundings."""
    this: bool = False
    inside: dict[str, str] = field(default_factory=dict)
    """The ids in its body of what it holds a copy of, by the ids of the copies."""
