"""The graph in the form of HARP (ICCAD 2023), which the published hierarchical mixture of experts works on.

Five kinds of nodes in one list: 0 instruction, 1 variable, 2 immediate, 3 pragma, 4 pseudo node of a basic block. Seven
flows of edges: 0 control, 1 data, 2 call, 3 pragma, 4 pseudo node and the members of its block, 5 between pseudo nodes,
6 loop hierarchy. Flows 3 to 6 run both ways. A pragma node hangs on the comparison that its loop's header decides by
(on the header's last instruction where there is none) and belongs to the header's block, so the pseudo node of that
block is the one in scope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.graphs import vocabulary as v
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.maps import GraphMaps, SiteMap, graph_maps, own_sites
from pipeline.terms import SiteKind

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

NODE_TYPES = ("instruction", "variable", "immediate", "pragma", "pseudo")
FLOWS = ("control", "data", "call", "pragma", "member", "pseudo", "hierarchy")
PRAGMA_POSITIONS: dict[str, int] = {SiteKind.PIPELINE: 0, SiteKind.PARALLEL: 1, SiteKind.TILE: 2}
POSITIONS = 48
"""Positions from here on count as the last one; flow times position gives 336 classes of edges."""
EDGE_CLASSES = len(FLOWS) * POSITIONS

TEXTS = (
    *(f"op_{name}" for name in v.OPCODES), *(f"calls_{name}" for name in v.CALLEES),
    *(f"type_{name}" for name in v.TYPES), *(f"pragma_{name}" for name in v.SITE_KINDS), "pseudo_block",
)  # fmt: skip
"""What a node says: an instruction's opcode (a call's family), a value's type, a pragma's kind."""

FEATURES = (*(f"node_{name}" for name in NODE_TYPES), *TEXTS, "log2_number", "negative_number", "log2_trip_count",
            "trip_count_known", "depth")  # fmt: skip


@dataclass(frozen=True, slots=True)
class HarpGraph:
    """N nodes and E edges.

    ``x`` (N, len(FEATURES)); ``node_type``, ``block``, ``function`` (N,), -1 where there is none; ``edge_index`` (2,
    E); ``flow``, ``position`` (E,), the latter below POSITIONS; ``edge_class`` (E,) = flow * POSITIONS + position.
    ``pseudo_of_block`` (blocks,) node of each block; ``pragma_nodes`` (sites,) node of each site in the order of
    ``sites.names``; ``scope`` (sites,) the pseudo node in scope, -1 where the loop is not in the IR.
    """

    x: Floats
    node_type: Ints
    block: Ints
    function: Ints
    edge_index: Ints
    flow: Ints
    position: Ints
    edge_class: Ints
    pseudo_of_block: Ints
    pragma_nodes: Ints
    scope: Ints
    sites: SiteMap


def harp_graph(
    graph: ProgramGraph, sites: SiteMap | None = None, *, maps: GraphMaps | None = None, chain: bool = False
) -> HarpGraph:
    """Projects a graph for the sites of one dialect (default: its own).

    Pseudo nodes are connected to those of successor blocks; with ``chain=True`` to the next block in the order of the
    function instead, as in HARP's published graphs.
    """
    maps = maps or graph_maps(graph)
    sites = sites if sites is not None else own_sites(graph, maps)
    return _Projection(graph, maps, sites, chain).result()


class _Projection:
    def __init__(self, graph: ProgramGraph, maps: GraphMaps, sites: SiteMap, chain: bool) -> None:
        self.maps, self.sites = maps, sites
        self.columns = {name: graph.nodes[name].to_pylist() for name in graph.nodes.column_names}
        self.functions = {
            name: i
            for i, name in enumerate(
                n for n, kind in zip(self.columns["name"], self.columns["kind"], strict=True) if kind == "function"
            )
        }
        self.number: dict[int, int] = {}
        self.rows: list[tuple[int, str, int, int]] = []
        """Type, text, block and function of each node."""
        self.numbers: list[float | None] = []
        self.trips: list[float | None] = []
        self.depths: list[int] = []
        self.edges: list[tuple[int, int, int, int]] = []
        self._nodes()
        self._pragmas_and_blocks(graph)
        self._edges(graph, chain)

    def _add(
        self, kind: str, text: str, block: int, function: int, depth: int, number: float | None = None,
        trip: float | None = None,
    ) -> int:  # fmt: skip
        self.rows.append((NODE_TYPES.index(kind), text, block, function))
        self.numbers.append(number)
        self.trips.append(trip)
        self.depths.append(depth)
        return len(self.rows) - 1

    def _nodes(self) -> None:
        columns = self.columns
        bodies = {
            name
            for name, kind, role in zip(columns["name"], columns["kind"], columns["role"], strict=True)
            if kind == "function" and role != "external"
        }
        blocks_at = self.maps.first["block"]
        for row, kind in enumerate(columns["kind"]):
            if kind not in ("instruction", "variable", "constant"):
                continue
            block = -1 if columns["block"][row] is None else columns["block"][row] - blocks_at
            function = self.functions.get(columns["function"][row], -1)
            depth = columns["depth"][row] or 0
            if kind == "instruction":
                opcode = columns["opcode"][row]
                text = f"op_{opcode if opcode in v.OPCODES else v.UNKNOWN}"
                if opcode in ("call", "invoke"):
                    detail = columns["detail"][row]
                    text = f"calls_{v.callee_class(detail, detail in bodies)}"
                self.number[row] = self._add("instruction", text, block, function, depth)
            else:
                text = f"type_{v.type_class(columns['type'][row], columns['bits'][row])}"
                kind_here = "variable" if kind == "variable" else "immediate"
                self.number[row] = self._add(kind_here, text, block, function, depth, columns["value"][row])

    def _pragmas_and_blocks(self, graph: ProgramGraph) -> None:
        columns, maps = self.columns, self.maps
        at, loops_at = maps.first["block"], maps.first["loop"]
        blocks = len(maps.block_loop)
        function_of = [self.functions.get(columns["function"][at + block], -1) for block in range(blocks)]
        self.pragmas = [
            self._add(
                "pragma",
                f"pragma_{kind if kind in v.SITE_KINDS else v.UNKNOWN}",
                header,
                function_of[header] if header >= 0 else self.functions.get(columns["function"][loops_at + loop], -1),
                columns["depth"][loops_at + loop] or 0,
                None,
                columns["trip_count"][loops_at + loop],
            )
            for kind, loop, header in zip(
                self.sites.kinds, self.sites.loop.tolist(), self.sites.header.tolist(), strict=True
            )
        ]
        self.pseudo = []
        for block in range(blocks):
            loop = int(maps.block_loop[block])
            trip = columns["trip_count"][loops_at + loop] if loop >= 0 else None
            depth = columns["depth"][at + block] or 0
            self.pseudo.append(self._add("pseudo", "pseudo_block", block, function_of[block], depth, None, trip))

    def _edges(self, graph: ProgramGraph, chain: bool) -> None:
        columns, maps = self.columns, self.maps
        table = graph.edges
        kinds = columns["kind"]
        flows = {"control": 0, "data": 1}
        entry_block: dict[int, int] = {}
        calls: list[tuple[int, int]] = []
        successors: list[tuple[int, int, int]] = []
        members: dict[int, list[int]] = {}
        at = maps.first["block"]
        for source, target, kind, position in zip(
            table["source"].to_pylist(), table["target"].to_pylist(), table["kind"].to_pylist(),
            table["position"].to_pylist(), strict=True,
        ):  # fmt: skip
            if kind in flows:
                if source in self.number and target in self.number:
                    self.edges.append((self.number[source], self.number[target], flows[kind], position))
            elif kind == "call":
                calls.append((source, target))
            elif kind == "entry" and kinds[source] == "function":
                entry_block[source] = target - at
            elif kind == "successor":
                successors.append((source - at, target - at, position))
            elif kind == "member":
                members.setdefault(source - at, []).append(target)
        self._calls(calls, entry_block, members)
        for pragma, kind, header in zip(self.pragmas, self.sites.kinds, self.sites.header.tolist(), strict=True):
            if header >= 0:
                inside = [m for m in members[header] if kinds[m] == "instruction"]
                compares = [m for m in inside if columns["opcode"][m] in ("icmp", "fcmp")]
                host = self.number[(compares or inside)[-1]]
                self._both(pragma, host, 3, PRAGMA_POSITIONS.get(kind, len(PRAGMA_POSITIONS)))
        by_block: dict[int, list[int]] = {block: [self.number[m] for m in found] for block, found in members.items()}
        for pragma, header in zip(self.pragmas, self.sites.header.tolist(), strict=True):
            if header >= 0:
                by_block[header].append(pragma)
        for block, pseudo in enumerate(self.pseudo):
            for position, member in enumerate(by_block.get(block, [])):
                self._both(member, pseudo, 4, position)
        if chain:
            for block in range(len(self.pseudo) - 1):
                self._both(self.pseudo[block], self.pseudo[block + 1], 5, 0)
        else:
            for one, other, position in successors:
                self._both(self.pseudo[one], self.pseudo[other], 5, position)
        children: dict[int, int] = {}
        for parent, header in zip(maps.loop_parent.tolist(), maps.loop_header.tolist(), strict=True):
            above = int(maps.loop_header[parent]) if parent >= 0 else -1
            if above >= 0 and header >= 0:
                position = children[parent] = children.get(parent, -1) + 1
                self._both(self.pseudo[above], self.pseudo[header], 6, position)

    def _calls(self, calls: list[tuple[int, int]], entry_block: dict[int, int], members: dict[int, list[int]]) -> None:
        """A call leads to the first instruction of what it calls, and each of its returns leads back, as in
        ProGraML."""
        columns = self.columns
        returns: dict[str, list[int]] = {}
        for row, opcode in enumerate(columns["opcode"]):
            if opcode == "ret":
                returns.setdefault(columns["function"][row], []).append(row)
        for call, function in calls:
            if function not in entry_block:
                continue
            first = next(m for m in members[entry_block[function]] if columns["kind"][m] == "instruction")
            self.edges.append((self.number[call], self.number[first], 2, 0))
            for back in returns.get(columns["name"][function], []):
                self.edges.append((self.number[back], self.number[call], 2, 0))

    def _both(self, one: int, other: int, flow: int, position: int) -> None:
        self.edges.append((one, other, flow, position))
        self.edges.append((other, one, flow, position))

    def result(self) -> HarpGraph:
        count = len(self.rows)
        x = np.zeros((count, len(FEATURES)), np.float32)
        places = {text: len(NODE_TYPES) + i for i, text in enumerate(TEXTS)}
        for row, (kind, text, _, _) in enumerate(self.rows):
            x[row, kind] = 1
            x[row, places[text]] = 1
            number, trip = self.numbers[row], self.trips[row]
            if number is not None:
                x[row, -5:-3] = math.log2(1 + abs(number)), number < 0
            if trip is not None:
                x[row, -3:-1] = math.log2(1 + trip), 1
            x[row, -1] = self.depths[row]
        table = np.array([[kind, block, function] for kind, _, block, function in self.rows], np.int64).reshape(-1, 3)
        edges = np.array(self.edges, np.int64).reshape(-1, 4)
        position = np.minimum(edges[:, 3], POSITIONS - 1)
        pseudo = np.array(self.pseudo, np.int64)
        header = self.sites.header
        scope = np.where(header >= 0, pseudo[np.maximum(header, 0)], -1) if len(pseudo) else header
        return HarpGraph(
            x=x, node_type=table[:, 0], block=table[:, 1], function=table[:, 2], edge_index=edges[:, :2].T.copy(),
            flow=edges[:, 2], position=position, edge_class=edges[:, 2] * POSITIONS + position, pseudo_of_block=pseudo,
            pragma_nodes=np.array(self.pragmas, np.int64), scope=scope, sites=self.sites,
        )  # fmt: skip
