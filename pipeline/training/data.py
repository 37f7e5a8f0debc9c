"""From a dataset folder to designs that a model can be trained on, kernel by kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dataset.schemas import read_table
from pipeline.dataset.splits import label_groups
from pipeline.errors import PipelineError
from pipeline.graphs.graph import read_graph
from pipeline.models import KernelGraph
from pipeline.models.config import TARGETS
from pipeline.terms import LEARNED
from pipeline.training.sites import SiteGraph, site_graph, site_values

Point = Mapping[str, int | str]
Estimates = Callable[[str, str, Sequence[Point]], "npt.NDArray[np.float32] | None"]
"""(kernel, dialect, points) -> (N, F) numbers known before any run, F the same for all kernels; None where there are
none. The first len(TARGETS) columns are an estimate of the targets in their units, the next one is 1 where that is
known and 0 (with zeros in its row) elsewhere."""

REFERENCE_CYCLES = 1e7


@dataclass(frozen=True)
class KernelDesigns:
    """The N labelled designs of one kernel from one source.

    ``graph``      the kernel's graph with the S sites of the source's dialect; one object for all sources of a dialect
    ``keys``       (N,) design keys, sorted
    ``values``     (N, S) float32, the numbers of the sites' values
    ``estimates``  (N, F) float32 as :data:`Estimates` gives them, or None
    ``targets``    (N, 5) float32 in the order of TARGETS, NaN where unknown: perf = 0.5 * log2(1e7 / cycles) and the
                   utilisations as fractions, the published one where there is one (HLSyn, NeurIPS 2023)
    ``valid``      (N,) int8, 1 or 0, -1 where the outcome says nothing about the design
    ``usable``     (N,) bool, designs for regression: usable by the table's rules, and all targets known
    ``cycles``     (N,) float64, NaN where unknown
    ``group``      (N,) text; designs with identical labels share it and belong on one side of a split
    ``sides``      per split of the dataset its side of each design (N,)
    ``left_out``   sites without a place in the pragma networks
    ``dropped``    rows of the table that are not here, because their point is unknown or does not fit the sites
    """

    kernel: str
    source: str
    dialect: str
    graph: KernelGraph
    keys: npt.NDArray[np.str_]
    values: npt.NDArray[np.float32]
    estimates: npt.NDArray[np.float32] | None
    targets: npt.NDArray[np.float32]
    valid: npt.NDArray[np.int8]
    usable: npt.NDArray[np.bool_]
    cycles: npt.NDArray[np.float64]
    group: npt.NDArray[np.str_]
    sides: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> KernelDesigns:
        """The designs of these rows (indices or a mask), in their order."""
        return KernelDesigns(
            kernel=self.kernel,
            source=self.source,
            dialect=self.dialect,
            graph=self.graph,
            keys=self.keys[rows],
            values=self.values[rows],
            estimates=None if self.estimates is None else self.estimates[rows],
            targets=self.targets[rows],
            valid=self.valid[rows],
            usable=self.usable[rows],
            cycles=self.cycles[rows],
            group=self.group[rows],
            sides={name: sides[rows] for name, sides in self.sides.items()},
            left_out=self.left_out,
            dropped=self.dropped,
        )


def load_designs(
    dataset: Path,
    sources: Sequence[str] = (),
    kernels: Sequence[str] = (),
    *,
    estimates: Estimates | None = None,
) -> list[KernelDesigns]:
    """The designs of a dataset folder, one value per source and kernel, sorted; default: all there are.

    Raises PipelineError where a source or kernel is not in the dataset, a kernel with labels has no graph, or no
    design is left.
    """
    file = str(dataset / "labels.parquet")
    labels = read_table(dataset / "labels.parquet", "labels")
    labels = labels.append_column("group", pa.array(label_groups(labels), pa.string()))
    for name, wanted in (("source", sources), ("kernel", kernels)):
        there = sorted(set(labels.column(name).to_pylist()))
        absent = [value for value in wanted if value not in there]
        if absent:
            raise PipelineError(
                f"no labels of the {name} {', '.join(absent)[:200]}; there are {', '.join(there)[:400]}",
                file=file,
                fix=f"name another {name}, or make a dataset with it",
            )
        if wanted:
            labels = labels.filter(pc.is_in(labels.column(name), pa.array(list(wanted), pa.string())))
    points = _points(dataset)
    sides = _sides(dataset)
    graphs: dict[tuple[str, str], SiteGraph] = {}
    found = []
    for (source, kernel, dialect), rows in _grouped(labels):
        place = (kernel, dialect)
        if place not in graphs:
            graphs[place] = _graph(dataset, kernel, dialect)
        one = _kernel_designs(source, kernel, dialect, graphs[place], rows, points, sides, estimates)
        if len(one):
            found.append(one)
    if not found:
        raise PipelineError(
            "no labelled design is left to learn from", file=file, fix="choose other sources or kernels"
        )
    return found


def _graph(dataset: Path, kernel: str, dialect: str) -> SiteGraph:
    folder = dataset / "graphs" / kernel
    if not folder.is_dir():
        raise PipelineError(
            f"there are labels of {kernel} but no program graph",
            file=str(folder),
            fix="give GenerateDataset the kernel's C file and --graphs true, or leave the kernel out with --kernels",
        )
    return site_graph(read_graph(folder), dialect)


def _grouped(labels: pa.Table) -> list[tuple[tuple[str, str, str], dict[str, Any]]]:
    """The rows of each source, kernel and dialect as columns."""
    columns = ["cycles", "key", "valid", "usable_regression", "group"]
    columns += [f"util_{name}{end}" for name in LEARNED for end in ("", "_published")]
    identity = ["source", "kernel", "dialect"]
    rows: dict[tuple[str, str, str], list[int]] = {}
    for number, key in enumerate(zip(*(labels.column(name).to_pylist() for name in identity), strict=True)):
        rows.setdefault(key, []).append(number)
    return [
        (key, {name: labels.column(name).take(pa.array(found)).to_pylist() for name in columns})
        for key, found in sorted(rows.items())
    ]


def _points(dataset: Path) -> dict[tuple[str, str, str], str | None]:
    designs = read_table(dataset / "designs.parquet", "designs")
    names = ("kernel", "dialect", "key", "point")
    rows = zip(*(designs.column(name).to_pylist() for name in names), strict=True)
    return {(kernel, dialect, key): point for kernel, dialect, key, point in rows}


def _sides(dataset: Path) -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """(source, kernel) -> split -> key -> side."""
    splits = read_table(dataset / "splits.parquet", "splits")
    names = ("split", "source", "kernel", "key", "side")
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for split, source, kernel, key, side in zip(*(splits.column(name).to_pylist() for name in names), strict=True):
        found.setdefault((source, kernel), {}).setdefault(split, {})[key] = side
    return found


def _kernel_designs(
    source: str,
    kernel: str,
    dialect: str,
    of: SiteGraph,
    rows: Mapping[str, Sequence[Any]],
    points: Mapping[tuple[str, str, str], str | None],
    sides: Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]],
    estimates: Estimates | None,
) -> KernelDesigns:
    texts = [points.get((kernel, dialect, key)) for key in rows["key"]]
    parsed: list[Point] = [json.loads(text) if text is not None else {} for text in texts]
    values, fits = site_values(of, parsed)
    fits &= np.array([text is not None for text in texts], bool)
    kept = np.flatnonzero(fits).tolist()
    number = _numbers(rows)
    cycles = number["cycles"][kept]
    targets = np.full((len(kept), len(TARGETS)), np.nan)
    with np.errstate(divide="ignore"):
        perf = 0.5 * np.log2(REFERENCE_CYCLES / cycles)
    targets[:, TARGETS.index("perf")] = np.where(np.isfinite(perf), perf, np.nan)
    for name in LEARNED:
        published = number[f"util_{name}_published"]
        used = np.where(np.isnan(published), number[f"util_{name}"], published)
        targets[:, TARGETS.index(name.short)] = used[kept]
    keys = np.array([rows["key"][i] for i in kept], dtype=np.str_)
    own = sides.get((source, kernel), {})
    return KernelDesigns(
        kernel=kernel,
        source=source,
        dialect=dialect,
        graph=of.graph,
        keys=keys,
        values=values[kept],
        estimates=None if estimates is None else estimates(kernel, dialect, [parsed[i] for i in kept]),
        targets=targets.astype(np.float32),
        valid=np.array([-1 if rows["valid"][i] is None else int(rows["valid"][i]) for i in kept], np.int8),
        usable=np.array([rows["usable_regression"][i] for i in kept], np.bool_) & ~np.isnan(targets).any(axis=1),
        cycles=cycles,
        group=np.array([rows["group"][i] for i in kept], dtype=np.str_),
        sides={name: np.array([side.get(key, "unused") for key in keys], dtype=np.str_) for name, side in own.items()},
        left_out=of.left_out,
        dropped=len(rows["key"]) - len(kept),
    )


def _numbers(rows: Mapping[str, Sequence[Any]]) -> dict[str, npt.NDArray[np.float64]]:
    names = [name for name in rows if name == "cycles" or name.startswith("util_")]
    return {
        name: np.array([np.nan if value is None else float(value) for value in rows[name]], np.float64)
        for name in names
    }
