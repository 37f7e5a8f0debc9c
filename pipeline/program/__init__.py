"""A program, read once: its syntax tree with types, source places and pragmas, however it was written.

The tree is made of pycparser's nodes (``pycparser.c_ast``), with coordinates in the user's own files. For C pycparser's
parser fills it, from text that the compiler has preprocessed; docs/architecture.md says why it is the model for what
another front end reads too.
"""

from pipeline.program.translation import Translation, read_translation
from pipeline.program.tree import MAX_DEPTH, FileAST, Layout, deep_recursion, no_collection

__all__ = ["MAX_DEPTH", "FileAST", "Layout", "Translation", "deep_recursion", "no_collection", "read_translation"]
