"""Cycles and resources of a design without a tool: a small analytical model of loop nests.

``prepare(kernel)`` walks a kernel once; its ``estimate(point)`` gives a
:class:`~pipeline.reports.report.Report` that names the estimator where a tool's report names the tool.
"""

from pipeline.estimator.clocks import device_for
from pipeline.estimator.constants import calibrated
from pipeline.estimator.device import Device, load_device
from pipeline.estimator.parts import Part, find_part
from pipeline.estimator.points import Point
from pipeline.estimator.prepared import VERSION, Estimate, WalkedKernel, estimate, prepare, version
from pipeline.estimator.tools import for_tool

__all__ = [
    "VERSION",
    "Device",
    "Estimate",
    "Part",
    "Point",
    "WalkedKernel",
    "calibrated",
    "device_for",
    "estimate",
    "find_part",
    "for_tool",
    "load_device",
    "prepare",
    "version",
]
