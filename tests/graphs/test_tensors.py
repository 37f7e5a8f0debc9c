"""Features, index maps, HARP's form and tensors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from pipeline.errors import PipelineError
from pipeline.graphs import vocabulary as v
from pipeline.graphs.features import EDGE_COLUMNS, columns_of, featurise
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.harp import FEATURES, FLOWS, POSITIONS, harp_graph
from pipeline.graphs.maps import graph_maps, map_sites, own_sites, plain_vitis_sites
from pipeline.graphs.schema import NODE_KINDS
from pipeline.graphs.tensors import to_hetero_data
from pipeline.kernels.model import Kernel

Suite = dict[str, tuple[Kernel, ProgramGraph]]


def test_features_are_finite_named_and_know_the_suites_words(suite: Suite) -> None:
    for name, (_, graph) in suite.items():
        arrays = featurise(graph)
        assert set(arrays.nodes) == set(NODE_KINDS)
        for kind, matrix in arrays.nodes.items():
            columns = columns_of(kind)
            assert matrix.shape[1] == len(columns) == len(set(columns)) and np.isfinite(matrix).all()
            unknown = [c for i, c in enumerate(columns) if c.endswith("_unknown") and matrix[:, i].any()]
            # The context struct of aes has no word of its own.
            assert unknown == (["type_unknown"] if (name, kind) == ("aes", "array") else []), f"{name} {kind}"
        edges = 0
        for (source, _, target), index in arrays.edges.items():
            assert index[0].max() < len(arrays.nodes[source]) and index[1].max() < len(arrays.nodes[target])
            assert index.min() >= 0
            edges += index.shape[1]
        assert edges == graph.edges.num_rows
        assert all(m.shape[1] == len(EDGE_COLUMNS) and np.isfinite(m).all() for m in arrays.edge_features.values())


def test_a_new_kernel_with_unknown_words_is_featurised(suite: Suite) -> None:
    graph = suite["aes"][1]
    nodes = graph.nodes
    for name in ("opcode", "type", "role", "direction", "site_kind", "dialect", "detail"):
        place = nodes.schema.get_field_index(name)
        words = [None if word is None else "novel" for word in nodes[name].to_pylist()]
        nodes = nodes.set_column(place, nodes.schema.field(name), pa.array(words, pa.string()))
    strange = ProgramGraph(graph.kernel, graph.top, nodes, graph.edges)
    arrays = featurise(strange)
    instruction = columns_of("instruction")
    assert arrays.nodes["instruction"][:, instruction.index("opcode_unknown")].all()
    assert arrays.nodes["instruction"][:, instruction.index("type_unknown")].all()
    harp_graph(strange)


def test_names_do_not_reach_the_features(suite: Suite) -> None:
    graph = suite["gemm-ncubed"][1]
    nodes = graph.nodes
    for name in ("name", "text"):
        column = pa.array([f"x{i}" for i in range(nodes.num_rows)], pa.string())
        nodes = nodes.set_column(nodes.schema.get_field_index(name), nodes.schema.field(name), column)
    own, other = featurise(graph), featurise(ProgramGraph("other", "other", nodes, graph.edges))
    assert all(np.array_equal(own.nodes[kind], other.nodes[kind]) for kind in NODE_KINDS)


def test_maps_say_which_blocks_a_site_acts_on(suite: Suite) -> None:
    for kernel, graph in suite.values():
        maps = graph_maps(graph)
        assert maps.loops == tuple(loop.id for loop in kernel.loops)
        own = own_sites(graph, maps)
        assert own.names == tuple(site.name for site in kernel.sites) and (own.header >= 0).all()
        for site, (loop, header) in enumerate(zip(own.loop, own.header, strict=True)):
            blocks = set(own.blocks[1][own.blocks[0] == site])
            assert header in blocks and blocks == set(maps.loop_blocks[1][maps.loop_blocks[0] == loop])
            assert all(_within(int(maps.block_loop[block]), int(loop), maps.loop_parent) for block in blocks)
        counts = [len(pairs[0]) for pairs in maps.members.values()]
        assert sum(counts) == len(graph.links("member"))


def _within(inner: int, loop: int, parent: npt.NDArray[np.int64]) -> bool:
    while inner >= 0 and inner != loop:
        inner = int(parent[inner])
    return inner == loop


def test_a_plain_vitis_site_may_sit_on_a_loop_that_merlin_leaves_alone(suite: Suite) -> None:
    graph = suite["aes"][1]
    maps = graph_maps(graph)
    plain = plain_vitis_sites(graph, ["__PARA__L4", "__PIPE__L5", "__PARA__L0"], maps)
    loops = dict(zip(plain.names, (maps.loops[i] for i in plain.loop), strict=True))
    # While loops are not counted, helpers are.
    assert loops == {
        "__PARA__L0": "aes_expandEncKey_1/loop_0", "__PARA__L4": "aes256_encrypt_ecb/loop_1",
        "__PIPE__L5": "aes256_encrypt_ecb/loop_2",
    }  # fmt: skip
    assert (plain.header >= 0).all() and plain.dialect == "vitis-plain"
    given = map_sites(graph, "other", {"S": ("PIPELINE", "aes256_encrypt_ecb/loop_0")}, maps)
    assert given.loop.tolist() == [maps.loops.index("aes256_encrypt_ecb/loop_0")]
    for wrong in ("__PARA__L6", "__TILE__L0", "L0"):
        with pytest.raises(PipelineError, match=wrong):
            plain_vitis_sites(graph, [wrong])
    with pytest.raises(PipelineError, match="aes/loop_9"):
        map_sites(graph, "other", {"S": ("PIPELINE", "aes/loop_9")})


def test_harps_form_has_its_kinds_flows_and_scope(suite: Suite) -> None:
    for _, graph in suite.values():
        maps = graph_maps(graph)
        for sites in (own_sites(graph, maps), plain_vitis_sites(graph, None, maps)):
            harp = harp_graph(graph, sites, maps=maps)
            count = len(harp.x)
            assert harp.x.shape == (count, len(FEATURES)) and harp.edge_index.max() < count
            assert np.array_equal(harp.x[:, :5].argmax(1), harp.node_type)
            assert (harp.x[:, 5:-5].sum(1) == 1).all()
            assert harp.edge_class.max() < len(FLOWS) * POSITIONS
            assert (harp.node_type[harp.pragma_nodes] == 3).all() and (harp.node_type[harp.scope] == 4).all()
            assert len(harp.pragma_nodes) == len(sites.names) and len(harp.pseudo_of_block) == len(maps.block_loop)
            # The pseudo nodes next to a pragma node are its scope, and no others.
            for node, scope in zip(harp.pragma_nodes, harp.scope, strict=True):
                near = harp.edge_index[1][harp.edge_index[0] == node]
                assert [n for n in near if harp.node_type[n] == 4] == [scope]
            for flow in (3, 4, 5, 6):
                pairs = harp.edge_index[:, harp.flow == flow].T.tolist()
                assert sorted(pairs) == sorted([b, a] for a, b in pairs)
            nested = int((maps.loop_parent >= 0).sum())
            assert int((harp.flow == 6).sum()) == 2 * nested


def test_tensors_hold_the_arrays_and_the_maps(suite: Suite) -> None:
    import torch

    graph = suite["gemm-ncubed"][1]
    both = {"merlin": own_sites(graph), "vitis-plain": plain_vitis_sites(graph)}
    data = to_hetero_data(graph, both)
    data.validate()
    assert set(data.node_types) == set(NODE_KINDS) and data.num_edges == graph.edges.num_rows
    assert data["instruction"].x.dtype == torch.float32
    assert data.site_maps["merlin"]["header"].tolist() == own_sites(graph).header.tolist()
    assert data.site_maps["vitis-plain"]["names"] == both["vitis-plain"].names
    assert data.block_instructions.shape == (2, data["instruction"].num_nodes)


def test_the_tables_need_no_torch() -> None:
    script = (
        "import sys\nfrom pipeline.graphs.make import graph_of\nfrom pipeline.graphs.features import featurise\n"
        "from pipeline.graphs.harp import harp_graph\nimport pipeline.graphs.tensors\n"
        "g = graph_of('atax'); featurise(g); harp_graph(g)\nassert 'torch' not in sys.modules\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root)


@pytest.mark.parametrize(
    ("name", "bits", "expected"),
    [
        ("i32", 32, "i32"), ("i24", 24, "integer"), ("double", 64, "double"), ("ptr", 64, "ptr"),
        ("[4 x i8]", 32, "array"),
        ("{ i32 }", 32, "struct"), ("<4 x float>", 128, "vector"), ("unsigned char", 8, "i8"), ("uint16_t", 16, "i16"),
        ("aes256_context", 768, "unknown"), (None, None, "unknown"), ("x86_fp80", 128, "real"),
        ("long double", 128, "real"),
        ("intrinsic_t", 32, "unknown"),
    ],
)  # fmt: skip
def test_types_fall_into_their_classes(name: str | None, bits: int | None, expected: str) -> None:
    assert v.type_class(name, bits) == expected


def test_callees_fall_into_their_families() -> None:
    names = ["llvm.memcpy.p0.p0.i64", "sqrtf", "llvm.fmuladd.f64", "llvm.smax.i32", "expl", "printf", "log10", "fabs"]
    families = ["memcpy", "sqrt", "fma", "max", "exp", "unknown", "log", "fabs"]
    assert [v.callee_class(name, False) for name in names] == families
    assert v.callee_class("anything", True) == "defined"
    assert [v.predicate_class(p) for p in ("slt", "ult", "oeq", "ne", "une", "true", "odd", None)] == [
        "lt", "lt", "eq", "ne", "ne", "always", "unknown", "unknown",
    ]  # fmt: skip
