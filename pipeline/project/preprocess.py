"""C text as the compiler's own preprocessor leaves it, every line at its place in the user's files.

The compiler preprocesses with the C library's headers of its own; what it makes of the system's headers is kept apart
from the user's text. A source that asks for no preprocessing is taken as it is, without a start of the compiler.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.project.compiler import QUIET, first_error, front_end, run
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.orders import NO_CRASHES, checked_headers, without_orders
from pipeline.project.source_text import plain_lines, read_source, without_comments, without_splices

TOOL_MACROS = ("__SYNTHESIS__", "__VITIS_HLS__", "__HLS_SYN__", "AESL_SYN")
"""What Vitis HLS defines when it compiles a design (UG1399 names the first; its logs show the compiler's command)."""
MAX_TEXT_BYTES = 32 * 2**20
"""What macros and includes may expand to."""

_OWN_HEADERS = Path(__file__).resolve().parent / "headers"
_DIRECTIVE = re.compile(r"^[ \t]*(?:#|%:)(?![ \t]*(?:pragma\b|\n|\Z))", re.MULTILINE)
_COMMENT_GOES_ON = re.compile(r"^[ \t]*#[^\n]*/\*(?:(?!\*/)[^\n])*$", re.MULTILINE)
"""A directive with a comment that ends on a later line."""
_PRAGMA_LINE = re.compile(r"^[ \t]*#[ \t]*pragma\b.*$", re.MULTILINE)
_RESERVED = re.compile(
    r"\b(?:(?!__attribute__\b|__restrict(?:__)?\b|__inline(?:__)?\b|__volatile__\b|__const(?:__)?\b|__extension__\b"
    r"|_Bool\b|_Complex\b|_Static_assert\b|_Alignas\b|_Alignof\b|__func__\b)_\w+|linux|unix|AESL_SYN)\b"
)
"""Names that a compiler may have defined as macros, but for keywords."""
_ACTED_ON = re.compile(
    r"^[ \t]*#[ \t]*pragma[ \t]+(?:once|push_macro|pop_macro|(?:GCC|clang)[ \t]+(?!diagnostic\b))", re.MULTILINE
)
"""Pragmas that the preprocessor itself follows."""
_MARKER = re.compile(r'# (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*)\Z')
_LOOP = re.compile(r"\b(?:for|while|do)\b")
_TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[^\s\w]')
_LONGEST_ALIGNED = 2000
_NAME = re.compile(r"[A-Za-z0-9_+.-]+")
_ERROR_LINE = re.compile(r"[ \t]*#[ \t]*error\b")
_NOT_FOUND = re.compile(r"'([^']*)' file not found")
_CPP_HEADERS = {
    "algorithm", "array", "cassert", "cfloat", "cmath", "complex", "cstdint", "cstdio", "cstdlib", "cstring",
    "fstream", "iostream", "list", "map", "set", "sstream", "string", "utility", "vector",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """A source after preprocessing."""

    text: str
    """The user's text with markers ``# LINE "NUMBER"``; columns of loops are those of the user's files."""
    files: dict[str, str]
    """The names of the user's files by the markers' numbers; ``0`` is the source itself."""
    library: str = ""
    """The declarations of the system's headers, without markers."""
    texts: dict[str, str] = field(default_factory=dict)
    """The raw text of each of the user's files by name."""
    includes: tuple[str, ...] = ()
    """The system's headers that the user's files include, as ``<math.h>``, in order."""


def preprocess(text: str, *, file: str, flags: Flags = NO_FLAGS, folder: Path | None = None) -> Preprocessed:
    """A C source as the compiler sees it.

    ``file`` names it in messages; headers in quotes are looked for in ``folder`` (by default the file's own), all
    headers in the folders of ``flags``, and then in the C library's. Raises PipelineError with file and line for
    whatever the preprocessor refuses.
    """
    clean = without_splices(without_comments(text, file))
    if _is_plain(clean, flags):
        return Preprocessed(clean, {"0": file}, texts={file: text})
    folder = Path(file).parent if folder is None else folder
    name = Path(file).name
    name = name if _NAME.fullmatch(name) and not name.startswith("-") else "kernel.c"
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as scratch:
        place = Path(scratch) / "source"
        place.mkdir()
        source = place / name
        # The compiler prints what follows a comment of several lines on the line where the comment began.
        given = plain_lines(text) if _COMMENT_GOES_ON.search(text) else f"{clean}\n"
        source.write_text(without_orders(given, file), encoding="utf-8", newline="")
        kept = checked_headers(text, file, folder, flags, Path(scratch))
        command = [
            *front_end(_OWN_HEADERS), "-E", "-x", "c", "-std=gnu11", *QUIET, *NO_CRASHES, *kept,
            f"-fmacro-prefix-map={place}/=", *(f"-D{macro}" for macro in TOOL_MACROS), *flags.reading,
            "-iquote", str(folder), str(source), "-o", "-",
        ]  # fmt: skip
        done = run(command, scratch=Path(scratch), file=file, output_bytes=MAX_TEXT_BYTES, memory_bytes=2**30)
    if done.code != 0:
        raise _refusal(done.messages, str(source), file, clean)
    folders = [value for name, value in itertools.pairwise(command) if name in ("-isystem", "-idirafter")]
    return _Sorter(file, str(source), text, clean, folders).sorted(done.output)


def filled_in(
    texts: Sequence[str], source: str, *, file: str, flags: Flags = NO_FLAGS, folder: Path | None = None
) -> list[str]:
    """Texts of one line with the macros filled in that are defined at a source's end, in the same order.

    Raises PipelineError for whatever the preprocessor refuses.
    """
    text = with_values(texts, source)
    return values_of(preprocess(text, file=file, flags=flags, folder=folder).text)


_MARK = "#pragma hls_pipeline_value"


def with_values(texts: Sequence[str], source: str) -> str:
    """A source with texts of one line after its end, each behind a mark; :func:`values_of` finds them again."""
    rows = "".join(f"{_MARK}\n{' '.join(text.split())}\n" for text in texts)
    return f"{source}\n{rows}{_MARK}\n"


def values_of(text: str) -> list[str]:
    """The texts of :func:`with_values` in a preprocessed source."""
    found = text.split(_MARK)[1:-1]
    # The preprocessor may break lines and say so.
    return [" ".join(row.strip() for row in part.split("\n") if not row.startswith("#")).strip() for part in found]


def _is_plain(clean: str, flags: Flags) -> bool:
    """Whether preprocessing would leave the text as it is but for its comments."""
    if "\\" in clean and re.search(r"\\\n", clean):
        return False
    if _DIRECTIVE.search(clean) or "_Pragma" in clean or _ACTED_ON.search(clean):
        return False
    code = _PRAGMA_LINE.sub("", clean) if "#" in clean else clean
    if _RESERVED.search(code):
        return False
    if flags.includes:
        return False
    return all(not re.search(rf"\b{re.escape(name.partition('(')[0])}\b", code) for name in flags.macros)


class _Sorter:
    """Sorts the compiler's output into the user's text and the system's."""

    def __init__(self, file: str, source: str, text: str, clean: str, folders: Sequence[str]) -> None:
        self.folders = folders
        self.includes: dict[str, None] = {}
        self.numbers = {source: "0"}
        self.files = {"0": file}
        self.texts = {file: text}
        self.lines: dict[str, list[str]] = {"0": clean.split("\n")}

    def sorted(self, output: str) -> Preprocessed:
        user: list[str] = []
        library: list[str] = []
        number, line, system = "0", 1, True
        for row in output.split("\n"):
            if row.startswith("# ") and (marker := _MARKER.match(row)):
                below, entered = system, "1" in marker[3].split()
                system = marker[2].startswith("<") or "3" in marker[3].split()
                if system and entered and not below:
                    self._included(marker[2])
                line = int(marker[1])
                if not system:
                    number = self._number(marker[2], entered)
                    user.append(f'# {line} "{number}"')
                continue
            if system:
                library.append(row)
                continue
            user.append(self._in_place(row, number, line) if _LOOP.search(row) else row)
            line += 1
        return Preprocessed("\n".join(user), self.files, "\n".join(library), self.texts, tuple(self.includes))

    def _included(self, path: str) -> None:
        for folder in self.folders:
            if path.startswith(f"{folder}/"):
                self.includes[f"<{path[len(folder) + 1 :]}>"] = None
                return

    def _number(self, path: str, entered: bool) -> str:
        if path not in self.numbers:
            place = Path(path.replace('\\"', '"').replace("\\\\", "\\"))
            name = str(place)
            self.numbers[path] = number = str(len(self.numbers))
            self.files[number] = name
            if entered:  # else a #line names it, and nobody knows what that is
                self.texts[name] = text = read_source(place)
                self.lines[number] = without_comments(text, name).split("\n")
        return self.numbers[path]

    def _in_place(self, row: str, number: str, line: int) -> str:
        """A line with its loops moved to the columns that they have in the user's file.

        The preprocessor writes one blank for many and macros' text for their names.
        """
        lines = self.lines.get(number)
        if not lines or not 0 < line <= len(lines) or len(row) > _LONGEST_ALIGNED:
            return row
        written, last = lines[line - 1], max(match.end() for match in _LOOP.finditer(row))
        if row[:last] == written[:last] or len(written) > _LONGEST_ALIGNED:
            return row
        mine, theirs = list(_TOKEN.finditer(row, 0, last)), list(_TOKEN.finditer(written))
        matcher = SequenceMatcher(None, [m.group() for m in mine], [m.group() for m in theirs], autojunk=False)
        columns = {
            mine[block.a + i].start(): theirs[block.b + i].start()
            for block in matcher.get_matching_blocks()
            for i in range(block.size)
        }
        out, column, end = "", 0, 0
        for token in mine:
            wanted = columns.get(token.start(), -1)
            gap = token.start() - end
            if wanted >= column + min(gap, 1):
                out += " " * (wanted - column)
                column = wanted
            elif wanted >= 0:
                out += f'\n# {line} "{number}"\n' + " " * wanted
                column = wanted
            else:
                out += " " * gap
                column += gap
            out += token.group()
            column += len(token.group())
            end = token.end()
        return out + row[end:]


def _refusal(messages: str, source: str, file: str, clean: str) -> PipelineError:
    match = first_error(messages)
    if match is None:
        last = next((line for line in reversed(messages.splitlines()) if line.strip()), "no message")
        return PipelineError(f"the preprocessor failed: {last}".replace(source, file), file=file, fix="check the file")
    text, fix = match["text"].replace(source, file), "mend the line"
    missing = _NOT_FOUND.search(text)
    rows = clean.split("\n") if match["file"] == source else []
    row = rows[int(match["line"]) - 1] if 0 < int(match["line"]) <= len(rows) else ""
    if missing:
        name = missing[1]
        stem = name.removesuffix(".h").removesuffix(".hpp")
        if name == "ap_cint.h":
            # UG1391, "Unsupported Features": C types of any width are Vivado HLS's alone.
            text = "ap_cint.h, whose types of any width (int7, uint17) Vitis HLS does not have in C"
            fix = "use ap_int.h in C++, in a file that ends in .cpp, or the types of stdint.h"
        elif name in _CPP_HEADERS or stem.startswith(("ap_", "hls_")) or name.endswith(".hpp"):
            text = f"#include of the C++ header {name} in a file that is read as C"
            fix = "give the file the ending .cpp, by which C++ is known, or use C types (stdint.h, double, float)"
        else:
            text = f"header {name} is not found"
            fix = 'put it beside the C file or name its folder: --cflags "-I FOLDER"'
    elif _ERROR_LINE.match(row):
        text, fix = f"#error {text}", "give what it asks for with --cflags -DNAME=VALUE"
    place = file if match["file"] == source else str(Path(match["file"]))
    if match["file"].startswith("<"):
        place, fix = "--cflags", "mend the flag"
    return PipelineError(text, file=place, line=int(match["line"]), column=int(match["column"]), fix=fix)
