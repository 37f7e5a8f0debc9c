"""C text to the text that pycparser takes: comments gone, macros and includes resolved, every token at its own place.

The tokens that were not made by a macro stand in the output at the line and column of the file they were written in
(``#line`` markers say which), so coordinates in the syntax tree are those a user sees in an editor.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pcpp.preprocessor import Action, OutputDirective, Preprocessor

from pipeline.errors import PipelineError

MAX_SOURCE_BYTES = 32 * 2**20
"""A C file or header larger than this is refused."""
_MAX_EXPANDED_TOKENS = 2_000_000
_MAX_INCLUDE_DEPTH = 100

_GNU_WORDS = (
    "__attribute__(x)",
    "__extension__",
    "__restrict restrict",
    "__restrict__ restrict",
    "__inline inline",
    "__inline__ inline",
    "__const const",
    "__const__ const",
    "__volatile volatile",
    "__volatile__ volatile",
    "__signed__ signed",
)
"""GNU spellings that say nothing about what a kernel computes, as macros."""
_CPP_HEADERS = {
    "algorithm", "array", "cassert", "cfloat", "cmath", "complex", "cstdint", "cstdio", "cstdlib", "cstring",
    "fstream", "iostream", "list", "map", "set", "sstream", "string", "utility", "vector",
}  # fmt: skip

_LEXEMES = re.compile(
    r'"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'"
    r"|/\*.*?\*/"
    r"|//(?:\\\n|[^\n])*"
    r"|/\*",
    re.DOTALL,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_ODD_SEPARATORS = dict.fromkeys(map(ord, "\f\v\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def decode(data: bytes, file: str) -> str:
    """The text of a C file; bytes that are not UTF-8 are read as Latin-1 (they can only stand in comments and strings).

    Raises PipelineError for binary files, for UTF-16 and for files over ``MAX_SOURCE_BYTES``.
    """
    if len(data) > MAX_SOURCE_BYTES:
        raise PipelineError(
            f"file of {len(data)} bytes is larger than the {MAX_SOURCE_BYTES} that are read",
            file=file,
            fix="give the kernel's own C file",
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PipelineError("the file is UTF-16", file=file, fix="save it as UTF-8")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise PipelineError("the file is binary (it holds a NUL byte)", file=file, line=line, fix="give C source text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def without_comments(text: str, file: str) -> str:
    """The text with comments blanked out, so that lines and columns stay what they were."""

    def blank(match: re.Match[str]) -> str:
        lexeme = match.group()
        if not lexeme.startswith("/"):
            return lexeme
        if lexeme == "/*":
            line = text.count("\n", 0, match.start()) + 1
            raise PipelineError("comment is never closed", file=file, line=line, fix="add */")
        return _NOT_NEWLINE.sub(" ", lexeme)

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _LEXEMES.sub(blank, text).translate(_ODD_SEPARATORS).rstrip()
    while text.endswith("\\"):  # nothing is left to continue with
        text = text[:-1].rstrip()
    return "\n".join([line.rstrip() for line in text.split("\n")])


def system_header_folder() -> Path:
    """The folder of the faked C library headers, which declare the library's types and no functions."""
    import pycparser_fake_libc

    return Path(str(pycparser_fake_libc.directory))


class _Text:
    """One file's text: where its lines start, so that a position becomes a column."""

    def __init__(self, name: str, text: str, number: int) -> None:
        self.name = name
        self.number = number
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def column(self, line: int, position: int) -> int:
        return position - self.starts[line - 1] + 1 if 0 < line <= len(self.starts) else 1


class _Cpp(Preprocessor):  # type: ignore[misc]
    """pcpp, quiet, strict, and with macro expansion statement by statement (its own is quadratic in the file)."""

    def __init__(self, file: str, text: str, key: str, include_folders: Sequence[Path]) -> None:
        super().__init__()
        self.key = key
        self.texts = {key: _Text(file, text, 0)}
        self.user_folders = [str(folder) for folder in include_folders]
        self.library = str(system_header_folder())
        self.path = [*self.user_folders, self.library]
        self.rewrite_paths: list[tuple[str, str]] = []
        self.line_directive = None
        self.expand_filemacro = False
        self.expanded_tokens = 0
        self.lastdirective: Any = None
        self.lines_seen: tuple[str, int] = (key, 1)
        for definition in _GNU_WORDS:
            self.define(definition)
        for name in ("__DATE__", "__TIME__", "__FILE__", "__PCPP__"):
            self.macros.pop(name, None)

    def place(self, source: str | None, line: int) -> tuple[str, int]:
        text = self.texts.get(source or "")
        return (text.name if text else str(source or ""), line)

    def fail(self, problem: str, token: Any = None, fix: str | None = None) -> PipelineError:
        token = token or self.lastdirective
        file, line = self.place(getattr(token, "source", self.key), getattr(token, "lineno", 1))
        return PipelineError(problem, file=file, line=line, fix=fix)

    # pcpp's hooks -------------------------------------------------------------------------------------------------

    def on_error(self, file: str, line: int, msg: str) -> None:
        name, line = self.place(file, line)
        raise PipelineError(f"preprocessor: {msg}", file=name, line=line or 1)

    def on_file_open(self, is_system_include: bool, includepath: str) -> io.StringIO:
        path = Path(includepath)
        if not path.is_file():
            raise FileNotFoundError(includepath)
        if self.include_depth > _MAX_INCLUDE_DEPTH:
            raise self.fail(f"includes are nested more than {_MAX_INCLUDE_DEPTH} deep", fix="add an include guard")
        name = includepath
        if not includepath.startswith(self.library):
            with contextlib.suppress(ValueError):
                name = str(Path(self.texts[self.key].name).parent / path.relative_to(Path(self.key).parent))
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise PipelineError(f"header is larger than the {MAX_SOURCE_BYTES} bytes that are read", file=name)
        text = without_comments(decode(path.read_bytes(), name), name)
        if includepath not in self.texts:
            self.texts[includepath] = _Text(name, text, len(self.texts))
        return io.StringIO(text)

    def on_include_not_found(self, is_malformed: bool, is_system_include: bool, curdir: str, includepath: str) -> None:
        if is_malformed:
            raise self.fail(f"malformed #include {includepath}")
        stem = includepath.removesuffix(".h").removesuffix(".hpp")
        if includepath in _CPP_HEADERS or stem.startswith(("ap_", "hls_")) or includepath.endswith(".hpp"):
            raise self.fail(
                f"#include of the C++ header {includepath}: kernels are read as C, C++ is not supported",
                fix="use C types (stdint.h, double, float) and a .c file",
            )
        raise self.fail(
            f"header {includepath} is not found", fix="put it beside the C file or name its folder as an include folder"
        )

    def on_directive_handle(self, directive: Any, toks: Any, ifpassthru: bool, precedingtoks: Any) -> bool:
        self.lastdirective = directive
        if not toks and directive.value == "pragma":
            raise OutputDirective(Action.IgnoreAndRemove)
        if not toks and directive.value in ("define", "undef", "if", "ifdef", "ifndef", "elif", "include"):
            raise self.fail(f"#{directive.value} says nothing", fix="complete or remove the line")
        return True

    def on_directive_unknown(self, directive: Any, toks: Any, ifpassthru: bool, precedingtoks: Any) -> bool | None:
        self.lastdirective = directive
        if directive.value == "pragma":
            return None
        if directive.value in ("warning", "ident", "line", "sccs"):
            raise OutputDirective(Action.IgnoreAndRemove)
        if directive.value == "error":
            raise self.fail("#error " + "".join(token.value for token in toks))
        raise self.fail(f"unknown preprocessor directive #{directive.value}")

    def expand_macros(self, tokens: list[Any], expanding_from: list[str] = []) -> list[Any]:  # noqa: B006
        if expanding_from:
            result: list[Any] = super().expand_macros(tokens, expanding_from)
            self.expanded_tokens += len(result)
            if self.expanded_tokens > _MAX_EXPANDED_TOKENS:
                raise self.fail("macros expand to too much text", result[0] if result else None)
            return result
        out: list[Any] = []
        statement: list[Any] = []
        depth = 0
        macro = False
        for token in tokens:
            statement.append(token)
            value = token.value
            if value in self.macros or value in ("__LINE__", "__COUNTER__"):
                macro = True
            elif value == "(":
                depth += 1
            elif value == ")":
                depth -= 1
            elif value in (";", "{", "}") and depth <= 0:
                out += super().expand_macros(statement, []) if macro else statement
                statement, depth, macro = [], 0, False
        out += super().expand_macros(statement, []) if macro else statement
        return out


class _Layout:
    """Writes tokens so that pycparser gives each the line and column it had in its own file."""

    def __init__(self, texts: dict[str, _Text]) -> None:
        self.texts = texts
        self.parts: list[str] = []
        self.source: str | None = None
        self.line = 1
        self.column = 1

    def number(self, source: str) -> int:
        return self.texts[source].number

    def move(self, source: str, line: int, column: int) -> None:
        if source != self.source or line < self.line or line > self.line + 20:
            self.parts.append(f'\n#line {line} "{self.number(source)}"\n')
            self.source, self.line, self.column = source, line, 1
        elif line == self.line and column < self.column:
            self.parts.append(f"\n#line {line}\n")
            self.column = 1
        if line > self.line:
            self.parts.append("\n" * (line - self.line))
            self.line, self.column = line, 1
        if column > self.column:
            self.parts.append(" " * (column - self.column))
            self.column = column

    def put(self, text: str) -> None:
        self.parts.append(text)
        newlines = text.count("\n")
        self.line += newlines
        self.column = self.column + len(text) if not newlines else len(text) - text.rfind("\n")


def preprocess(
    text: str, *, file: str, folder: Path | None, include_folders: Sequence[Path] = ()
) -> tuple[str, dict[str, str]]:
    """Text for pycparser and the files its ``#line`` markers number.

    ``text`` is the user's source, ``file`` its name in messages and ``folder`` where its own headers lie.
    Returns the text and a map from a marker's number (as text) to a file's name; names of faked library headers
    start with :func:`system_header_folder`.
    Raises PipelineError with file and line for whatever the preprocessor cannot handle.
    """
    key = str((folder.absolute() if folder else Path(Path.cwd().anchor)) / Path(file).name)
    clean = without_comments(text, file)
    cpp = _Cpp(file, clean, key, include_folders)
    layout = _Layout(cpp.texts)
    try:
        cpp.parse(clean, key)
        if folder is None:
            cpp.temp_path = []
        _lay_out(iter(cpp.token, None), cpp, layout)
    except PipelineError:
        raise
    except RecursionError:
        raise cpp.fail("macros or includes are nested too deeply") from None
    except Exception as error:  # pcpp answers some malformed directives with whatever breaks inside it
        raise cpp.fail(f"the preprocessor cannot handle this ({type(error).__name__}: {error})") from None
    return "".join(layout.parts), {str(text.number): text.name for text in cpp.texts.values()}


def _lay_out(tokens: Iterable[Any], cpp: _Cpp, layout: _Layout) -> None:
    after_macro: Any = None
    in_pragma = False
    fresh_line = True
    for token in tokens:
        if not token.value:
            continue
        if token.type in cpp.t_WS:
            if token.value == "\n":
                if in_pragma:
                    layout.put("\n")
                    in_pragma = False
                fresh_line = True
            continue
        source = token.source if token.source in cpp.texts else cpp.key
        if getattr(token, "expanded_from", None):
            if source != layout.source or token.lineno > layout.line:
                layout.move(source, token.lineno, 1)
            elif after_macro is None or after_macro.lexpos + len(after_macro.value) != token.lexpos:
                layout.put(" ")
            layout.put(token.value)
            after_macro = token
            fresh_line = False
            continue
        if in_pragma:
            # A pragma is one line; what a continuation moved to the next line stays on it.
            column = cpp.texts[source].column(token.lineno, token.lexpos)
            layout.put(" " * max(1, column - layout.column) if column != layout.column else "")
            layout.put(token.value)
            continue
        if token.value == "#" and fresh_line:
            in_pragma = True
            if layout.column != 1:
                layout.put("\n")
        column = cpp.texts[source].column(token.lineno, token.lexpos)
        if after_macro is not None and column <= layout.column and source == layout.source:
            layout.put(" ")
        layout.move(source, token.lineno, column)
        layout.put(token.value)
        after_macro = None
        fresh_line = False
