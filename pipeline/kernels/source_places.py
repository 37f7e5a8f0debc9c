"""From a kernel's loops back to its source: nodes, pragmas, and where a pragma line can be put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipeline.kernels.model import Kernel
from pipeline.kernels.pragmas import Pragma
from pipeline.terms import SiteKind

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class LoopPlace:
    """Where a loop stands in its source."""

    node: Any
    """The ``For``, ``While`` or ``DoWhile`` of the kernel's tree."""
    pragmas: tuple[Pragma, ...]
    """All pragmas on the loop, with placeholders or not."""
    file: str
    """The user's file that the loop stands in, a key of :func:`source_files`."""
    offset: int | None
    """Position in that file's text where the loop or its label begins; None where it does not stand there as text
    (it comes from a macro)."""

    @property
    def fixed(self) -> frozenset[SiteKind]:
        """What pragmas without placeholder already decide, such as ``#pragma ACCEL PARALLEL FACTOR=4``."""
        return frozenset(
            pragma.kind for pragma in self.pragmas if pragma.kind is not None and pragma.placeholder is None
        )


def source_files(kernel: Kernel) -> dict[str, str]:
    """The raw texts of the user's files by name, the kernel's own first."""
    return {kernel.file: kernel.source} | {name: text for name, text in kernel.texts.items() if name != kernel.file}


def loop_places(kernel: Kernel) -> dict[str, LoopPlace]:
    """The place of each loop, by loop id."""
    records = [record for found in kernel.analysis.records.values() for record in found]
    texts = source_files(kernel)
    rows: dict[str, tuple[list[str], list[int]]] = {}
    places: dict[str, LoopPlace] = {}
    for record in records:
        coord = record.statement.coord
        word = record.keyword if record.statement is record.node else record.statement.name
        offset = None
        if coord.file in texts:
            if coord.file not in rows:
                text = texts[coord.file]
                rows[coord.file] = _LINE_END.split(text), [0, *(end.end() for end in _LINE_END.finditer(text))]
            lines, starts = rows[coord.file]
            row = lines[coord.line - 1] if 0 < coord.line <= len(lines) else ""
            spliced = coord.line > 1 and lines[coord.line - 2].rstrip().endswith("\\")
            column = (coord.column or 1) - 1
            directive = row.lstrip().startswith("#")
            if row.startswith(word, column) and not spliced and not directive:
                offset = starts[coord.line - 1] + column
        places[f"{record.function}/loop_{record.index}"] = LoopPlace(
            record.node, tuple(record.pragmas), coord.file, offset
        )
    return places
