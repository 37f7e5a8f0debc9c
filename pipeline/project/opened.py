"""A project that exists, by its configuration file or script: opened, and one of what it makes chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError, nearest, nearest_file
from pipeline.project.component import HEADERS, SOURCES, Component, Unread, project_of, shown, take_moved
from pipeline.project.configuration import read_configuration, says_hls, work_folders
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.project import Project
from pipeline.project.script import read_script

ENDINGS = (".cfg", ".tcl")
"""Endings of files that describe a project; of any other a kernel is the file itself."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A project, what of its script is not understood, and what is not known (line and reason, by what it is of)."""

    project: Project
    unread: tuple[Unread, ...]
    unknown: dict[str, tuple[int, str]]


def is_project(name: str) -> bool:
    """Whether the name is that of a file that describes a project."""
    return name.lower().endswith(ENDINGS)


def solutions_of(path: Path, named: Path | None = None) -> list[tuple[str, Path]]:
    """The solutions that a project's file makes: title and folder, in which the tool leaves ``syn/report``.

    Of a Tcl script all that it says, by ``PROJECT/SOLUTION``; of ``hls_config.cfg`` the folders ``hls`` of its work
    folders that are there, without a title: its own ``work_dir``, and the folder ``named``. Where no other file beside
    it configures the tool, also those in its folder and two levels below it (``v++ --work_dir``, the IDE's
    ``COMPONENT/COMPONENT``) that no other such file is nearer to. None of any other file.
    """
    if not is_project(str(path)):
        return []
    if path.suffix.lower() != ".cfg":
        components, _ = read_script(path)
        # A component (``open_component``, 2024.2) has no solution; the tool's work is in its folder.
        return [(one.title, one.folder / one.project / (one.solution or "hls")) for one in components if one.project]
    chosen = [path.parent / one for one in work_folders(path)]
    chosen += [named, named.parent] if named is not None and named.name == "hls" else filter(None, [named])
    if not _configurations(path.parent, besides=path):
        below = [one for one in sorted(path.parent.glob("*/")) if not _configurations(one)]
        further = [one for place in below for one in sorted(place.glob("*/")) if not _configurations(one)]
        chosen += [path.parent, *below, *further]
    places = {(one / "hls").resolve(): one / "hls" for one in reversed(chosen) if (one / "hls").is_dir()}
    return [("", place) for place in reversed(places.values())]


def _configurations(folder: Path, besides: Path | None = None) -> list[Path]:
    """The files in a folder that configure the tool, by what they say."""
    return [
        one for one in folder.glob("*.cfg")
        if one.is_file() and (besides is None or not one.samefile(besides)) and says_hls(one)
    ]  # fmt: skip


def open_project(
    path: Path,
    *,
    solution: str = "",
    top: str = "",
    name: str = "",
    flags: Flags = NO_FLAGS,
    files: Sequence[str] = (),
    testbench: Sequence[str] = (),
) -> Opened:
    """The project that ``hls_config.cfg`` or a Tcl script describes; nothing of it is executed.

    Where it makes several things, ``solution`` (``SOLUTION``, ``PROJECT`` or ``PROJECT/SOLUTION``) and ``top`` choose.
    ``flags`` and ``files`` are added to its own, ``testbench`` goes in place of its own, ``name`` is what the kernel is
    called instead of its top function. Raises PipelineError, with file and line, for what cannot be read, where the
    choice is open, and for what is needed and not known.
    """
    configuration = path.suffix.lower() == ".cfg"
    components, unread = read_configuration(path) if configuration else read_script(path)
    if not components:
        text = "" if configuration else path.read_text(encoding="utf-8", errors="replace")
        directives = re.search(r"^[^#\n]*\bset_directive_", text, re.MULTILINE) is not None
        raise PipelineError(
            "holds directives alone" if directives else "makes no HLS design: it adds no files to a project",
            file=str(path),
            fix="give the script that sources it" if directives else "give the sources as --kernel and --files",
        )
    chosen = _chosen(components, path, solution, top)
    unread += take_moved(chosen)
    if not testbench:
        unread += _without_missing(chosen)
    unread += _no_sources(chosen, bench=bool(chosen.bench) and not testbench)
    project = project_of(chosen, name=name or None, top=top or None, flags=flags, files=files, testbench=testbench)
    return Opened(project, tuple(unread), dict(chosen.unknown))


def _without_missing(chosen: Component) -> list[Unread]:
    """Takes files of the test bench that are not there out of a component: without a source there is no bench."""
    gone = [one for one in chosen.bench if not Path(one.path).exists()]
    whole = any(one.path.lower().endswith(SOURCES) for one in gone)
    chosen.bench = [] if whole else [one for one in chosen.bench if one not in gone]
    left = "the design is not simulated" if whole else "the test bench is compiled and run without it"
    told: list[Unread] = []
    for one in gone:
        meant = nearest_file(Path(one.path), (*SOURCES, *HEADERS))
        what = f"{shown(one.path)} of the test bench is not there{f' (did you mean {shown(meant)}?)' if meant else ''}"
        told.append(Unread(chosen.script, one.line, f"{what}; {left}"))
    return told


def _no_sources(chosen: Component, *, bench: bool) -> list[Unread]:
    """What is said of files of the design that no compiler takes; with a ``bench`` plain ones are its data."""
    told: list[Unread] = []
    for one in chosen.sources:
        path = Path(one.path)
        if one.path.lower().endswith(SOURCES):
            continue
        if path.is_dir():
            what = "is a folder, of which nothing is read; name its files"
        elif not path.exists():
            what = "is not there and is passed over"
        elif bench or one.path.lower().endswith(HEADERS):
            continue
        else:
            what = f"is no C or C++ source (these end in {', '.join(SOURCES)}); without a test bench nothing reads it"
        told.append(Unread(chosen.script, one.line, f"{shown(path)} {what}"))
    return told


def _chosen(components: list[Component], path: Path, solution: str, top: str) -> Component:
    left = components
    if solution:
        left = [one for one in left if solution in (one.solution, one.project, one.title)]
        if not left:
            known = [title for title in dict.fromkeys(one.title for one in components) if title]
            if not known:
                raise PipelineError(
                    "makes no solutions: --solution is for Tcl scripts", file=str(path), fix="leave --solution out"
                )
            meant = nearest(solution, known)
            raise PipelineError(
                f"has no solution {solution[:60]!r}",
                file=str(path),
                fix=f"did you mean {meant}?" if meant else f"it has {_listed(known)}",
            )
    named = [one for one in left if top and one.top == top]
    left = named or left
    if len(left) == 1:
        return left[0]
    titles, tops = list(dict.fromkeys(one.title for one in left)), list(dict.fromkeys(one.top or "?" for one in left))
    if len(tops) > 1:
        raise PipelineError(
            f"has {len(tops)} top functions: {_listed(tops)}", file=str(path), fix=f"choose one, as --top {tops[0]}"
        )
    return _by_solution(left, titles, path)


def _by_solution(left: list[Component], titles: list[str], path: Path) -> Component:
    example = titles[0] if len({one.solution for one in left}) < len(left) else left[0].solution
    raise PipelineError(
        f"has {len(titles)} solutions: {_listed(titles)}", file=str(path), fix=f"choose one, as --solution {example}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
