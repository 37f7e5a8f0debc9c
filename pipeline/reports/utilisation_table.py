"""The table that Vivado's ``report_utilization`` writes, of a synthesised, placed or routed design.

Its sections differ between families: ``Slice LUTs`` and ``Slice Registers`` on 7-series devices, ``CLB LUTs`` and
``CLB Registers`` on UltraScale, ``Registers`` and ``DSP Slices`` on Versal. Columns are found by their heads, as
versions have added some (``Fixed``, ``Prohibited``).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.figures import range_in
from pipeline.reports.labels import DesignStatus, Label
from pipeline.terms import Resource

_ROWS = {
    Resource.LUT: ("CLB LUTs", "Slice LUTs", "LUTs"),
    Resource.FF: ("CLB Registers", "Slice Registers", "Registers"),
    Resource.DSP: ("DSPs", "DSP Slices", "DSP"),
    Resource.URAM: ("URAM",),
    "tile": ("Block RAM Tile",),
    "ramb36": ("RAMB36/FIFO", "RAMB36"),
    "ramb18": ("RAMB18",),
    "slices": ("Slice", "CLB", "SLICE"),
}
"""What the rows of a resource are called, the usual name first. A star after a name leads to a footnote."""

_HALVES = re.compile(r"([0-9]{1,15})(?:\.([05])0*)?", re.ASCII)
_FIX = "give the file that report_utilization writes, not the hierarchical one"


def label_from_utilisation(text: str, *, file: str = "utilization.rpt") -> Label:
    """Resources used and available from a table of utilisation; there is neither a clock nor a latency in it.

    A RAMB36 counts as two BRAM_18K; where a report tells only tiles, a tile does. The first row of each resource
    counts, which is the whole device's (tables by SLR and by hierarchy come later or have other heads). Raises
    PipelineError where no resource stands in it.
    """
    rows = _rows(text)

    def cell(name: str, column: str) -> str | None:
        return next((rows[row].get(column) for row in _ROWS[name] if row in rows), None)

    used = _resources(lambda name: cell(name, "Used"), each_of_both=True)
    if used == Resources():
        raise PipelineError("holds no table of Site Type and Used", file=file, fix=_FIX)
    # Of the device either all RAMB36 or all RAMB18 can be had.
    available = _resources(lambda name: cell(name, "Available"), each_of_both=False)
    return Label(DesignStatus.OK, used=used, available=available, slices=_count(cell("slices", "Used")))


def _resources(cell: Callable[[str], str | None], *, each_of_both: bool) -> Resources:
    whole, halves, bram = _count(cell("ramb36")), _count(cell("ramb18")), _doubled(cell("tile"))
    if bram is None and whole is not None and halves is not None:
        bram = 2 * whole + halves if each_of_both else halves
    return Resources(bram, *(_count(cell(name)) for name in Resource if name is not Resource.BRAM_18K))


def _rows(text: str) -> dict[str, dict[str, str]]:
    """The first row of each site type, by the heads of its table."""
    rows: dict[str, dict[str, str]] = {}
    heads: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped.startswith("|"):
            # A rule or a title; a blank line ends a table.
            heads = heads if stripped.startswith("+") else []
            continue
        cells = [cell.strip() for cell in stripped.strip("|").split("|")]
        if cells[0] == "Site Type":
            heads = cells if "Used" in cells else []
        elif heads and len(cells) == len(heads):
            rows.setdefault(cells[0].rstrip("*"), dict(zip(heads, cells, strict=True)))
    return rows


def _count(cell: str | None) -> int | None:
    return range_in(cell)[0].exact


def _doubled(cell: str | None) -> int | None:
    """Twice a number of whole and half tiles."""
    match = _HALVES.fullmatch(cell or "")
    return None if match is None else 2 * int(match[1]) + (match[2] == "5")
