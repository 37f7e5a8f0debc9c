"""From a design point to C and directives for Vitis HLS.

:func:`lower` takes a kernel and a point and gives :class:`LoweredSources`: the C file, its directives, what became of
each site, and which label names which loop. :func:`read_hls_kernel` reads a kernel whose ``#pragma HLS`` lines hold
placeholders of any directive; :func:`delivers` says whether a kernel gets its own files back. ``docs/lowering.md`` says
what each value turns into.
"""

from pipeline.synthesis.lowering.delivery import delivers, is_cpp
from pipeline.synthesis.lowering.lower import lower
from pipeline.synthesis.lowering.native import read_hls_kernel
from pipeline.synthesis.lowering.result import LoweredSources, SiteOutcome

VERSION = "1"
"""Raised whenever a point gives other sources than before; part of the flow, and so of a report's address."""

__all__ = ["VERSION", "LoweredSources", "SiteOutcome", "delivers", "is_cpp", "lower", "read_hls_kernel"]
