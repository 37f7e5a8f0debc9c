"""A kernel: C source read into loops, arrays and pragma sites, and the suite of kernels that ships with the project.

What needs the parser is loaded when it is first used; ``pipeline.kernels.annotate`` writes a point into the source.
"""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports
from pipeline.terms import SiteKind

if TYPE_CHECKING:
    from pipeline.kernels.model import Argument, Array, Function, Kernel, Loop, Option, Site
    from pipeline.kernels.propose import propose_sites
    from pipeline.kernels.read import load_kernel, read_kernel
    from pipeline.kernels.suite import find_kernel
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = [
    "Argument",
    "Array",
    "Function",
    "Kernel",
    "Loop",
    "Option",
    "Site",
    "SiteKind",
    "find_kernel",
    "load_kernel",
    "propose_sites",
    "read_kernel",
]
