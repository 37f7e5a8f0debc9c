"""What the user's own ``#pragma HLS`` do to an estimate."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.estimator import WalkedKernel, prepare
from pipeline.estimator.banks import busiest, factor_of
from pipeline.estimator.nest import ElementAccess, Linear, Memory
from pipeline.kernels.own_pragmas import ArraySplit
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_ADD = """
void k(int a[256], int b[256]) {{
    for (int n = 0; n < 256; n++) {{
{0}
        b[n] = a[n] + 7;
    }}
}}
"""
_NEST = """
void k(int a[64][128], int b[64][128]) {{
    for (int r = 0; r < 64; r++) {{
{0}
        for (int c = 0; c < 128; c++) {{
{1}
            b[r][c] = a[r][c] * 3;
        }}
    }}
}}
"""


def _prepared(text: str) -> WalkedKernel:
    return prepare(read_kernel(text, file="k.c", top="k"))


def _report(text: str, **point: int | str) -> Report:
    return _prepared(text).estimate(point, "vitis-plain")


def _add(*pragmas: str) -> Report:
    return _report(_ADD.format("\n".join(f"#pragma HLS {pragma}" for pragma in ("", *pragmas) if pragma)))


def _nest(outer: str = "", inner: str = "") -> Report:
    return _report(_NEST.format(*(f"#pragma HLS {text}" if text else "" for text in (outer, inner))))


def _worst(report: Report) -> int:
    assert report.latency.worst is not None
    return report.latency.worst


@given(st.integers(1, 40))
def test_pipelined_loop_starts_no_iteration_sooner_than_its_written_interval(interval: int) -> None:
    report = _add(f"pipeline II={interval}")
    (loop,) = report.loops
    assert loop.initiation_interval.exact == interval
    assert interval * 255 <= _worst(report) <= interval * 255 + 10


def test_pipelining_turned_off_runs_one_iteration_after_the_other() -> None:
    (loop,) = _add("pipeline off").loops
    assert loop.pipelined is False
    assert loop.iteration_latency.exact is not None
    assert loop.latency.exact == 256 * loop.iteration_latency.exact


def test_copies_within_an_iteration_that_is_not_pipelined_wait_for_the_ports() -> None:
    ((one,), (eight,)) = (_add("pipeline off", f"unroll factor={factor}").loops for factor in (1, 8))
    assert one.iteration_latency.exact is not None
    assert eight.iteration_latency.exact == one.iteration_latency.exact + 8 // 2 - 1
    assert eight.latency.exact == 256 // 8 * eight.iteration_latency.exact


@given(st.integers(1, 300))
def test_written_factor_divides_the_trips_and_shares_the_two_ports(factor: int) -> None:
    loops = _add(f"unroll factor={factor}").loops
    copies = min(factor, 256)
    if copies == 256:
        assert not loops
        return
    assert loops[0].trip_count.exact == math.ceil(256 / copies)
    assert loops[0].initiation_interval.exact == math.ceil(copies / 2)


def test_unroll_without_factor_leaves_no_loop_and_as_many_accesses_as_ports_allow() -> None:
    report = _add("unroll")
    assert not report.loops
    assert 256 / 2 <= _worst(report) < 256


@pytest.mark.parametrize(
    ("split", "interval"),
    [
        ("cyclic factor=8", 1),
        ("cyclic factor=2", 2),
        ("block factor=8", 4),
        ("complete", 1),
        ("cyclic factor=4 dim=2", 4),
    ],
)
def test_partition_spreads_the_copies_over_memories_with_two_ports_each(split: str, interval: int) -> None:
    pragmas = [f"array_partition variable={name} {split}" for name in "ab"]
    (loop,) = _add("unroll factor=8", *pragmas).loops
    assert loop.initiation_interval.exact == interval


def test_reshaped_array_gives_neighbours_in_one_word() -> None:
    pragmas = [f"array_reshape variable={name} cyclic factor=8" for name in "ab"]
    assert _add("unroll factor=8", *pragmas).loops[0].initiation_interval.exact == 1
    apart = [f"array_reshape variable={name} block factor=8" for name in "ab"]
    assert _add("unroll factor=8", *apart).loops[0].initiation_interval.exact == 4


def test_partition_under_a_helper_s_name_is_one_of_the_array_that_it_is_given() -> None:
    text = """
    void f(int part[64]) {{
    #pragma HLS array_partition variable=part cyclic factor={0}
        for (int n = 0; n < 64; n++) {{
    #pragma HLS unroll factor=8
            part[n] = n;
        }}
    }}
    void k(int a[64][64]) {{ for (int r = 0; r < 64; r++) f(a[r]); }}
    """
    (whole,), (split,) = (
        [loop.initiation_interval.exact for loop in _report(text.format(factor)).loops if loop.pipelined]
        for factor in (1, 4)
    )
    assert (whole, split) == (4, 1)


def test_pipelined_outer_loop_unrolls_the_inner_one() -> None:
    (loop,) = _nest("pipeline").loops
    assert (loop.trip_count.exact, loop.initiation_interval.exact) == (64, 128 // 2)


def test_pipelined_function_leaves_no_loop() -> None:
    text = _ADD.replace("void k(int a[256], int b[256]) {{", "void k(int a[256], int b[256]) {{\n{0}\n")
    assert not _report(text.format("#pragma HLS pipeline")).loops


def test_a_kernel_without_sites_is_the_tool_s_as_it_stands_whatever_flow_asks_unless_merlin_is_named() -> None:
    bare, same = (_prepared(_ADD.format(text)) for text in ("", "#pragma HLS expression_balance"))
    report = bare.estimate({})
    assert report == same.estimate({}) == bare.estimate({}, "vitis-plain")
    assert report.loops[0].latency.exact is not None and 0 <= _worst(report) - report.loops[0].latency.exact <= 3
    named = _ADD.format("").replace("    for (int n", "#pragma ACCEL PIPELINE\n    for (int n")
    assert _worst(_prepared(named).estimate({})) > _worst(report) + 2 * (256 * 4 // 64)


def test_loops_that_are_not_to_be_flattened_stay_two() -> None:
    assert len(_nest().loops) == len(_nest(inner="pipeline").loops) == 1
    assert len(_nest(inner="loop_flatten off").loops) == 2
    assert _worst(_nest(inner="loop_flatten off")) > _worst(_nest(inner="pipeline"))


_CARRIED = """
void k(double a[100], double b[4]) {{
    for (int i = 0; i < 96; i++) {{
{0}
        a[i + 1] = a[i] + 1.0;
    }}
}}
"""


@given(st.integers(1, 12))
def test_stated_distance_divides_the_recurrence_and_none_takes_it_away(distance: int) -> None:
    (own,), (apart,), (free,) = (
        [loop.initiation_interval.exact for loop in _report(_CARRIED.format(pragma)).loops]
        for pragma in (
            "",
            f"#pragma HLS dependence variable=a inter RAW distance={distance} true",
            "#pragma HLS dependence variable=a type=inter dependent=false",
        )
    )
    assert own is not None and own > 1
    assert apart == max(1, math.ceil(own / distance))
    assert free == 1


def test_dependence_of_another_array_or_within_an_iteration_changes_nothing() -> None:
    plain = _report(_CARRIED.format("")).loops
    for text in ("variable=b inter false", "variable=a intra false", "variable=a inter WAR false"):
        assert _report(_CARRIED.format(f"#pragma HLS dependence {text}")).loops == plain


_WHILE = """
void k(int data[64], int out[1]) {{
    int n = 0;
    while (data[n] != 0) {{
{0}
        n++;
    }}
    out[0] = n;
}}
"""


def test_stated_trip_count_bounds_a_loop_that_the_program_does_not() -> None:
    assert _report(_WHILE.format("")).latency.worst is None
    latency = _report(_WHILE.format("#pragma HLS loop_tripcount min=10 max=60 avg=20")).latency
    assert latency.best is not None and latency.worst is not None
    assert latency.best < latency.worst
    assert latency.worst - latency.best == 50 * (_report(_WHILE.format("")).loops[0].initiation_interval.exact or 0)


def test_stated_trip_count_of_a_loop_whose_bound_is_known_changes_nothing() -> None:
    assert _worst(_add("loop_tripcount max=9")) == _worst(_add("loop_tripcount max=1000"))
    assert _add("loop_tripcount max=9").loops[0].trip_count.exact == 256


@pytest.mark.parametrize("bound", ["n", "data[0]", "2 * m"])
def test_only_a_loop_whose_number_of_iterations_is_fixed_is_unrolled_whole(bound: str) -> None:
    text = """
    void k(int data[64], int n) {{
        for (int m = 0; m < 8; m++) {{
            for (int i = 0; i < {0}; i++) {{
    {1}
                data[i & 63] += 3;
            }}
        }}
    }}
    """
    plain, whole, two = (
        _report(text.format(bound, f"#pragma HLS {word}")) for word in ("pipeline", "unroll", "unroll factor=2")
    )
    bare = _report(text.format(bound, ""))
    assert whole == bare
    assert (two.used.lut or 0) > (bare.used.lut or 0)
    assert plain.loops[1].initiation_interval == whole.loops[1].initiation_interval
    fixed = _report(text.format("4", "#pragma HLS unroll"))
    assert len(fixed.loops) == 1


_STAGES = """
void k(int a[256], int b[256], int c[256], int d[256]) {{
    {0}
    int t[256];
    {1}
    for (int i = 0; i < 256; i++) t[i] = a[i] + 1;
    for (int i = 0; i < 256; i++) {2}
}}
"""


def test_stages_of_a_dataflow_region_overlap_as_far_as_their_data_allows() -> None:
    flow, stream = "#pragma HLS dataflow\n", "#pragma HLS stream variable=t depth=2\n"
    needs, apart = "b[i] = t[i] * 3;", "d[i] = c[i] * 3;"
    one_by_one = _worst(_report(_STAGES.format("", "#pragma HLS bind_storage variable=t type=ram_2p\n", needs)))
    waits, streamed = _report(_STAGES.format(flow, "", needs)), _report(_STAGES.format(flow, stream, needs))
    free = _report(_STAGES.format(flow, "", apart))
    assert _worst(waits) == one_by_one
    assert _worst(streamed) < 0.6 * one_by_one
    assert _worst(free) < 0.6 * one_by_one


def test_point_decides_over_what_is_written() -> None:
    text = _ADD.format("#pragma HLS pipeline II=8\n#pragma HLS unroll factor=2")
    points: list[dict[str, int | str]] = [
        {},
        {"__PIPE__L0": "II=3", "__PARA__L0": 4},
        {"__PIPE__L0": "", "__PARA__L0": 1},
    ]
    (written,), (chosen,), (none,) = (
        [(loop.trip_count.exact, loop.initiation_interval.exact) for loop in _report(text, **point).loops]
        for point in points
    )
    assert (written, chosen, none) == ((128, 8), (64, 3), (256, 1))


def test_floating_point_sum_keeps_its_order_where_nothing_allows_another() -> None:
    text = """
    void k(double a[64], double out[1]) {{
        double s = 0.0;
    #pragma HLS array_partition variable=a complete
        for (int i = 0; i < 64; i++) {{
    #pragma HLS unroll factor={0}
            s += a[i];
        }}
        out[0] = s;
    }}
    """
    one, four = (_report(text.format(factor)).loops[0].initiation_interval.exact for factor in (1, 4))
    assert one is not None and four is not None and four > 3 * one


_DIMS = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(
    _DIMS,
    st.lists(
        st.tuples(st.sampled_from(["complete", "cyclic", "block"]), st.integers(1, 9), st.integers(0, 2)), max_size=2
    ),
    st.tuples(*[st.integers(0, 3)] * 4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=4),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_busiest_memory_is_the_one_that_counting_every_access_finds(
    dims: tuple[int, int],
    asked: list[tuple[str, int, int]],
    moves: tuple[int, int, int, int],
    places: list[tuple[int, int, bool]],
    copies: tuple[int, int],
) -> None:
    splits = tuple(ArraySplit("a", kind, None if kind == "complete" else factor, dim) for kind, factor, dim in asked)
    memory = Memory("a", 32, dims, "local", "local", splits)

    def line(first: int, second: int, constant: int) -> Linear:
        loops = tuple((loop, by) for loop, by in ((0, first), (1, second)) if by)
        return Linear(loops, (), constant, True, frozenset(loop for loop, _ in loops))

    a, b, d, e = moves
    accesses = [ElementAccess("a", (line(a, b, c), line(d, e, f)), write) for c, f, write in places]
    met: dict[tuple[int, ...], set[tuple[int, int, bool]]] = {}
    for c, f, write in places:
        for x, y in product(range(copies[0]), range(copies[1])):
            element = (a * x + b * y + c, d * x + e * y + f)
            bank = []
            for place in (0, 1):
                last = next((one for one in reversed(splits) if one.dim in (0, place + 1)), None)
                if last is None:
                    bank.append(0)
                    continue
                parts = min(last.factor or dims[place], dims[place])
                each = math.ceil(dims[place] / parts)
                bank.append(element[place] // each if last.kind == "block" and parts > 1 else element[place] % parts)
            met.setdefault(tuple(bank), set()).add((*element, write))
    assert busiest(memory, accesses, dict(enumerate(copies))) == max(map(len, met.values()))
    assert all(1 <= factor_of(memory, place) <= dims[place] for place in (0, 1))


_FIR = """
void k(int x[256], int y[256], int c[16]) {{
#pragma HLS array_partition variable=c complete
    {0} int s[16];
    for (int n = 0; n < 256; n++) {{
#pragma HLS pipeline
        int acc = 0;
        for (int t = 15; t > 0; t--) s[t] = s[t - 1];
        s[0] = x[n];
        for (int t = 0; t < 16; t++) acc += s[t] * c[t];
        y[n] = acc;
    }}
}}
"""


@pytest.mark.parametrize("through", ["s", "q"])
def test_an_array_within_an_argument_lies_outside_the_design_as_the_argument_does(through: str) -> None:
    text = """
    struct S {{ int v[4096]; }};
    void f(struct S *q) {{ for (int i = 0; i < 4096; i++) {0}->v[i] += 1; }}
    void k({1}) {{ {2} }}
    """
    outside = text.format("q", "struct S *s", "f(s);")
    if through == "s":
        outside = text.format("q", "struct S *s", "for (int i = 0; i < 4096; i++) s->v[i] += 1;")
    inside = text.format("q", "int o[1]", "struct S s; f(&s); o[0] = s.v[0];")
    assert (_report(outside).used.bram_18k, (_report(inside).used.bram_18k or 0) > 0) == (0, True)


@pytest.mark.parametrize("keyword", ["", "static"])
def test_shift_register_moves_in_one_cycle(keyword: str) -> None:
    (loop,) = _report(_FIR.format(keyword)).loops
    assert (loop.trip_count.exact, loop.initiation_interval.exact) == (256, 1)


def test_array_that_stays_in_memory_hands_its_elements_on_no_sooner_than_they_are_stored() -> None:
    text = _FIR.format("").replace("s[0] = x[n]", "s[x[n] & 15] = x[n]")
    (loop,) = _report(text).loops
    assert loop.initiation_interval.exact is not None and loop.initiation_interval.exact > 1


_STARTS = """
float level;
{0} k({1}) {{
#pragma HLS pipeline II=1
    static int sum, bins[256], window[4];
    static float mean;
    {2}
}}
"""


@pytest.mark.parametrize(
    ("returns", "given", "body", "interval"),
    [
        ("int", "int x", "sum += x; return sum;", 1),
        ("float", "float x", "mean += x; return mean;", 7 + 1),
        ("float", "float x", "level = level * 0.5f + x; return level;", 4 + 7 + 1),
        ("float", "float x", "float s = 0; s += x; return s;", 1),
        ("void", "unsigned char x", "bins[x]++;", 2),
        ("int", "int x", "window[3] = window[2]; window[2] = window[1]; window[1] = x; return window[3];", 1),
        ("int", "int x, int a[8]", "int s = x; for (int i = 0; i < 8; i++) s ^= a[i]; return s;", 4),
        ("int", "int a[8]", "return a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4];", 3),
    ],
)
def test_a_pipelined_top_starts_again_no_sooner_than_what_it_keeps_and_its_memories_let_it(
    returns: str, given: str, body: str, interval: int
) -> None:
    assert _report(_STARTS.format(returns, given, body)).interval.exact == interval
