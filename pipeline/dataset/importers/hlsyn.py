"""HLSyn (NeurIPS 2023) and sets of its layout: ``designs/VERSION/KERNEL.json``."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.dataset.importers import Importer, ImportRequest
from pipeline.dataset.published import KernelLabels, read_label_set


def read(asked: ImportRequest) -> Iterator[KernelLabels]:
    """As :func:`~pipeline.dataset.published.read_label_set` says."""
    return read_label_set(
        asked.path,
        source_prefix=asked.source_prefix,
        source=asked.source,
        dialect=asked.dialect,
        on_problem=asked.on_problem,
    )


KIND = Importer("hlsyn", read)
