"""A kernel's program graph: tables and a page to look at."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.project import NO_FLAGS
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.kernel_options import KERNEL, KernelOptions
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, write_json

if TYPE_CHECKING:
    from pipeline.kernels import Kernel


class BuildGraph(KernelOptions, PipelineTask):
    """Builds the program graph of a kernel from its syntax tree and LLVM IR: two tables and a page."""

    example = "--kernel mine.c"

    kernel = luigi.Parameter(description=KERNEL)

    @cached_property
    def source(self) -> tuple[str, str]:
        """The kernel's name and a hash of its text with all headers that it may include."""
        from pipeline.kernels.source_places import source_files

        name = self.found.name
        flags = self.found.project.flags if self.found.project is not None else NO_FLAGS
        texts = source_files(self.found)
        digest = hashlib.sha256("\0".join(flags.reading).encode())
        for file_name, text in texts.items():
            digest.update(f"{Path(file_name).name} {hashlib.sha256(text.encode()).hexdigest()}\n".encode())
        return name, digest.hexdigest()

    @property
    def found(self) -> Kernel:
        """The kernel, of a C file."""
        from pipeline.tasks.plan import kernel_of

        return kernel_of(self.kernel, self.reading)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The text, as lines enter the tables, the compiler and the version of the tables."""
        from pipeline.graphs.schema import VERSION
        from pipeline.project.compiler import find_compiler
        from pipeline.project.ir import ir_digest

        return {
            **super().identity,
            "compiler": ir_digest(find_compiler()),
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

        kernel = self.found
        graph = graph_of(kernel, cache=self.folder / "ir")
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
