"""Data that a test bench opens by its place in the project, without a script that adds it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.project.component import SOURCES
from pipeline.project.project import Project

RUN_FOLDER = Path("project/solution/csim/build")
"""Where the tool runs a test bench, below the folder of the project: benches open ``../../../../data``."""
LEVELS_ABOVE = 3
"""How many folders above the project's own are looked in."""
_BYTES = 2**22
_CLIMBING = re.compile(r'"((?:\.\./){1,8}[\w.+ /-]{1,200})"')


def folder_of(project: Project) -> Path:
    """The folder that a project's paths begin at."""
    return Path(os.path.normpath(Path(project.script or project.file).absolute().parent))


def opened_data(project: Project) -> list[Path]:
    """Files and folders of the user's that the bench's sources and arguments name by ``../`` from where the tool runs
    it; none that the project names itself.

    Only what lies in the project's folder, or in one up to ``LEVELS_ABOVE`` above it, is taken.
    """
    if not project.testbench:
        return []
    root = folder_of(project)
    above = [one for one in (root, *root.parents)[: LEVELS_ABOVE + 1] if len(one.parts) > 1]
    known = {Path(os.path.normpath(Path(file).absolute())) for file in (*project.testbench.files, project.file)}
    found: dict[Path, None] = {}
    for name in _named(project):
        place = Path(os.path.normpath(root / RUN_FOLDER / name))
        inside = any(place.is_relative_to(one) for one in above)
        if inside and place not in above and place not in known and place.exists() and not place.is_symlink():
            found[place] = None
    return sorted(found)


def _named(project: Project) -> Iterator[str]:
    yield from (word for word in project.testbench.arguments if word.startswith("../"))
    for file in project.testbench.files:
        if file.lower().endswith(SOURCES) and Path(file).is_file():
            with Path(file).open("rb") as stream:
                yield from _CLIMBING.findall(stream.read(_BYTES).decode("utf-8", "replace"))
