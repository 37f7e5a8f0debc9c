"""``hls_config.cfg``: the configuration file of ``v++ -c --mode hls`` and ``vitis-run`` (UG1702, "HLS Config File")."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError, nearest
from pipeline.files import read_text
from pipeline.project.component import (
    Component,
    NamedFile,
    Unread,
    from_root,
    is_plain,
    period_ns,
    shown,
    uncertainty_of,
)  # fmt: skip
from pipeline.project.directives import of_configuration
from pipeline.project.flags import parse_flags

_BYTES = 2**20
_SECTION = re.compile(r"\[\s*([\w.-]+)\s*\]")
_COMMANDS = {
    f"syn.{name}": f"config_{name}"
    for name in (
        "array_partition", "array_stencil", "compile", "dataflow", "interface", "op", "rtl", "schedule", "storage",
        "unroll",
    )
}  # fmt: skip
_PASSED = frozenset(
    {"platform", "debug", "profile", "report_level", "save-temps", "temp_dir", "syn.file_csimflags", "syn.csimflags",
     "tb.csimflags", "tb.file_csimflags", "work_dir", "target", "mode", "kernel", "kernel_frequency"}
)  # fmt: skip
"""Keys that say nothing about a design which we would hand on."""
_SECTIONS = (
    "hls", "advanced", "clock", "connectivity", "debug", "linkhls", "package", "profile", "sim", "vivado", "aie",
)  # fmt: skip
"""Sections of configuration files of v++ (UG1702, "v++ Command")."""
_ONCE = frozenset({"part", "clock", "freqhz", "clock_uncertainty", "flow_target"})
"""Keys that have one value."""
_LATER = ("package.", "vivado.", "cosim.", "csim.", "syn.output.", "syn.debug.", "sim.", "impl.", "advanced.")


def read_configuration(path: Path) -> tuple[list[Component], list[Unread]]:
    """What a configuration file makes, and what of it is not understood. Paths in it begin at its folder.

    Raises PipelineError, with file and line, for a file that cannot be read.
    """
    found = Component(str(path), path.parent)
    unread: list[Unread] = []
    common, bench_common = "", ""
    own: dict[str, tuple[int, str, str]] = {}
    tops: list[str] = []
    given: dict[str, tuple[int, str]] = {}
    for line, key, value in _lines(path, unread):
        before = given.get(key)
        if key in _ONCE and before is not None and before[1] != value:
            unread.append(
                Unread(str(path), line, f"{key} stands on line {before[0]} too; the last one counts, {value}")
            )
        given[key] = line, value
        if key in ("syn.cflags", "syn.file_cflags", "tb.cflags", "tb.file_cflags"):  # refused here, by their own line
            parse_flags(value.partition(",")[2] if key.endswith("file_cflags") else value, f"{path}:{line}")
        if key == "syn.file":
            found.sources += [NamedFile(str(path.parent / one), "", line) for one in _files(value)]
        elif key == "tb.file":
            found.bench += [NamedFile(str(path.parent / one), "", line) for one in _files(value)]
        elif key in ("syn.file_cflags", "tb.file_cflags"):
            name, _, flags = value.partition(",")
            own[str(path.parent / from_root(name.strip()))] = line, key, flags.strip()
        elif key == "syn.cflags":
            common = f"{common} {value}"
        elif key == "tb.cflags":
            bench_common = f"{bench_common} {value}"
        elif key == "syn.top":
            tops += [value] if value and value not in tops else []
        elif not _of_target(found, key, value, line) and not _of_steps(found, key, value):
            what = _directive(found, key, value, line)
            if what:
                unread.append(Unread(str(path), line, what))
    for held, all_have in ((found.sources, common), (found.bench, bench_common)):
        held[:] = [
            NamedFile(one.path, f"{all_have} {own[one.path][2] if one.path in own else ''}".strip(), one.line)
            for one in held
        ]
    named = [one.path for one in (*found.sources, *found.bench)]
    for file, (line, key, _) in own.items():
        if file not in named:
            near = nearest(file, named)
            mean = f" (did you mean {shown(near)}?)" if near else ""
            unread.append(Unread(str(path), line, f"{key} is for {shown(file)}, which no line adds{mean}"))
    if not found.sources and not tops:
        raise PipelineError(
            "configures no HLS component: it has neither syn.file nor syn.top",
            file=str(path),
            fix="give the file that v++ --mode hls takes, or the sources as --kernel and --files",
        )
    made = []
    every: list[str | None] = [*tops] if tops else [None]
    for top in every:
        one = Component(**{**vars(found), "top": top})
        made.append(one)
    return made, sorted(unread, key=lambda one: one.line)


def work_folders(path: Path) -> list[str]:
    """The folders that a configuration file gives as ``work_dir``, as written. Raises PipelineError as its reading."""
    return [value for _, key, value in _lines(path) if key == "work_dir" and value]


def says_hls(path: Path) -> bool:
    """Whether a file names what is synthesised; False where it cannot be read."""
    try:
        return any(key in ("syn.file", "syn.top") for _, key, _ in _lines(path))
    except PipelineError:
        return False


def _lines(path: Path, unread: list[Unread] | None = None) -> Iterator[tuple[int, str, str]]:
    """Number, key and value of each line that has one; a section that the tool does not have is put to ``unread``."""
    text = read_text(path, most=_BYTES, fix="give the path of a configuration file")
    joined, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start or number
        joined += raw.strip()
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        line, joined, at, start = joined, "", start, 0
        if not line or line.startswith(("#", ";", "//")):
            continue
        if (section := _SECTION.fullmatch(line)) is not None:
            known = section[1].lower() in _SECTIONS or section[1].startswith("advanced.")
            if unread is not None and not known:
                near = nearest(section[1], _SECTIONS)
                mean = f" (did you mean [{near}]?)" if near else ""
                what = f"the section [{section[1][:40]}] is none of the tool's{mean}; its lines are read as any others"
                unread.append(Unread(str(path), at, what))
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise PipelineError(
                f"{line[:60]!r} is no key=value", file=str(path), line=at, fix="mend or remove that line"
            )
        yield at, key.strip(), value.strip().strip('"')


def _files(value: str) -> list[str]:
    return [from_root(one.strip().strip('"')) for one in value.split(",") if one.strip()]


def _of_target(found: Component, key: str, value: str, line: int) -> bool:
    """Takes down what the design is made for; False for another key. Raises PipelineError for a bad value."""
    if key == "part":
        found.part = value
    elif key in ("clock", "freqhz"):
        spelled = value.split(":")[0] if key == "freqhz" else value
        found.clock_ns = period_ns(f"{spelled}Hz" if key == "freqhz" and spelled.isdigit() else spelled)
        if found.clock_ns is None:
            raise PipelineError(
                f"{key}={value[:40]} is no clock", file=found.script, line=line, fix="write it as 4ns or 250MHz"
            )
    elif key == "clock_uncertainty":
        found.uncertainty = uncertainty_of(value)
        if found.uncertainty is None:
            raise PipelineError(
                f"clock_uncertainty={value[:40]} is none", file=found.script, line=line, fix="write it as 15% or 0.9ns"
            )
    elif key == "flow_target":
        found.flow = value
    elif key == "platform":
        found.unknown["part"] = (line, "a platform names no part")
    elif key in ("syn.op", "syn.storage"):
        words = [re.split("[=:]", word, maxsplit=1) for word in value.split()]
        operand = next((word[-1] for word in words if len(word) == 1 or word[0] in ("op", "storage")), "")
        for word in words:
            if len(word) == 2 and word[0] not in ("op", "storage") and is_plain(word[1]) and is_plain(operand):
                found.settings[f"{_COMMANDS[key]}.{operand}.{word[0]}"] = word[1]
    elif (command := _COMMANDS.get(key.rpartition(".")[0])) and is_plain(value):
        found.settings[f"{command}.{key.rpartition('.')[2]}"] = "true" if value in ("true", "1") else value
    else:
        return False
    return True


def _of_steps(found: Component, key: str, value: str) -> bool:
    if key in ("csim.argv", "cosim.argv", "csim.ldflags", "cosim.ldflags"):
        try:
            words = tuple(shlex.split(value))
        except ValueError:
            return False
        if key.endswith("argv"):
            found.arguments = words
        else:
            found.link = words
    elif key.startswith(_LATER) or key == "syn.blackbox.file":
        found.further[key] = value
    else:
        return key in _PASSED or key.startswith("csim")
    return True


def _directive(found: Component, key: str, value: str, line: int) -> str:
    """Takes down a directive; otherwise what is to be said of the key."""
    if not key.startswith("syn.directive."):
        return f"{key[:60]} is not known and is passed over"
    name = key.removeprefix("syn.directive.")
    try:
        found.directives.append(of_configuration(name, value.split(), found.script, line))
    except ValueError as error:
        return f"the directive {name[:40]} {error}"
    return ""
