"""Which files in a folder of past runs are the reports of designs.

The tool leaves several XML files a run: the report of the design (``csynth.xml``, an aggregate since Vitis HLS
2020.2), one ``MODULE_csynth.xml`` per module beside it, ``csynth_design_size.xml``, summaries of cosimulation and
export, and copies of all of them in exported IP. A design counts once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import PipelineError
from pipeline.files import open_plain
from pipeline.synthesis.walk import Walked

AGGREGATE = "csynth.xml"
_MODULE_SUFFIX = "_csynth.xml"
_NOT_REPORTS = ("csynth_design_size.xml",)
_COPIES = re.compile(r"(?:^|/)(?:(?:impl/)?ip/hls_files|int/xo)(?:/|$)")
_FURTHER = re.compile(r"(?:^|/)(?:impl|sim|csim)/report/")
"""Reports of the tool's further steps, beside ``syn/report``."""
_HEAD_BYTES = 65_536
_ROOT_TAG = re.compile(rb"<([A-Za-z_][^\s/>]*)")
_TOP_NAME = re.compile(rb"<TopModelName>\s*([^<\s]+)\s*</TopModelName>")
_EXPORT = re.compile(rb"<(?:RunData|AreaReport|TimingReport)\b")


@dataclass(frozen=True)
class Found:
    """A file that is, or should be, the report of a design."""

    path: str
    """Relative to the folder searched, parts joined by ``/``."""
    missing: str | None = None
    """Why there is no report of the design: the file is not there, and others beside it are no substitute."""


def find_reports(folder: Path, walked: Walked, top: str | None = None) -> list[Found]:
    """The reports of designs among the files that were found under a folder, sorted by path.

    Taken are each ``csynth.xml``; where a folder has none, the ``TOP_csynth.xml`` of the top function (module
    files of callees are no designs; where none is the top's, the folder is one design without a report); and outside
    the tool's own solution folders any ``*.xml`` that is a report. Copies in exported IP count only where the original
    is not there.

    ``top`` is the name of the top function, which decides between several module files.
    """
    by_folder: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in walked.reports:
        if path.name not in _NOT_REPORTS:
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
        if modules[place] and place / AGGREGATE not in walked.passed_over:
            found.append(_top_of(place, modules[place], top))
        for path in inside:
            if path not in modules[place] and not _is_of_a_solution(path, solutions):
                # In a flat folder a foreign file is a mistake to tell; elsewhere it is a tool's.
                root = _root_tag(folder / path)
                if root in (None, "profile") or (flat and place == PurePosixPath(".")):
                    found.append(Found(str(path)))
    return sorted(_without_copies(found), key=lambda item: item.path)


def _is_of_a_solution(path: PurePosixPath, solutions: set[PurePosixPath]) -> bool:
    return _FURTHER.search(str(path)) is not None or any(parent in solutions for parent in path.parents)


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


def _top_of(place: PurePosixPath, modules: list[PurePosixPath], top: str | None) -> Found:
    """The top's report among a folder's module reports, or that it is missing."""
    stems = {path.name[: -len(_MODULE_SUFFIX)]: path for path in modules}
    if top is not None:
        if top in stems:
            return Found(str(stems[top]))
        why = f"none of the {len(stems)} reports of modules beside it is of the top function {top!r}"
        return Found(str(place / AGGREGATE), why)
    # Since 2021.1 pipelined loops are modules of their own, named after the function they belong to.
    tops = [name for name in stems if not any(name.startswith(f"{other}_Pipeline_") for other in stems)]
    if len(tops) == 1:
        return Found(str(stems[tops[0]]))
    why = f"which of the {len(tops)} modules beside it is the top function is not known; name it with --top"
    return Found(str(place / AGGREGATE), why)


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
        with open_plain(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, PipelineError):
        return b""


def _root_tag(path: Path) -> str | None:
    """The name of the first element; None where the beginning of the file has none, ``export`` for one of an export."""
    head = re.sub(rb"<!--.*?-->", b"", _head(path), flags=re.DOTALL)
    match = _ROOT_TAG.search(head)
    if match is None:
        return None
    return "export" if _EXPORT.search(head) else match[1].decode("utf-8", "replace").rpartition(":")[2].lower()
