"""Graphs of C++ kernels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.harp import harp_graph
from pipeline.graphs.maps import own_sites
from pipeline.project import parse_flags

Build = Callable[..., ProgramGraph]

SOURCE = """#include <cmath>
#include <cstring>
template <typename T> static T dot(const T *a, const T *b, int n) {
    T s = 0;
    for (int i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}
#pragma ACCEL kernel
void vmmv(float A[64][64], float x[64], float y[64]) {
    float buf[64];
    memcpy(buf, x, sizeof(buf));
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
L0: for (int i = 0; i < 64; i++) {
        float s = 0;
#pragma ACCEL PARALLEL reduction=s FACTOR=auto{__PARA__L1}
        for (int j = 0; j < 32; j++) s += A[i][j] * buf[j];
        y[i] = s + std::sqrt(dot(x, x, 64));
    }
}
"""


def test_a_cpp_kernel_gets_loops_sites_and_arrays(build: Build) -> None:
    graph = build(SOURCE, "vmmv.cpp")
    assert graph.top == "vmmv"
    loops = {row["name"]: row for row in graph.of_kind("loop")}
    assert {name: row["trip_count"] for name, row in loops.items()} == {
        "dot<float>/loop_0": 64, "vmmv/loop_0": 64, "vmmv/loop_1": 32,
    }  # fmt: skip
    assert loops["vmmv/loop_1"]["loop"] == loops["vmmv/loop_0"]["id"]
    sites = own_sites(graph)
    assert dict(zip(sites.names, sites.kinds, strict=True)) == {
        "__PARA__L0": "PARALLEL", "__PARA__L1": "PARALLEL", "__PIPE__L0": "PIPELINE",
    }  # fmt: skip
    assert (sites.header >= 0).all()
    arrays = {(row["function"], row["name"]): row["dims"] for row in graph.of_kind("array")}
    assert arrays["vmmv", "buf"] == [64] and ("vmmv", "A") in arrays and ("vmmv", "x") in arrays
    harp_graph(graph)


def test_an_older_standard_of_the_project_reads_as_the_headers_need(build: Build) -> None:
    source = """#include "ap_int.h"
    void top(ap_int<9> x[8]) { for (int i = 0; i < 8; i++) x[i] += 1; }
    """
    graph = build(source, "top.cpp", flags=parse_flags("-std=c++11"))
    assert [row["trip_count"] for row in graph.of_kind("loop")] == [8]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("void f(int *a) {\n    a[0] = nowhere;\n}\n", "nowhere"),
        ("#include <not_there.h>\nvoid f(int *a) { a[0] = 1; }\n", "not_there.h"),
        ("void f(int *a) { a[0] = 1; }\n#pragma ACCEL PIPELINE auto{__PIPE__L0}\n", "stands on no loop"),
    ],
)
def test_cpp_that_cannot_be_read_is_refused_with_the_place(build: Build, source: str, reason: str) -> None:
    with pytest.raises(PipelineError, match=reason) as caught:
        build(source, "bad.cpp")
    assert "bad.cpp:" in str(caught.value)
