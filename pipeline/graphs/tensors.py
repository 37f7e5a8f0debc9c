"""Arrays to PyTorch Geometric: the only module of this room that needs torch, which it imports when called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.graphs.features import GraphArrays, featurise
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.maps import GraphMaps, SiteMap, graph_maps, own_sites

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData


def to_hetero_data(
    graph: ProgramGraph, sites: Mapping[str, SiteMap] | None = None, *, arrays: GraphArrays | None = None
) -> HeteroData:
    """A graph as ``HeteroData``.

    ``data[kind].x`` (nodes, features) for each kind of node; ``data[source, kind, target].edge_index`` (2, edges) and
    ``.edge_attr`` (edges, features). Index maps, all int64 and each index within its kind: ``data.loop_blocks``,
    ``data.block_instructions``, ``data.block_variables``, ``data.block_constants`` (2, pairs), ``data["loop"].parent``
    and ``.header``, ``data["block"].loop``. For each dialect D of ``sites`` (default: the graph's own):
    ``data["site_maps"][D]`` with ``names``, ``kinds``, ``loop``, ``header`` and ``blocks`` as in
    :class:`pipeline.graphs.maps.SiteMap`.
    """
    import torch
    from torch_geometric.data import HeteroData

    maps: GraphMaps = graph_maps(graph)
    arrays = arrays or featurise(graph)
    if sites is None:
        own = own_sites(graph, maps)
        sites = {own.dialect: own}
    data = HeteroData()
    for kind, x in arrays.nodes.items():
        data[kind].x = torch.from_numpy(x)
    for key, index in arrays.edges.items():
        data[key].edge_index = torch.from_numpy(index)
        data[key].edge_attr = torch.from_numpy(arrays.edge_features[key])
    data["loop"].parent = torch.from_numpy(maps.loop_parent)
    data["loop"].header = torch.from_numpy(maps.loop_header)
    data["block"].loop = torch.from_numpy(maps.block_loop)
    data.loop_blocks = torch.from_numpy(maps.loop_blocks)
    for kind, pairs in maps.members.items():
        data[f"block_{kind}s"] = torch.from_numpy(pairs)
    data.site_maps = {
        dialect: {
            "names": found.names,
            "kinds": found.kinds,
            "loop": torch.from_numpy(found.loop),
            "header": torch.from_numpy(found.header),
            "blocks": torch.from_numpy(found.blocks),
        }
        for dialect, found in sites.items()
    }
    data.kernel = graph.kernel
    return data
