"""Which way data moves through arrays that are reached by views: held against what the compiled text does.

An array whose elements change when the kernel runs is never ``in`` or ``unused``, one on whose first values the rest
depends never ``out`` or ``unused``; where that can be followed it is exact.
"""

from __future__ import annotations

import ctypes
import random

import llvmlite.binding as llvm
import pytest

from pipeline.kernels.read import read_kernel
from pipeline.project.ir import compile_to_ir

_VIEW = "struct V { int *p; int n; void bind(int *q) { p = q; } void set(int i, int x) { p[i] = x; } };"
_ALL = "for (int i = 0; i < 16; i++)"
_END = "return 0;"
KERNELS = {
    # helpers, the body of the kernel, the directions of a and b
    "references that functions give": (
        "int &at(int *p, int i) { if (i < 0) return p[0]; return p[i]; }", f"{_ALL} at(b, i) = at(a, i);", "in out"),
    "pointers that functions give": (
        "int *at(int *p, int i) { int *q = p; for (int k = 0; k < i; k++) q++; return q; }",
        "int *w = at(b, 3), *r = at(a, 2); for (int i = 0; i < 4; i++) w[i] = r[i];", "in out"),
    "one of two": (
        "int &pick(int &x, int &y, int k) { if (k) return x; return y; }", f"{_ALL} pick(a[i], b[i], n & 1) = i;",
        "out out"),
    "one of two objects": (
        "", "int &x = n > 0 ? a[0] : b[0]; x = 5; (n > 0 ? a[1] : b[1]) += n; (n > 0 ? a[2] : b[2])++;", "inout inout"),
    "a store that may be to another": (
        "", f"int *q = n > 0 ? a : b; int s = 0; {_ALL} q[i] = i; {_ALL} s += b[i]; return s;", "out inout"),
    "lambdas": (
        "template <class F> void each(F f) { for (int i = 0; i < 8; i++) f(i) = i; }",
        "auto at = [&](int i) -> int & { if (i < 0) return b[0]; return b[i]; };"
        "auto far = [=](int i) { return b + 8; }; each(at); for (int i = 0; i < 8; i++) *far(i) = a[i];", "in out"),
    "objects that hold pointers": (_VIEW, f"V v, w; v.bind(b); w.p = a; {_ALL} v.set(i, w.p[i]);", "in out"),
    "objects that hold references": (
        "struct R { int &x; R(int &y) : x(y) {} void set(int v) { x = v; } };",
        f"{_ALL} {{ R r(b[i]); r.set(a[i]); }}", "in out"),
    "structs by value": (
        "struct P { int *in; int *out; }; void run(P v) { for (int i = 0; i < 16; i++) v.out[i] = v.in[i]; }",
        "run(P{a, b});", "inout inout"),
    "objects that functions give": (
        f"{_VIEW} V part(int *q, int o) {{ return V{{q + o, 4}}; }}",
        "for (int k = 0; k < 16; k += 4) for (int i = 0; i < 4; i++) part(b, k).set(i, part(a, k).p[i]);", "in out"),
    "objects within objects and their copies": (
        f"{_VIEW} struct W {{ V v; W(int *q) {{ v.p = q; }} }}; struct U : W {{ U(int *q) : W(q) {{}} }};",
        f"U u(b); U x = u; V y; y = x.v; {_ALL} if (i & 1) x.v.set(i, a[i]); else y.set(i, a[i]);", "in out"),
    "elements that write": (
        "struct E { int *p; int i; E &operator=(int v) { p[i] = v; return *this; } operator int() { return p[i]; }"
        "}; struct V { int *p; E operator[](int i) { return E{p, i}; } };",
        f"V v{{b}}, w{{a}}; {_ALL} v[i] = (int)w[i];", "in out"),
    "arrays of pointers": ("", f"int *r[2] = {{b, b + 8}}; {_ALL} r[i / 8][i % 8] = a[i];", "in out"),
    "arrays of views": (_VIEW, f"V v[2]; v[0].p = a; v[1].p = b; {_ALL} v[n & 1].p[i] = i;", "out out"),
    "views in lists": (
        "struct L { int *p; L *next; };",
        f"L x{{b, 0}}; L y{{a, &x}}; {_ALL} y.next->p[i] = y.p[i];", "inout inout"),
    "pointers to pointers": (
        "void put(int **p, int i, int v) { (*p)[i] = v; }", f"int *q = b; {_ALL} put(&q, i, a[i]);", "in out"),
    "pointers that are handed out": ("void get(int *p, int *&q) { q = p + 1; }",
        "int *q; get(b, q); for (int i = 0; i < 15; i++) q[i] = a[i];", "in out"),
    "pointers in globals": ("int *g; void put(int i, int v) { g[i] = v; }", f"g = b; {_ALL} put(i, a[i]);", "in inout"),
    "pointers in numbers": ("", "unsigned long u = (unsigned long)b; int *p = (int *)(u + 4); p[0] = a[0];", "in out"),
    "a function that calls itself": (
        "int *find(int *p, int k) { if (k == 0) return p; return find(p + 1, k - 1); }", "*find(b, n & 7) = a[0];",
        "in inout"),
    "rows": ("", f"int m[4][4]; for (int i = 0; i < 4; i++) {{ auto &row = m[i]; for (int j = 0; j < 4; j++) "
        f"row[j] = a[4 * i + j]; }} {_ALL} {{ auto &x = b[i]; const auto &y = m[i / 4][i % 4]; x = y; }}", "in out"),
}  # fmt: skip


_TEXT = "\n".join(
    f"namespace k{number} {{ {helpers}\n"
    f'extern "C" int top{number}(int a[16], int b[16], int n) {{ {body} {_END * ("return s" not in body)} }} }}'
    for number, (helpers, body, _) in enumerate(KERNELS.values())
)


@pytest.fixture(scope="module")
def happens() -> dict[str, list[tuple[bool, bool]]]:
    """By kernel, for each array: whether running it changes it, whether its first values decide the rest."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(compile_to_ir(_TEXT, file="kernel.cpp", language="c++"))
    module.triple = llvm.get_process_triple()
    numbers = random.Random(5)
    found: dict[str, list[tuple[bool, bool]]] = {}
    with llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine()) as engine:
        engine.finalize_object()
        for number, name in enumerate(KERNELS):
            kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
            call = kind(engine.get_function_address(f"top{number}"))

            def run(*given: list[int], n: int, call: object = call) -> list[list[int]]:
                arrays = [(ctypes.c_int * 16)(*values) for values in given]
                result = call(*(ctypes.addressof(array) for array in arrays), n)  # type: ignore[operator]
                return [*map(list, arrays), [result]]

            ways = [[False, False], [False, False]]
            for n in range(-3, 5):
                first, other = ([[numbers.randint(100, 999) for _ in range(16)] for _ in "ab"] for _ in "12")
                after = run(*first, n=n)
                for mine in (0, 1):
                    mixed = [other[mine] if place == mine else first[place] for place in (0, 1)]
                    again = run(*mixed, n=n)
                    ways[mine][0] |= after[mine] != first[mine]
                    ways[mine][1] |= [after[1 - mine], after[2]] != [again[1 - mine], again[2]]
            found[name] = [(written, read) for written, read in ways]
    return found


@pytest.fixture(scope="module")
def directions() -> dict[str, list[str]]:
    """By kernel, what is read of its text."""
    found = {function.name: function for function in read_kernel(_TEXT, file="kernel.cpp", top="top0").functions}
    return {
        name: [argument.direction for argument in found[f"top{number}"].arguments[:2]]
        for number, name in enumerate(KERNELS)
    }


@pytest.mark.parametrize("name", KERNELS)
def test_directions_say_what_happens_when_the_kernel_runs(
    name: str, happens: dict[str, list[tuple[bool, bool]]], directions: dict[str, list[str]]
) -> None:
    for way, (written, read) in zip(directions[name], happens[name], strict=True):
        assert not (written and way in ("in", "unused")) and not (read and way in ("out", "unused"))
    assert directions[name] == KERNELS[name][2].split()
