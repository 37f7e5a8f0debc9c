"""What the compiler makes of expressions at places of a C++ source, in each instance of a template.

Each becomes the value of an enumerator that is put there, each name a type of what it names; the tree then has the
values, and the errors of these insertions say what is not declared. Nothing is run, nothing of the user's is written.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.project.cpp import CppOutput, compile_cpp
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.source_text import plain_lines

_DECLARED = re.compile(r'"kind": "(\w+Decl)"')
_MANGLED = re.compile(r'"mangledName": "([^"]*)"|"inner": \[|"kind": ')
_ENUMERATOR = re.compile(r'"name": "hls_value_(\d+)"')
_VALUE = re.compile(r'"kind": "ConstantExpr"(?:(?!"kind": ).)*"value": "(-?\d+)"', re.DOTALL)
_ERROR = re.compile(r"^(?P<file>[^\n]*?):(?P<line>\d+):(?P<column>\d+): error: (?P<text>[^\n]*)$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared identifier '(\w+)'|no member named '(\w+)'|unknown type name '(\w+)'")
_FUNCTIONS = ("FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXConversionDecl")
_MOST = 500
"""Questions that are asked of one source."""


@dataclass(frozen=True, slots=True)
class CppQuestion:
    """An expression, and where it stands: before the offset ``at`` (in bytes) of a file, or instead of the text up to
    the offset ``end``. Without ``number`` only what it names is asked."""

    file: str
    at: int
    end: int
    text: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class CppAnswer:
    """The values by the linker's name of the function, under "" outside functions; or a name that nothing declares."""

    values: Mapping[str, int]
    undeclared: str | None = None

    def of(self, function: str) -> int | None:
        """The value in a function, or the only one that there is."""
        if function in self.values:
            return self.values[function]
        return next(iter(self.values.values())) if len(set(self.values.values())) == 1 else None


NOTHING_KNOWN = CppAnswer({})


def values_in_cpp(
    questions: Sequence[CppQuestion], texts: Mapping[str, str], *, file: str, flags: Flags = NO_FLAGS
) -> list[CppAnswer]:
    """The answers, in the order of the questions; ``texts`` are the source ``file`` and its headers by name.

    Where the source with the insertions does not read, other than by an insertion that names what is not there, nothing
    is known. Raises PipelineError where the compiler does not run.
    """
    answers = [NOTHING_KNOWN] * len(questions)
    left = list(range(len(questions)))[:_MOST]
    while left:
        done, places = _compiled([questions[number] for number in left], texts, file, flags)
        wrong: dict[int, str | None] = {}
        for error in _ERROR.finditer(done.messages):
            named = file if error["file"] == done.source else error["file"]
            at = (int(error["line"]), int(error["column"]))
            mine = next((number for number, place in places.items() if place.holds(named, *at)), None)
            if mine is None:
                return [NOTHING_KNOWN] * len(questions)
            missing = _UNDECLARED.search(error["text"])
            wrong.setdefault(left[mine], next(filter(None, missing.groups())) if missing is not None else None)
        if not wrong:
            for place, values in _enumerators(done.output).items():
                answers[left[place]] = CppAnswer(values)
            break
        # What stands in a template beside something wrong has no value: asked again without that.
        for number, name in wrong.items():
            answers[number] = CppAnswer({}, name)
        left = [number for number in left if number not in wrong]
    return answers


@dataclass(frozen=True, slots=True)
class _Inserted:
    """The place of an insertion: from column ``low`` to column ``high`` of a line."""

    file: str
    line: int
    low: int
    high: int

    def holds(self, file: str, line: int, column: int) -> bool:
        """Whether a place of a message is in it."""
        same = file == self.file or Path(file).absolute() == Path(self.file).absolute()
        return same and line == self.line and self.low <= column <= self.high


def _compiled(
    questions: Sequence[CppQuestion], texts: Mapping[str, str], file: str, flags: Flags
) -> tuple[CppOutput, dict[int, _Inserted]]:
    changed, places = _with_insertions(questions, texts)
    with tempfile.TemporaryDirectory(prefix="hls-pipeline-") as folder:
        scratch = Path(folder)
        overlay: list[dict[str, str]] = []
        for number, (name, text) in enumerate(changed.items()):
            if name != file:
                (scratch / f"header_{number}").write_bytes(text)
                where, there = str(Path(name).absolute()), str(scratch / f"header_{number}")
                overlay.append({"type": "file", "name": where, "external-contents": there})
        says = {"version": 0, "use-external-names": "false", "roots": overlay}
        (scratch / "overlay.json").write_text(json.dumps(says), encoding="utf-8")
        words = ("-ferror-limit=0", "-ivfsoverlay", str(scratch / "overlay.json"), "-fsyntax-only", "-Xclang",
                 "-ast-dump=json")  # fmt: skip
        source = changed.get(file, plain_lines(texts[file]).encode()).decode(errors="replace")
        return compile_cpp(source, words, scratch, file=file, flags=flags), places


def _with_insertions(
    questions: Sequence[CppQuestion], texts: Mapping[str, str]
) -> tuple[dict[str, bytes], dict[int, _Inserted]]:
    """The texts with the questions in them, and for each question file, line and columns."""
    changed: dict[str, bytes] = {}
    places: dict[int, _Inserted] = {}
    for name in dict.fromkeys(question.file for question in questions):
        data = plain_lines(texts[name]).encode()
        mine = sorted((q.at, q.end, number) for number, q in enumerate(questions) if q.file == name)
        made, before = b"", 0
        for at, end, number in mine:
            made += data[before:at]
            question = questions[number]
            text = " ".join(question.text.split())
            word = (
                f" enum {{ hls_value_{number} = (long long)({text}) }}; "
                if question.number
                else f" typedef decltype({text}) hls_name_{number}; "
            )
            line = made.count(b"\n") + 1
            low = len(made) - (made.rfind(b"\n") + 1) + 1
            made += word.encode()
            places[number] = _Inserted(name, line, low, low + len(word.encode()))
            # The lines below stay where they are.
            made += b"\n" * data[max(at, before) : end].count(b"\n") if end > max(at, before) else b""
            before = max(before, at, end)
        changed[name] = made + data[before:]
    return changed, places


def _enumerators(output: str) -> dict[int, dict[str, int]]:
    """The values in a tree by number and function, found in its text: a node's lines stand further in than its own."""
    found: dict[int, dict[str, int]] = {}
    inside: list[tuple[int, str]] = []
    for declared in _DECLARED.finditer(output):
        brace = output.rfind("{", 0, declared.start())
        if output.endswith(": ", 0, brace):
            continue  # what a node names, not what stands here
        indent = brace - output.rfind("\n", 0, brace)
        while inside and inside[-1][0] >= indent:
            inside.pop()
        function = inside[-1][1] if inside else ""
        if declared[1] in _FUNCTIONS:
            named = _MANGLED.search(output, declared.end())
            inside.append((indent, (named[1] if named is not None else None) or function))
        elif declared[1] == "EnumConstantDecl":
            node = output[declared.end() : output.find("\n" + " " * (indent - 1) + "}", declared.end())]
            number, value = _ENUMERATOR.search(node), _VALUE.search(node)
            if number is not None and value is not None:
                found.setdefault(int(number[1]), {})[function] = int(value[1])
    return found
