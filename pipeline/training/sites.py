"""A program graph and the design points of one dialect, as the models take them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.harp import EDGE_CLASSES, FEATURES, harp_graph
from pipeline.graphs.maps import SiteMap, graph_maps, own_sites, plain_vitis_sites
from pipeline.models import KernelGraph, site_number
from pipeline.models.inputs import SITE_KINDS
from pipeline.terms import Dialect, SiteKind

Floats = npt.NDArray[np.float32]
Truths = npt.NDArray[np.bool_]

NODE_FEATURES = len(FEATURES)
EDGE_FEATURES = EDGE_CLASSES

VOCABULARY = f"harp-{hashlib.sha256(' '.join((*FEATURES, str(EDGE_CLASSES))).encode()).hexdigest()[:12]}"
"""Names the inputs of the graphs made here; a model file holds it, and takes no other graphs."""

_NO_DIRECTIVE: dict[str, float] = {SiteKind.PIPELINE: 5.0, SiteKind.PARALLEL: 1.0, SiteKind.TILE: 1.0}
"""A plain Vitis point may leave a loop out, which then has no directive."""
_FULL_PIPELINE = 10.0
"""Plain Vitis pipelines a loop by unrolling every loop below it (UG1399), as Merlin's flatten does."""


@dataclass(frozen=True)
class SiteGraph:
    """A kernel's graph for the sites of one dialect.

    ``graph.sites`` names the sites in the order of a design's values. ``left_out`` names sites that the pragma
    networks have no place for: of a kind that is neither TILE, PIPELINE nor PARALLEL, or a second one of a kind on a
    loop.
    """

    graph: KernelGraph
    dialect: str
    left_out: tuple[str, ...]


def site_graph(graph: ProgramGraph, dialect: str) -> SiteGraph:
    """HARP's form of a graph (:mod:`pipeline.graphs.harp`) with the sites of a dialect.

    ``vitis-plain``: both sites of every ``for`` loop of the file; any other dialect: the kernel's own sites. The
    graph depends on the kernel and the dialect alone, so designs of any source and of a whole space fit it.
    """
    maps = graph_maps(graph)
    sites = plain_vitis_sites(graph, maps=maps) if dialect == Dialect.VITIS_PLAIN else own_sites(graph, maps)
    harp = harp_graph(graph, sites, maps=maps)
    kept = _kept(sites, harp.scope)
    reduction = np.array(sites.reduction or [False] * len(sites.names), dtype=bool)
    node_type = torch.from_numpy(harp.node_type)
    return SiteGraph(
        KernelGraph(
            x=torch.from_numpy(harp.x),
            edge_index=torch.from_numpy(harp.edge_index),
            edge_class=torch.from_numpy(harp.edge_class),
            context=node_type <= 2,
            pseudo=node_type == 4,
            site_node=torch.from_numpy(harp.scope[kept]),
            site_kind=torch.tensor([SITE_KINDS.index(sites.kinds[i]) for i in kept], dtype=torch.int64),
            site_reduction=torch.from_numpy(reduction[kept]),
            name=graph.kernel,
            sites=tuple(sites.names[i] for i in kept),
        ),
        dialect,
        tuple(name for i, name in enumerate(sites.names) if i not in set(kept)),
    )


def _kept(sites: SiteMap, scope: npt.NDArray[np.int64]) -> list[int]:
    kept: list[int] = []
    taken: set[tuple[int, str]] = set()
    for index, (kind, node) in enumerate(zip(sites.kinds, scope.tolist(), strict=True)):
        if kind not in SITE_KINDS or (node, kind) in taken:
            continue
        if node >= 0:
            taken.add((node, kind))
        kept.append(index)
    return kept


def site_values(of: SiteGraph, points: Sequence[Mapping[str, int | str]]) -> tuple[Floats, Truths]:
    """(N, S) the numbers of the points' values (:func:`pipeline.models.site_number`), and which points (N,) have one
    for every site; rows of other points are 0.

    Values of names that are no site of the graph have no place and are not read.
    """
    kinds = [SITE_KINDS[kind] for kind in of.graph.site_kind.tolist()]
    values, fits = np.zeros((len(points), len(kinds)), np.float32), np.ones(len(points), bool)
    known: dict[tuple[int, int | str | None], float | None] = {}
    for row, point in enumerate(points):
        for column, (name, kind) in enumerate(zip(of.graph.sites, kinds, strict=True)):
            value = point.get(name)
            place = (column, value)
            if place not in known:
                known[place] = _number(of.dialect, kind, value)
            number = known[place]
            if number is None:
                values[row], fits[row] = 0, False
                break
            values[row, column] = number
    return values, fits


def _number(dialect: str, kind: str, value: int | str | None) -> float | None:
    if value is None:
        return _NO_DIRECTIVE[kind] if dialect == Dialect.VITIS_PLAIN else None
    if (
        kind == SiteKind.PIPELINE
        and dialect != Dialect.MERLIN
        and isinstance(value, str)
        and value
        and not value.strip()
    ):
        return _FULL_PIPELINE
    try:
        return site_number(kind, value)
    except PipelineError:
        return None
