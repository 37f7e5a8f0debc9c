"""The tables on disk: checked when written and when read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph, read_graph, write_graph
from pipeline.graphs.schema import EDGE_KINDS, EDGES, NODE_KINDS, NODES

Build = Callable[..., ProgramGraph]
SOURCE = "void top(int a[4]) { for (int i = 0; i < 4; i++) a[i] = i; }\n"


def test_a_graph_read_back_is_the_graph_that_was_written(build: Build, tmp_path: Path) -> None:
    graph = build(SOURCE)
    write_graph(tmp_path / "out", graph)
    again = read_graph(tmp_path / "out")
    assert again.nodes.equals(graph.nodes) and again.edges.equals(graph.edges)
    assert (again.kernel, again.top, again.about) == (graph.kernel, graph.top, graph.about)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["edges.parquet", "nodes.parquet"]


def test_ids_are_rows_and_kinds_are_the_documented_ones(build: Build) -> None:
    graph = build(SOURCE)
    assert graph.nodes.schema.equals(NODES) and graph.edges.schema.equals(EDGES)
    assert graph.nodes["id"].to_pylist() == list(range(graph.nodes.num_rows))
    kinds = graph.nodes["kind"].to_pylist()
    assert set(kinds) <= set(NODE_KINDS) and kinds == sorted(kinds, key=NODE_KINDS.index)
    assert set(graph.edges["kind"].to_pylist()) <= set(EDGE_KINDS)
    for end in ("source", "target"):
        assert all(0 <= node < graph.nodes.num_rows for node in graph.edges[end].to_pylist())


def test_a_broken_or_foreign_table_is_refused_by_name(build: Build, tmp_path: Path) -> None:
    write_graph(tmp_path, build(SOURCE))
    nodes = tmp_path / "nodes.parquet"
    whole = nodes.read_bytes()
    for content in (b"", b"PAR1 no", whole[: len(whole) // 2]):
        nodes.write_bytes(content)
        with pytest.raises(PipelineError, match=r"nodes\.parquet"):
            read_graph(tmp_path)
    pq.write_table(pa.table({"id": [1]}), nodes)
    with pytest.raises(PipelineError, match="columns"):
        read_graph(tmp_path)
    nodes.unlink()
    with pytest.raises(PipelineError, match="no such file"):
        read_graph(tmp_path)
