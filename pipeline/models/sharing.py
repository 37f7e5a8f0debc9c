"""What the designs of a batch share after the pragma networks, as index lists; nothing here depends on weights.

Only the nodes in scope (slots) differ between designs of a kernel before the last convolution, and after it only they
and the targets of their edges. So the designs of a batch need three kinds of output rows:

* nodes that no slot reaches: one row per node and kernel;
* nodes outside scope that exactly one edge out of a slot reaches: one row per different state of that slot (its pragma
  values), shared by all designs that give the slot these values;
* all other nodes that a slot reaches, the slots themselves included: one row per design.

A state is a node's embedding before the last convolution: states 0 to N - 1 are the nodes as encoded, states N to
N + R - 1 the R different (slot, values) of the batch. Each row has a target state and the "moving" edges into it, which
come out of slots. Edges from elsewhere, the "fixed" ones, depend on the target state alone: their sums are taken once
per state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.models.inputs import CELLS, DesignBatch, EdgeList, GraphBatch, moved
from pipeline.models.pairs import Pairs
from pipeline.models.ragged import expanded, pointers


@dataclass(frozen=True)
class Sharing:
    """The index lists of a batch of B designs of K kernels; N nodes, R slot states, all int64 unless said.

    ``kernel`` (B,); ``designs_of`` (K,) number of designs per kernel.
    ``slot_of`` (R,) slot of each slot state; ``cells`` (R, CELLS) float, its pragma values;
    ``state_of`` (B, Pmax) slot state of each design's slots, R where a kernel has fewer.
    ``states`` N + R; ``edge_classes`` U of the graph batch.
    ``fixed_source``, ``fixed_class``, ``fixed_target`` edges from nodes outside scope into states, by target state.
    ``row_state`` (rows,) target state of each output row; ``row_node`` (rows,) its node; ``moving_source``,
    ``moving_class``, ``moving_row`` edges out of slot states into rows, by row.
    ``row_instance`` (rows,), ascending: what a row belongs to. Instances are the K kernels, the R slot states, the B
    designs; ``instances`` (B, 2 + Pmax) names those that make up each design, K + R + B where there is none.
    ``free_node`` the nodes outside scope, ascending. ``estimates`` and ``source`` as in :class:`DesignBatch`.
    """

    kernel: Tensor
    designs_of: Tensor
    slot_of: Tensor
    cells: Tensor
    state_of: Tensor
    states: int
    edge_classes: int
    fixed_source: Tensor
    fixed_class: Tensor
    fixed_target: Tensor
    row_state: Tensor
    row_node: Tensor
    moving_source: Tensor
    moving_class: Tensor
    moving_row: Tensor
    row_instance: Tensor
    instances: Tensor
    free_node: Tensor
    estimates: Tensor | None = None
    source: Tensor | None = None

    @property
    def kernels(self) -> int:
        """K."""
        return len(self.designs_of)

    @property
    def slot_states(self) -> int:
        """R."""
        return len(self.slot_of)

    @property
    def designs(self) -> int:
        """B."""
        return len(self.kernel)

    @cached_property
    def fixed(self) -> EdgeList:
        """The fixed edges as pairs of rows of tables of states and of edge classes."""
        return EdgeList(
            self.fixed_source, self.fixed_target, self.fixed_class, self.states, self.edge_classes, ordered=True
        )

    @cached_property
    def moving(self) -> EdgeList:
        """The edges out of slot states, by target state instead of row."""
        with torch.inference_mode(False):
            target = self.row_state[self.moving_row]
        return EdgeList(self.moving_source, target, self.moving_class, self.states, self.edge_classes, ordered=False)

    @cached_property
    def moving_values(self) -> Pairs:
        """Rows and the slot states that they have edges from."""
        return Pairs(self.moving_row, self.moving_source, len(self.row_state), self.states, ordered=True)

    @cached_property
    def moving_classes(self) -> Pairs:
        """Rows and the classes of these edges."""
        return Pairs(self.moving_row, self.moving_class, len(self.row_state), self.edge_classes, ordered=True)

    @cached_property
    def row_states(self) -> Pairs:
        """Rows and their target states."""
        with torch.inference_mode(False):
            rows = torch.arange(len(self.row_state), device=self.row_state.device)
        return Pairs(rows, self.row_state, len(rows), self.states, ordered=True)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Sharing:
        """The same lists on a device."""
        return moved(self, device, dtype)


@torch.no_grad()
def share(graphs: GraphBatch, designs: DesignBatch) -> Sharing:
    """Finds what the designs share. Raises PipelineError for designs that do not fit the kernels."""
    kernel, cells = designs.kernel, pragma_cells(graphs, designs)
    device, nodes, kernels, count = kernel.device, len(graphs.x), len(graphs.names), len(kernel)
    slots, most = graphs.slot_ptr.diff(), cells.shape[1]
    local = torch.arange(most, device=device)
    slot = graphs.slot_ptr[kernel][:, None] + local
    there = local < slots[kernel][:, None]

    code = slot[there]
    found = cells[there]
    for column in (0, 1, 3):
        different, inverse = torch.unique(found[:, column], return_inverse=True)
        code = code * len(different) + inverse
    codes, inverse = torch.unique(code, return_inverse=True)
    states = len(codes)
    one = torch.zeros(states, dtype=torch.int64, device=device)
    one[inverse] = torch.arange(len(code), device=device)
    slot_of, state_cells = slot[there][one], found[one]
    state_of = torch.full((count, most), states, dtype=torch.int64, device=device)
    state_of[there] = inverse

    in_scope = graphs.node_slot >= 0
    from_slot = in_scope[graphs.source]
    state_node = graphs.slot_node[slot_of]
    fixed = ~from_slot & ~in_scope[graphs.target]
    owner, edge = expanded(graphs.edge_ptr[state_node], (graphs.edge_ptr[1:] - graphs.edge_ptr[:-1])[state_node])
    keep = ~from_slot[edge]
    owner, edge = owner[keep], edge[keep]
    fixed_target = torch.cat([graphs.target[fixed], nodes + owner])

    reached = torch.bincount(graphs.target[from_slot], minlength=nodes)
    alone = (reached == 1) & ~in_scope
    own = (reached > 1) | in_scope
    still = torch.nonzero((reached == 0) & ~in_scope)[:, 0]

    # Rows per slot state: the edges out of each slot whose target nothing else in scope reaches.
    single = torch.nonzero(from_slot & alone[graphs.target])[:, 0]
    single = single[torch.argsort(graphs.node_slot[graphs.source[single]], stable=True)]
    singles = torch.bincount(graphs.node_slot[graphs.source[single]], minlength=len(graphs.slot_node))
    per_state, position = expanded(pointers(singles)[slot_of], singles[slot_of])
    single_edge = single[position]

    # Rows per design.
    own_node = torch.nonzero(own)[:, 0]
    own_count = torch.bincount(graphs.kernel[own_node], minlength=kernels)
    per_design, position = expanded(pointers(own_count)[kernel], own_count[kernel])
    design_node = own_node[position]
    design_slot = graphs.node_slot[design_node] - graphs.slot_ptr[kernel][per_design]
    own_state = state_of[per_design, design_slot.clamp(min=0)]
    design_state = torch.where(in_scope[design_node], nodes + own_state, design_node)
    into = torch.nonzero(from_slot & own[graphs.target])[:, 0]
    into_count = torch.bincount(graphs.target[into], minlength=nodes)
    into_row, position = expanded(pointers(into_count)[design_node], into_count[design_node])
    into_edge = into[position]
    source_slot = graphs.node_slot[graphs.source[into_edge]] - graphs.slot_ptr[kernel][per_design[into_row]]
    into_source = state_of[per_design[into_row], source_slot]

    before = len(still) + len(per_state)
    nothing = kernels + states + count
    return Sharing(
        kernel=kernel,
        designs_of=torch.bincount(kernel, minlength=kernels),
        slot_of=slot_of,
        cells=state_cells,
        state_of=state_of,
        states=nodes + states,
        edge_classes=graphs.class_count,
        fixed_source=torch.cat([graphs.source[fixed], graphs.source[edge]]),
        fixed_class=torch.cat([graphs.edge_class[fixed], graphs.edge_class[edge]]),
        fixed_target=fixed_target,
        row_state=torch.cat([still, graphs.target[single_edge], design_state]),
        row_node=torch.cat([still, graphs.target[single_edge], design_node]),
        moving_source=nodes + torch.cat([per_state, into_source]),
        moving_class=graphs.edge_class[torch.cat([single_edge, into_edge])],
        moving_row=torch.cat([len(still) + torch.arange(len(per_state), device=device), before + into_row]),
        row_instance=torch.cat([graphs.kernel[still], kernels + per_state, kernels + states + per_design]),
        instances=torch.cat(
            [
                kernel[:, None],
                torch.where(there, kernels + state_of, nothing),
                kernels + states + torch.arange(count, device=device)[:, None],
            ],
            dim=1,
        ),
        free_node=torch.nonzero(~in_scope)[:, 0],
        estimates=designs.estimates,
        source=designs.source,
    )


def pragma_cells(graphs: GraphBatch, designs: DesignBatch) -> Tensor:
    """(B, Pmax, CELLS), the pragma values on each design's slots: tile factor, pipeline, parallel kind and factor; 0
    for what is absent. Raises PipelineError for designs that do not fit the kernels."""
    kernel, values = designs.kernel, designs.values.to(graphs.x.dtype)
    if not len(kernel):
        raise PipelineError("a batch without designs", fix="give at least one design")
    if int(kernel.min()) < 0 or int(kernel.max()) >= len(graphs.names):
        raise PipelineError(
            f"designs name the kernels {int(kernel.min())} to {int(kernel.max())} of a batch of {len(graphs.names)}",
            fix="number the kernels as in the graph batch",
        )
    sites = int(graphs.site_count[kernel].max())
    if values.dim() != 2 or len(values) != len(kernel) or values.shape[1] < sites:
        raise PipelineError(
            f"values of the shape {tuple(values.shape)} for {len(kernel)} designs of up to {sites} sites",
            fix="give one number per design and site",
        )
    width = min(values.shape[1], graphs.site_cell.shape[1])
    values = values[:, :width]
    used = torch.arange(width, device=kernel.device) < graphs.site_count[kernel][:, None]
    if not bool(torch.isfinite(values[used]).all()):
        raise PipelineError("a design has a value that is not a finite number", fix="give every site a value")
    most = graphs.cell_base.shape[1]
    out = torch.nn.functional.pad(graphs.cell_base[kernel].flatten(1), (0, 1))
    out.scatter_(1, graphs.site_cell[kernel][:, :width], values)
    return out[:, :-1].view(len(kernel), most, CELLS)
