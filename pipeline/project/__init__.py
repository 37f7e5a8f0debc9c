"""What is compiled: files, compiler flags, top function, test bench; and the compiler's own view of it.

One :class:`Project` goes to everything that reads a kernel: the preprocessor, the parser, the IR compiler, lowering and
the tool. Nothing of a source is ever executed.
"""

from pipeline.project.directives import Directive
from pipeline.project.flags import NO_FLAGS, Flags, parse_flags
from pipeline.project.project import NO_SETTINGS, NO_TESTBENCH, Project, TestBench, ToolSettings

__all__ = [
    "NO_FLAGS",
    "NO_SETTINGS",
    "NO_TESTBENCH",
    "Directive",
    "Flags",
    "Project",
    "TestBench",
    "ToolSettings",
    "parse_flags",
]
