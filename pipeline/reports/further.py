"""Labels of the steps beyond C synthesis: cosimulation, and Vivado's out-of-context synthesis of the exported design.

Each is a measurement of its own kind and never replaces the label of C synthesis.
"""

from __future__ import annotations

import re

from lxml import etree

from pipeline.errors import PipelineError
from pipeline.reports.labels import Label, Status
from pipeline.reports.parse import read_document
from pipeline.reports.report import Resources

_FIX = "run the step again"
_ROW = re.compile(r"^\s*\|\s*(Verilog|VHDL)\s*\|\s*(\w+)\s*\|(.*)\|\s*$", re.MULTILINE | re.IGNORECASE)


def label_from_export(data: bytes, *, file: str = "export_syn.xml") -> Label:
    """Resources and clock after Vivado synthesis, from ``impl/report/verilog/export_syn.xml``.

    ``used`` holds DSP, FF, LUT and URAM; BRAM is null, as Vivado counts blocks of 36 Kbit with halves in some
    versions and this report does not say which. ``clock_estimated_ns`` is the achieved period (target less worst
    negative slack), ``NA`` is null. There is no latency in this report. Raises PipelineError for anything but such a
    report. The elements are those that public parsers of this file read.
    """
    root = read_document(data, file)
    area, timing = root.find("AreaReport/Resources"), root.find("TimingReport")
    if area is None:
        raise PipelineError("no AreaReport/Resources in it", file=file, fix=_FIX)
    return Label(
        Status.OK,
        used=Resources(
            dsp=_count(area, "DSP", file),
            ff=_count(area, "FF", file),
            lut=_count(area, "LUT", file),
            uram=_count(area, "URAM", file),
        ),
        clock_target_ns=_period(timing, "TargetClockPeriod", file),
        clock_estimated_ns=_period(timing, "AchievedClockPeriod", file),
    )


def label_from_cosim(text: str, *, file: str = "cosim.rpt") -> Label:
    """Latency and interval as simulated, in cycles, from the table of ``sim/report/TOP_cosim.rpt``.

    The row is that of the language that was simulated: status, then minimum, average and maximum of latency and of
    interval. A status other than Pass is a label without measurements and with that reason. Raises PipelineError
    where there is no such row.
    """
    rows = [match for match in _ROW.finditer(text) if match[2].upper() != "NA"]
    if not rows:
        raise PipelineError("no row of a simulated language in it", file=file, fix=_FIX)
    language, status, rest = rows[0][1], rows[0][2], [cell.strip() for cell in rows[0][3].split("|")]
    if status.lower() != "pass":
        return Label(Status.NO_VERDICT, f"cosimulation in {language} ended with {status}")
    if len(rest) < 6 or any(cell and not cell.isdigit() and cell.upper() != "NA" for cell in rest[:6]):
        raise PipelineError(f"the row of {language} does not hold six counts", file=file, fix=_FIX)
    best, average, worst, interval_min, _, interval_max = (int(c) if c.isdigit() else None for c in rest[:6])
    return Label(
        Status.OK,
        cycles=worst,
        latency_best=best,
        latency_average=average,
        latency_worst=worst,
        interval_min=interval_min,
        interval_max=interval_max,
    )


def _text(parent: etree._Element | None, name: str) -> str | None:
    found = None if parent is None else parent.findtext(name)
    text = (found or "").strip()
    return None if text.upper() in ("", "NA", "N/A", "-") else text


def _count(parent: etree._Element, name: str, file: str) -> int | None:
    text = _text(parent, name)
    if text is not None and not (text.isascii() and text.isdigit()):
        raise PipelineError(f"{name} is {text[:40]!a}, no count", file=file, fix=_FIX)
    return None if text is None else int(text)


def _period(parent: etree._Element | None, name: str, file: str) -> float | None:
    text = _text(parent, name)
    if text is not None and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise PipelineError(f"{name} is {text[:40]!a}, no period in ns", file=file, fix=_FIX)
    return None if text is None else float(text)
