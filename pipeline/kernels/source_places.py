"""From a kernel's loops back to its source: nodes, pragmas, and where a pragma line can be put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipeline.kernels.model import Kernel, SiteKind
from pipeline.kernels.pragmas import Pragma

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class LoopPlace:
    """Where a loop stands in its source."""

    node: Any
    """The ``For``, ``While`` or ``DoWhile`` of the kernel's tree."""
    pragmas: tuple[Pragma, ...]
    """All pragmas on the loop, with placeholders or not."""
    offset: int | None
    """Position in ``kernel.source`` where the loop or its label begins; None where it does not stand there as text
    (it comes from a macro or a header)."""

    @property
    def fixed(self) -> frozenset[SiteKind]:
        """What pragmas without placeholder already decide, such as ``#pragma ACCEL PARALLEL FACTOR=4``."""
        return frozenset(
            pragma.kind for pragma in self.pragmas if pragma.kind is not None and pragma.placeholder is None
        )


def loop_places(kernel: Kernel) -> dict[str, LoopPlace]:
    """The place of each loop, by loop id."""
    records = [record for found in kernel.analysis.records.values() for record in found]
    lines = _LINE_END.split(kernel.source)
    starts = [0, *(end.end() for end in _LINE_END.finditer(kernel.source))]
    places: dict[str, LoopPlace] = {}
    for record in records:
        coord = record.statement.coord
        word = record.keyword if record.statement is record.node else record.statement.name
        offset = None
        if coord.file == kernel.file and 0 < coord.line <= len(lines):
            text = lines[coord.line - 1]
            spliced = coord.line > 1 and lines[coord.line - 2].rstrip().endswith("\\")
            column = (coord.column or 1) - 1
            directive = text.lstrip().startswith("#")
            if text.startswith(word, column) and not spliced and not directive:
                offset = starts[coord.line - 1] + column
        places[f"{record.function}/loop_{record.index}"] = LoopPlace(record.node, tuple(record.pragmas), offset)
    return places


def loop_nodes(kernel: Kernel) -> dict[str, Any]:
    """The syntax tree node of each loop, by loop id."""
    return {loop: place.node for loop, place in loop_places(kernel).items()}
