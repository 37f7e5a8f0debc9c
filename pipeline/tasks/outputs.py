"""Where outputs stand in the workspace, and how they appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.files import is_alive


def fingerprint(**parts: Any) -> str:
    """Twelve hex digits that change when any part does; the parts must be JSON values."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def write_json(path: Path, value: Any) -> None:
    """Writes a value as indented JSON with sorted keys: the same value, the same bytes."""
    path.write_text(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def writable_folder(folder: Path) -> None:
    """Makes a folder and those above it; PipelineError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PipelineError(
            f"cannot write here: {error.strerror}",
            file=str(folder),
            fix="name a folder you can write to with --workspace",
        ) from error


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
        host = "".join(c if c.isalnum() else "_" for c in socket.gethostname())
        writable_folder(self.path.parent)
        try:
            _remove_leftovers(self.path.parent, host)
            aside = self.path.parent / f".aside-{host}-{os.getpid()}-{secrets.token_hex(4)}"
            aside.mkdir()
        except OSError as error:
            raise PipelineError(
                f"cannot write here: {error.strerror}",
                file=str(self.path.parent),
                fix="name a folder you can write to with --workspace",
            ) from error
        try:
            yield aside
            try:
                aside.rename(self.path)
            except OSError as error:
                # Somebody else finished the same output first; same inputs, same bytes.
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or not self.path.is_dir():
                    raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _remove_leftovers(folder: Path, host: str) -> None:
    """Removes what killed runs of this host left aside."""
    for leftover in folder.glob(f".aside-{host}-*"):
        process = leftover.name.rsplit("-", 2)[1]
        if process.isdigit() and not is_alive(int(process)):
            shutil.rmtree(leftover, ignore_errors=True)


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
