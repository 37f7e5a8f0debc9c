"""The clang that everything is read with, and how it is run: bounded, in a clean environment, nothing executed.

It is the clang of the ``ziglang`` wheel, which brings the headers of a C library (musl) with it, or a ``clang`` on PATH
that is not newer than the LLVM that llvmlite reads. Target and processor are fixed, so that a source reads the same on
every machine.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pipeline.errors import PipelineError

INSTALL = "pip install ziglang==0.15.2"
OUTPUT_BYTES = 256 * 2**20
"""What one run of the compiler may write."""
QUIET = ("-w", "-fno-crash-diagnostics", "-fno-caret-diagnostics", "-fno-color-diagnostics")
"""Flags under which a clang says errors alone, one a line, and leaves nothing behind."""
OLD_C = tuple(
    f"-Wno-error={name}"
    for name in ("implicit-function-declaration", "implicit-int", "int-conversion", "incompatible-pointer-types")
)
"""Flags for C that newer compilers refuse and the tool's own warns of."""
_PIPE_BYTES = 2**20
_KEPT_VARIABLES = ("PATH", "HOME", "SYSTEMROOT")
"""What of the environment a compiler may see: flags and folders from outside would make its answers another's."""
_HEADERS = (
    "include", "libc/include/x86_64-linux-musl", "libc/include/generic-musl", "libc/include/x86-linux-any",
    "libc/include/any-linux-any",
)  # fmt: skip
_BROKEN = ("LLVM ERROR:", "PLEASE submit a bug report", "frontend command failed")
"""What a clang says that has failed by itself."""
_SOURCES = frozenset({
    ".c", ".h", ".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tpp", ".txx",
    ".def", ".cl", ".cu", ".tcc", ".impl",
})  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What one run of the compiler over a source may take: seconds, by the clock and of processors, and memory."""

    seconds: float = 60.0
    memory_bytes: int = 4 * 2**30


_limits: Callable[[], ReadingLimits] = ReadingLimits


def limit_reading(limits: Callable[[], ReadingLimits]) -> None:
    """Has every run of the compiler in this process ask ``limits`` what it may take."""
    global _limits
    _limits = limits


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
    memory_bytes: int | None = None,
    take: Callable[[Iterable[bytes]], None] | None = None,
) -> CompilerRun:
    """Runs the compiler with limits on what it writes and on time and memory (:func:`limit_reading`).

    ``take`` is given what it writes on standard output in pieces, while it runs; ``output`` is then empty.
    ``memory_bytes`` allows less memory still. ``file`` names the source in errors, ``scratch`` is a folder of its own
    for what the compiler keeps. Raises PipelineError, in one line, where it cannot be started, or is stopped by a limit
    or by a fault of its own.
    """
    limits = _limits()
    if memory_bytes is not None:
        limits = replace(limits, memory_bytes=min(limits.memory_bytes, memory_bytes))
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "0",  # __DATE__ and __TIME__ are no facts of a source
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
        "ZIG_GLOBAL_CACHE_DIR": str(scratch),
        "ZIG_LOCAL_CACHE_DIR": str(scratch),
    }
    written: _Pieces | None = None
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        try:
            process = subprocess.Popen(
                list(command), cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                stdout=output if take is None else subprocess.PIPE, stderr=messages, bufsize=0,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise PipelineError(f"clang cannot be started: {error}", file=command[0], fix=INSTALL) from None
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limits.seconds, stop)  # waiting with a timeout of its own would poll
        timer.daemon = True
        timer.start()
        before = _processor_seconds()
        try:
            _limit(process.pid, limits, output_bytes)
            if take is not None:
                written = _Pieces(process, output_bytes)
                take(written)
            code = process.wait()
            used = _processor_seconds() - before
        finally:
            timer.cancel()
            if process.returncode is None:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if late.is_set():
            raise PipelineError(f"clang did not finish within {limits.seconds:g} s", file=file, fix=_ALLOW_MORE)
        said = _text(messages)
        size = output.seek(0, os.SEEK_END) if written is None else written.bytes
        ended = _Ended(-code if code < 0 else 0, said, limits, output_bytes, size >= output_bytes, used)
        if (why := _why_stopped(ended)) is not None:
            raise PipelineError(why[0], file=file, fix=why[1])
        return CompilerRun(code, _text(output), said)


class _Pieces:
    """What a process writes on its standard output; one that writes too much is ended."""

    def __init__(self, process: subprocess.Popen[bytes], most: int) -> None:
        self._process = process
        self._most = most
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        if sys.platform == "linux":  # with a longer pipe it needs not wait while a piece is looked at
            import fcntl

            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        while self.bytes < self._most and (piece := os.read(pipe, _PIPE_BYTES)):
            self.bytes += len(piece)
            yield piece
        if self.bytes >= self._most:
            self._process.kill()


def _limit(pid: int, limits: ReadingLimits, output_bytes: int) -> None:
    if sys.platform != "linux":  # elsewhere time alone is limited
        return
    import resource

    for limit, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, math.ceil(limits.seconds)),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):  # it may have ended already
            allowed = resource.getrlimit(limit)[1]  # what the user has set is not raised
            least = value if allowed == resource.RLIM_INFINITY else min(value, allowed)
            resource.prlimit(pid, limit, (least, least))


def _processor_seconds() -> float:
    """What the processes that have ended took."""
    if sys.platform != "linux":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_TOO_LONG = 25  # SIGXFSZ
_BY_ITSELF = {
    4: "an illegal instruction",
    6: "an abort",
    7: "a bus error",
    8: "an arithmetic error",
    11: "a bad address",
}
"""The signals by which a process ends that has failed, and what each says."""
_ALLOW_MORE = "make the source smaller or simpler, or raise seconds or memory_gib in [reading] of luigi.cfg"
_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_NO_MEMORY = ("out of memory", "std::bad_alloc", "Cannot allocate memory", "Allocation failed", "ran out of memory")


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a compiler ended: ``signal`` is 0 where none ended it, ``used`` what it took of processors in seconds."""

    signal: int
    said: str
    limits: ReadingLimits
    output_bytes: int
    too_long: bool
    used: float


def _why_stopped(ended: _Ended) -> tuple[str, str] | None:
    """What stopped a compiler, and what to do; None where it ended by itself."""
    if any(sign in ended.said for sign in _NO_SPACE):
        return (
            f"there is no space left for what clang writes in {tempfile.gettempdir()}",
            "make space, or name another folder in TMPDIR",
        )
    if ended.signal == _TOO_LONG or "File too large" in ended.said:
        if (own := _own_file_limit()) is not None and own < ended.output_bytes:
            return (
                f"clang may write files of {own} bytes here at most",
                "raise the limit that the shell sets: ulimit -f",
            )
        ended = replace(ended, too_long=True)
    if ended.too_long:
        return (
            "macros, includes or templates expand to too much text: more than "
            f"{ended.output_bytes / 2**20:g} MiB of it",
            "make the source smaller or simpler",
        )
    if any(sign in ended.said for sign in _NO_MEMORY):
        return f"clang needs more than {ended.limits.memory_bytes / 2**30:g} GiB of memory", _ALLOW_MORE
    if ended.signal == 24 or (ended.signal == 9 and ended.used >= ended.limits.seconds):
        return f"clang needs more than {ended.limits.seconds:g} s of a processor for it", _ALLOW_MORE
    if ended.signal in _BY_ITSELF or any(sign in ended.said for sign in _BROKEN):
        how = f" ({_BY_ITSELF[ended.signal]})" if ended.signal in _BY_ITSELF else ""
        return f"clang itself fails on it{how}", "write what is unusual or deeply nested in it in a simpler way"
    if ended.signal:
        return f"clang was ended from outside, by signal {ended.signal}", "try again; the machine may lack memory"
    return None


def _own_file_limit() -> int | None:
    """The longest file in bytes that this process may write; None where nothing limits it."""
    if sys.platform != "linux":
        return None
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if allowed == resource.RLIM_INFINITY else allowed


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    data: bytes = file.read()  # type: ignore[attr-defined]
    return data.decode("utf-8", errors="replace")


def first_error(messages: str) -> re.Match[str] | None:
    """The first error among a clang's messages, with the groups ``file``, ``line``, ``column`` and ``text``.

    Of a file whose name is not that of a source, such as one that a hostile kernel includes, nothing is quoted.
    """
    found = _DIAGNOSTIC.search(messages)
    if found is None or not is_foreign(found["file"]):
        return found
    return _DIAGNOSTIC.search(f"{found['file']}:{found['line']}:{found['column']}: error: what stands there is no C")


def is_foreign(name: str) -> bool:
    """Whether a file's name is not one of a source or header, so that no message shows what is in it."""
    return Path(name).suffix.lower() not in _SOURCES
