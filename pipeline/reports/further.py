"""Labels of the steps beyond C synthesis: cosimulation, and what Vivado makes of the exported design.

Each is a measurement of its own kind and never replaces the label of C synthesis. What one figure lacks costs that
figure alone, and the label's reason says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.elements import Elements, Section, section, text_of
from pipeline.reports.figures import is_unknown, ordered, range_in
from pipeline.reports.labels import DesignStatus, Label
from pipeline.reports.parse import read_document
from pipeline.reports.utilisation_table import label_from_utilisation

_FIX = "run the step again"
_COSIM_COUNTS = 6
_LANGUAGES = ("VERILOG", "VHDL", "SYSTEMC")

EXPORT_FILES = ("export_impl.xml", "export_syn.xml", "_export.xml")
"""The tool's own summaries of an export by the end of their names, the one that tells most first. Vitis HLS writes the
first two, Vivado HLS one ``TOP_export.xml`` for either step."""

_UTILISATION = re.compile(r"utilization[^/]*\.rpt$", re.IGNORECASE)
_PLACED = re.compile(r"(rout|plac|impl)", re.IGNORECASE)


def label_from_export(data: bytes, *, file: str = "export_syn.xml") -> Label:
    """Resources and clock after Vivado, from ``export_syn.xml``, ``export_impl.xml`` or ``TOP_export.xml``.

    ``used`` and ``available`` hold DSP, FF, LUT, URAM and BRAM_18K: the tool's script counts a RAMB18 as one and a
    RAMB36 as two. ``slices`` are the SLICEs of 7-series devices, or the CLBs of later ones, which only implementation
    tells. ``clock_estimated_ns`` is the achieved period (target less worst negative slack), that of the routed design
    in a report of the implementation. There is no latency in these reports. Raises PipelineError for anything but such
    a report, and for one without a figure. The elements are those that public parsers of this file read.
    """
    root = section(read_document(data, file))
    area, timing = section(root.get("AreaReport")), section(root.get("TimingReport"))
    if not area and not timing:
        raise PipelineError("holds neither AreaReport nor TimingReport, so it tells of no export", file=file, fix=_FIX)
    read = Elements()
    target = _period(read, timing, ("TargetClockPeriod", "CP_TARGET"))
    achieved = _period(read, timing, ("AchievedClockPeriod", "CP_FINAL", "CP_ROUTE", "CP_SYNTHESIS"))
    slack = read.period(timing.get("WNS_FINAL"), signed=True)
    if achieved is None and target is not None and slack is not None:
        achieved = target - slack
    counts = section(area.get("Resources"))
    label = Label(
        DesignStatus.OK,
        used=read.resources(area.get("Resources")),
        available=read.resources(area.get("AvailableResources")),
        slices=read.count(counts.get("SLICE")) or read.count(counts.get("CLB")) or None,
        clock_target_ns=target,
        clock_estimated_ns=achieved,
    )
    if label.used == Resources() and achieved is None:
        odd = f" ({read.warnings[0]})" if read.warnings else ""
        raise PipelineError(f"holds no figure: no resource and no clock{odd}", file=file, fix=_FIX)
    return replace(label, reason="; ".join(read.warnings) or None)


def label_from_exported(files: Mapping[str, bytes]) -> Label | None:
    """The label of an export from the texts that it left, by relative path; None where none of them tells.

    The tool's own summary counts, that of the implementation before that of the synthesis, and Vivado's table of
    utilisation where there is no summary. Raises PipelineError where none that should tell can be read.
    """
    problem: PipelineError | None = None
    for end in EXPORT_FILES:
        for path in sorted(files):
            if PurePosixPath(path).name.endswith(end):
                try:
                    return label_from_export(files[path], file=path)
                except PipelineError as error:
                    problem = problem or error
    tables = [path for path in files if _UTILISATION.search(PurePosixPath(path).name)]
    for path in sorted(tables, key=lambda path: (_PLACED.search(PurePosixPath(path).name) is None, path)):
        try:
            return label_from_utilisation(files[path].decode("utf-8", errors="replace"), file=path)
        except PipelineError as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return None


def label_from_cosim(text: str, *, file: str = "cosim.rpt") -> Label:
    """Latency and interval as simulated, in cycles, from the table of ``sim/report/TOP_cosim.rpt``.

    The row is that of the language that was simulated: status, then minimum, average and maximum of latency and of
    interval. A status other than Pass is a failure with that reason, and keeps the figures that the row has; a row
    that passed goes before one that did not. Raises PipelineError where there is no such row.
    """
    rows = [row for line in text.splitlines() if (row := _row(line)) is not None and not is_unknown(row[1])]
    if not rows:
        raise PipelineError("no row of a simulated language in it", file=file, fix=_FIX)
    language, status, *rest = next((row for row in rows if row[1].lower() == "pass"), rows[0])
    counts, odd = [], []
    for cell in (*rest, *[""] * _COSIM_COUNTS)[:_COSIM_COUNTS]:
        value, problem = range_in(cell)
        counts.append(value.exact)
        odd += [f"a count in the row of {language} {problem}"] if problem else []
    for first in (0, 3):
        _, problem = ordered(counts[first], counts[first + 2])
        if problem is not None:
            odd.append(f"a range in the row of {language} {problem}")
            counts[first : first + 3] = [None] * 3
    best, average, worst, interval_min, _, interval_max = counts
    passed = status.lower() == "pass"
    reason = [] if passed else [f"cosimulation in {language} ended with {status}"]
    return Label(
        DesignStatus.OK if passed else DesignStatus.COSIMULATION_FAILED,
        "; ".join(reason + odd) or None,
        cycles=worst,
        latency_best=best,
        latency_average=average,
        latency_worst=worst,
        interval_min=interval_min,
        interval_max=interval_max,
    )


def _row(line: str) -> list[str] | None:
    """The cells of a line about a language: its name, the status, the rest. None for another line."""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(cells) < 2 or cells[0].upper() not in _LANGUAGES or not re.fullmatch(r"[\w /.-]*", cells[1]):
        return None
    return cells


def _period(read: Elements, timing: Section, names: tuple[str, ...]) -> float | None:
    """The first of these periods that is stated."""
    return read.period(next((timing[name] for name in names if not is_unknown(text_of(timing.get(name)) or "")), None))
