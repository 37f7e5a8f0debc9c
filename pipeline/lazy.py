"""Names of a package that are loaded when they are first used.

A command that only reads the report store does without the parsers, the sampling and the libraries that they need.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def lazy_imports(package: str, file: str) -> Callable[[str], Any]:
    """The package's ``__getattr__``: gives what its ``if TYPE_CHECKING`` block imports, each module on first use.

    So the names stand once, in the form that type checkers read. ``package`` and ``file`` are the package's
    ``__name__`` and ``__file__``.
    """
    places: dict[str, tuple[str, str]] = {}
    for block in ast.parse(Path(file).read_text(encoding="utf-8")).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                if isinstance(line, ast.ImportFrom):
                    places |= {name.asname or name.name: (line.module or "", name.name) for name in line.names}

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = places[name]
        value = getattr(importlib.import_module(module), original)
        # From now on the name is found without asking here.
        setattr(sys.modules[package], name, value)
        return value

    return load
