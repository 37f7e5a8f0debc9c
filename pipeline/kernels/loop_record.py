"""Loops and places of a function while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.pragmas import Pragma
from pipeline.kernels.symbols import Symbol
from pipeline.kernels.values import Value

_KEYWORDS = {c_ast.For: "for", c_ast.While: "while", c_ast.DoWhile: "do"}


@dataclass(eq=False, slots=True)
class LoopRecord:
    """A loop while it is read. As a key of linear forms it stands for its variable's value in the body."""

    node: Any
    function: str
    index: int
    label: str | None
    parent: LoopRecord | None
    depth: int
    context: Context
    pragmas: list[Pragma] = field(default_factory=list)
    statement: Any = None
    """The loop with its labels."""
    symbol: Symbol | None = None
    lower: str | None = None
    upper: str | None = None
    inclusive: bool = False
    step: int | None = None
    trip: int | None = None
    trip_min: int | None = None
    trip_max: int | None = None
    lo: int | None = None
    hi: int | None = None
    steady: bool = False
    """The variable keeps one value during an iteration, so that it can be reasoned with in the body."""
    start: Value | None = None
    """The variable's value in the first iteration, where ``steady``."""
    limit: tuple[str, Value] | None = None
    """What the variable's value keeps to in every iteration (``<``, 8), where the loop's condition says so."""
    whole: bool = False
    """The condition is ``limit`` alone: the loop ends by it or, where ``leaves_early``, before."""
    leaves_early: bool = False
    skips: bool = False
    """The body holds a ``continue`` of this loop."""
    innermost: bool = True

    @property
    def keyword(self) -> str:
        """``for``, ``while`` or ``do``."""
        return _KEYWORDS[type(self.node)]


@dataclass(eq=False, slots=True)
class Context:
    """A place in a function: position in a list of statements, or inside a loop, branch or switch."""

    kind: str
    parent: Context | None
    node: Any = None
    items: list[Any] = field(default_factory=list)
    position: int = 0
    loop: LoopRecord | None = None
    holds: bool | None = None
    """Of a branch: whether the condition ``node`` held; None where there is no condition to tell."""
