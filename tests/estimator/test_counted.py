"""What the estimator adds up, against counts that are made one by one."""

from __future__ import annotations

import itertools
import math

import pytest

from pipeline.estimator import load_device, prepare
from pipeline.estimator.area import terms
from pipeline.estimator.device import CYCLE
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report
from pipeline.terms import Resource

_PLAIN = "vitis-plain"


def _report(text: str, dialect: str = _PLAIN, **point: int | str) -> Report:
    return prepare(read_kernel(text, file="k.c", top="k")).estimate(point, dialect)


@pytest.mark.parametrize(("kind", "name"), [("double", "dmul"), ("float", "fmul"), ("int", "imul32")])
def test_each_further_multiplier_adds_its_own_blocks_and_at_least_its_own_registers(kind: str, name: str) -> None:
    device = load_device()
    cost, values = device.operators[name], None
    for number in range(1, 5):
        sums = "".join(f" c[{place}][i] = a[{place}][i] * b[{place}][i];" for place in range(number))
        arrays = ", ".join(f"{kind} {array}[8][64]" for array in "abc")
        used = _report(f"void k({arrays}) {{ for (int i = 0; i < 64; i++) {{{sums} }} }}").used
        loads = math.ceil(number / 2)  # Two ports: the interval is this long, and so often is a multiplier used.
        assert used.dsp == math.ceil(number / loads) * cost.dsp
        assert used.ff is not None and used.ff >= math.ceil(number / loads) * cost.ff
        if values is not None and loads == 1:
            tables = device.flows[_PLAIN].area[Resource.LUT]["operators"] * cost.lut
            assert used.ff - values[0] >= cost.ff and (used.lut or 0) - values[1] >= math.floor(tables)
        values = (used.ff, used.lut or 0)


@pytest.mark.parametrize(("operator", "name"), [("+", "iadd32"), ("^", "logic32"), ("<", "icmp32")])
def test_each_further_small_operator_adds_its_own_tables_and_registers(operator: str, name: str) -> None:
    device, found = load_device(), []
    for number in range(1, 5):
        arrays = ", ".join(f"int {array}{place}[64]" for array in "abc" for place in range(4))
        sums = "".join(f" c{place}[i] = a{place}[i] {operator} b{place}[i];" for place in range(number))
        text = f"void k({arrays}) {{ for (int i = 0; i < 64; i++) {{{sums} }} }}"
        prepared = prepare(read_kernel(text, file="k.c", top="k"))
        found.append(terms(prepared.figures({}, _PLAIN).schedule, (), device))
    added = [device.operators[one] for one in (name, "load32", "load32", "store32")]
    for less, more in itertools.pairwise(found):
        counted = {
            resource: more[resource]["operators"] - less[resource]["operators"]
            for resource in (Resource.LUT, Resource.FF)
        }
        assert counted[Resource.LUT] == sum(cost.lut for cost in added)
        assert counted[Resource.FF] == sum(cost.ff for cost in added)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_copies_of_a_sum_that_keeps_its_order_add_one_after_the_other(factor: int) -> None:
    text = """
    void k(float a[64], float out[1]) {{
    #pragma HLS array_partition variable=a complete
        float s = 0;
        for (int i = 0; i < 64; i++) {{
    #pragma HLS unroll factor={0}
            s += a[i];
        }}
        out[0] = s;
    }}
    """
    add = load_device().operators["fadd"].stages
    (one,), (many,) = _report(text.format(1)).loops, _report(text.format(factor)).loops
    assert one.iteration_latency.exact is not None and many.iteration_latency.exact is not None
    assert many.iteration_latency.exact - one.iteration_latency.exact == (factor - 1) * add
    assert many.initiation_interval.exact is not None and one.initiation_interval.exact is not None
    assert many.initiation_interval.exact - one.initiation_interval.exact == (factor - 1) * add


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_a_table_that_copied_bodies_read_is_there_once_for_each_copy(copies: int) -> None:
    text = """
    void k(int table[4096], int a[16][64], int b[16][64]) {
        int i, j;
    #pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
        for (i = 0; i < 16; i++) {
            for (j = 0; j < 64; j++) { b[i][j] = table[j] + a[i][j]; }
        }
    }
    """
    (one, many) = (
        prepare(read_kernel(text, file="k.c", top="k")).figures({"__PARA__L0": number}).schedule.ports.copies["table"]
        for number in (1, copies)
    )
    assert (one, many) == (1, copies)


@pytest.mark.parametrize(("size", "factor", "parts"), [(64, 64, 64), (513, 513, 513), (1024, 512, 512), (1200, 600, 8)])
def test_an_array_is_split_whole_or_in_as_many_memories_as_copies_need_while_the_tool_does_so(
    size: int, factor: int, parts: int
) -> None:
    text = f"""
    void k(int a[{size}], int b[8]) {{
        int t[{size}];
        for (int j = 0; j < 8; j++) {{
            for (int i = 0; i < {size}; i++) t[i] = a[i] + j;
            b[j] = t[j];
        }}
    }}
    """
    plan = prepare(read_kernel(text, file="k.c", top="k")).figures({"__PARA__L1": factor}, _PLAIN).schedule
    assert plan.ports.partitions["t@1"] == parts


@pytest.mark.parametrize(
    ("from_", "to"), [("int", "float"), ("float", "int"), ("float", "double"), ("double", "float")]
)
def test_a_conversion_costs_the_same_said_or_not_and_one_of_its_own_kind_costs_nothing(from_: str, to: str) -> None:
    text = f"void k({from_} a[64], {to} b[64], {to} c[64]) {{{{ for (int i = 0; i < 64; i++) {{{{ {{0}} }}}} }}}}"
    said = _report(text.format(f"b[i] = ({to})a[i];"))
    for other in ("b[i] = a[i];", f"{to} t = a[i]; b[i] = t;", f"b[i] = ({to})({to})a[i];"):
        found = _report(text.format(other))
        assert (found.latency, found.used) == (said.latency, said.used)
    assert (said.latency.worst or 0) > (_report(text.format("b[i] = c[i];")).latency.worst or 0)


_WINDOW = """
#define T 8
{helper}
void k(const int in[256], const int taps[T], int out[256]) {{
  int w[T] = {{0}};
  for (int n = 0; n < 256; n++) {{
#pragma HLS pipeline
#pragma HLS unroll factor={factor}
    for (int i = T - 1; i > 0; i--) w[i] = w[i - 1];
    w[0] = in[n];
    int sum = 0;
    {sum};
    out[n] = sum;
  }}
}}"""
_SUM = "for (int i = 0; i < T; i++) sum += {} * taps[i]"
_HELPER = (
    "static int dot(int x[T], const int y[T]) { int s = 0; for (int i = 0; i < T; i++) s += x[i] * y[i]; return s; }"
)
_MOVED = "static void put(int *x, int v) { for (int i = 7; i > 0; i--) x[i] = x[i - 1]; x[0] = v; }"


@pytest.mark.parametrize("factor", [1, 2, 8, 32])
@pytest.mark.parametrize(
    "text",
    [
        _WINDOW.replace("{helper}", "").replace("{sum}", _SUM.format("w[i]")),
        _WINDOW.replace("{helper}", _HELPER).replace("{sum}", "sum = dot(w, taps)"),
        _WINDOW.replace("{helper}", _MOVED)
        .replace("for (int i = T - 1; i > 0; i--) w[i] = w[i - 1];\n    w[0] = in[n]", "put(&w[0], in[n])")
        .replace("{sum}", _SUM.format("w[i]")),
    ],
    ids=["in place", "helper", "written by a helper"],
)
def test_no_design_multiplies_more_often_than_its_multipliers_can(text: str, factor: int) -> None:
    report = _report(text.replace("{{", "{").replace("}}", "}").replace("{factor}", str(factor)))
    cost, cycles = load_device().operators["imul32"], report.latency.worst
    assert cycles is not None and report.used.dsp is not None
    assert report.used.dsp // cost.dsp * cycles >= 256 * 8


def test_what_no_copy_changes_is_computed_once_for_all() -> None:
    """The product of two elements that each copy finds as they were, and of which each copy changes one."""
    loop = "\n#pragma HLS pipeline\n#pragma HLS unroll factor=8\n c[i] = a[i] + x[0] * x[1];"
    text = "void k(int a[64], int b[64], int x[2], int c[64]) { for (int i = 0; i < 64; i++) {%s } }"
    once, again = _report(text % loop).used.dsp, _report(text % f"{loop} x[0] = b[i];").used.dsp
    assert once == load_device().operators["imul32"].dsp and again is not None and again > once


@pytest.mark.parametrize(
    ("step", "ordered"),
    [("x + a[i]", False), ("x - a[i]", False), ("x ^ a[i]", False), ("x * a[i]", False),
     ("a[i] - x", True),
     ("(x >> 1) + a[i]", True), ("(x << 5 | x >> 27) + a[i]", True), ("(x + a[i]) ^ 5", True), ("-x + a[i]", True),
     ("(x & 7) + a[i]", True)],
)  # fmt: skip
def test_copies_become_a_tree_only_where_their_order_does_not_count(step: str, ordered: bool) -> None:
    text = f"""unsigned k(unsigned a[256]) {{
  unsigned x = 1;
#pragma HLS array_partition variable=a complete
  for (int i = 0; i < 256; i++) {{
#pragma HLS unroll factor=32
    x = {step};
  }}
  return x; }}"""
    cycles = _report(text).latency.worst
    assert cycles is not None and (cycles >= 256 * load_device().operators["iadd32"].ticks / CYCLE) is ordered


@pytest.mark.parametrize("interval", [1, 2, 4, 16])
@pytest.mark.parametrize("loop", [False, True])
def test_a_function_that_is_pipelined_has_the_multipliers_that_each_start_needs(interval: int, loop: bool) -> None:
    terms = "for (int i = 0; i < 16; i++) s += a[i] * b[i];"
    body = terms if loop else "".join(f"s += a[{i}] * b[{i}];" for i in range(16))
    split = "".join(f"#pragma HLS array_partition variable={name} complete\n" for name in "ab")
    report = _report(
        f"int k(int a[16], int b[16]) {{\n#pragma HLS pipeline II={interval}\n{split} int s = 0; {body}\n return s; }}"
    )
    assert report.interval.exact == interval
    assert report.used.dsp == math.ceil(16 / interval) * load_device().operators["imul32"].dsp
