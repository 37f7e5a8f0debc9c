"""Features, index maps and HARP's form as arrays."""

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
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.harp import FEATURES, FLOWS, POSITIONS, harp_graph
from pipeline.graphs.maps import graph_maps, map_sites, own_sites, plain_vitis_sites
from pipeline.kernels.model import Kernel

Suite = dict[str, tuple[Kernel, ProgramGraph]]


def _with(graph: ProgramGraph, columns: dict[str, pa.Array]) -> ProgramGraph:
    nodes = graph.nodes
    for name, column in columns.items():
        nodes = nodes.set_column(nodes.schema.get_field_index(name), nodes.schema.field(name), column)
    return ProgramGraph("other", graph.top, nodes, graph.edges)


def test_words_that_no_kernel_of_the_suite_has_are_unknown_not_refused(suite: Suite) -> None:
    graph = suite["aes"][1]
    novel = {
        name: pa.array([None if word is None else "novel" for word in graph.nodes[name].to_pylist()], pa.string())
        for name in ("opcode", "type", "role", "direction", "site_kind", "dialect", "detail")
    }
    known, strange = harp_graph(graph), harp_graph(_with(graph, novel))
    unknown = [place for place, name in enumerate(FEATURES) if name.endswith(v.UNKNOWN)]
    assert unknown and strange.x[:, unknown].sum() > known.x[:, unknown].sum()
    assert (strange.x[:, 5:-5].sum(1) == 1).all() and np.isfinite(strange.x).all()


def test_names_do_not_reach_the_features(suite: Suite) -> None:
    graph = suite["gemm-ncubed"][1]
    # Sites keep theirs, which say in what order they stand.
    renamed = {
        column: pa.array(
            [
                row[column] if row["kind"] == "site" else f"x{place}"
                for place, row in enumerate(graph.nodes.to_pylist())
            ],
            pa.string(),
        )
        for column in ("name", "text")
    }
    own, other = harp_graph(graph), harp_graph(_with(graph, renamed))
    assert np.array_equal(own.x, other.x) and np.array_equal(own.edge_index, other.edge_index)


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


def test_the_tables_need_no_torch() -> None:
    script = (
        "import sys\nfrom pipeline.graphs.make import graph_of\n"
        "from pipeline.graphs.harp import harp_graph\n"
        "g = graph_of('atax'); harp_graph(g)\nassert 'torch' not in sys.modules\n"
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
