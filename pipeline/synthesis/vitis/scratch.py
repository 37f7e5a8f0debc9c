"""Folders for runs: outside any git work tree, private, and gone afterwards unless they are to be kept."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import tempfile
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.files import is_alive


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
            f"cannot be used for runs: {error.strerror}",
            file=str(folder),
            fix="name another with --vitis-scratch or TMPDIR",
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


def run_folder(scratch: Path, *, stays: bool = False) -> Path:
    """A new private folder in a checked scratch folder. Raises OSError.

    One that does not stay carries host and process in its name: what a killed process of this host has left behind
    is removed before the next folder of another process is made.
    """
    if stays:
        return Path(tempfile.mkdtemp(prefix="kept-", dir=scratch))
    host = "".join(letter if letter.isalnum() else "_" for letter in socket.gethostname())
    _remove_leftovers(scratch, host, os.getpid())
    return Path(tempfile.mkdtemp(prefix=f"hls-{host}-{os.getpid()}-", dir=scratch))


@functools.lru_cache(maxsize=64)
def _remove_leftovers(scratch: Path, host: str, process: int) -> None:
    """Once a process: whose owner is gone is nobody's, and its supervisor, if it still lives, removes it as well."""
    for folder in scratch.glob(f"hls-{host}-*"):
        owner = folder.name.removeprefix(f"hls-{host}-").partition("-")[0]
        if owner.isdigit() and int(owner) != process and not is_alive(int(owner)):
            remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Removes the folder and all below it; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
