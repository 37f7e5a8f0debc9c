"""A project that exists, by its configuration file or script: opened, and one of what it makes chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError, nearest
from pipeline.project.component import SOURCES, Component, Unread, project_of, shown, take_moved
from pipeline.project.configuration import read_configuration
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


def solutions_of(path: Path) -> list[tuple[str, Path]]:
    """The solutions that a Tcl script makes: title (``PROJECT/SOLUTION``) and folder; none of other files."""
    if not is_project(str(path)) or path.suffix.lower() == ".cfg":
        return []
    components, _ = read_script(path)
    return [(one.title, one.folder / one.project / one.solution) for one in components if one.solution]


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
        directives = not configuration and "set_directive_" in path.read_text(encoding="utf-8", errors="replace")
        raise PipelineError(
            "holds directives alone" if directives else "makes no HLS design: it adds no files to a project",
            file=str(path),
            fix="give the script that sources it" if directives else "give the sources as --kernel and --files",
        )
    chosen = _chosen(components, path, solution, top)
    unread += take_moved(chosen)
    if not testbench:
        unread += _without_missing(chosen)
    project = project_of(chosen, name=name or None, top=top or None, flags=flags, files=files, testbench=testbench)
    return Opened(project, tuple(unread), dict(chosen.unknown))


def _without_missing(chosen: Component) -> list[Unread]:
    """Takes files of the test bench that are not there out of a component: without a source there is no bench."""
    gone = [one for one in chosen.bench if not Path(one.path).exists()]
    whole = any(one.path.lower().endswith(SOURCES) for one in gone)
    chosen.bench = [] if whole else [one for one in chosen.bench if one not in gone]
    left = "the design is not simulated" if whole else "the test bench is compiled and run without it"
    return [
        Unread(chosen.script, one.line, f"{shown(one.path)} of the test bench is not there; {left}") for one in gone
    ]


def _chosen(components: list[Component], path: Path, solution: str, top: str) -> Component:
    left = components
    if solution:
        left = [one for one in left if solution in (one.solution, one.project, one.title)]
        if not left:
            known = list(dict.fromkeys(one.title for one in components))
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
