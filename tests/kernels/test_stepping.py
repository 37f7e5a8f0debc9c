"""Loops and bounds that only going through them counts: counted as the compiled program counts, or withheld."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.kernels import execution
from pipeline.kernels.read import read_kernel

HELPERS = """
static int half(int n) { return n / 2; }
static int bits(unsigned n) { int k = 0; while (n > 1) { n >>= 1; k++; } return k; }
static int least(int a, int b) { if (a < b) return a; return b; }
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static int odd(int n) { int s = 0; for (int i = 0; i < n; i++) { if (i % 2 == 0) continue; if (i > 20) break; s += i; } return s; }
static unsigned char narrow(int n) { return n; }
static int stepped(int n) { int a = 0, b; do { b = a++; } while (b + 1 < n && a < 30); return a + b--; }
"""  # noqa: E501


def _counts(loops: list[str], folder: Path) -> list[int]:
    """How often each loop's body runs, by running it."""
    functions = "\n".join(f"int f{place}(void) {{ int c = 0; {loop} return c; }}" for place, loop in enumerate(loops))
    calls = "".join(f'printf("%d\\n", f{place}());' for place in range(len(loops)))
    (folder / "run.c").write_text(f"#include <stdio.h>\n{HELPERS}{functions}\nint main(void) {{ {calls} return 0; }}\n")
    compiler = ["cc"] if shutil.which("cc") else [sys.executable, "-m", "ziglang", "cc"]
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(folder), "ZIG_LOCAL_CACHE_DIR": str(folder)}
    subprocess.run(
        [*compiler, "-w", "-O0", "-fwrapv", "run.c", "-o", "run"], cwd=folder, check=True, env=environment, timeout=300
    )
    printed = subprocess.run([str(folder / "run")], capture_output=True, text=True, check=True, timeout=60).stdout
    return [int(line) for line in printed.split()]


def _random_loops(number: int) -> list[str]:
    draw = random.Random(11)
    kinds = ["int", "unsigned char", "short", "long", "unsigned"]
    loops = []
    for _ in range(number):
        first, second = draw.choice(kinds), draw.choice(kinds)
        low, high = draw.randint(0, 40), draw.randint(60, 120)
        up = draw.choice(["x++", "x += 3", "x = x + 2", "x += y & 1, x++", "x = x + (y > 50 ? 1 : 2)"])
        down = draw.choice(["y--", "y -= 2", "--y", "y = y - (x % 3)", "y -= x & 1"])
        test = draw.choice(["x < y", "y > x", "x + 1 < y", "x < y && y > 50", "x + half(8) <= y", "!(x >= y)"])
        start = f"{first} x = {low}; {second} y = {high};"
        form = draw.choice(["for", "while", "do"])
        if form == "for":
            loops.append(f"{start} for (; {test}; {up}, {down}) {{ c++; }}")
        elif form == "while":
            loops.append(f"{start} while ({test}) {{ c++; {up}; int t = y; t--; if (t < y) {down}; }}")
        else:
            loops.append(f"{start} do {{ {down}; c++; {up}; }} while ({test});")
    return loops


def test_loops_of_known_integers_run_as_often_as_they_are_counted(tmp_path: Path) -> None:
    bounds = [
        "half(48)", "bits(1000)", "least(9, bits(1 << 20))", "fib(9)", "odd(40)", "narrow(300)", "stepped(7)",
        "half(half(41)) + odd(5)", "sizeof(int) + half(7)",
    ]  # fmt: skip
    loops = [f"for (int i = 0; i < {bound}; i++) c++;" for bound in bounds]
    loops += ["for (unsigned char u = 250; u != 5; u++) c++;", "for (int i = 100; i; i /= 3) c++;"]
    loops += [
        f"for (int i = {first}; i {test}; i {by}) c++;"
        for first, test, by in (
            (1, "< 100", "<<= 2"), (3, "<= 768", "<<= 3"), (100, "> 1", ">>= 2"), (700, "> 0", ">>= 3"),
            (1, "< 100", "*= 3"),
        )
    ]  # fmt: skip
    fields = "struct { unsigned n : 4; int w : 3; _Bool b : 1; unsigned z : 1; } v;"
    loops += [
        f"{fields} v.n = 19; for (int i = 0; i < v.n; i++) c++;",
        f"{fields} v.w = 5; for (int i = v.w; i < 4; i++) c++;",
        f"{fields} v.n = 15; v.n += 4; for (int i = 0; i < v.n; i++) c++;",
        f"{fields} v.b = 2; for (int i = 0; i < v.b + 3; i++) c++;",
        f"{fields} v.z = 3; for (int i = 0; i < v.z + 2; i++) c++;",
        "_Bool b = 6; for (int i = 0; i < b + 2; i++) c++;",
        "for (int i = 0; i < ((1 ? -1 : 0u) > 0 ? 50 : 2); i++) c++;",
        "for (int i = 0; i < (int)sizeof(enum { Q }); i++) c++;",
    ]
    loops += _random_loops(120)
    counted = _counts(loops, tmp_path)
    functions = (f"void f{place}(int a[1]) {{ int c = 0; {loop} a[0] = c; }}" for place, loop in enumerate(loops))
    text = HELPERS + "\n".join(functions)
    found = {loop.function: loop.trip_count for loop in read_kernel(text, file="k.c", top="f0").loops}
    assert [found[f"f{place}"] for place in range(len(loops))] == counted


@pytest.mark.parametrize(
    ("helper", "bound"),
    [
        ("static int state; static int next(void) { return ++state; }", "next()"),
        ("static int read(int *p) { return *p; }", "read(a)"),
        ("static int ever(int n) { while (n) n = n | 1; return n; }", "ever(3)"),
        ("static int wide(int n) { return n < 2 ? n : wide(n - 1) + wide(n - 2); }", "wide(60)"),
        ("static int kept(int n) { static int calls; calls += n; return calls; }", "kept(4)"),
        ("static int first(int n) { int v[2] = {n, 1}; return v[0]; }", "first(4)"),
        ("static int label(int n) { if (n) goto out; n++; out: return n; }", "label(4)"),
    ],
)
def test_what_is_more_than_a_computation_with_known_integers_bounds_nothing(
    helper: str, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of the ten times as many that there are a recursion takes seconds.
    monkeypatch.setattr(execution, "MOST_STEPS", 2_000)
    text = f"{helper} void top(int a[64]) {{ for (int i = 0; i < {bound}; i++) a[i & 63] = i; }}"
    loops = [loop for loop in read_kernel(text, file="k.c", top="top").loops if loop.function == "top"]
    assert [loop.trip_count for loop in loops] == [None]


def test_a_helper_carries_a_range_where_no_decision_hangs_on_it() -> None:
    text = """
    static int twice(int n) { return 2 * n; }
    void top(int a[64], int n) {
      for (int i = 0; i < 8; i++) for (int j = 0; j < twice(i); j++) a[j] += i;
    }"""
    loops = [loop for loop in read_kernel(text, file="k.c", top="top").loops if loop.function == "top"]
    assert [(loop.trip_count, loop.trip_min, loop.trip_max) for loop in loops] == [(8, 8, 8), (None, 0, 14)]


def test_a_counter_that_wraps_has_trips_and_no_step() -> None:
    text = "void f(int a[256]) { for (unsigned char c = 250; c != 4; c++) a[c] = 1; }"
    (loop,) = read_kernel(text, file="f.c").loops
    assert (loop.trip_count, loop.step) == (10, None)


@pytest.mark.parametrize(("kind", "trips"), [("int", None), ("unsigned", 32)])
def test_signed_overflow_ends_no_loop(kind: str, trips: int | None) -> None:
    text = f"void f(int a[64]) {{ for ({kind} i = 1; i > 0; i *= 2) a[i & 63] = 0; }}"
    assert read_kernel(text, file="f.c").loops[0].trip_count == trips


@pytest.mark.parametrize(("shift", "apart"), [("half(48)", True), ("half(46)", False)])
def test_a_subscript_takes_what_a_helper_returns_and_the_call_touches_nothing(shift: str, apart: bool) -> None:
    body = f"for (int i = 0; i < 24; i++) a[i + {shift}] = a[i];"
    text = f"static int half(int n) {{ return n / 2; }}\nvoid f(int a[64]) {{ {body} }}"
    analysis = read_kernel(text, file="f.c", top="f").analysis
    assert analysis.carries_none(analysis.records["f"][0]) == apart


def test_a_cast_that_keeps_all_bits_hides_no_step() -> None:
    text = "void f(int a[64]) { for (unsigned char j = 0; j < 60; j = (unsigned char)(j + 4)) a[j] = 1; }"
    (loop,) = read_kernel(text, file="f.c").loops
    assert (loop.trip_count, loop.step) == (15, 4)


def test_a_counter_as_narrow_as_its_bound_ends_below_it_and_one_that_may_step_over_it_has_no_count() -> None:
    def most(condition: str, step: str) -> int | None:
        loop = f"for (unsigned char i = s; {condition}; {step}) out[i] = 0;"
        text = f"void k(int out[256], unsigned char s, unsigned char n) {{ {loop} }}"
        return read_kernel(text, file="k.c", top="k").loops[0].trip_max

    assert most("i < n", "i++") == 255
    # At n = 255 both go on for ever: i never passes it.
    assert most("i <= n", "i++") is None
    assert most("i < n", "i += 2") is None


@pytest.mark.parametrize("call", ["set();", "if (out[0]) set();", "for (int j = 0; j < 2; j++) set();"])
def test_a_variable_that_a_call_may_change_has_not_the_value_from_before_it(call: str) -> None:
    text = (
        "int n; void set(void) { n = 8; } void k(int out[256])"
        f" {{ n = 4; for (int i = 0; i < n; i++) out[i]++; n = 4; {call} for (int i = 0; i < n; i++) out[i] = 0; }}"
    )
    counts = [loop.trip_count for loop in read_kernel(text, file="k.c", top="k").loops if loop.function == "k"]
    assert counts[0] == 4
    assert counts[-1] is None
