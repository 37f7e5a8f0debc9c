"""A delivered design as a kernel of its own: its files, read as the user's were."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.design_space import derive_space
from pipeline.design_space.keys import Point
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import load_kernel
from pipeline.project import Project
from pipeline.project.directives import Directive, of_script
from pipeline.synthesis.lowering.delivery import deliver
from pipeline.synthesis.lowering.user_files import user_files


def as_estimated(kernel: Kernel, point: Point) -> tuple[Kernel, Point]:
    """What a design is estimated as: a point of the kernel, or the program that burst copies make of it, as it stands.

    Raises PipelineError where that is not delivered or cannot be read.
    """
    if not any(option.directive == "burst" and point.get(option.name) for option in kernel.options):
        return kernel, point
    found = delivered_kernel(kernel, point)
    return found, derive_space(found).default


def delivered_kernel(kernel: Kernel, point: Mapping[str, int | str]) -> Kernel:
    """The kernel that a point's files are; its sites are those of loops, with the point as the values as written.

    Raises PipelineError where the point cannot be delivered, or its files cannot be read.
    """
    sources, user = deliver(kernel, point), user_files(kernel)
    project = kernel.project or Project(kernel.file)
    with tempfile.TemporaryDirectory(prefix="hls-delivered-") as made:
        folder = Path(made)
        for file, name in user.names.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(user.encoded(file, user.whole(file, sources.files[name])))
        names = {Path(file).absolute(): str(folder / name) for file, name in user.names.items()}
        moved = replace(
            project,
            file=names.get(Path(project.file).absolute(), project.file),
            further=tuple(names.get(Path(file).absolute(), file) for file in project.further),
            flags=user.flags(project.flags).under(folder),
            top=kernel.top,
            directives=tuple(map(_directive, sources.directives.splitlines())),
        )
        found = load_kernel(moved.file, top=kernel.top, name=kernel.name, project=moved)
        return propose_sites(found, "tool")


def _directive(line: str) -> Directive:
    command, *words = shlex.split(line)
    return of_script(command.removeprefix("set_directive_"), words)
