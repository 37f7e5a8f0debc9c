"""Compiler flags that the tool's one line cannot carry."""

from __future__ import annotations

import ctypes
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.project import parse_flags
from pipeline.synthesis.vitis import Sources, ToolKind, render
from tests.kernels.harness import shared_object
from tests.synthesis.vitis.test_templates import FLOW, tool

TEXT = "const char *name(void) { return NAME; }\nint line(void) { return __LINE__ + 10 * TWICE(N / 2); }\n"
FLAGS = "-DNAME='\"a // \\\\ b\"' -D 'TWICE(x)=((x) + (x))' -DN=4 -I '/my inc' -Iinc -Wall"


@pytest.mark.parametrize("kind", ToolKind)
def test_a_macro_with_blanks_or_quotes_is_the_same_for_the_tool_as_for_the_reader(
    kind: ToolKind, tmp_path: Path
) -> None:
    flags = parse_flags(FLAGS)
    flow = FLOW if kind is not ToolKind.VIVADO_HLS else replace(FLOW, flow_target="vivado", settings=())
    job = render(tool(kind), flow, Sources({"k.c": TEXT, "k.h": "int h;\n"}, "name", cflags=flags.text))
    script = job.files.get("run_hls.tcl") or job.files["hls_config.cfg"]
    found = re.search(r"cflags[ =][{\"]?(-.*?)[}\"]?$", script, re.MULTILINE)
    assert found is not None and found[1].split() == ["-DN=4", "-Iinc", "-Wall"]
    assert job.files["k.h"] == "int h;\n"
    answers = []
    for name, text, given in (("said", TEXT, flags.words), ("handed", job.files["k.c"], found[1].split())):
        (tmp_path / f"{name}.c").write_text(text)
        library = shared_object(tmp_path / f"{name}.c", *given)
        library.name.restype = ctypes.c_char_p
        answers.append((library.name(), library.line()))
    assert answers == [(b"a // \\ b", 42)] * 2


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ("-DX='/* a'", ""),
        ("-DX='// a'", ""),
        ("-DX='a b\\'", ""),
        ("-DX='\"a b'", ""),
        ("-DX='a\nint b;'", ""),
        ("-DX='??/ a'", ""),
        ("-isystem '/my inc'", ""),
        ("-I'/my inc'", ' # include "h.h"\n'),
        ("-I'/my inc", ""),
    ],
)
def test_what_neither_the_line_nor_the_file_can_carry_is_refused(flags: str, text: str) -> None:
    with pytest.raises(PipelineError, match="compiler flag"):
        render(tool(ToolKind.VITIS_HLS), FLOW, Sources({"k.c": text}, "k", cflags=flags))
