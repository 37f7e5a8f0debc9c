"""Which files in a folder of past runs are the reports of designs.

The tool leaves several XML files a run: the report of the design (``csynth.xml``, an aggregate since Vitis HLS
2020.2), one ``MODULE_csynth.xml`` per module beside it, ``csynth_design_size.xml``, and copies of all of them in
exported IP. A design counts once.
"""

from __future__ import annotations

import os
import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

AGGREGATE = "csynth.xml"
_MODULE_SUFFIX = "_csynth.xml"
_NOT_REPORTS = ("csynth_design_size.xml",)
_COPIES = re.compile(r"(?:^|/)(?:(?:impl/)?ip/hls_files|int/xo)(?:/|$)")
_HEAD_BYTES = 65_536
_ROOT_TAG = re.compile(rb"<([A-Za-z_][^\s/>]*)")
_TOP_NAME = re.compile(rb"<TopModelName>\s*([^<\s]+)\s*</TopModelName>")


@dataclass(frozen=True)
class Found:
    """A file that is, or should be, the report of a design."""

    path: str
    """Relative to the folder searched, parts joined by ``/``."""
    problem: str | None = None
    """Why it cannot be taken for a design's report, where that is known before it is parsed."""


def find_reports(folder: Path, top: str | None = None) -> list[Found]:
    """The reports of designs under a folder, sorted by path.

    Taken are each ``csynth.xml``; where a folder has none, the ``TOP_csynth.xml`` of the top function (module
    files of callees are no designs); and outside the tool's own solution folders any ``*.xml`` that is a report.
    Copies in exported IP count only where the original is not there. Folders whose name starts with a dot are the
    tool's or an editor's own. Links to folders are followed, each folder is visited once.

    ``top`` is the name of the top function, which decides between several module files.
    """
    by_folder: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in _xml_files(folder):
        by_folder.setdefault(path.parent, []).append(path)
    modules = {
        place: [path for path in inside if _is_module_report(folder, path)] for place, inside in by_folder.items()
    }
    solutions = {place.parent.parent for place in by_folder if place.parts[-2:] == ("syn", "report")}
    flat = not solutions and all(place / AGGREGATE not in inside for place, inside in by_folder.items())
    found: list[Found] = []
    for place, inside in by_folder.items():
        if place / AGGREGATE in inside:
            found.append(Found(str(place / AGGREGATE)))
            continue
        if modules[place]:
            found.extend(_top_of(modules[place], top))
        for path in inside:
            if path not in modules[place] and not any(parent in solutions for parent in path.parents):
                # In a flat folder a foreign file is a mistake to tell; elsewhere it is a tool's.
                root = _root_tag(folder / path)
                if root in (None, "profile") or (flat and place == PurePosixPath(".")):
                    found.append(Found(str(path)))
    return sorted(_without_copies(found), key=lambda item: item.path)


def _xml_files(folder: Path) -> list[PurePosixPath]:
    """Every ``*.xml`` that may be a report, relative; real folders come before links to folders."""
    start = folder.resolve()
    visited: set[tuple[int, int]] = set()
    pending = deque([PurePosixPath(".")])
    links: deque[PurePosixPath] = deque()
    files: list[PurePosixPath] = []
    while pending or links:
        linked = not pending
        place = pending.popleft() if pending else links.popleft()
        try:
            status = (folder / place).stat()
            # A link out to a folder around this one would walk half the disk.
            if (status.st_dev, status.st_ino) in visited or (
                linked and start.is_relative_to((folder / place).resolve())
            ):
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder / place) as scan:
                items = sorted(scan, key=lambda item: item.name)
        except OSError:
            if place == PurePosixPath("."):
                raise
            continue
        for item in items:
            name = item.name
            if name.startswith(".") or not name.isprintable():
                continue
            if item.is_dir(follow_symlinks=False):
                pending.append(place / name)
            elif item.is_symlink() and item.is_dir():
                links.append(place / name)
            elif name.lower().endswith(".xml") and name not in _NOT_REPORTS and _may_be_read(item):
                files.append(place / name)
    return files


def _may_be_read(item: os.DirEntry[str]) -> bool:
    """True for a file, and for a link that leads nowhere, which is told when it is read; not for a pipe or device."""
    return item.is_file() or (item.is_symlink() and not Path(item.path).exists())


def _is_module_report(folder: Path, path: PurePosixPath) -> bool:
    """True for a file named as the tool names a module's report: it states that very module as its top.

    A user's own ``run3_csynth.xml`` is not one.
    """
    if not path.name.endswith(_MODULE_SUFFIX):
        return False
    match = _TOP_NAME.search(_head(folder / path))
    if match is None:
        # Truncated before it says: in the tool's folder it is a module's, elsewhere a user's.
        return path.parent.parts[-2:] == ("syn", "report")
    return match[1].decode("utf-8", "replace") == path.name[: -len(_MODULE_SUFFIX)]


def _top_of(modules: list[PurePosixPath], top: str | None) -> list[Found]:
    """The top's report among a folder's module reports."""
    stems = {path.name[: -len(_MODULE_SUFFIX)]: path for path in modules}
    if top is not None:
        if top in stems:
            return [Found(str(stems[top]))]
        problem = f"lies among reports of modules, none of which is the top function {top!r}"
        return [Found(str(modules[0]), problem)]
    # Since 2021.1 pipelined loops are modules of their own, named after the function they belong to.
    tops = [name for name in stems if not any(name.startswith(f"{other}_Pipeline_") for other in stems)]
    if len(tops) == 1:
        return [Found(str(stems[tops[0]]))]
    problem = f"is one of {len(tops)} modules' reports in one folder, and which is the top function's is not known"
    return [Found(str(stems[name]), problem) for name in sorted(tops)]


def _without_copies(found: list[Found]) -> list[Found]:
    """Leave out what lies in exported IP where the original is there, under the folder that was exported from."""
    places = {item.path: match.start() for item in found if (match := _COPIES.search(item.path))}
    originals = [item.path for item in found if item.path not in places]
    kept = []
    for item in found:
        start = places.get(item.path)
        if start is not None:
            parts = item.path[:start].split("/")
            if "_x" in parts and "/int/xo/" in item.path:
                # v++ links under _x/link/int/xo what it compiled elsewhere under _x.
                parts = parts[: parts.index("_x") + 1]
            around = "/".join(parts)
            if any(not around or path.startswith(f"{around}/") for path in originals):
                continue
        kept.append(item)
    return kept


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _root_tag(path: Path) -> str | None:
    """The name of the first element; None where the beginning of the file has none."""
    head = re.sub(rb"<!--.*?-->", b"", _head(path), flags=re.DOTALL)
    match = _ROOT_TAG.search(head)
    return match[1].decode("utf-8", "replace") if match else None
