"""What a model takes: kernels' graphs, and designs as one number per pragma site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.models.pairs import Pairs
from pipeline.models.ragged import pointers
from pipeline.terms import SiteKind

TILE, PIPELINE, PARALLEL = 0, 1, 2
SITE_KINDS = (SiteKind.TILE, SiteKind.PIPELINE, SiteKind.PARALLEL)
"""Names of the codes in ``KernelGraph.site_kind``."""

PIPELINE_VALUES = {"off": 1.0, "": 5.0, "NA": 5.0, "flatten": 10.0}
"""The number of each value of a Merlin PIPELINE site (HARP, ICCAD 2023): off, coarse-grained, fine-grained."""

CELLS = 4
"""Numbers that the pragma networks take per node in scope: tile factor, pipeline, parallel kind, parallel factor."""
_COLUMN = (0, 1, 3)
_PARALLEL_KIND = 2

T = TypeVar("T")


@dataclass(frozen=True)
class KernelGraph:
    """One kernel: a graph of N nodes and E edges, and S pragma sites. Nothing in it depends on a design.

    ``x``               (N, F) float, inputs of the nodes
    ``edge_index``      (2, E) int64, source and target
    ``edge_class``      (E,) int64, the row of ``edge_features`` of each edge, or the class where these are one-hot
    ``context``         (N,) bool, the nodes that are neither pragma nor pseudo nodes
    ``pseudo``          (N,) bool, the pseudo nodes of the basic blocks
    ``site_node``       (S,) int64, the node in scope of each site; -1 where the graph has none (then it has no effect)
    ``site_kind``       (S,) int64, TILE, PIPELINE or PARALLEL
    ``site_reduction``  (S,) bool, whether a PARALLEL site has a reduction clause
    ``edge_features``   (U, width) float, one row per different edge; None where ``edge_class`` is one-hot
    ``name``            shown in errors
    ``sites``           names of the sites in order; informative
    """

    x: Tensor
    edge_index: Tensor
    edge_class: Tensor
    context: Tensor
    pseudo: Tensor
    site_node: Tensor
    site_kind: Tensor
    site_reduction: Tensor
    edge_features: Tensor | None = None
    name: str = ""
    sites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        nodes = self.x.shape[0]
        edges, sites = self.edge_class.shape[0], self.site_node.shape[0]
        expected: dict[str, tuple[int, ...]] = {
            "edge_index": (2, edges), "edge_class": (edges,), "context": (nodes,), "pseudo": (nodes,),
            "site_node": (sites,), "site_kind": (sites,), "site_reduction": (sites,),
        }  # fmt: skip
        if self.x.dim() != 2 or nodes == 0:
            raise self._bad(f"x has the shape {tuple(self.x.shape)}", "give (nodes, features) with at least one node")
        for name, shape in expected.items():
            found = tuple(getattr(self, name).shape)
            if found != shape:
                raise self._bad(f"{name} has the shape {found}", f"give {shape}")
        for name in expected:
            wanted = torch.bool if name in ("context", "pseudo", "site_reduction") else torch.int64
            if getattr(self, name).dtype != wanted:
                raise self._bad(f"{name} is {getattr(self, name).dtype}", f"give {wanted}")
        classes = None if self.edge_features is None else self.edge_features.shape[0]
        for name, value, low, high in (
            ("edge_index", self.edge_index, 0, nodes), ("edge_class", self.edge_class, 0, classes),
            ("site_node", self.site_node, -1, nodes), ("site_kind", self.site_kind, 0, len(SITE_KINDS)),
        ):  # fmt: skip
            if value.numel() and (int(value.min()) < low or (high is not None and int(value.max()) >= high)):
                limit = "" if high is None else f" and below {high}"
                raise self._bad(f"{name} goes from {int(value.min())} to {int(value.max())}", f"give {low}{limit}")
        cell = (self.site_node * len(SITE_KINDS) + self.site_kind)[self.site_node >= 0]
        if len(torch.unique(cell)) != len(cell):
            raise self._bad("two sites of one kind share a node", "give each loop a node of its own")

    def _bad(self, problem: str, fix: str) -> PipelineError:
        return PipelineError(f"graph of {self.name or 'a kernel'}: {problem}", fix=fix)


def site_number(kind: str, value: int | str) -> float:
    """The number that stands for a site's value: the factor, or :data:`PIPELINE_VALUES`.

    ``kind`` is one of :data:`SITE_KINDS`. Raises PipelineError for a value that has no number.
    """
    if kind == SiteKind.PIPELINE:
        if value in PIPELINE_VALUES:
            return PIPELINE_VALUES[str(value)]
    elif kind in SITE_KINDS:
        try:
            return float(int(value))
        except ValueError:
            pass
    raise PipelineError(
        f"{kind} value {str(value)[:40]!r} has no number",
        fix=f"give {' or '.join(repr(v) for v in PIPELINE_VALUES) if kind == SiteKind.PIPELINE else 'a whole number'}",
    )


class EdgeList:
    """E edges from ``source`` to ``target`` (E,) of a class each, as pairs of rows of the tables that attention uses.

    ``sources`` pairs rows by target and source, ``classes`` rows by target and edge class; ``ordered`` says that the
    targets ascend.
    """

    def __init__(
        self, source: Tensor, target: Tensor, edge_class: Tensor, nodes: int, classes: int, *, ordered: bool
    ) -> None:
        self.target = target
        self.sources = Pairs(target, source, nodes, nodes, ordered=ordered)
        self.classes = Pairs(target, edge_class, nodes, classes, ordered=ordered)


@dataclass(frozen=True)
class GraphBatch:
    """K kernels as one graph of N nodes and E edges, edges sorted by target; made by :func:`collate`.

    ``x`` (N, F); ``kernel`` (N,) kernel of each node; ``node_count`` (K,); ``context``, ``pseudo`` (N,) bool;
    ``source``, ``target``, ``edge_class`` (E,); ``edge_ptr`` (N + 1,) first edge into each node;
    ``classes`` (U,) one-hot classes in use, or ``edge_features`` (U, width), whichever is not None, indexed by
    ``edge_class``.

    Slots are the P nodes in scope: ``slot_node`` (P,), ``slot_ptr`` (K + 1,), ``node_slot`` (N,) -1 elsewhere.
    ``cell_base`` (K, Pmax, CELLS) has the parallel kinds; ``site_cell`` (K, Smax) says which of a kernel's
    Pmax * CELLS numbers a site sets, Pmax * CELLS for none; ``site_count`` (K,).
    """

    names: tuple[str, ...]
    x: Tensor
    kernel: Tensor
    node_count: Tensor
    context: Tensor
    pseudo: Tensor
    source: Tensor
    target: Tensor
    edge_class: Tensor
    edge_ptr: Tensor
    classes: Tensor | None
    edge_features: Tensor | None
    slot_node: Tensor
    slot_ptr: Tensor
    node_slot: Tensor
    cell_base: Tensor
    site_cell: Tensor
    site_count: Tensor

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> GraphBatch:
        """The same batch on a device; ``dtype`` for its floating-point tensors."""
        return moved(self, device, dtype)

    @property
    def class_count(self) -> int:
        """U."""
        table = self.classes if self.classes is not None else self.edge_features
        assert table is not None
        return len(table)

    @cached_property
    def edges(self) -> EdgeList:
        """The edges as pairs of rows of tables of nodes and of edge classes."""
        return EdgeList(self.source, self.target, self.edge_class, len(self.x), self.class_count, ordered=True)

    def dense_edges(self, width: int) -> Tensor:
        """(E, width), the inputs of all edges written out."""
        if self.edge_features is not None:
            return self.edge_features[self.edge_class]
        assert self.classes is not None
        out = self.x.new_zeros(len(self.edge_class), width)
        return out.scatter_(1, self.classes[self.edge_class][:, None], 1.0)


def collate(graphs: Sequence[KernelGraph]) -> GraphBatch:
    """Several kernels as one batch. Raises PipelineError where they do not go together."""
    if not graphs:
        raise PipelineError("a batch without kernels", fix="give at least one graph")
    widths = {graph.x.shape[1] for graph in graphs}
    kinds = {None if graph.edge_features is None else graph.edge_features.shape[1] for graph in graphs}
    if len(widths) > 1 or len(kinds) > 1:
        raise PipelineError(
            f"graphs of different widths in one batch: nodes {sorted(widths)}, edges {sorted(map(str, kinds))}",
            fix="build all graphs with one version of the features",
        )
    device = graphs[0].x.device
    counts = torch.tensor([len(graph.x) for graph in graphs], device=device)
    first = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    index = torch.cat([graph.edge_index + int(start) for graph, start in zip(graphs, first, strict=False)], dim=1)
    features: Tensor | None = None
    used: Tensor | None = None
    if graphs[0].edge_features is None:
        used, edge_class = torch.unique(torch.cat([graph.edge_class for graph in graphs]), return_inverse=True)
    else:
        tables = [graph.edge_features for graph in graphs if graph.edge_features is not None]
        offsets = [0]
        for table in tables:
            offsets.append(offsets[-1] + len(table))
        features = torch.cat(tables)
        edge_class = torch.cat([graph.edge_class + start for graph, start in zip(graphs, offsets, strict=False)])
    target, order = torch.sort(index[1], stable=True)
    nodes = int(first[-1])
    slots = [torch.unique(graph.site_node[graph.site_node >= 0]) for graph in graphs]
    slot_counts = torch.tensor([len(found) for found in slots], device=device)
    slot_node = torch.cat([found + int(start) for found, start in zip(slots, first, strict=False)])
    node_slot = torch.full((nodes,), -1, dtype=torch.int64, device=device)
    node_slot[slot_node] = torch.arange(len(slot_node), device=device)
    most, sites = max(int(slot_counts.max()), 1), max(len(graph.site_node) for graph in graphs)
    cell_base = torch.zeros(len(graphs), most, CELLS, dtype=graphs[0].x.dtype, device=device)
    site_cell = torch.full((len(graphs), sites), most * CELLS, dtype=torch.int64, device=device)
    columns = torch.tensor(_COLUMN, device=device)
    for number, (graph, found) in enumerate(zip(graphs, slots, strict=True)):
        there = graph.site_node >= 0
        slot = torch.searchsorted(found, graph.site_node.clamp(min=0))
        cell = torch.where(there, slot * CELLS + columns[graph.site_kind], most * CELLS)
        site_cell[number, : len(cell)] = cell
        parallel = there & (graph.site_kind == PARALLEL)
        cell_base[number, slot[parallel], _PARALLEL_KIND] = 1 + graph.site_reduction[parallel].to(cell_base.dtype)
    return GraphBatch(
        names=tuple(graph.name for graph in graphs),
        x=torch.cat([graph.x for graph in graphs]),
        kernel=torch.repeat_interleave(torch.arange(len(graphs), device=device), counts),
        node_count=counts,
        context=torch.cat([graph.context for graph in graphs]),
        pseudo=torch.cat([graph.pseudo for graph in graphs]),
        source=index[0][order],
        target=target,
        edge_class=edge_class[order],
        edge_ptr=pointers(torch.bincount(target, minlength=nodes)),
        classes=used,
        edge_features=features,
        slot_node=slot_node,
        slot_ptr=pointers(slot_counts),
        node_slot=node_slot,
        cell_base=cell_base,
        site_cell=site_cell,
        site_count=torch.tensor([len(graph.site_node) for graph in graphs], device=device),
    )


@dataclass(frozen=True)
class DesignBatch:
    """B designs of the kernels of a :class:`GraphBatch`.

    ``kernel`` (B,) int64; ``values`` (B, Smax) float, one number (:func:`site_number`) per site of the design's kernel
    in its order, anything after them. ``estimates`` (B, F) float and ``source`` (B,) int64, the number of the source of
    the labels or -1, for a model that takes them.
    """

    kernel: Tensor
    values: Tensor
    estimates: Tensor | None = None
    source: Tensor | None = None

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> DesignBatch:
        """The same batch on a device; ``dtype`` for the values."""
        return moved(self, device, dtype)


def collate_designs(designs: Sequence[tuple[int, Tensor]]) -> DesignBatch:
    """A batch of designs, each the number of its kernel in the graph batch and its values (S,)."""
    if not designs:
        raise PipelineError("a batch without designs", fix="give at least one design")
    values = torch.nn.utils.rnn.pad_sequence([values for _, values in designs], batch_first=True)
    return DesignBatch(torch.tensor([kernel for kernel, _ in designs]), values)


def moved(value: T, device: torch.device | str, dtype: torch.dtype | None) -> T:
    """A dataclass of tensors on another device, its floating-point ones in another type."""
    changes: dict[str, Tensor] = {}
    for field in fields(value):  # type: ignore[arg-type]
        tensor = getattr(value, field.name)
        if isinstance(tensor, Tensor):
            changes[field.name] = tensor.to(device, dtype if dtype and tensor.is_floating_point() else tensor.dtype)
    return replace(value, **changes)  # type: ignore[type-var]
