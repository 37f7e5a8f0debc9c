"""Sizes, literals and tables of C have the values that the compiler gives them; what no hardware has is refused."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel
from pipeline.project import parse_flags

DECLARED = r"""
#include <stddef.h>
#include <stdalign.h>
struct plain { char c; int a[4]; double d; };
struct unnamed { char c; union { int i; double f; struct { short s, t; }; }; int n; };
struct layer { int w, h[2]; unsigned char k; };
int one[] = {[3] = 1};
static const int mixed[] = {1, [7] = 2, 3, [1] = 4};
static const struct layer pairs[] = {{1, {2, 3}}, {4}};
static const char text[] = "hello\0wor\x41l\101";
static const char braced[] = {"abc"};
const int n[3] = {4, 8, 16};
static const unsigned char grid[2][2] = {{1, 300}, {3}};
static const int flat[4][2] = {{1, 2}, 3, 4, {5, 6}};
static const struct layer layers[3] = {{3, {4, 5}, 6}, {.h = {[1] = 9}, 7}, {.k = 8, .w = 2}};
static const struct layer single = {.h = {1, 2}};
"""
EXPRESSIONS = [
    *("sizeof one", "sizeof mixed / sizeof *mixed", "sizeof pairs", "sizeof text", "sizeof braced", 'sizeof "ab" "c"'),
    *(r'sizeof L"ab\n"', r'sizeof "\x41\1012\u00e9"', "sizeof((int[]){1, 2, 3})", "sizeof((int[]){[5] = 1})"),
    *("offsetof(struct plain, d)", "offsetof(struct plain, a[2])", "offsetof(struct unnamed, f)"),
    *("offsetof(struct unnamed, t)", "offsetof(struct unnamed, n)", "sizeof(struct unnamed)"),
    *("_Alignof(struct plain)", "alignof(int)", "__alignof__(short)", "_Alignof(char[3])"),
    *(r"'\101'", r"'\x41'", "L'a'", "u'b'", r"'\0' + 3", r"'\xff' + 9", r"'\\'", r"'\''", r"'\e'", "sizeof L'a'"),
    *("n[1]", "n[sizeof(short)]", "grid[0][1]", "grid[1][0]", "grid[1][1] + 2", "mixed[8]", "mixed[1]", "mixed[5] + 1"),
    *("layers[0].h[1]", "layers[1].h[1]", "layers[1].k", "layers[2].w", "layers[2].k", "single.h[1]", "single.w + 1"),
]


def compiled(expressions: list[str], folder: Path, *flags: str) -> list[int]:
    """The values of the expressions, executed."""
    values = ", ".join(f"(long)({text})" for text in expressions)
    (folder / "value.c").write_text(
        f"{DECLARED}\nlong value(int at) {{ long all[] = {{{values}}}; return all[at]; }}\n"
    )
    command = [sys.executable, "-m", "ziglang", "cc", "-w", "-shared", *flags, "value.c", "-o", "value.so"]
    subprocess.run(command, check=True, cwd=folder)
    value = ctypes.CDLL(str(folder / "value.so")).value
    value.restype = ctypes.c_long
    return [value(at) for at in range(len(expressions))]


def counted(expressions: list[str], folder: Path, flags: str = "") -> list[int | None]:
    """The trip counts of loops that run so often."""
    loops = "\n".join(f"for (long i = 0; i < (long)({text}); i++) o[i] += {at};" for at, text in enumerate(expressions))
    (folder / "k.c").write_text(f"{DECLARED}\nvoid k(int o[512]) {{\n{loops}\n}}\n")
    return [loop.trip_count for loop in load_kernel(folder / "k.c", flags=parse_flags(flags)).loops]


def test_sizes_literals_and_entries_of_tables_count_loops_as_the_compiler_computes_them(tmp_path: Path) -> None:
    assert dict(zip(EXPRESSIONS, counted(EXPRESSIONS, tmp_path), strict=True)) == dict(
        zip(EXPRESSIONS, compiled(EXPRESSIONS, tmp_path), strict=True)
    )


@pytest.mark.parametrize(
    "flag", ["-funsigned-char", "-fno-signed-char", "-funsigned-char -fsigned-char", "-fpack-struct"]
)
def test_flags_that_change_types_count_loops_as_the_compiler_computes_them(flag: str, tmp_path: Path) -> None:
    expressions = ["(char)200 + 60", r"'\xff' + 9", "sizeof(struct plain)", "sizeof text", "n[1]"]
    *said, offset = counted([*expressions, "offsetof(struct plain, d)"], tmp_path, flag)
    *values, place = compiled([*expressions, "offsetof(struct plain, d)"], tmp_path, *flag.split())
    assert said == values
    assert offset == (None if "pack" in flag else place)


@pytest.mark.parametrize("flag", ["-m32", "-mx32", "-fshort-enums", "-fshort-wchar", "-funsigned-bitfields"])
def test_flags_that_change_types_unseen_are_refused(flag: str) -> None:
    with pytest.raises(PipelineError, match=rf"{flag}.*; (?:leave it out|give -D)"):
        parse_flags(flag)


def test_what_a_table_without_all_braces_holds_is_not_guessed(tmp_path: Path) -> None:
    """The third row is that of the fourth initialiser: braces decide, not commas."""
    assert compiled(["flat[2][0]"], tmp_path) == [5]
    assert counted(["flat[2][0]", "flat[3][1]"], tmp_path) == [None, None]


def test_a_table_bounds_the_loop_that_an_unknown_entry_counts(tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text(
        f"{DECLARED}\nvoid k(int o[16], int w) {{ for (int i = 0; i < n[w]; i++) o[i] = i; }}"
    )
    loop = load_kernel(tmp_path / "k.c").loops[0]
    assert (loop.trip_count, loop.trip_min, loop.trip_max) == (None, 4, 16)


REFUSED = {
    "int g(int m) {\n return m < 2 ? m : g(m - 1); }": (
        "g(o[0])",
        r"k\.c:2:\d+: g calls itself; .*; write it as a loop",
    ),
    "int h(int m);\nint g(int m) { return h(m); }\nint h(int m) { return g(m); }": (
        "g(3)",
        r"k\.c:3:\d+: g calls itself",
    ),
    "int g(int m) { return m; }\nint (*p)(int) = g;": ("p(3)", r"k\.c:3:\d+: p is a pointer to a function; call"),
    "int g(int m) { return m; }\nint (*p[1])(int) = {g};": ("p[0](3)", r"k\.c:3:\d+: .* through a pointer; call"),
    "struct s { int (*f)(int); } t;": ("t.f(3)", r"k\.c:2:\d+: a function is called through a pointer; call"),
    "#include <stdlib.h>": ("*(int *)malloc(4)", r"k\.c:2:\d+: malloc asks for memory at run time; declare an array"),
    "void *q;\nint g(int m) { int t[m]; t[0] = m; return t[0]; }": ("g(3)", r"k\.c:2:20: .* the array t is; give it"),
    "#include <setjmp.h>\njmp_buf b;": ("setjmp(b)", r"k\.c:3:\d+: setjmp jumps out of functions; return"),
    "#define G(x) _Generic((x), int: 1, default: 2)": ("G(o[0])", r"k\.c:2:\d+: _Generic is not supported; write"),
}


@pytest.mark.parametrize("before", REFUSED)
def test_what_no_hardware_has_is_refused_with_its_place_where_the_top_function_reaches_it(
    before: str, tmp_path: Path
) -> None:
    call, message = REFUSED[before]
    file = tmp_path / "k.c"
    file.write_text(f"{before}\nvoid k(int o[4]) {{ for (int i = 0; i < 4; i++) o[i] = {call}; }}\n")
    with pytest.raises(PipelineError, match=message):
        load_kernel(file, top="k")
    file.write_text(f"{before}\nint bench(int *o) {{ return {call}; }}\nvoid k(int o[4]) {{ o[0] = 1; }}\n")
    assert load_kernel(file, top="k").top == "k"
