"""Where outputs stand in the workspace, and how they appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import luigi

from pipeline.files import fingerprint as fingerprint
from pipeline.files import made_whole_folder
from pipeline.files import writable_folder as writable_folder
from pipeline.files import write_json as write_json


class FolderTarget(luigi.Target):
    """A folder that exists only when all that belongs into it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        """Whether the folder is complete, which is whether it is there."""
        return self.path.is_dir()

    @contextlib.contextmanager
    def write(self) -> Iterator[Path]:
        """A folder aside to write into; it takes its place by one rename when the block ends without an error."""
        with made_whole_folder(self.path) as aside:
            yield aside


def point_latest(folder: Path) -> Path:
    """Makes ``latest`` beside ``folder`` a link to it, in one step; returns the link, or ``folder`` without links."""
    link = folder.parent / "latest"
    aside = folder.parent / f".latest-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        aside.symlink_to(folder.name, target_is_directory=True)
        aside.replace(link)
    except OSError:
        aside.unlink(missing_ok=True)
        return folder
    return link
