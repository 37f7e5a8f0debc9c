"""C to unoptimised LLVM IR with value names and debug locations.

Target, processor and floating-point contraction are fixed, so the IR of a source is the same on every machine. ``-O1``
with the passes disabled keeps clang from marking functions ``optnone``; the passes that are wanted run later, in
:mod:`pipeline.graphs.ir`.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.project.compiler import OLD_C, Compiler, find_compiler, first_error, run
from pipeline.project.cpp import OLD_LIBRARY, VENDOR_HEADERS, cpp_standard, in_older_standard, library_headers
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.orders import NO_CRASHES
from pipeline.project.preprocess import TOOL_MACROS

FLAGS = (
    "-S", "-emit-llvm", "-w", "-O1", "-g", "-ffp-contract=off", "-Xclang", "-disable-llvm-passes",
    "-fno-discard-value-names", "-fdebug-compilation-dir=.", "-fno-caret-diagnostics", "-fno-color-diagnostics",
)  # fmt: skip
_FOR_C = (*(f"-D{name}" for name in TOOL_MACROS), *OLD_C)
_FOR_CPP = (
    *(f"-D{name}" for name in TOOL_MACROS),
    *OLD_LIBRARY,
    "-Wno-c++11-narrowing",
    "-Wno-register",
    "-Wno-non-pod-varargs",
)
STEM = "kernel"
"""What the compiler calls the source, so that no path of this machine reaches the IR."""


@lru_cache(maxsize=1)
def _vendor_digest() -> str:
    """What the vendor's headers of ours say."""
    digest = hashlib.sha256()
    for header in sorted(VENDOR_HEADERS.rglob("*.h")):
        digest.update(header.name.encode() + hashlib.sha256(header.read_bytes()).digest())
    return digest.hexdigest()


def ir_digest(compiler: Compiler) -> str:
    """What of the compiler decides the IR, as twelve hex digits."""
    words = (compiler.version, *compiler.target, *FLAGS, *_FOR_C, *_FOR_CPP, _vendor_digest())
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


def compile_to_ir(
    source: str,
    *,
    file: str,
    include_folders: Sequence[Path] = (),
    flags: Flags = NO_FLAGS,
    language: str = "c",
    compiler: Compiler | None = None,
) -> str:
    """The LLVM IR of a C (or, with ``language="c++"``, C++) source as text, not yet transformed.

    ``file`` names the source in messages; ``include_folders`` are those of headers in quotes and brackets besides those
    of ``flags``. Raises PipelineError with file and line for what clang refuses.
    """
    compiler = compiler or find_compiler()
    suffix = ".cpp" if language == "c++" else ".c"
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        place = Path(scratch)
        (place / (STEM + suffix)).write_text(source, encoding="utf-8", newline="")
        (place / "cache").mkdir()
        command = compiler.command
        if language == "c++" and command[-1] == "cc":
            command = (*command[:-1], "c++")
        headers, hidden = library_headers(source, file, flags) if language == "c++" else ([], True)
        # As they are read ahead of a source, so that no macro of its own changes them.
        ahead = [] if hidden else [word for name in headers for word in ("-include", name)]
        arguments = [
            *command, *FLAGS, *compiler.target, *([f"-I{VENDOR_HEADERS}"] if language == "c++" else []),
            *(f"-I{folder.resolve()}" for folder in include_folders),
            *(("-std=gnu11", *_FOR_C) if language == "c" else _FOR_CPP), *flags.absolute().for_language(language),
            *([cpp_standard(flags)] if language == "c++" else []), *ahead, STEM + suffix,
            *NO_CRASHES, "-fno-crash-diagnostics", "-o", f"{STEM}.ll",
        ]  # fmt: skip
        done = run(arguments, scratch=place / "cache", file=file, cwd=place)
        if done.code != 0 and (older := in_older_standard(arguments, done.messages)) is not None:
            done = run(older, scratch=place / "cache", file=file, cwd=place)
        if done.code != 0:
            raise _refusal(done.messages, file, STEM + suffix)
        try:
            return (place / f"{STEM}.ll").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PipelineError(
                f"clang left no IR that can be read ({type(error).__name__})", file=file, fix="try again"
            ) from None


def _refusal(diagnostics: str, file: str, name: str) -> PipelineError:
    match = first_error(diagnostics)
    if match is None:
        last = next((line for line in reversed(diagnostics.splitlines()) if line.strip()), "no message")
        return PipelineError(f"clang failed: {last}", file=file, fix="check that the file compiles on its own")
    place = file if match["file"] in (name, f"./{name}") else match["file"]
    return PipelineError(
        match["text"], file=place, line=int(match["line"]), column=int(match["column"]), fix="mend the C source"
    )


def linked(modules: Sequence[str], file: str) -> str:
    """The IR of several modules as one; PipelineError where they define one name twice."""
    if len(modules) == 1:
        return modules[0]
    import llvmlite.binding as llvm

    try:
        whole = llvm.parse_assembly(modules[0])
        for text in modules[1:]:
            whole.link_in(llvm.parse_assembly(text))
    except RuntimeError as error:
        raise PipelineError(f"the files cannot be linked: {error}", file=file, fix="define every name once") from None
    return str(whole)
