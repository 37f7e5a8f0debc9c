"""C to unoptimised LLVM IR with value names and debug locations.

The compiler is the clang of the ``ziglang`` wheel, or a ``clang`` on PATH that is not newer than the LLVM that
llvmlite reads. Target, processor and floating-point contraction are fixed, so the IR of a source is the same on
every machine. ``-O1`` with the passes disabled keeps clang from marking functions ``optnone``; the passes that
are wanted run later, in :mod:`pipeline.graphs.ir`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.errors import PipelineError

FLAGS = (
    "-S", "-emit-llvm", "-w", "-O1", "-g", "-ffp-contract=off", "-Xclang", "-disable-llvm-passes",
    "-fno-discard-value-names", "-fdebug-compilation-dir=.", "-fno-caret-diagnostics", "-fno-color-diagnostics",
)  # fmt: skip
TIMEOUT_SECONDS = 300
STEM = "kernel"
"""What the compiler calls the source, so that no path of this machine reaches the IR."""
_STRAY_VARIABLES = {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "CCC_OVERRIDE_OPTIONS", "SOURCE_DATE_EPOCH"}
_DIAGNOSTIC = re.compile(r"^(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<text>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compiler:
    """How to call a clang: the command's first words, its version, and extra flags for the fixed target."""

    command: tuple[str, ...]
    version: str
    target: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What of the compiler decides the IR, as twelve hex digits."""
        return hashlib.sha256("\0".join((self.version, *self.target, *FLAGS)).encode()).hexdigest()[:12]


@lru_cache(maxsize=1)
def find_compiler() -> Compiler:
    """The clang to use; PipelineError where there is none that llvmlite can follow."""
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.submodule_search_locations:
        zig = Path(spec.submodule_search_locations[0]) / ("zig.exe" if os.name == "nt" else "zig")
        if zig.exists():
            version = _version((str(zig), "cc"))
            if version is not None:
                return Compiler(
                    (str(zig), "cc"), f"zig clang {version}", ("-target", "x86_64-linux-musl", "-mcpu=baseline")
                )
    clang = shutil.which("clang")
    if clang is not None:
        version = _version((clang,))
        newest = _llvmlite_major()
        if version is not None and int(version.split(".")[0]) <= newest:
            return Compiler((clang,), f"clang {version}", ("--target=x86_64-linux-gnu", "-march=x86-64"))
        raise PipelineError(
            f"the clang on PATH is {version or 'of unknown version'} and llvmlite reads LLVM {newest} at most",
            file=clang,
            fix="pip install ziglang==0.15.2",
        )
    raise PipelineError("there is no clang to compile C to LLVM IR with", fix="pip install ziglang==0.15.2")


def _version(command: tuple[str, ...]) -> str | None:
    try:
        with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
            done = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, errors="replace", env=_environment(scratch),
                timeout=TIMEOUT_SECONDS, check=False,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"clang version (\d+\.\d+\.\d+)", done.stdout)
    return match.group(1) if match else None


def _llvmlite_major() -> int:
    import llvmlite.binding as llvm

    return int(llvm.llvm_version_info[0])


def _environment(scratch: str | None = None) -> dict[str, str]:
    # Flags and folders from outside would make the IR another on another machine.
    kept = {key: value for key, value in os.environ.items() if key not in _STRAY_VARIABLES}
    # zig keeps two caches; one of its own per run costs 25 ms and trusts nothing that others may have put there.
    caches = {"ZIG_GLOBAL_CACHE_DIR": scratch, "ZIG_LOCAL_CACHE_DIR": scratch} if scratch else {}
    return {**kept, **caches, "LC_ALL": "C"}


def compile_to_ir(
    source: str,
    *,
    file: str,
    include_folders: Sequence[Path] = (),
    language: str = "c",
    compiler: Compiler | None = None,
) -> str:
    """The LLVM IR of a C (or, with ``language="c++"``, C++) source as text, not yet transformed.

    ``file`` names the source in messages. Raises PipelineError with file and line for what clang refuses.
    """
    compiler = compiler or find_compiler()
    suffix = ".cpp" if language == "c++" else ".c"
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        (Path(scratch) / (STEM + suffix)).write_text(source, encoding="utf-8", newline="")
        (Path(scratch) / "cache").mkdir()
        command = compiler.command
        if language == "c++" and command[-1] == "cc":
            command = (*command[:-1], "c++")
        arguments = [
            *command, *FLAGS, *compiler.target, *(f"-I{folder.resolve()}" for folder in include_folders),
            f"-std={'gnu++17' if language == 'c++' else 'gnu11'}", STEM + suffix, "-o", f"{STEM}.ll",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                arguments, cwd=scratch, capture_output=True, text=True, errors="replace",
                env=_environment(str(Path(scratch) / "cache")), timeout=TIMEOUT_SECONDS, check=False,
            )  # fmt: skip
        except OSError as error:
            raise PipelineError(
                f"clang cannot be started: {error.strerror or error}",
                file=compiler.command[0],
                fix="pip install ziglang==0.15.2",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise PipelineError(
                f"clang did not finish within {TIMEOUT_SECONDS} s", file=file, fix="make the source smaller"
            ) from error
        if done.returncode != 0:
            raise _refusal(done.stderr, file, STEM + suffix)
        return (Path(scratch) / f"{STEM}.ll").read_text(encoding="utf-8")


def _refusal(diagnostics: str, file: str, name: str) -> PipelineError:
    match = _DIAGNOSTIC.search(diagnostics)
    if match is None:
        last = next((line for line in reversed(diagnostics.splitlines()) if line.strip()), "no message")
        return PipelineError(f"clang failed: {last}", file=file, fix="check that the file compiles on its own")
    place = file if match["file"] in (name, f"./{name}") else match["file"]
    return PipelineError(
        match["text"], file=place, line=int(match["line"]), column=int(match["column"]), fix="mend the C source"
    )
