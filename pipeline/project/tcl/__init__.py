"""Tcl, as far as scripts of HLS tools need it: read and evaluated within bounds, never executed.

There are values, lists, expressions, loops and procedures; a script may look at which files there are and read other
scripts. Nothing is started, written or opened, and a script ends after a bounded number of steps. What cannot be known
without doing it is an :class:`Unknown`, which says why.
"""

from pipeline.project.tcl.evaluate import Evaluator
from pipeline.project.tcl.lists import list_of, text_of
from pipeline.project.tcl.unknown import Refused, Unknown

__all__ = ["Evaluator", "Refused", "Unknown", "list_of", "text_of"]
