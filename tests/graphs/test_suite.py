"""The suite's graphs against the published facts on the kernels, and the two views against each other."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.induction import InductionAnalysis
from pipeline.graphs.ir import read_ir
from pipeline.graphs.layout import DataLayout
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import ALIASES
from pipeline.project.ir import compile_to_ir
from tests.shared_data import shared

Suite = dict[str, tuple[Kernel, ProgramGraph]]

LARGER_ARRAYS = {("stencil-3d", "sol"): [39304]}
"""The published size is written out of bounds, so the suite's kernel has a larger one."""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("facts", "kernels.json").read_text())
    return {ALIASES.get(name, name): entry for name, entry in found.items() if entry["language"] == "C"}


def test_a_kernel_whose_graph_lost_a_loop_site_or_array_would_be_learned_wrongly(suite: Suite, facts: Any) -> None:
    assert sorted(suite) == sorted(facts)
    total: Counter[str] = Counter()
    for name, entry in facts.items():
        kernel, graph = suite[name]
        loops = graph.of_kind("loop")
        assert Counter(row["function"] for row in loops) == Counter(loop["function"] for loop in entry["loops"]), name
        published = Counter(site["placeholder"] for loop in entry["loops"] for site in loop["sites"])
        assert Counter(row["name"] for row in graph.of_kind("site")) == published, name
        dims = {
            row["name"]: row["dims"]
            for row in graph.of_kind("array")
            if row["function"] == kernel.top and row["role"] == "argument"
        }
        for argument in entry["args"]:
            if argument["dims"]:
                expected = LARGER_ARRAYS.get((name, argument["name"]), argument["dims"])
                assert dims[argument["name"]] == expected, f"{name} {argument['name']}"
        total.update(loops=len(loops), sites=sum(published.values()))
    assert total == {"loops": 192, "sites": 346}


def test_every_site_hangs_on_one_loop_and_that_on_one_loop_of_the_ir(suite: Suite) -> None:
    for name, (kernel, graph) in suite.items():
        names = {row["id"]: row["name"] for row in graph.of_kind("loop")}
        blocks = {row["id"]: row for row in graph.of_kind("block")}
        assert {row["name"] for row in graph.of_kind("loop")} == {loop.id for loop in kernel.loops}, name
        headers = {e["source"]: e["target"] for e in graph.links("entry") if e["source"] in names}
        assert sorted(headers) == sorted(names) and len(set(headers.values())) == len(names), name
        for loop, header in headers.items():
            assert "header" in blocks[header]["role"] and blocks[header]["loop"] == loop
            assert any("latch" in b["role"] and b["loop"] == loop for b in blocks.values())
        hung = Counter(e["source"] for e in graph.links("site"))
        sites = graph.of_kind("site")
        assert hung == dict.fromkeys((row["id"] for row in sites), 1), name
        target = {e["source"]: names[e["target"]] for e in graph.links("site")}
        assert {row["name"]: target[row["id"]] for row in sites} == {site.name: site.loop for site in kernel.sites}


def test_the_nest_of_the_ir_is_that_of_the_source(suite: Suite) -> None:
    for name, (_, graph) in suite.items():
        loop_of = {row["id"]: row["loop"] for row in graph.nodes.to_pylist() if row["kind"] in ("loop", "block")}
        names = {row["id"] for row in graph.of_kind("loop")}
        header_of = {e["source"]: e["target"] for e in graph.links("entry") if e["source"] in names}
        up = {e["source"]: e["target"] for e in graph.links("header")}
        for loop, header in header_of.items():
            above = up.get(header)
            assert (None if above is None else loop_of[above]) == loop_of[loop], name


def test_trip_counts_that_the_ir_computes_are_those_of_the_syntax_tree(suite: Suite) -> None:
    compared = 0
    for name, (kernel, _) in suite.items():
        module = read_ir(compile_to_ir(kernel.source, file=kernel.file))
        at = {(loop.function, loop.line, loop.column): loop for loop in kernel.loops}
        for function in module.functions:
            analysis = InductionAnalysis(function, DataLayout(module.structs))
            for number, ir_loop in enumerate(function.loops):
                loop = at[function.source_name, ir_loop.line, ir_loop.column]
                trip = analysis.trip_at(number, loop.keyword)
                assert (trip.count, trip.least, trip.most) == (loop.trip_count, loop.trip_min, loop.trip_max), (
                    f"{name} {loop.id}"
                )
                compared += 1
    assert compared == 192


def test_every_block_has_its_node_members_successors_and_way_up(suite: Suite) -> None:
    for name, (_, graph) in suite.items():
        nodes = graph.nodes.to_pylist()
        blocks = {row["id"] for row in nodes if row["kind"] == "block"}
        members = Counter(e["target"] for e in graph.links("member"))
        owned = {row["id"] for row in nodes if row["kind"] in ("instruction", "constant") or row["role"] == "result"}
        assert members == dict.fromkeys(owned, 1), name
        assert all(nodes[e["target"]]["block"] == e["source"] for e in graph.links("member"))
        within = Counter(e["source"] for e in graph.links("within"))
        assert all(within[block] == 1 for block in blocks)
        for block in blocks:
            exits = "exit" in nodes[block]["role"]
            assert exits == (not any(e["source"] == block for e in graph.links("successor")))


def test_a_load_or_store_without_its_array_hides_memory_ports_from_the_model(suite: Suite) -> None:
    loads = accesses = affine = 0
    for _, graph in suite.values():
        loads += sum(row["opcode"] in ("load", "store") for row in graph.of_kind("instruction"))
        found = graph.links("access")
        accesses += len(found)
        affine += sum(e["affine"] for e in found)
        assert all(e["text"] is not None for e in found if e["affine"])
    # Two go to a scalar of aes whose address is taken. What is not affine reads through another array.
    assert (loads, accesses, affine) == (563, 561, 547)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gemm-ncubed", {"load m1 [64*i + k]", "load m2 [j + 64*k]", "store prod [64*i + j]"}),
        ("doitgen", {"load A [r][q][s]", "load C4 [s][p]", "load sum [p]", "store sum [p]", "store A [r][q][p]"}),
        ("spmv-crs", {"load rowDelimiters [i]", "load rowDelimiters [i + 1]", "load val [j]", "load cols [j]",
                      "load vec None", "store out [i]"}),
    ],
)  # fmt: skip
def test_an_index_reads_as_in_the_source(suite: Suite, name: str, expected: set[str]) -> None:
    graph = suite[name][1]
    names = graph.nodes["name"].to_pylist()
    found = {f"{e['mode']} {names[e['target']]} {e['text']}" for e in graph.links("access")}
    assert found >= expected


def test_no_pragma_value_and_no_path_is_in_the_graph(suite: Suite) -> None:
    for kernel, graph in suite.values():
        for name in ("name", "text", "detail", "type"):
            for text in graph.nodes[name].to_pylist():
                assert text is None or ("auto{" not in text and "/tmp" not in text and kernel.file not in text)
