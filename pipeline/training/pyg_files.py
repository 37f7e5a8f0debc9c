"""A dataset as files that PyTorch Geometric users read: per kernel one safetensors file, one JSON index for all.

``pyg_loader.py`` reads them back and needs nothing of this package; a copy of it lies beside the files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.dataset.schemas import read_table
from pipeline.errors import PipelineError
from pipeline.graphs.graph import read_graph
from pipeline.graphs.harp import FEATURES, FLOWS, NODE_TYPES, HarpGraph, harp_graph
from pipeline.graphs.maps import map_sites
from pipeline.models.config import TARGETS
from pipeline.training.data import KernelDesigns, load_designs

VERSION = 1
"""Grows when a name or meaning in the files changes."""

Point = Mapping[str, int | str]
Arrays = dict[str, npt.NDArray[Any]]


def write_pyg(folder: Path, dataset: Path, source: str) -> dict[str, int]:
    """Writes the designs of one source of the dataset in ``dataset``; returns designs by kernel.

    Left out are kernels without a program graph, designs without a point (see
    :func:`pipeline.training.data.load_designs`), and sites without a loop in the graph. Raises PipelineError where
    nothing is left, or a table cannot be read.
    """
    from safetensors.numpy import save_file

    labels = read_table(dataset / "labels.parquet", "labels").select(["source", "kernel"]).to_pylist()
    named = {row["kernel"] for row in labels if row["source"] == source}
    with_graph = sorted(kernel for kernel in named if (dataset / "graphs" / kernel).is_dir())
    if not with_graph:
        raise PipelineError(f"no kernel of {source} has a graph", file=str(dataset), fix="make it with --graphs true")
    points, places = _points(dataset), _places(dataset)
    found = load_designs(dataset, [source], with_graph)
    words = sorted(
        {
            value
            for designs in found
            for key in designs.keys
            for value in points[designs.kernel, designs.dialect, key].values()
            if isinstance(value, str)
        }
    )
    kernels: dict[str, Any] = {}
    for designs in found:
        mine = [points[designs.kernel, designs.dialect, key] for key in designs.keys]
        loops = places.get((designs.kernel, designs.dialect), {})
        names = sorted({name for point in mine for name in point} & set(loops))
        sites = map_sites(
            read_graph(dataset / "graphs" / designs.kernel), designs.dialect, {name: loops[name] for name in names}
        )
        harp = harp_graph(read_graph(dataset / "graphs" / designs.kernel), sites)
        tensors = {**_graph_arrays(harp), **_pragma_arrays(mine, names, words), **_label_arrays(designs)}
        save_file(
            {name: np.ascontiguousarray(array) for name, array in tensors.items()},
            folder / f"{designs.kernel}.safetensors",
        )
        kernels[designs.kernel] = {
            "dialect": designs.dialect,
            "sites": names,
            "kinds": list(sites.kinds),
            "keys": designs.keys.tolist(),
        }
    index = {
        "version": VERSION,
        "source": source,
        "targets": list(TARGETS),
        "words": words,
        "node_features": list(FEATURES),
        "node_types": list(NODE_TYPES),
        "flows": list(FLOWS),
        "kernels": kernels,
    }
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("pyg_loader.py"), folder / "load_designs.py")
    return {kernel: len(entry["keys"]) for kernel, entry in kernels.items()}


def _points(dataset: Path) -> dict[tuple[str, str, str], Point]:
    rows = read_table(dataset / "designs.parquet", "designs").to_pylist()
    return {
        (row["kernel"], row["dialect"], row["key"]): json.loads(row["point"])
        for row in rows
        if row["point"] is not None
    }


def _places(dataset: Path) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
    """Kind and loop by site, for each kernel and dialect; sites without a loop are not there."""
    found: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for row in read_table(dataset / "sites.parquet", "sites").to_pylist():
        if row["loop"] is not None:
            found.setdefault((row["kernel"], row["dialect"]), {})[row["site"]] = (row["kind"], row["loop"])
    return found


def _graph_arrays(harp: HarpGraph) -> Arrays:
    return {
        "x": harp.x,
        "edge_index": harp.edge_index,
        "edge_flow": harp.flow,
        "edge_position": harp.position,
        "node_type": harp.node_type,
        "pragma_index": harp.pragma_nodes,
    }


def _pragma_arrays(points: Sequence[Point], names: Sequence[str], words: Sequence[str]) -> Arrays:
    """(designs, sites): the factor or the word's place, which of the two it is, and whether the design has the site."""
    shape = (len(points), len(names))
    value, is_word, given = np.zeros(shape, np.float32), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for i, point in enumerate(points):
        for j, name in enumerate(names):
            if name in point:
                chosen = point[name]
                given[i, j], is_word[i, j] = True, isinstance(chosen, str)
                value[i, j] = words.index(chosen) if isinstance(chosen, str) else chosen
    return {"pragma_value": value, "pragma_is_word": is_word, "pragma_given": given}


def _label_arrays(designs: KernelDesigns) -> Arrays:
    return {"y": designs.targets, "cycles": designs.cycles, "valid": designs.valid, "usable": designs.usable}
