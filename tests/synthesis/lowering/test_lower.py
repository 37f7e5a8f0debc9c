"""What a value turns into, what is said about it, and what is refused."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import numpy as np
import pytest

from pipeline.design_space import load_space
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.kernels.suite import find_kernel, suite_names
from pipeline.synthesis.lowering import LoweredSources, lower, read_hls_kernel
from pipeline.synthesis.vitis.directives import parse_directives
from tests.synthesis.lowering.variants import compile_variants

MATRIX = """
#include <math.h>
#define II 3
void top(double a[32][40], double b[32], const int n)
{
#pragma HLS interface ap_none port=n
    int i, j;
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL TILE FACTOR=auto{__TILE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    rows: for (i = 0; i < 32; i++) {
        double s = 0.0;
#pragma ACCEL PARALLEL reduction=s FACTOR=auto{__PARA__L1}
        for (j = 0; j < 40; j++) {
            s += sqrt(a[i][j]);
        }
        b[i] = s;
    }
#pragma ACCEL false_dependence variable=b
    for (j = 1; j < n; j++) {
#pragma HLS pipeline II=II
        b[j] = b[j - 1] + 1.0;
    }
}
"""
NEUTRAL: dict[str, int | str] = {"__PARA__L0": 1, "__PARA__L1": 1, "__PIPE__L0": "off", "__TILE__L0": 1}


@pytest.fixture(scope="module")
def matrix() -> Kernel:
    return read_kernel(MATRIX, file="top.c")


def _lower(kernel: Kernel, **values: Any) -> LoweredSources:
    options = {key: values.pop(key) for key in list(values) if not key.startswith("__")}
    return lower(kernel, {**NEUTRAL, **values}, **options)


def _text(found: LoweredSources) -> str:
    return found.files["top.c"]


def _after(text: str, label: str) -> list[str]:
    """The directives at the start of the loop of that label."""
    lines = text.split(f"{label}:\n", 1)[1].splitlines()[2:]
    return [line.removeprefix("#pragma HLS ") for line in lines[: next(i for i, x in enumerate(lines) if "#" not in x)]]


def test_a_flattened_loop_is_pipelined_over_unrolled_loops(matrix: Kernel) -> None:
    text = _text(_lower(matrix, __PIPE__L0="flatten"))
    assert _after(text, "rows") == ["pipeline"]
    assert _after(text, "loop_1") == ["unroll"]
    assert "#pragma HLS array_partition variable=a_buffer complete dim=2" in text


def test_a_tile_and_its_last_part_are_one_loop_nest_with_a_guard(matrix: Kernel) -> None:
    text = _text(_lower(matrix, __TILE__L0=5))
    assert re.search(r"rows_tile:\s+for \(int rows_t = 0; rows_t < 7; rows_t\+\+\)", text)
    assert re.search(r"rows:\s+for \(int rows_g = 0; rows_g < 5; rows_g\+\+\)", text)
    assert "if (rows_t * 5 + rows_g < 32)" in text and "i = rows_t * 5 + rows_g;" in text
    assert "if (" not in _text(_lower(matrix, __TILE__L0=4))


def test_a_sum_is_a_tree_only_where_a_clause_or_the_user_allows_it(matrix: Kernel) -> None:
    split = _lower(matrix, __PARA__L1=4)
    assert split.reassociated == ("top/loop_1",)
    assert "s += ((s_loop_1[0] + s_loop_1[1]) + (s_loop_1[2] + s_loop_1[3]));" in _text(split)
    kept = _lower(matrix, __PARA__L1=4, reassociate="never")
    assert kept.reassociated == ()
    assert _after(_text(kept), "loop_1") == ["pipeline", "unroll factor=4 skip_exit_check"]


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("s += a[j];", "the terms of s are added as a tree"),
        ("if (a[j] > 9.0) continue; s += a[j];", "the sum stays a chain: its body is not straight-line"),
        ("double t = 0.0; for (k = 0; k < 2; k++) t += b[k]; s += t;", "s goes from one iteration to the next"),
    ],
)
def test_a_sum_is_no_tree_where_its_body_is_not_straight_line(body: str, how: str) -> None:
    source = f"""
    double top(double a[32], double b[2]) {{
        int j, k;
        double s = 0.0;
    #pragma ACCEL PARALLEL reduction=s FACTOR=auto{{__PARA__L0}}
        for (j = 0; j < 32; j++) {{ {body} }}
        return s;
    }}"""
    found = lower(read_kernel(source, file="top.c"), {"__PARA__L0": 4})
    (site,) = found.sites
    assert site.how.endswith(how) and bool(found.reassociated) == how.endswith("tree")


def test_what_plain_vitis_cannot_do_is_refused_or_told(matrix: Kernel) -> None:
    for site, value in (("__PIPE__L0", ""), ("__PARA__L0", 4)):
        with pytest.raises(PipelineError, match=rf"top.c:11: {site} = \w+ cannot be had from plain Vitis HLS"):
            _lower(matrix, **{site: value}, unsupported="refuse")
        told = _lower(matrix, **{site: value})
        assert [item.site for item in told.sites if item.done == "approximated"] == [site]
        assert any(note.startswith(site) for note in told.notes)
    assert _lower(matrix, __PARA__L1=8, __TILE__L0=4, unsupported="refuse").notes


def test_a_users_own_pragmas_are_neither_lost_nor_contradicted(matrix: Kernel) -> None:
    found = _lower(matrix)
    text = _text(found)
    assert "#pragma HLS pipeline II=3\n" in text, "the macro is gone with the preprocessor, its value must stand"
    assert text.count("pipeline") == 3, "the user's, the rows' off, and the inner loop's own"
    outer = text.split("void top(")[1]
    assert "#pragma HLS interface ap_none port=n" in outer
    assert "interface s_axilite port=n" not in outer
    assert "#pragma ACCEL false_dependence variable = b" in text
    assert any("false_dependence" in note for note in found.notes)


def test_every_loop_of_a_report_finds_back_to_the_kernel(matrix: Kernel) -> None:
    found = _lower(matrix, __PARA__L0=4, __PARA__L1=4)
    assert found.labels == {
        "top/loop_0": "top_body/rows",
        "top/loop_1": "top_body/loop_1",
        "top/loop_2": "top_body/loop_2",
    }
    written = re.findall(r"^ *(\w+):$", _text(found), re.MULTILINE)
    assert sorted(found.locations) == sorted(f"top_body/{label}" for label in written)
    assert len(set(written)) == len(written)
    assert found.locations["top_body/rows_copies"] == found.locations["top_body/rows_copies_1"] == "top/loop_0"


def test_dependence_is_claimed_only_where_it_is_proved(matrix: Kernel) -> None:
    source = """
    void top(int a[64], int b[64], int at[64]) {
        int i;
        apart: for (i = 0; i < 32; i++) { a[i] = a[i + 32] + a[i]; }
        near: for (i = 0; i < 63; i++) { a[i] = a[i + 1]; }
        anywhere: for (i = 0; i < 64; i++) { b[at[i]] += 1; }
    #pragma ACCEL PIPELINE auto{__PIPE__L0}
        site: for (i = 0; i < 2; i++) { at[i] = 0; }
    }"""
    text = _text(lower(read_kernel(source, file="top.c"), {"__PIPE__L0": ""}))
    assert _after(text, "apart") == ["pipeline", "dependence variable=a inter false"]
    assert _after(text, "near") == ["pipeline"]
    assert _after(text, "anywhere") == ["pipeline"]


LONG = """
void top(int a[64])
{
#pragma ACCEL TILE FACTOR=auto{T}
    row: for (int i = FIRST; i < END; i += STEP) { int j = 0; while (j < 3) { a[j + i % 8] += i; j++; } }
}
"""


@pytest.mark.parametrize(("first", "step"), [(0, 1), (0, 2), (-9, 1)])
def test_a_counter_is_wider_than_an_int_exactly_where_a_last_part_may_pass_its_end(first: int, step: int) -> None:
    for most, kind in ((2**31 - 1, "int"), (2**31 - 1 + step, "long long")):
        trip = (most - abs(first)) // step - 4
        text = LONG.replace("FIRST", str(first)).replace("END", str(first + trip * step)).replace("STEP", str(step))
        assert f"for ({kind} row_t = 0;" in _text(lower(read_kernel(text, file="top.c"), {"T": 4}))


ODD = """
#include <stdlib.h>
typedef int word;
word top(const word x[static 24], volatile word v[24], word y[restrict 24], word *z, unsigned char c)
{
    int bad = 0; unsigned char k;
    for (k = 0; k < 20; k++) y[k] = abs(x[k]) + v[k];
    for (int p = 0, q = 3; p < 10; p++, q++) { if ((bad = y[p] > 90 + q)) break; }
    while ((c = c >> 1)) bad++;
    switch (bad) { case 1: for (k = 0; k < 24; ++k) y[k] += 1; break; default: ; }
    if (bad) for (k = 4; k < 24; k += 3) y[k] *= 2; else y[0] = 1;
    *z = k;
    return bad;
}
"""


@pytest.mark.parametrize("seed", range(4))
def test_odd_but_valid_c_compiles_clean_and_returns_the_same(seed: int) -> None:
    kernel = propose_sites(read_kernel(ODD, file="top.c"))
    points = load_space(kernel).sample(8, np.random.default_rng(seed))
    variants = compile_variants(kernel, [lower(kernel, point) for point in points])
    drawn = np.random.default_rng(seed).integers(-99, 99, (4, 24), dtype=np.int32)
    results = []
    for number in range(9):
        x, v, y, z = drawn.copy()
        call = getattr(variants.library, f"top_{number}")
        arrays = [ctypes.c_void_p(item.ctypes.data) for item in (x, v, y, z)]
        results.append((call(*arrays, ctypes.c_ubyte(200 + seed)), x.tolist(), v.tolist(), y.tolist(), z.tolist()))
    assert all(result == results[0] for result in results)


FROM_N = """
int top(const int x[64], int n)
{
    int i, s = 0;
    rows:
#pragma ACCEL TILE FACTOR=auto{T}
    for (FROM) s += x[i - n] * (i - n);
    return 99 * s + i;
}
"""


@pytest.mark.parametrize("loop", ["i = n; i < n + 20; i++", "i = n + 20; i > n; i -= 3"])
def test_a_loop_that_begins_at_an_argument_leaves_its_variable_where_it_ends(loop: str) -> None:
    kernel = read_kernel(FROM_N.replace("FROM", loop), file="top.c")
    tiled = [lower(kernel, {"T": factor}) for factor in (1, 2, 4)]
    assert all(re.search(r"rows:\s*for", _text(item)) for item in tiled), "its label stands before the loop itself"
    library = compile_variants(kernel, tiled, warnings=False).library
    x = np.random.default_rng(2).integers(-99, 99, 64, dtype=np.int32)
    for n in (0, 7, -50):
        results = {getattr(library, f"top_{number}")(ctypes.c_void_p(x.ctypes.data), n) for number in range(4)}
        assert len(results) == 1


@pytest.mark.parametrize("name", suite_names())
def test_directives_are_the_same_in_both_places_and_the_bytes_never_change(name: str) -> None:
    kernel = find_kernel(name)
    for point in load_space(kernel).sample(3, np.random.default_rng(5)):
        as_pragmas, as_tcl = lower(kernel, point), lower(kernel, point, placement="directives")
        assert as_pragmas == lower(find_kernel(name), point)
        parsed = parse_directives(as_tcl.directives)
        file = as_pragmas.design_files[0]
        assert len(parsed) == as_pragmas.files[file].count("#pragma HLS")
        assert "#pragma HLS" not in as_tcl.files[file]
        labelled = {item.operands[0] for item in parsed if "/" in item.operands[0]}
        assert labelled <= set(as_tcl.locations)


def test_the_plain_dialect_adds_nothing_to_what_the_published_set_had(matrix: Kernel) -> None:
    point: dict[str, int | str] = {
        "__PIPE__L0": "",
        "__PARA__L0": 3,
        "__PIPE__L1": "   ",
        "__PARA__L1": 1,
        "__PIPE__L2": "off",
    }
    text = _text(lower(matrix, point, dialect="vitis-plain", flow_target="vivado"))
    assert _after(text, "rows") == ["unroll factor=3"]
    assert _after(text, "loop_1") == ["pipeline", "unroll factor=1"]
    assert "array_partition" not in text and "HLS dependence" not in text
    assert text.count("memcpy(") == 3
    with pytest.raises(PipelineError, match="__TILE__L0 is no site of top in the plain Vitis dialect"):
        lower(matrix, {"__TILE__L0": 2}, dialect="vitis-plain")


NATIVE = """
#define BANKS 2
static int add(int x, int y)
{
#pragma HLS inline auto{__INLINE__add}
    return x + y;
}
void top(int a[64], int b[64])
{
#pragma HLS array_partition variable=a cyclic factor=auto{__BANKS__a}
#pragma HLS array_partition variable=b block factor=BANKS
    int i;
    for (i = 0; i < 64; i++) {
#pragma HLS pipeline II=auto{__II__L0}
#pragma HLS unroll factor=auto{__U__L0}
        int s = add(a[i], b[i]);
#pragma HLS bind_op variable=s op=add impl=auto{__IMPL__s} latency=auto{__LAT__s}
        b[i] = s;
    }
}
"""


def test_values_take_the_place_of_placeholders_in_native_pragmas() -> None:
    kernel = read_hls_kernel(NATIVE, file="top.c")
    point: dict[str, int | str] = {"__INLINE__add": "off", "__BANKS__a": 4, "__II__L0": 2, "__U__L0": 8,
                                   "__IMPL__s": "dsp", "__LAT__s": 3}  # fmt: skip
    text = _text(lower(kernel, point, dialect="hls"))
    for line in ("inline off", "array_partition variable=a cyclic factor=4", "pipeline II=2", "unroll factor=8",
                 "array_partition variable=b block factor=2",
                 "bind_op variable=s op=add impl=dsp latency=3"):  # fmt: skip
        assert f"#pragma HLS {line}\n" in text
    assert "memcpy" not in text and "auto" not in text
    text = _text(lower(kernel, {**point, "__II__L0": "off", "__INLINE__add": "none", "__LAT__s": ""}, dialect="hls"))
    assert "#pragma HLS pipeline off\n" in text and "inline" not in text
    assert "#pragma HLS bind_op variable=s op=add impl=dsp\n" in text


@pytest.mark.parametrize("value", ["2\n#pragma HLS top", "1; file delete", "${x}", "[exec ls]", "2 off"])
def test_a_value_cannot_bring_a_directive_of_its_own(value: str) -> None:
    kernel = read_hls_kernel(NATIVE, file="top.c")
    point: dict[str, int | str] = {
        "__INLINE__add": "",
        "__BANKS__a": value,
        "__II__L0": 1,
        "__U__L0": 1,
        "__IMPL__s": "",
        "__LAT__s": "",
    }
    with pytest.raises(PipelineError, match="cannot be the value of __BANKS__a"):
        lower(kernel, point, dialect="hls")


def test_bad_points_give_one_clear_line(matrix: Kernel) -> None:
    cases: list[tuple[dict[str, int | str], str]] = [
        ({**NEUTRAL, "__PARA__L0": 0}, "cannot be the value of __PARA__L0"),
        ({**NEUTRAL, "__PIPE__L0": "fast"}, "cannot be the value of __PIPE__L0"),
        ({**NEUTRAL, "__PARA__L9": 1}, "__PARA__L9 is no site"),
        ({"__PARA__L0": 1}, "has no value for"),
    ]
    for point, problem in cases:
        with pytest.raises(PipelineError, match=problem) as caught:
            lower(matrix, point)
        assert "\n" not in str(caught.value)
