"""The root of a program's tree, and what the compiler knows of its types."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pycparser import c_ast

MAX_DEPTH = 500
"""Syntax trees nested deeper than this are refused, so that code walking them may recurse."""
LEAVES = frozenset({
    c_ast.ID, c_ast.Constant, c_ast.IdentifierType, c_ast.Pragma, c_ast.Break, c_ast.Continue, c_ast.Goto,
    c_ast.EllipsisParam, c_ast.EmptyStatement,
})  # fmt: skip
"""Nodes with none below them: most of a tree, and to ask each took half of the time of walking it."""
_RECURSION_LIMIT = 20_000


class Layout(NamedTuple):
    """Size and alignment of a type in bits, and how many stand before each member, as the compiler lays it out."""

    bits: int
    align: int
    before: Mapping[str, int]


class FileAST(c_ast.FileAST):  # type: ignore[misc]
    """A translation unit: pycparser's root node with the compiler's layouts.

    ``layouts`` maps types of file scope (``struct point``, a typedef's name) to their layout where the text alone does
    not tell it: attributes, bit-fields, ``#pragma pack``. A type that is in ``unusual`` and not in ``layouts`` has a
    layout that is not known.
    """

    __slots__ = ("layouts",)

    def __init__(self, ext: list[c_ast.Node], layouts: Mapping[str, Layout] | None = None) -> None:
        super().__init__(ext)
        self.layouts: Mapping[str, Layout] = layouts or {}


def walk(*nodes: c_ast.Node | None) -> Iterator[Any]:
    """These nodes and all below them, in the order of the text."""
    stack: list[Any] = [node for node in reversed(nodes) if node is not None]
    while stack:
        part = stack.pop()
        yield part
        if type(part) not in LEAVES:
            stack += [*part][::-1]


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for the parser, which recurses a dozen frames a level; what is too deep even so is refused."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Looking for garbage among a million nodes, hardly any of which is, took a quarter of the reading."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
