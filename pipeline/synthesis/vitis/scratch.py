"""Folders for runs: outside any git work tree, private, and gone afterwards unless they are to be kept."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pipeline.errors import PipelineError


def check_scratch(folder: Path) -> Path:
    """The folder with links resolved, made if need be.

    Raises PipelineError where it cannot be written, and where it lies in a git work tree: Vitis HLS 2021.1 hangs
    for ever in some (EttusResearch/uhd#724). The root of a file system is not searched for ``.git``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
    except OSError as error:
        raise PipelineError(
            f"cannot be used for runs: {error.strerror}", file=str(folder), fix="name another"
        ) from error
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            raise PipelineError(
                f"lies in the git work tree {parent}, where Vitis HLS may hang",
                file=str(folder),
                fix="use a scratch folder outside any git work tree, such as one in /tmp",
            )
    if any(letter in str(folder) for letter in " \t\n\"'{}[]$;\\"):
        raise PipelineError(
            "has a blank or a quote in its path, which the tool does not bear", file=str(folder), fix="name another"
        )
    return folder


def run_folder(scratch: Path) -> Path:
    """A new private folder in a checked scratch folder. Raises OSError."""
    return Path(tempfile.mkdtemp(prefix="hls-", dir=scratch))


def remove_folder(folder: Path) -> None:
    """Removes the folder and all below it; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
