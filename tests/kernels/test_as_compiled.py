"""Sizes, literals and tables of C have the values that the compiler gives them."""

from __future__ import annotations

import ctypes
from pathlib import Path

from pipeline.kernels.read import load_kernel
from tests.kernels.harness import shared_object

DECLARED = r"""
#include <stddef.h>
#include <stdalign.h>
struct plain { char c; int a[4]; double d; };
struct unnamed { char c; union { int i; double f; struct { short s, t; }; }; int n; };
struct fields { unsigned a : 3, b : 5; int n; };
struct __attribute__((packed)) tight { char c; int n; short s[4]; struct { char k; int m; }; struct fields f; };
typedef struct { char c; int n __attribute__((aligned(16))); } far;
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
    *("offsetof(struct fields, n)", "offsetof(struct tight, s[2])", "offsetof(struct tight, m)", "offsetof(far, n)"),
    *("offsetof(struct tight, f.n)", "sizeof(struct tight)", "sizeof(far)"),
    *("_Alignof(struct plain)", "alignof(int)", "__alignof__(short)", "_Alignof(char[3])"),
    *(r"'\101'", r"'\x41'", "L'a'", "u'b'", r"'\0' + 3", r"'\\'", r"'\''", r"'\e'", "sizeof L'a'"),
    *("n[1]", "n[sizeof(short)]", "grid[0][1]", "grid[1][0]", "grid[1][1] + 2", "mixed[8]", "mixed[1]", "mixed[5] + 1"),
    *("layers[0].h[1]", "layers[1].h[1]", "layers[1].k", "layers[2].w", "layers[2].k", "single.h[1]", "single.w + 1"),
]


def compiled(expressions: list[str], folder: Path) -> list[int]:
    """The values of the expressions, executed."""
    values = ", ".join(f"(long)({text})" for text in expressions)
    (folder / "value.c").write_text(
        f"{DECLARED}\nlong value(int at) {{ long all[] = {{{values}}}; return all[at]; }}\n"
    )
    value = shared_object(folder / "value.c").value
    value.restype = ctypes.c_long
    return [value(at) for at in range(len(expressions))]


def counted(expressions: list[str], folder: Path) -> list[int | None]:
    """The trip counts of loops that run so often."""
    loops = "\n".join(f"for (long i = 0; i < (long)({text}); i++) o[i] += {at};" for at, text in enumerate(expressions))
    (folder / "k.c").write_text(f"{DECLARED}\nvoid k(int o[512]) {{\n{loops}\n}}\n")
    return [loop.trip_count for loop in load_kernel(folder / "k.c").loops]


def test_sizes_literals_and_entries_of_tables_count_loops_as_the_compiler_computes_them(tmp_path: Path) -> None:
    assert dict(zip(EXPRESSIONS, counted(EXPRESSIONS, tmp_path), strict=True)) == dict(
        zip(EXPRESSIONS, compiled(EXPRESSIONS, tmp_path), strict=True)
    )


def test_what_a_table_without_all_braces_holds_is_not_guessed(tmp_path: Path) -> None:
    """The third row is that of the fourth initialiser: braces decide, not commas."""
    assert compiled(["flat[2][0]"], tmp_path) == [5]
    assert counted(["flat[2][0]", "flat[3][1]"], tmp_path) == [None, None]


def test_the_length_of_rows_without_braces_is_not_taken_from_the_number_of_values(tmp_path: Path) -> None:
    expressions = ["sizeof((int[][2]){1, 2, 3, 4}) / 8", "sizeof((struct layer[]){1, {2, 3}, 4, 5}) / 16"]
    assert compiled(expressions, tmp_path) == [2, 2]
    assert counted(expressions, tmp_path) == [None, None]
