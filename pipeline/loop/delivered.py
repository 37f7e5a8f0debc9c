"""A design as the user's own project: all its files with the design in them, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files import read_plain
from pipeline.kernels.annotate import annotated_files
from pipeline.synthesis.lowering import LoweredSources
from pipeline.synthesis.lowering.edits import unified_diff
from pipeline.synthesis.lowering.user_files import MAX_BESIDE_BYTES, user_files

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.synthesis.vitis import Sources

CHANGES = "changes.diff"
DIRECTIVES = "directives.tcl"


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
    for name, place in user.beside.items():
        _put(folder / name, read_plain(place, most=MAX_BESIDE_BYTES, fix="name other files of the test bench"))
        held[name] = "your file, as it is"
    if sources.directives:
        _put(folder / DIRECTIVES, sources.directives.encode())
        held[DIRECTIVES] = "this design's directives; source it in the script after the files are added"
    _put(folder / CHANGES, diff)
    held[CHANGES] = "what changed in your files, for patch -p1" if diff else "empty: the files are as you wrote them"
    return held


def with_merlins_pragmas(kernel: Kernel, point: Mapping[str, int | str]) -> LoweredSources:
    """The user's files with Merlin's pragmas for a design, as the Merlin compiler takes them.

    Raises PipelineError where a site has no place in them.
    """
    user = user_files(kernel)
    texts = dict(user.texts) | annotated_files(kernel, point)
    return LoweredSources({user.names[file]: texts[file] for file in user.texts}, kernel.top)


def _put(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
