"""Which HLS tools are there, found by running them, and which one to use."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.synthesis.flow import STAND_IN as STAND_IN
from pipeline.synthesis.vitis.versions import (
    NUMBER,
    VITIS_HLS_DEPRECATED_FROM,
    VITIS_RUN_TCL_FROM,
    VPP_MODE_HLS_FROM,
    Release,
    beyond_known,
    release_of,
)

LICENCE_VARIABLES = ("XILINXD_LICENSE_FILE", "LM_LICENSE_FILE")
"""Environment variables that name licence files and servers."""
PROBE_SECONDS = 60.0
"""How long a command may take to state its version; the first start from a network drive is slow."""

_MARK = b"\0--environment--\0"
_BANNER = re.compile(rf"\b(Vitis HLS|Vivado\(TM\) HLS|Vivado HLS|vitis-run|v\+\+)(?=\s)[^\n]*?\bv(?P<version>{NUMBER})")


class ToolKind(StrEnum):
    """The commands that can run C synthesis."""

    VITIS_HLS = "vitis_hls"
    VITIS_RUN = "vitis-run"
    VPP = "v++"
    VIVADO_HLS = "vivado_hls"


@dataclass(frozen=True)
class Tool:
    """One command that was found and answered."""

    kind: ToolKind
    executable: str
    """Absolute path."""
    version: str
    """As its banner states it, such as ``2024.1.2``."""
    environment: Mapping[str, str] = field(repr=False)
    """All of the environment that it is run with."""
    vitis_run: str | None = None
    """The vitis-run beside a v++, for steps beyond C synthesis."""

    @property
    def release(self) -> Release:
        """Of its version. A probed tool has one."""
        release = release_of(self.version)
        assert release is not None
        return release

    @property
    def note(self) -> str | None:
        """What is to be said of its version: that it is later than all that are known here; else None."""
        return beyond_known(self.version)

    @property
    def is_stand_in(self) -> bool:
        """True for the stand-in of the tests."""
        return STAND_IN in self.version


@dataclass(frozen=True)
class Probe:
    """What a search for tools found; ``notes`` say why a command that is there cannot be used."""

    tools: tuple[Tool, ...]
    notes: tuple[str, ...]


def settings_environment(settings: Path, *, timeout_s: float = PROBE_SECONDS) -> dict[str, str]:
    """The environment that a ``settings64.sh`` sets up, starting from an empty one but for HOME, USER and PATH.

    Raises PipelineError where there is no such file, it fails, or it takes longer than ``timeout_s`` seconds.
    """
    if not settings.is_file():
        raise PipelineError("does not exist", file=str(settings), fix="name the settings64.sh of the installation")
    base = {name: os.environ[name] for name in ("HOME", "USER", "LOGNAME", *LICENCE_VARIABLES) if name in os.environ}
    base["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    # The file's name is an argument, never part of the script's text.
    script = 'source "$1" >/dev/null </dev/null && printf "\\0--environment--\\0" && env -0'
    argv = ["/bin/bash", "--noprofile", "--norc", "-c", script, "bash", str(settings.resolve())]
    try:
        code, output = _run(argv, base, timeout_s)
    except OSError as error:
        raise PipelineError(f"cannot be sourced: {error}", file=str(settings)) from error
    _, mark, listed = output.partition(_MARK)
    if code is None:
        raise PipelineError(f"takes longer than {timeout_s:g} s to source", file=str(settings))
    if code != 0 or not mark:
        said = output.decode(errors="replace").strip().splitlines()
        raise PipelineError(
            f"cannot be sourced (exit status {code}){': ' + said[-1][:200] if said else ''}",
            file=str(settings),
            fix="source it in a shell to see why",
        )
    pairs = (item.partition(b"=") for item in listed.split(b"\0") if b"=" in item)
    found = {name.decode(errors="surrogateescape"): value.decode(errors="surrogateescape") for name, _, value in pairs}
    return {name: value for name, value in found.items() if name not in ("_", "SHLVL", "PWD", "OLDPWD")}


def probe(
    settings: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    timeout_s: float = PROBE_SECONDS,
) -> Probe:
    """The HLS tools of an installation.

    ``settings`` names its settings64.sh; without it the tools are looked for on the PATH of ``environment``
    (default: this process's). Each command found is run with ``-version`` and must answer with a banner; vitis-run
    must also list ``--tcl`` in its help, and v++ be of 2023.1 or later, as it has no ``--mode hls`` before. Raises
    PipelineError as :func:`settings_environment` does.
    """
    if settings is not None:
        found = settings_environment(settings, timeout_s=timeout_s)
    else:
        found = dict(os.environ if environment is None else environment)
    # Messages are told apart by their English wording.
    found["LC_ALL"] = "C"
    tools: list[Tool] = []
    notes: list[str] = []
    vitis_run: str | None = None
    for kind in (ToolKind.VITIS_HLS, ToolKind.VITIS_RUN, ToolKind.VPP, ToolKind.VIVADO_HLS):
        path = shutil.which(str(kind), path=found.get("PATH", ""))
        if path is None:
            continue
        path = str(Path(path).absolute())
        version, why = _version(kind, path, found, timeout_s)
        if version is None:
            notes.append(f"{path}: {why}")
            continue
        if kind is ToolKind.VITIS_RUN:
            vitis_run = path
            if not _knows_tcl(path, found, timeout_s):
                notes.append(f"{path}: vitis-run {version} does not know --tcl, there from {VITIS_RUN_TCL_FROM}")
                continue
        release = release_of(version)
        if kind is ToolKind.VPP and release is not None and release < VPP_MODE_HLS_FROM:
            notes.append(f"{path}: v++ {version} does not know --mode hls, there from {VPP_MODE_HLS_FROM}")
            continue
        tools.append(Tool(kind, path, version, found, vitis_run if kind is ToolKind.VPP else None))
    return Probe(tuple(tools), tuple(notes))


@lru_cache(maxsize=4)
def usable_tool(settings: str, name: str) -> Tool | None:
    """The tool that runs use, under a settings64.sh and with a command named where the texts are not empty.

    None where there is none. Raises PipelineError where one is there and cannot be used.
    """
    found = probe(Path(settings) if settings else None)
    tool = choose_tool(found.tools, name or None)
    if tool is None and found.notes:
        raise PipelineError(
            f"Vitis HLS is there and cannot be used: {'; '.join(found.notes)}",
            fix="name its settings64.sh as settings in [vitis] of luigi.cfg, or use --backend replay",
        )
    return tool


def choose_tool(tools: Sequence[Tool], prefer: ToolKind | str | None = None) -> Tool | None:
    """The tool to use; None where there is none.

    A preferred kind is taken, or PipelineError raised. Else, in this order: vitis-run where it is of 2024.2 or
    later, as vitis_hls is deprecated then and gone from 2025.1 (UG1399, "Migrating from Vivado HLS"); vitis_hls;
    an older vitis-run; v++; vivado_hls.
    """
    by_kind = {tool.kind: tool for tool in reversed(tools)}
    if prefer is not None:
        try:
            return by_kind[ToolKind(prefer)]
        except (KeyError, ValueError):
            raise PipelineError(
                f"the tool {str(prefer)!r} is not there", fix=f"found are: {', '.join(by_kind) or 'none'}"
            ) from None
    newest = by_kind.get(ToolKind.VITIS_RUN)
    if newest is not None and newest.release >= VITIS_HLS_DEPRECATED_FROM:
        return newest
    order = (ToolKind.VITIS_HLS, ToolKind.VITIS_RUN, ToolKind.VPP, ToolKind.VIVADO_HLS)
    return next((by_kind[kind] for kind in order if kind in by_kind), None)


def _version(
    kind: ToolKind, path: str, environment: Mapping[str, str], timeout_s: float
) -> tuple[str | None, str | None]:
    option = "--version" if kind in (ToolKind.VPP, ToolKind.VITIS_RUN) else "-version"
    try:
        code, output = _run([path, option], environment, timeout_s)
    except OSError as error:
        return None, f"cannot be run: {error.strerror}"
    if code is None:
        return None, f"did not state its version within {timeout_s:g} s"
    banner = _BANNER.search(output.decode(errors="replace"))
    if banner is None:
        return None, f"stated no version (exit status {code})"
    return banner["version"], None


def _knows_tcl(path: str, environment: Mapping[str, str], timeout_s: float) -> bool:
    try:
        _, output = _run([path, "--help"], environment, timeout_s)
    except OSError:
        return False
    return b"--tcl" in output


def _run(argv: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> tuple[int | None, bytes]:
    """Exit status and output, or None for the status where it took too long; all of its group is ended then."""
    with subprocess.Popen(
        argv,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
    ) as process:
        try:
            output = process.communicate(timeout=timeout_s)[0]
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, process.communicate()[0]
