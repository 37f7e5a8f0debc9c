"""Layouts of label sets that can be imported, a file each. A new one is a new file with a ``KIND``.

Of another package it is an entry point of the group ``hls_moe_pipeline.importers`` (:mod:`pipeline.registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.published import KernelLabels
from pipeline.errors import PipelineError
from pipeline.registry import Registry, modules_of


@dataclass(frozen=True)
class ImportRequest:
    """What is to be read, and how it is to be called.

    ``path``           an archive, a folder or a file
    ``source_prefix``  what stands before a version in the name of a source
    ``source``         the source's name, None where the set tells it
    ``dialect``        what site values mean, None where the designs tell it
    ``on_problem``     is told of each file that cannot be read; the others proceed. None: one is raised at the end
    """

    path: Path
    source_prefix: str = "hlsyn"
    source: str | None = None
    dialect: str | None = None
    on_problem: Callable[[PipelineError], None] | None = None


@dataclass(frozen=True)
class Importer:
    """A layout by name. ``read`` gives the labels of each kernel, sorted by source and kernel; a file is taken whole or
    not at all. It raises PipelineError where nothing can be read, or it is not clear which source files belong to."""

    name: str
    read: Callable[[ImportRequest], Iterator[KernelLabels]]


IMPORTERS = Registry("importer", Importer, lambda: modules_of(__name__))
