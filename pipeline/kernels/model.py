"""What a kernel is: functions, loops, arrays and pragma sites as read from its syntax tree.

Values only. :mod:`pipeline.kernels.read` makes them from C text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.kernels.function_names import plain_name
from pipeline.project import Project
from pipeline.terms import Dialect, SiteKind

if TYPE_CHECKING:
    from pipeline.kernels.analysis import Analysis
    from pipeline.kernels.own_pragmas import OwnPragma


@dataclass(frozen=True, slots=True)
class Loop:
    """One ``for``, ``while`` or ``do`` loop.

    ``id`` is ``FUNCTION/loop_N`` with N counting the function's loops in source order from 0;
    it does not change when labels, names or the layout of the text do.
    ``trip_count`` is the exact number of iterations of one execution of the loop, or None where
    it varies; then ``trip_min`` and ``trip_max`` bound it where that can be derived (else None).
    """

    id: str
    function: str
    index: int
    file_index: int
    """Position among all loops of the file in source order, ``for`` only (None-like -1 for others)."""
    keyword: str
    """``for``, ``while`` or ``do``."""
    label: str | None
    parent: str | None
    depth: int
    variable: str | None
    lower: str | None
    """C text of the first value of the variable."""
    upper: str | None
    """C text of the bound."""
    inclusive: bool
    step: int | None
    trip_count: int | None
    trip_min: int | None
    trip_max: int | None
    line: int
    """Line of the loop keyword in the user's file, from 1."""
    column: int
    innermost: bool
    file: str | None = None
    """The user's file that the loop stands in, None for the kernel's own."""


@dataclass(frozen=True, slots=True)
class Site:
    """A pragma site: a place on a loop where a design point puts a value."""

    name: str
    """The placeholder, such as ``__PARA__L0``."""
    kind: SiteKind
    loop: str
    reduction: str | None
    """None: no reduction clause. Empty: a clause without a variable. Else the variable's name."""
    line: int
    dialect: str
    """``merlin`` (``#pragma ACCEL``) or ``hls`` (``#pragma HLS``)."""
    proposed: bool
    """True where the source has no placeholder and the site was derived from the loop."""
    file: str | None = None
    """The user's file that it stands in, None for the kernel's own."""
    plain: bool = False
    """In the tool's own terms: ``__PIPE__Li`` or ``__PARA__Li`` on the i-th ``for`` loop, whose value is a whole pragma
    (``''`` none, ``off``, blanks or ``II=N`` for a pipeline) or the factor of ``unroll``."""


@dataclass(frozen=True, slots=True)
class Option:
    """A placeholder in a ``#pragma HLS`` other than pipeline and unroll: array_partition, inline, dataflow, bind_op.

    It may stand anywhere in a function and belongs to no loop. A design space file says its values. One that is
    proposed has no placeholder: its value is a whole array_partition or inline in the tool's own terms.
    """

    name: str
    """The placeholder."""
    directive: str
    function: str
    """Of a proposed one of a global array: the top function."""
    line: int
    proposed: bool = False
    file: str | None = None
    """Of a proposed one: the user's file, None for the kernel's own; likewise ``column``, from 1."""
    column: int = 1
    variable: str | None = None
    """Of array_partition: the array; ``dim`` its dimension from 1, 0 for all together."""
    dim: int = 1
    declared: bool = False
    """Line and column are those of the declaration behind which the pragma can stand, else of the function's brace."""

    @classmethod
    def proposed_at(cls, coord: Any, kernel: Kernel, name: str, directive: str, function: str, **what: Any) -> Option:
        """One that is proposed at a place of the tree, in a file of the kernel."""
        file = coord.file if coord.file != kernel.file else None
        return cls(name, directive, function, coord.line, True, file, coord.column or 1, **what)

    def decides(self, function: str) -> bool:
        """Whether it is about things of a function, as it is for all instances of a template."""
        return plain_name(self.function) == plain_name(function)


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the kernel: argument, local or global."""

    name: str
    function: str | None
    """None for a global."""
    element: str
    """C element type, ``double`` or a typedef's or struct's name."""
    bits: int | None
    """Width of an element in bits, None where the type's size is not known."""
    dims: tuple[int | None, ...]
    """Outermost first; None where not constant."""
    role: str
    """``argument``, ``local``, ``static`` or ``global``."""
    direction: str
    """For arguments and globals ``in``, ``out``, ``inout`` or ``unused``; ``local`` for locals."""
    line: int


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of a function; arrays and pointers have ``dims``."""

    name: str
    ctype: str
    dims: tuple[int | None, ...]
    direction: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function defined in the file."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]
    calls: tuple[str, ...]
    """Names called, in source order, without repeats; library functions included."""
    line: int


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel: source, top function, loops, arrays and pragma sites.

    ``functions`` holds the top function first, then all others of the file in source order;
    ``loops`` is in source order over the file; ``sites`` is sorted by name.
    """

    name: str
    top: str
    file: str
    """The path as the user gave it, for messages only."""
    source: str
    """The file's text as read, includes not resolved."""
    ast_hash: str
    """SHA-256 of the normalised syntax tree: layout, comments, labels' spelling and positions do not
    enter; pragmas, names, types and operations do."""
    functions: tuple[Function, ...]
    loops: tuple[Loop, ...]
    sites: tuple[Site, ...]
    arrays: tuple[Array, ...]
    ast: Any = field(repr=False, compare=False)
    """The ``pycparser.c_ast.FileAST``, coordinates in the user's file."""
    options: tuple[Option, ...] = ()
    """Placeholders that are no loop's, sorted by name."""
    declined: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Why what was asked to be explored is not, a sentence each."""
    pragmas: tuple[OwnPragma, ...] = ()
    """The user's own ``#pragma HLS`` without placeholders in the order of the text, then the project's directives."""
    project: Project | None = field(default=None, repr=False, compare=False)
    """What it was compiled from, with flags; None for a kernel that is not made from C text."""
    includes: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The system's headers that the user's files include, as ``<math.h>``, in order."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The raw text of every file of the user's that was read, by name: the kernel's own, headers, further sources."""
    linkage: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The names that the linker has for functions of C++."""
    analysis: Analysis = field(repr=False, compare=False, default=None)  # type: ignore[assignment]
    """What is worked out of the tree; a kernel that was not read from C has none."""

    @property
    def dialect(self) -> str:
        """What the values of its sites mean: ``merlin``, ``vitis-plain`` for sites in the tool's own terms, or ``hls``
        for placeholders of any other form in ``#pragma HLS``. A kernel without sites is the tool's as it stands, but
        for one with Merlin's pragmas on its loops.
        """
        if any(not option.proposed for option in self.options):
            return Dialect.HLS
        if all(site.plain for site in self.sites) and (self.sites or self.options or not self._merlin_pragmas):
            return Dialect.VITIS_PLAIN
        return self.sites[0].dialect if self.sites else Dialect.MERLIN

    @property
    def _merlin_pragmas(self) -> bool:
        """Whether a loop has ``#pragma ACCEL``, with or without placeholders."""
        records = self.analysis.records if self.analysis is not None else {}
        return any(
            one.dialect == Dialect.MERLIN for found in records.values() for record in found for one in record.pragmas
        )

    def loop(self, loop_id: str) -> Loop:
        """The loop of that id; KeyError if there is none."""
        for loop in self.loops:
            if loop.id == loop_id:
                return loop
        raise KeyError(loop_id)

    def children(self, loop_id: str | None, function: str | None = None) -> tuple[Loop, ...]:
        """Loops directly inside ``loop_id``, or the outermost ones of ``function`` for None."""
        return tuple(
            loop
            for loop in self.loops
            if loop.parent == loop_id and (loop_id is not None or loop.function == (function or self.top))
        )

    def sites_of(self, loop_id: str) -> tuple[Site, ...]:
        """The sites on one loop, sorted by name."""
        return tuple(site for site in self.sites if site.loop == loop_id)
