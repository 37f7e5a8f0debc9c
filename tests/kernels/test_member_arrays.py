"""Arrays in structs are arrays of the kernel as others are."""

from __future__ import annotations

from pipeline.kernels.member_arrays import member_arrays
from pipeline.kernels.read import read_kernel

SOURCE = """
typedef struct { int a[16]; int k; struct { short m[2][8]; }; union { int u[4]; float v[4]; } x; } Data;
static Data kept, parts, copied;
static void mark(Data *d) { d->a[3] = 1; }
static void fill(int a[16]) { for (int i = 0; i < 16; i++) a[i] = i; }
static int sum(const int a[16]) { int s = 0; for (int i = 0; i < 16; i++) s += a[i]; return s; }
void f(Data given, Data *back, Data rows[4], Data *walked, int out[16]) {
    Data own;
    for (int i = 0; i < 16; i++) { own.a[i] = given.a[i] * given.k; out[i] = own.a[i] + kept.a[i] + rows[0].a[i]; }
    fill(back->a);
    out[0] += sum(given.a) + walked[1].a[0];
    for (int i = 0; i < 8; i++) back->m[1][i] += kept.m[0][i];
    kept.x.u[1] = 3;
    out[1] = kept.x.v[1];
    kept.m[0][3] = 0;
    mark(&parts);
    copied = given;
}
"""


def test_arrays_in_structs_have_names_sizes_and_directions_as_others() -> None:
    kernel = read_kernel(SOURCE, file="s.c", top="f")
    found = {(one.function, one.name): (one.element, one.bits, one.dims, one.role, one.direction)
             for one in member_arrays(kernel)}  # fmt: skip
    ways = {
        (None, "kept"): ("in", "inout", "inout", "global"),
        (None, "parts"): ("inout", "inout", "inout", "global"),
        (None, "copied"): ("out", "out", "out", "global"),
        ("mark", "d"): ("out", "unused", "unused", "argument"),
        ("f", "given"): ("in", "in", "in", "argument"),
        ("f", "back"): ("out", "inout", "unused", "argument"),
        ("f", "own"): ("local", "local", "local", "local"),
    }
    expected: dict[tuple[str | None, str], tuple[object, ...]] = {}
    for (function, name), (a, m, x, role) in ways.items():
        expected[function, f"{name}.a"] = ("int", 32, (16,), role, a)
        expected[function, f"{name}.m"] = ("short", 16, (2, 8), role, m)
        expected[function, f"{name}.x.u"] = ("int", 32, (4,), role, x)
        expected[function, f"{name}.x.v"] = ("float", 32, (4,), role, x)
    assert found == expected
    assert "own" not in {array.name for array in kernel.arrays}
