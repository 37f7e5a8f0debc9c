"""Reading C: loops, trip counts, sites, arrays, places in the text, and refusals."""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel, Loop
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.kernels.suite import find_kernel
from pipeline.project import Flags, preprocess
from pipeline.terms import SiteKind
from tests.kernels.harness import compiler
from tests.kernels.nests import CAP, Nest, executed_at_most, nests


def read(text: str, top: str | None = None, file: str = "sample.c") -> Kernel:
    return read_kernel(text, file=file, top=top)


def only(statements: str, arguments: str = "int n, int a[64]", before: str = "") -> Loop:
    """The first loop of a function with these statements."""
    return read(f"{before}\nvoid f({arguments}) {{ int i, j; {statements} }}").loops[0]


# Trip counts ---------------------------------------------------------------------------------------------------------


def test_a_tile_has_at_most_its_own_size() -> None:
    _, tile = read("""
        void f(int a[64]) {
          for (int j = 0; j < 30; j += 8) for (int i = j; i < (j + 8 < 30 ? j + 8 : 30); i++) a[i] = 0;
        }""").loops
    assert (tile.trip_count, tile.trip_min, tile.trip_max) == (None, 6, 8)


@settings(max_examples=120, deadline=None)
@given(nests())
def test_trip_counts_are_those_of_the_executed_loops(nest: Nest) -> None:
    names = [loop.name for loop in nest.walk()]
    with executed_at_most(CAP + 1):
        kernel = read(f"void f(int a[4]) {{\n  int {', '.join(names)};\n{nest.text()}}}\n")
    counts: dict[str, list[int]] = {}
    ended = nest.run({}, counts)
    assert [loop.variable for loop in kernel.loops] == names
    for loop in kernel.loops:
        seen = counts.get(loop.variable or "", [])
        if loop.trip_count is not None:
            assert set(seen) <= {loop.trip_count}
            assert (loop.trip_min, loop.trip_max) == (loop.trip_count, loop.trip_count)
        for count in seen:
            assert loop.trip_min is None or loop.trip_min <= count
            assert loop.trip_max is None or count <= loop.trip_max
    if ended and nest.first_of is None and nest.bound_of is None:
        assert kernel.loops[0].trip_count == counts[nest.name][0], "a constant loop is always counted"


@pytest.mark.parametrize(
    ("loop", "trips"),
    [
        ("for (i = 3; i == 3; i++)", 1),
        ("for (i = 2; i == 3; i++)", 0),
        ("for (i = 8; i > 0u; i--)", 8),
        ("for (i = 8; i > 1u; i -= 3)", None),
        ("for (i = 8; i >= 0u; i--)", None),
    ],
)
def test_a_comparison_is_the_one_that_the_compiler_makes(loop: str, trips: int | None) -> None:
    kernel = read(f"void f(int a[64]) {{ int i; {loop} a[i & 63] = 1; }}")
    assert kernel.loops[0].trip_count == trips


@pytest.mark.parametrize(
    ("statements", "trips"),
    [
        ("for (i = c = 300; i < 310; i++)", None),  # 266: c holds 44
        ("for (i = c = 30; i < 40; i++)", 10),
        ("for (i = b = 7; i < 10; i++)", None),
        ("for (i = s.m = 9; i < 10; i++)", None),
        ("for (c = 0; c < 3; c = (_Bool)(c + 1))", None),  # for ever
        ("n = j = 6; for (i = 0; i < n; i++)", 6),
        ("n = 3; j = n = n + 1; for (i = 0; i < j; i++)", 4),
        ("n = c = 262; for (i = 0; i < n; i++)", None),
        ("n = a[j = 2] = 5; for (i = 0; i < n; i++)", 5),
        ("j = 2; n = (j = 5, j); for (i = 0; i < n; i++)", None),
    ],
)
def test_a_chain_of_assignments_hands_on_what_each_variable_holds(statements: str, trips: int | None) -> None:
    declared = "unsigned char c; _Bool b; struct { unsigned m : 3; } s; "
    assert only(f"{declared}{statements} a[i & 63] = 1;").trip_count == trips


HELPERS = """
static int half(int n) { return n / 2; }
static unsigned char low(int n) { return n + 3; }
static int power(int n) { return n <= 0 ? 1 : 2 * power(n - 1); }
static int bits(unsigned n) { int r = 0; while (n) { if (n & 1) r++; n >>= 1; } return r; }
static int odd(int n) { for (int i = n;; i++) { if (i % 2 == 0) continue; if (i % 3) return i; } }
static int both(int n, int m) { int s = 0, i; for (i = 0; i < n; ++i) { if (i > 6) break; s += m, m--; } return s; }
static int moved(int n) { do { n -= 5; } while (n > 7 && n != 9); return n ? n : half(6); }
static int again(int n) { return again(n + 1); }
static int shared;
static int counted(int n) { shared++; return n; }
static int seen(int *p) { return *p; }
static int stored(int n) { static int kept = 3; return n + kept; }
static int unset(int n) { int k; return n + k; }
static int over(int n) { int m = 2147483647; return m + n > 0 ? 4 : 5; }
"""


@pytest.mark.parametrize(
    ("bound", "trips"),
    [
        ("half(48)", 24), ("half(-7) + 5", 2), ("low(510)", 1), ("power(5)", 32), ("bits(0xff0f)", 12), ("odd(8)", 11),
        ("both(20, 9)", 42), ("moved(29)", 9), ("moved(10)", 5), ("half(half(40) + 4)", 12), ("power(31)", None),
        ("again(1)", None), ("counted(4)", None), ("seen(a)", None), ("stored(4)", None), ("unset(4)", None),
        ("over(1)", None), ("over(0)", 4), ("half(n)", None), ("half(a[1])", None),
    ],
)  # fmt: skip
def test_a_helper_that_only_computes_is_a_number_where_its_arguments_are(
    bound: str, trips: int | None, tmp_path: Path
) -> None:
    loop = f"for (int i = 0; i < {bound}; i++) a[i & 63] = i, count++;"
    kernel = read(f"{HELPERS}int count;\nvoid f(int a[64], int n) {{ {loop} }}", top="f")
    assert next(item for item in kernel.loops if item.function == "f").trip_count == trips
    if trips is not None:
        main = "int main(void) { int a[64] = {0}; f(a, 3); return count; }"
        text = f"{HELPERS}int count;\nvoid f(int a[64], int n) {{ {loop} }}\n{main}"
        (tmp_path / "run.c").write_text(text)
        subprocess.run([*compiler(), "-w", "-O0", "run.c", "-o", "run"], cwd=tmp_path, check=True)
        assert subprocess.run([str(tmp_path / "run")], check=False).returncode == trips


@pytest.mark.parametrize("suffix", ["c", "cpp"])
@pytest.mark.parametrize(
    ("first", "options", "most"),
    [
        ("#include <assert.h>", (), 16),
        ("#include <assert.h>\n#define NDEBUG", (), 16),
        ("#define NDEBUG\n#include <assert.h>", (), None),
        ("#include <assert.h>", (("-D", "NDEBUG"),), None),
        ("#define NDEBUG\n#include <assert.h>\n#undef NDEBUG\n#include <assert.h>", (), 16),
    ],
)
def test_an_assertion_bounds_where_it_is_compiled(
    first: str, options: tuple[tuple[str, str], ...], most: int | None, suffix: str
) -> None:
    text = f"{first}\nvoid f(int a[64], int n) {{ assert(n <= 16); for (int i = 0; i < n; i++) a[i] = i; }}"
    (loop,) = read_kernel(text, file=f"sample.{suffix}", flags=Flags(options)).loops
    assert loop.trip_max == most


def test_a_subscript_takes_what_a_helper_returns() -> None:
    for shift, apart in (("half(48)", True), ("half(46)", False)):
        body = f"for (int i = 0; i < 24; i++) a[i + {shift}] = a[i];"
        analysis = read(f"{HELPERS}void f(int a[64]) {{ {body} }}", top="f").analysis
        assert analysis.carries_none(analysis.records["f"][0]) == apart


def test_trip_counts_agree_with_compiled_and_executed_c(tmp_path: Path) -> None:
    """Narrow and unsigned variables wrap as the compiler says, and loops leave early; the reader never claims less."""
    build = [*compiler(), "-w"]
    draw = random.Random(5)
    functions, cap = [], 400
    kinds = ["int", "unsigned", "unsigned char", "signed char", "short", "long", "unsigned long", "unsigned short"]
    for number in range(500):
        kind, bound_kind = draw.choice(kinds), draw.choice(kinds)
        first, bound = draw.randint(-20, 300), draw.randint(-20, 300)
        test = draw.choice(
            ["i < n", "i <= n", "i > n", "i >= n", "i != n", "--i", "i--", "i-- > n", "n > i", "++i < n", "(int)i < n",
             "(unsigned)i > n", "(long)i >= n", "(unsigned char)i < n", "(unsigned long)i-- > n", "i < n && i != 40",
             "!(i >= n)", "i * 3 < n", "i & 63", "i - n"]
        )  # fmt: skip
        step = draw.choice(
            ["i++", "i--", "i += 3", "i -= 7", "i = i + 2", "i *= 2", "i >>= 1", "i = 2 * i", "i /= 3", "i <<= 1",
             "i += i / 2 + 1", "i ^= 5", "i++, i += 2", f"i = ({kind})(i + 4)", "i = (unsigned char)(i * 5 + 1)"]
        )  # fmt: skip
        if test in ("--i", "i--", "i-- > n", "++i < n", "(unsigned long)i-- > n"):
            step = draw.choice(["", "", step if "*" not in step and "/" not in step and ">" not in step else "i--"])
        leave = draw.choice(["", "", "", "if (i == 37) break;", "if (c > 5) return;", "if (i & 1) continue;"])
        shape = draw.choice(["for", "for", "while", "do"])
        count = "c++; if (c > CAP) { c = -1; out(c); return; }"
        head = f"{kind} i; const {bound_kind} n = {bound}; int c = 0;"
        body = f"LIMIT {leave}"
        if shape == "for":
            loop = f"for (i = {first}; {test}; {step}) {{ {body} }}"
        elif shape == "while":
            loop = f"i = {first}; while ({test}) {{ {body} {step}; }}"
        else:
            loop = f"i = {first}; do {{ {body} {step}; }} while ({test});"
        functions.append((f"void f{number}(void) {{ {head} {loop} out(c); }}", count))
    plain = "void out(int);\n" + "\n".join(text.replace("LIMIT", "c++;") for text, _ in functions)
    counted = (
        f'#include <stdio.h>\n#define CAP {cap}\nvoid out(int c) {{ printf("%d\\n", c); }}\n'
        + "\n".join(text.replace("LIMIT", count).replace("return;", "{ out(c); return; }") for text, count in functions)
        + "\nint main(void) {"
        + "".join(f"f{number}();" for number in range(len(functions)))
        + "return 0; }"
    )
    # The guard's own return must not print twice.
    counted = counted.replace("out(c); { out(c); return; }", "out(c); return;")
    (tmp_path / "run.c").write_text(counted)
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(tmp_path), "ZIG_LOCAL_CACHE_DIR": str(tmp_path)}
    subprocess.run([*build, "-O0", "-fwrapv", "run.c", "-o", "run"], cwd=tmp_path, check=True, env=environment)
    printed = subprocess.run([str(tmp_path / "run")], capture_output=True, text=True, check=True).stdout.split()
    with executed_at_most(cap + 1):
        loops = {loop.function: loop for loop in read(plain, top="f0").loops}
    exact = ends = 0
    assert len(printed) == len(functions)
    for place, answer in enumerate(printed):
        found, passed = loops[f"f{place}"], int(answer)
        why = functions[place][0]
        if passed < 0:
            assert found.trip_count is None or found.trip_count > cap, why
            assert found.trip_max is None or found.trip_max > cap, why
            continue
        assert found.trip_count in (None, passed), why
        assert found.trip_min is None or found.trip_min <= passed, why
        assert found.trip_max is None or passed <= found.trip_max, why
        exact += found.trip_count is not None
        ends += 1
    assert exact > ends * 9 // 10, "nearly all loops that end are counted exactly"


@pytest.mark.parametrize(
    ("statements", "trips"),
    [
        ("for (i = 8; --i;) a[i] = 0;", (7, 7, 7)),
        ("for (i = 0; i < N; i += sizeof(int)) a[i] = 0;", (16, 16, 16)),
        ("for (i = A; i <= LAST; i++) a[i] = 0;", (11, 11, 11)),
        ("for (i = 0; i < limit; i++) a[i] = 0;", (12, 12, 12)),
        ("for (i = 1; i < 64; i <<= 1) a[i] = 0;", (6, 6, 6)),
        ("for (i = 0; i < 64; i++) if (a[i]) break;", (None, 1, 64)),
        ("for (i = 0; i < 64; i++) if (a[i]) return;", (None, 1, 64)),
        ("for (i = 0; i < 64 && a[i]; i++) a[i]--;", (None, 0, 64)),
        ("for (i = 0; i < n; i++) a[i] = 0;", (None, None, None)),
        ("for (i = 0; i < 64; i++) i += a[i];", (None, None, None)),
        ("for (i = 0; i < 64; i++) scanf(\"%d\", &i);", (None, None, None)),
        ("for (i = n; i < n + 4; i++) a[i] = 0;", (4, 4, 4)),
        ("for (;;) a[0]++;", (None, None, None)),
        ("while (1) { if (a[0]++) break; }", (None, None, None)),
        ("i = 3; j = i * 4; while (j--) a[j] = 0;", (12, 12, 12)),
        ("i = 3; if (n) i = 5; while (i--) a[i] = 0;", (None, 3, 5)),
        ("i = 3; if (N > 9) i = 5; while (i--) a[i] = 0;", (5, 5, 5)),
        ("i = 24; i /= 2; i |= 1; i <<= 1; while (i--) a[i] = 0;", (26, 26, 26)),
        ("if (n > 64) n = 64; if (n < 2) { n = 2; } for (i = 0; i < n; i++) a[i] = 0;", (None, 2, 64)),
        ("if (n > 9) return; for (i = 0; i < n; i++) a[i] = 0;", (None, 0, 9)),
        ("if (n > 9) n--; for (i = 0; i < n; i++) a[i] = 0;", (None, None, None)),
        ("if (n <= 9) { if (n) n += 8; for (i = 0; i < n; i++) a[i] = 0; }", (None, 0, 17)),
        ("if (n < 9 && n >= 4) for (i = 0; i < n; i++) a[i] = 0;", (None, 4, 8)),
        ("if (n < 9 || j) for (i = 0; i < n; i++) a[i] = 0;", (None, None, None)),
        ("if (!(n < 9 || n > 20)) for (i = 0; i < n; i++) a[i] = 0;", (None, 9, 20)),
        ("if ((unsigned char)n < 9) for (i = 0; i < n; i++) a[i] = 0;", (None, None, None)),
        ("if (n < 9u) for (i = 0; i < n; i++) a[i] = 0;", (None, 0, 8)),
        ("if (n > 9u) for (i = n; i < 64; i++) a[i] = 0;", (None, None, None)),
        ("j = (n & 7) - 4; unsigned u = a[0]; if (u < j) while (u > 0) { u--; }", (None, 0, None)),
        ("j = (n & 3) + 1; unsigned u = a[0]; if (u < j) while (u > 0) { u--; }", (None, 0, 3)),
        ("if (n <= 9) a[0] = 1; else return; for (i = 0; i < n; i++) a[i] = 0;", (None, 0, 9)),
        ("n = n & 7; if (a[0]) { n = 99; return; } for (i = 0; i < n; i++) a[i] = 0;", (None, 0, 7)),
        ("if (n < 9) { scanf(&n); for (i = 0; i < n; i++) a[i] = 0; }", (None, None, None)),
        ("assert(n <= 32); for (i = 0; i < 2 * n + 1; i++) a[i & 63] = 0;", (None, 0, 65)),
        ("__builtin_assume(n <= 32 && n > 4); for (i = 1; i <= n; i++) a[i] = 0;", (None, 5, 32)),
        ("if (n > 32) __builtin_unreachable(); for (i = n; i > 0; i--) a[i] = 0;", (None, 0, 32)),
        ("assert(n <= 32); n += a[0]; for (i = 0; i < n; i++) a[i] = 0;", (None, None, None)),
        ("again: assert(n <= 32); for (i = 0; i < n; i++) a[i] = 0; if (n++) goto again;", (None, None, None)),
        ("if (n < 0 || n > 24) return; for (i = n - 7 > 0 ? n - 7 : 0; i <= (n < 20 ? n : 20); i++) a[i] = 0;",
         (None, 1, 8)),
        ("if (n < 1 || n > 4) return; for (i = 0; i < 64; i += n) a[i] = 0;", (None, 16, 64)),
        ("if (n < 1) return; for (i = 63; i >= 0; i = i - n) a[i] = 0;", (None, 1, 64)),
        ("if (n < 0) return; for (i = 0; i < 64; i += n) a[i] = 0;", (None, None, None)),
        ("j = 0; i = 0; while (j != 3) { switch (j) { case 0: a[i++] = 1; j = i < 5 ? 0 : 1; break; case 1: i++; "
         "case 2: j = 3; break; default: j = 0; } }", (6, 6, 6)),
        ("unsigned char c = 16; while (c--) a[c] = 0;", (16, 16, 16)),
        ("for (unsigned char c = 0; c < 256; c++) a[c & 63] = 0;", (None, None, None)),
        ("for (unsigned u = 10; u >= 0; u--) a[0] = 0;", (None, None, None)),
        ("do a[0]++; while (0);", (1, 1, 1)),
        ("i = 0; do { a[i] = 0; i++; } while (i < 10);", (10, 10, 10)),
        ("for (i = 0, j = 9; i < j; i++, j--) a[i] = a[j];", (5, 5, 5)),
        ("for (i = 0, j = n; i < j; i++, j--) a[i] = a[j];", (None, None, None)),
        ("for (i = 0; i < 64; i++) { if (i == 17) break; a[i] = 0; }", (18, 18, 18)),
        ("for (i = 0; i < 64; i++) { if (i == 17) break; if (a[i]) return; }", (None, 1, 64)),
        ("for (i = 0; i < 64; i++) { if (i == 17) { a[i] = i; i = 3; break; } }", (18, 18, 18)),
        ("for (i = 0; i < 64; i++) { if (i == 17) { if (a[i]) continue; break; } }", (None, 1, 64)),
        ("for (i = 0; i < 64; i++) { if (i == 17) { if (a[i]) return; break; } }", (None, 1, 64)),
        ("int *p; for (i = 10, p = a; i * i > 4; i -= 2, p++) *p = 0;", (4, 4, 4)),
        ("for (i = 0;; i += 5) { a[i] = 0; if (i > 30) break; }", (8, 8, 8)),
        ("for (i = 0;; i += 5) { if (a[i]) continue; if (i > 30) break; }", (None, None, None)),
        ("for (i = 0;; i++) { if (a[i]) i++; if (i > 30) break; }", (None, None, None)),
        ("for (i = 1; i > 0; i *= 2) a[i & 63] = 0;", (None, None, None)),
        ("for (unsigned u = 1; u > 0; u *= 2) a[u & 63] = 0;", (32, 32, 32)),
        ("for (i = 0; i < 20 && i != 7; i++) a[i] = 0;", (7, 7, 7)),
        ("j = 100; for (i = 1; i < j; i = 2 * i + 1) { a[i & 63] = 0; j -= i; }", (5, 5, 5)),
        ("j = 9; scanf(&j); for (i = 0; i < 64; i += j) { a[i] = 0; j++; }", (None, None, None)),
        ("for (i = 0; i < 9; i++) { j = i; if (j == 4) break; } for (i = 0; i < 0; i++) ;", (5, 5, 5)),
        ("static int s = 5; for (; s > 2; s -= s / 2) a[s] = 0;", (None, None, None)),
        ("for (i = 0; i < 64; i++) { again: if (a[i]--) goto again; }", (None, 1, 64)),
    ],
)  # fmt: skip
def test_a_trip_count_is_exact_or_withheld(statements: str, trips: tuple[int | None, int | None, int | None]) -> None:
    before = "#define N 64\nenum { A = 3, B, LAST = B + 9 };\nstatic const int limit = 12;\nint scanf();"
    loop = only(statements, before=before)
    assert (loop.trip_count, loop.trip_min, loop.trip_max) == trips


def test_triangular_and_tiled_loops_are_bounded_by_the_loops_around_them() -> None:
    kernel = read("""
        #define MIN(a, b) ((a) < (b) ? (a) : (b))
        void f(double a[80][80]) {
          for (int i = 0; i < 79; i++) for (int j = i + 1; j < 80; j++) a[i][j] = 0;
          for (int t = 0; t < 80; t += 8) for (int u = t; u < t + 8; u++) a[u][0] = 1;
          for (int t = 0; t < 80; t += 32) for (int u = t; u < MIN(80, t + 32); u++) a[u][1] = 1;
          for (int k = 0; k < 10; k++) { int from = 2 * k; for (int j = from; j < from + 3; j++) a[j][2] = 1; }
        }""")
    trips = [(loop.trip_count, loop.trip_min, loop.trip_max) for loop in kernel.loops]
    assert trips[1] == (None, 1, 79)
    assert trips[3] == (8, 8, 8)
    assert trips[5][0] is None and trips[5][2] is not None and trips[5][2] >= 32
    assert trips[7] == (3, 3, 3)


# Places, pragmas and sites -------------------------------------------------------------------------------------------

MESSY = """\
#include <math.h>
#include <stdint.h>
#define SIZE 32 /* with a comment */
#define REPEAT(v, n) for (v = 0; v < (n); v++)
#define PIPE _Pragma("ACCEL PIPELINE auto{__PIPE__L2}")
/* a block
   comment */ void kernel(float x[SIZE], int m)
{
  int i, j; // the variables
\t/* tab */ for (i = 0; i < SIZE; i++) { x[SIZE - 1] = 0; for (j = 0; j < 3; j++) x[i]++; }
#pragma ACCEL parallel \\
    factor = auto{ __PARA__L0 }  reduction = x
  outer: for (i = 0; i < SIZE; i++)
#pragma ACCEL PARALLEL REDUCTION FACTOR=auto{__PARA__L1}
    for (j = 0; \\
         j < m; j++)
      x[i] += sinf(x[j]);
  PIPE
  for (i = 0; i < 4; i++) {
#pragma HLS UNROLL factor = auto{__PARA__L9}
    x[i] = 2; while (m--) x[0] += 1;
  }
#pragma HLS unroll factor=auto{__PARA__L7}
  REPEAT(i, 5) x[i] = 1;
#pragma ACCEL PARALLEL FACTOR=4
  for (i = 0; i < 4; i++) ;
}
"""


def test_loops_are_reported_where_the_editor_shows_them() -> None:
    kernel = read(MESSY)
    lines = MESSY.split("\n")
    for loop in kernel.loops:
        text = lines[loop.line - 1]
        if "REPEAT" not in text:
            assert text[loop.column - 1 :].startswith(loop.keyword), (loop, text)
    assert [loop.line for loop in kernel.loops] == [10, 10, 13, 15, 19, 21, 24, 26]
    assert [loop.label for loop in kernel.loops] == [None, None, "outer", None, None, None, None, None]
    assert [loop.file_index for loop in kernel.loops] == [0, 1, 2, 3, 4, -1, 5, 6]


def test_sites_are_found_in_every_spelling_and_position() -> None:
    kernel = read(MESSY)
    found = {site.name: (site.kind, site.loop, site.reduction, site.dialect, site.line) for site in kernel.sites}
    assert list(found) == sorted(found)
    assert found == {
        "__PARA__L0": (SiteKind.PARALLEL, "kernel/loop_2", "x", "merlin", 11),
        "__PARA__L1": (SiteKind.PARALLEL, "kernel/loop_3", "", "merlin", 14),
        "__PIPE__L2": (SiteKind.PIPELINE, "kernel/loop_4", None, "merlin", 18),
        "__PARA__L7": (SiteKind.PARALLEL, "kernel/loop_6", None, "hls", 23),
        "__PARA__L9": (SiteKind.PARALLEL, "kernel/loop_4", None, "hls", 20),
    }


def test_an_hls_pragma_belongs_to_the_loop_it_stands_in() -> None:
    kernel = read("""
        void f(int a[8][8]) {
          for (int i = 0; i < 8; i++) {
        #pragma HLS pipeline II=auto{A}
            for (int j = 0; j < 8; j++) {
        #pragma HLS unroll factor=auto{B}
              a[i][j] = 0;
            }
          }
        }""")
    assert {site.name: site.loop for site in kernel.sites} == {"A": "f/loop_0", "B": "f/loop_1"}


def test_headers_of_the_users_own_keep_their_lines(tmp_path: Path) -> None:
    (tmp_path / "sizes.h").write_text("#ifndef SIZES\n#define SIZES\n#define N 48\ntypedef short sample_t;\n#endif\n")
    (tmp_path / "part.h").write_text("\n\nstatic int helper(int v) { while (v--) ; return v }\n")
    path = tmp_path / "mine.c"
    path.write_text(
        '#include "sizes.h"\n#include "sizes.h"\n'
        "void mine(sample_t a[N]) {\n  for (int i = 0; i < N; i++) a[i] = 0;\n}\n"
    )
    kernel = load_kernel(path)
    assert (kernel.loops[0].line, kernel.loops[0].trip_count, kernel.name) == (4, 48, "mine")
    assert (kernel.arrays[0].element, kernel.arrays[0].bits) == ("sample_t", 16)
    path.write_text('#include "part.h"\nvoid mine(int a[4]) { a[0] = helper(3); }\n')
    with pytest.raises(PipelineError, match=r"part\.h:3:50: .*expected .;. after return"):
        load_kernel(path)


# Arrays and directions -----------------------------------------------------------------------------------------------


def test_arrays_come_with_width_shape_and_role() -> None:
    kernel = read("""
        #include <stdint.h>
        typedef struct { char tag; double v[2]; int16_t n; } item;
        enum { ROWS = 2 * 3 };
        static const uint8_t table[] = {1, 2, 3};
        double total[4];
        void f(item in[ROWS], double *out, double (*rows)[ROWS + 1], const unsigned long long key[2][8], int n) {
          static float cache[16]; int vla[n];
          out[0] = in[0].v[1] + table[1] + cache[0] + rows[0][0] + key[0][0] + vla[0]; total[0] = 1;
        }""")
    found = {
        array.name: (array.element, array.bits, array.dims, array.role, array.direction) for array in kernel.arrays
    }
    assert found == {
        "table": ("uint8_t", 8, (3,), "global", "in"),
        "total": ("double", 64, (4,), "global", "out"),
        "in": ("item", 256, (6,), "argument", "in"),
        "out": ("double", 64, (None,), "argument", "out"),
        "rows": ("double", 64, (None, 7), "argument", "in"),
        "key": ("unsigned long long", 64, (2, 8), "argument", "in"),
        "cache": ("float", 32, (16,), "static", "local"),
        "vla": ("int", 32, (None,), "local", "local"),
    }


@pytest.mark.parametrize(
    ("statements", "direction"),
    [
        ("", "unused"),
        ("n = sizeof(a);", "unused"),
        ("n = a[3];", "in"),
        ("for (i = 0; i < 64; i++) a[i] = i;", "out"),
        ("for (i = 0; i < 64; i++) a[i] += i;", "inout"),
        ("for (i = 0; i < 64; i++) a[i] = 0; for (i = 0; i < 64; i++) a[i] += i;", "out"),
        ("for (i = 0; i < 63; i++) a[i] = 0; for (i = 0; i < 64; i++) a[i] += i;", "inout"),
        ("for (i = 0; i < 64; i += 2) a[i] = 0; for (i = 0; i < 64; i++) a[i] += i;", "inout"),
        ("for (i = 0; i < 64; i++) if (n) a[i] = 0; for (i = 0; i < 64; i++) a[i] += i;", "inout"),
        ("for (i = 0; i < 64; i++) { if (n) continue; a[i] = 0; } n = a[5];", "inout"),
        ("for (i = 0; i < 64; i++) { a[i] = 0; for (j = 0; j < 4; j++) a[i] += j; }", "out"),
        ("a[0] = 1; for (i = 1; i < 64; i++) a[i] = a[i - 1];", "out"),
        ("for (i = 1; i < 64; i++) a[i] = a[i - 1];", "inout"),
        ("a[0] = 1; for (i = 1; i < 63; i++) a[i] = a[i + 1];", "inout"),
        ("for (i = 0; i < 8; i++) for (j = 0; j < 8; j++) a[8 * i + j] = 0; n = a[n & 63];", "out"),
        ("for (i = 0; i < 8; i++) for (j = 0; j < 8; j++) a[8 * i + j] = 0; for (i = 0; i < 64; i++) n = a[i];", "out"),
        ("for (i = 0; i < 8; i++) for (j = 0; j < 7; j++) a[8 * i + j] = 0; for (i = 0; i < 9; i++) a[i]++;", "inout"),
        ("a[n]++;", "inout"),
        ("*(a + n) = 1;", "out"),
        ("int *p = a; n = p[2];", "in"),
        ("int *p = &a[3]; *p = 2;", "out"),
        ("fill(a); n = a[2];", "out"),
        ("bump(a);", "inout"),
        ("look(a);", "in"),
        ("elsewhere(a);", "inout"),
        ("memset(a, 0, 256);", "out"),
        ("for (i = 0; i < 64; i++) { if (i > 0) n += a[i - 1]; a[i] = n; }", "out"),
        ("for (i = 0; i < 64; i++) { if (i > 1) n += a[i - 1]; a[i / 2] = n; }", "inout"),
        ("switch (n) { case 0: a[0] = 1; break; case 1: n = a[0]; }", "inout"),
        ("for (i = 0; i < 64; i++) { if (n) goto out; a[i] = 0; } out: n = a[5];", "inout"),
        ("for (i = 0; i < 64; i++) { if (n) break; a[i] = 0; } n = a[5];", "inout"),
        ("for (i = 0; i < 8; i++) a[i] = 0; n = a[n];", "inout"),
        ("a[n & 7] = 1; n = a[n & 63];", "inout"),
        ("for (i = 0; i < 63; i++) a[i] = 0; for (i = 0; i < 64; i++) n = a[n & 63];", "inout"),
        ("bit(a); n = a[2];", "inout"),
        ("perhaps(a, n); n = a[2];", "inout"),
        ("head(a, 64); n = a[n & 63];", "out"),
        ("if (n) fill(a); n = a[2];", "inout"),
        ("for (i = 0; i < n; i++) fill(a); n = a[2];", "inout"),
        ("for (i = 0; i < 2; i++) fill(a); n = a[2];", "out"),
        ("memset(a, 0, 8); n = a[2];", "inout"),
        ("memset(a, 0, 256); n = a[n & 63];", "out"),
        ("struct { int *p; } s; s.p = a; n = s.p[1];", "in"),
        ("int *t[1] = {a}; t[0][n] = 1;", "out"),
        ("kept = a;", "inout"),
        ("n = *same(a);", "in"),
        ("int *p = same(a); *p = n;", "out"),
        ("n[a] = 1;", "out"),
        ("n = (n & 7)[a + 1];", "in"),
    ],
)  # fmt: skip
def test_an_array_is_out_only_if_nothing_of_the_callers_is_read(statements: str, direction: str) -> None:
    kernel = read(
        f"""
        void fill(int x[64]) {{ for (int i = 0; i < 64; i++) x[i] = i; }}
        void bump(int *x) {{ x[0] += 1; }}
        int look(int x[64]) {{ return x[1]; }}
        void bit(int x[64]) {{ x[5] = 1; }}
        void perhaps(int x[64], int n) {{ if (n) return; for (int i = 0; i < 64; i++) x[i] = i; }}
        void head(int *x, int n) {{ while (n-- > 0) x[n] = 0; }}
        int *kept;
        int *same(int *x) {{ return x; }}
        void f(int n, int a[64]) {{ int i, j; {statements} }}""",
        top="f",
    )
    assert kernel.functions[0].arguments[1].direction == direction


# Top function, hash, refusals ----------------------------------------------------------------------------------------


def test_the_top_function_is_found_or_asked_for() -> None:
    helper = "int help(int x) { return x; }\n"
    assert read(helper).top == "help"
    assert read(helper + "void go(int a[2]) { a[0] = help(1); }").top == "go"
    assert read(helper + "#pragma ACCEL kernel\nvoid go(void) {}\nvoid kernel_x(void) {}").top == "go"
    assert read(helper + "void kernel_mm(void) {}").top == "kernel_mm"
    assert read(helper + "void sample(void) {}").top == "sample"
    assert read(helper + "void go(void) {}", top="help").top == "help"
    for name in ("f.c", "main.c"):
        bench = "static int help(int x) { return x; }\nint main(void) { return help(3); }\n"
        with pytest.raises(PipelineError, match=r"could be any of help, main; name it with --top"):
            read_kernel(bench, file=name)
    with pytest.raises(PipelineError, match=r"could be any of help, go; name it with --top"):
        read(helper + "void go(void) {}")
    with pytest.raises(PipelineError, match=r"no function nope; the file defines help"):
        read(helper, top="nope")
    recursive = read("int f(int n) { for (int i = 0; i < 3; i++) n += f(n - 1); return n; }")
    assert recursive.functions[0].calls == ("f",)
    assert recursive.loops[0].trip_count == 3


SPACES = st.sampled_from([" ", "\n", "\t", "  ", "/* note */", " // for (;;)\n", "/*\n*\n*/", " \\\n "])


@settings(max_examples=70, deadline=None)
@given(nests(depth=2), st.lists(SPACES, min_size=40, max_size=40))
def test_layout_and_comments_change_neither_the_hash_nor_the_loops(nest: Nest, spaces: list[str]) -> None:
    names = ", ".join(loop.name for loop in nest.walk())
    text = f"void f(int a[4]) {{ int {names};\n#pragma ACCEL PARALLEL FACTOR=auto{{P}}\n{nest.text()} }}"
    out: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if line.startswith("#"):
            out.append(f"\n  #  pragma   {'   '.join(line.split()[1:])}\n")
        else:
            words = re.findall(r"\w+|\+\+|--|[-+<>=!]=|\S", line)
            out.append("".join(word + spaces[(number * 7 + place) % 40] for place, word in enumerate(words)))
    noisy_text = "".join(out)
    with executed_at_most(CAP + 1):
        plain, noisy = read(text), read(noisy_text)
    assert noisy.ast_hash == plain.ast_hash
    assert [(loop.id, loop.trip_count, loop.trip_min, loop.trip_max) for loop in noisy.loops] == [
        (loop.id, loop.trip_count, loop.trip_min, loop.trip_max) for loop in plain.loops
    ]
    assert [site.loop for site in noisy.sites] == [site.loop for site in plain.sites]
    lines = noisy_text.split("\n")
    assert all(lines[loop.line - 1][loop.column - 1 :].startswith("for") for loop in noisy.loops)


def test_the_hash_moves_with_meaning_alone(tmp_path: Path) -> None:
    base = (
        "#define N 8\nvoid f(int a[N]) {\n#pragma ACCEL PARALLEL FACTOR=auto{P}\n"
        "L: for (int i = 0; i < N; i++) a[i] = 2 * i;\n}\n"
    )
    same = [
        base.replace("L:", "M:"),
        base.replace("N", "COUNT"),
        base.replace("a[i] = 2 * i;", "{ a[i] = (2 * i); }"),
        "#include <math.h>\n" + base,
        "int g(int);\n" + base,
        base.replace("#pragma ACCEL PARALLEL FACTOR=auto{P}", '_Pragma("ACCEL  PARALLEL  FACTOR=auto{P}")'),
        base.replace("\n", "\r\n"),
    ]
    other = [
        base.replace("auto{P}", "auto{Q}"),
        base.replace("int a", "long a"),
        base.replace("2 * i", "2 + i"),
        base.replace("a[", "b["),
        base.replace("8", "9"),
        base.replace("i++", "i += 1"),
    ]
    hashes = {read(text).ast_hash for text in [base, *same]}
    assert len(hashes) == 1
    assert len({read(text).ast_hash for text in other} | hashes) == len(other) + 1
    (tmp_path / "n.h").write_text("#define N 8\n")
    (tmp_path / "k.c").write_text(base.replace("#define N 8", '#include "n.h"'))
    assert {load_kernel(tmp_path / "k.c").ast_hash} == hashes


LOOP = "void f(int a[4]) { int i;\n%s\n for (i = 0; i < 4; i++) a[i] = 0; }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^bad\.c: the file is empty"),
        ("int x;\n", r"^bad\.c: no function is defined"),
        ("void f(void) {\n  int i;\n  for (i = 0; i < 3; i++) {\n}\n", r"^bad\.c:4: .*ends too early"),
        ("void f(void) {\n  int i = ;\n}\n", r"^bad\.c:2:11: not C that can be read: expected expression"),
        ("int f(a) int a; { return a; }", r"^bad\.c:1: .*K&R"),
        ("\nvoid f(void) { asm(\"nop\"); }", r"^bad\.c:2:16: inline assembly"),
        ("void f(int n) {\n n = ({ 1; });\n}", r"^bad\.c:2: statement expression"),
        ("template <int N> void f(int a[N]) {}", r"^bad\.c:1.* C\+\+"),
        ("\nvoid f(int &a) { a = 1; }", r"^bad\.c:2.* C\+\+"),
        ("#include <ap_int.h>\nvoid f(void) {}", r"^bad\.c:1:10: .*C\+\+"),
        ("int x;\n#include \"gone.h\"\nvoid f(void) {}", r"^bad\.c:2:10: header gone\.h is not found; put it beside"),
        ("void f(void) {}\n/* open", r"^bad\.c:2: comment is never closed"),
        ("#error stop\nvoid f(void) {}", r"^bad\.c:1:2: #error stop"),
        ("#if 1\nvoid f(void) {}", r"^bad\.c:1:2: unterminated conditional"),
        ("#ifdef\n#endif\nvoid f(void) {}", r"^bad\.c:1:7: macro name missing"),
        (LOOP % "#pragma ACCEL CACHE variable=auto{X}", r"^bad\.c:2:9: .*not known"),
        (LOOP % "#pragma ACCEL PIPELINE auto{X}\n i = 0;", r"^bad\.c:2:9: placeholder X stands on no loop"),
        (LOOP % "#pragma ACCEL PIPELINE auto{X}\n#pragma ACCEL PARALLEL FACTOR=auto{X}", r"^bad\.c:3:9: .*used twice"),
        (LOOP % "#pragma ACCEL PIPELINE auto{X}\n#pragma ACCEL PIPELINE auto{Y}", r"^bad\.c:3:9: .*two PIPELINE"),
        (LOOP % "#pragma ACCEL PIPELINE auto{}", r"^bad\.c:2:9: .*malformed placeholder"),
        ("#pragma ACCEL PIPELINE auto{X}\nvoid f(void) {}", r"^bad\.c:1:9: placeholder X stands on no loop"),
        ("void f(int n) { n = " + "(" * 5000 + "1" + ")" * 5000 + "; }", r"^bad\.c: .*too deeply"),
        ("void f(int n) { n = 1" + " + 1" * 5000 + "; }", r"^bad\.c:1: nested more than"),
        ("void f(void) {" + "{" * 3000 + "}" * 3000 + "}", r"^bad\.c.*deep"),
        ("\x01\x02@", r"^bad\.c:1:1: not C"),
    ],
)  # fmt: skip
def test_what_cannot_be_handled_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message) as caught:
        read(text, file="bad.c")
    assert "\n" not in str(caught.value)


def test_macros_that_explode_are_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # The real one takes as long as 32 MiB of text do.
    monkeypatch.setattr(preprocess, "MAX_TEXT_BYTES", 2 << 20)
    bomb = "".join(f"#define A{k} A{k + 1} A{k + 1}\n" for k in range(60)) + "#define A60 1;\nvoid f(void) { A0 }"
    with pytest.raises(PipelineError, match=r"macros, includes or templates expand to too much"):
        read(bomb)


def test_files_that_are_no_c_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.c"
    for data, message in [
        (b"\x7fELF\0\0", "binary"),
        (b"\xff\xfei\0n\0t\0", "UTF-16"),
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
    ]:
        path.write_bytes(data)
        with pytest.raises(PipelineError, match=message):
            load_kernel(path)
    path.write_bytes("/* caf\xe9 */ void k(int a[2]) { a[0] = 1; }".encode("latin-1"))
    assert load_kernel(path).top == "k"
    for missing, message in [
        (tmp_path / "none.c", "no such file"),
        (tmp_path, "folder"),
        (tmp_path / "x.cpp", "no such file"),
    ]:
        with pytest.raises(PipelineError, match=message):
            load_kernel(missing)
    with pytest.raises(PipelineError, match="cannot be a kernel's name"):
        read_kernel("void f(void) {}", file="f.c", name="../f")


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_broken_text_gives_a_kernel_or_one_clear_line(data: st.DataObject) -> None:
    text = MESSY
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text("{}()[];#\"'\\/*&<>=+- \nabfor0159,:.?", max_size=6)) + text[at + cut :]
    try:
        read(text)
    except PipelineError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("sample.c")


def test_a_name_whose_file_lies_in_the_folder_is_told_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fir.cpp").write_text("void fir() {}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match=r"no kernel fir; did you mean fir\.cpp\?"):
        find_kernel("fir")
