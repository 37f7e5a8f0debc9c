"""The reports that a project's own solutions have left, as reports of designs as written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from pipeline.design_space.for_kernel import load_space
from pipeline.design_space.keys import design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.project.opened import solutions_of
from pipeline.synthesis.design_names import Named

REPORT = Path("syn", "report", "csynth.xml")
"""Where the tool puts the report, within a solution."""


def designs_of_solutions(
    script: Path, folder: Path, of: Kernel, read: Callable[[str], Kernel], tell: Callable[[str], None]
) -> dict[str, Named]:
    """The designs of the reports below ``folder`` that a project's solutions have left, by relative path.

    ``script`` is its Tcl script or ``hls_config.cfg``. A solution's design is the one as written: what the pragmas in
    its sources and its own directives say. ``read`` gives the kernel as a solution has it, by the solution's title.
    Passed over, with a line to ``tell``: a solution whose report is older than its sources, as its pragmas may have
    been others, and one whose files, flags or directives make it another kernel than ``of``.
    """
    found: dict[str, Named] = {}
    for title, place in solutions_of(script, folder):
        report = place / REPORT
        if not report.is_file():
            continue
        said = title or place
        try:
            kernel = read(title)
            point = load_space(kernel).default
        except PipelineError as error:
            tell(f"{said}: its design cannot be told ({error})")
            continue
        sources = [Path(kernel.file), *map(Path, kernel.project.further if kernel.project is not None else ()), script]
        newest = max((one for one in sources if one.is_file()), key=lambda one: one.stat().st_mtime_ns)
        if newest.stat().st_mtime_ns > report.stat().st_mtime_ns:
            tell(f"{said}: its report is older than {newest}, so its design cannot be told")
        elif kernel.ast_hash != of.ast_hash:
            tell(f"{title}: its files or directives make it a kernel of its own; import it with --solution {title}")
        else:
            path = os.path.relpath(report.resolve(), folder.resolve())
            if not path.startswith(os.pardir):
                found[Path(path).as_posix()] = Named(design_key(point), point)
    return found
