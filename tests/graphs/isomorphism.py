"""Colour refinement of two graphs: equal multisets of colours for graphs that differ in names and places alone."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import Any

from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.vocabulary import type_class

SPELLING = {"id", "name", "text", "line", "column", "block", "loop", "function", "detail"}
"""Columns that say how something is spelled or where it stands; ids of others are edges as well."""
ROUNDS = 12


def colours(graph: ProgramGraph) -> Counter[str]:
    """How often each colour occurs after refinement by all edges and their attributes."""
    nodes, edges = graph.nodes.to_pylist(), graph.edges.to_pylist()
    for row in nodes:
        # The name of a struct is a name, too.
        row["type"] = type_class(row["type"], row["bits"])
    colour = [_hash(sorted((k, str(v)) for k, v in row.items() if k not in SPELLING)) for row in nodes]
    around: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for edge in edges:
        label = _hash([edge[name] for name in ("kind", "position", "mode", "affine", "dim", "coefficient")])
        around[edge["source"]].append((f">{label}", edge["target"]))
        around[edge["target"]].append((f"<{label}", edge["source"]))
    for _ in range(ROUNDS):
        colour = [
            _hash([colour[i], sorted((label, colour[other]) for label, other in around[i])]) for i in range(len(nodes))
        ]
    return Counter(colour)


def _hash(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
