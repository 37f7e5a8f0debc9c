"""Layouts of label sets that can be imported, a file each. A new one is a new file with a ``KIND``.

Of another package it is an entry point of the group ``hls_moe_pipeline.importers`` (:mod:`pipeline.registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset.published import KernelLabels
from pipeline.errors import PipelineError
from pipeline.registry import Registry, modules_of
from pipeline.reports.unsound import unsound
from pipeline.terms import Dialect


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

_FIX = "mend it (CONTRIBUTING.md names its laws as tests), or use another --layout"


def labels_of(layout: str, request: ImportRequest) -> Iterator[KernelLabels]:
    """What the importer of a layout reads. Raises PipelineError, which names it and its package, where that is no
    labels, or labels that no design has; kernels before it are handed on."""
    called = IMPORTERS.called(layout)
    found: Any = IMPORTERS[layout].read(request)
    if not isinstance(found, Iterable):
        raise PipelineError(f"{called} gave a {type(found).__name__}, where KernelLabels are wanted", fix=_FIX)
    for part in found:
        if not isinstance(part, KernelLabels):
            raise PipelineError(f"{called} gave a {type(part).__name__}, where KernelLabels are wanted", fix=_FIX)
        if part.dialect not in tuple(Dialect):
            raise PipelineError(f"{called} gave the dialect {part.dialect!r}, which is none", fix=_FIX)
        for design in part.designs:
            if (what := unsound(design.label)) is not None:
                raise PipelineError(f"{called} gave {what}, for {design.key[:80]} of {part.kernel[:80]}", fix=_FIX)
        yield part
