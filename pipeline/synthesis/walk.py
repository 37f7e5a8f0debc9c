"""What a folder of past runs holds: walked once, without leaving it and without opening what is no plain file."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.files import LEADS_OUT, leads_out
from pipeline.synthesis.design_names import SIDECARS, from_name


@dataclass
class Walked:
    """What was found below a folder, by path relative to it."""

    reports: list[PurePosixPath] = field(default_factory=list)
    """Every ``*.xml``; real folders come before links to folders."""
    designs: list[PurePosixPath] = field(default_factory=list)
    """Folders that a sidecar or their own name says to be a design's, and that hold something."""
    passed_over: dict[PurePosixPath, str] = field(default_factory=dict)
    """What is not read, with why: links that lead out, folders that cannot be listed, pipes."""


def walk(folder: Path) -> Walked:
    """Walk a folder. Each folder in it is visited once; what starts with a dot is a tool's or an editor's own.

    Links are followed where they stay within the folder. Raises OSError where the folder itself cannot be listed.
    """
    found = Walked()
    visited: set[tuple[int, int]] = set()
    pending = deque([PurePosixPath(".")])
    links: deque[PurePosixPath] = deque()
    while pending or links:
        place = pending.popleft() if pending else links.popleft()
        try:
            status = (folder / place).stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder / place) as scan:
                items = sorted(scan, key=lambda item: item.name)
        except OSError as error:
            if place == PurePosixPath("."):
                raise
            found.passed_over[place] = f"cannot be listed: {error.strerror or error}"
            continue
        shown = [item for item in items if not item.name.startswith(".") and item.name.isprintable()]
        if any(item.name not in SIDECARS for item in shown) and (
            any(item.name in SIDECARS for item in shown) or from_name(place.name) is not None
        ):
            found.designs.append(place)
        for item in shown:
            path = place / item.name
            is_report = item.name.lower().endswith(".xml")
            if item.is_dir(follow_symlinks=False):
                pending.append(path)
            elif item.is_symlink() and (is_report or _is_folder(item)) and leads_out(folder, folder / path):
                nowhere = not os.path.exists(item.path)  # noqa: PTH110, a DirEntry's path is text
                found.passed_over[path] = "is a link that leads nowhere" if nowhere else LEADS_OUT
            elif item.is_symlink() and _is_folder(item):
                links.append(path)
            elif is_report and _is_file(item):
                found.reports.append(path)
            elif is_report:
                found.passed_over[path] = "is no plain file"
    return found


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:
        return False


def _is_file(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_file()
    except OSError:
        return False
