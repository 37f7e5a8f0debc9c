"""The clang that everything is read with, and how it is run: bounded, in a clean environment, nothing executed.

It is the clang of the ``ziglang`` wheel, which brings the headers of a C library (musl) with it, or a ``clang`` on PATH
that is not newer than the LLVM that llvmlite reads. Target and processor are fixed, so that a source reads the same on
every machine.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.errors import PipelineError

INSTALL = "pip install ziglang==0.15.2"
WALL_SECONDS = 300
CPU_SECONDS = 120
MEMORY_BYTES = 4 * 2**30
OUTPUT_BYTES = 256 * 2**20
"""Limits of one run of the compiler."""
QUIET = ("-w", "-fno-crash-diagnostics", "-fno-caret-diagnostics", "-fno-color-diagnostics")
"""Flags under which a clang says errors alone, one a line, and leaves nothing behind."""
OLD_C = tuple(
    f"-Wno-error={name}"
    for name in ("implicit-function-declaration", "implicit-int", "int-conversion", "incompatible-pointer-types")
)
"""Flags for C that newer compilers refuse and the tool's own warns of."""
_KEPT_VARIABLES = ("PATH", "HOME", "SYSTEMROOT")
"""What of the environment a compiler may see: flags and folders from outside would make its answers another's."""
_HEADERS = (
    "include", "libc/include/x86_64-linux-musl", "libc/include/generic-musl", "libc/include/x86-linux-any",
    "libc/include/any-linux-any",
)  # fmt: skip
_BROKEN = ("LLVM ERROR:", "PLEASE submit a bug report", "frontend command failed", "std::bad_alloc")
"""What a clang says that has failed by itself."""
_DIAGNOSTIC = re.compile(
    r"^(?P<file>[^\n]*?):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<text>.*)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Compiler:
    """How to call a clang: the command's first words, its version, and extra flags for the fixed target."""

    command: tuple[str, ...]
    version: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompilerRun:
    """How a run of the compiler ended; ``output`` is what it wrote on standard output."""

    code: int
    output: str
    messages: str


@lru_cache(maxsize=1)
def find_compiler() -> Compiler:
    """The clang to use; PipelineError where there is none that llvmlite can follow."""
    wheel = _wheel()
    if wheel is not None:
        zig = str(wheel / _ZIG)
        version = _version((zig, "cc"))
        if version is not None:
            return Compiler((zig, "cc"), f"zig clang {version}", ("-target", "x86_64-linux-musl", "-mcpu=baseline"))
    clang = shutil.which("clang")
    if clang is not None:
        version = _version((clang,))
        newest = _llvmlite_major()
        if version is not None and int(version.split(".")[0]) <= newest:
            return Compiler((clang,), f"clang {version}", ("--target=x86_64-linux-gnu", "-march=x86-64"))
        raise PipelineError(
            f"the clang on PATH is {version or 'of unknown version'} and llvmlite reads LLVM {newest} at most",
            file=clang,
            fix=INSTALL,
        )
    raise PipelineError("there is no clang to read C with", fix=INSTALL)


@lru_cache(maxsize=4)
def front_end(first: Path | None = None) -> tuple[str, ...]:
    """The words of a command that preprocesses or parses C with the C library's headers, found without a start of it.

    Headers in the folder ``first`` go before the library's. Raises PipelineError where there is no clang.
    """
    wheel = _wheel()
    own = ("-isystem", str(first)) if first is not None else ()
    if wheel is None:
        found = find_compiler()
        return (*found.command, *found.target, *own)
    folders = [*own, *(word for name in _HEADERS for word in ("-isystem", str(wheel / "lib" / name)))]
    return (str(wheel / _ZIG), "clang", "--target=x86_64-linux-musl", "-fno-pie", "-nostdinc", *folders)


@lru_cache(maxsize=1)
def library_folders() -> tuple[str, ...]:
    """The folders of the C++ and C library's headers. Raises PipelineError where the wheel with them is missing."""
    wheel = _wheel()
    if wheel is None:
        raise PipelineError("there is no C++ library to read C++ with", fix=INSTALL)
    return tuple(str(wheel / "lib" / name) for name in ("libcxx/include", "libcxxabi/include", *_HEADERS))


def zig() -> str:
    """The program of the wheel; PipelineError where it is missing."""
    wheel = _wheel()
    if wheel is None:
        raise PipelineError("there is no compiler to read C++ with", fix=INSTALL)
    return str(wheel / _ZIG)


_ZIG = "zig.exe" if os.name == "nt" else "zig"


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("ziglang")
    for place in (spec.submodule_search_locations or []) if spec is not None else []:
        if (Path(place) / _ZIG).exists():
            return Path(place)
    return None


def _version(command: tuple[str, ...]) -> str | None:
    try:
        with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
            done = run((*command, "--version"), scratch=Path(scratch), file=command[0])
    except PipelineError:
        return None
    match = re.search(r"clang version (\d+\.\d+\.\d+)", done.output)
    return match.group(1) if match else None


def _llvmlite_major() -> int:
    import llvmlite.binding as llvm

    return int(llvm.llvm_version_info[0])


def run(
    command: Sequence[str],
    *,
    scratch: Path,
    file: str,
    cwd: Path | None = None,
    output_bytes: int = OUTPUT_BYTES,
    seconds: float = WALL_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
) -> CompilerRun:
    """Runs the compiler with limits on time, memory and what it writes; ``file`` names the source in errors.

    ``scratch`` is a folder of its own for what the compiler keeps. Raises PipelineError, in one line, where it cannot
    be started, or is stopped by a limit or by a fault of its own.
    """
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "0",  # __DATE__ and __TIME__ are no facts of a source
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
        "ZIG_GLOBAL_CACHE_DIR": str(scratch),
        "ZIG_LOCAL_CACHE_DIR": str(scratch),
    }
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        try:
            process = subprocess.Popen(
                list(command), cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=messages
            )
        except (OSError, ValueError) as error:
            raise PipelineError(f"clang cannot be started: {error}", file=command[0], fix=INSTALL) from None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)  # waiting with a timeout of its own would poll
        timer.daemon = True
        timer.start()
        try:
            _limit(process.pid, memory_bytes, output_bytes)
            code = process.wait()
        finally:
            timer.cancel()
            if process.returncode is None:
                process.kill()
                process.wait()
        if late.is_set():
            raise PipelineError(f"clang did not finish within {seconds:g} s", file=file, fix="make the source smaller")
        said = _text(messages)
        if output.seek(0, os.SEEK_END) >= output_bytes:
            raise PipelineError(_stopped(_TOO_LONG, memory_bytes), file=file, fix="make the source smaller or simpler")
        if code < 0 or any(sign in said for sign in _BROKEN):
            raise PipelineError(_stopped(-code, memory_bytes), file=file, fix="make the source smaller or simpler")
        return CompilerRun(code, _text(output), said)


def _limit(pid: int, memory_bytes: int, output_bytes: int) -> None:
    if sys.platform != "linux":  # elsewhere time alone is limited
        return
    import resource

    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):  # it may have ended already
        for limit, value in (
            (resource.RLIMIT_AS, memory_bytes),
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_FSIZE, output_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, limit, (value, value))


_TOO_LONG = 25  # SIGXFSZ


def _stopped(signal: int, memory_bytes: int) -> str:
    return {
        24: f"clang needs more than {CPU_SECONDS} s for it",
        _TOO_LONG: "macros or includes expand to too much text",
        9: f"clang needs more than {CPU_SECONDS} s for it, or more memory than there is",
    }.get(signal, f"clang breaks off on it, or needs more than {memory_bytes >> 30} GiB of memory")


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    data: bytes = file.read()  # type: ignore[attr-defined]
    return data.decode("utf-8", errors="replace")


def first_error(messages: str) -> re.Match[str] | None:
    """The first error among a clang's messages, with the groups ``file``, ``line``, ``column`` and ``text``."""
    return _DIAGNOSTIC.search(messages)
