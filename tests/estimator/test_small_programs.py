"""Laws of the estimator on small programs: what ports, recurrences and regions allow, and what must not matter."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.estimator import WalkedKernel, load_device, prepare
from pipeline.estimator.device import CYCLE
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import LoopReport
from tests.estimator.copies import handed_on

_LOAD, _STORE = 2, 1
_COSTS = load_device().operators
_IADD, _SELECT, _LOGIC = (_COSTS[name].ticks / CYCLE for name in ("iadd32", "select32", "logic32"))

ADD = """
void k(int a[256], int b[256]) {
    %s
    for (int n = 0; n < 256; n++) {
        #pragma HLS %s
        b[n] = a[n] + 7;
    }
}
"""


def _kernel(text: str) -> Kernel:
    return propose_sites(read_kernel(text, file="k.c", top="k"))


def _prepared(text: str) -> WalkedKernel:
    return prepare(_kernel(text))


def _cycles(text: str) -> int:
    """Worst cycles as written: no site is given a value."""
    worst = _prepared(text).estimate({}).latency.worst
    assert worst is not None
    return worst


def _first(text: str) -> LoopReport:
    return _prepared(text).estimate({}).loops[0]


def test_arguments_of_the_users_own_c_are_neither_copied_nor_split() -> None:
    assert _cycles(ADD % ("", "inline")) < 270
    # Eight reads of the caller's memory a start, two a cycle; whatever the factor, 256 take 128 cycles at least.
    assert _first(ADD % ("", "unroll factor=8")).initiation_interval.exact == 4
    assert all(128 <= _cycles(ADD % ("", f"unroll factor={1 << power}")) < 140 for power in range(1, 9))


@pytest.mark.parametrize(
    "said", ['printf("%d", n)', 'puts("n")', 'fprintf(stderr, "n")', "putchar('n')", "fflush(stdout)"]
)
def test_what_a_program_says_costs_nothing(said: str) -> None:
    assert _cycles("#include <stdio.h>\n" + ADD % ("", "pipeline")) == _cycles(
        "#include <stdio.h>\n" + (ADD % ("", "pipeline")).replace("b[n] =", f"{said}; b[n] =")
    )


@pytest.mark.parametrize(("condition", "loads"), [("", 0), ("&& a[0]", 0), ("&& a[n]", 1), ("&& a[a[n] & 7]", 2)])
def test_a_loop_that_its_own_elements_end_waits_for_their_loads(condition: str, loads: int) -> None:
    text = (ADD % ("", "pipeline")).replace("n < 256", f"n < 256 {condition}").replace("a[n] + 7", "7")
    assert _first(text).initiation_interval.exact == max(1, loads * _LOAD)


def test_a_pipelined_function_has_no_loops_left_and_starts_at_its_interval() -> None:
    text = """
void k(int a[64], int sum[1]) {
    #pragma HLS %s
    int s = 0;
    for (int n = 0; n < 64; n++) s += a[n];
    sum[0] = s;
}
"""
    whole = _prepared(text % "pipeline II=40").estimate({})
    assert not whole.loops and whole.interval.exact == 40
    assert _prepared(text % "inline").estimate({}).loops


STAGES = """
void k(int a[256], int b[256]) {
    int t[256];
    #pragma HLS %s
    #pragma HLS %s
    for (int n = 0; n < 256; n++) t[n] = a[n] + 1;
    for (int n = 0; n < 256; n++) b[n] = t[n] * 3;
}
"""


def test_stages_overlap_where_what_is_between_them_is_a_fifo_and_starts_overlap_in_any_case() -> None:
    after, arrays, fifo = (
        _prepared(STAGES % how).estimate({})
        for how in (("inline", "inline"), ("dataflow", "inline"), ("dataflow", "stream variable=t depth=2"))
    )
    assert arrays.latency == after.latency
    assert fifo.latency.worst is not None and after.latency.worst is not None
    assert 256 < fifo.latency.worst < 280 < after.latency.worst
    assert arrays.interval.maximum is not None and after.interval.maximum is not None
    assert arrays.interval.maximum < 280 < after.interval.maximum


def test_a_dependence_that_a_helper_denies_is_one_of_the_array_that_it_is_handed() -> None:
    text = """
static void move(int *to, int *at) {
    for (int n = 0; n < 64; n++) {
        #pragma HLS dependence variable=%s inter false
        to[at[n]] = to[at[n]] + 1;
    }
}
void k(int out[64], int at[64]) {
    move(out, at);
}
"""
    assert _first(text % "to").initiation_interval.exact == 1
    assert _first(text % "at").initiation_interval.exact != 1


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=6), st.integers(1, 3), st.integers(1, 3), st.integers(9, 40))
def test_the_interval_of_a_recurrence_is_its_delay_over_the_least_distance(
    reads: list[int], factor: int, by: int, trips: int
) -> None:
    """Distances found by running the loop: which iteration wrote what an iteration reads."""
    total = " + ".join(f"a[{factor} * n + {8 + offset}]" for offset in reads)
    loop = f"for (int n = 0; n < {by * trips}; n += {by})"
    text = f"void k(int a[400]) {{ {loop} {{ a[{factor} * n + 8] = {total}; }} }}"
    step = factor * by
    writer: dict[int, int] = {}
    distances = []
    for turn in range(trips):
        distances += [turn - writer[step * turn + 8 + offset] for offset in reads if step * turn + 8 + offset in writer]
        writer[step * turn + 8] = turn
    interval = _first(text).initiation_interval.exact
    assert interval is not None
    ports = math.ceil((len(set(reads)) + 1) / 2)
    # What the read at the least distance passes before the write: all additions at most, of which the first cycle's
    # worth stands beside the data of the load, and ends with the store.
    least, most = _LOAD, _LOAD + math.floor(_IADD * (len(reads) - 1))
    low, high = (math.ceil(delay / min(distances, default=delay)) for delay in (least, most))
    assert max(ports, low) <= interval <= max(ports, high)


PRODUCT = """
void k(int first[16][24], int second[24][8], int third[16][8]) {
    %s
    for (int row = 0; row < 16; row++) {
        for (int column = 0; column < 8; column++) {
            int sum = 0;
            for (int inner = 0; inner < 24; inner++) {
                #pragma HLS unroll factor=%d
                sum += first[row][inner] * second[inner][column];
            }
            third[row][column] = sum;
        }
    }
}
"""


@given(
    st.permutations(["first", "second", "third", "row", "column", "sum", "inner"]),
    st.sampled_from([1, 2, 4, 24]),
    st.sampled_from(["", "\n#pragma HLS array_partition variable=first cyclic factor=4 dim=2\n"]),
)
def test_names_do_not_matter(names: list[str], factor: int, split: str) -> None:
    text = PRODUCT % (split, factor)
    other = text
    for place, name in enumerate(("first", "second", "third", "row", "column", "sum", "inner")):
        other = re.sub(rf"\b{name}\b", f"x{place}", other)
    for place, name in enumerate(names):
        other = other.replace(f"x{place}", name)
    assert _prepared(other).estimate({}) == _prepared(text).estimate({})


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 2, 4, 8]))
def test_more_memories_never_slow_a_loop_down(first: int, second: int, factor: int) -> None:
    few, many = sorted((1 << first, 1 << second))

    def cycles(parts: int) -> int:
        split = "".join(
            f"\n#pragma HLS array_partition variable={name} cyclic factor={parts} dim={dim}\n"
            for name, dim in (("first", 2), ("second", 1))
        )
        return _cycles(PRODUCT % (split, factor))

    assert cycles(many) <= cycles(few)


def test_a_loop_of_goto_has_no_estimate_and_a_jump_ahead_has_one() -> None:
    ahead = "void k(int a[9]) { if (a[0]) goto out; a[1] = 4; out: a[2] = 1; }"
    assert _cycles(ahead) > 0
    with pytest.raises(PipelineError, match=r"k\.c:1:\d+: goto again goes back"):
        _cycles("void k(int a[9]) { int i = 0; again: a[i] = 1; i++; if (i < 9) goto again; }")


_FADD, _FMUL, _FCMP, _IMUL, _REGISTER = 7, 4, 1, 3, 1


@pytest.mark.parametrize(
    ("begun", "step", "helpers", "operators", "distance"),
    [
        ("static float s;", "s = s * 2.5f + a[i]; o[i] = s;", "", _FMUL + _FADD, 1),
        ("", "o[i] = f(a[i]);", "float f(float v) { static float s; s = s * v; return s; }", _FMUL, 1),
        ("", "o[i] = g(a[i]);", "float s;void f(float v) { s *= v; } int g(float w) { f(w); return 1; }", _FMUL, 1),
        ("", "o[i] = f(a[i]);", "float f(float v) { static struct { float x; } s; return s.x = s.x * v; }", _FMUL, 1),
        ("float s = 1, *p = &s;", "*p = *p * a[i]; o[i] = s;", "", _FMUL, 1),
        ("float s = 1;", "f(&s, a[i]); o[i] = s;", "void f(float *p, float v) { *p *= v; }", _FMUL, 1),
        ("float s[3] = {0};", "s[1] = s[1] * a[i]; o[i] = s[1];", "", _FMUL, 1),
        ("float m = 0;", "if (a[i] > m) m = a[i]; o[i] = m;", "", _FCMP + _SELECT, 1),
        ("float m = 0;", "m = a[i] > m ? a[i] : m; o[i] = m;", "", _FCMP + _SELECT, 1),
        ("float m = 0;", "m = fmaxf(m, a[i]); o[i] = m;", "", _FCMP, 1),
        ("int m = 0;", "m = (m ^ 3) * b[i]; o[i] = 1;", "", _IMUL + _LOGIC, 1),
        ("float s = 0, t = 1;", "s = t * 2.5f; t = s + a[i]; o[i] = t;", "", _FMUL + _FADD, 1),
        ("float s = 0, t = 1;", "float n = s * a[i]; s = t; t = n; o[i] = n;", "", _FMUL, 2),
        ("float s = 0, t = 1, u = 2;", "float n = s * a[i]; s = t; t = u; u = n; o[i] = n;", "", _FMUL, 3),
        ("int s = 0;", "s = b[s]; o[i] = 1;", "", _LOAD, 1),
        ("int s = 0;", "s = b[i] - s; o[i] = 1;", "", _IADD, 1),
        ("int s = 0;", "s = b[i] - (7 - (5 - (3 - s))); o[i] = 1;", "", 4 * _IADD, 1),
    ],
)  # fmt: skip
def test_a_value_that_comes_back_bounds_the_interval_and_is_a_chain_where_the_loop_is_unrolled(
    begun: str, step: str, helpers: str, operators: float, distance: int
) -> None:
    """A floating-point core has a register of its own before or behind it; logic of integers shares a cycle."""

    def interval(copies: int) -> int:
        passed = operators * copies
        return max(math.ceil(passed), 0 if begun.startswith("int") else math.floor(passed) + _REGISTER)

    def least(factor: int) -> int:
        passed, iterations = handed_on(factor, distance)
        return math.ceil(sum(map(interval, passed)) / iterations)

    def design(pragma: str) -> str:
        loop = f"for (int i = 0; i < 64; i++) {{\n#pragma HLS {pragma}\n{step} }}"
        return f"{helpers}\nvoid k(float a[64], int b[64], float o[64]) {{ {begun}\n{loop} }}"

    assert _first(design("pipeline")).initiation_interval.exact == least(1)
    whole = operators * math.ceil(64 / distance)
    assert whole <= _cycles(design("unroll")) <= whole + 64  # the accesses, two a cycle, stand beside it
    for factor in (4, 8):
        found = _first(design(f"unroll factor={factor}")).initiation_interval.exact
        assert found == max(least(factor), factor // 2)


def test_a_value_that_comes_back_over_two_arrays_takes_the_iterations_of_both() -> None:
    loop = "for (int i = 0; i < 64; i++) { b[i + %d] = c[i] * 2.5f; c[i + %d] = b[i] * 1.5f; }"
    for one, other in ((1, 1), (2, 1), (3, 4)):
        text = f"void k(float b[72], float c[72]) {{ {loop % (one, other)} }}"
        around = 2 * (_LOAD + _FMUL + _STORE)
        assert _first(text).initiation_interval.exact == math.ceil(around / (one + other))
    assert _first(text.replace("c[i] *", "c[i + 8] *")).initiation_interval.exact == 1


@pytest.mark.parametrize(
    ("written", "read", "turns"),
    [
        ("q", "p", "t = p; p = q; q = t;"),
        ("p", "p", "t = p; p = q; q = t;"),
        ("r", "p", "t = p; p = q; q = r; r = t;"),
        ("p", "r", "t = p; p = q; q = r; r = t;"),
        ("q", "q", "t = p; p = q; q = r; r = t;"),
        ("r", "p", "t = p; p = q; q = t;"),
    ],
)
def test_arrays_that_pointers_swap_hand_on_what_was_written_through_another(
    written: str, read: str, turns: str
) -> None:
    text = f"""
    void k(int n, float x[4]) {{
        float a[64], b[64], c[64], *p = a, *q = b, *r = c;
        for (int i = 0; i < 50; i++) {{
            #pragma HLS pipeline
            {written}[n] = {read}[n] + x[0];
            float *{turns}
        }}
        x[1] = p[n];
    }}"""
    points = {"p": "a", "q": "b", "r": "c"}
    last: dict[str, int] = {}
    distances = []
    for turn in range(50):
        distances += [turn - last[points[read]]] if points[read] in last else []
        last[points[written]] = turn
        for step in turns.split(";")[:-1]:
            to, _, of = step.split()
            points[to] = points[of]
    prepared = _prepared(text)
    least = math.ceil((_LOAD + _FADD + _STORE) / min(distances)) if distances else 1
    assert prepared.estimate({}).loops[0].initiation_interval.exact == least
    after = [access.array[0] for item in prepared.nest.body[-1:] for access in item.accesses if not access.write]  # type: ignore[union-attr]
    assert after == [points["p"]]


@pytest.mark.parametrize(
    ("read", "least"),
    [("a[b[i]] + a[c[i]]", 4), ("a[b[i]] * a[b[i]]", 2), ("a[b[i]] + a[b[i] * b[i]]", 4), ("a[i] + a[i]", 2)],
)
def test_computed_subscripts_are_one_access_where_they_are_computed_alike(read: str, least: int) -> None:
    loop = f"for (int i = 0; i < 64; i++) {{\n#pragma HLS unroll factor=4\n o[i] = {read}; }}"
    text = f"void k(int a[64], int b[64], int c[64], int o[64]) {{ {loop} }}"
    assert _first(text).initiation_interval.exact == least


@pytest.mark.parametrize(
    ("product", "blocks"),
    [("x * y", 0), ("f(a[i]) * f(b[i])", 0), ("g(a[i], b[i])", 0), ("(a[i] & 255) * (b[i] & 255)", 0),
     ("((unsigned)a[i] >> 24) * ((unsigned)b[i] >> 24)", 0), ("(long long)a[i] * b[i]", 3), ("a[i] * b[i]", 3),
     ("(long long)a[i] * c[i]", 16), ("a[i] * 76", 0), ("a[i] * 77", 3), ("x * 77", 0)],
)  # fmt: skip
def test_a_product_costs_by_the_bits_that_its_operands_have(product: str, blocks: int) -> None:
    loop = f"for (int i = 0; i < 64; i++) {{ char x = a[i], y; y = b[i]; o[i] = {product}; }}"
    helpers = "char f(int v) { return v; } int g(char v, char w) { return v * w; }"
    text = f"{helpers} void k(int a[64], int b[64], long long c[64], long long o[64]) {{ {loop} }}"
    assert _prepared(text).estimate({}).used.dsp == blocks


MOVED = """
#include <string.h>
typedef struct { int x, y; } pt;
typedef struct { int d[64]; } blk;
void k(int in[100][64], int out[100][64], pt p[64], blk *whole, float f[64]) {
    int t[64];
    pt q[64];
    blk b;
    %s
}
"""
ROWS = "for (int i = 0; i < 100; i++) {\n#pragma HLS pipeline II=1\n%s\n}"


@pytest.mark.parametrize(
    ("moved", "loops"),
    [
        (
            ROWS % "memcpy(t, in[i], sizeof t); memmove(&out[99 - i][0], t, 64 * sizeof(int));",
            ROWS % "for (int j = 0; j < 64; j++) t[j] = in[i][j]; for (int j = 0; j < 64; j++) out[99 - i][j] = t[j];",
        ),
        ("memcpy(q, p, sizeof q);", "for (int j = 0; j < 64; j++) q[j] = p[j];"),
        ("memcpy(out[3] + 8, in[2], 128);", "for (int j = 0; j < 32; j++) out[3][8 + j] = in[2][j];"),
        ("memset(out[5], 0, 40 * sizeof(int));", "for (int j = 0; j < 40; j++) out[5][j] = 0;"),
        ("memcpy(&b, whole, sizeof b);", "for (int j = 0; j < 64; j++) b.d[j] = whole->d[j];"),
        ("b = *whole;", "for (int j = 0; j < 64; j++) b.d[j] = whole->d[j];"),
        ("blk c = *whole; *whole = c;", "blk c; memcpy(&c, whole, sizeof c); memcpy(whole, &c, sizeof c);"),
        (
            "if (f[0] > 0) b = *whole; else b.d[0] = 1;",
            "if (f[0] > 0) memcpy(&b, whole, sizeof b); else b.d[0] = 1;",
        ),
        ("memcpy(f, in[1], 256);", "for (int j = 0; j < 64; j++) out[0][j] = in[1][j];"),
        ("memcpy(&in[0][0], &out[0][0], sizeof(int));", "in[0][0] = out[0][0];"),
    ],
)
def test_moving_memory_as_a_whole_costs_what_the_loop_over_its_elements_costs(moved: str, loops: str) -> None:
    found = _prepared(MOVED % moved).estimate({})
    wanted = _prepared(MOVED % loops).estimate({})
    assert [loop.initiation_interval for loop in found.loops] == [loop.initiation_interval for loop in wanted.loops]
    assert (found.latency, found.used) == (wanted.latency, wanted.used)


BOUND = """
void k(int a[64], int b[64]) {
    int t[64];
    %s
    for (int i = 0; i < 64; i++) t[i] = a[i];
    for (int i = 0; i < 62; i++) {
#pragma HLS pipeline II=1
        b[i] = t[63 - i] ^ t[i + 1] ^ t[i] ^ t[(i * 5) & 63] ^ t[(i * 3) & 63] ^ t[(i * 5) & 63];
    }
}
"""


def test_an_array_that_is_bound_to_one_port_takes_one_access_a_cycle_wherever_it_stands() -> None:
    intervals = [
        loop.initiation_interval.exact
        for loop in _prepared(BOUND % "#pragma HLS bind_storage variable=t type=ram_1p").estimate({}).loops
    ]
    assert intervals == [1, 5]


def test_subscripts_computed_in_other_ways_from_one_value_are_accesses_of_their_own() -> None:
    split = "#pragma HLS array_partition variable=t cyclic factor=2"
    text = BOUND.replace("int a[64]", "unsigned char a[64]") % split
    scattered = "int q = a[i]; b[i] = t[q] + t[q ^ 1] + t[q ^ 5] + t[63 - q] + t[(q * 7) & 63] + t[q ^ 1];"
    text = re.sub(r"b\[i\] = .*", scattered, text)
    # Five subscripts that nothing tells the half of, and two ports a half.
    assert _prepared(text).estimate({}).loops[1].initiation_interval.exact == 3


@pytest.mark.parametrize(
    ("bundles", "interval"), [(("g", "g", "g"), 2), (("g", "g", "h"), 2), (("g", "h", "g"), 1), ((None, None, "h"), 2)]
)
def test_ports_of_one_bundle_share_its_channels_for_reading_and_for_writing(
    bundles: tuple[str | None, ...], interval: int
) -> None:
    lines = (
        f"#pragma HLS interface m_axi port={port}" + (f" bundle={bundle}" if bundle else "")
        for port, bundle in zip("abc", bundles, strict=True)
    )
    loop = "for (int i = 0; i < 64; i++) {\n#pragma HLS pipeline II=1\nc[i] = a[i] + b[i];\n}"
    text = "\n".join(("void k(int *a, int *b, int *c) {", *lines, loop, "}"))
    assert _first(text).initiation_interval.exact == interval


_AROUND = """
void k(float a[20][%d], float out[20]) {
    float s = 1;
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < %d; j++) {
            #pragma HLS pipeline
            a[i][j] = a[i][j] * 2;
        }
        %s
    }
    out[0] = s;
}
"""


@pytest.mark.parametrize("below", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize(
    ("statement", "delay"),
    [
        ("s = s * 3;", _COSTS["fmul"].stages + 1),
        ("s = s * 3 + 1;", _COSTS["fmul"].stages + _COSTS["fadd"].stages + 1),
        ("out[i + 1] = out[i] * 3;", _LOAD + _COSTS["fmul"].stages + _STORE),
        ("if (i > 1) out[i] = out[i - 2] * 3;", (_LOAD + _COSTS["fmul"].stages + _STORE) / 2),
    ],
)
def test_a_nest_that_runs_as_one_starts_no_sooner_than_what_its_outer_loop_hands_on_is_back(
    below: int, statement: str, delay: float
) -> None:
    assert _first(_AROUND % (below, below, statement)).initiation_interval.exact == math.ceil(delay / below)
