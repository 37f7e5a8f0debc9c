"""The suite's graphs, built once for all tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.make import graph_of
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import find_kernel, suite_names
from pipeline.project import NO_FLAGS, Flags


@pytest.fixture(scope="session")
def suite() -> dict[str, tuple[Kernel, ProgramGraph]]:
    """Every kernel of the suite with its graph."""
    kernels = {name: find_kernel(name) for name in suite_names()}
    return {name: (kernel, graph_of(kernel)) for name, kernel in kernels.items()}


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., ProgramGraph]:
    """Builds the graph of a source text."""

    def graph(source: str, name: str = "kernel.c", top: str | None = None, flags: Flags = NO_FLAGS) -> ProgramGraph:
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        return graph_of(path, top=top, flags=flags)

    return graph
