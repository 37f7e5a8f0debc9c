"""A design as the user's own project: all its files with the design in them, and what changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files import read_plain
from pipeline.loop.scripts import DIRECTIVES, own_directives, with_directives
from pipeline.synthesis.lowering import LoweredSources
from pipeline.synthesis.lowering.edits import unified_diff
from pipeline.synthesis.lowering.user_files import MAX_BESIDE_BYTES, UserFiles, user_files

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.synthesis.vitis import Sources

CHANGES = "changes.diff"


def write_project(folder: Path, kernel: Kernel, sources: Sources | LoweredSources) -> dict[str, str]:
    """Writes the user's files, byte for byte but for this design's pragmas, with test bench, data and script.

    ``changes.diff`` leads from what the user has to what lies here by ``patch -p1``; ``directives.tcl`` holds what no
    pragma says. Returns each file with what it holds.
    """
    user = user_files(kernel)
    held = {}
    diff = b""
    for file, name in sorted(user.names.items(), key=lambda one: one[1]):
        before, after = user.whole(file, user.texts[file]), user.whole(file, sources.files[name])
        _put(folder / name, user.encoded(file, after))
        diff += user.encoded(file, unified_diff({name: before}, {name: after}))
        held[name] = "your file, as it is" if before == after else "your file with this design's pragmas"
    beside = {
        name: read_plain(place, most=MAX_BESIDE_BYTES, fix="name other files of the test bench")
        for name, place in user.beside.items()
    }
    scripts = _scripts(kernel, user)
    own = DIRECTIVES
    while own in beside or own in held:
        own = f"design_{own}"
    texts = {place: beside[name].decode("utf-8", "surrogateescape") for place, name in scripts.items()}
    changed, notes = with_directives(kernel, texts, user.folder, sources.directives, own) if texts else ({}, [])
    for place, name in scripts.items():
        if changed[place] != texts[place]:
            data = changed[place].encode("utf-8", "surrogateescape")
            patch = unified_diff({name: texts[place]}, {name: changed[place]})
            diff += patch.encode("utf-8", "surrogateescape")
            _put(folder / name, data)
            held[name] = "your file with this design's directives"
    for name, data in beside.items():
        if name not in held:
            _put(folder / name, data)
            held[name] = "your file, as it is"
    if sources.directives and not (texts and sources.directives == own_directives(kernel)):
        _put(folder / own, sources.directives.encode())
        used = notes if texts else ["source it in the script after the files are added"]
        held[own] = "; ".join(["this design's directives", *used])
    _put(folder / CHANGES, diff)
    held[CHANGES] = "what changed in your files, for patch -p1" if diff else "empty: the files are as you wrote them"
    return held


def _scripts(kernel: Kernel, user: UserFiles) -> dict[Path, str]:
    """The project's script and what it sources of directives, each with its name in the folder."""
    project = kernel.project
    if project is None or project.script is None:
        return {}
    wanted = {_normal(project.script), *(_normal(one.file) for one in project.directives if one.file is not None)}
    return {place: name for name, place in user.beside.items() if place in wanted}


def _normal(file: str) -> Path:
    return Path(os.path.normpath(Path(file).absolute()))


def _put(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
