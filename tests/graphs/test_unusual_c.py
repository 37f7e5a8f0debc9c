"""C that the suite does not have: it works, or is refused with the place and the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.harp import harp_graph
from pipeline.graphs.make import graph_of

Build = Callable[..., ProgramGraph]


def loops_of(graph: ProgramGraph) -> dict[int, dict[str, Any]]:
    """The loop on each line, with its header block's name."""
    names = graph.nodes["name"].to_pylist()
    header = {e["source"]: names[e["target"]] for e in graph.links("entry")}
    return {row["line"]: {**row, "header": header.get(row["id"])} for row in graph.of_kind("loop")}


def test_loops_of_every_kind_are_found_in_the_ir(build: Build) -> None:
    graph = build(
        """void top(int a[32], int n) {
    int i = 0;
    do { a[i]++; i += 2; } while (i < 32);
    while (1) { if (a[0] > 100) break; a[0]++; if (a[1] == 3) return; }
    for (;;) {
        for (;;) { if (a[n]++ > 5) break; }
        if (a[n] > 9) break;
    }
    for (unsigned char u = 250; u > 10; u -= 10) a[u & 7] = u;
    while (i--) a[i] = 0;
    for (i = 0; i < n * 2; i++) ;
    switch (n) { case 0: for (i = 3; i >= 0; i--) a[i] = n; break; case 5: a[0] = 1; default: a[1] = 2; }
}
"""
    )
    loops = loops_of(graph)
    assert sorted(loops) == [3, 4, 5, 6, 9, 10, 11, 12]
    assert all(loop["header"] and not loop["reason"] for loop in loops.values())
    assert [loops[line]["trip_count"] for line in (3, 9, 12)] == [16, 24, 4]
    assert loops[6]["loop"] == loops[5]["id"]
    harp_graph(graph)


def test_what_the_compiler_removed_is_said_not_lost(build: Build) -> None:
    graph = build(
        """static void never(int *a) { for (int i = 0; i < 4; i++) a[i] = i; }
void top(int a[8], int n) {
    int i, c = 0;
    do { a[3] = 1; } while (0);
    if (n > 3) goto inside;
    for (i = 0; i < n; i++) { a[i] = 1;
inside: a[i + 1] = 2; }
again:
    a[c] = c; c++;
    if (c < 6) goto again;
}
""",
        top="top",
    )
    loops = loops_of(graph)
    assert "nothing calls it" in loops[1]["reason"]
    assert "never repeats" in loops[4]["reason"]
    assert "goto enters" in loops[6]["reason"]
    by_goto = [row for row in graph.of_kind("loop") if row["role"] == "goto"]
    assert [(row["trip_count"], row["reason"]) for row in by_goto] == [(6, None)]
    harp_graph(graph)


def test_structs_pointers_and_calls_of_calls(build: Build) -> None:
    graph = build(
        """typedef struct { int w; float v[8]; double z; } rec;
static int less(int n) { if (n < 2) return n; return n - 1; }
static int fib(int n) { return less(n) + less(n - 1); }
static float total(const float *p, int n) { float s = 0; const float *e = p + n; while (p != e) s += *p++; return s; }
void top(rec r[16], float f[64], int m[4][5][6], int n) {
    int loc[2][3] = {{1, 2, 3}, {4, 5, 6}}, own[64];
    for (int k = 0; k < 16; k++) {
        r[k].w = fib(k);
        for (int q = 0; q < 8; q++) r[k].v[q] *= 2;
    }
    for (float *w = f; w < f + 60; w += 3) *w = loc[1][n];
    f[0] = total(f + 1, n);
    for (int x = 0; x < 4; x++) for (int y = 4; y >= 0; y--) for (int z = 1; z < 6; z += 2)
        m[x][y][z - 1] = m[3 - x][y][z] + m[x][0][5];
    for (int i = 0; i < n; i++) own[i] = n;
    f[1] = own[n - 1];
}
"""
    )
    names = graph.nodes["name"].to_pylist()
    found = {(names[e["target"]], e["mode"], e["text"]) for e in graph.links("access")}
    assert {
        ("r", "store", "[k]"), ("r", "load", "[byte 48*k + 4*q + 4]"), ("m", "store", "[x][y][z - 1]"),
        ("m", "load", "[-x + 3][y][z]"), ("m", "load", "[x][0][5]"), ("p", "load", "[iteration]"),
        ("loc", "load", "[1][n]"), ("own", "store", "[i]"), ("own", "load", "[n - 1]"), ("f", "store", "[3*iteration]"),
    } <= found  # fmt: skip
    step = {names[e["target"]]: e for e in graph.links("index") if e["dim"] == 2}
    assert {name: edge["coefficient"] for name, edge in step.items()} == {"top/loop_5": 2}
    assert ("f", "p") in {(names[e["source"]], names[e["target"]]) for e in graph.links("binding")}
    calls = {(graph.nodes["function"][e["source"]].as_py(), names[e["target"]]) for e in graph.links("call")}
    assert {("fib", "less"), ("top", "fib"), ("top", "total")} <= calls


def test_loops_made_by_macros_and_headers_keep_their_own_ir_loops(build: Build, tmp_path: Path) -> None:
    (tmp_path / "inc.h").write_text(
        "static int helper(int *a) { int s = 0; for (int i = 0; i < 10; i++) s += a[i]; return s; }\n"
    )
    graph = build(
        '#include "inc.h"\n'
        "#define FILL(a) for (int q = 0; q < 5; q++) a[q] = q; for (int r = 0; r < 6; r++) a[r] += r;\n"
        "void top(int a[64]) {\n    FILL(a) FILL(a)\n"
        "\t/* \u00e9 */ for (int t = 0; t < 3; t++) for (int s = 0; s < 7; s++) a[t * 7 + s]++;\n"
        '#line 100 "other.c"\n    for (int k = 0; k < 2; k++) a[k] = helper(a);\n}\n'
    )
    rows = graph.of_kind("loop")
    assert [row["trip_count"] for row in rows] == [10, 5, 6, 5, 6, 3, 7, 2]
    header = {e["source"]: e["target"] for e in graph.links("entry")}
    assert len({header[row["id"]] for row in rows}) == 8


def test_an_object_wider_than_any_column_is_a_graph_too(build: Build) -> None:
    graph = build("struct big { float x[100000000]; } all; void f(int i) { all.x[i] = 1; }")
    assert "all" in {row["name"] for row in graph.of_kind("variable") + graph.of_kind("array")}


def test_a_kernel_without_loops_is_a_graph_too(build: Build) -> None:
    graph = build("void top(int *a) { (void)a; }\n")
    assert graph.of_kind("loop") == [] and len(graph.of_kind("block")) == 1
    assert harp_graph(graph).scope.shape == (0,)


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ('#include "absent.h"\nvoid top(int a[4]) { a[0] = 1; }\n', 1, "absent.h"),
        ("void top(int a[4]) {\n    for (int i = 0; i < 4; i++)\n        a[i] = nowhere;\n}\n", 3, "nowhere"),
        ("void top(int a[4]) {\n    a[0] = ;\n}\n", 2, ""),
    ],
)
def test_a_refusal_names_file_line_and_reason(build: Build, source: str, line: int, reason: str) -> None:
    with pytest.raises(PipelineError) as caught:
        build(source)
    text = str(caught.value)
    assert text.count("\n") == 0 and f"kernel.c:{line}" in text and reason in text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("gone.c", "gone.cpp"):
        with pytest.raises(PipelineError, match=name):
            graph_of(tmp_path / name)
