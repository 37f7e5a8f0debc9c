"""What no tool makes hardware of is refused when a kernel is described, where it stands and with what to do instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel

_LOOP = "for (int i = 0; i < 8; i++) a[i]"


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (f"void k(int a[8]) {{\n int *t = malloc(32); {_LOOP} = t[i]; }}", 3, "malloc .* fixed size"),
        (f"int f(int n) {{\n return n ? f(n - 1) : n; }} void k(int a[8]) {{ {_LOOP} = f(i); }}", 3, "f calls itself"),
        (f"int g(int n); int f(int n) {{ return g(n); }}\nint g(int n) {{\n return n ? f(n - 1) : 0; }}"
         f" void k(int a[8]) {{ {_LOOP} = f(i); }}", 4, "f calls itself"),
        (f"int f(int x) {{ return x; }} void k(int a[8]) {{ int (*p)(int) = f;\n {_LOOP} = p(i); }}", 3,
         "the pointer p"),
        (f"void k(int a[8], int (*p[2])(int)) {{\n {_LOOP} = p[i & 1](i); }}", 3, "a pointer"),
        (f"void k(int a[8], int n) {{\n int t[n]; {_LOOP} = t[0]; }}", 3, "size of t follows the variable n"),
        (f"void k(int a[8]) {{ int n = a[0];\n int t[2][n + 1]; {_LOOP} = t[0][0]; }}", 3, "size of t"),
        (f"void k(int a[8]) {{\n {_LOOP} = rand(); }}", 3, "rand asks the system"),
        (f"void k(int a[8]) {{\n {_LOOP} = _Generic(a[0], int: 1, default: 2); }}", 3, "_Generic"),
    ],
)  # fmt: skip
def test_what_cannot_become_hardware_is_refused_where_it_stands(
    tmp_path: Path, text: str, line: int, hint: str
) -> None:
    file = tmp_path / "k.c"
    file.write_text(f"#include <stdlib.h>\n{text}\n")
    with pytest.raises(PipelineError, match=hint) as caught:
        load_kernel(file, top="k")
    assert (caught.value.file, caught.value.line) == (str(file), line)


@pytest.mark.parametrize(
    "text",
    [
        # What is a number when it is compiled, what the top does not reach, what synthesis does not see.
        "int f(int n) { return n < 2 ? 1 : n * f(n - 1); } void k(int a[8]) { int t[6]; for (int i = 0; i < f(3); i++)"
        " a[i] = f(3) + t[i]; }",
        f"int main(void) {{ int *p = malloc(4); return !p; }} void k(int a[8]) {{ {_LOOP} = i; }}",
        f"void k(int a[8]) {{\n#ifndef __SYNTHESIS__\n srand(1);\n#endif\n {_LOOP} = i; }}",
        f"void k(int a[8]) {{ enum {{ N = 4 }}; const int m = N * 2; int t[N][m]; {_LOOP} = t[0][i]; }}",
        f"void k(int n, int a[n]) {{ {_LOOP} = n; }}",
        f"int f(int n) {{ return n; }} int g(int n) {{ return f(n) + 1; }} void k(int a[8]) {{ {_LOOP} = g(f(i)); }}",
    ],
)
def test_what_compiles_to_plain_hardware_is_described(tmp_path: Path, text: str) -> None:
    file = tmp_path / "k.c"
    file.write_text(f"#include <stdlib.h>\n{text}\n")
    (loop,) = [loop for loop in load_kernel(file, top="k").loops if loop.function == "k"]
    assert loop.trip_count in (6, 8)
