"""What every task that reads a kernel takes beside its name: compiler flags, further files, the top function."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

from pipeline.errors import PipelineError
from pipeline.project import Flags, parse_flags
from pipeline.tasks.messages import say
from pipeline.tasks.parameters import names
from pipeline.tasks.sections import CFLAGS, pairs, section, vitis

if TYPE_CHECKING:
    from pipeline.project import Project

KERNEL = "a name of the suite, or the path of a C file, hls_config.cfg or a Tcl script"
"""What ``--kernel`` takes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a kernel is to be read, as the options of the same names say."""

    top: str = ""
    cflags: str = ""
    files: str = ""
    testbench: str = ""
    solution: str = ""
    name: str = ""
    sites: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The options that are not left alone, by name."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    @property
    def narrow(self) -> dict[str, str]:
        """Those that describe a single kernel, by name."""
        return {name: value for name, value in self.given.items() if name not in ("cflags", "sites")}


AS_IT_IS = Reading()


def _setting(name: str, description: str) -> str:
    """An option that is empty unless ``[kernel]`` in luigi.cfg or the command says something; a task has its text."""
    return luigi.Parameter(default="", config_path={"section": "kernel", "name": name}, description=description)


class KernelOptions:
    """The options, for tasks with one or more kernels; ``[kernel]`` in luigi.cfg holds what they are by default."""

    top = _setting("top", "top function, where the file leaves it open")
    cflags = _setting("cflags", 'compiler flags, as "-I include -DN=64"; the tool gets them too')
    files = _setting("files", "further C files that the kernel is made of, comma-separated")
    testbench = _setting("testbench", "a test bench's sources and data, comma-separated")
    solution = _setting("solution", "which of a script's solutions, as SOLUTION or PROJECT/SOLUTION")
    name = _setting("name", "what the kernel is called; default: as the file, or a project's top")
    sites = _setting(
        "sites", "pragmas for a source without any placeholder: tool or merlin; tool,partition,inline,burst"
    )

    @property
    def reading(self) -> Reading:
        """The options as one value."""
        return Reading(**{field.name: getattr(self, field.name) for field in fields(Reading)})

    @property
    def asked(self) -> list[str]:
        """These options as they are typed, without those left alone."""
        return [shlex.quote(f"--{name}={value}") for name, value in self.reading.given.items()]


def project_named(kernel: str, reading: Reading) -> Project | None:
    """The project that ``--kernel`` names by its configuration file or script, as read; None for any other kernel.

    What is not understood of it is said. Raises PipelineError as :func:`pipeline.project.opened.open_project`.
    """
    from pipeline.project.opened import is_project, open_project

    if not is_project(kernel):
        if reading.solution:
            raise PipelineError(
                f"--solution {reading.solution} goes with a script, not with {kernel}", fix="leave it out"
            )
        return None
    opened = open_project(
        Path(kernel),
        solution=reading.solution,
        top=reading.top,
        name=reading.name,
        flags=flags_of(reading.cflags),
        files=names(reading.files),
        testbench=names(reading.testbench),
    )
    for unread in opened.unread[:_MOST_UNREAD]:
        say(f"{unread}." if ";" in unread.what or unread.what.endswith("passed over") else f"{unread}: passed over.")
    if len(opened.unread) > _MOST_UNREAD:
        say(f"{kernel}: {len(opened.unread) - _MOST_UNREAD} more lines are passed over.")
    for of, (line, why) in opened.unknown.items():
        if of in _BY_HAND:
            say(f"{kernel}:{line}: its {of} is not known ({why}); give it with {_BY_HAND[of]}.")
    return opened.project


_MOST_UNREAD = 5
_BY_HAND = {
    "part": "--part",
    "clock": "--clock",
    "uncertainty": "--vitis-uncertainty",
    "bench": "--testbench",
    "bench flags": "--cflags",
}
"""The options for what of a script is not needed to read it."""


def flags_of(cflags: str) -> Flags:
    """The flags of ``[vitis] options``, which the tool has always got, and those of the option after them.

    Raises PipelineError for flags that are none.
    """
    own = pairs(section(vitis).options, "vitis").get("cflags", "")
    flags = parse_flags(own, "[vitis] options cflags") + parse_flags(cflags, CFLAGS)
    for folder in flags.folders:
        _say_where_absent(folder, Path.cwd())
    return flags


@cache
def _say_where_absent(folder: Path, current: Path) -> None:
    """A compiler passes over a folder of headers that is not there, which a misspelt one is: said, once a process."""
    if not (current / folder).is_dir():
        say(f"{CFLAGS}: the folder {folder} is not there; no header is looked for in it.")


def single(kernels: int, option: str, **given: str) -> None:
    """Raises PipelineError where options that describe one kernel are given with several; ``option`` names them."""
    named = [f"--{name}" for name, value in given.items() if value]
    if named and kernels != 1:
        verb = "goes" if len(named) == 1 else "go"
        raise PipelineError(f"{' and '.join(named)} {verb} with a single kernel", fix=f"name it with {option}")
