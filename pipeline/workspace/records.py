"""Folders of a workspace, read while others write, and what in them is damaged."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError


@dataclass
class Tell:
    """Collects one line for each thing that cannot be read."""

    lines: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def damaged(self) -> Iterator[None]:
        """Within the block a file that cannot be read ends the block, and is told."""
        try:
            yield
        except (PipelineError, OSError) as error:
            self.lines.append(str(error))


def folders(place: Path, prefix: str = "") -> list[Path]:
    """The folders in a folder by name: no links such as ``latest``, nothing that is written aside; empty for none."""
    try:
        with os.scandir(place) as found:
            names = [item.name for item in found if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [place / name for name in sorted(names) if name.startswith(prefix) and not name.startswith(".")]


def whole(file: Path) -> str | None:
    """The path of a file that is there."""
    return str(file) if file.is_file() else None
