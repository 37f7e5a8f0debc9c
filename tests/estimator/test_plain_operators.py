"""Laws of what single operations of integers cost, in kernels of a loop or two."""

from __future__ import annotations

import pytest

from pipeline.errors import PipelineError
from pipeline.estimator import prepare, walk_calls
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_LOOP = "for (int i = 0; i < 64; i++) {{\n#pragma HLS pipeline\n{0} }}"


def _estimate(
    body: str, arguments: str = "int a[64], int b[64], int o[64]", before: str = "", after: str = ""
) -> Report:
    text = f"#include <ap_int.h>\nvoid k({arguments}) {{ {before}\n{_LOOP.format(body)}\n{after} }}"
    return prepare(read_kernel(text, file="k.cpp", top="k")).estimate({})


def _counts(report: Report) -> tuple[int, int, int]:
    """DSP blocks, LUTs and worst cycles."""
    dsp, lut, cycles = report.used.dsp, report.used.lut, report.latency.worst
    assert dsp is not None and lut is not None and cycles is not None
    return dsp, lut, cycles


def test_a_pipelined_loop_starts_an_iteration_after_the_other_and_the_last_takes_a_cycle() -> None:
    registers = "int w[64];\n#pragma HLS array_partition variable=w complete"
    loop = _estimate("w[i] = 0;", before=registers, after="o[0] = w[a[0]];").loops[0]
    assert loop.initiation_interval.exact == 1 and loop.latency.exact == 64


@pytest.mark.parametrize(
    ("switch", "chain"),
    [
        (
            "case 0: r = b[i]; break; case 3: r = s; break; case 7: r = s + 9; break; default: r = 5;",
            "if (a[i] == 0) r = b[i]; else if (a[i] == 3) r = s; else if (a[i] == 7) r = s + 9; else r = 5;",
        ),
        (
            "default: r = 5; break; case 1: r = s + 9; break; case 0: r = b[i]; break;",
            "if (a[i] == 1) r = s + 9; else if (a[i] == 0) r = b[i]; else r = 5;",
        ),
        ("case 1: case 2: s = s + 3; break;", "if (a[i] == 1 || a[i] == 2) s = s + 3;"),
    ],
)
def test_a_switch_costs_what_its_chain_of_conditions_costs(switch: str, chain: str) -> None:
    body = "int r = 1; %s; o[i] = r + s; s = r;"
    found, wanted = (_estimate(body % how, before="int s = 0;") for how in (f"switch (a[i]) {{ {switch} }}", chain))
    assert (found.latency, found.used, found.loops) == (wanted.latency, wanted.used, wanted.loops)


@pytest.mark.parametrize(
    ("factor", "same"),
    [
        ("5", "(a[i] << 2) + a[i]"),
        ("-7", "a[i] - (a[i] << 3)"),
        ("-1", "0 - a[i]"),
        ("0x7fff0001", "(a[i] << 31) - (a[i] << 16) + a[i]"),
        ("1664525", None),
        ("0x55", None),
    ],
)
def test_a_product_with_a_constant_is_one_addition_less_than_its_signed_digits_up_to_three(
    factor: str, same: str | None
) -> None:
    found, wanted = _estimate(f"o[i] = a[i] * {factor};"), _estimate(f"o[i] = {same or 'a[i] * b[i]'};")
    assert (same is None) == (_counts(found)[0] > 0)
    assert found.latency == wanted.latency and (same is None or found.used == wanted.used)


@pytest.mark.parametrize(
    ("left", "right", "blocks"),
    [(8, 10, 0), (9, 9, 1), (4, 11, 1), (16, 18, 1), (4, 30, 3), (64, 66, 16), (96, 128, 48)],
)
def test_a_product_takes_the_blocks_of_the_row_that_both_its_operands_fit(left: int, right: int, blocks: int) -> None:
    kinds = f"ap_int<{left}> a[64], ap_int<{right}> b[64], ap_int<{left + right}> o[64]"
    assert _estimate("o[i] = a[i] * b[i];", kinds).used.dsp == blocks
    assert _estimate("o[i] = b[i] * a[i];", kinds).used.dsp == blocks


@pytest.mark.parametrize(("operation", "most"), [("a[i] + b[i]", 128), ("a[i] * b[i]", 64), ("a[i] / b[i]", 64)])
def test_what_is_wider_than_the_table_costs_more_by_its_width(operation: str, most: int) -> None:
    once, twice, often = (
        _estimate(f"o[i] = {operation};", f"ap_int<{bits}> a[64], ap_int<{bits}> b[64], ap_int<{bits}> o[64]")
        for bits in (most, 2 * most, 8 * most)
    )
    (few, small, quick), (more, larger, slower), (most_, largest, slowest) = map(_counts, (once, twice, often))
    assert few <= more <= most_ and small < larger < largest and quick < slower < slowest


@pytest.mark.parametrize(
    ("body", "products"),
    [
        ("o[i] = a[i] * a[i] + a[i] * a[i];", 1),
        ("int t = a[i] * b[i]; o[i] = t + b[i] * a[i];", 1),
        ("o[i] = a[i] * a[i] + a[i] * b[i];", 2),
        ("o[i] = a[i] * b[i]; o[i] = o[i] + a[i] * b[i];", 1),
        ("a[i] = a[i] * b[i]; o[i] = a[i] * b[i];", 2),
        ("int t = a[i]; o[i] = t * b[i]; t = t ^ 3; o[i] += t * b[i];", 2),
        ("o[i] = (a[i] > 3 ? a[i] : b[i]) * a[i] + (a[i] > 3 ? b[i] : a[i]) * a[i];", 2),
        ("o[i] = ~a[i] * b[i] + a[i] * b[i];", 2),
        ("o[i] = a[i] * b[i] + (short)a[i] * b[i];", 2),
        ("o[i] = (a[i] ^ 5) * b[i] + ((short)a[i] ^ 5) * b[i];", 2),
    ],
)
def test_equal_products_of_equal_values_in_straight_line_code_are_one(body: str, products: int) -> None:
    assert _counts(_estimate(body))[0] == products * _counts(_estimate("o[i] = a[i] * b[i];"))[0]


def test_a_number_less_and_itself_are_two_values() -> None:
    kinds = "float a[64], float b[64], float o[64]"
    assert _estimate("o[i] = -a[i] * b[i]; b[i] = a[i] * b[i];", kinds).used.dsp == 6
    assert _estimate("o[i] = a[i] * b[i]; b[i] = a[i] * b[i];", kinds).used.dsp == 3


def test_calls_that_double_at_each_level_are_given_up_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_calls, "_MOST_CALLS", 100)
    levels = "".join(f"int f{n + 1}(int x) {{ return f{n}(x) + f{n}(x + 1); }}\n" for n in range(20))
    text = f"int f0(int x) {{ return x * x; }}\n{levels}void k(int a[8]) {{ a[0] = f%d(a[1]); }}"
    assert prepare(read_kernel(text % 5, file="k.c", top="k")).estimate({}).latency.worst
    with pytest.raises(PipelineError, match="more than 100 calls of helpers"):
        prepare(read_kernel(text % 20, file="k.c", top="k"))


@pytest.mark.parametrize(
    ("loop", "interval"),
    [
        ("while (a[i]) { %s i++; }", 2),
        ("while (a[i] != 0) { %s i++; }", 2),
        ("while (a[i] * b[i] > 7) { %s i++; }", 5),
        ("while (f[i]) { %s i++; }", 3),
        ("while (i < a[0]) { %s i++; }", 1),
        ("for (; a[i] > 3; i++) { %s }", 2),
        ("for (; i < 64; i++) { %s if (a[i] == 3) break; }", 2),
        ("for (; i < 64; i++) { %s if (b[0] == 3) break; }", 1),
        ("for (; i < 64; i++) { %s switch (i & 3) { case 0: if (a[i] == 3) break; o[i] = 1; } }", 1),
    ],
)
def test_an_iteration_waits_for_the_data_that_tell_whether_it_takes_place(loop: str, interval: int) -> None:
    inside = loop % "\n#pragma HLS pipeline\n"
    text = f"void k(int a[64], int b[64], float f[64], int o[64]) {{ int i = 0; {inside} o[i] = 1; }}"
    report = prepare(read_kernel(text, file="k.c", top="k")).estimate({})
    assert report.loops[0].initiation_interval.exact == interval
