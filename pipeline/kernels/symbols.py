"""The objects and functions of a program, as names refer to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import CType
from pipeline.kernels.values import Value


@dataclass(eq=False, slots=True)
class Symbol:
    """One declared object or function."""

    name: str
    ctype: CType
    role: str
    """``argument``, ``local``, ``static``, ``global``, ``constant`` (of an enum) or ``function``."""
    function: str | None
    line: int
    init: Any = None
    number: int | None = None
    """Value of an enum constant."""
    private: bool = False
    """A global that no other file can change."""
    writes: int = 0
    address_taken: bool = False
    members: dict[str, Symbol] = field(default_factory=dict)
    """Members of a struct that are named on their own: variables like any other."""
    parent: Symbol | None = None
    """Of a member: the struct that it is in."""
    given: Value | None = None
    """Of an argument: what all calls in the file give it."""

    def take_address(self) -> None:
        """From here its value may change unseen."""
        self.address_taken = True
        for member in self.members.values():
            member.take_address()


@dataclass(eq=False, slots=True)
class FunctionInfo:
    """A function that has a body."""

    name: str
    node: c_ast.FuncDef
    returns: CType
    arguments: list[Symbol] = field(default_factory=list)
    locals: list[Symbol] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)
    """Names called, in source order."""
    gotos: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    goes_back: set[int] = field(default_factory=set)
    """The ids of the ``goto`` to a label before them: loops that are not written as such."""
