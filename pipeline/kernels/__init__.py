"""A kernel: C source read into loops, arrays and pragma sites, and the suite of kernels that ships with the project.

Reading needs the parser, so the functions live in their modules and are imported from there:
``pipeline.kernels.read`` (``read_kernel``, ``load_kernel``), ``pipeline.kernels.suite`` (``find_kernel``),
``pipeline.kernels.propose`` (``propose_sites``) and ``pipeline.kernels.annotate`` (``annotate``).
"""

from pipeline.kernels.model import Argument, Array, Function, Kernel, Loop, Option, Site
from pipeline.terms import SiteKind

__all__ = ["Argument", "Array", "Function", "Kernel", "Loop", "Option", "Site", "SiteKind"]
