"""A kernel as the estimator sees it: straight-line segments, loops and branches with what they cost.

Values only; :mod:`pipeline.estimator.walk` makes them from a syntax tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.estimator.written import NOTHING, Written
from pipeline.kernels.model import Loop, Option
from pipeline.kernels.own_pragmas import ArraySplit


@dataclass(frozen=True, slots=True)
class Linear:
    """``sum(coefficient * iteration of loop) + sum(coefficient * symbol) + constant``.

    ``loops`` are keyed by node number. Where ``affine`` is False the expression is unknown and
    ``uses`` holds the loops it changes with, ``symbols`` what tells it from other such.
    """

    loops: tuple[tuple[int, int], ...] = ()
    symbols: tuple[tuple[str, int], ...] = ()
    constant: int = 0
    affine: bool = True
    uses: frozenset[int] = frozenset()


Index: TypeAlias = tuple[Linear, ...]


@dataclass(frozen=True, slots=True)
class ElementAccess:
    """One read or write of an array element."""

    array: str
    index: Index
    write: bool


@dataclass(frozen=True, slots=True)
class PortAccess:
    """One read or write of a stream or a port, which takes one a cycle; ``index`` picks one of an array of them."""

    port: str
    index: Index
    write: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """A value read from an array that reaches a write of the same array, or of another one (``onto``).

    ``delay`` is in ticks, load and store included; ``store_load`` is their part of it.
    """

    array: str
    read: Index
    write: Index
    delay: int
    store_load: int
    conditional: bool = False
    """The write happens in some iterations only."""
    ordered: bool = False
    """On the way the order of operations counts, so that copies are a chain and no tree."""
    floating: bool = False
    """It passes an operator of floating-point numbers."""
    onto: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Straight-line code: operators per execution, critical path in cycles, accesses, chains."""

    operators: Mapping[tuple[str, frozenset[int]], int]
    """By name and the loops that the result changes with: copies of a loop that is not among them share it."""
    depth: int | None
    """None where it holds something whose time is not known."""
    accesses: tuple[ElementAccess, ...]
    chains: tuple[Chain, ...]
    conditional: bool = False
    """Some of it runs under a condition."""
    touches: tuple[PortAccess, ...] = ()
    """Each access to a stream or port."""
    rounds: tuple[tuple[Chain, Chain], ...] = ()
    """From one array onto another, and from there back."""
    across: tuple[Chain, ...] = ()
    """From one array onto another."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that scalars hand on from iteration to iteration until it is back, ``distance`` later: delay in ticks,
    and the inner loops it runs through."""

    delay: int
    via: frozenset[int]
    conditional: bool = False
    """It changes in some iterations only."""
    ordered: bool = False
    """The order of what happens to it counts."""
    floating: bool = False
    """As of a chain."""
    distance: int = 1


@dataclass(slots=True)
class LoopNode:
    """A loop at one place of the call tree; a helper called twice gives two nodes."""

    number: int
    loop: Loop
    function: str
    pipeline: str | None
    """Name of the PIPELINE site, None where the loop has none; likewise below."""
    parallel: str | None
    tile: str | None
    reduction: str | None
    written: Written = NOTHING
    """The user's own pragmas in its body."""
    flat: bool = False
    """In a function that the user has pipelined as a whole."""
    apart: bool = False
    """It moves a small struct, all elements of its arrays at one time."""
    body: Body = ()
    carried: tuple[Carried, ...] = ()
    swaps: Mapping[str, str] = field(default_factory=dict)
    """By the array that a pointer stands for in the first iteration the one that it stands for in the next."""
    mean: float | None = None
    """Iterations of one execution on average, where they follow the loops around."""

    decided: int = 0
    """Cycles from an iteration's start until what it loads has told whether there is another; 0 where nothing does."""
    below: tuple[LoopNode, ...] = ()
    """The loops directly inside."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A conditional with loops inside: exactly one arm runs."""

    arms: tuple[Body, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A helper function's body at one place of the call tree."""

    function: str
    body: Body
    written: Written = NOTHING
    """The user's own pragmas in the helper's body."""


WHOLE = -1
"""The number of the top function where each start of it is an iteration."""

Item: TypeAlias = "Segment | LoopNode | Branch | Call"
Body: TypeAlias = "tuple[Item, ...]"


def loops_of(body: Body) -> list[LoopNode]:
    """The loops of a body that stand in no other loop of it, arms of branches and called helpers looked into."""
    found: list[LoopNode] = []
    for item in body:
        if isinstance(item, LoopNode):
            found.append(item)
        elif isinstance(item, Branch):
            for arm in item.arms:
                found.extend(loops_of(arm))
        elif isinstance(item, Call):
            found.extend(loops_of(item.body))
    return found


@dataclass(frozen=True, slots=True)
class Memory:
    """An array: element width in bits, dimensions (None where unknown), and where it lives."""

    name: str
    bits: int
    dims: tuple[int | None, ...]
    role: str
    direction: str
    splits: tuple[ArraySplit, ...] = ()
    """As the user has partitioned it; the tool then leaves it so."""
    ports: int | None = None
    """Accesses a cycle, where the user has bound it to a kind of memory."""
    channel: str | None = None
    """The bundle of ``m_axi`` ports that it is reached by."""
    chosen: tuple[tuple[Option, int], ...] = ()
    """Sites that decide its partition, each with its dimension here, 0 for all; ``splits`` is without theirs."""
    wide: bool = False
    """A word is several elements side by side: what its accesses' subscripts have beyond ``dims`` picks one of them."""
    word: str | None = None
    """Of a member of structs that are one word each: the name of those words."""
    born: frozenset[int] = frozenset()
    """Loops of which each iteration has another one."""

    words: int | None = field(init=False, repr=False, compare=False)
    """Number of elements, None where a dimension is unknown."""

    def __post_init__(self) -> None:
        sizes = [size for size in self.dims if size is not None]
        object.__setattr__(self, "words", math.prod(sizes) if len(sizes) == len(self.dims) else None)

    @property
    def register(self) -> bool:
        """Whether it is one word alone, of which every element is at hand at any time."""
        return self.wide and not self.dims


@dataclass(frozen=True, slots=True)
class Nest:
    """A whole kernel."""

    top: str
    body: Body
    memories: Mapping[str, Memory]
    loops: Mapping[int, LoopNode] = field(default_factory=dict)
    written: Written = NOTHING
    """The user's own pragmas in the top function's body."""
    whole: LoopNode | None = None
    """The top function as the body of a loop, each start of it an iteration, where the user has pipelined it."""
    leaves: bool = False
    """Somewhere control leaves a loop, a call or an iteration early."""
    touched: dict[int, tuple[frozenset[str], frozenset[str], frozenset[str]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """By identity of a part the arrays and streams that it reads and writes, and its streams, as far as was asked."""
