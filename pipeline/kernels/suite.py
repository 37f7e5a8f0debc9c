"""The kernel suite by name, and a user's own file by path."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, nearest_file
from pipeline.project import NO_FLAGS, Flags, Project
from pipeline.resources import data_folder

if TYPE_CHECKING:
    from pipeline.kernels.further_sites import Explored
    from pipeline.kernels.model import Kernel
    from pipeline.kernels.propose import Terms

ALIASES = {"stencil_stencil2d": "stencil"}
"""Other names under which published sets know a kernel of the suite."""


def suite_folder() -> Path:
    """The suite's folder: ``kernels/`` in the current folder if it holds NAME/NAME.c, else the one of the package.

    Raises PipelineError where there is neither.
    """
    return data_folder("kernels")


def suite_names() -> list[str]:
    """Names of the suite's kernels, sorted."""
    return _names_in(suite_folder())


def find_kernel(
    kernel: str | Project,
    top: str | None = None,
    flags: Flags = NO_FLAGS,
    further: Sequence[str] = (),
    sites: Terms = "auto",
    explore: Sequence[Explored] = (),
) -> Kernel:
    """The kernel of that name in the suite, or in the C file at that path, read with the compiler's ``flags`` and the
    files ``further`` beside it; or that of a project, whose ``file`` is such a name or path.

    A file without any placeholder gets sites proposed in the terms of ``sites``, with what else is to be explored
    (:func:`pipeline.kernels.propose.propose_sites`).
    Raises PipelineError for an unknown name, with close ones, and for files that cannot be read.
    """
    # The C parser is only loaded where C is read.
    from pipeline.kernels.propose import propose_sites
    from pipeline.kernels.read import check_name, load_kernel

    project = kernel if isinstance(kernel, Project) else Project(kernel, flags, tuple(further), top)
    name_or_path = project.file
    if not name_or_path.strip():
        raise PipelineError("no kernel is named", fix="give a name of the suite or the path of a C file")
    path = Path(name_or_path)
    looks_like_path = "/" in name_or_path or "\\" in name_or_path or path.suffix.lower() in (".c", ".cpp", ".cc", ".h")
    if path.is_dir() and ALIASES.get(name_or_path, name_or_path) not in _names_in(suite_folder()):
        inside = sorted((one.name for one in path.iterdir() if one.suffix in _KINDS), key=_rank)
        fix = f"give a file in it, such as {path / inside[0]}" if inside else "it holds no C source; give one"
        raise PipelineError("is a folder, not a file", file=name_or_path, fix=fix)
    if looks_like_path and not path.exists():
        raise PipelineError("there is no such file", file=name_or_path, fix=_meant(path))
    if looks_like_path:
        return propose_sites(load_kernel(path, project=project), sites, explore)
    name = check_name(ALIASES.get(name_or_path, name_or_path))
    folder = suite_folder()
    if (own := folder / name / f"{name}.c").is_file():
        return propose_sites(load_kernel(own, name=project.name or name, project=project), sites, explore)
    if path.is_file():
        return propose_sites(load_kernel(path, project=project), sites, explore)
    names = _names_in(folder)
    close = difflib.get_close_matches(name_or_path.lower(), [*names, *ALIASES], n=3, cutoff=0.5)
    here = (one.name for one in Path().glob(f"{glob.escape(name)}.*") if one.suffix in _KINDS)
    close = sorted(here, key=_rank)[:1] or close
    hint = f"did you mean {' or '.join(close)}?" if close else f"the suite has {', '.join(names)}"
    raise PipelineError(f"there is no kernel {name_or_path}; {hint}", fix="give one of these or the path of a C file")


def _meant(path: Path) -> str:
    """What to give instead of a path where nothing is."""
    if path.parts[:1] == ("~",):
        return "a shell puts a home folder for ~ at the start of a word alone: write --kernel ~/..., without ="
    name = ALIASES.get(path.stem, path.stem)
    if len(path.parts) == 1 and name in _names_in(suite_folder()):
        return f"the suite's kernel is --kernel {name}"
    if (meant := nearest_file(path, _KINDS)) is not None:
        return f"did you mean {meant}?"
    return "give a C source file" if path.is_absolute() else f"give a C source file; paths start from {Path.cwd()}"


_KINDS = (".cfg", ".tcl", ".c", ".cpp", ".cc", ".cxx")
"""Endings of what a kernel is given by, a project's files first."""


def _rank(name: str) -> tuple[int, str]:
    return _KINDS.index(Path(name).suffix), name


def _names_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(entry.name for entry in folder.iterdir() if (entry / f"{entry.name}.c").is_file())
