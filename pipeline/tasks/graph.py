"""A kernel's program graph: tables and a page to look at."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, write_json


class BuildGraph(PipelineTask):
    """Builds the program graph of a kernel from its syntax tree and LLVM IR: two tables and a page."""

    kernel = luigi.Parameter(description="a name of the suite, or a path to a C or C++ file")
    top = luigi.Parameter(default="", description="top function, where the file leaves it open")

    @cached_property
    def source(self) -> tuple[str, str]:
        """The kernel's name and a hash of its text with all headers that it may include."""
        from pipeline.graphs.cache import headers_of
        from pipeline.graphs.ir_view import CPP_SUFFIXES
        from pipeline.kernels.read import check_name
        from pipeline.tasks.plan import kernel_of

        if str(self.kernel).lower().endswith(CPP_SUFFIXES):
            file = Path(self.kernel)
            try:
                text = file.read_bytes()
            except OSError as error:
                raise PipelineError(
                    f"cannot be read: {error.strerror or error}", file=str(file), fix="check the path and its rights"
                ) from None
            name = check_name(file.stem, str(file))
        else:
            kernel = kernel_of(self.kernel, self.top)
            file, text, name = Path(kernel.file), kernel.source.encode(), kernel.name
        digest = hashlib.sha256(hashlib.sha256(text).digest())
        for header, content in headers_of(text, [file.parent]) or ():
            digest.update(f"{header} {hashlib.sha256(content).hexdigest()}\n".encode())
        return name, digest.hexdigest()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The text, as lines enter the tables, the compiler and the version of the tables."""
        from pipeline.graphs.schema import VERSION
        from pipeline.project.compiler import find_compiler

        return {
            **super().identity,
            "compiler": find_compiler().digest,
            "schema": VERSION,
            "seed": 0,
            "source": self.source[1],
            "top": self.top,
        }

    @property
    def page(self) -> Path:
        """The graph, to look at."""
        place: Path = self.output().path
        return place / "page.html"

    def output(self) -> FolderTarget:
        """``graphs/KERNEL/HASH/`` with ``nodes.parquet``, ``edges.parquet`` and ``page.html``."""
        return FolderTarget(self.folder / "graphs" / self.source[0] / self.digest)

    def run(self) -> None:
        """Compiles, joins and writes."""
        from pipeline.graphs.graph import write_graph
        from pipeline.graphs.make import graph_of
        from pipeline.present.graph_page import write_graph_page

        graph = graph_of(self.kernel, cache=self.folder / "ir", top=self.top or None)
        with self.output().write() as folder:
            write_graph(folder, graph)
            write_graph_page(folder / "page.html", graph.nodes, graph.edges, title=self.source[0])
            write_json(folder / "provenance.json", {**self.identity, **graph.about, "kernel": self.source[0]})
        self.report_page()

    def summarise(self) -> None:
        """Says what the graph holds and where it is."""
        from collections import Counter

        from pipeline.graphs.graph import read_graph

        place = self.output().path
        graph = read_graph(place)
        kinds = Counter(graph.nodes.column("kind").to_pylist())
        held = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        say(f"{graph.kernel}: {graph.nodes.num_rows:,} nodes ({held}), {graph.edges.num_rows:,} edges")
        say(f"Tables in {place}: nodes.parquet edges.parquet")
