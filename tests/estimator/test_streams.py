"""Streams, dataflow over streams and the library's types in an estimate."""

from __future__ import annotations

import pytest

from pipeline.errors import PipelineError
from pipeline.estimator import prepare
from pipeline.estimator.library_calls import library_call
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_LOOP = """#include "hls_stream.h"
void top(hls::stream<int> &in, hls::stream<int> &out, hls::stream<int> more[4]) {
    for (int i = 0; i < 64; i++) {
#pragma HLS pipeline II=1
        BODY
    }
}
"""
_STAGES = """#include "hls_stream.h"
static void first(const int a[256], hls::stream<int> &s) {
    for (int i = 0; i < 256; i++) {
#pragma HLS pipeline
        s.write(a[i]);
    }
}
static void second(hls::stream<int> &s, int b[256]) {
    for (int i = 0; i < 256; i++) {
#pragma HLS pipeline
        b[i] = s.read() * 3;
    }
}
void top(const int a[256], int b[256]) {
    FLOW
    hls::stream<int> s;
    first(a, s);
    second(s, b);
}
"""
_VECTOR = """#include "hls_vector.h"
void top(const hls::vector<float, N> a[16], const hls::vector<float, N> b[16], hls::vector<float, N> c[16]) {
    for (int i = 0; i < 16; i++) c[i] = a[i] OP b[i];
}
"""


def _report(source: str) -> Report:
    return prepare(read_kernel(source, name="top", file="top.cpp")).estimate({})


@pytest.mark.parametrize(
    ("body", "interval"),
    [
        ("out.write(in.read());", 1),
        ("int x = in.read(); int y = in.read(); out.write(x + y);", 2),
        ("int x; in >> x; out << x; out << -x; out << 2 * x;", 3),
        ("if (!in.empty()) out.write(in.read());", 1),
        ("for (int k = 0; k < 4; k++) out.write(more[k].read());", 4),
        ("int s = 0; for (int k = 0; k < 4; k++) s += more[k].read(); out.write(s);", 1),
    ],
)
def test_a_stream_takes_one_access_a_cycle_in_each_direction(body: str, interval: int) -> None:
    report = _report(_LOOP.replace("BODY", body))
    assert report.loops[0].initiation_interval.exact == interval


def test_stages_that_a_stream_joins_take_the_slowest_and_the_fill() -> None:
    one_by_one = _report(_STAGES.replace("FLOW", "")).latency.worst
    flowing = _report(_STAGES.replace("FLOW", "#pragma HLS dataflow")).latency.worst
    assert one_by_one is not None and flowing is not None
    assert 256 <= flowing < 0.6 * one_by_one


def test_an_operation_of_vectors_is_one_for_each_number() -> None:
    four, eight = (_report(_VECTOR.replace("N", n).replace("OP", "*")) for n in ("4", "8"))
    assert four.latency.worst == eight.latency.worst
    assert four.used.dsp and eight.used.dsp == 2 * four.used.dsp
    for sign in ("==", "!=", "<", "<=", ">", ">="):
        compared = library_call(f"hls::vector<float,4>::operator{sign}")
        assert compared is not None and compared.operations == (("cmp", 4),)


def test_what_is_a_core_of_the_tool_has_no_price_and_is_named() -> None:
    assert library_call("fft") is None and library_call("hls::FIR<config>::run") is None
    source = """#include "hls_array_partition.h"
float top(float a[8], size_t i) {
    auto v = hls::gather<float, 2>(a, {i, i + 1});
    return v[0];
}
"""
    with pytest.raises(PipelineError, match=r"top.cpp:3:.*gather"):
        _report(source)


_LIBRARY = """#include <algorithm>
#include <cmath>
NAMESAKE
void top(float a[64], float b[64], int n[64]) {
    std::fill(a, a + 64, WITH);
    std::copy(a, a + 64, b);
    b[0] = std::sqrt(b[1]);
}
"""


def test_what_the_library_does_costs_the_same_beside_a_function_of_its_name() -> None:
    namesake = "static void fill(int *a, int *b, int n) { for (int i = 0; i < n; i++) a[i] = b[i]; }\n"
    namesake += "static float sqrt(int a, int b) { return a * b; } static void copy(int *a) { a[0] = 1; }"
    plain, beside = (_report(_LIBRARY.replace("NAMESAKE", text).replace("WITH", "3")) for text in ("", namesake))
    zeros = _report(_LIBRARY.replace("NAMESAKE", "").replace("WITH", "0"))
    assert plain.latency.worst == beside.latency.worst == zeros.latency.worst
    assert plain.latency.worst is not None and plain.latency.worst >= 2 * 64


def test_an_algorithm_that_is_a_loop_costs_what_the_loop_does() -> None:
    head = "#include <algorithm>\n#include <numeric>\nint top(int a[64], int b[64]) {\n    int s = 0;\n"
    written = (
        "    for (int i = 0; i < 64; i++) b[i] = a[i] + 3;\n    for (int i = 0; i < 64; i++) s = s + b[i];\n"
        "    return s;\n}\n"
    )
    called = (
        "    std::transform(a, a + 64, b, [](int x) { return x + 3; });\n    s = std::accumulate(b, b + 64, 0);\n"
        "    return s;\n}\n"
    )
    loops, library = _report(head + written), _report(head + called)
    assert loops.latency.worst is not None and library.latency.worst is not None
    assert 0 <= library.latency.worst - loops.latency.worst <= 2, "a variable more"


def test_an_algorithm_without_a_cost_is_named_with_its_place() -> None:
    source = "#include <algorithm>\nvoid top(int a[8]) {\n    a[0] = 1;\n    std::sort(a, a + 8);\n}\n"
    with pytest.raises(PipelineError, match=r"top.cpp:4:5: the cost of calling 'std::sort' is not known; write it"):
        _report(source)
