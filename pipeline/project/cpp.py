"""C++ as the compiler reads it: its syntax tree, and the pragmas that it has met.

The compiler reads with the C++ library that comes with it and with headers of ours for the vendor's types
(``vendor/``), whether or not the tool is installed, so that what is read does not depend on it. The headers that a
source includes are compiled ahead: the tree then holds the user's own declarations alone.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.project.ahead import compiled_ahead, forget
from pipeline.project.compiler import OUTPUT_BYTES, CompilerRun, first_error, library_folders, run, zig
from pipeline.project.cpp_tree import TooDeep, TreeReader
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.inclusion import inclusions
from pipeline.project.orders import NO_CRASHES, checked_headers, without_orders
from pipeline.project.preprocess import TOOL_MACROS, values_of, with_values
from pipeline.project.source_text import plain_lines

CPP_SUFFIXES = (".cpp", ".cc", ".cxx", ".c++", ".hpp")
"""Endings, in lower case, of files that are read as C++."""
_NAME = "kernel.cpp"
_TREE_BYTES = 384 * 2**20
"""The longest tree that is read: that of about ten thousand lines."""
VENDOR_HEADERS = Path(__file__).resolve().parent / "vendor"
_LIBRARY_MACROS = {
    "_LIBCPP_ABI_VERSION": "1", "_LIBCPP_ABI_NAMESPACE": "__1", "_LIBCPP_HAS_MUSL_LIBC": "1",
    "_LIBCPP_HAS_THREADS": "1",
    "_LIBCPP_HAS_MONOTONIC_CLOCK": "1", "_LIBCPP_HAS_TERMINAL": "1", "_LIBCPP_HAS_FILESYSTEM": "1",
    "_LIBCPP_HAS_RANDOM_DEVICE": "1", "_LIBCPP_HAS_LOCALIZATION": "1", "_LIBCPP_HAS_UNICODE": "1",
    "_LIBCPP_HAS_WIDE_CHARACTERS": "1", "_LIBCPP_HAS_TIME_ZONE_DATABASE": "0", "_LIBCPP_INSTRUMENTED_WITH_ASAN": "0",
    "_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS": "0", "_LIBCPP_PSTL_BACKEND_SERIAL": "1",
    "_LIBCPP_HARDENING_MODE": "_LIBCPP_HARDENING_MODE_NONE",
}  # fmt: skip
"""What the driver of the wheel defines for its C++ library."""
OLD_LIBRARY = tuple(
    f"-D_LIBCPP_ENABLE_CXX{name}"
    for name in (
        "17_REMOVED_AUTO_PTR", "17_REMOVED_BINDERS", "17_REMOVED_RANDOM_SHUFFLE", "17_REMOVED_UNARY_BINARY_FUNCTION",
        "20_REMOVED_BINDER_TYPEDEFS", "20_REMOVED_NEGATORS", "20_REMOVED_TYPE_TRAITS",
    )
)  # fmt: skip
"""Flags for what newer standards took out of the library; the tool's default is C++14."""
_DIALECT = (
    *NO_CRASHES, "-march=x86-64", "-fexceptions", "-fcxx-exceptions", "-fno-crash-diagnostics",
    "-fno-caret-diagnostics",
    "-fno-color-diagnostics", "-Wno-everything", "-ferror-limit=3",
)  # fmt: skip
_OUTDATED = re.compile(r"precompiled|\bPCH\b|\.pch\b|AST file")
_ASKED = re.compile(r"^(?P<file>[^\n]*?):(?P<line>\d+):(?P<column>\d+): note: .*requested here$", re.MULTILINE)
"""Where a template of the library is used that does not fit."""
STANDARD, _OLDER = "-std=gnu++17", "-std=gnu++14"
_AMBIGUOUS = re.compile(r"error: reference to '\w+' is ambiguous")
_ASKED_STANDARD = re.compile(r"-std=(?:c|gnu)\+\+(?P<year>[0-9][0-9a-z])")
_BEFORE_17 = ("98", "03", "0x", "11", "1y", "14")
_PRAGMA = re.compile(r"^(?P<file>[^\n]*?):(?P<line>\d+):(?P<column>\d+): warning: unknown pragma ignored", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CppTree:
    """A C++ source as the compiler reads it."""

    root: dict[str, Any]
    """clang's JSON of the translation unit, without what the library's headers declare (``cpp_tree.py``)."""
    source: str
    """The name that the source has in the tree."""
    pragmas: tuple[tuple[str, int, int], ...]
    """File, line and column of each pragma that is no business of a compiler, as met."""
    files: tuple[str, ...]
    """The files that the tree has anything of, as the compiler names them."""
    includes: tuple[str, ...]
    """The library's headers that the user's files include, as ``<cmath>``, in order."""


def read_cpp(source: str, *, file: str, flags: Flags = NO_FLAGS) -> CppTree:
    """The tree of a C++ text; nothing is run.

    ``file`` names it in messages and says where headers in quotes lie. Raises PipelineError, with the place, for what
    the compiler refuses.
    """
    headers, hidden = library_headers(source, file, flags)
    folder = str(Path(file).parent.absolute())
    # A name of its own, not the folder's: types without a name have it in theirs.
    place = _NAME
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        base = _command(flags, folder)
        kept = _placed(plain_lines(source), Path(scratch), file, flags)
        words = (*kept, "-Wunknown-pragmas", "-fsyntax-only", "-Xclang", "-ast-dump=json", place)
        reader = TreeReader()
        try:
            done = _run(base, [] if hidden else headers, words, Path(scratch), file, _TREE_BYTES, reader.take)
        except TooDeep as deep:
            where = file if deep.file == place else deep.file
            raise PipelineError(
                "an expression or statement is nested too deeply", file=where, line=deep.line, fix="split it up"
            ) from None
        if done.code != 0:
            raise _refusal(done.messages, place, file)
        if reader.root is None:
            raise PipelineError("clang left no tree that can be read", file=file, fix="make it simpler")
    pragmas = tuple(
        (file if found["file"] == place else found["file"], int(found["line"]), int(found["column"]))
        for found in _PRAGMA.finditer(done.messages)
    )
    return CppTree(reader.root, place, pragmas, tuple(reader.files), tuple(f"<{name}>" for name in headers))


@dataclass(frozen=True, slots=True)
class CppOutput:
    """What the compiler wrote of a C++ text that is named ``source`` there; it may have refused it."""

    output: str
    messages: str
    source: str


def compile_cpp(source: str, words: Sequence[str], scratch: Path, *, file: str, flags: Flags = NO_FLAGS) -> CppOutput:
    """Runs the compiler on a C++ text with further words of a command line, in a folder of the caller's."""
    headers, hidden = library_headers(source, file, flags)
    base = _command(flags, str(Path(file).parent.absolute()))
    kept = _placed(source, scratch, file, flags)
    done = _run(base, [] if hidden else headers, (*kept, *words, _NAME), scratch, file, _TREE_BYTES)
    return CppOutput(done.output, done.messages, _NAME)


def filled_in_cpp(texts: Sequence[str], source: str, *, file: str, flags: Flags = NO_FLAGS) -> list[str]:
    """Texts of one line with the macros filled in that are defined at a C++ source's end, in the same order.

    Raises PipelineError for whatever the preprocessor refuses.
    """
    headers, hidden = library_headers(source, file, flags)
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        text = with_values(texts, plain_lines(source))
        base = _command(flags, str(Path(file).parent.absolute()))
        kept = _placed(text, Path(scratch), file, flags)
        done = _run(base, [] if hidden else headers, (*kept, "-E", _NAME), Path(scratch), file, OUTPUT_BYTES)
        if done.code != 0:
            raise _refusal(done.messages, _NAME, file)
    return values_of(done.output)


def _placed(source: str, scratch: Path, file: str, flags: Flags) -> list[str]:
    """Writes a source where the compiler reads it, without orders to it; flags that keep its headers' from it."""
    (scratch / _NAME).write_text(without_orders(source, file, warnings=False), encoding="utf-8", newline="")
    folder = Path(file).parent
    return checked_headers(source, file, folder, flags, scratch, warnings=False)


def cpp_standard(flags: Flags) -> str:
    """The standard that C++ is read in.

    It is the one asked for from C++14 on, and C++14 where an older one is asked for, which the library's templates are
    not in; else C++17, with what :func:`in_older_standard` says.
    """
    asked = [found for name, _ in flags.options if (found := _ASKED_STANDARD.fullmatch(name))]
    if not asked or asked[-1]["year"] in ("17", "1z"):
        return STANDARD
    return _OLDER if asked[-1]["year"] in _BEFORE_17 else asked[-1][0]


def in_older_standard(command: Sequence[str], messages: str) -> list[str] | None:
    """A command that reads C++14, the tool's default, where names of the library since C++17 stood in the way."""
    if STANDARD not in command or not _AMBIGUOUS.search(messages):
        return None
    return [_OLDER if word == STANDARD else word for word in command]


def library() -> tuple[str, ...]:
    """The folders whose headers are not the user's."""
    return (f"{VENDOR_HEADERS}/", *(f"{place}/" for place in library_folders()))


def _command(flags: Flags, folder: str) -> list[str]:
    defines = [f"-D{name}={value}" for name, value in _LIBRARY_MACROS.items()]
    return [
        zig(), "clang", "--target=x86_64-linux-musl", "-nostdinc", "-nostdinc++", f"-I{VENDOR_HEADERS}",
        *(word for place in library_folders() for word in ("-isystem", place)), *defines,
        *OLD_LIBRARY, *(f"-D{macro}" for macro in TOOL_MACROS), *flags.absolute().for_language("c++"),
        cpp_standard(flags),
        "-iquote", folder, "-I", folder,
        "-x", "c++",
    ]  # fmt: skip


def library_headers(source: str, file: str, flags: Flags) -> tuple[list[str], bool]:
    """The library's headers that the user's files may include, in order, and whether one is hidden by a user's own."""
    found: dict[str, None] = {}
    hidden = False

    def of_vendor(name: str) -> bool:
        return (VENDOR_HEADERS / name).is_file()

    folder = Path(file).parent
    for one in inclusions(source, file, folder, [folder, *flags.folders], of_vendor):
        if of_vendor(one.name) and not (one.own is not None and one.quoted):
            found[one.name] = None
        elif one.own is not None:
            hidden = hidden or of_vendor(one.name)
        elif any((Path(place) / one.name).is_file() for place in library_folders()):
            found[one.name] = None
    return list(found), hidden


def _run(
    base: list[str],
    headers: list[str],
    words: Sequence[str],
    scratch: Path,
    file: str,
    most: int,
    take: Callable[[Iterable[bytes]], None] | None = None,
) -> CompilerRun:
    """Runs the compiler with the library's headers compiled ahead, or without where it does not take them."""
    ahead = None
    if headers:
        command = (*base[:-1], "c++-header", *_DIALECT)
        ahead = compiled_ahead(tuple(headers), command, VENDOR_HEADERS, file)
    taken = ("-include-pch", str(ahead)) if ahead is not None else ()
    done = run(
        [*base, *taken, *_DIALECT, *words], scratch=scratch, file=file, cwd=scratch, output_bytes=most, take=take
    )
    if ahead is not None and done.code != 0 and _OUTDATED.search(done.messages):
        forget(ahead)
        done = run([*base, *_DIALECT, *words], scratch=scratch, file=file, cwd=scratch, output_bytes=most, take=take)
    older = in_older_standard(base, done.messages) if done.code != 0 else None
    again = done if older is None else _run(older, headers, words, scratch, file, most, take)
    return again if again.code == 0 else done


def _refusal(messages: str, place: str, file: str) -> PipelineError:
    match = first_error(messages)
    if match is None:
        last = next((line for line in reversed(messages.splitlines()) if line.strip()), "no message")
        return PipelineError(f"clang failed: {last}".replace(place, file), file=file, fix="check that it compiles")
    text, fix = match["text"].replace(place, file), "mend the source"
    at = match
    if match["file"].startswith(library()):
        at = next((row for row in _ASKED.finditer(messages) if not row["file"].startswith(library())), match)
    missing = re.search(r"'([^']*)' file not found", text)
    undeclared = re.search(r"(?:undeclared identifier|unknown type name) '(\w+)'", text)
    if missing:
        text, fix = f"header {missing[1]} is not found", 'name its folder: --cflags "-I FOLDER"'
    elif ambiguous := re.search(r"reference to '(\w+)' is ambiguous", text):
        fix = f"write ::{ambiguous[1]}, or name the namespace that is meant"
    elif undeclared:
        fix = f"declare {undeclared[1]}, include its header, or give it as a macro: --cflags -D{undeclared[1]}=VALUE"
    where = file if at["file"] == place else at["file"]
    return PipelineError(text, file=where, line=int(at["line"]), column=int(at["column"]), fix=fix)
