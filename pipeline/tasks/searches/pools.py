"""The labelled designs of a dataset as pools that searches are replayed on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.tasks.estimator_device import device_of_labels
from pipeline.tasks.kernel_options import AS_IT_IS, Reading

if TYPE_CHECKING:
    import pyarrow as pa

    from pipeline.exploration.features import SiteFacts
    from pipeline.exploration.replay import Pool


def labelled_kernels(dataset: Path, sources: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The kernels of a dataset by source; PipelineError for a source without labels."""
    rows = _labels(dataset).select(["source", "kernel"]).to_pylist()
    found = {source: tuple(sorted({row["kernel"] for row in rows if row["source"] == source})) for source in sources}
    missing = [source for source, kernels in found.items() if not kernels]
    if missing:
        raise PipelineError(f"no labels of source {', '.join(missing)}", file=str(dataset), fix="name another --source")
    return found


def read_pool(
    dataset: Path, source: str, kernel: str, reading: Reading = AS_IT_IS
) -> tuple[Pool, tuple[SiteFacts, ...]]:
    """The designs of one kernel and source whose points are known, sorted by key, and the kernel's sites.

    The kernel's C is read as the options say that made the dataset.
    PipelineError where there is none.
    """
    import pyarrow.compute as pc

    from pipeline.dataset.labelled import design_of_row, loops_of_rows
    from pipeline.exploration.replay import Pool
    from pipeline.loop.featurise import kernel_features
    from pipeline.loop.measured import measured
    from pipeline.tasks.plan import kernel_or_none

    labels = _labels(dataset)
    rows = labels.filter(pc.and_(pc.equal(labels["source"], source), pc.equal(labels["kernel"], kernel))).to_pylist()
    designs = _designs(dataset)
    points = {
        (row["dialect"], row["key"]): row["point"]
        for row in designs.filter(pc.equal(designs["kernel"], kernel)).to_pylist()
    }
    known = [row for row in rows if points.get((row["dialect"], row["key"])) is not None]
    if not known:
        raise PipelineError(f"no design of {kernel} from {source} has a known point", file=str(dataset))
    parsed = [json.loads(points[row["dialect"], row["key"]]) for row in known]
    sites = {name for point in parsed for name in point}
    device = device_of_labels(dataset, (source,))
    facts = kernel_features(kernel_or_none(kernel, reading), known[0]["dialect"], sites, device)
    loops: dict[str, list[dict[str, Any]]] = {}
    if any(row["cycles"] is None and row["status"] == DesignStatus.OK for row in known):
        # Designs without a bound compare as in a search of their own.
        found = _loops(dataset)
        of_kernel = pc.and_(pc.equal(found["source"], source), pc.equal(found["kernel"], kernel))
        for one in found.filter(of_kernel).to_pylist():
            loops.setdefault(one["key"], []).append(one)
    outcomes = (
        measured(design_of_row(row, point), loops_of_rows(loops.get(row["key"], ()))).outcome()
        for row, point in zip(known, parsed, strict=True)
    )
    return Pool(source, kernel, facts.of(parsed), tuple(outcomes)), facts.sites


@lru_cache(maxsize=2)
def _labels(dataset: Path) -> pa.Table:
    from pipeline.dataset.schemas import read_table

    return read_table(dataset / "labels.parquet", "labels")


@lru_cache(maxsize=2)
def _loops(dataset: Path) -> pa.Table:
    from pipeline.dataset.schemas import read_table

    return read_table(dataset / "loops.parquet", "loops")


@lru_cache(maxsize=2)
def _designs(dataset: Path) -> pa.Table:
    from pipeline.dataset.schemas import read_table

    return read_table(dataset / "designs.parquet", "designs").select(["kernel", "dialect", "key", "point"])
