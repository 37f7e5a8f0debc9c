"""Index maps of a graph: who is in which block and loop, and which blocks a pragma site acts on, per dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.schema import NODE_KINDS
from pipeline.terms import Dialect, SiteKind

Ints = npt.NDArray[np.int64]

_PLAIN = re.compile(r"__(PIPE|PARA)__L(0|[1-9][0-9]{0,5})")
_PLAIN_KINDS = {"PIPE": SiteKind.PIPELINE, "PARA": SiteKind.PARALLEL}


@dataclass(frozen=True, slots=True)
class GraphMaps:
    """Index maps of one graph; every index counts within its kind of node.

    ``first``         kind -> id of its first node, so that id = first[kind] + index
    ``loops``         loop ids such as ``gemm/loop_0``
    ``loop_parent``   (loops,) enclosing loop, -1 for none
    ``loop_header``   (loops,) header block, -1 where the IR has no such loop
    ``block_loop``    (blocks,) innermost loop, -1 for none
    ``loop_blocks``   (2, pairs) loop and each block in it, those of inner loops included, sorted
    ``members``       kind -> (2, pairs) block and each instruction, variable or constant in it, sorted
    """

    first: dict[str, int]
    loops: tuple[str, ...]
    loop_parent: Ints
    loop_header: Ints
    block_loop: Ints
    loop_blocks: Ints
    members: dict[str, Ints]


@dataclass(frozen=True, slots=True)
class SiteMap:
    """The sites of one dialect on one graph, in the order of ``names``.

    ``loop`` (sites,) is the loop that each decides on, ``header`` (sites,) its header block, which HARP's pragma
    networks act on, -1 where the IR has no such loop; ``blocks`` (2, pairs) site and each block of its loop.
    ``reduction`` (sites,) says which have a reduction clause; empty where the dialect has no such clause.
    """

    dialect: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    loop: Ints
    header: Ints
    blocks: Ints
    reduction: tuple[bool, ...] = ()


def graph_maps(graph: ProgramGraph) -> GraphMaps:
    """The index maps of a graph."""
    kinds = graph.nodes["kind"].to_pylist()
    counts = {kind: 0 for kind in NODE_KINDS}
    for kind in kinds:
        counts[kind] += 1
    first, total = {}, 0
    for kind in NODE_KINDS:
        first[kind] = total
        total += counts[kind]
    names = graph.nodes["name"].to_pylist()
    around = graph.nodes["loop"].to_pylist()
    at, blocks_at = first["loop"], first["block"]
    loops = counts["loop"]

    def enclosing(kind: str) -> Ints:
        rows = range(first[kind], first[kind] + counts[kind])
        return np.array([-1 if around[row] is None else around[row] - at for row in rows], np.int64)

    parent, inner = enclosing("loop"), enclosing("block")
    header = np.full(loops, -1, np.int64)
    members: dict[str, list[tuple[int, int]]] = {"instruction": [], "variable": [], "constant": []}
    table = graph.edges
    for source, target, kind in zip(
        table["source"].to_pylist(), table["target"].to_pylist(), table["kind"].to_pylist(), strict=True
    ):
        if kind == "entry" and kinds[source] == "loop":
            header[source - at] = target - blocks_at
        elif kind == "member":
            members[kinds[target]].append((source - blocks_at, target - first[kinds[target]]))
    pairs = []
    for block, innermost in enumerate(inner.tolist()):
        while innermost >= 0:
            pairs.append((innermost, block))
            innermost = int(parent[innermost])
    return GraphMaps(
        first, tuple(names[at : at + loops]), parent, header, inner, _pairs(pairs),
        {kind: _pairs(found) for kind, found in members.items()},
    )  # fmt: skip


def own_sites(graph: ProgramGraph, maps: GraphMaps | None = None) -> SiteMap:
    """The sites that the source itself has (or that were proposed for it), sorted by name."""
    sites = graph.of_kind("site")
    maps = maps or graph_maps(graph)
    at = maps.first["loop"]
    places = {site["name"]: (site["site_kind"], maps.loops[site["loop"] - at]) for site in sites}
    dialect = sites[0]["dialect"] if sites else Dialect.MERLIN
    clauses = {site["name"]: bool(site["reduction"]) for site in sites}
    found = map_sites(graph, dialect, places, maps)
    return replace(found, reduction=tuple(clauses[name] for name in found.names))


def map_sites(
    graph: ProgramGraph, dialect: str, sites: Mapping[str, tuple[str, str]], maps: GraphMaps | None = None
) -> SiteMap:
    """The map of sites that another set of labels has: ``sites`` gives kind and loop id for each name.

    A loop may carry sites in one dialect and none in another. Raises PipelineError for a loop that is not there.
    """
    maps = maps or graph_maps(graph)
    numbers = {loop: i for i, loop in enumerate(maps.loops)}
    names = tuple(sorted(sites))
    for name in names:
        if sites[name][1] not in numbers:
            raise PipelineError(
                f"site {name} stands on the loop {sites[name][1]}, which the graph of {graph.kernel} does not have",
                fix="build the graph of the kernel that the labels belong to",
            )
    loop = np.array([numbers[sites[name][1]] for name in names], np.int64)
    pairs = [
        (site, int(block))
        for site, number in enumerate(loop.tolist())
        for block in maps.loop_blocks[1][maps.loop_blocks[0] == number]
    ]
    kinds = tuple(str(sites[name][0]) for name in names)
    return SiteMap(dialect, names, kinds, loop, maps.loop_header[loop] if len(loop) else loop, _pairs(pairs))


def plain_vitis_sites(graph: ProgramGraph, names: list[str] | None = None, maps: GraphMaps | None = None) -> SiteMap:
    """The sites of the plain Vitis label set: ``__PIPE__Li`` and ``__PARA__Li`` sit on the i-th ``for`` loop of the
    file.

    Without ``names``, both for every ``for`` loop. Raises PipelineError for a name that is none of these.
    """
    by_index = {
        row["for_index"]: row["name"] for row in reversed(graph.of_kind("loop")) if row["for_index"] is not None
    }
    if names is None:
        names = [f"__{kind}__L{index}" for kind in _PLAIN_KINDS for index in by_index]
    places = {}
    for name in names:
        match = _PLAIN.fullmatch(name)
        loop = by_index.get(int(match[2])) if match else None
        if match is None or loop is None:
            raise PipelineError(
                f"{graph.kernel} has no place for the site {name[:80]!r}: it has {len(by_index)} for loops",
                fix="give names such as __PIPE__L0",
            )
        places[name] = (_PLAIN_KINDS[match[1]], loop)
    return map_sites(graph, Dialect.VITIS_PLAIN, places, maps)


def _pairs(pairs: list[tuple[int, int]]) -> Ints:
    return np.array(sorted(pairs), np.int64).reshape(-1, 2).T.copy()
