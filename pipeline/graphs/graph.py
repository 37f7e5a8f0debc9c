"""A program graph as a value, written and read as two Parquet tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import PipelineError
from pipeline.files import made_whole
from pipeline.graphs.schema import EDGES, NODES, VERSION, checked, metadata_of, read_table

NODES_FILE = "nodes.parquet"
EDGES_FILE = "edges.parquet"


@dataclass(frozen=True)
class ProgramGraph:
    """One kernel's graph: ``nodes`` and ``edges`` by the schemas of :mod:`pipeline.graphs.schema`.

    ``about`` says what it was made from: hash of the kernel's syntax tree, compiler, LLVM, passes.
    """

    kernel: str
    top: str
    nodes: pa.Table
    edges: pa.Table
    about: dict[str, str] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The nodes of one kind as rows, in order."""
        import pyarrow.compute as pc

        rows: list[dict[str, Any]] = self.nodes.filter(pc.equal(self.nodes["kind"], kind)).to_pylist()
        return rows

    def links(self, kind: str) -> list[dict[str, Any]]:
        """The edges of one kind as rows, in order."""
        import pyarrow.compute as pc

        rows: list[dict[str, Any]] = self.edges.filter(pc.equal(self.edges["kind"], kind)).to_pylist()
        return rows


def write_graph(folder: Path, graph: ProgramGraph) -> list[Path]:
    """Writes ``nodes.parquet`` and ``edges.parquet`` into a folder; each appears whole or not at all.

    The same graph gives the same bytes with the same version of pyarrow.
    """
    about = {"kernel": graph.kernel, "top": graph.top, "version": str(VERSION), **graph.about}
    paths = []
    for name, table, schema in ((NODES_FILE, graph.nodes, NODES), (EDGES_FILE, graph.edges, EDGES)):
        checked(table, schema, name)
        with_about = table.replace_schema_metadata({key: about[key] for key in sorted(about)})
        path = folder / name
        with made_whole(path) as aside:
            pq.write_table(with_about, aside, compression="zstd", row_group_size=1 << 20)
        paths.append(path)
    return paths


def read_graph(folder: Path) -> ProgramGraph:
    """The graph in a folder. Raises PipelineError where a table is absent, broken or of another version."""
    nodes = read_table(folder / NODES_FILE, NODES)
    edges = read_table(folder / EDGES_FILE, EDGES)
    about = metadata_of(nodes)
    if about.pop("version", None) != str(VERSION):
        raise PipelineError(
            f"not a graph of version {VERSION}", file=str(folder / NODES_FILE), fix="build the graph anew"
        )
    return ProgramGraph(
        about.pop("kernel", folder.name), about.pop("top", ""), nodes.replace_schema_metadata(),
        edges.replace_schema_metadata(), about,
    )  # fmt: skip
