"""Cycles and resources of a design without a tool: a small analytical model of loop nests.

``prepare(kernel)`` walks a kernel once; its ``estimate(point)`` gives a
:class:`~pipeline.reports.report.Report` that names the estimator where a tool's report names the tool.
"""

from pipeline.estimator.device import Device, load_device
from pipeline.estimator.prepared import VERSION, Point, Prepared, estimate, prepare

__all__ = ["VERSION", "Device", "Point", "Prepared", "estimate", "load_device", "prepare"]
