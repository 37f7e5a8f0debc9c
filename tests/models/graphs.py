"""Random kernels of the shape that HARP's graphs have: blocks with members, pseudo nodes, loops, pragma nodes."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.models.inputs import PARALLEL, PIPELINE, TILE, KernelGraph


def random_kernel(
    seed: int,
    *,
    nodes: int = 40,
    edges: int = 110,
    blocks: int = 6,
    scope: int = 3,
    features: int = 9,
    classes: int = 21,
    name: str = "",
) -> KernelGraph:
    """A kernel with ``scope`` pseudo nodes in scope, each with 1 to 3 sites of different kinds.

    The last nodes are the pragma nodes, before them the pseudo nodes. Edges: between ordinary nodes at random, members
    and their pseudo node both ways, pseudo nodes among each other (parallel edges and self-loops included).
    """
    draw = torch.Generator().manual_seed(seed)

    def ints(low: int, high: int, count: int) -> Tensor:
        return torch.randint(low, high, (count,), generator=draw)

    sites = []
    kinds = (TILE, PIPELINE, PARALLEL)
    for slot in torch.randperm(blocks, generator=draw)[:scope].tolist():
        for kind in torch.randperm(3, generator=draw)[: int(ints(1, 4, 1))].tolist():
            sites.append((slot, kinds[kind]))
    ordinary = nodes - blocks - len(sites)
    assert ordinary > blocks
    pseudo = ordinary + torch.arange(blocks)
    members = torch.cat([torch.arange(blocks), ints(0, blocks, ordinary - blocks)])
    own = torch.arange(ordinary)
    source, target = [own, pseudo[members]], [pseudo[members], own]
    chain = torch.stack([pseudo[ints(0, blocks, blocks + 2)], pseudo[ints(0, blocks, blocks + 2)]])
    source += [chain[0], chain[1], pseudo[:1], pseudo[:1]]
    target += [chain[1], chain[0], pseudo[:1], pseudo[1:2]]
    pragma = ordinary + blocks + torch.arange(len(sites))
    at = pseudo[torch.tensor([slot for slot, _ in sites], dtype=torch.int64)]
    source += [pragma, at]
    target += [at, pragma]
    rest = max(edges - sum(map(len, source)), 0)
    source.append(ints(0, ordinary, rest))
    target.append(ints(0, ordinary - 1, rest))  # the last ordinary node has edges from its block alone
    index = torch.stack([torch.cat(source), torch.cat(target)])
    index = index[:, torch.randperm(index.shape[1], generator=draw)]
    x = torch.nn.functional.one_hot(ints(0, features, nodes), features).float()
    context = torch.zeros(nodes, dtype=torch.bool)
    context[:ordinary] = True
    is_pseudo = torch.zeros(nodes, dtype=torch.bool)
    is_pseudo[pseudo] = True
    return KernelGraph(
        x=x, edge_index=index, edge_class=ints(0, classes, index.shape[1]), context=context, pseudo=is_pseudo,
        site_node=at, site_kind=torch.tensor([kind for _, kind in sites], dtype=torch.int64),
        site_reduction=ints(0, 2, len(sites)).bool(), name=name or f"random-{seed}",
    )  # fmt: skip


def random_designs(graph: KernelGraph, count: int, seed: int) -> Tensor:
    """(count, S) site values as spaces have them; some designs share the values of a site, none need to."""
    draw = torch.Generator().manual_seed(seed)
    options = {
        TILE: torch.tensor([1.0, 2, 4, 8]), PIPELINE: torch.tensor([1.0, 5, 10]),
        PARALLEL: torch.tensor([1.0, 2, 4, 5, 8, 16, 25, 32]),
    }  # fmt: skip
    columns = [
        options[kind][torch.randint(0, len(options[kind]), (count,), generator=draw)]
        for kind in graph.site_kind.tolist()
    ]
    return torch.stack(columns, dim=1) if columns else torch.zeros(count, 0)
