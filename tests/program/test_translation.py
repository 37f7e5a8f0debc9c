"""A program as it is read: what is kept, what is refused by name, and several files as one."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from pipeline.design_space import load_space
from pipeline.errors import PipelineError
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.project import parse_flags
from pipeline.synthesis.lowering import lower
from tests.kernels.harness import shared_object

LAYOUTS = {
    "packed": "struct __attribute__((packed)) r { char c; int v; };",
    "after": "struct r { char c; int v; } __attribute__((__packed__));",
    "member": "struct r { char c; int v __attribute__((aligned(16))); };",
    "first": "struct r { char c; __attribute__((aligned(16))) int v; };",
    "alignas": "struct r { char c; _Alignas(32) int v; };",
    "pack": "#pragma pack(push, 2)\nstruct r { char c; int v; };\n#pragma pack(pop)",
    "bits": "struct r { unsigned c : 3, d : 7; int v : 20; };",
    "macro": "#define PACKED __attribute__((packed))\nstruct PACKED r { char c; int v; };",
    "mode": "typedef int wide __attribute__((mode(DI)));\nstruct r { char c; wide v; };",
    "enum": "enum __attribute__((packed)) e { A, B };\nstruct r { enum e c; short v; };",
}
BODY = (
    "void k(struct r a[16], long long b[16]) {\n"
    "  for (int i = 0; i < 16; i++) b[i] = a[i].v * 3 + sizeof(struct r) + _Alignof(struct r);\n}\n"
)


def run(source: Path, inputs: bytes) -> bytes:
    """What ``k`` makes of the bytes, compiled by the compiler that reads kernels."""
    first, second = ctypes.create_string_buffer(inputs), ctypes.create_string_buffer(len(inputs))
    shared_object(source, "-O1", "-fwrapv").k(first, second)
    return first.raw + second.raw


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_the_compilers_and_what_is_delivered_computes_the_same(name: str, tmp_path: Path) -> None:
    file = tmp_path / "given.c"
    file.write_text(f"{LAYOUTS[name]}\n{BODY}")
    kernel = propose_sites(load_kernel(file), "merlin")
    asked = file.read_text() + "long long size(void) { return sizeof(struct r); }\n"
    (tmp_path / "size.c").write_text(asked)
    assert kernel.arrays[0].bits == 8 * shared_object(tmp_path / "size.c").size()
    (tmp_path / "lowered.c").write_text(lower(kernel, load_space(kernel).default | {"__PARA__L0": 4}).files["k.c"])
    inputs = bytes((7 * i + 3) % 251 for i in range(1024))
    assert run(file, inputs) == run(tmp_path / "lowered.c", inputs)


def test_layouts_and_attributes_are_part_of_a_kernels_hash() -> None:
    texts = [*LAYOUTS.values(), "struct r { char c; int v; };"]
    hashes = {read_kernel(f"{text}\n{BODY}", file="k.c").ast_hash for text in texts}
    assert len(hashes) == len(texts) - 2, "by macro or not, before a declarator or behind it, is no difference"
    plain = read_kernel("void f(char a[4]) { for (int i = 0; i < 4; i++) a[i]++; }", file="k.c")
    other = read_kernel(plain.source, file="k.c", flags=parse_flags("-funsigned-char"))
    assert plain.ast_hash != other.ast_hash
    assert read_kernel(plain.source, file="k.c", flags=parse_flags("-DUNUSED -Wall")).ast_hash == plain.ast_hash


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("void f(int a[4]) {\n a[0] = a[1] ?: 3; }", r"^k\.c:2:14: the GNU conditional"),
        ("void f(int a[4]) {\n switch (a[0]) { case 1 ... 3: a[1] = 2; } }", r"^k\.c:2:25: a GNU range"),
        ("void f(int a[4]) {\n int t[4] = { [0 ... 2] = 1 }; a[0] = t[1]; }", r"^k\.c:2:\d+: a GNU range"),
        ("/* (of a, & b) */\nvoid f(int a[4]) {\n word t = 1; a[0] = t; }", r"^k\.c:3:2: .*'word'.*; declare word "),
        ("void f(int &a) {\n a = 1; }", r"^k\.c:1:12: .*a C\+\+ reference in .*; give .* the ending \.cpp"),
        ("void f(int a[4]) {\n int g(int x) { return x; }\n a[0] = g(1); }", r"^k\.c:2:.*function inside a function"),
        ("void f(int a[4]) {\n void *p = 0; goto *p; }", r"^k\.c:2:.*computed goto"),
        ("void f(int a[4]) {\n __label__ x; x: a[0] = 1; }", r"^k\.c:2:2: __label__ is not supported"),
        ("void f(int a[4]) {\n __auto_type x = a[0]; }", r"^k\.c:2:2: __auto_type is not supported"),
        ("void f(a) int a[4]; { a[0] = 1; }", r"^k\.c:1: .*K&R"),
        ("void k[4](int a[4]) { a[0] = 1; }", r"^k\.c:1: k has a body and is not declared as a function"),
        ("typedef void F(int);\nF f { }", r"^k\.c:2"),
        ("int f(int a)[3] { return 0; }", r"^k\.c:1: function f returns an array"),
        ("int f[2] { return 0; }", r"^k\.c:1"),
        ("void f(int a[4]) {\n for (int i = 0; i < SIZE; i++) a[i] = 0; }", r"^k\.c:2:22: SIZE is not .*-DSIZE=VALUE"),
        ("void f(int a[SIZE]) { a[0] = 1; }", r"^k\.c:1:14: SIZE is not defined"),
        ("struct s { int v[MAX]; };\nvoid f(struct s *a) { a->v[0] = 1; }", r"^k\.c:1:18: MAX is not defined"),
        ("void f(int *__attribute__((aligned(8))) a) { a[0] = 1; }", r"^k\.c:1.*"),
    ],
)  # fmt: skip
def test_what_no_later_step_understands_is_refused_by_name_and_place(text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message) as caught:
        read_kernel(text, file="k.c")
    assert re.fullmatch(r"[^\n]+", str(caught.value))


def test_a_function_that_is_nowhere_is_refused_and_found_in_a_further_file(tmp_path: Path) -> None:
    (tmp_path / "p.h").write_text("struct p { int v; };\nenum { LENGTH = 8 };\nint weight(struct p x);\n")
    (tmp_path / "k.c").write_text(
        '#include "p.h"\nvoid k(struct p a[LENGTH], int out[LENGTH]) {\n'
        "  for (int i = 0; i < LENGTH; i++)\n    out[i] = weight(a[i]);\n}\n"
    )
    (tmp_path / "w.c").write_text(
        '#include "p.h"\nstatic int scale = 3;\nint weight(struct p x) {\n  int s = 0;\n'
        "  for (int i = 0; i < 5; i++) s += x.v * scale;\n  return s;\n}\n"
    )
    with pytest.raises(PipelineError, match=r"k\.c:4:14: the function weight .*--files"):
        load_kernel(tmp_path / "k.c")
    kernel = load_kernel(tmp_path / "k.c", further=[str(tmp_path / "w.c")])
    assert kernel.top == "k"
    assert [(loop.function, loop.file, loop.line, loop.trip_count) for loop in kernel.loops] == [
        ("k", None, 3, 8),
        ("weight", str(tmp_path / "w.c"), 5, 5),
    ]
    (tmp_path / "v.c").write_text("static long scale = 4;\nint other(void) { return scale; }\n")
    with pytest.raises(PipelineError, match=r"v\.c:1: scale means something else than in .*w\.c:2"):
        load_kernel(tmp_path / "k.c", further=[str(tmp_path / "w.c"), str(tmp_path / "v.c")])


def test_declarations_of_the_systems_headers_are_in_no_hash_and_no_delivered_text() -> None:
    text = "void f(unsigned char a[4]) { for (int i = 0; i < 4; i++) a[i]++; }\n"
    plain, with_headers = (
        read_kernel(head + text, file="k.c")
        for head in ("", "#include <stdio.h>\n#include <stdlib.h>\n#include <math.h>\n")
    )
    assert plain.ast_hash == with_headers.ast_hash and len(with_headers.ast.ext) == 1
    typed = read_kernel("#include <stdint.h>\n" + text.replace("unsigned char", "uint8_t"), file="k.c")
    assert (typed.arrays[0].element, typed.arrays[0].bits) == ("uint8_t", 8)


@pytest.mark.parametrize("text", ["word half(word v) { return v / 2; }\n", "int half(int v) { return v / RATE; }\n"])
def test_a_part_of_another_file_is_refused_with_the_name_of_that_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "half.c").write_text(text)
    main = tmp_path / "all.c"
    main.write_text(
        '#define RATE 2\ntypedef int word;\n#include "half.c"\n'
        "void k(int a[4]) { for (int i = 0; i < 4; i++) a[i] = half(a[i]); }\n"
    )
    with pytest.raises(PipelineError, match=r"half\.c:1:.*all\.c includes this file"):
        load_kernel(tmp_path / "half.c")
    assert load_kernel(main).top == "k"
    main.unlink()
    with pytest.raises(PipelineError, match=r"half\.c:1:.*declare"):
        load_kernel(tmp_path / "half.c")
