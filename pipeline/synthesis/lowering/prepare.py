"""What of a kernel is the same for every design point; worked out once a kernel."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.accesses import Access, surrounding
from pipeline.kernels.analysis import Analysis
from pipeline.kernels.arguments import calls_in
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.loops import LoopReader
from pipeline.kernels.model import Kernel, Site
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol
from pipeline.program import deep_recursion
from pipeline.project.source_text import without_comments
from pipeline.synthesis.lowering.flow import FlowReader

_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+([^\n]*?)[ \t]*$", re.MULTILINE)
_KEPT = 16


@dataclass(slots=True)
class Prepared:
    """A kernel made ready for lowering."""

    kernel: Kernel
    analysis: Analysis
    flow: FlowReader
    ids: dict[LoopRecord, str]
    by_node: dict[int, LoopRecord]
    labels: dict[LoopRecord, str]
    calls: dict[str, list[tuple[c_ast.FuncCall, tuple[LoopRecord, ...]]]]
    """Calls of functions of the file, by caller, with the loops around each."""
    names: frozenset[str]
    """Every identifier of the file."""
    includes: tuple[str, ...]
    """System headers, as ``<math.h>``."""
    macros: dict[str, str]
    """Macros without arguments, for pragmas (which the preprocessor leaves as they are)."""
    sites: dict[LoopRecord, list[Site]]
    memo: dict[tuple[str, Any], Any] = field(default_factory=dict)
    """Answers worked out on the way, by question."""

    @property
    def program(self) -> Program:
        """The file with its names resolved."""
        return self.analysis.program

    @property
    def readers(self) -> dict[str, LoopReader]:
        """The loops of each function."""
        return self.analysis.readers

    @property
    def accesses(self) -> dict[str, tuple[Access, ...]]:
        """What each function reads and writes."""
        return self.analysis.accesses

    def children(self, record: LoopRecord) -> list[LoopRecord]:
        """Loops directly inside a loop, in the same function."""
        return [other for other in self.readers[record.function].records if other.parent is record]

    def below(self, record: LoopRecord) -> list[LoopRecord]:
        """All loops inside a loop, in the same function."""
        found: list[LoopRecord] = []
        for child in self.children(record):
            found += [child, *self.below(child)]
        return found

    def called(self, record: LoopRecord) -> set[str]:
        """Functions of the file called in a loop, directly or not."""
        direct = {call.name.name for call, loops in self.calls[record.function] if record in loops}
        return {name for function in direct for name in self.reach(function)}

    def reach(self, function: str) -> set[str]:
        """A function and all it calls."""
        found, todo = {function}, [function]
        while todo:
            for call, _ in self.calls[todo.pop()]:
                if call.name.name not in found:
                    found.add(call.name.name)
                    todo.append(call.name.name)
        return found

    def name(self, wanted: str) -> str:
        """An identifier that the file does not use."""
        while wanted in self.names:
            wanted += "_"
        return wanted


_cache: OrderedDict[int, Prepared] = OrderedDict()


def prepare(kernel: Kernel) -> Prepared:
    """The kernel made ready; the last few are remembered."""
    found = _cache.get(id(kernel))
    if found is None or found.kernel is not kernel:
        with deep_recursion():
            found = _prepare(kernel)
        _cache[id(kernel)] = found
    _cache.move_to_end(id(kernel))
    while len(_cache) > _KEPT:
        _cache.popitem(last=False)
    return found


def _prepare(kernel: Kernel) -> Prepared:
    analysis = kernel.analysis
    program, readers = analysis.program, analysis.readers
    records = [record for reader in readers.values() for record in reader.records]
    ids = {record: f"{record.function}/loop_{record.index}" for record in records}
    raw = {kernel.file: kernel.source} | dict(kernel.texts)
    texts = [without_comments(text, name) for name, text in raw.items()]
    names = frozenset(_identifiers(kernel.ast)) | {name for text in texts for name in re.findall(r"[A-Za-z_]\w*", text)}
    by_id = {loop: record for record, loop in ids.items()}
    sites: dict[LoopRecord, list[Site]] = {}
    for site in kernel.sites:
        sites.setdefault(by_id[site.loop], []).append(site)
    return Prepared(
        kernel=kernel,
        analysis=analysis,
        flow=FlowReader(program),
        ids=ids,
        by_node={id(record.node): record for record in records},
        labels=_labels(readers, names),
        calls={
            name: [(call, surrounding(context)) for call, context in calls_in(program, reader)]
            for name, reader in readers.items()
        },
        names=names,
        includes=kernel.includes,
        macros=_macros(kernel, texts),
        sites=sites,
    )


def _labels(readers: dict[str, LoopReader], names: frozenset[str]) -> dict[LoopRecord, str]:
    labels: dict[LoopRecord, str] = {}
    for reader in readers.values():
        for record in reader.records:
            label = record.label
            if label is None:
                label = f"loop_{record.index}"
                while label in names:
                    label += "_"
            labels[record] = label
    return labels


def _identifiers(ast: c_ast.FileAST) -> Iterator[str]:
    stack: list[Any] = [ast]
    while stack:
        node = stack.pop()
        for attribute in ("name", "declname"):
            value = getattr(node, attribute, None)
            if isinstance(value, str):
                yield value
        if isinstance(node, c_ast.IdentifierType):
            yield from node.names
        stack.extend(child for _, child in node.children())


def _macros(kernel: Kernel, texts: list[str]) -> dict[str, str]:
    """Macros without arguments: those that flags define, and those of the files, which may define others."""
    flags = kernel.project.flags.macros if kernel.project is not None else {}
    given = {name: value for name, value in flags.items() if value is not None}
    return given | {name: value for text in texts for name, value in _DEFINE.findall(text)}


def array_argument(symbol: Symbol) -> bool:
    """Whether an argument is an array all of whose dimensions are known."""
    kind = symbol.ctype
    return kind.kind == "array" and all(size is not None and size > 0 for size in kind.dims)
