"""Synthesis reports: a csynth.xml to a typed report and back, and a report to a label."""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports

if TYPE_CHECKING:
    from pipeline.reports.counts import Resources
    from pipeline.reports.labels import DesignStatus, Label, Utilisation, label_from_report, utilisation
    from pipeline.reports.latency_law import latency_law_residual
    from pipeline.reports.parse import MAX_NODES, parse_report, read_report
    from pipeline.reports.report import (
        MAX_BYTES,
        UNKNOWN,
        Latency,
        LoopReport,
        ModuleReport,
        PragmaMessage,
        Range,
        Report,
        Violation,
    )
    from pipeline.reports.write import write_report
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = [
    "MAX_BYTES",
    "MAX_NODES",
    "UNKNOWN",
    "DesignStatus",
    "Label",
    "Latency",
    "LoopReport",
    "ModuleReport",
    "PragmaMessage",
    "Range",
    "Report",
    "Resources",
    "Utilisation",
    "Violation",
    "label_from_report",
    "latency_law_residual",
    "parse_report",
    "read_report",
    "utilisation",
    "write_report",
]
