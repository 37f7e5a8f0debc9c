"""Tables, strings, characters and offsets of a source: counted as the compiled program counts them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel
from pipeline.project import parse_flags

_DECLARED = r"""
#include <stddef.h>
#include <math.h>
#include <stdalign.h>
enum { Q = 1 };
struct p { int n; int w[3]; };
struct o { char c; short s[3]; struct { char x; union { double d; int i[5]; }; }; struct p last; };
static const struct p ps[2] = {{.w = {1, 2, 3}, .n = 5}, {7, {[1] = 9}}};
static const int e[][2] = {[Q] = {4, 5}, {6, 7}};
static const unsigned char bytes[] = {3, 250, 12};
static const char text[] = "tab\t \101\x42 \"q\" end";
static const int steps[] = {[3] = 1, 2, [9] = 5, [4] = 8};
typedef struct { int a : 3; int b; } fields;
"""
_BOUNDS = [
    "ps[0].n", "ps[1].n", "ps[1].w[1]", "ps[1].w[0] + 2", "e[2][1]", "e[0][0] + 3", "bytes[1]", "steps[4]",
    "steps[8] + 1", "sizeof(e) / sizeof(e[0])", "sizeof text", "sizeof steps / sizeof *steps",
    "sizeof \"a\\x41\\\\\"", "offsetof(struct o, s[2])", "offsetof(struct o, i[3])", "offsetof(struct o, d)",
    "offsetof(struct o, last.w)",
    "_Alignof(double)", "alignof(struct o)", "_Alignof(short)", "'\\101'", "'\\x41'", "'\\n'", "'\\0' + 3", "'\\''",
    "(int)(2.5 * 4)", "(int)(44100.0 / 1000)", "(int)ceil(Q * 8 / 3.0)", "(int)(0.1f * 30 + 1e-9f)",
    "(int)(1.f / 3 * 9)",    "(unsigned char)(0x1.8p1 * 8 - .5)", "(int)-(-4.9)",
    "ps[Q].w[Q]", "(e[Q][0] > 3 ? bytes[0] : 9)",
]  # fmt: skip


def _text(bounds: list[str]) -> str:
    loops = "".join(f"    for (int i = 0; i < {bound}; i++) out[i] += i;\n" for bound in bounds)
    return f"{_DECLARED}\nvoid k(int out[512]) {{\n{loops}}}\n"


def test_trip_counts_from_constants_are_those_of_the_compiled_program(tmp_path: Path) -> None:
    file = tmp_path / "k.c"
    file.write_text(_text(_BOUNDS))
    prints = "".join(f'printf("%d\\n", (int)({bound}));' for bound in _BOUNDS)
    program = tmp_path / "p.c"
    program.write_text(f"{_text(_BOUNDS)}\n#include <stdio.h>\nint main(void) {{ {prints} }}\n")
    subprocess.run(["gcc", "-w", "-o", tmp_path / "p", program, "-lm"], check=True)
    printed = subprocess.run([tmp_path / "p"], check=True, capture_output=True, text=True).stdout
    assert [loop.trip_count for loop in load_kernel(file).loops] == [int(line) for line in printed.split()]


def test_a_table_read_at_every_place_of_a_range_bounds_the_loop(tmp_path: Path) -> None:
    file = tmp_path / "k.c"
    body = "for (int j = 1; j < 3; j++) for (int i = 0; i < bytes[j]; i++) out[i] = j;"
    file.write_text(f"{_DECLARED}\nvoid k(int out[512]) {{ {body} }}\n")
    outer, inner = load_kernel(file).loops
    assert (outer.trip_count, inner.trip_count, inner.trip_min, inner.trip_max) == (2, None, 12, 250)


@pytest.mark.parametrize(
    "change", [("static const unsigned char", "static unsigned char"), ("bytes[j]", "bytes[j + 2]")]
)
def test_what_is_no_constant_or_not_in_the_table_bounds_nothing(tmp_path: Path, change: tuple[str, str]) -> None:
    file = tmp_path / "k.c"
    body = "for (int j = 1; j < 3; j++) for (int i = 0; i < bytes[j]; i++) out[i] = j;"
    file.write_text(f"{_DECLARED}\nvoid k(int out[512]) {{ {body} }}\n".replace(*change))
    inner = load_kernel(file).loops[1]
    assert (inner.trip_count, inner.trip_max) in [(None, None), (None, 255)]


def test_an_unnamed_union_has_members_that_share_their_place(tmp_path: Path) -> None:
    file = tmp_path / "k.c"
    file.write_text(
        "struct s { union { int n; int m; }; };\n"
        "void k(int out[64]) { struct s v; v.n = 8; v.m = 4; for (int i = 0; i < v.n; i++) out[i] = i; }\n"
    )
    assert load_kernel(file).loops[0].trip_count in (None, 4)
    assert not re.search(r"\b8\b", str(load_kernel(file).loops[0].trip_max))


@pytest.mark.parametrize("suffix", ["c", "cpp"])
@pytest.mark.parametrize(("flag", "trips"), [("-funsigned-char", 200), ("-funsigned-char -fsigned-char", 8), ("", 8)])
def test_a_char_has_the_sign_that_the_flags_give_it(tmp_path: Path, suffix: str, flag: str, trips: int) -> None:
    file = tmp_path / f"k.{suffix}"
    file.write_text("void k(int out[512]) { for (int i = 0; i < ((char)200 > 0 ? (char)200 : 8); i++) out[i] += i; }\n")
    assert load_kernel(file, flags=parse_flags(flag)).loops[0].trip_count == trips


@pytest.mark.parametrize("flag", ["-fshort-enums", "-fshort-wchar", "-funsigned-bitfields"])
def test_flags_that_give_types_another_layout_are_refused(flag: str) -> None:
    with pytest.raises(PipelineError, match=f"{flag} gives types other sizes"):
        parse_flags(flag)
