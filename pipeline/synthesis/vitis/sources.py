"""What a design point is lowered to: the files that the tool is handed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.errors import PipelineError

C_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*")
"""One part of a file's path: no blank, no leading dot or dash, nothing that TCL, a shell or make could read as more."""

SOURCE_SUFFIXES = (".c", ".cc", ".cpp", ".cxx")


@dataclass(frozen=True)
class Sources:
    """One design as source files and directives.

    Args:
        files: text by name; a name is relative, its parts are joined by ``/``. Headers and data lie beside the
            design files and are not handed to the tool by name.
        top: the top function, a C identifier.
        directives: Vitis directives, one a line, spelled as TCL ``set_directive_*`` commands. They are parsed, not
            evaluated (:func:`pipeline.synthesis.vitis.directives.parse_directives`). Empty where pragmas in the
            files say it all.
        notes: sentences on the lowering that change what the label means (an approximation, a refused pragma);
            stored with it.
        cflags: flags of the compiler for the design files, as one line; ``testbench_cflags`` those for its test bench.
        testbench: names among ``files`` that belong to the test bench of C simulation and cosimulation.
        data: absolute paths of files and folders that the test bench reads.
        arguments: what the test bench's ``main`` gets; ``link`` what the linker gets for it.
        settings: (``config_COMMAND.OPTION``, value) pairs of the steps after C synthesis.

    Raises:
        PipelineError: a name cannot safely reach a path or the tool, or there is nothing to synthesise.
    """

    files: Mapping[str, str]
    top: str
    directives: str = ""
    notes: tuple[str, ...] = ()
    testbench: tuple[str, ...] = ()
    cflags: str = ""
    testbench_cflags: str = ""
    data: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not C_IDENTIFIER.fullmatch(self.top):
            raise PipelineError(f"{self.top[:80]!r} is no name of a top function", fix="a C identifier is needed")
        for name in self.files:
            check_file_name(name)
        if unknown := sorted(set(self.testbench) - set(self.files)):
            raise PipelineError(f"the test bench file {unknown[0]!r} is not among the files of the design")
        if not self.design_files:
            raise PipelineError(
                "a design without a C or C++ file cannot be synthesised",
                fix=f"name a file with one of the suffixes {' '.join(SOURCE_SUFFIXES)}",
            )

    @property
    def design_files(self) -> tuple[str, ...]:
        """The C and C++ files that are synthesised, sorted."""
        return tuple(sorted(n for n in self.files if n not in self.testbench and n.endswith(SOURCE_SUFFIXES)))


def check_file_name(name: str) -> str:
    """The name if it is a plain relative path that stays within its folder; else PipelineError."""
    parts = name.split("/")
    if len(name) > 200 or not all(FILE_NAME.fullmatch(part) for part in parts) or PurePosixPath(name).is_absolute():
        raise PipelineError(
            f"{name[:80]!r} is no file name that can be handed to the tool",
            fix="use letters, digits, '_', '-', '+' and '.', parts joined by '/', no part beginning with '.' or '-'",
        )
    return name
