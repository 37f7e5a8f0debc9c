"""What the compiler refuses of a source, in its own words and with its place."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.project.compiler import OLD_C, QUIET, CompilerRun, first_error, front_end, run
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.orders import NO_CRASHES
from pipeline.project.preprocess import TOOL_MACROS
from pipeline.project.source_text import plain_lines


@dataclass(frozen=True, slots=True)
class Refusal:
    """The compiler's first error, in the user's file."""

    text: str
    file: str
    line: int
    column: int


def compile_c(
    text: str, action: Sequence[str], *, file: str, flags: Flags = NO_FLAGS, folder: Path | None = None
) -> tuple[CompilerRun, Refusal | None]:
    """How the compiler ended over a C text, and what it refused first; nothing is run.

    ``action`` is what it shall do, as ``-fsyntax-only``; it writes to its output. ``file`` names the text in messages;
    headers in quotes are looked for in ``folder`` (by default the file's own). Raises PipelineError where the compiler
    cannot be started or is stopped by a limit.
    """
    folder = Path(file).parent if folder is None else folder
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        place = Path(scratch) / "kernel.c"
        place.write_text(text, encoding="utf-8", newline="")
        command = [
            *front_end(), *action, "-x", "c", "-std=gnu11", *QUIET, *NO_CRASHES, *OLD_C,
            *(f"-D{macro}" for macro in TOOL_MACROS), *flags.reading, "-iquote", str(folder), str(place), "-o", "-",
        ]  # fmt: skip
        done = run(command, scratch=Path(scratch), file=file)
    error = first_error(done.messages) if done.code != 0 else None
    if error is None:
        return done, None
    where = file if error["file"] == str(place) else error["file"]
    return done, Refusal(error["text"], where, int(error["line"]), int(error["column"]))


def first_refusal(source: str, *, file: str, flags: Flags = NO_FLAGS, folder: Path | None = None) -> Refusal | None:
    """What the compiler refuses first of a C source; None where it takes it. Raises as :func:`compile_c` does."""
    return compile_c(plain_lines(source), ("-fsyntax-only",), file=file, flags=flags, folder=folder)[1]
