"""Area of arrays, shares of memories and what bounds and points say, against counting."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.estimator import load_device, prepare
from pipeline.estimator.area import blocks, terms
from pipeline.estimator.banks import busiest
from pipeline.estimator.nest import ElementAccess, Linear, Memory
from pipeline.estimator.written import hinted, written
from pipeline.kernels.own_pragmas import ArraySplit, LoopTripcount
from pipeline.kernels.read import read_kernel
from pipeline.terms import Dialect, Resource
from tests.estimator.copies import handed_on

_LOAD, _DADD, _STORE = 2, 5, 1
_DEVICE = load_device()


@given(st.integers(1, 20_000), st.integers(1, 6))
def test_wide_words_take_as_many_memories_side_by_side(words: int, lanes: int) -> None:
    assert blocks(words, 32 * lanes, _DEVICE) == lanes * blocks(words, 32, _DEVICE)
    assert blocks(words, 32 * lanes + 1, _DEVICE) >= blocks(words, 32 * lanes, _DEVICE)


@given(st.integers(129, 8192), st.sampled_from([1, 2, 4, 8, 16, 32]))
def test_narrow_words_share_a_block_of_18_kbit_up_to_its_size(words: int, bits: int) -> None:
    found = blocks(words, bits, _DEVICE)
    if words * bits <= 128 * 32:
        assert found == 0
        return
    deep = 1 << (words - 1).bit_length()
    assert found == max(1, math.ceil(deep * bits / (512 * 32)))


@given(st.integers(1, 30_000), st.integers(0, 3_000), st.integers(1, 70))
def test_more_words_never_take_fewer_blocks(words: int, more: int, bits: int) -> None:
    small, large = blocks(words, bits, _DEVICE), blocks(words + more, bits, _DEVICE)
    # Beyond 8,192 words the rule rounds to the nearest block, no longer up to a power of two.
    assert small <= large or words <= 8_192 < words + more


_LOCAL = """
void k(int a[64], int b[64]) {{
    int t[{0}];
{1}
    for (int i = 0; i < {0}; i++) {{ t[i] = a[i & 63]; }}
    for (int i = 0; i < {0}; i++) {{ b[i & 63] += t[i]; }}
}}
"""


def _counted(text: str) -> dict[str, dict[str, float]]:
    return terms(prepare(read_kernel(text, file="k.c", top="k")).figures({}).schedule, (), _DEVICE)


@pytest.mark.parametrize(("words", "parts"), [(64, 1), (64, 4), (100, 1), (128, 2), (128, 1)])
def test_small_arrays_are_luts_of_64_bits_each_part_rounded_up(words: int, parts: int) -> None:
    split = f"#pragma HLS array_partition variable=t cyclic factor={parts}" if parts > 1 else ""
    found = _counted(_LOCAL.format(words, split))
    assert found[Resource.LUT]["cells"] == parts * math.ceil(math.ceil(words / parts) / 64) * 32
    assert found[Resource.BRAM_18K]["blocks"] == 0
    assert found[Resource.LUT]["banks"] == found[Resource.FF]["banks"] == parts


@pytest.mark.parametrize(("words", "parts"), [(1024, 1), (1024, 2), (2048, 2), (1024, 8)])
def test_large_arrays_are_blocks_a_part_and_no_luts(words: int, parts: int) -> None:
    split = f"#pragma HLS array_partition variable=t cyclic factor={parts}" if parts > 1 else ""
    found = _counted(_LOCAL.format(words, split))
    each = words // parts
    assert found[Resource.BRAM_18K]["blocks"] == (parts * max(1, each // 512) if each > 128 else 0)
    assert found[Resource.LUT]["cells"] == (parts * math.ceil(each / 64) * 32 if each <= 128 else 0)


def test_what_a_region_holds_counts_once_a_copy_and_arrays_of_arguments_are_no_part_of_the_design() -> None:
    text = "void k(double a[64], double b[64]) {{ for (int i = 0; i < 64; i++) {{\n{0}\nb[i] = a[i] * 3.0; }} }}"
    one, two = (_counted(text.format(pragma)) for pragma in ("", "#pragma HLS unroll factor=2"))
    assert two[Resource.DSP]["operators"] == 2 * one[Resource.DSP]["operators"] > 0
    assert two[Resource.LUT]["values"] > one[Resource.LUT]["values"]
    assert one[Resource.LUT]["banks"] == one[Resource.LUT]["cells"] == one[Resource.BRAM_18K]["blocks"] == 0


@pytest.mark.parametrize("parts", [1, 4])
def test_more_copies_than_are_looked_at_share_the_memories_evenly(parts: int) -> None:
    splits = (ArraySplit("a", "cyclic", parts),) if parts > 1 else ()
    memory = Memory("a", 32, (8192,), "local", "local", splits)
    line = Linear(((0, 1),), (), 0, True, frozenset({0}))
    for copies in (4096, 4097, 8192):
        assert busiest(memory, [ElementAccess("a", (line,), False)], {0: copies}) == math.ceil(copies / parts)


_KNOWN = st.none() | st.integers(0, 9)


@given(_KNOWN, _KNOWN, _KNOWN, _KNOWN)
def test_a_stated_trip_count_leaves_what_both_it_and_the_program_allow(
    low: int | None, high: int | None, least: int | None, most: int | None
) -> None:
    text = "void k(int a[8]) { int n = 0; while (a[n]) { n++; } }"
    (loop,) = read_kernel(text, file="k.c", top="k").loops
    found = hinted(replace(loop, trip_min=low, trip_max=high), LoopTripcount(least, most))
    allowed = [
        n
        for n in range(10)
        if (low is None or n >= low)
        and (high is None or n <= high)
        and (least is None or n >= least)
        and (most is None or n <= most)
    ]
    if allowed:
        assert found.trip_max == (None if high is None and most is None else allowed[-1])
        bounded = low is not None or least is not None or high is not None or most is not None
        assert found.trip_min == (allowed[0] if bounded else None)
    else:
        assert found.trip_min == found.trip_max is not None
    assert hinted(loop, None) is loop
    known = replace(loop, trip_count=5)
    assert hinted(known, LoopTripcount(1, 2)) is known


@pytest.mark.parametrize(
    ("pragma", "ports"),
    [
        ("bind_storage variable=t type=ram_1p", 1),
        ("bind_storage variable=t type=RAM_2P", None),
        ("resource variable=t core=ROM_1P", 1),
        ("bind_op variable=t op=mul impl=ram_1p", None),
        ("bind_storage variable=u type=ram_1p", None),
        ("interface m_axi port=t", 1),
        ("interface ap_fifo port=t", 1),
        ("interface axis port=t", 1),
        ("interface ap_memory port=t", None),
        ("interface m_axi port=u", None),
    ],
)
def test_a_memory_of_one_port_takes_one_access_a_cycle(pragma: str, ports: int | None) -> None:
    text = f"void k(int t[8], int u[8]) {{\n#pragma HLS {pragma}\nfor (int i = 0; i < 8; i++) t[i] = u[i]; }}"
    known = written(read_kernel(text, file="k.c", top="k"))
    assert known.ports_of("k", "t") == ports
    assert known.ports_of("other", "t") is None


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("distance", [1, 2, 3, 4, 8])
def test_copies_of_a_recurrence_follow_each_other_as_often_as_they_meet(factor: int, distance: int) -> None:
    text = f"""
    void k(double a[128]) {{
    #pragma HLS array_partition variable=a cyclic factor=32
        for (int i = 0; i < 96; i++) {{
    #pragma HLS unroll factor={factor}
            a[i + {distance}] = a[i] + 1.0;
        }}
    }}"""
    (loop,) = prepare(read_kernel(text, file="k.c", top="k")).estimate({}).loops
    passed, iterations = handed_on(factor, distance)
    total = sum(_LOAD + _DADD * links + _STORE for links in passed)
    assert loop.initiation_interval.exact == math.ceil(total / iterations)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_copies_that_update_elements_unknown_before_take_turns_at_the_memory(factor: int) -> None:
    text = f"""
    void k(unsigned char b[256], int bins[256]) {{
    #pragma HLS array_partition variable=b cyclic factor=4
        for (int i = 0; i < 256; i++) {{
    #pragma HLS unroll factor={factor}
            bins[b[i]]++;
        }}
    }}"""
    (loop,) = prepare(read_kernel(text, file="k.c", top="k")).estimate({}).loops
    assert loop.initiation_interval.exact == factor * _LOAD


@pytest.mark.parametrize("words", [8, 64, 512])
@pytest.mark.parametrize(("given", "interval"), [("t[i & 3] = a[i];", 2), ("", 1)])
def test_elements_that_are_found_by_computed_subscripts_share_two_ports_but_for_those_of_a_table(
    words: int, given: str, interval: int
) -> None:
    reads = " + ".join(f"t[(x >> {by}) & {words - 1}]" for by in range(3))
    text = f"""
    void k(int a[256], int out[256]) {{
        int t[{words}] = {{1, 2, 3, 4}};
        for (int i = 0; i < 3; i++) {{ {given} }}
        for (int i = 0; i < 256; i++) {{
            int x = a[i];
            out[i] = {reads};
        }}
    }}"""
    loop = prepare(read_kernel(text, file="k.c", top="k")).estimate({}).loops[-1]
    assert loop.initiation_interval.exact == interval


_CHAIN = """
void k(int a[256], int d[256]) {{
#pragma HLS dataflow
    int t[256], u[256];
{0}
    for (int i = 0; i < 256; i++) t[i] = a[i] + 1;
    for (int i = 0; i < 256; i++) u[i] = t[i] * 3;
    for (int i = 0; i < 256; i++) d[i] = u[i] + 5;
}}
"""


@pytest.mark.parametrize("streams", ["", "t", "u", "tu"])
def test_every_stage_that_a_stream_does_not_join_waits_for_the_end_of_the_one_before(streams: str) -> None:
    said = "\n".join(f"#pragma HLS stream variable={name} depth=2" for name in streams)
    worst = prepare(read_kernel(_CHAIN.format(said), file="k.c", top="k")).estimate({}).latency.worst
    assert worst is not None
    waits = 3 - len(streams)
    assert 256 * waits <= worst <= 256 * waits + 12 * 3


@pytest.mark.parametrize(
    ("point", "ii"),
    [
        ({"__PIPE__L0": " ii = 4 "}, 4),
        ({"__PIPE__L0": "NA"}, 1),
        ({"__PIPE__L0": "   "}, 1),
        ({"__PIPE__L0": "II=0"}, 1),
    ],
)
def test_a_point_asks_for_an_interval_in_any_spelling(point: dict[str, int | str], ii: int) -> None:
    text = "void k(int a[64], int b[64]) { for (int i = 0; i < 64; i++) b[i] = a[i] + 1; }"
    (loop,) = prepare(read_kernel(text, file="k.c", top="k")).estimate(point, Dialect.VITIS_PLAIN).loops
    assert loop.initiation_interval.exact == ii


@pytest.mark.parametrize(
    "point",
    [{"__PARA__L0": 0}, {"__PARA__L0": 1 << 41}, {"__PARA__L0": True}, {"__PARA__L0": "2"}, {"__PIPE__L0": "fast"},
     {"__PIPE__L0": 1}, {"__PIPE__L1": "off"}, {"__TILE__L0": 2}, {"x__PIPE__L0": "off"}],
)  # fmt: skip
def test_a_plain_point_that_names_no_loop_or_no_value_is_refused(point: dict[str, int | str]) -> None:
    text = "void k(int a[64], int b[64]) { for (int i = 0; i < 64; i++) b[i] = a[i] + 1; }"
    with pytest.raises(PipelineError, match=r"^k\.c: site "):
        prepare(read_kernel(text, file="k.c", top="k")).estimate(point, Dialect.VITIS_PLAIN)


_PRODUCTS = """
void k(int a[64][16], int b[16], int c[64]) {{
#pragma HLS array_partition variable=a dim=2 complete
#pragma HLS array_partition variable=b complete
    for (int i = 0; i < 64; i++) {{
#pragma HLS pipeline II={0}
        int s = 0;
        for (int j = 0; j < {1}; j++) s += a[i][j] * b[j];
        c[i] = s;
    }}
}}
"""


def test_integers_that_share_no_unit_have_no_multiplexers_and_those_that_do_have_one_each() -> None:
    def values(interval: int, products: int) -> float:
        plan = prepare(read_kernel(_PRODUCTS.format(interval, products), file="k.c", top="k")).figures({}).schedule
        return terms(plan, (), load_device())[Resource.LUT]["values"]

    assert values(1, 16) == values(1, 8) == 0
    assert 0 < values(2, 8) < values(4, 8) < values(4, 16)


def test_a_value_is_held_in_registers_by_its_bits() -> None:
    text = "void k({0} a[64], {0} b[64]) {{ for (int i = 0; i < 64; i++) b[i] = a[i] ^ 77; }}"
    eight, thirty, double = (
        terms(prepare(read_kernel(text.format(kind), file="k.c", top="k")).figures({}).schedule, (), load_device())
        for kind in ("char", "int", "long long")
    )
    assert 0 < eight[Resource.FF]["values"] < thirty[Resource.FF]["values"] < double[Resource.FF]["values"] == 3
