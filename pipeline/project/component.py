"""One thing that a script or a configuration file makes: a solution of a project, or a component, with its top."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError, nearest_file
from pipeline.project.directives import Directive
from pipeline.project.flags import NO_FLAGS, Flags, parse_flags
from pipeline.project.project import Project, TestBench, ToolSettings

HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tpp", ".def")
SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++")
"""Endings of files that are compiled; of the rest, headers are found by who includes them, and data is data."""
_UNITS = {"": 1.0, "ns": 1.0, "ps": 1e-3, "us": 1e3}
_FREQUENCIES = {"ghz": 1.0, "mhz": 1e3, "khz": 1e6, "hz": 1e9}
_PERIOD = re.compile(r"(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")
_UNCERTAINTY = re.compile(r"(\d{0,4})(?:\.(\d{0,4})\d*)?\s*(%|ns|ps)?")
_PLAIN = re.compile(r"[A-Za-z0-9_.%+:,/-]{1,80}")
_ABOVE = 6
"""How many folders above a script are looked in for what it names by a path of another machine."""
SETTING_COMMANDS = (
    "config_array_partition", "config_array_stencil", "config_bind", "config_compile", "config_core",
    "config_dataflow", "config_interface", "config_op", "config_rtl", "config_schedule", "config_storage",
    "config_unroll",
)  # fmt: skip
"""Commands that decide what C synthesis does (UG1399, UG902); other ``config_*`` are of later steps."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a script names: its path, the compiler's flags for it, and the line."""

    path: str
    flags: str
    line: int


@dataclass
class Component:
    """What is known of it so far. ``unknown`` holds what could not be told: line and reason by what it is of."""

    script: str
    folder: Path
    project: str = ""
    solution: str = ""
    top: str | None = None
    sources: list[NamedFile] = field(default_factory=list)
    bench: list[NamedFile] = field(default_factory=list)
    part: str | None = None
    clock_ns: float | None = None
    uncertainty: str | None = None
    flow: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    further: dict[str, str] = field(default_factory=dict)
    directives: list[Directive] = field(default_factory=list)
    arguments: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    unknown: dict[str, tuple[int, str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Folders that are named by absolute paths of another machine, by where they lie here."""

    @property
    def title(self) -> str:
        """``PROJECT/SOLUTION``, or what there is of it."""
        return "/".join(filter(None, (self.project, self.solution)))

    @property
    def missing(self) -> list[NamedFile]:
        """Sources that are compiled and not there."""
        return [one for one in self.sources if one.path.lower().endswith(SOURCES) and not Path(one.path).is_file()]


@dataclass(frozen=True)
class Unread:
    """Something in a script that was not understood and is passed over."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def period_ns(text: str) -> float | None:
    """The period of ``10``, ``3.33ns``, ``300MHz``, to a femtosecond; None for anything else."""
    match = _PERIOD.fullmatch(text.strip())
    unit = match[2].lower() if match else ""
    if match is None or (unit not in _UNITS and unit not in _FREQUENCIES) or not 0 < float(match[1]) < 1e15:
        return None
    value = float(match[1])
    return round(value * _UNITS[unit] if unit in _UNITS else _FREQUENCIES[unit] / value, 6) or None


def uncertainty_of(text: str) -> str | None:
    """The clock uncertainty as flows have it (``12.5%``, ``0.9ns``, ``0.5``); None for a text that is none."""
    match = _UNCERTAINTY.fullmatch(text.strip())
    if match is None or not (match[1] or match[2]):
        return None
    return f"{match[1] or '0'}{f'.{match[2]}' if match[2] else ''}{match[3] or ''}"


def is_plain(value: str) -> bool:
    """Whether the value of a setting can be handed on to the tool."""
    return _PLAIN.fullmatch(value) is not None


def shown(path: str | Path) -> str:
    """The path as short as it is plain: relative to the current folder where it lies in it."""
    whole = Path(os.path.normpath(Path(path).absolute()))
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def project_of(
    found: Component,
    *,
    name: str | None = None,
    top: str | None = None,
    flags: Flags = NO_FLAGS,
    files: Sequence[str] = (),
    testbench: Sequence[str] = (),
) -> Project:
    """The project of a component; what is given by hand goes before what stands there, and is added to its files.

    It is named after its top function, and the file that defines it is the kernel's. Raises PipelineError, with the
    line, for what is needed and not known, and for files that are not there.
    """
    chosen = top or found.top
    if chosen is None:
        _needed(found, "top", "names no top function", "name it with --top")
    _known(found, "files", files, "which files are added", "give them with --files")
    _known(found, "flags", flags, "which flags the sources have", "give them with --cflags")
    for missing in found.missing:
        meant = nearest_file(Path(missing.path), SOURCES, (Path(one.path) for one in found.sources))
        raise PipelineError(
            f"the source {shown(missing.path)} is not there",
            file=found.script,
            line=missing.line,
            fix=(f"did you mean {shown(meant)}? Else" if meant else "check the path, or")
            + " give the sources themselves as --kernel and --files",
        )
    sources = list(dict.fromkeys([shown(one.path) for one in found.sources] + [shown(one) for one in files]))
    compiled = [path for path in sources if path.lower().endswith(SOURCES)]
    if not compiled:
        raise PipelineError("adds no C or C++ source", file=found.script, fix="give them with --files")
    main = next((path for path in compiled if defines(path, chosen or "")), compiled[0])
    # Scripts name a file of the design among those of the bench too, and data of the bench among the design's: a source
    # is compiled once, and data is the bench's.
    own = [path for one in found.bench if (path := shown(one.path)) not in compiled]
    if own:
        own += [path for path in sources if not path.lower().endswith((*SOURCES, *HEADERS)) and Path(path).is_file()]
    return Project(
        file=main,
        flags=_flags(found, found.sources) + flags,
        further=tuple(path for path in compiled if path != main),
        top=chosen,
        testbench=TestBench(
            tuple(dict.fromkeys(map(shown, testbench) if testbench else own)),
            NO_FLAGS if testbench else _flags(found, found.bench),
            found.arguments,
            found.link,
        ),
        name=name or chosen,
        script=found.script,
        tool=ToolSettings(
            found.part,
            found.clock_ns,
            found.uncertainty,
            found.flow,
            tuple(found.settings.items()),
            tuple(found.further.items()),
        ),
        directives=tuple(found.directives),
        moved=tuple(found.moved.items()),
    )


def take_moved(found: Component) -> list[Unread]:
    """Finds the sources of a component that was written on another machine, by absolute paths.

    Where a folder above the script's holds all of them under the last parts of those paths, they are taken from there,
    and so is what else is named below the folder that they had. Returns what is to be said of it.
    """
    lost = [one for one in found.missing if one.path.startswith("/")]
    told: list[Unread] = []
    while lost and (pair := _here(lost[0].path, Path(found.script).absolute().parent)) is not None:
        before, here = pair
        found.moved[before] = here
        what = f"{before} is not there; what is named below it is taken from {shown(here)}"
        told.append(Unread(found.script, lost[0].line, what))
        for held in (found.sources, found.bench):
            held[:] = [
                NamedFile(
                    one.path if Path(one.path).exists() else with_moved(os.path.normpath(one.path), before, here),
                    with_moved(one.flags, before, here),
                    one.line,
                )
                for one in held
            ]
        lost = [one for one in found.missing if one.path.startswith("/")]
    return told


def _here(path: str, script: Path) -> tuple[str, str] | None:
    """The folder that a path begins with and the one in its place, by as many of its last parts as a file here has."""
    parts = Path(os.path.normpath(path)).parts
    for begin in range(2, len(parts)):
        for folder in (script, *list(script.parents)[:_ABOVE]):
            # One name alone may be anybody's: it is looked for beside the script.
            place = folder.joinpath(*parts[begin:])
            before = Path(*parts[:begin])
            if (begin < len(parts) - 1 or folder == script) and place.is_file() and not before.exists():
                return str(before), str(folder)
    return None


def from_root(path: str) -> str:
    """A path of a drive of Windows as one that begins at the root, where no file is; any other as it is."""
    return "/" + path.replace("\\", "/") if re.match(r"[A-Za-z]:[\\/]", path) else path


def with_moved(text: str, before: str, here: str) -> str:
    """A text that names one folder in the place of another."""
    if re.match(r"/[A-Za-z]:/", before):
        slash = r"[/\\]"
        named = re.escape(before[1:]).replace("/", slash)
        pattern = rf"(?:(?<=-I)|(?<=-L)|(?<![\w./-]))/?{named}((?:{slash}[^\s\"'}},;]*)?)(?=[\s\"'}},;]|$)"
        return re.sub(pattern, lambda found: here + found[1].replace("\\", "/"), text)
    return re.sub(rf"(?:(?<=-I)|(?<=-L)|(?<![\w./-])){re.escape(before)}(?=[/\s\"'}}]|$)", lambda _: here, text)


def defines(path: str, function: str) -> bool:
    """Whether a source seems to define the function: its name, parameters and a body."""
    try:
        text = Path(path).read_bytes()[: 2**22].decode("utf-8", "replace")
    except OSError:
        return False
    name = function.rpartition("::")[2]
    return re.search(rf"\b{re.escape(name)}\s*\([^;{{}}]{{0,4000}}\)\s*(?:const\s*)?\{{", text) is not None


def _known(found: Component, of: str, given: object, what: str, fix: str) -> None:
    if of in found.unknown and not given:
        line, why = found.unknown[of]
        fix = f"set it, or {fix}" if why.startswith("the environment has no") else fix
        raise PipelineError(f"{what} is not known: {why}", file=found.script, line=line, fix=fix)


def _needed(found: Component, of: str, problem: str, fix: str) -> None:
    _known(found, of, None, f"its {of}", fix)
    raise PipelineError(problem, file=found.script, fix=fix)


def _flags(found: Component, files: Sequence[NamedFile]) -> Flags:
    """The flags of all files as one, folders from the component's folder on.

    Raises PipelineError where two files have different values of a macro: all sources are read alike.
    """
    options: dict[tuple[str, str], None] = {}
    for one in files:
        for option, value in parse_flags(one.flags, f"{found.script}:{one.line}").under(found.folder).options:
            options.setdefault((option, value), None)
    made = Flags(tuple(options))
    values: dict[str, str] = {}
    for option, value in made.options:
        macro, _, text = value.partition("=")
        if option == "-D" and values.setdefault(macro, text) != text:
            raise PipelineError(
                f"gives the macro {macro} two values, {values[macro] or 'none'} and {text or 'none'}",
                file=found.script,
                fix="give the sources themselves as --kernel and --files, with one --cflags",
            )
    return made
